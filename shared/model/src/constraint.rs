//! Constraints: when something may be booked, as its owner writes it down.
//!
//! A list of constraints means: allows of one kind are a union, what different kinds allow must all hold, and blocks are
//! taken away. Lists of several levels (resource, project, request) must all hold. Everything is read off the wall clock
//! of the resource's own zone, by the one rule of [`crate::wall`]: an instant is within 09:00 to 17:00 exactly if the
//! clock reads so then. A skipped time is not there, and a repeated one counts both times. The zones' rules are those of
//! the IANA release that `tzdb_data` carries.
//!
//! It is one file because the kinds of constraints are one list: what is read, what it means and what is refused of each.

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fault::{Fault, FaultKind, Faults};
use crate::interval::{Interval, Intervals};
use crate::lenient;
use crate::time::{InvalidInstant, parse_instant};
use crate::wall::{DAY_S, Stretch, WEEK_S, WallClock, week, week_start};

/// The most characters a list of constraints has as JSON.
pub const MAX_CONSTRAINT_CHARS: usize = 64_000;

/// Whether a constraint opens time or closes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Only this time, as far as constraints of its kind go.
    Allow,
    /// Not this time.
    Block,
}

/// One constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Whether it opens or closes.
    pub effect: Effect,
    /// The time it is about.
    pub about: About,
}

/// The time that a constraint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// These hours of this day of each week.
    DayAndTime(Weekday, Hours),
    /// These hours of every day.
    Hours(Hours),
    /// This day of each week.
    Day(Weekday),
    /// Everything from one edge to the other.
    Period(Edge, Edge),
    /// Monday to Friday.
    Weekdays,
    /// Saturday and Sunday.
    Weekends,
}

/// A range of hours of a day, in seconds since its midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    start_s: i64,
    end_s: i64,
}

/// Where a period begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edge {
    /// At an instant, in Unix seconds.
    #[serde(rename = "at")]
    Instant(i64),
    /// When the clock turns to this day, counted from 1970-01-01.
    #[serde(rename = "day")]
    Date(i64),
}

impl Edge {
    const fn reading(self, stretch: &Stretch) -> i64 {
        match self {
            Self::Instant(at) => at + stretch.offset_s,
            Self::Date(day) => day * DAY_S,
        }
    }
}

/// What constraints are about: the part of their names after `allow_` or `block_`.
pub const KINDS: [&str; 6] = [
    "day_and_time",
    "hours",
    "day",
    "period",
    "weekdays",
    "weekends",
];

impl About {
    /// Its position in [`KINDS`].
    const fn kind(&self) -> usize {
        match self {
            Self::DayAndTime(..) => 0,
            Self::Hours(..) => 1,
            Self::Day(..) => 2,
            Self::Period(..) => 3,
            Self::Weekdays => 4,
            Self::Weekends => 5,
        }
    }

    /// Reads the fields of one of [`KINDS`]; `path` is where they stand.
    pub(crate) fn read(
        kind: &str,
        fields: &Map<String, Value>,
        path: String,
    ) -> Result<Self, Faults> {
        let reader = Reader { fields, path };
        match kind {
            "day_and_time" => match (reader.day(), reader.hours()) {
                (Ok(day), Ok(hours)) => Ok(Self::DayAndTime(day, hours)),
                (day, hours) => Err(day
                    .err()
                    .unwrap_or_default()
                    .and(hours.err().unwrap_or_default())),
            },
            "hours" => reader.hours().map(Self::Hours),
            "day" => reader.day().map(Self::Day),
            "period" => reader.period(),
            "weekdays" => Ok(Self::Weekdays),
            _ => Ok(Self::Weekends),
        }
    }

    /// What it covers of each week, in seconds since its Monday began; nothing for a period.
    fn of_week(&self) -> Intervals {
        let days = |days: std::ops::Range<i64>, hours: Hours| {
            days.map(|day| Interval::new(day * DAY_S + hours.start_s, day * DAY_S + hours.end_s))
                .collect()
        };
        let number = |day: Weekday| i64::from(day.num_days_from_monday());
        match *self {
            Self::DayAndTime(day, hours) => days(number(day)..number(day) + 1, hours),
            Self::Hours(hours) => days(0..7, hours),
            Self::Day(day) => days(number(day)..number(day) + 1, Hours::ALL),
            Self::Weekdays => days(0..5, Hours::ALL),
            Self::Weekends => days(5..7, Hours::ALL),
            Self::Period(..) => Intervals::none(),
        }
    }
}

impl Hours {
    const ALL: Self = Self {
        start_s: 0,
        end_s: DAY_S,
    };

    /// From one full hour to another.
    pub(crate) const fn full(start: i64, end: i64) -> Self {
        Self {
            start_s: start * 3_600,
            end_s: end * 3_600,
        }
    }
}

/// Everything that is wrong with a list of constraints that is to be kept; `field` is where it is.
pub fn kept_constraints_faults(list: &[Value], field: &str) -> Faults {
    let bytes = serde_json::to_vec(list).map_or(usize::MAX, |json| json.len());
    // What is kept is bounded in bytes, which are at least as many as the characters that the original counts.
    if bytes > MAX_CONSTRAINT_CHARS {
        let max_bytes = MAX_CONSTRAINT_CHARS;
        return Faults::one(field, FaultKind::TooLarge { max_bytes });
    }
    parse_constraints(list, field).err().unwrap_or_default()
}

/// Reads a list of constraints as it arrives; `field` is where it stands.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn parse_constraints(list: &[Value], field: &str) -> Result<Vec<Constraint>, Faults> {
    let chars = serde_json::to_string(list).map_or(0, |json| json.chars().count());
    if chars > MAX_CONSTRAINT_CHARS {
        let max = MAX_CONSTRAINT_CHARS;
        return Err(Faults::one(field, FaultKind::TooLongAsJson { max }));
    }
    let mut constraints = Vec::with_capacity(list.len());
    let mut faults = Faults::none();
    for (position, value) in list.iter().enumerate() {
        match parse(value, &format!("{field}.{position}")) {
            Ok(constraint) => constraints.push(constraint),
            Err(found) => faults.append(found),
        }
    }
    faults.check().map(|()| constraints)
}

fn parse(value: &Value, path: &str) -> Result<Constraint, Faults> {
    let Some((name, value)) = lenient::object(value).and_then(|object| {
        let mut entries = object.iter();
        entries.next().filter(|_| entries.next().is_none())
    }) else {
        let sentence = "must be an object with one constraint, like {\"allow_weekdays\": {}}";
        return Err(Faults::one(path, sentence));
    };
    let split = name.split_once('_').and_then(|(effect, kind)| {
        let effect = match effect {
            "allow" => Effect::Allow,
            "block" => Effect::Block,
            _ => return None,
        };
        Some((effect, KINDS.iter().position(|known| *known == kind)?))
    });
    let Some((effect, kind)) = split else {
        let known: Vec<String> = ["allow", "block"]
            .iter()
            .flat_map(|effect| KINDS.iter().map(move |kind| format!("{effect}_{kind}")))
            .collect();
        let sentence = format!("is no constraint; the known ones are {}", known.join(", "));
        return Err(Faults::one(format!("{path}.{name}"), sentence));
    };
    let path = format!("{path}.{name}");
    let Some(fields) = lenient::object(value) else {
        return Err(Faults::one(path, FaultKind::WrongType("an object")));
    };
    let about = About::read(KINDS[kind], fields, path);
    about.map(|about| Constraint { effect, about })
}

/// The fields of one constraint.
struct Reader<'a> {
    fields: &'a Map<String, Value>,
    path: String,
}

impl Reader<'_> {
    fn field<'a, T>(
        &'a self,
        name: &str,
        sentence: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, Fault> {
        let path = || format!("{}.{name}", self.path);
        match self.fields.get(name) {
            None | Some(Value::Null) => {
                Err(Fault::new(path(), format!("is required and {sentence}")))
            }
            Some(value) => read(value).ok_or_else(|| Fault::new(path(), sentence)),
        }
    }

    fn day(&self) -> Result<Weekday, Faults> {
        self.field(
            "day",
            "must be an English name of a day, like Monday",
            |value| {
                let name = value.as_str()?.trim();
                // Chrono also takes abbreviations, which nobody sends and a typo easily makes.
                let day: Weekday = name.parse().ok()?;
                name.to_ascii_lowercase().ends_with("day").then_some(day)
            },
        )
        .map_err(Faults::from)
    }

    fn hours(&self) -> Result<Hours, Faults> {
        let sentence = "must be a whole hour from 0 to 24, or a time like \"09:30\"";
        let (start_s, end_s) = both(
            self.field("start", sentence, time_of_day),
            self.field("end", sentence, time_of_day),
        )?;
        self.in_order(start_s < end_s, "must be after start; the end of the day is 24, and hours across midnight are two constraints")?;
        Ok(Hours { start_s, end_s })
    }

    fn period(&self) -> Result<About, Faults> {
        let (start, end) = both(self.edge("start"), self.edge("end"))?;
        let ordered = match (start, end) {
            (Edge::Instant(start), Edge::Instant(end)) | (Edge::Date(start), Edge::Date(end)) => {
                start < end
            }
            // Which of an instant and a date is first depends on the zone.
            (Edge::Instant(start), Edge::Date(end)) => start < (end + 1) * DAY_S,
            (Edge::Date(start), Edge::Instant(end)) => (start - 1) * DAY_S < end,
        };
        self.in_order(ordered, "must be after start; a date stands for its midnight, so the last day itself is not included")?;
        Ok(About::Period(start, end))
    }

    fn edge(&self, name: &str) -> Result<Edge, Fault> {
        let sentence = "must be a date and a time with its offset from UTC, e.g. 2026-11-24T08:30:00+01:00, or a date like 2026-11-24";
        let text = self.field(name, sentence, |value| value.as_str())?;
        edge(text.trim()).map_err(|error| {
            let sentence = match error {
                InvalidInstant::NoInstant => FaultKind::from(sentence),
                other => other.to_string().into(),
            };
            Fault::new(format!("{}.{name}", self.path), sentence)
        })
    }

    fn in_order(&self, ordered: bool, sentence: &'static str) -> Result<(), Faults> {
        if ordered {
            Ok(())
        } else {
            Err(Faults::one(format!("{}.end", self.path), sentence))
        }
    }
}

fn both<T>(start: Result<T, Fault>, end: Result<T, Fault>) -> Result<(T, T), Faults> {
    match (start, end) {
        (Ok(start), Ok(end)) => Ok((start, end)),
        (start, end) => Err([start.err(), end.err()].into_iter().flatten().collect()),
    }
}

/// Seconds since midnight of `9`, `"9"`, `"09:30"` or `"24:00"`.
fn time_of_day(value: &Value) -> Option<i64> {
    let seconds = match value {
        Value::Number(_) => lenient::whole(value)?.checked_mul(3_600)?,
        Value::String(text) => {
            let two_digits = |text: &str| {
                let digits =
                    (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
                text.parse::<i64>().ok().filter(|_| digits)
            };
            let mut parts = text.trim().split(':');
            let hours = two_digits(parts.next()?)?;
            let minutes = parts.next().map_or(Some(0), two_digits)?;
            let seconds = parts.next().map_or(Some(0), two_digits)?;
            if parts.next().is_some() || minutes > 59 || seconds > 59 {
                return None;
            }
            hours * 3_600 + minutes * 60 + seconds
        }
        _ => return None,
    };
    (0..=DAY_S).contains(&seconds).then_some(seconds)
}

fn edge(text: &str) -> Result<Edge, InvalidInstant> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let in_range = (2..=9998).contains(&date.year());
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        return in_range
            .then_some(Edge::Date(days))
            .ok_or(InvalidInstant::OutOfRange);
    }
    parse_instant(text).map(|at| Edge::Instant(at.timestamp()))
}

/// A list of constraints, made ready to be evaluated for many resources and ranges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// What is open of each week, in seconds since its Monday began.
    week: Intervals,
    /// If there are allowed periods, everything else is closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<(Edge, Edge)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    blocked: Vec<(Edge, Edge)>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Schedule {
    /// What a list of constraints means. An empty list leaves everything open.
    pub fn new(constraints: &[Constraint]) -> Self {
        let of = |effect, kind| {
            constraints
                .iter()
                .filter(move |one| one.effect == effect && one.about.kind() == kind)
        };
        let mut week = Intervals::one(Interval::new(0, WEEK_S));
        let mut periods = [Vec::new(), Vec::new()];
        for (kind, name) in KINDS.iter().enumerate() {
            for (effect, periods) in [Effect::Allow, Effect::Block].into_iter().zip(&mut periods) {
                if of(effect, kind).next().is_none() {
                    continue;
                }
                if *name == "period" {
                    periods.extend(of(effect, kind).filter_map(|one| match one.about {
                        About::Period(start, end) => Some((start, end)),
                        _ => None,
                    }));
                    continue;
                }
                let covered: Intervals = of(effect, kind)
                    .flat_map(|one| one.about.of_week().iter().copied().collect::<Vec<_>>())
                    .collect();
                week = match effect {
                    Effect::Allow => week.intersect(&covered),
                    Effect::Block => week.subtract(&covered),
                };
            }
        }
        let [allowed, blocked] = periods;
        Self {
            week,
            allowed,
            blocked,
        }
    }

    /// Into how many pieces it cuts so many weeks at most: what [`Schedule::open`] answers, and takes time for.
    pub fn pieces(&self, weeks: usize) -> usize {
        self.week.iter().len() * weeks + self.allowed.len() + self.blocked.len()
    }

    /// The instants that are open, within the range of `clock`.
    pub fn open(&self, clock: &WallClock) -> Intervals {
        let mut open = Intervals::none();
        for stretch in clock.stretches() {
            for reading in self.open_readings(stretch).iter() {
                open.push(stretch.instants_of(*reading));
            }
        }
        open
    }

    fn open_readings(&self, stretch: &Stretch) -> Intervals {
        let range = stretch.readings();
        let mut open = Intervals::none();
        for start in (week(range.start)..=week(range.end)).map(week_start) {
            for piece in self.week.iter() {
                open.push(Interval::new(start + piece.start, start + piece.end).meet(&range));
            }
        }
        let readings = |periods: &[(Edge, Edge)]| -> Intervals {
            periods
                .iter()
                .map(|(start, end)| Interval::new(start.reading(stretch), end.reading(stretch)))
                .collect()
        };
        if !self.allowed.is_empty() {
            open = open.intersect(&readings(&self.allowed));
        }
        open.subtract(&readings(&self.blocked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Tz;
    use serde_json::json;

    fn at(text: &str) -> i64 {
        parse_instant(text).expect("an instant").timestamp()
    }

    fn open(constraints: Value, zone: Tz, start: &str, end: &str) -> Vec<(String, String)> {
        let list = constraints.as_array().expect("a list");
        let constraints = parse_constraints(list, "constraints").expect("sound");
        let clock = WallClock::new(zone, Interval::new(at(start), at(end)));
        Schedule::new(&constraints)
            .open(&clock)
            .iter()
            .map(|interval| {
                let slot = interval.to_slot().expect("a slot");
                let show = |at| crate::time::format_instant(at, zone);
                (show(slot.start()), show(slot.end()))
            })
            .collect()
    }

    fn faults(constraints: Value) -> Vec<(String, String)> {
        let list = constraints.as_array().expect("a list");
        parse_constraints(list, "constraints")
            .expect_err("faults")
            .iter()
            .map(|fault| (fault.path.to_string(), fault.kind.to_string()))
            .collect()
    }

    #[test]
    fn allows_of_a_kind_are_a_union_kinds_intersect_and_blocks_are_taken_away() {
        let found = open(
            json!([
                {"allow_day": {"day": "MONDAY"}},
                {"allow_day": {"day": "tuesday"}},
                {"allow_hours": {"start": 9, "end": "17:30"}},
                {"block_day_and_time": {"day": "Tuesday", "start": "12:00", "end": 13}},
                {"block_period": {"start": "2026-11-23", "end": "2026-11-24"}},
            ]),
            Tz::known("Europe/Copenhagen"),
            "2026-11-22T23:00:00Z",
            "2026-11-29T23:00:00Z",
        );
        assert_eq!(
            found,
            [
                ("2026-11-24T09:00:00+01:00", "2026-11-24T12:00:00+01:00"),
                ("2026-11-24T13:00:00+01:00", "2026-11-24T17:30:00+01:00"),
            ]
            .map(|(start, end)| (start.to_owned(), end.to_owned()))
        );
    }

    #[test]
    fn an_empty_value_may_be_an_object_or_a_list() {
        let weekdays = |value: Value| {
            open(
                json!([{"allow_weekdays": value}]),
                Tz::UTC,
                "2026-11-20T00:00:00Z",
                "2026-11-24T00:00:00Z",
            )
        };
        assert_eq!(weekdays(json!({})), weekdays(json!([])));
        assert_eq!(weekdays(json!({})).len(), 2);
    }

    #[test]
    fn hours_on_a_day_that_changes_the_clock_are_what_the_clock_reads() {
        let hours = |start: &str, end: &str| {
            open(
                json!([{"allow_hours": {"start": "01:30", "end": "02:30"}}]),
                Tz::known("Europe/Copenhagen"),
                start,
                end,
            )
        };
        // 02:00 is skipped to 03:00: half an hour is left.
        assert_eq!(
            hours("2026-03-29T00:00:00+01:00", "2026-03-29T12:00:00+02:00"),
            [(
                "2026-03-29T01:30:00+01:00".to_owned(),
                "2026-03-29T03:00:00+02:00".to_owned()
            )]
        );
        // 03:00 goes back to 02:00: the half hour from 02:00 is there twice.
        assert_eq!(
            hours("2026-10-25T00:00:00+02:00", "2026-10-25T12:00:00+01:00"),
            [
                ("2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00"),
                ("2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00"),
            ]
            .map(|(start, end)| (start.to_owned(), end.to_owned()))
        );
    }

    #[test]
    fn a_fault_says_where_and_what_to_do() {
        let found = faults(json!([
            {"allow_weekdays": {}},
            {"allow_hours": {"start": 9.5, "end": "25:00"}},
            {"allow_hours": {"start": 17, "end": 9}},
            {"block_day": {"day": "Mon"}},
            {"allow_day_and_time": []},
            {"allow_week": {}},
            {"allow_weekdays": {}, "block_weekends": {}},
            {"allow_period": {"start": "2026-11-24T10:00:00", "end": "2026-11-25"}},
            {"block_period": {"start": "2026-12-24", "end": "2026-12-24"}},
            "allow_weekdays",
        ]));
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "constraints.1.allow_hours.start",
                "constraints.1.allow_hours.end",
                "constraints.2.allow_hours.end",
                "constraints.3.block_day.day",
                "constraints.4.allow_day_and_time.day",
                "constraints.4.allow_day_and_time.start",
                "constraints.4.allow_day_and_time.end",
                "constraints.5.allow_week",
                "constraints.6",
                "constraints.7.allow_period.start",
                "constraints.8.block_period.end",
                "constraints.9",
            ]
        );
        assert!(found.iter().all(|(_, sentence)| !sentence.is_empty()));
        assert!(found[7].1.contains("block_day_and_time"), "{}", found[7].1);
    }

    #[test]
    fn a_list_has_at_most_64_000_characters() {
        let list = vec![json!({"block_weekends": {}}); 3_000];
        let found = parse_constraints(&list, "availability_constraints").expect_err("too long");
        let sentence = "availability_constraints must have at most 64000 characters as JSON";
        assert_eq!(found.to_string(), sentence);
    }
}
