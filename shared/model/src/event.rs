//! An event: an entry of a resource's calendar that takes the resource's time, whatever stands there already.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::booking::EventText;
use crate::duration::CalendarSpan;
use crate::ids::{CalendarId, EventId, ResourceId};
use crate::occupancy::{Buffers, Claim, ClaimKind};
use crate::time::{InvalidInstant, TimeSlot, Tz, parse_instant, zone_name};
use crate::wall::{day, day_start, offset_s};

/// The longest event there is, in days of its resource's calendar.
pub const MAX_EVENT_DAYS: u32 = 90;

/// An entry of a calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Names it.
    pub id: EventId,
    /// Whose time it takes.
    pub resource_id: ResourceId,
    /// The calendar it is in.
    pub calendar_id: CalendarId,
    /// When.
    pub slot: TimeSlot,
    /// Whether it lasts whole days of its zone's clock.
    pub is_all_day: bool,
    /// The zone its times are shown in unless a caller asks for another, and whose days it lasts: its resource's when its
    /// time was last set.
    #[serde(with = "zone_name")]
    pub timezone: Tz,
    /// Title, place, description, and who else takes part.
    pub text: EventText,
    /// Whether the resource takes part, as sent.
    pub rsvp: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// The token it was last written with. The store keeps it beside the record.
    #[serde(skip)]
    pub version: String,
}

impl Event {
    /// Its start and end as they could have been sent: as dates where whole days are wanted and it lasts such.
    pub fn times(&self, as_whole_days: bool) -> (EventTime, EventTime) {
        let time = |at: DateTime<Utc>| {
            let offset = self.timezone.offset_at(at);
            if as_whole_days && self.is_all_day {
                EventTime::On(at.with_timezone(&offset).date_naive())
            } else {
                EventTime::At(at)
            }
        };
        (time(self.slot.start()), time(self.slot.end()))
    }

    /// The time it takes.
    pub fn claim(&self) -> Claim {
        Claim {
            id: self.id.into(),
            slot: self.slot,
            buffers: Buffers::default(),
            until: None,
            kind: if self.is_all_day {
                ClaimKind::AllDayEvent
            } else {
                ClaimKind::Event
            },
        }
    }
}

/// The start or end of an event, as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventTime {
    /// An instant.
    At(DateTime<Utc>),
    /// An instant that was written as the midnight with which a date begins, by its own offset.
    Midnight {
        /// The instant.
        at: DateTime<Utc>,
        /// The date.
        date: NaiveDate,
    },
    /// A date, where it lasts whole days.
    On(NaiveDate),
}

/// Text that is neither an instant nor a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEventTime {
    /// It is neither a date and a time nor a date.
    #[error(
        "must be a date and a time with its offset from UTC, e.g. 2026-11-24T08:30:00+01:00, or 2026-11-24 with all_day"
    )]
    NoTime,
    /// It is a date or a time, and yet no instant.
    #[error(transparent)]
    NoInstant(InvalidInstant),
}

impl EventTime {
    /// Reads an instant, as [`parse_instant`] does, or a date like `2026-11-24`.
    ///
    /// # Errors
    ///
    /// [`InvalidEventTime`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidEventTime> {
        let wrong = |error| match error {
            InvalidInstant::NoInstant => InvalidEventTime::NoTime,
            other => InvalidEventTime::NoInstant(other),
        };
        let text = text.trim();
        let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") else {
            let at = parse_instant(text).map_err(wrong)?;
            let midnight = written_midnight(text);
            return Ok(midnight.map_or(Self::At(at), |date| Self::Midnight { at, date }));
        };
        // The same years, and the same form, as those of instants.
        parse_instant(&format!("{text}T00:00:00Z"))
            .map(|_| Self::On(date))
            .map_err(wrong)
    }

    const fn instant(self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(at) | Self::Midnight { at, .. } => Some(at),
            Self::On(_) => None,
        }
    }

    const fn date(self) -> Option<NaiveDate> {
        match self {
            Self::On(date) | Self::Midnight { date, .. } => Some(date),
            Self::At(_) => None,
        }
    }
}

/// The date of an instant that is written as a midnight, whatever its offset.
fn written_midnight(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let date = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
    let rest = text.get(11..)?.strip_prefix("00:00")?;
    match rest.strip_prefix(':') {
        Some(seconds) => seconds.starts_with("00").then_some(date),
        None => Some(date),
    }
}

/// Why an event cannot be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongEventTime {
    /// A date where an instant is needed.
    #[error(
        "must be a date and a time with its offset from UTC, e.g. 2026-11-24T08:30:00+01:00; a date alone is for events with all_day"
    )]
    StartIsDate,
    /// A date where an instant is needed.
    #[error(
        "must be a date and a time with its offset from UTC, e.g. 2026-11-24T08:30:00+01:00; a date alone is for events with all_day"
    )]
    EndIsDate,
    /// It would end before it starts.
    #[error("must be after the start")]
    EndNotAfterStart,
    /// It is too long.
    #[error("an event spans at most {MAX_EVENT_DAYS} days")]
    TooLong,
}

impl WrongEventTime {
    /// Whether it is the start that is at fault, and not the end.
    pub const fn is_about_start(self) -> bool {
        matches!(self, Self::StartIsDate)
    }
}

/// The time of an event that lasts from `start` to `end`. One of whole days lasts those on the clock of `zone` that lie
/// between them, at least in part; an end that is a date does not count, unless it is the start's. Two midnights of
/// another offset, e.g. of UTC, are the dates that they were written with.
///
/// # Errors
///
/// [`WrongEventTime`] says what is wrong with it.
pub fn event_slot(
    start: EventTime,
    end: EventTime,
    is_all_day: bool,
    zone: Tz,
) -> Result<TimeSlot, WrongEventTime> {
    slot_within(start, end, is_all_day, zone, MAX_EVENT_DAYS)
}

/// Some time of an event that lasts from `start` to `end`, while its zone is not known.
///
/// # Errors
///
/// [`WrongEventTime`] says what is wrong with it in every zone.
pub fn event_slot_somewhere(
    start: EventTime,
    end: EventTime,
    is_all_day: bool,
) -> Result<TimeSlot, WrongEventTime> {
    // What are 90 days in a zone can touch more of UTC's.
    slot_within(start, end, is_all_day, Tz::UTC, MAX_EVENT_DAYS + 2)
}

fn slot_within(
    start: EventTime,
    end: EventTime,
    is_all_day: bool,
    zone: Tz,
    most_days: u32,
) -> Result<TimeSlot, WrongEventTime> {
    if is_all_day {
        return whole_days(start, end, zone, most_days);
    }
    let start = start.instant().ok_or(WrongEventTime::StartIsDate)?;
    let end = end.instant().ok_or(WrongEventTime::EndIsDate)?;
    let slot = TimeSlot::new(start, end).map_err(|_| WrongEventTime::EndNotAfterStart)?;
    if !CalendarSpan::new(most_days, 0).covers(slot, zone) {
        return Err(WrongEventTime::TooLong);
    }
    Ok(slot)
}

fn whole_days(
    start: EventTime,
    end: EventTime,
    zone: Tz,
    most_days: u32,
) -> Result<TimeSlot, WrongEventTime> {
    let (first, behind) = match (start.date(), end.date()) {
        (Some(first), Some(behind)) if !(is_midnight(start, zone) && is_midnight(end, zone)) => {
            (number(first), number(behind))
        }
        _ => touched_days(start, end, zone)?,
    };
    if behind < first {
        return Err(WrongEventTime::EndNotAfterStart);
    }
    let behind = behind.max(first + 1);
    if behind - first > i64::from(most_days) {
        return Err(WrongEventTime::TooLong);
    }
    let at = |day| DateTime::from_timestamp(day_start(zone, day), 0).unwrap_or_default();
    // A day that a zone left out has no time.
    TimeSlot::new(at(first), at(behind)).map_err(|_| WrongEventTime::EndNotAfterStart)
}

/// The first day of which some instant lies between the two, and the first after it of which none does.
fn touched_days(start: EventTime, end: EventTime, zone: Tz) -> Result<(i64, i64), WrongEventTime> {
    let of_instant = |at: i64| day(at + offset_s(zone, at));
    let first = match start {
        EventTime::At(at) | EventTime::Midnight { at, .. } => of_instant(at.timestamp()),
        EventTime::On(date) => number(date),
    };
    let behind = match end {
        EventTime::At(at) | EventTime::Midnight { at, .. } => {
            if start.instant().is_some_and(|start| at < start) {
                return Err(WrongEventTime::EndNotAfterStart);
            }
            of_instant(at.timestamp() - 1) + 1
        }
        EventTime::On(date) => number(date),
    };
    Ok((first, behind))
}

/// Whether it is the instant at which a day of `zone` begins.
fn is_midnight(time: EventTime, zone: Tz) -> bool {
    time.instant().is_some_and(|at| {
        let at = at.timestamp();
        day_start(zone, day(at + offset_s(zone, at))) == at
    })
}

fn number(date: NaiveDate) -> i64 {
    day(date.and_time(NaiveTime::MIN).and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::format_instant;

    fn slot(start: &str, end: &str, zone: Tz) -> Result<(String, String), WrongEventTime> {
        let time = |text| EventTime::parse(text).expect("a time");
        event_slot(time(start), time(end), true, zone).map(|slot| {
            let show = |at| format_instant(at, zone);
            (show(slot.start()), show(slot.end()))
        })
    }

    #[test]
    fn whole_days_are_those_of_the_zone_and_may_be_sent_as_dates_or_instants() {
        let zone = Tz::known("America/Los_Angeles");
        let one_day = Ok((
            "2026-12-01T00:00:00-08:00".to_owned(),
            "2026-12-02T00:00:00-08:00".to_owned(),
        ));
        for (start, end) in [
            ("2026-12-01", "2026-12-01"),
            ("2026-12-01", "2026-12-02"),
            ("2026-12-01T00:00:00-08:00", "2026-12-02T00:00:00-08:00"),
            ("2026-12-01T09:00:00-08:00", "2026-12-01T10:00:00-08:00"),
            ("2026-12-01T09:00:00-08:00", "2026-12-01T09:00:00-08:00"),
            ("2026-12-01T08:00:00Z", "2026-12-02T08:00:00Z"),
            ("2026-12-01", "2026-12-01T23:00:00-08:00"),
            // Midnights of UTC, and of any other offset, are dates.
            ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"),
            ("2026-12-01T00:00:00+00:00", "2026-12-02T00:00:00+00:00"),
            ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"),
            ("2026-12-01T00:00:00+01:00", "2026-12-02T00:00:00+01:00"),
            ("2026-12-01", "2026-12-02T00:00:00Z"),
            // Half a day of UTC is no date.
            ("2026-12-01T12:00:00Z", "2026-12-02T00:00:00Z"),
        ] {
            assert_eq!(slot(start, end, zone), one_day, "{start} {end}");
        }
        for (start, end) in [
            ("2026-12-02", "2026-12-01"),
            ("2026-12-01T09:00:00Z", "2026-12-01T08:59:59Z"),
        ] {
            let refused = slot(start, end, zone);
            assert_eq!(
                refused,
                Err(WrongEventTime::EndNotAfterStart),
                "{start} {end}"
            );
        }
    }

    #[test]
    fn a_day_begins_where_the_clock_first_reads_its_date() {
        // Beirut's clock skips the first hour of this day.
        assert_eq!(
            slot("2026-03-29", "2026-03-29", Tz::known("Asia/Beirut")),
            Ok((
                "2026-03-29T01:00:00+03:00".to_owned(),
                "2026-03-30T00:00:00+03:00".to_owned(),
            ))
        );
        // A UTC day over a change of the clock, and one whose midnight the zone skips.
        for (zone, start, end) in [
            (
                "Europe/Berlin",
                "2026-03-29T00:00:00+01:00",
                "2026-03-30T00:00:00+02:00",
            ),
            (
                "Asia/Beirut",
                "2026-03-29T01:00:00+03:00",
                "2026-03-30T00:00:00+03:00",
            ),
            (
                "Pacific/Kiritimati",
                "2026-03-29T00:00:00+14:00",
                "2026-03-30T00:00:00+14:00",
            ),
        ] {
            assert_eq!(
                slot(
                    "2026-03-29T00:00:00Z",
                    "2026-03-30T00:00:00Z",
                    Tz::known(zone)
                ),
                Ok((start.to_owned(), end.to_owned())),
                "{zone}"
            );
        }
        // Samoa had no 30 December.
        let left_out = slot("2011-12-30", "2011-12-30", Tz::known("Pacific/Apia"));
        assert_eq!(left_out, Err(WrongEventTime::EndNotAfterStart));
    }

    #[test]
    fn an_event_of_ninety_days_touches_at_most_92_sheets() {
        let mut most = 0;
        for zone in Tz::all() {
            for month in 1..=12 {
                for date in [1, 28] {
                    let start = NaiveDate::from_ymd_opt(2026, month, date).expect("a date");
                    let end = start + chrono::Days::new(90);
                    let slot = event_slot(EventTime::On(start), EventTime::On(end), true, zone);
                    most = most.max(slot.expect("a slot").days().count());
                }
            }
        }
        assert!((91..=92).contains(&most), "{most}");
        let day = |n| {
            EventTime::On(
                NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date") + chrono::Days::new(n),
            )
        };
        let too_long = event_slot(day(0), day(91), true, Tz::UTC);
        assert_eq!(too_long, Err(WrongEventTime::TooLong));
    }
    #[test]
    fn ninety_days_are_counted_by_the_calendar_and_not_in_hours() {
        let time = |text| EventTime::parse(text).expect("a time");
        let berlin = Tz::known("Europe/Berlin");
        let start = time("2026-09-01T09:00:00+02:00");
        // One hour more than 90 times 24, because the clock is put back in between.
        let end = time("2026-11-30T09:00:00+01:00");
        assert!(event_slot(start, end, false, berlin).is_ok());
        assert!(event_slot_somewhere(start, end, false).is_ok());
        let later = time("2026-11-30T09:00:01+01:00");
        let too_long = event_slot(start, later, false, berlin);
        assert_eq!(too_long, Err(WrongEventTime::TooLong));
        // As whole days, they touch 91 days of UTC.
        let (start, end) = ("2026-09-01T00:00:00+02:00", "2026-11-30T00:00:00+01:00");
        let (start, end) = (time(start), time(end));
        assert!(event_slot(start, end, true, berlin).is_ok());
        assert!(event_slot_somewhere(start, end, true).is_ok());
    }
}
