//! What a request or a project says of a search, field by field.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::grid::{Anchor, Grid};
use super::limits::{MAX_MONTHS_AHEAD, MIN_LENGTH_S, in_words};
use super::mode::Mode;
use super::terms::{Terms, Within};
use crate::booking::MAX_BOOKING_DAYS;
use crate::duration::{CalendarSpan, RelativeTime, parse_exact};
use crate::fault::{Fault, FaultKind, Faults, Order};
use crate::lenient;
use crate::occupancy::MAX_BUFFER_HOURS;
use crate::time::Tz;
use crate::wall::DAY_S;

/// Settings of a search, as a project keeps them or a request sends them. What is `None` was not said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How several resources share a slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// How long a slot is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<CalendarSpan>,
    /// The first instant of the search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<RelativeTime>,
    /// The first instant after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<RelativeTime>,
    /// Free time around a slot, in seconds, unless a side says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer_s: Option<i64>,
    /// Free time before a slot, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer_before_s: Option<i64>,
    /// Free time after a slot, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer_after_s: Option<i64>,
    /// The step between starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeslot_increments: Option<CalendarSpan>,
    /// Whether starts are aligned to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_to_nearest_hour: Option<bool>,
    /// Whether events that last all day are no obstacle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_all_day_events: Option<bool>,
    /// Kept for clients that send it; has no effect.
    #[serde(skip)]
    pub closest_time_interval: Option<Value>,
    /// How long before its start a slot can last be booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_notice: Option<CalendarSpan>,
    /// The most bookings that start on one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bookings_per_day: Option<u32>,
    /// The most bookings that start in one week, Monday to Sunday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bookings_per_week: Option<u32>,
}

impl Settings {
    /// The names of all settings, as they are read.
    pub const NAMES: [&'static str; 14] = [
        "mode",
        "length",
        "from",
        "to",
        "buffer",
        "buffer_before",
        "buffer_after",
        "timeslot_increments",
        "round_to_nearest_hour",
        "ignore_all_day_events",
        "closest_time_interval",
        "minimum_notice",
        "max_bookings_per_day",
        "max_bookings_per_week",
    ];

    /// Reads settings; `prefix` stands before the names of fields in faults, like `availability.`. Fields that are no
    /// settings are ignored, and `null` is as good as not sent.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn parse(fields: &Map<String, Value>, prefix: &str) -> Result<Self, Faults> {
        let mut reader = SettingsReader {
            fields,
            prefix,
            faults: Faults::none(),
        };
        let longest = i64::from(MAX_BOOKING_DAYS) * DAY_S;
        let buffer = 0..=MAX_BUFFER_HOURS * 3_600;
        let settings = Self {
            mode: reader.mode(),
            length: reader.span("length", MIN_LENGTH_S..=longest),
            from: reader.time("from"),
            to: reader.time("to"),
            buffer_s: reader.exact("buffer", buffer.clone()),
            buffer_before_s: reader.exact("buffer_before", buffer.clone()),
            buffer_after_s: reader.exact("buffer_after", buffer),
            timeslot_increments: reader.span("timeslot_increments", MIN_LENGTH_S..=longest),
            round_to_nearest_hour: reader.boolean("round_to_nearest_hour"),
            ignore_all_day_events: reader.boolean("ignore_all_day_events"),
            closest_time_interval: fields.get("closest_time_interval").cloned(),
            minimum_notice: reader.span("minimum_notice", 0..=366 * DAY_S),
            max_bookings_per_day: reader.count("max_bookings_per_day"),
            max_bookings_per_week: reader.count("max_bookings_per_week"),
        };
        reader.faults.check().map(|()| settings)
    }

    /// These, and where they say nothing, the others: a request's over its project's.
    #[must_use]
    pub fn over(self, others: Self) -> Self {
        // One buffer for both sides replaces what others say of either.
        let (before, after) = match self.buffer_s {
            Some(_) => (None, None),
            None => (others.buffer_before_s, others.buffer_after_s),
        };
        Self {
            mode: self.mode.or(others.mode),
            length: self.length.or(others.length),
            from: self.from.or(others.from),
            to: self.to.or(others.to),
            buffer_s: self.buffer_s.or(others.buffer_s),
            buffer_before_s: self.buffer_before_s.or(before),
            buffer_after_s: self.buffer_after_s.or(after),
            timeslot_increments: self.timeslot_increments.or(others.timeslot_increments),
            round_to_nearest_hour: self.round_to_nearest_hour.or(others.round_to_nearest_hour),
            ignore_all_day_events: self.ignore_all_day_events.or(others.ignore_all_day_events),
            closest_time_interval: self.closest_time_interval.or(others.closest_time_interval),
            minimum_notice: self.minimum_notice.or(others.minimum_notice),
            max_bookings_per_day: self.max_bookings_per_day.or(others.max_bookings_per_day),
            max_bookings_per_week: self.max_bookings_per_week.or(others.max_bookings_per_week),
        }
    }

    /// Free time around a slot, before and after, in seconds.
    pub fn buffers_s(&self) -> (i64, i64) {
        let both_s = self.buffer_s.unwrap_or(0);
        (
            self.buffer_before_s.unwrap_or(both_s),
            self.buffer_after_s.unwrap_or(both_s),
        )
    }

    /// What they mean for a search at `now`, with defaults where they say nothing. `zone` is the first resource's, by whose
    /// calendar the range is judged.
    ///
    /// # Errors
    ///
    /// What cannot be meant: no mode, an end that is not after the start, or one too far ahead.
    pub fn terms(&self, now: DateTime<Utc>, zone: Tz) -> Result<Terms, Faults> {
        let mut faults = Faults::none();
        let within = self.within();
        let (from, to) = (within.from.resolve(now, zone), within.to.resolve(now, zone));
        if from >= to {
            // Whichever was said is to be changed.
            let (field, must_be, other, default) = match (self.from, self.to) {
                (Some(_), None) => ("from", Order::Before, "to", "4 weeks from now"),
                _ => ("to", Order::After, "from", "now"),
            };
            let kind = FaultKind::WrongOrder {
                must_be,
                other: other.into(),
                default: Some(default),
            };
            faults.add(field, kind);
        }
        // By either calendar, because a client may count the months in UTC.
        let last = RelativeTime::months(MAX_MONTHS_AHEAD);
        let last = last.resolve(now, zone).max(last.resolve(now, Tz::UTC));
        if to > last {
            let sentence = format!("must be at most {MAX_MONTHS_AHEAD} months ahead");
            faults.add("to", sentence);
        }
        let terms = self.terms_in(vec![within], now);
        match terms {
            Ok(terms) if faults.is_empty() => Ok(terms),
            Ok(_) => Err(faults),
            Err(fault) => {
                faults.push(fault);
                Err(faults)
            }
        }
    }

    /// What settings mean that were stored, so that their range may be over by `now`, or reach further ahead than anything is
    /// searched: nothing is offered there.
    ///
    /// # Errors
    ///
    /// That they have no mode.
    pub fn stored_terms(&self, now: DateTime<Utc>) -> Result<Terms, Faults> {
        let within = Within {
            from: RelativeTime::At(DateTime::<Utc>::MIN_UTC),
            to: RelativeTime::months(MAX_MONTHS_AHEAD),
        };
        let terms = self.terms_in(vec![self.within(), within], now);
        terms.map_err(Faults::from)
    }

    fn within(&self) -> Within {
        Within {
            from: self.from.unwrap_or(RelativeTime::NOW),
            to: self.to.unwrap_or(RelativeTime::weeks(4)),
        }
    }

    fn terms_in(&self, within: Vec<Within>, now: DateTime<Utc>) -> Result<Terms, Fault> {
        let Some(mode) = self.mode else {
            let sentence = format!("is required; it is one of {}", mode_names());
            return Err(Fault::new("mode", sentence));
        };
        let length = self.length.unwrap_or(CalendarSpan::exact(3_600));
        let (before_s, after_s) = self.buffers_s();
        Ok(Terms {
            mode,
            length,
            within,
            notices: vec![self.minimum_notice.unwrap_or_default()],
            latest: None,
            before_s,
            after_s,
            grid: Grid {
                step_s: self.timeslot_increments.unwrap_or(length).on_clock_s(),
                anchor: match (self.round_to_nearest_hour, self.timeslot_increments) {
                    (Some(false), _) => Anchor::Opening,
                    (_, Some(_)) => Anchor::Midnight,
                    (_, None) => Anchor::Hour,
                },
            },
            max_per_day: self.max_bookings_per_day,
            max_per_week: self.max_bookings_per_week,
            ignores_all_day_events: self.ignore_all_day_events == Some(true),
            now,
        })
    }
}

fn mode_names() -> String {
    Mode::NAMES.map(|(_, name)| name).join(", ")
}

struct SettingsReader<'a> {
    fields: &'a Map<String, Value>,
    prefix: &'a str,
    faults: Faults,
}

impl SettingsReader<'_> {
    fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, FaultKind>,
    ) -> Option<T> {
        let value = self.fields.get(name).filter(|value| !value.is_null())?;
        match read(value) {
            Ok(value) => Some(value),
            Err(kind) => {
                self.faults.add(format!("{}{name}", self.prefix), kind);
                None
            }
        }
    }

    fn mode(&mut self) -> Option<Mode> {
        self.read("mode", |value| {
            Mode::NAMES
                .iter()
                .find(|(_, name)| value.as_str() == Some(name))
                .map(|(mode, _)| *mode)
                .ok_or_else(|| FaultKind::NotOneOf(Mode::NAMES.map(|(_, name)| name).to_vec()))
        })
    }

    /// A duration by the resource's calendar, whose length where the clock runs evenly lies in `range`, in seconds.
    fn span(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<CalendarSpan> {
        self.read(name, |value| {
            let text = value.as_str().ok_or("must be a string like 15 minutes")?;
            let span = text.parse::<CalendarSpan>();
            let span = span.map_err(|error| error.to_string())?;
            in_range(span.on_clock_s(), &range).map(|_| span)
        })
    }

    /// An exact duration in seconds: a day is 24 hours.
    fn exact(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        self.read(name, |value| {
            let text = value.as_str().ok_or("must be a string like 15 minutes")?;
            let length = parse_exact(text).map_err(|error| error.to_string())?;
            in_range(length.num_seconds(), &range)
        })
    }

    fn time(&mut self, name: &str) -> Option<RelativeTime> {
        self.read(name, |value| {
            let text = value.as_str().ok_or("must be a string like 4 weeks")?;
            text.parse()
                .map_err(|error: crate::duration::InvalidTime| error.to_string().into())
        })
    }

    fn boolean(&mut self, name: &str) -> Option<bool> {
        self.read(name, |value| {
            lenient::flag(value).ok_or(FaultKind::WrongType("true or false"))
        })
    }

    fn count(&mut self, name: &str) -> Option<u32> {
        self.read(name, |value| {
            let count = lenient::whole(value).filter(|count| *count >= 1);
            // More than anybody can have is no limit.
            let count = count.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            count.ok_or(FaultKind::WrongType("a whole number of at least 1"))
        })
    }
}

fn in_range(seconds: i64, range: &RangeInclusive<i64>) -> Result<i64, FaultKind> {
    if range.contains(&seconds) {
        return Ok(seconds);
    }
    let (least, most) = (in_words(*range.start()), in_words(*range.end()));
    Err(format!("must be at least {least} and at most {most}").into())
}
