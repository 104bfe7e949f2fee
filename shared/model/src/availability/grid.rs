//! Where slots start.

use crate::interval::{Interval, Intervals};
use crate::wall::{DAY_S, WallClock, day};

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
    pub(super) fn points(
        &self,
        open: &Intervals,
        clock: &WallClock,
        starts: &Intervals,
    ) -> Vec<i64> {
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
