//! Durations and relative times as people write them: `15 minutes`, `3 days 2 weeks`, `6 months`, `tomorrow`.

use std::str::FromStr;

use chrono::{DateTime, Months, TimeDelta, Utc};

use crate::time::{InvalidInstant, Tz, parse_instant};
use crate::wall::{day, day_start, offset_s};

/// Text that is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a valid duration; write a number and a unit (seconds, minutes, hours, days, weeks), like 15 minutes"
)]
pub struct InvalidDuration;

/// Reads one or more terms of a number and a unit; they add up. Never negative.
///
/// # Errors
///
/// [`InvalidDuration`] for anything else, months included: they have no one length.
pub fn parse_duration(text: &str) -> Result<TimeDelta, InvalidDuration> {
    match Distance::parse(text) {
        Some(Distance { months: 0, rest }) => Ok(rest),
        _ => Err(InvalidDuration),
    }
}

/// A distance in time whose months are the calendar's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distance {
    months: u32,
    rest: TimeDelta,
}

impl Distance {
    const NONE: Self = Self {
        months: 0,
        rest: TimeDelta::zero(),
    };

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().peekable();
        words.peek()?;
        let mut sum = Self::NONE;
        while let Some(number) = words.next() {
            let number: u32 = number.parse().ok()?;
            let seconds = match words.next()? {
                "second" | "seconds" => 1,
                "minute" | "minutes" => 60,
                "hour" | "hours" => 60 * 60,
                "day" | "days" => 24 * 60 * 60,
                "week" | "weeks" => 7 * 24 * 60 * 60,
                "month" | "months" => {
                    sum.months = sum.months.checked_add(number)?;
                    continue;
                }
                _ => return None,
            };
            let term = TimeDelta::seconds(i64::from(number) * seconds);
            sum.rest = sum.rest.checked_add(&term)?;
        }
        Some(sum)
    }
}

/// A time as it may be sent, relative to the request or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    pub const fn weeks(weeks: i64) -> Self {
        Self::After(Distance {
            months: 0,
            rest: TimeDelta::weeks(weeks),
        })
    }

    /// So many months of the calendar from now.
    pub const fn months(months: u32) -> Self {
        Self::After(Distance {
            months,
            rest: TimeDelta::zero(),
        })
    }

    /// The instant meant at `now`; `zone` says when tomorrow begins. The last instant there is, if it is beyond that.
    pub fn resolve(self, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::Tomorrow => next_midnight(now, zone),
            Self::After(Distance { months, rest }) => now
                .checked_add_months(Months::new(months))
                .and_then(|at| at.checked_add_signed(rest))
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
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
        assert_eq!(
            parse_duration("1 hour 30 minutes"),
            Ok(TimeDelta::minutes(90))
        );
        assert_eq!(parse_duration("3 days 2 weeks"), Ok(TimeDelta::days(17)));
        assert_eq!(parse_duration("0 minutes"), Ok(TimeDelta::zero()));
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
        ] {
            assert_eq!(parse_duration(text), Err(InvalidDuration), "{text}");
        }
    }

    #[test]
    fn a_time_may_be_relative_to_now() {
        let at = |text: &str| parse_instant(text).expect("an instant");
        let now = at("2026-08-31T22:30:00Z");
        for (text, expected) in [
            ("now", "2026-08-31T22:30:00Z"),
            ("tomorrow", "2026-09-01T22:00:00Z"),
            ("6 months", "2027-02-28T22:30:00Z"),
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
