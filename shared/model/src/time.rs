//! Instants, time slots and how they are written. All arithmetic is on UTC instants in whole seconds;
//! a zone only decides how an instant is shown.

use std::fmt;
use std::hash::{Hash, Hasher};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Offset as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tz::TimeZoneRef;

/// A half-open range of time: `start` belongs to it, `end` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawSlot")]
pub struct TimeSlot {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

#[derive(Deserialize)]
struct RawSlot {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

/// A slot would end before it starts, or at the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the end must be after the start")]
pub struct EndNotAfterStart;

impl TryFrom<RawSlot> for TimeSlot {
    type Error = EndNotAfterStart;

    fn try_from(raw: RawSlot) -> Result<Self, Self::Error> {
        Self::new(raw.start, raw.end)
    }
}

impl TimeSlot {
    /// The slot from `start` to `end`.
    ///
    /// # Errors
    ///
    /// [`EndNotAfterStart`] unless `end` is after `start`.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, EndNotAfterStart> {
        if end > start {
            Ok(Self { start, end })
        } else {
            Err(EndNotAfterStart)
        }
    }

    /// The first instant inside.
    pub const fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// The first instant after.
    pub const fn end(&self) -> DateTime<Utc> {
        self.end
    }

    /// How long the slot is.
    pub fn length(&self) -> TimeDelta {
        self.end - self.start
    }

    /// Whether some instant lies in both slots. Slots that only touch do not overlap.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The same slot, starting `before` earlier and ending `after` later (neither negative).
    pub fn widened(&self, before: TimeDelta, after: TimeDelta) -> Self {
        Self {
            start: self.start - before.max(TimeDelta::zero()),
            end: self.end + after.max(TimeDelta::zero()),
        }
    }

    /// Every UTC day of which some instant lies in the slot, in order.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let first = self.start.date_naive();
        // The end is not part of the slot: a slot that ends at midnight does not touch the day that begins there.
        let last = (self.end - TimeDelta::nanoseconds(1)).date_naive();
        first.iter_days().take_while(move |day| *day <= last)
    }
}

/// The first and the last year of an instant: a day's room at both ends, so that buffers and zones never leave the
/// four-digit years.
const YEARS: std::ops::RangeInclusive<i32> = 2..=9998;

/// Text that is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidInstant {
    /// It is not a date and a time.
    #[error(
        "must be a date and a time with its offset from UTC, e.g. 2026-11-24T08:30:00+01:00 or 2026-11-24T07:30:00Z"
    )]
    NoInstant,
    /// It does not say its offset from UTC, without which it is another instant in each zone.
    #[error("must say its offset from UTC, e.g. 2026-11-24T08:30:00+01:00 or 2026-11-24T07:30:00Z")]
    NoOffset,
    /// Its year is out of range.
    #[error("must be in the years 0002 to 9998, e.g. 2026-11-24T08:30:00+01:00")]
    OutOfRange,
}

/// Reads an instant as RFC 3339 has it, and as others write it where only one can be meant: a blank or a small `t` between
/// date and time, no seconds, a comma before the fraction, an offset without colon or minutes, a blank before it, and
/// `UTC` or `GMT` for it. Fractions of a second are dropped.
///
/// # Errors
///
/// [`InvalidInstant`] for anything else, a time without an offset included: guessing one would book the wrong hour.
pub fn parse_instant(text: &str) -> Result<DateTime<Utc>, InvalidInstant> {
    let strict = rfc_3339(text.trim())?;
    let at = DateTime::parse_from_rfc3339(&strict).map_err(|_| InvalidInstant::NoInstant)?;
    // By its timestamp, which counts a leap second as the second before it: as itself it would have no length.
    let at = DateTime::from_timestamp(at.timestamp(), 0).ok_or(InvalidInstant::OutOfRange)?;
    if YEARS.contains(&at.year()) {
        Ok(at)
    } else {
        Err(InvalidInstant::OutOfRange)
    }
}

/// An instant in RFC 3339's own form, without a fraction. Whether its digits are a date and a time is not looked at.
fn rfc_3339(text: &str) -> Result<String, InvalidInstant> {
    const NO_INSTANT: InvalidInstant = InvalidInstant::NoInstant;
    let date = prefix(text, "dddd-dd-dd").ok_or(NO_INSTANT)?;
    let rest = text[date.len()..]
        .strip_prefix(['T', 't', ' '])
        .ok_or(NO_INSTANT)?;
    let minutes = prefix(rest, "dd:dd").ok_or(NO_INSTANT)?;
    let rest = &rest[minutes.len()..];
    let seconds = prefix(rest, ":dd");
    let rest = &rest[seconds.map_or(0, str::len)..];
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(fraction) if seconds.is_some() => {
            let digits = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if digits.len() == fraction.len() {
                return Err(NO_INSTANT);
            }
            digits
        }
        _ => rest,
    };
    let offset = offset(rest.trim_start())?;
    let seconds = seconds.unwrap_or(":00");
    Ok(format!("{date}T{minutes}{seconds}{offset}"))
}

/// An offset as RFC 3339 writes it.
fn offset(text: &str) -> Result<String, InvalidInstant> {
    if text.is_empty() {
        return Err(InvalidInstant::NoOffset);
    }
    let names = ["Z", "UTC", "GMT"];
    if names.iter().any(|name| text.eq_ignore_ascii_case(name)) {
        return Ok("Z".to_owned());
    }
    let number = text.strip_prefix(['+', '-']).map(|number| {
        let hours = prefix(number, "dd")?;
        let rest = &number[hours.len()..];
        if rest.is_empty() {
            return Some((hours, "00"));
        }
        let minutes = rest.strip_prefix(':').unwrap_or(rest);
        prefix(minutes, "dd")
            .filter(|two| two.len() == minutes.len())
            .map(|two| (hours, two))
    });
    let (hours, minutes) = number.flatten().ok_or(InvalidInstant::NoInstant)?;
    Ok(format!("{}{hours}:{minutes}", &text[..1]))
}

/// The beginning of `text` that has the form of `pattern`, in which `d` is a digit.
fn prefix<'a>(text: &'a str, pattern: &str) -> Option<&'a str> {
    let start = text.get(..pattern.len())?;
    let fits = |(byte, pattern): (u8, u8)| match pattern {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    };
    start
        .bytes()
        .zip(pattern.bytes())
        .all(fits)
        .then_some(start)
}

/// Writes an instant as `YYYY-MM-DDTHH:MM:SS±HH:MM` in `zone`. Clients take the offset from the
/// 20th character on, so there is never a fraction and never a `Z`.
pub fn format_instant(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone.offset_at(at))
        .format("%Y-%m-%dT%H:%M:%S%:z")
        .to_string()
}

/// A zone of the IANA time zone database.
///
/// The tables lie in the program as they are, in order of time and without a pointer in them: nothing is read or made
/// before a zone can be asked, and what nobody asks is never loaded.
#[derive(Clone, Copy)]
pub struct Tz {
    name: &'static str,
    rules: &'static TimeZoneRef<'static>,
}

impl Tz {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self::known("UTC");

    /// The release of the database, as IANA names it.
    pub const RELEASE: &str = tzdb_data::VERSION;

    /// A zone that a program knows by name, which is written as IANA writes it. Whatever comes from outside is for
    /// [`parse_zone`].
    ///
    /// # Panics
    ///
    /// If there is no such zone: while the program is built, if it is called for a constant.
    pub const fn known(name: &'static str) -> Self {
        match tzdb_data::find_tz(name.as_bytes()) {
            Some(rules) => Self { name, rules },
            None => panic!("not a known IANA time zone"),
        }
    }

    /// Every zone, old names included, in order of their names.
    pub fn all() -> impl Iterator<Item = Self> {
        let names = tzdb_data::TZ_NAMES.iter();
        names.filter_map(|name| parse_zone(name).ok())
    }

    /// Its name, as IANA writes it.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What to add to UTC at an instant, in Unix seconds, for what the zone's clock reads then; in seconds.
    pub fn offset_s(self, at: i64) -> i32 {
        // Every zone has a rule for all times to come: what fails lies beyond the years that it can be written in.
        let kind = self.rules.find_local_time_type(at);
        kind.map_or(0, |kind| kind.ut_offset())
    }

    /// The same for chrono.
    pub fn offset_at(self, at: DateTime<Utc>) -> FixedOffset {
        let offset_s = self.offset_s(at.timestamp());
        FixedOffset::east_opt(offset_s).unwrap_or(Utc.fix())
    }
}

impl PartialEq for Tz {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Tz {}

impl Hash for Tz {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Tz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Text that names no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known IANA time zone; write it like Europe/Copenhagen")]
pub struct UnknownTimeZone;

/// Reads an IANA time zone name; letter case does not matter.
///
/// # Errors
///
/// [`UnknownTimeZone`] for anything else.
pub fn parse_zone(name: &str) -> Result<Tz, UnknownTimeZone> {
    let names = tzdb_data::TZ_NAMES;
    let found = names.binary_search_by(|known| lower_case(known).cmp(lower_case(name)));
    let name = names[found.map_err(|_| UnknownTimeZone)?];
    Ok(Tz::known(name))
}

fn lower_case(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}

/// Keeps a zone by its IANA name.
pub(crate) mod zone_name {
    use super::{Tz, parse_zone};
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(zone.name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
        parse_zone(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(start: &str, end: &str) -> TimeSlot {
        TimeSlot::new(
            parse_instant(start).expect("a start"),
            parse_instant(end).expect("an end"),
        )
        .expect("a slot")
    }

    #[test]
    fn a_slot_cannot_be_built_backwards_or_empty() {
        let noon = parse_instant("2026-01-01T12:00:00Z").expect("an instant");
        assert_eq!(TimeSlot::new(noon, noon), Err(EndNotAfterStart));
        assert_eq!(
            TimeSlot::new(noon, noon - TimeDelta::seconds(1)),
            Err(EndNotAfterStart)
        );
    }

    #[test]
    fn slots_that_touch_do_not_overlap() {
        let morning = slot("2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z");
        let next = slot("2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z");
        assert!(!morning.overlaps(&next));
        assert!(morning.overlaps(&morning));
    }

    #[test]
    fn a_slot_that_ends_at_midnight_stays_on_its_day() {
        let evening = slot("2026-01-01T23:00:00Z", "2026-01-02T00:00:00Z");
        assert_eq!(evening.days().count(), 1);
        let across = slot("2026-01-01T23:00:00Z", "2026-01-02T00:00:01Z");
        assert_eq!(across.days().count(), 2);
    }

    #[test]
    fn an_instant_is_shown_with_the_offset_its_zone_has_then() {
        let zone = parse_zone("america/los_angeles").expect("a zone");
        let at = parse_instant("1955-11-12T21:30:00-07:00").expect("an instant");
        assert_eq!(format_instant(at, zone), "1955-11-12T20:30:00-08:00");
        assert_eq!(format_instant(at, Tz::UTC), "1955-11-13T04:30:00+00:00");
    }

    #[test]
    fn every_zone_is_found_by_its_name_in_any_case() {
        let names: Vec<_> = Tz::all().map(Tz::name).collect();
        assert_eq!(names, tzdb_data::TZ_NAMES);
        for name in names {
            for written in [name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
                assert_eq!(parse_zone(&written).map(Tz::name), Ok(name));
            }
        }
        for wrong in [
            "",
            "Europe",
            "Europe/Copenhage",
            "Europe/Copenhagen ",
            "CEST",
        ] {
            assert_eq!(parse_zone(wrong), Err(UnknownTimeZone), "{wrong}");
        }
    }

    #[test]
    fn a_zone_has_its_rules_for_every_year_that_can_be_written() {
        for zone in Tz::all() {
            for at in ["0002-01-01T00:00:00Z", "9998-12-31T23:59:59Z"] {
                let at = parse_instant(at).expect("an instant").timestamp();
                assert!(zone.rules.find_local_time_type(at).is_ok(), "{zone:?}");
            }
        }
        let summer = parse_instant("2500-07-01T10:00:00Z").expect("an instant");
        assert_eq!(
            format_instant(summer, Tz::known("Europe/Copenhagen")),
            "2500-07-01T12:00:00+02:00"
        );
    }

    #[test]
    fn an_instant_without_offset_is_refused() {
        for text in [
            "2026-01-01T12:00:00",
            "2026-01-01 12:00",
            "2026-01-01T12:00:00.5",
        ] {
            assert_eq!(parse_instant(text), Err(InvalidInstant::NoOffset), "{text}");
        }
    }

    #[test]
    fn an_instant_is_read_in_every_form_that_means_one() {
        let noon = parse_instant("2027-02-01T12:00:00Z");
        assert!(noon.is_ok());
        for text in [
            "2027-02-01T12:00:00+0000",
            "2027-02-01 12:00:00+00:00",
            "2027-02-01t12:00:00z",
            "2027-02-01T12:00Z",
            "2027-02-01T12:00:00.123456789Z",
            "2027-02-01T12:00:00,5+0000",
            "2027-02-01T13:00:00+01",
            "2027-02-01 13:00:00 +0100",
            "2027-02-01T04:00-0800",
            "2027-02-01T17:30:00+0530",
            "2027-02-01 12:00:00 UTC",
            "2027-02-01T12:00:00 GMT",
            "2027-02-01T12:00:00-00:00",
            " 2027-02-01T12:00:00Z ",
        ] {
            assert_eq!(parse_instant(text), noon, "{text}");
        }
    }

    #[test]
    fn what_could_be_two_instants_or_none_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2027-02-01",
            "01.02.2027 12:00:00Z",
            "02/01/2027 12:00:00Z",
            "2027-2-1T12:00:00Z",
            "2027-02-30T12:00:00Z",
            "2027-02-01T25:00:00Z",
            "2027-02-01T12Z",
            "2027-02-01T12:00.5Z",
            "2027-02-01T12:00:00.Z",
            "2027-02-01T12:00:00+1",
            "2027-02-01T12:00:00+001",
            "2027-02-01T12:00:00+01:",
            "2027-02-01T12:00:00+01::00",
            "2027-02-01T12:00:00 01:00",
            "2027-02-01T12:00:00 CET",
            "2027-02-01T12:00:00Z[UTC]",
            "2027-02-01T12:00:00+25:00",
            "12027-02-01T12:00:00Z",
            "２027-02-01T12:00:00Z",
            "1801483200",
        ] {
            assert_eq!(
                parse_instant(text),
                Err(InvalidInstant::NoInstant),
                "{text}"
            );
        }
        for text in ["9999-01-01T00:00:00Z", "0001-12-31T23:59:59Z"] {
            assert_eq!(
                parse_instant(text),
                Err(InvalidInstant::OutOfRange),
                "{text}"
            );
        }
    }
}
