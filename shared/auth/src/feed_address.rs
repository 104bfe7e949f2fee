//! The private address of a resource's calendar: one segment of a path, which is all that its readers present. It is
//! derived from what the resource keeps of it, so nothing at rest opens a calendar.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use model::ids::{AppId, ResourceId};
use model::rate::RateLimit;
use model::resource::CalendarFeed;
use model::scope::Scope;
use uuid::Uuid;

use crate::master_secret::{MasterSecret, VersionGone};
use crate::principal::Reach;

const PURPOSE: &str = "calendar-feed";

/// How often one network address may read calendars in a minute.
pub const READS_A_MINUTE: u32 = 60;

/// What calendar programs look for at the end of an address.
const SUFFIX: &str = ".ics";

/// An address as somebody presents it, or as it is handed out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FeedAddress {
    /// Whose resource it claims to be about.
    pub app: AppId,
    /// Which.
    pub resource: ResourceId,
    code: [u8; 32],
}

impl FeedAddress {
    /// The address that `feed` of `resource` stands for.
    ///
    /// # Errors
    ///
    /// [`VersionGone`] if the master secret that it was derived under is no longer there.
    pub fn of(
        app: AppId,
        resource: ResourceId,
        feed: &CalendarFeed,
        secret: &MasterSecret,
    ) -> Result<Self, VersionGone> {
        let message = message(app, resource, feed);
        let code = secret.mac_under(feed.secret_version, PURPOSE, &message)?;
        Ok(Self {
            app,
            resource,
            code,
        })
    }

    /// Reads a segment of a path; none if it is no address at all.
    pub fn parse(segment: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(segment.strip_suffix(SUFFIX)?).ok()?;
        let (app, rest) = bytes.split_first_chunk()?;
        let (resource, code) = rest.split_first_chunk()?;
        Some(Self {
            app: AppId::new(Uuid::from_bytes(*app)),
            resource: ResourceId::new(Uuid::from_bytes(*resource)),
            code: code.try_into().ok()?,
        })
    }

    /// Whether it is the address that `feed` stands for. It takes as long wherever a wrong one differs.
    pub fn opens(&self, feed: &CalendarFeed, secret: &MasterSecret) -> bool {
        let message = message(self.app, self.resource, feed);
        secret.is_mac(&self.code, feed.secret_version, PURPOSE, &message)
    }

    /// The segment of a path that it is.
    pub fn expose(&self) -> String {
        let (app, resource) = (self.app.uuid(), self.resource.uuid());
        let bytes = [&app.as_bytes()[..], resource.as_bytes(), &self.code].concat();
        URL_SAFE_NO_PAD.encode(bytes) + SUFFIX
    }

    /// How far an address reaches that ends then: it reads bookings, from anywhere, until it is revoked or ends.
    pub fn reach(expires_at: Option<DateTime<Utc>>) -> Reach {
        Reach {
            scopes: [Scope::BookingsRead].into_iter().collect(),
            expires_at,
            allowed_cidrs: Vec::new(),
            origins: Vec::new(),
            rate: Some(RateLimit::per_minute(READS_A_MINUTE)),
        }
    }
}

fn message(app: AppId, resource: ResourceId, feed: &CalendarFeed) -> Vec<u8> {
    [app.uuid(), resource.uuid(), feed.id.uuid()]
        .iter()
        .flat_map(|id| *id.as_bytes())
        .collect()
}

impl fmt::Debug for FeedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FeedAddress({})", self.resource)
    }
}
