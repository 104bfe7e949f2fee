//! Durations and relative times as people write them: `15 minutes`, `3 days 2 weeks`, `6 months`, `tomorrow`.
//!
//! A day has two meanings, and each has its type. Where a resource is meant, a day is one of its calendar: a
//! [`CalendarSpan`], which has no length until a zone is named. Where none is, as in a key's overlap, a day is 24 hours:
//! [`parse_exact`] returns a [`TimeDelta`].

use std::str::FromStr;

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::time::{InvalidInstant, TimeSlot, Tz, parse_instant};
use crate::wall::{DAY_S, day, day_start, first_at, last_at, offset_s, reading_from_midnight};

/// Text that is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a valid duration; write a number and a unit (seconds, minutes, hours, days, weeks), like 15 minutes"
)]
pub struct InvalidDuration;

/// Reads one or more terms of a number and a unit, which add up, where no resource is meant: a day is 24 hours. Never
/// negative.
///
/// # Errors
///
/// [`InvalidDuration`] for anything else, months included: they have no one length.
pub fn parse_exact(text: &str) -> Result<TimeDelta, InvalidDuration> {
    let span: CalendarSpan = text.parse()?;
    TimeDelta::try_seconds(span.on_clock_s()).ok_or(InvalidDuration)
}

/// A span of a resource's calendar: days first, which last as long as the zone's clock takes for them, then exact seconds.
/// Never negative.
///
/// A day from 09:00 ends at the next 09:00, 23 to 25 hours later where the clock changes. If the clock skips that time, the
/// span ends at the change; if it reads it twice, at the first. From the first instant of a day, days end at the first
/// instant of another, also where midnight is skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CalendarSpan {
    days: u32,
    seconds: i64,
}

impl CalendarSpan {
    /// No time at all.
    pub const ZERO: Self = Self::exact(0);

    /// Exact seconds, which must not be negative.
    pub const fn exact(seconds: i64) -> Self {
        Self { days: 0, seconds }
    }

    /// Days of the calendar, and then exact seconds, which must not be negative.
    pub const fn new(days: u32, seconds: i64) -> Self {
        Self { days, seconds }
    }

    /// Days of the calendar.
    pub const fn days(self) -> u32 {
        self.days
    }

    /// Exact seconds after the days.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// How much later the clock reads after it, in seconds: its length where the clock runs evenly. For bounds, and for
    /// steps that are read off the clock.
    pub const fn on_clock_s(self) -> i64 {
        (self.days as i64) * DAY_S + self.seconds
    }

    /// Where it ends on the clock of `zone` if it starts at `start`, in Unix seconds.
    pub fn end_s(self, start: i64, zone: Tz) -> i64 {
        if self.days == 0 {
            return start + self.seconds;
        }
        let reading = reading_from_midnight(zone, start);
        first_at(zone, reading + i64::from(self.days) * DAY_S) + self.seconds
    }

    /// Where it ends on the clock of `zone` if it starts at `start`. The last instant there is, if it is beyond that.
    pub fn after(self, start: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        moved(start, self.end_s(start.timestamp(), zone))
    }

    /// Whether a slot is at most as long, on the clock of `zone` or in hours: as a bound it refuses neither so many days nor
    /// as many times 24 hours.
    pub fn covers(self, slot: TimeSlot, zone: Tz) -> bool {
        let (start, end) = (slot.start().timestamp(), slot.end().timestamp());
        end <= self.end_s(start, zone).max(start + self.on_clock_s())
    }

    /// Where it starts on the clock of `zone` if it ends at `end`: the later instant of two that read the same.
    pub fn before(self, end: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let at = end.timestamp() - self.seconds;
        if self.days == 0 {
            return moved(end, at);
        }
        let reading = reading_from_midnight(zone, at);
        let start = last_at(zone, reading - i64::from(self.days) * DAY_S);
        moved(end, start)
    }
}

/// `at` with its whole seconds replaced; the last instant there is, if they are beyond that.
fn moved(at: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    TimeDelta::try_seconds(seconds - at.timestamp())
        .and_then(|distance| at.checked_add_signed(distance))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl FromStr for CalendarSpan {
    type Err = InvalidDuration;

    /// Reads one or more terms of a number and a unit, which add up; months are not among the units.
    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        match Distance::parse(text) {
            Some(Distance { months: 0, span }) => Ok(span),
            _ => Err(InvalidDuration),
        }
    }
}

/// A distance from now. Its months and days are the calendar's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distance {
    months: u32,
    span: CalendarSpan,
}

impl Distance {
    const NONE: Self = Self {
        months: 0,
        span: CalendarSpan::ZERO,
    };

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().peekable();
        words.peek()?;
        let (mut months, mut days, mut seconds) = (0_u32, 0_u32, 0_i64);
        while let Some(number) = words.next() {
            let number: u32 = number.parse().ok()?;
            let unit_s = match words.next()? {
                "second" | "seconds" => 1,
                "minute" | "minutes" => 60,
                "hour" | "hours" => 60 * 60,
                unit @ ("day" | "days" | "week" | "weeks") => {
                    let unit_days = if unit.starts_with('d') { 1 } else { 7 };
                    days = days.checked_add(number.checked_mul(unit_days)?)?;
                    continue;
                }
                "month" | "months" => {
                    months = months.checked_add(number)?;
                    continue;
                }
                _ => return None,
            };
            seconds = seconds.checked_add(i64::from(number) * unit_s)?;
        }
        let span = CalendarSpan { days, seconds };
        Some(Self { months, span })
    }

    /// Where it leads from `now` on the clock of `zone`: months first, then days, then exact seconds.
    fn after(self, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        if self.months == 0 {
            return self.span.after(now, zone);
        }
        let reading = reading_from_midnight(zone, now.timestamp());
        let date = TimeDelta::try_days(day(reading))
            .and_then(|days| NaiveDate::default().checked_add_signed(days))
            .and_then(|date| date.checked_add_months(Months::new(self.months)));
        let Some(date) = date else {
            return DateTime::<Utc>::MAX_UTC;
        };
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        let days = days + i64::from(self.span.days);
        let reading = days * DAY_S + reading.rem_euclid(DAY_S);
        moved(now, first_at(zone, reading) + self.span.seconds)
    }
}

/// A time as it may be sent, relative to the request or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelativeTime {
    /// At an instant.
    At(DateTime<Utc>),
    /// At the next midnight.
    Tomorrow,
    /// So long from now.
    After(Distance),
}

/// Text that is neither a time nor a distance from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTime {
    /// It is no time of any kind.
    #[error(
        "not a valid timestamp or relative time; write it like 2026-11-24T08:30:00+01:00, now, tomorrow or 3 days 2 weeks (minutes, hours, days, weeks, months)"
    )]
    NoTime,
    /// It is a date and a time, and yet no instant.
    #[error(transparent)]
    NoInstant(InvalidInstant),
}

impl RelativeTime {
    /// Now.
    pub const NOW: Self = Self::After(Distance::NONE);

    /// `weeks` from now.
    pub const fn weeks(weeks: u32) -> Self {
        Self::After(Distance {
            months: 0,
            span: CalendarSpan::new(weeks * 7, 0),
        })
    }

    /// So many months of the calendar from now.
    pub const fn months(months: u32) -> Self {
        Self::After(Distance {
            months,
            span: CalendarSpan::ZERO,
        })
    }

    /// The instant meant at `now` on the calendar of `zone`. The last instant there is, if it is beyond that.
    pub fn resolve(self, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::Tomorrow => next_midnight(now, zone),
            Self::After(distance) => distance.after(now, zone),
        }
    }
}

impl FromStr for RelativeTime {
    type Err = InvalidTime;

    /// Reads an instant; `now`; `tomorrow`; or one or more terms of a number and a unit, which add up. A time before now
    /// (`-1 hour`, `1 hour ago`, `yesterday`) counts as now, because nothing can be booked then.
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let text = text.trim();
        match text {
            "now" | "yesterday" => return Ok(Self::NOW),
            "tomorrow" => return Ok(Self::Tomorrow),
            _ => {}
        }
        let before = text.strip_prefix('-').or(text.strip_suffix(" ago"));
        if before.is_some_and(|distance| Distance::parse(distance).is_some()) {
            return Ok(Self::NOW);
        }
        match Distance::parse(text.strip_prefix('+').unwrap_or(text)) {
            Some(distance) => Ok(Self::After(distance)),
            None => parse_instant(text)
                .map(Self::At)
                .map_err(|error| match error {
                    InvalidInstant::NoInstant => InvalidTime::NoTime,
                    other => InvalidTime::NoInstant(other),
                }),
        }
    }
}

/// The first instant after `now` at which the date in `zone` is a later one. Where midnight is skipped, that is the
/// moment of the change.
fn next_midnight(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let today = day(now.timestamp() + offset_s(zone, now.timestamp()));
    DateTime::from_timestamp(day_start(zone, today + 1), 0).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_add_up() {
        for (text, days, seconds) in [
            ("1 hour 30 minutes", 0, 5_400),
            ("3 days 2 weeks", 17, 0),
            ("24 hours", 0, 86_400),
            ("1 week 1 day 2 hours 1 second", 8, 7_201),
            ("0 minutes", 0, 0),
        ] {
            assert_eq!(text.parse(), Ok(CalendarSpan::new(days, seconds)), "{text}");
        }
        assert_eq!(parse_exact("3 days 2 weeks"), Ok(TimeDelta::hours(17 * 24)));
    }

    #[test]
    fn half_a_term_is_no_duration() {
        for text in [
            "",
            "hour",
            "1",
            "1 fortnight",
            "-1 hour",
            "1.5 hours",
            "1 hour 2",
            "1 month",
            "4294967295 weeks",
        ] {
            assert_eq!(text.parse::<CalendarSpan>(), Err(InvalidDuration), "{text}");
            assert_eq!(parse_exact(text), Err(InvalidDuration), "{text}");
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        parse_instant(text).expect("an instant")
    }

    #[test]
    fn a_day_ends_when_the_clock_reads_the_same_again_and_24_hours_are_exact() {
        for (zone, start, text, end) in [
            (
                "Europe/Berlin",
                "2026-03-29T00:00:00+01:00",
                "1 day",
                "2026-03-30T00:00:00+02:00",
            ),
            (
                "Europe/Berlin",
                "2026-03-29T00:00:00+01:00",
                "24 hours",
                "2026-03-30T01:00:00+02:00",
            ),
            (
                "Europe/Berlin",
                "2026-10-25T00:00:00+02:00",
                "1 day",
                "2026-10-26T00:00:00+01:00",
            ),
            (
                "Europe/Berlin",
                "2026-10-24T12:00:00+02:00",
                "1 week",
                "2026-10-31T12:00:00+01:00",
            ),
            (
                "Europe/Berlin",
                "2026-10-24T12:00:00+02:00",
                "1 day 1 hour",
                "2026-10-25T13:00:00+01:00",
            ),
            // What the clock skips ends at the change, and what it reads twice at the first.
            (
                "Europe/Berlin",
                "2026-03-28T02:30:00+01:00",
                "1 day",
                "2026-03-29T03:00:00+02:00",
            ),
            (
                "Europe/Berlin",
                "2026-10-24T02:30:00+02:00",
                "1 day",
                "2026-10-25T02:30:00+02:00",
            ),
            // Half an hour.
            (
                "Australia/Lord_Howe",
                "2026-04-05T00:00:00+11:00",
                "1 day",
                "2026-04-06T00:00:00+10:30",
            ),
            (
                "Australia/Lord_Howe",
                "2026-10-04T00:00:00+10:30",
                "1 day",
                "2026-10-05T00:00:00+11:00",
            ),
            // A midnight that is skipped: the day begins and ends where its date does.
            (
                "Asia/Beirut",
                "2026-03-28T00:00:00+02:00",
                "1 day",
                "2026-03-29T01:00:00+03:00",
            ),
            (
                "Asia/Beirut",
                "2026-03-29T01:00:00+03:00",
                "1 day",
                "2026-03-30T00:00:00+03:00",
            ),
            (
                "Asia/Beirut",
                "2026-03-29T01:00:01+03:00",
                "1 day",
                "2026-03-30T01:00:01+03:00",
            ),
            // A midnight that is read twice.
            (
                "America/Havana",
                "2026-10-31T00:00:00-04:00",
                "1 day",
                "2026-11-01T00:00:00-04:00",
            ),
            (
                "America/Havana",
                "2026-11-01T00:00:00-04:00",
                "1 day",
                "2026-11-02T00:00:00-05:00",
            ),
            // A date that is left out, and one that came twice.
            (
                "Pacific/Apia",
                "2011-12-29T00:00:00-10:00",
                "1 day",
                "2011-12-31T00:00:00+14:00",
            ),
            (
                "Pacific/Apia",
                "2011-12-29T09:00:00-10:00",
                "2 days",
                "2011-12-31T09:00:00+14:00",
            ),
            (
                "Pacific/Kwajalein",
                "1969-09-29T12:00:00+11:00",
                "2 days",
                "1969-10-01T12:00:00-12:00",
            ),
        ] {
            let span: CalendarSpan = text.parse().expect("a duration");
            assert_eq!(
                span.after(at(start), Tz::known(zone)),
                at(end),
                "{zone} {start} {text}"
            );
        }
    }

    #[test]
    fn a_day_before_is_when_the_clock_last_read_the_same() {
        let day = CalendarSpan::new(1, 0);
        for (end, start) in [
            ("2026-03-30T09:00:00+02:00", "2026-03-29T09:00:00+02:00"),
            ("2026-03-29T09:00:00+02:00", "2026-03-28T09:00:00+01:00"),
            ("2026-03-30T02:30:00+02:00", "2026-03-29T03:00:00+02:00"),
            ("2026-10-26T02:30:00+01:00", "2026-10-25T02:30:00+01:00"),
            ("2026-10-26T00:00:00+01:00", "2026-10-25T00:00:00+02:00"),
        ] {
            let zone = Tz::known("Europe/Berlin");
            assert_eq!(day.before(at(end), zone), at(start), "{end}");
        }
    }

    #[test]
    fn neighbouring_days_of_every_zone_meet_and_never_overlap() {
        let day_long = CalendarSpan::new(1, 0);
        let first = day(at("2026-01-01T00:00:00Z").timestamp());
        for zone in Tz::all() {
            for date in first..first + 366 {
                let offset = |date: i64| offset_s(zone, date * DAY_S);
                if offset(date - 1) == offset(date + 3) {
                    continue;
                }
                let (start, end) = (day_start(zone, date), day_start(zone, date + 1));
                assert_eq!(day_long.end_s(start, zone), end, "{zone:?} {date}");
            }
        }
    }

    #[test]
    fn a_time_may_be_relative_to_now() {
        let now = at("2026-08-31T22:30:00Z");
        for (text, expected) in [
            ("now", "2026-08-31T22:30:00Z"),
            ("tomorrow", "2026-09-01T22:00:00Z"),
            ("6 months", "2027-02-28T23:30:00Z"),
            ("8 weeks", "2026-10-26T23:30:00Z"),
            ("1344 hours", "2026-10-26T22:30:00Z"),
            ("3 days 2 weeks", "2026-09-17T22:30:00Z"),
            ("2026-11-24T08:30:00+01:00", "2026-11-24T07:30:00Z"),
        ] {
            let time: RelativeTime = text.parse().expect("a time");
            let found = time.resolve(now, Tz::known("Europe/Copenhagen"));
            assert_eq!(found, at(expected), "{text}");
        }
        assert_eq!(
            RelativeTime::Tomorrow.resolve(now, Tz::UTC),
            at("2026-09-01T00:00:00Z")
        );
        for text in [
            "",
            "-",
            "-now",
            "ago",
            "--1 day",
            "-1",
            "1 fortnight",
            "2026-11-24",
        ] {
            assert_eq!(
                text.parse(),
                Err::<RelativeTime, _>(InvalidTime::NoTime),
                "{text}"
            );
        }
        let error = "9999-11-24T08:30:00Z".parse::<RelativeTime>();
        assert_eq!(
            error,
            Err(InvalidTime::NoInstant(InvalidInstant::OutOfRange))
        );
    }

    #[test]
    fn a_time_before_now_counts_as_now_and_a_plus_changes_nothing() {
        for text in [
            "-1 hour",
            "- 2 weeks",
            "-1 day 3 hours",
            "3 days 2 weeks ago",
            "yesterday",
            "-6 months",
        ] {
            assert_eq!(
                text.parse(),
                Ok::<_, InvalidTime>(RelativeTime::NOW),
                "{text}"
            );
        }
        assert_eq!("+2 weeks".parse::<RelativeTime>(), "2 weeks".parse());
    }
}
