//! What the fields of a project mean, typed where something acts on them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::availability::Settings;
use crate::constraint::{Schedule, parse_constraints};
use crate::duration::CalendarSpan;
use crate::fault::Faults;
use crate::graph::Graph;
use crate::kept_json::KeptJson;
use crate::lenient;
use crate::payment::parse_timeout;
use crate::reminder::Reminder;
use crate::reservation::parse_hold;
use crate::time::{UnknownTimeZone, parse_zone};

/// What a project's bookings are held to and start from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// What a search for free time starts from.
    pub settings: Settings,
    /// When it may be booked, beside what each resource says.
    pub schedule: Schedule,
    /// What a booking starts from.
    pub booking: BookingDefaults,
    /// How long a reservation holds its time by default, by its resource's calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<CalendarSpan>,
}

/// What a booking starts from where its request leaves something out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BookingDefaults {
    /// How it comes about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph: Option<Graph>,
    /// Its title, with room for the customer's words; see [`super::fill_template`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// Its place, likewise.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// More about it, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The page on which its customer chooses another time, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rescheduling_url: Option<String>,
    /// Whether callers with a secret, too, book only what is offered, unless their request says otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub only_offered: bool,
    /// How long it waits for its payment, by its resource's calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_time: Option<CalendarSpan>,
    /// Its reminders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reminders: Vec<Reminder>,
}

/// The fields that rules are made of, as sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources<'a> {
    pub(super) availability: &'a KeptJson<Map<String, Value>>,
    pub(super) availability_constraints: &'a KeptJson<Vec<Value>>,
    pub(super) booking: &'a KeptJson<Map<String, Value>>,
    pub(super) reminders: &'a KeptJson<Vec<Value>>,
    pub(super) reservation_time: Option<&'a str>,
}

impl Sources<'_> {
    /// Tells rules of these fields from rules of others.
    pub(super) fn checksum(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for text in [
            self.availability.as_text(),
            self.availability_constraints.as_text(),
            self.booking.as_text(),
            self.reminders.as_text(),
            self.reservation_time.unwrap_or("null"),
        ] {
            hasher.update(text.as_bytes());
            // No text has this byte.
            hasher.update(&[0xff]);
        }
        hasher.finalize()
    }

    /// Reads all of them.
    pub(super) fn parse(&self) -> Result<Rules, Faults> {
        #[cfg(test)]
        tests::PARSED.with(|parsed| parsed.set(parsed.get() + 1));
        let mut faults = Faults::none();
        let availability = members(&mut faults, "availability", self.availability);
        let settings = Settings::parse(&availability, "availability.");
        let settings = noted(&mut faults, settings);
        let field = "availability_constraints";
        let constraints = members(&mut faults, field, self.availability_constraints);
        let constraints = noted(&mut faults, parse_constraints(&constraints, field));
        let booking = members(&mut faults, "booking", self.booking);
        let mut booking = BookingDefaults::parse(&booking, &mut faults);
        let reminders = members(&mut faults, "reminders", self.reminders);
        booking.reminders = Reminder::readable(&reminders);
        let hold = self.reservation_time.map(parse_hold).transpose();
        let hold = hold.map_err(|error| Faults::one("reservation_time", error.to_string()));
        let hold = noted(&mut faults, hold);
        match (settings, constraints, hold) {
            (Some(settings), Some(constraints), Some(hold)) if faults.is_empty() => Ok(Rules {
                settings,
                schedule: Schedule::new(&constraints),
                booking,
                hold,
            }),
            _ => Err(faults),
        }
    }
}

impl BookingDefaults {
    /// Reads what a project says of its bookings. What is no text where one is expected says nothing.
    fn parse(fields: &Map<String, Value>, faults: &mut Faults) -> Self {
        let text = |name: &str| fields.get(name)?.as_str().map(str::to_owned);
        let graph = text("graph").map(|name| name.parse::<Graph>());
        let graph = graph
            .transpose()
            .map_err(|error| Faults::one("booking.graph", error.to_string()));
        let timeout = fields.get("timeout").unwrap_or(&Value::Null);
        let payment_time = parse_timeout(timeout, "booking.timeout").map_err(Faults::from);
        let only_offered = fields.get("only_offered").and_then(lenient::flag);
        Self {
            graph: noted(faults, graph).flatten(),
            what: text("what"),
            place: text("where"),
            description: text("description"),
            rescheduling_url: text("rescheduling_url"),
            only_offered: only_offered == Some(true),
            payment_time: noted(faults, payment_time).flatten(),
            reminders: Vec::new(),
        }
    }
}

fn members<T: Default + DeserializeOwned>(
    faults: &mut Faults,
    field: &str,
    kept: &KeptJson<T>,
) -> T {
    let members = kept.read();
    let members = members.map_err(|error| Faults::one(field, error.to_string()));
    noted(faults, members).unwrap_or_default()
}

fn noted<T>(faults: &mut Faults, read: Result<T, Faults>) -> Option<T> {
    read.map_err(|found| faults.append(found)).ok()
}

/// What is wrong with a project's `availability`. Empty if it can be kept. What is not known is kept too, as the original
/// does.
pub fn availability_faults(availability: &Map<String, Value>) -> Faults {
    let mut faults = Settings::parse(availability, "availability.")
        .err()
        .unwrap_or_default();
    let zone = availability
        .get("output_timezone")
        .filter(|zone| !zone.is_null());
    if let Some(zone) = zone
        && zone.as_str().is_none_or(|name| parse_zone(name).is_err())
    {
        let sentence = UnknownTimeZone.to_string();
        faults.add("availability.output_timezone", sentence);
    }
    faults
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    thread_local! {
        /// How often a project's fields were parsed.
        pub(crate) static PARSED: Cell<u32> = const { Cell::new(0) };
    }
}
