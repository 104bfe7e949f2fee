//! The bodies of the searches that came before availability, as they are described and as their names are known.

use api::shape::joined;
use api::{Named, Names, Shaped};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A search for time. Resources are named by e-mail address, id or calendar; several must all be free at once.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described here")]
pub(crate) struct FindTimeFields {
    /// Whom to search, by e-mail address.
    emails: Option<Vec<String>>,
    /// Whom to search, by id.
    #[schema(value_type = Option<Vec<Uuid>>)]
    resource_ids: Option<Vec<String>>,
    /// The same by an older name.
    #[schema(value_type = Option<Vec<Uuid>>)]
    user_ids: Option<Vec<String>>,
    /// Whom to search, by the id of one of their calendars.
    #[schema(value_type = Option<Vec<Uuid>>)]
    calendar_ids: Option<Vec<String>>,
    /// `and`: filters that must all be open; `or`: filters of which one must be; `after`: `take_first`, `take_last` or
    /// `take_random` with a `number`. A filter is `specific_day_and_time`, `specific_time`, `specific_day`,
    /// `between_timestamps`, `business_hours`, `working_hours`, `daytime`, `only_weekend` or `exclude_weekend`, and may
    /// have a `timezone`; else it goes by the resource's.
    #[schema(value_type = Option<Object>)]
    filters: Option<Value>,
    /// Where the search begins: RFC 3339, `now`, `tomorrow`, or a time from now. Defaults to `now`.
    start: Option<String>,
    /// Where it ends: at most 6 months ahead. Defaults to `4 weeks`.
    #[schema(example = "2 days")]
    future: Option<String>,
    /// The length of a slot. Defaults to `1 hour`.
    #[schema(example = "30 minutes")]
    length: Option<String>,
    /// Free time around a slot.
    buffer: Option<String>,
    /// `asc` or `desc`. Defaults to `asc`.
    #[schema(pattern = "^(asc|desc)$")]
    sort: Option<String>,
    /// Whether slots may overlap: then one starts every 15 minutes, and else only where the one before ends.
    all_solutions: Option<bool>,
    /// Whether a slot must end on the day it starts on, by the first resource's clock.
    no_day_span: Option<bool>,
    /// Whether events that last all day are no obstacle.
    ignore_all_day_events: Option<bool>,
}

/// Searches for several resources, each for itself. What stands beside `users` holds for all of them; without `users`,
/// each of the resources that are named is searched.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described here")]
pub(crate) struct FindTimesFields {
    /// The searches, each for one resource, with what they say besides.
    users: Option<Vec<UserFields>>,
    #[schema(inline)]
    #[serde(flatten)]
    shared: FindTimeFields,
}

/// A search for one of several resources.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described here")]
pub(crate) struct UserFields {
    /// Whose it is, by e-mail address; over every other name.
    _email: Option<String>,
    #[schema(inline)]
    #[serde(flatten)]
    own: FindTimeFields,
}

/// The names of a search's fields.
pub(crate) const FIND_TIME_NAMES: [&str; 13] = [
    "emails",
    "resource_ids",
    "user_ids",
    "calendar_ids",
    "filters",
    "start",
    "future",
    "length",
    "buffer",
    "sort",
    "all_solutions",
    "no_day_span",
    "ignore_all_day_events",
];

/// A search as a body: what it does not read is told to who can mend it.
pub(crate) type Sent = Shaped<Map<String, Value>, Named<OneSearch>>;

/// Searches as a body.
pub(crate) type SentSearches = Shaped<Map<String, Value>, Named<Searches>>;

/// The fields of one search.
#[derive(Debug)]
pub(crate) struct OneSearch;

impl Names for OneSearch {
    const NAMES: &'static [&'static str] = &FIND_TIME_NAMES;
}

/// The fields of several.
#[derive(Debug)]
pub(crate) struct Searches;

impl Names for Searches {
    const NAMES: &'static [&'static str] = &joined::<1, 13, 14>(["users"], FIND_TIME_NAMES);
}
