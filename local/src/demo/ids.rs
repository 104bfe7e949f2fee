//! What the demo's records are called: the same at every start.

use auth::development::DEMO_SLUG;
use model::ids::{
    AccountId, AppId, BookingId, CalendarId, CredentialId, KeyId, LocationId, ProjectId,
    ResourceId, ServiceId,
};
use uuid::Uuid;

/// Where the demo account signs in.
pub const EMAIL: &str = "demo@latchkey.example";
/// The live app's slug.
pub const LIVE_SLUG: &str = "demo";
/// The test app's slug.
pub const TEST_SLUG: &str = DEMO_SLUG;

pub(super) const fn id(group: u16, number: u16) -> Uuid {
    Uuid::from_fields(
        0,
        0,
        0x4000 | group,
        &[
            0x80,
            0,
            0,
            0,
            0,
            0,
            (number >> 8) as u8,
            (number & 0xff) as u8,
        ],
    )
}

/// The account.
pub const ACCOUNT: AccountId = AccountId::new(id(1, 1));
/// The live app.
pub const LIVE_APP: AppId = AppId::new(id(2, 1));
/// The test app: everything else below is in it.
pub const TEST_APP: AppId = AppId::new(id(2, 2));
/// Doc Brown.
pub const DOC_BROWN: ResourceId = ResourceId::new(id(3, 1));
/// The meeting room.
pub const ROOM: ResourceId = ResourceId::new(id(3, 2));
/// A confirmed booking of Doc Brown.
pub const CONFIRMED: BookingId = BookingId::new(id(4, 1));
/// A tentative booking of Doc Brown.
pub const TENTATIVE: BookingId = BookingId::new(id(4, 2));
/// A declined booking of Doc Brown.
pub const DECLINED: BookingId = BookingId::new(id(4, 3));
/// A named key that nobody has the text of.
pub const NAMED_KEY: KeyId = KeyId::new(id(5, 1));
/// The development key's record.
pub const DEVELOPMENT_KEY_ID: KeyId = KeyId::new(id(5, 2));
/// Doc Brown again, in the live app, which shares nothing with the test app.
pub const LIVE_DOC_BROWN: ResourceId = ResourceId::new(id(3, 3));
/// The live app's project, with the live Doc Brown. Its slug is the app's.
pub const LIVE_PROJECT: ProjectId = ProjectId::new(id(7, 1));
/// The test app's project, with Doc Brown. Its slug is the app's.
pub const TEST_PROJECT: ProjectId = ProjectId::new(id(7, 2));
/// Where the test app's project takes place.
pub const LOCATION: LocationId = LocationId::new(id(8, 1));
/// What the test app's project is about.
pub const SERVICE: ServiceId = ServiceId::new(id(9, 1));
/// Doc Brown's calendar.
pub const CALENDAR: CalendarId = CalendarId::new(id(10, 1));
/// A client-token of Doc Brown.
pub const CREDENTIAL: CredentialId = CredentialId::new(id(6, 1));
