//! Ids are types, so that a booking's id is never taken for a resource's. On the wire: UUID v4.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Random;

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id.
            pub fn random(random: &dyn Random) -> Self {
                Self(uuid::Builder::from_random_bytes(random.bytes()).into_uuid())
            }

            /// The id that is this UUID.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID that this id is.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// A request, in responses and logs.
    RequestId
    /// A person who signed up.
    AccountId
    /// A tenant: everything bookable belongs to one app.
    AppId
    /// A reservation.
    BookingId
    /// A resource's calendar.
    CalendarId
    /// An address at which a resource's bookings are read as a calendar.
    CalendarFeedId
    /// A resource's token.
    CredentialId
    /// Whoever a booking is for.
    CustomerId
    /// Filters of the older searches, kept under one name.
    FilterCollectionId
    /// An entry of a calendar.
    EventId
    /// An API key.
    KeyId
    /// A place that people come to.
    LocationId
    /// Bookings that recur together.
    RecurringSeriesId
    /// A booking page's settings.
    ProjectId
    /// A slot that is held for a while.
    ReservationId
    /// A bookable person, room or thing.
    ResourceId
    /// Something that is done for people.
    ServiceId
    /// An address that events are sent to.
    WebhookId
    /// The configuration of a booking page of the older kind.
    WidgetId
}

impl From<ReservationId> for Uuid {
    fn from(id: ReservationId) -> Self {
        id.uuid()
    }
}

impl From<EventId> for Uuid {
    fn from(id: EventId) -> Self {
        id.uuid()
    }
}

impl From<BookingId> for Uuid {
    fn from(id: BookingId) -> Self {
        id.uuid()
    }
}
