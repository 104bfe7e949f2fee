//! How long before a booking's start it may be booked and cancelled.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::duration::CalendarSpan;
use crate::time::Tz;

/// How long before a booking's start something is still, or already, possible, by its resource's calendar; none means
/// always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "RawNotice", into = "RawNotice")]
pub struct Notice {
    /// It can be booked no later than this before.
    pub min_booking: Option<CalendarSpan>,
    /// It can be booked no earlier than this before.
    pub max_booking: Option<CalendarSpan>,
    /// Its customer can call it off no later than this before.
    pub min_cancel: Option<CalendarSpan>,
}

/// A notice as it is stored: seconds, each of which counts a day as 24 hours, and how many of them are days. Bookings that
/// were stored before days were kept apart have the seconds alone.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct RawNotice {
    #[serde(skip_serializing_if = "Option::is_none")]
    min_booking_s: Option<i64>,
    #[serde(skip_serializing_if = "is_zero")]
    min_booking_days: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_booking_s: Option<i64>,
    #[serde(skip_serializing_if = "is_zero")]
    max_booking_days: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_cancel_s: Option<i64>,
    #[serde(skip_serializing_if = "is_zero")]
    min_cancel_days: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(days: &u32) -> bool {
    *days == 0
}

impl From<RawNotice> for Notice {
    fn from(raw: RawNotice) -> Self {
        let span = |seconds: Option<i64>, days: u32| {
            seconds.map(|seconds| {
                let exact = seconds - CalendarSpan::new(days, 0).on_clock_s();
                CalendarSpan::new(days, exact.max(0))
            })
        };
        Self {
            min_booking: span(raw.min_booking_s, raw.min_booking_days),
            max_booking: span(raw.max_booking_s, raw.max_booking_days),
            min_cancel: span(raw.min_cancel_s, raw.min_cancel_days),
        }
    }
}

impl From<Notice> for RawNotice {
    fn from(notice: Notice) -> Self {
        let seconds = |span: Option<CalendarSpan>| span.map(CalendarSpan::on_clock_s);
        let days = |span: Option<CalendarSpan>| span.map_or(0, CalendarSpan::days);
        Self {
            min_booking_s: seconds(notice.min_booking),
            min_booking_days: days(notice.min_booking),
            max_booking_s: seconds(notice.max_booking),
            max_booking_days: days(notice.max_booking),
            min_cancel_s: seconds(notice.min_cancel),
            min_cancel_days: days(notice.min_cancel),
        }
    }
}

/// Something is asked for too early or too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongMoment {
    /// Booking has closed.
    #[error("it could be booked until {0}")]
    BookingClosed(DateTime<Utc>),
    /// Booking has not opened yet.
    #[error("it can be booked from {0}")]
    BookingNotOpen(DateTime<Utc>),
    /// It is too late to call it off.
    #[error("its customer could call it off until {0}")]
    TooLateToCancel(DateTime<Utc>),
}

impl Notice {
    /// Whether something that starts at `start` can be booked at `now`, by the calendar of `zone`.
    ///
    /// # Errors
    ///
    /// [`WrongMoment`] says since or until when.
    pub fn check_booking(
        &self,
        start: DateTime<Utc>,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Result<(), WrongMoment> {
        // Counted from now on, as availability does.
        let from_now = |notice: CalendarSpan| notice.after(now, zone);
        if let Some(notice) = self.min_booking.filter(|notice| from_now(*notice) > start) {
            return Err(WrongMoment::BookingClosed(notice.before(start, zone)));
        }
        match self.max_booking {
            Some(notice) if from_now(notice) < start => {
                Err(WrongMoment::BookingNotOpen(notice.before(start, zone)))
            }
            _ => Ok(()),
        }
    }

    /// Whether its customer can call off what starts at `start`, by the calendar of `zone`.
    ///
    /// # Errors
    ///
    /// [`WrongMoment`] says until when.
    pub fn check_cancelling(
        &self,
        start: DateTime<Utc>,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Result<(), WrongMoment> {
        match self.min_cancel {
            Some(notice) if notice.after(now, zone) > start => {
                Err(WrongMoment::TooLateToCancel(notice.before(start, zone)))
            }
            _ => Ok(()),
        }
    }
}
