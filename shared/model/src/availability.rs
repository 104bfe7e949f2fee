//! Availability: which slots can be booked, and whether one of them can.
//!
//! A slot is offered if these hold at once; each is a set of possible starts, so a search is a few sweeps over sorted
//! intervals and then a walk along the grid:
//!
//! - it lies between `from` and `to`, and starts neither in the past nor within the minimum notice, all of them by the
//!   resource's own calendar, or the first resource's where several share a slot;
//! - it lies whole within what the constraints leave open (see [`crate::constraint`]);
//! - it starts on the grid (see [`Grid`]);
//! - fewer bookings than the cap start on its day, and in its week, by the resource's clock;
//! - a claim for it could be placed beside those that stand, by the rule of [`crate::occupancy`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Random;
use crate::booking::{MAX_BOOKING_DAYS, Notice};
use crate::constraint::Schedule;
use crate::duration::{CalendarSpan, RelativeTime, parse_exact};
use crate::ends::Ends;
use crate::fault::{Fault, FaultKind, Faults, Order};
use crate::filter::Filters;
use crate::ids::ResourceId;
use crate::interval::{Interval, Intervals};
use crate::lenient;
use crate::occupancy::{Claim, ClaimKind, MAX_BUFFER_HOURS, MAX_CLAIMS, Tolerance};
use crate::time::{TimeSlot, Tz};
use crate::wall::{DAY_S, WallClock, day, offset_s, week, week_start};

/// How far ahead a search reaches, in months of the calendar.
pub const MAX_MONTHS_AHEAD: u32 = 6;

/// The most starts that the searches of one request look at: enough for the largest project, half an hour apart, over 12
/// weeks.
pub const MAX_STARTS: usize = 2_500_000;

/// The shortest length of a slot and the smallest step between slots, in seconds.
pub const MIN_LENGTH_S: i64 = 60;

/// How several resources share a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One resource for each slot: the first that is free, in an order shuffled once for each search.
    RoundrobinRandom,
    /// One resource for each slot: the first that is free, in the order given.
    RoundrobinPrioritized,
    /// A slot needs all resources at once.
    Mutual,
    /// A slot needs one resource, and lists all that are free.
    Exclusive,
}

impl Mode {
    /// Every mode with its name on the wire.
    pub const NAMES: [(Self, &'static str); 4] = [
        (Self::RoundrobinRandom, "roundrobin_random"),
        (Self::RoundrobinPrioritized, "roundrobin_prioritized"),
        (Self::Mutual, "mutual"),
        (Self::Exclusive, "exclusive"),
    ];
}

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

/// A bound of a duration, in the largest unit that divides it.
pub fn in_words(seconds: i64) -> String {
    match seconds {
        0 => "0 minutes".to_owned(),
        60 => "1 minute".to_owned(),
        _ if seconds % DAY_S == 0 && seconds > DAY_S => format!("{} days", seconds / DAY_S),
        _ => format!("{} hours", seconds / 3_600),
    }
}

/// What a search looks for. Its days are those of a calendar that is named when it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// How several resources share a slot.
    pub mode: Mode,
    /// How long a slot is.
    pub length: CalendarSpan,
    /// What a slot lies in: all of these.
    within: Vec<Within>,
    /// How long before its start a slot can last be booked: each of these.
    notices: Vec<CalendarSpan>,
    /// How long before its start a slot can first be booked.
    latest: Option<CalendarSpan>,
    /// Free time it needs before, in seconds.
    pub before_s: i64,
    /// Free time it needs after, in seconds.
    pub after_s: i64,
    /// Where slots start.
    pub grid: Grid,
    /// The most bookings that start on one day.
    pub max_per_day: Option<u32>,
    /// The most bookings that start in one week.
    pub max_per_week: Option<u32>,
    /// Whether events that last all day are no obstacle.
    pub ignores_all_day_events: bool,
    /// When the search is made.
    pub now: DateTime<Utc>,
}

/// A range of time, as it may be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Within {
    from: RelativeTime,
    to: RelativeTime,
}

impl Terms {
    /// How many starts a search of so many resources looks at. A zone moves the range by hours only.
    pub fn starts(&self, resources: usize) -> usize {
        let range = self.range(Tz::UTC);
        let length_s = range.end.saturating_sub(range.start).max(0);
        usize::try_from(length_s / self.grid.step_s.max(1))
            .unwrap_or(usize::MAX)
            .saturating_mul(resources)
    }

    /// What a slot lies in, by the calendar of `zone`, in Unix seconds.
    pub fn range(&self, zone: Tz) -> Interval {
        let at = |time: RelativeTime| time.resolve(self.now, zone).timestamp();
        let all = Interval::new(i64::MIN, i64::MAX);
        self.within.iter().fold(all, |range, within| {
            range.meet(&Interval::new(at(within.from), at(within.to)))
        })
    }

    /// When a slot may start at the earliest by the calendar of `zone`, however early the range begins, in Unix seconds.
    pub fn soonest(&self, zone: Tz) -> i64 {
        // A second that has begun is in the past.
        let now = self.now.timestamp() + i64::from(self.now.timestamp_subsec_nanos() > 0);
        let soonest = self.notices.iter().map(|notice| notice.end_s(now, zone));
        soonest.fold(now, i64::max)
    }

    /// When a slot may start at the latest by the calendar of `zone`, however long the range is, in Unix seconds.
    fn latest(&self, zone: Tz) -> i64 {
        let latest = self.latest.map(|notice| notice.after(self.now, zone));
        latest.map_or(i64::MAX, |latest| latest.timestamp())
    }

    /// Narrows these to slots that a booking's own notice allows.
    pub fn narrow_to_notice(&mut self, notice: Notice) {
        self.notices.extend(notice.min_booking);
        self.latest = notice.max_booking.or(self.latest);
    }

    /// These, for slots that lie in the range of the others as well.
    #[must_use]
    pub fn narrowed_to(mut self, others: &Self) -> Self {
        self.within.extend(&others.within);
        self
    }

    /// These, for one slot alone.
    #[must_use]
    pub fn only(&self, slot: TimeSlot) -> Self {
        Self {
            within: vec![Within {
                from: RelativeTime::At(slot.start()),
                to: RelativeTime::At(slot.end()),
            }],
            ..self.clone()
        }
    }

    /// Where slots lie by the calendar of `zone`, as far as range and notice go.
    fn open(&self, zone: Tz) -> Interval {
        let range = self.range(zone);
        Interval::new(range.start.max(self.soonest(zone)), range.end)
    }

    /// What slots in `open` depend on: every claim that can matter has its start, or part of itself or its buffers, in
    /// here.
    fn reach(&self, open: Interval) -> Interval {
        // Days and weeks are counted by the clock, which differs from UTC by less than a day.
        let margin_s = match (self.max_per_day, self.max_per_week) {
            (_, Some(_)) => 8 * DAY_S,
            (Some(_), None) => 2 * DAY_S,
            (None, None) => 0,
        };
        Interval::new(
            open.start.min(open.end) - self.before_s.max(margin_s),
            open.end + self.after_s.max(margin_s),
        )
    }
}

/// Where slots start: at instants whose reading on the clock is a whole number of steps from the anchor of their
/// opening. An opening is what the constraints leave open in one piece on one day of the clock. Bookings, notice and the
/// range of the search move no slot, so that what was offered is still on the grid when it is booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Seconds from one start to the next.
    pub step_s: i64,
    /// What steps are counted from.
    pub anchor: Anchor,
}

/// What the steps of an opening are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The first full hour in it: the rule unless increments are given.
    Hour,
    /// The midnight its day begins with: the rule where increments are given.
    Midnight,
    /// Where it begins: the rule where starts are not to be rounded.
    Opening,
}

impl Anchor {
    const fn of(self, first_reading: i64) -> i64 {
        match self {
            Self::Hour => (first_reading + 3_599).div_euclid(3_600) * 3_600,
            Self::Midnight => day(first_reading) * DAY_S,
            Self::Opening => first_reading,
        }
    }
}

impl Grid {
    /// The instants of `starts` that are on the grid of `open`, in order.
    fn points(&self, open: &Intervals, clock: &WallClock, starts: &Intervals) -> Vec<i64> {
        let mut points = Vec::new();
        for opening in open.iter() {
            // The day, the end and the anchor of the piece before.
            let mut last: Option<(i64, i64, i64)> = None;
            for stretch in clock.stretches() {
                let readings = Interval::new(
                    opening.start + stretch.offset_s,
                    opening.end + stretch.offset_s,
                )
                .meet(&stretch.readings());
                if readings.is_empty() {
                    continue;
                }
                for day in day(readings.start)..=day(readings.end - 1) {
                    let of_day = Interval::new(day * DAY_S, (day + 1) * DAY_S).meet(&readings);
                    let piece = stretch.instants_of(of_day);
                    let anchor = match last {
                        Some((same, end, anchor)) if same == day && end == piece.start => anchor,
                        _ => self.anchor.of(of_day.start),
                    };
                    last = Some((day, piece.end, anchor));
                    for part in starts.within(piece) {
                        let reading = part.start + stretch.offset_s;
                        let first = part.start + (anchor - reading).rem_euclid(self.step_s);
                        let mut at = first;
                        while at < part.end {
                            points.push(at);
                            at += self.step_s;
                        }
                    }
                }
            }
        }
        points
    }
}

/// The capacity of a resource where whatever is taken of it, events included, stands in nobody's way.
pub const UNBOUNDED: u32 = u32::MAX;

/// A resource to search, with what is known of it.
#[derive(Clone, Debug)]
pub struct Bookable {
    /// Names it.
    pub id: ResourceId,
    /// Whose clock its constraints and caps are read off.
    pub zone: Tz,
    /// How many bookings it bears at once: 1 or more, or [`UNBOUNDED`].
    pub capacity: u32,
    /// Its own constraints.
    pub schedule: Schedule,
    /// What is taken of it, over all of [`Search::reach`].
    pub claims: Vec<Claim>,
}

/// A slot that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The time.
    pub slot: TimeSlot,
    /// Who can be booked for it.
    pub resources: Vec<ResourceId>,
}

/// Why a slot is not offered with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The resource is not one of those searched.
    #[error("the resource is not offered here")]
    Resource,
    /// It is longer or shorter than what is offered.
    #[error("slots have another length here")]
    Length,
    /// It is longer than a booking page may book without a project.
    #[error("at most {} can be booked here", in_words(*.most_s))]
    TooLong {
        /// The longest, in seconds.
        most_s: i64,
    },
    /// It has begun, or begins sooner than the notice allows.
    #[error("it is too late to book this time")]
    Notice,
    /// It is before or after what is searched.
    #[error("the time is outside of what can be booked")]
    Range,
    /// A constraint closes some of it.
    #[error("the time is not open for bookings")]
    Constraint,
    /// No slot starts there.
    #[error("no slot starts at this time")]
    Grid,
    /// Enough is booked on that day or in that week.
    #[error("the day or week is fully booked")]
    Cap,
    /// It is taken.
    #[error("the time is taken")]
    Taken,
    /// Another resource is free and comes first.
    #[error("another resource comes first for this time")]
    Priority,
}

/// A search for slots.
#[derive(Clone, Debug)]
pub struct Search {
    /// What it looks for.
    pub terms: Terms,
    /// The constraints of project and request: each must hold, read off each resource's own clock.
    pub schedules: Vec<Schedule>,
    /// What must be open besides, in searches of the older kind.
    pub filters: Filters,
    /// Who is searched, first things first.
    pub resources: Vec<Bookable>,
}

/// What a search knows of one resource. Starts are instants at which a slot would start.
struct View<'a> {
    clock: &'a WallClock,
    /// Where slots end.
    ends: &'a Ends,
    /// The instants that the constraints leave open, beyond the range too, so that openings are whole.
    open: Intervals,
    /// Starts that range, notice and constraints leave.
    possible: Intervals,
    /// Starts on days and in weeks that are fully booked.
    capped: Intervals,
    /// The possible ones that are not capped, and at which a claim could be placed.
    free: Intervals,
}

/// A zone's clock over a search, and what follows from it alone.
struct Zone {
    clock: WallClock,
    /// What the shared constraints leave open.
    open: Intervals,
    /// Where slots end.
    ends: Ends,
    /// Starts that range and notice leave.
    starts: Intervals,
}

type Pick = for<'v, 'z> fn(&'v View<'z>) -> &'v Intervals;

/// Slots in order, each with the positions of resources.
type Found = Vec<(Interval, Vec<usize>)>;

impl Search {
    /// The slots in order. `random` shuffles the resources for [`Mode::RoundrobinRandom`].
    pub fn slots(&self, random: &dyn Random) -> Vec<Slot> {
        let mut order = self.in_order();
        if self.terms.mode == Mode::RoundrobinRandom {
            shuffle(&mut order, random);
        }
        let mut found = self.free(&order);
        if let Mode::RoundrobinRandom | Mode::RoundrobinPrioritized = self.terms.mode {
            found.iter_mut().for_each(|(_, who)| who.truncate(1));
        }
        self.to_slots(found)
    }

    /// How many slots there are.
    pub fn count(&self) -> usize {
        self.free(&self.in_order()).len()
    }

    /// The dates in `zone` on which a slot starts, and who has one then: anybody free, whomever the mode takes first.
    pub fn dates(&self, zone: Tz) -> Vec<(NaiveDate, Vec<ResourceId>)> {
        let mut dates: BTreeMap<i64, BTreeSet<usize>> = BTreeMap::new();
        for (slot, who) in self.free(&self.in_order()) {
            let date = day(slot.start + offset_s(zone, slot.start));
            dates.entry(date).or_default().extend(who);
        }
        dates
            .into_iter()
            .filter_map(|(date, who)| {
                let date = NaiveDate::default().checked_add_signed(TimeDelta::days(date))?;
                Some((date, self.ids(who)))
            })
            .collect()
    }

    /// The slots that would be offered if nothing were booked, and are not; with those who are booked then.
    pub fn unavailable(&self) -> Vec<Slot> {
        let zones = self.zones(&self.terms);
        let views = self.views(&self.terms, &zones);
        let order = self.in_order();
        let free: HashSet<Interval> = self
            .points(&self.terms, &views, &order, |view| &view.free)
            .into_iter()
            .map(|(slot, _)| slot)
            .collect();
        let mut missing = self.points(&self.terms, &views, &order, |view| &view.possible);
        missing.retain(|(slot, _)| !free.contains(slot));
        for (slot, who) in &mut missing {
            who.retain(|at| !views[*at].free.contains(slot.start));
        }
        self.to_slots(missing)
    }

    /// Whether [`Search::slots`] offers this very slot with this resource; for [`Mode::RoundrobinRandom`], whether it
    /// does in some order of the resources.
    ///
    /// # Errors
    ///
    /// [`Refusal`] says why not.
    pub fn offers(&self, slot: TimeSlot, resource: ResourceId) -> Result<(), Refusal> {
        let wanted = Interval::from(slot);
        let place = self.resources.iter().position(|one| one.id == resource);
        let place = place.ok_or(Refusal::Resource)?;
        let zone = self.calendar_of(&self.resources[place]);
        if wanted.end != self.terms.length.end_s(wanted.start, zone) {
            return Err(Refusal::Length);
        }
        if wanted.start < self.terms.soonest(zone) {
            return Err(Refusal::Notice);
        }
        let range = self.terms.range(zone);
        let is_outside = wanted.start < range.start || wanted.end > range.end;
        if is_outside || wanted.start > self.terms.latest(zone) {
            return Err(Refusal::Range);
        }
        // What is offered does not depend on the range searched, so it needs be no longer than the slot.
        let terms = self.terms.only(slot);
        let zones = self.zones(&terms);
        let views = self.views(&terms, &zones);
        let order = self.in_order();
        let there = |pick: Pick| {
            let points = self.points(&terms, &views, &order, pick);
            let slot = points.into_iter().find(|(slot, _)| *slot == wanted);
            slot.map(|(_, who)| who)
        };
        if let Some(free) = there(|view| &view.free)
            && free.contains(&place)
        {
            return match terms.mode {
                Mode::RoundrobinPrioritized if free.first() != Some(&place) => {
                    Err(Refusal::Priority)
                }
                _ => Ok(()),
            };
        }
        let needed = match terms.mode {
            Mode::Mutual => &views[..],
            _ => &views[place..=place],
        };
        let start = wanted.start;
        Err(
            if needed.iter().any(|view| !view.possible.contains(start)) {
                Refusal::Constraint
            } else if !there(|view| &view.possible).is_some_and(|who| who.contains(&place)) {
                Refusal::Grid
            } else if needed.iter().any(|view| view.capped.contains(start)) {
                Refusal::Cap
            } else {
                Refusal::Taken
            },
        )
    }

    /// What of time the search depends on: on every UTC day of it, all that is taken of each resource must be known.
    pub fn reach(&self) -> Interval {
        let open = |resource| self.terms.open(self.calendar_of(resource));
        let all = self.resources.iter().map(open);
        let all =
            all.reduce(|all, one| Interval::new(all.start.min(one.start), all.end.max(one.end)));
        self.terms.reach(all.unwrap_or(Interval::new(0, 0)))
    }

    /// By whose calendar the slots of `resource` are long and searched: its own, but the first one's where all share a
    /// slot.
    fn calendar_of(&self, resource: &Bookable) -> Tz {
        match (self.terms.mode, self.resources.first()) {
            (Mode::Mutual, Some(first)) => first.zone,
            _ => resource.zone,
        }
    }

    fn in_order(&self) -> Vec<usize> {
        (0..self.resources.len()).collect()
    }

    fn ids(&self, who: impl IntoIterator<Item = usize>) -> Vec<ResourceId> {
        who.into_iter().map(|at| self.resources[at].id).collect()
    }

    fn to_slots(&self, found: Found) -> Vec<Slot> {
        found
            .into_iter()
            .filter_map(|(slot, who)| {
                let slot = slot.to_slot()?;
                let resources = self.ids(who);
                Some(Slot { slot, resources })
            })
            .collect()
    }

    /// The free slots with everybody who is free, in the order of `order`.
    fn free(&self, order: &[usize]) -> Found {
        let zones = self.zones(&self.terms);
        let views = self.views(&self.terms, &zones);
        self.points(&self.terms, &views, order, |view| &view.free)
    }

    /// The slots on the grid, of the starts that `pick` gives for each resource.
    fn points(&self, terms: &Terms, views: &[View<'_>], order: &[usize], pick: Pick) -> Found {
        if terms.mode == Mode::Mutual {
            // Together they are like one resource, by the clock of the first.
            let Some((first, others)) = views.split_first() else {
                return Vec::new();
            };
            let (mut open, mut starts) = (first.open.clone(), pick(first).clone());
            for view in others {
                open = open.intersect(&view.open);
                starts = starts.intersect(pick(view));
            }
            let points = terms.grid.points(&open, first.clock, &starts);
            let slots = points.into_iter().filter_map(|start| first.slot(start));
            return slots.map(|slot| (slot, order.to_vec())).collect();
        }
        // Start and rank in one number: searches have millions of them.
        let ranks = i64::try_from(order.len().max(1)).unwrap_or(i64::MAX);
        let mut pairs: Vec<i64> = Vec::new();
        for (rank, at) in (0..).zip(order) {
            let view = &views[*at];
            let points = terms.grid.points(&view.open, view.clock, pick(view));
            pairs.extend(points.into_iter().map(|start| start * ranks + rank));
        }
        // Each resource's are in order, which a stable sort makes use of.
        pairs.sort();
        let start_of = |pair: i64| pair.div_euclid(ranks);
        let rank_of = |pair: i64| usize::try_from(pair.rem_euclid(ranks)).unwrap_or(0);
        let slot_of = |pair: &i64| {
            let at = order[rank_of(*pair)];
            Some((views[at].slot(start_of(*pair))?, at))
        };
        let mut found = Found::new();
        for same in pairs.chunk_by(|one, next| start_of(*one) == start_of(*next)) {
            // A length in days can end at different instants in several zones: these are several slots.
            let mut slots: Vec<(Interval, usize)> = same.iter().filter_map(slot_of).collect();
            slots.sort_by_key(|(slot, _)| *slot);
            for same in slots.chunk_by(|one, next| one.0 == next.0) {
                found.push((same[0].0, same.iter().map(|(_, at)| *at).collect()));
            }
        }
        found
    }

    /// The clocks of the resources' zones, each with what the shared constraints leave open.
    fn zones(&self, terms: &Terms) -> HashMap<Tz, Zone> {
        // Whole days around, so that the openings of the first and the last day are whole; and the weeks of caps.
        let margin_s = match terms.max_per_week {
            Some(_) => 9 * DAY_S,
            None => 2 * DAY_S,
        };
        let zone = |tz: Tz, calendar: Tz| {
            let slots = terms.open(calendar);
            let reach = terms.reach(slots);
            let range = Interval::new(reach.start - margin_s, reach.end + margin_s);
            let clock = WallClock::new(tz, range);
            let everything = Intervals::one(range);
            let open = self.schedules.iter().fold(everything, |open, schedule| {
                open.intersect(&schedule.open(&clock))
            });
            let open = open.intersect(&self.filters.open(&clock, range));
            let ends = Ends::new(terms.length, &clock);
            let latest = Interval::new(i64::MIN, terms.latest(calendar).saturating_add(1));
            let starts = ends.within(slots).map(|some| some.meet(&latest)).collect();
            Zone {
                clock,
                open,
                ends,
                starts,
            }
        };
        let mut zones = HashMap::new();
        for resource in &self.resources {
            zones
                .entry(resource.zone)
                .or_insert_with(|| zone(resource.zone, self.calendar_of(resource)));
        }
        zones
    }

    fn views<'a>(&self, terms: &Terms, zones: &'a HashMap<Tz, Zone>) -> Vec<View<'a>> {
        self.resources
            .iter()
            .map(|resource| {
                let Zone { clock, open, .. } = &zones[&resource.zone];
                let Zone { ends, starts, .. } = &zones[&self.calendar_of(resource)];
                let open = open.intersect(&resource.schedule.open(clock));
                let whole: Intervals = open.iter().flat_map(|open| ends.within(*open)).collect();
                let possible = whole.intersect(starts);
                let standing: Vec<&Claim> = resource
                    .claims
                    .iter()
                    .filter(|claim| claim.stands_at(terms.now))
                    .collect();
                let taken = taken(&standing, terms, ends, resource.capacity);
                let capped = capped(&standing, terms, resource.zone, clock);
                let free = possible.subtract(&taken).subtract(&capped);
                View {
                    clock,
                    ends,
                    open,
                    possible,
                    capped,
                    free,
                }
            })
            .collect()
    }
}

impl View<'_> {
    fn slot(&self, start: i64) -> Option<Interval> {
        self.ends.end(start).map(|end| Interval::new(start, end))
    }
}

/// Fisher and Yates.
fn shuffle(order: &mut [usize], random: &dyn Random) {
    for last in (1..order.len()).rev() {
        let other = usize::try_from(random.up_to(last as u64)).unwrap_or(last);
        order.swap(last, other);
    }
}

/// The starts on days and in weeks of the clock on which as many claims start as may.
fn capped(claims: &[&Claim], terms: &Terms, zone: Tz, clock: &WallClock) -> Intervals {
    let full = |cap: Option<u32>, number: fn(i64) -> i64, first: fn(i64) -> i64| {
        let Some(cap) = cap else {
            return Intervals::none();
        };
        let mut counts: BTreeMap<i64, u32> = BTreeMap::new();
        for claim in claims.iter().filter(|claim| is_booking(claim)) {
            let start = claim.slot.start().timestamp();
            *counts
                .entry(number(start + offset_s(zone, start)))
                .or_default() += 1;
        }
        let full = counts.into_iter().filter(|(_, count)| *count >= cap);
        let readings = full.map(|(number, _)| Interval::new(first(number), first(number + 1)));
        clock.instants_of(&readings.collect())
    };
    full(terms.max_per_day, day, |day| day * DAY_S).union(&full(
        terms.max_per_week,
        week,
        week_start,
    ))
}

/// The starts at which a claim with the terms' length and buffers could not be placed beside these.
fn taken(claims: &[&Claim], terms: &Terms, ends: &Ends, capacity: u32) -> Intervals {
    let bookings: Vec<&Claim> = claims.iter().copied().filter(is_booking).collect();
    let taken = if capacity <= 1 {
        conflicting_starts(bookings.iter().copied(), terms, ends)
    } else {
        crowded(&bookings, terms, ends, capacity)
    };
    let tolerance = match (capacity, terms.ignores_all_day_events) {
        (UNBOUNDED, _) => Tolerance::Everything,
        (_, true) => Tolerance::AllDayEvents,
        (_, false) => Tolerance::Nothing,
    };
    let events = claims.iter().copied();
    let events = events.filter(|claim| claim.kind.blocks(tolerance));
    let taken = taken.union(&conflicting_starts(events, terms, ends));
    if claims.len() < MAX_CLAIMS {
        taken
    } else {
        taken.union(&on_full_sheets(claims, terms, ends))
    }
}

fn is_booking(claim: &&Claim) -> bool {
    claim.kind == ClaimKind::Booking
}

fn conflicting_starts<'a>(
    claims: impl Iterator<Item = &'a Claim>,
    terms: &Terms,
    ends: &Ends,
) -> Intervals {
    claims
        .flat_map(|claim| ends.meeting(Placed::new(claim, terms).apart))
        .collect()
}

/// A claim that stands, seen from one that would be placed with the terms' buffers.
#[derive(Clone, Copy)]
struct Placed {
    /// With its buffers.
    widened: Interval,
    /// A new slot conflicts with it exactly if it starts before the end of this and ends after its start: what stands
    /// between them must be as long as the longer of the two buffers that meet there.
    apart: Interval,
}

impl Placed {
    fn new(claim: &Claim, terms: &Terms) -> Self {
        let bare = Interval::from(claim.slot);
        let (before_s, after_s) = (
            i64::from(claim.buffers.before_s),
            i64::from(claim.buffers.after_s),
        );
        Self {
            widened: Interval::new(bare.start - before_s, bare.end + after_s),
            apart: Interval::new(
                bare.start - before_s.max(terms.after_s),
                bare.end + after_s.max(terms.before_s),
            ),
        }
    }

    /// The same with time running backwards.
    const fn mirrored(self) -> Self {
        Self {
            widened: Interval::new(-self.widened.end, -self.widened.start),
            apart: Interval::new(-self.apart.end, -self.apart.start),
        }
    }
}

/// The starts of slots that would, somewhere within their buffers, meet `capacity` conflicting claims at once.
fn crowded(claims: &[&Claim], terms: &Terms, ends: &Ends, capacity: u32) -> Intervals {
    let capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
    let mut placed: Vec<Placed> = claims
        .iter()
        .map(|claim| Placed::new(claim, terms))
        .collect();
    // Within the slot itself, whatever covers an instant conflicts.
    let full = Intervals::covered_by_at_least(capacity, placed.iter().map(|one| one.widened));
    let within: Intervals = full.iter().flat_map(|full| ends.meeting(*full)).collect();
    let before = crowded_before(&mut placed, terms.before_s, capacity);
    let mut mirrored: Vec<Placed> = placed.into_iter().map(Placed::mirrored).collect();
    let after: Intervals = crowded_before(&mut mirrored, terms.after_s, capacity)
        .iter()
        .flat_map(|one| ends.ending_in(Interval::new(1 - one.end, 1 - one.start)))
        .collect();
    within.union(&before).union(&after)
}

/// The starts of slots that meet `capacity` conflicting claims at an instant of their buffer before. A claim that covers
/// such an instant conflicts exactly if the slot starts before the end of `apart`.
fn crowded_before(placed: &mut [Placed], buffer_s: i64, capacity: usize) -> Intervals {
    if buffer_s == 0 {
        return Intervals::none();
    }
    // At the buffer's first instant.
    let at_first = Intervals::covered_by_at_least(
        capacity,
        placed
            .iter()
            .map(|one| Interval::new(one.widened.start + buffer_s, one.apart.end)),
    );
    // Later in the buffer it is enough to look where a claim begins: at those that cover that instant. The slot must
    // start behind it, with the buffer reaching it, and before as many of them let go.
    // Of more than that, the first to let go can be forgotten: wherever they would refuse a slot, the others do.
    placed.sort_unstable_by_key(|one| one.widened.start);
    let mut by_end: BTreeSet<(i64, usize)> = BTreeSet::new();
    let mut by_letting_go: BTreeSet<(i64, usize)> = BTreeSet::new();
    let mut at_begin = Vec::new();
    for (id, one) in placed.iter().enumerate() {
        let begin = one.widened.start;
        while let Some((_, ended)) = by_end.first().copied().filter(|(end, _)| *end <= begin) {
            by_end.pop_first();
            by_letting_go.remove(&(placed[ended].apart.end, ended));
        }
        by_end.insert((one.widened.end, id));
        by_letting_go.insert((one.apart.end, id));
        if by_letting_go.len() > capacity
            && let Some((_, forgotten)) = by_letting_go.pop_first()
        {
            by_end.remove(&(placed[forgotten].widened.end, forgotten));
        }
        if by_letting_go.len() == capacity
            && let Some((let_go, _)) = by_letting_go.first()
        {
            let last = (begin + buffer_s + 1).min(*let_go);
            at_begin.push(Interval::new(begin + 1, last));
        }
    }
    at_first.union(&at_begin.into_iter().collect())
}

/// The starts of slots that would need a place on a sheet that holds no more claims.
fn on_full_sheets(claims: &[&Claim], terms: &Terms, ends: &Ends) -> Intervals {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for claim in claims {
        let widened = Interval::from(claim.widened());
        for day in day(widened.start)..=day(widened.end - 1) {
            *counts.entry(day).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count >= MAX_CLAIMS)
        .flat_map(|(day, _)| {
            ends.meeting(Interval::new(
                day * DAY_S - terms.after_s,
                (day + 1) * DAY_S + terms.before_s,
            ))
        })
        .collect()
}
