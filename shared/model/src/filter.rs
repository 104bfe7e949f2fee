//! Filters: what the searches that came before availability (`findtime`) say of time. Each opens some of it, by a clock
//! of its own or the resource's; `and` and `or` say how they go together, and `after` which of the slots are answered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Random;
use crate::constraint::{About, Constraint, Effect, Hours, MAX_CONSTRAINT_CHARS, Schedule};
use crate::fault::{Fault, FaultKind, Faults};
use crate::ids::FilterCollectionId;
use crate::interval::{Interval, Intervals};
use crate::lenient;
use crate::time::{Tz, parse_zone};
use crate::wall::WallClock;

/// The hours of `business_hours`. Source: help.timekit.io, "common working-hours are 9-18".
const BUSINESS_HOURS: Hours = Hours::full(9, 18);

/// The hours of `daytime`. No source says which; these are ours.
const DAYTIME: Hours = Hours::full(8, 22);

/// Every filter by name; what follows `:` is the constraint whose fields it has.
const FILTERS: [(&str, &str); 10] = [
    ("specific_day_and_time", "day_and_time"),
    ("specific_time", "hours"),
    ("specific_day", "day"),
    ("between_timestamps", "period"),
    ("business_hours", ""),
    ("working_hours", ""),
    ("daytime", ""),
    ("only_weekend", "weekends"),
    ("exclude_weekend", "weekdays"),
    ("exclude_weekends", "weekdays"),
];

/// Makes a [`Take`] of a number.
type TakeSome = fn(usize) -> Take;

/// What takes some of the slots that were found, by name.
const TAKES: [(&str, TakeSome); 3] = [
    ("take_first", Take::First),
    ("take_last", Take::Last),
    ("take_random", Take::Random),
];

/// Filters that an app keeps. No search reads them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FilterCollection {
    /// Names them.
    pub id: FilterCollectionId,
    /// What people call them.
    pub name: String,
    /// The filters as they arrived.
    #[serde(with = "crate::json_text")]
    pub filters: Map<String, Value>,
    /// When they were first kept.
    pub created_at: DateTime<Utc>,
    /// When they were last changed.
    pub updated_at: DateTime<Utc>,
}

/// Filters as they go together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filters {
    /// All of these must be open.
    and: Vec<Filter>,
    /// One of these must, if there are any.
    or: Vec<Filter>,
    /// What is done with the slots, in this order.
    after: Vec<Take>,
}

/// What is open by one filter.
#[derive(Clone, Debug, PartialEq)]
struct Filter {
    schedule: Schedule,
    /// Whose clock; the resource's if none.
    zone: Option<Tz>,
}

/// Some of the slots.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Take {
    First(usize),
    Last(usize),
    Random(usize),
}

impl Filters {
    /// Reads filters as they arrive; `field` is where they stand. Dashes in their names are as good as underscores.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn parse(value: &Value, field: &str) -> Result<Self, Faults> {
        if value.to_string().chars().count() > MAX_CONSTRAINT_CHARS {
            let max = MAX_CONSTRAINT_CHARS;
            return Err(Faults::one(field, FaultKind::TooLongAsJson { max }));
        }
        let Some(groups) = lenient::object(value) else {
            let expected = "an object like {\"and\": [], \"or\": []}";
            return Err(Faults::one(field, FaultKind::WrongType(expected)));
        };
        let mut faults: Faults = groups
            .keys()
            .filter(|name| !["and", "or", "after"].contains(&name.as_str()))
            .map(|name| Fault::new(format!("{field}.{name}"), "must be and, or or after"))
            .collect();
        let filters = Self {
            and: group(groups, field, "and", filter, &mut faults),
            or: group(groups, field, "or", filter, &mut faults),
            after: group(groups, field, "after", take, &mut faults),
        };
        faults.check().map(|()| filters)
    }

    /// The instants that are open, within `range`; `clock` is the resource's over it.
    pub(crate) fn open(&self, clock: &WallClock, range: Interval) -> Intervals {
        let of = |filter: &Filter| match filter.zone {
            None => filter.schedule.open(clock),
            Some(zone) => filter.schedule.open(&WallClock::new(zone, range)),
        };
        let all = self.and.iter().fold(Intervals::one(range), |open, filter| {
            open.intersect(&of(filter))
        });
        if self.or.is_empty() {
            return all;
        }
        let any = self
            .or
            .iter()
            .fold(Intervals::none(), |open, filter| open.union(&of(filter)));
        all.intersect(&any)
    }

    /// Into how many pieces all of them cut so many weeks, as [`Schedule::pieces`] counts.
    pub fn pieces(&self, weeks: usize) -> usize {
        let filters = self.and.iter().chain(&self.or);
        filters.map(|filter| filter.schedule.pieces(weeks)).sum()
    }

    /// Those of `slots`, which are in order, that are to be answered, in order.
    pub fn take<T>(&self, mut slots: Vec<T>, random: &dyn Random) -> Vec<T> {
        for take in &self.after {
            match *take {
                Take::First(number) => slots.truncate(number),
                Take::Last(number) => {
                    slots.drain(..slots.len().saturating_sub(number));
                }
                Take::Random(number) => keep_random(&mut slots, number, random),
            }
        }
        slots
    }
}

/// Keeps so many of `slots`, any with the same chance, in their order: in time that grows with the slots alone, because
/// there may be hundreds of thousands.
fn keep_random<T>(slots: &mut Vec<T>, number: usize, random: &dyn Random) {
    let (mut left, mut wanted) = (slots.len(), number);
    if left <= wanted {
        return;
    }
    // Each is kept with the chance that what is still wanted has among those left.
    slots.retain(|_| {
        let last = u64::try_from(left - 1).unwrap_or(u64::MAX);
        let is_kept = random.up_to(last) < u64::try_from(wanted).unwrap_or(u64::MAX);
        left -= 1;
        wanted -= usize::from(is_kept);
        is_kept
    });
}

/// Reads an entry of a list by its name, its fields and where they stand.
type Read<T> = fn(&str, &Map<String, Value>, String) -> Result<T, Faults>;

/// Reads one list, each of whose entries is an object with one name.
fn group<T>(
    groups: &Map<String, Value>,
    field: &str,
    name: &str,
    read: Read<T>,
    faults: &mut Faults,
) -> Vec<T> {
    let path = format!("{field}.{name}");
    let list = match groups.get(name) {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => {
            faults.add(path, FaultKind::WrongType("a list"));
            return Vec::new();
        }
    };
    let mut found = Vec::with_capacity(list.len());
    for (position, value) in list.iter().enumerate() {
        let path = format!("{path}.{position}");
        let mut entries = value.as_object().into_iter().flatten();
        let (Some((name, value)), None) = (entries.next(), entries.next()) else {
            let sentence =
                "must be an object with one filter, like {\"specific_day\": {\"day\": \"Monday\"}}";
            faults.add(path, sentence);
            continue;
        };
        let path = format!("{path}.{name}");
        let Some(fields) = lenient::object(value) else {
            faults.add(path, FaultKind::WrongType("an object"));
            continue;
        };
        match read(&name.replace('-', "_"), fields, path) {
            Ok(one) => found.push(one),
            Err(wrong) => faults.append(wrong),
        }
    }
    found
}

fn filter(name: &str, fields: &Map<String, Value>, path: String) -> Result<Filter, Faults> {
    let zone = match fields.get("timezone") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let zone = value.as_str().and_then(|name| parse_zone(name).ok());
            let unknown = || Faults::one(format!("{path}.timezone"), FaultKind::UnknownZone);
            Some(zone.ok_or_else(unknown)?)
        }
    };
    let known = FILTERS.iter().find(|(known, _)| *known == name);
    let about = match known {
        Some(("business_hours" | "working_hours", _)) => About::Hours(BUSINESS_HOURS),
        Some(("daytime", _)) => About::Hours(DAYTIME),
        Some((_, kind)) => About::read(kind, fields, path)?,
        None => return Err(unknown(path, FILTERS.map(|(name, _)| name))),
    };
    let constraint = Constraint {
        effect: Effect::Allow,
        about,
    };
    Ok(Filter {
        schedule: Schedule::new(&[constraint]),
        zone,
    })
}

fn take(name: &str, fields: &Map<String, Value>, path: String) -> Result<Take, Faults> {
    let Some((_, take)) = TAKES.iter().find(|(known, _)| *known == name) else {
        return Err(unknown(path, TAKES.map(|(name, _)| name)));
    };
    let number = fields.get("number").and_then(lenient::whole);
    match number.and_then(|number| usize::try_from(number).ok()) {
        Some(number) if number >= 1 => Ok(take(number)),
        _ => {
            let sentence = "must be a whole number of at least 1";
            Err(Faults::one(format!("{path}.number"), sentence))
        }
    }
}

fn unknown<const N: usize>(path: String, known: [&str; N]) -> Faults {
    Faults::one(
        path,
        format!("is no filter; the known ones are {}", known.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{format_instant, parse_instant};
    use serde_json::json;

    /// What is open of the Monday to Wednesday that begin on 2026-11-23, by New York's clock.
    fn open(filters: &Value) -> Vec<(String, String)> {
        let at = |text: &str| parse_instant(text).expect("an instant").timestamp();
        let zone = Tz::known("America/New_York");
        let range = Interval::new(
            at("2026-11-23T00:00:00-05:00"),
            at("2026-11-26T00:00:00-05:00"),
        );
        Filters::parse(filters, "filters")
            .expect("sound")
            .open(&WallClock::new(zone, range), range)
            .iter()
            .map(|interval| {
                let slot = interval.to_slot().expect("a slot");
                let show = |at| format_instant(at, zone)[5..16].to_owned();
                (show(slot.start()), show(slot.end()))
            })
            .collect()
    }

    fn pair(start: &str, end: &str) -> (String, String) {
        (start.to_owned(), end.to_owned())
    }

    #[test]
    fn or_adds_and_and_narrows() {
        let filters = json!({
            "and": [{"specific_time": {"start": 10, "end": 16}}, {"specific_time": {"start": 12, "end": 18}}],
            "or": [{"specific_day": {"day": "Monday"}}, {"specific_day": {"day": "Wednesday"}}],
        });
        let expected = [
            pair("11-23T12:00", "11-23T16:00"),
            pair("11-25T12:00", "11-25T16:00"),
        ];
        assert_eq!(open(&filters), expected);
    }

    #[test]
    fn a_filter_with_a_zone_goes_by_its_clock() {
        let filters = json!({"or": [
            {"specific_day_and_time": {"day": "Tuesday", "start": 15, "end": 17, "timezone": "Europe/Copenhagen"}},
        ]});
        assert_eq!(open(&filters), [pair("11-24T09:00", "11-24T11:00")]);
    }

    #[test]
    fn dashes_and_empty_lists_are_understood() {
        let filters = json!({"and": [{"working-hours": []}, {"exclude-weekend": {}}]});
        assert_eq!(open(&filters).len(), 3);
        assert_eq!(open(&filters)[0], pair("11-23T09:00", "11-23T18:00"));
        assert_eq!(open(&json!([])).len(), 1);
    }

    #[test]
    fn a_fault_names_where_it_is() {
        let filters = json!({
            "and": [{"specific_day": {"day": "Someday"}}, {"full_moon": {}}],
            "or": [{"daytime": {"timezone": "Mars/Olympus"}}],
            "after": [{"take_first": {"number": 0}}],
            "not": [],
        });
        let mut paths: Vec<String> = Filters::parse(&filters, "filters")
            .expect_err("faulty")
            .iter()
            .map(|fault| fault.path.to_string())
            .collect();
        paths.sort();
        let expected = [
            "filters.after.0.take_first.number",
            "filters.and.0.specific_day.day",
            "filters.and.1.full_moon",
            "filters.not",
            "filters.or.0.daytime.timezone",
        ];
        assert_eq!(paths, expected);
    }

    struct Least;

    impl Random for Least {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn after_filters_take_one_after_the_other_and_keep_the_order() {
        let filters = json!({"after": [
            {"take_first": {"number": 5}}, {"take_last": {"number": 4}}, {"take_random": {"number": 2}},
        ]});
        let filters = Filters::parse(&filters, "filters").expect("sound");
        assert_eq!(filters.take((0..9).collect(), &Least), [1, 2]);
        assert_eq!(filters.take(vec![7], &Least), [7]);
    }
}
