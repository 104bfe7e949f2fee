//! What can be booked: a person, a room, a thing.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::{CalendarFeedId, CalendarId, ResourceId};
use crate::json_text;
use crate::time::{Tz, zone_name};

/// Something bookable, in its own time zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Names it.
    pub id: ResourceId,
    /// What people call it.
    pub name: String,
    /// Given name, where it is a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name, where it is a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Unique within its app; never changes. A room has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Where its hours are counted.
    #[serde(with = "zone_name")]
    pub timezone: Tz,
    /// How many bookings it takes at once.
    #[serde(default = "one")]
    pub capacity: u32,
    /// When it may be booked, as a list of constraints, kept as given.
    #[serde(with = "json_text")]
    pub availability_constraints: Vec<Value>,
    /// The longest booking that a public key or token makes of it without a project, as sent: a duration.
    /// [`DEFAULT_PUBLIC_LENGTH_S`] if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_public_length: Option<String>,
    /// Words to group it by.
    pub tags: Vec<String>,
    /// Whatever its owner wants to keep with it.
    #[serde(with = "json_text")]
    pub meta: Map<String, Value>,
    /// Its calendars; the first is the one bookings go to.
    pub calendars: Vec<Calendar>,
    /// Where its bookings are read as a calendar, if somebody asked for such an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar_feed: Option<CalendarFeed>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The longest booking that a public key or token makes without a project, unless the resource allows more, in seconds.
pub const DEFAULT_PUBLIC_LENGTH_S: i64 = 86_400;

/// The most bookings that a resource takes at once.
pub const MAX_CAPACITY: u32 = 1_000;

const fn one() -> u32 {
    1
}

/// A resource's calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Names it.
    pub id: CalendarId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The colour of what is written in it, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreground_color: Option<String>,
    /// The colour of its entries, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    /// Whether it is being deleted: it takes no more events, and goes when all of them are gone.
    #[serde(default)]
    pub is_closing: bool,
    /// Whether it can be found by its id alone. The store sees to it.
    #[serde(default)]
    pub is_named: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The most calendars that a resource has.
pub const MAX_CALENDARS: usize = 20;

/// What the private address of a resource's calendar is derived from. The address itself is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarFeed {
    /// Random: another one makes another address.
    pub id: CalendarFeedId,
    /// The version of the master secret that the address is derived under.
    pub secret_version: u32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it leads nowhere, because whoever made it can no longer act either; none means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

impl CalendarFeed {
    /// Whether it still leads somewhere at `now`.
    pub fn holds_at(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }
}

impl Resource {
    /// The calendar with this id, or the first where none is named.
    pub fn calendar(&self, id: Option<CalendarId>) -> Option<&Calendar> {
        match id {
            None => self.calendars.first(),
            Some(id) => self.calendars.iter().find(|calendar| calendar.id == id),
        }
    }

    /// Whether this calendar is the one that bookings go to unless they name another.
    pub fn is_default(&self, id: CalendarId) -> bool {
        self.calendars
            .first()
            .is_some_and(|calendar| calendar.id == id)
    }
}

impl Calendar {
    /// The calendar every new resource starts with.
    pub fn default_of_resource(id: CalendarId, now: DateTime<Utc>) -> Self {
        Self {
            id,
            name: "Bookings".to_owned(),
            description: "Created with the resource".to_owned(),
            foreground_color: None,
            background_color: None,
            is_closing: false,
            is_named: false,
            created_at: now,
            updated_at: now,
        }
    }
}
