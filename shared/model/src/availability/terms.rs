//! What a search looks for, with a default for everything that was not said.

use chrono::{DateTime, Utc};

use super::grid::Grid;
use super::mode::Mode;
use crate::booking::Notice;
use crate::duration::{CalendarSpan, RelativeTime};
use crate::interval::Interval;
use crate::time::{TimeSlot, Tz};
use crate::wall::DAY_S;

/// What a search looks for. Its days are those of a calendar that is named when it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// How several resources share a slot.
    pub mode: Mode,
    /// How long a slot is.
    pub length: CalendarSpan,
    /// What a slot lies in: all of these.
    pub(super) within: Vec<Within>,
    /// How long before its start a slot can last be booked: each of these.
    pub(super) notices: Vec<CalendarSpan>,
    /// How long before its start a slot can first be booked.
    pub(super) latest: Option<CalendarSpan>,
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
pub(super) struct Within {
    pub(super) from: RelativeTime,
    pub(super) to: RelativeTime,
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
    pub(super) fn latest(&self, zone: Tz) -> i64 {
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
    pub(super) fn open(&self, zone: Tz) -> Interval {
        let range = self.range(zone);
        Interval::new(range.start.max(self.soonest(zone)), range.end)
    }

    /// What slots in `open` depend on: every claim that can matter has its start, or part of itself or its buffers, in
    /// here.
    pub(super) fn reach(&self, open: Interval) -> Interval {
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
