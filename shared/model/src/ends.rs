//! Where slots of one length end, by where they start.
//!
//! A length in days of the calendar has no one number of seconds. But where starts and ends each lie between two changes of
//! the clock it has, so a few pieces say it for all starts of a search, and sets of starts stay intervals.

use crate::duration::CalendarSpan;
use crate::interval::Interval;
use crate::wall::{DAY_S, Stretch, WallClock, day};

/// Before and after every instant that can be written.
const EVER: Interval = Interval::new(i64::MIN / 4, i64::MAX / 4);

/// Where slots of one length end on one clock.
#[derive(Clone, Debug)]
pub(crate) struct Ends(Vec<Piece>);

/// Starts that have their ends in common, in a way.
#[derive(Clone, Copy, Debug)]
struct Piece {
    starts: Interval,
    end: End,
}

#[derive(Clone, Copy, Debug)]
enum End {
    /// So many seconds after the start.
    After(i64),
    /// At this instant, wherever they start.
    At(i64),
}

impl Ends {
    /// The ends of slots of `length` by `clock`. What ends after the clock's range is left out, so it must reach beyond
    /// the ends that matter.
    pub(crate) fn new(length: CalendarSpan, clock: &WallClock) -> Self {
        if length.days() == 0 {
            return Self(vec![Piece {
                starts: EVER,
                end: End::After(length.seconds()),
            }]);
        }
        let days_s = i64::from(length.days()) * DAY_S;
        let stretches = clock.stretches();
        let mut pieces = Vec::new();
        for (position, stretch) in stretches.iter().enumerate() {
            let from = position.checked_sub(1).map(|before| &stretches[before]);
            let mut starts = stretch.instants;
            if let Some(midnight) = from.and_then(|before| skipped_midnight(before, stretch)) {
                // The first instant of a day counts as its midnight.
                let first = Interval::new(starts.start, starts.start + 1);
                let shift_s = midnight + days_s - first.start;
                push(&mut pieces, &stretches[position..], first, shift_s);
                starts.start += 1;
            }
            let shift_s = stretch.offset_s + days_s;
            push(&mut pieces, &stretches[position..], starts, shift_s);
        }
        for piece in &mut pieces {
            match &mut piece.end {
                End::After(seconds) | End::At(seconds) => *seconds += length.seconds(),
            }
        }
        Self(pieces)
    }

    /// Where the slot that starts at `start` ends; none if that is beyond the clock's range.
    pub(crate) fn end(&self, start: i64) -> Option<i64> {
        let piece = self.0.iter().find(|piece| piece.starts.contains(start))?;
        Some(match piece.end {
            End::After(seconds) => start + seconds,
            End::At(end) => end,
        })
    }

    /// The starts of slots that lie whole within `open`, in order.
    pub(crate) fn within(&self, open: Interval) -> impl Iterator<Item = Interval> + '_ {
        let last_ends = Interval::new(EVER.start, open.end.saturating_add(1));
        self.ending_in(last_ends)
            .map(move |starts| starts.meet(&Interval::new(open.start, EVER.end)))
    }

    /// The starts of slots that begin before the end of `apart` and end after its start, in order.
    pub(crate) fn meeting(&self, apart: Interval) -> impl Iterator<Item = Interval> + '_ {
        self.ending_in(Interval::new(apart.start + 1, EVER.end))
            .map(move |starts| starts.meet(&Interval::new(EVER.start, apart.end)))
    }

    /// The starts of slots whose end lies in `ends`, in order.
    pub(crate) fn ending_in(&self, ends: Interval) -> impl Iterator<Item = Interval> + '_ {
        self.0.iter().map(move |piece| match piece.end {
            End::After(seconds) => {
                Interval::new(ends.start - seconds, ends.end - seconds).meet(&piece.starts)
            }
            End::At(end) if ends.contains(end) => piece.starts,
            End::At(_) => Interval::new(0, 0),
        })
    }
}

/// The midnight that the clock skips as it changes from one stretch to the next, if it does.
fn skipped_midnight(before: &Stretch, after: &Stretch) -> Option<i64> {
    let first = after.readings().start;
    let midnight = day(first) * DAY_S;
    (before.readings().end <= midnight && midnight < first).then_some(midnight)
}

/// Adds the pieces of `starts`, each of which ends at the first instant in `stretches` at which the clock reads `shift_s`
/// after it, or later.
fn push(pieces: &mut Vec<Piece>, stretches: &[Stretch], starts: Interval, shift_s: i64) {
    // Up to where the clock has read everything so far.
    let mut read = EVER.start;
    for stretch in stretches {
        let readings = stretch.readings();
        // Readings before the stretch's own were skipped: they are first passed at the change.
        for (wanted, end) in [
            (
                Interval::new(read, readings.start),
                End::At(stretch.instants.start),
            ),
            (
                Interval::new(read.max(readings.start), readings.end),
                End::After(shift_s - stretch.offset_s),
            ),
        ] {
            let starts = Interval::new(wanted.start - shift_s, wanted.end - shift_s).meet(&starts);
            if !starts.is_empty() {
                pieces.push(Piece { starts, end });
            }
        }
        read = read.max(readings.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::Intervals;
    use crate::time::{Tz, parse_instant};

    #[test]
    fn sets_of_starts_agree_with_looking_at_each_start() {
        for (zone, change) in [
            ("Europe/Berlin", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T01:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
            ("Asia/Beirut", "2026-03-28T22:00:00Z"),
            ("America/Havana", "2026-11-01T05:00:00Z"),
            ("Pacific/Apia", "2011-12-30T10:00:00Z"),
            ("Pacific/Kwajalein", "1969-09-30T13:00:00Z"),
        ] {
            let zone = Tz::known(zone);
            let change = parse_instant(change).expect("an instant").timestamp();
            let (first, last) = (change - 3 * DAY_S, change + 2 * DAY_S);
            let clock = WallClock::new(zone, Interval::new(first - DAY_S, last + 5 * DAY_S));
            for length in [
                CalendarSpan::new(1, 0),
                CalendarSpan::new(2, 5_400),
                CalendarSpan::exact(DAY_S),
            ] {
                let ends = Ends::new(length, &clock);
                let some = Interval::new(change - 7_200, change + 9 * 3_600);
                let within: Intervals = ends.within(some).collect();
                let wide = Interval::new(some.start - DAY_S, some.end + DAY_S);
                let within_wide: Intervals = ends.within(wide).collect();
                let meeting: Intervals = ends.meeting(some).collect();
                let ending_in: Intervals = ends.ending_in(some).collect();
                // Every quarter of an hour, and the seconds around it.
                for at in (first..last)
                    .step_by(900)
                    .flat_map(|quarter| [quarter - 1, quarter, quarter + 1])
                {
                    let end = length.end_s(at, zone);
                    assert_eq!(ends.end(at), Some(end), "{zone:?} {length:?} {at}");
                    let is = |set: &Intervals| set.contains(at);
                    let lies = |open: Interval| open.start <= at && end <= open.end;
                    assert_eq!(is(&within), lies(some), "{zone:?} {length:?} {at}");
                    assert_eq!(is(&within_wide), lies(wide), "{zone:?} {length:?} {at}");
                    let meets = at < some.end && some.start < end;
                    assert_eq!(is(&meeting), meets, "{zone:?} {length:?} {at}");
                    let ends_there = some.contains(end);
                    assert_eq!(is(&ending_in), ends_there, "{zone:?} {length:?} {at}");
                }
            }
        }
    }
}
