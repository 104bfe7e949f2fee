//! What a zone's wall clock reads.
//!
//! One rule decides everything local: *the clock on the wall decides*. An instant satisfies a local condition exactly
//! if the zone's clock reads so at that instant. A time that the clock skips is never read, so nothing is there; a time
//! that it reads twice counts both times. No local time is ever turned into "the" instant it means.

use crate::interval::{Interval, Intervals};
use crate::time::Tz;

/// Seconds in a day of the clock.
pub const DAY_S: i64 = 24 * 60 * 60;

/// Seconds in a week of the clock.
pub const WEEK_S: i64 = 7 * DAY_S;

/// A range of instants over which the clock runs evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The instants, in Unix seconds.
    pub instants: Interval,
    /// What to add to an instant for the clock's reading, in seconds.
    pub offset_s: i64,
}

impl Stretch {
    /// What the clock reads over the stretch.
    pub const fn readings(&self) -> Interval {
        Interval::new(
            self.instants.start + self.offset_s,
            self.instants.end + self.offset_s,
        )
    }

    /// The instants at which the clock reads `readings`, of those in the stretch.
    pub fn instants_of(&self, readings: Interval) -> Interval {
        Interval::new(readings.start - self.offset_s, readings.end - self.offset_s)
            .meet(&self.instants)
    }
}

/// A zone's clock over a range of instants.
#[derive(Clone, Debug)]
pub struct WallClock(Vec<Stretch>);

impl WallClock {
    /// The clock of `zone` over `range`.
    pub fn new(zone: Tz, range: Interval) -> Self {
        let offset = |at| offset_s(zone, at);
        let mut stretches = Vec::new();
        let (mut since, mut at) = (range.start, range.start);
        let mut current = offset(since);
        // Looked at twice a day: no zone changes its clock and changes it back within twelve hours.
        while at < range.end {
            let next = (at + DAY_S / 2).min(range.end);
            let after = offset(next);
            if after != current {
                let (mut before, mut changed) = (at, next);
                while changed - before > 1 {
                    let middle = before + (changed - before) / 2;
                    if offset(middle) == current {
                        before = middle;
                    } else {
                        changed = middle;
                    }
                }
                stretches.push(Stretch {
                    instants: Interval::new(since, changed),
                    offset_s: current,
                });
                (since, current) = (changed, after);
            }
            at = next;
        }
        stretches.push(Stretch {
            instants: Interval::new(since, range.end),
            offset_s: current,
        });
        stretches.retain(|stretch| !stretch.instants.is_empty());
        Self(stretches)
    }

    /// The stretches in order; together they are the range.
    pub fn stretches(&self) -> &[Stretch] {
        &self.0
    }

    /// The instants at which the clock reads one of `readings`, which are in order.
    pub fn instants_of(&self, readings: &Intervals) -> Intervals {
        let mut instants = Intervals::none();
        for stretch in &self.0 {
            let here = Intervals::one(stretch.readings()).intersect(readings);
            for reading in here.iter() {
                instants.push(stretch.instants_of(*reading));
            }
        }
        instants
    }
}

/// What to add to an instant, in Unix seconds, for what the clock of `zone` reads then.
pub fn offset_s(zone: Tz, at: i64) -> i64 {
    zone.offset_s(at).into()
}

/// The day of a reading, counted from 1970-01-01.
pub const fn day(reading: i64) -> i64 {
    reading.div_euclid(DAY_S)
}

/// The first instant at which the clock of `zone` reads `day` or a later one, in Unix seconds. Where midnight is skipped,
/// that is the moment of the change.
pub fn day_start(zone: Tz, day: i64) -> i64 {
    first_at(zone, day * DAY_S)
}

/// The first instant at which the clock of `zone` reads `reading` or a later time, in Unix seconds. Where the reading is
/// skipped, that is the moment of the change.
pub fn first_at(zone: Tz, reading: i64) -> i64 {
    let clock = around(zone, reading);
    let stretch = clock.0.iter().find(|one| one.readings().end > reading);
    stretch.map_or(reading, |one| {
        one.instants.start.max(reading - one.offset_s)
    })
}

/// The last instant at which the clock of `zone` reads `reading`, in Unix seconds. Where the reading is skipped, that is
/// the moment of the change.
pub fn last_at(zone: Tz, reading: i64) -> i64 {
    let clock = around(zone, reading);
    let mut latest_first = clock.0.iter().rev();
    let stretch = latest_first.find(|one| one.readings().start <= reading);
    stretch.map_or(reading, |one| one.instants.end.min(reading - one.offset_s))
}

/// The clock of `zone` over every instant at which it can read `reading`.
fn around(zone: Tz, reading: i64) -> WallClock {
    // No clock is further than 26 hours from UTC.
    WallClock::new(
        zone,
        Interval::new(reading - 2 * DAY_S, reading + 2 * DAY_S),
    )
}

/// What the clock of `zone` reads at an instant, where the first instant of a day counts as its midnight, also if the
/// clock skips midnight: whole days from there lead to where other days begin.
pub fn reading_from_midnight(zone: Tz, at: i64) -> i64 {
    let reading = at + offset_s(zone, at);
    let midnight = day(reading) * DAY_S;
    if reading - midnight < DAY_S / 2 && day_start(zone, day(reading)) == at {
        midnight
    } else {
        reading
    }
}

/// The week of a reading, Monday to Sunday as in ISO 8601, counted from the one of 1970-01-01.
pub const fn week(reading: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (day(reading) + 3).div_euclid(7)
}

/// The reading at which a week begins.
pub const fn week_start(week: i64) -> i64 {
    week * WEEK_S - 3 * DAY_S
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;

    fn at(text: &str) -> i64 {
        parse_instant(text).expect("an instant").timestamp()
    }

    fn clock(zone: Tz, start: &str, end: &str) -> WallClock {
        WallClock::new(zone, Interval::new(at(start), at(end)))
    }

    #[test]
    fn a_change_is_found_to_the_second() {
        let spring = clock(
            Tz::known("Europe/Copenhagen"),
            "2026-03-28T12:34:56Z",
            "2026-03-30T00:00:00Z",
        );
        let change = at("2026-03-29T01:00:00Z");
        let [winter, summer] = spring.stretches() else {
            panic!("{spring:?}")
        };
        assert_eq!((winter.instants.end, winter.offset_s), (change, 3_600));
        assert_eq!((summer.instants.start, summer.offset_s), (change, 7_200));
    }

    #[test]
    fn a_skipped_time_is_never_read_and_a_repeated_one_twice() {
        let half_past_two = Interval::new(2 * 3_600 + 1_800, 2 * 3_600 + 1_860);
        for (start, times) in [
            ("2026-03-29T00:00:00+01:00", 0),
            ("2026-10-25T00:00:00+02:00", 2),
            ("2026-10-24T00:00:00+02:00", 1),
        ] {
            let day_start = at(start) + offset_s(Tz::known("Europe/Copenhagen"), at(start));
            let range = Interval::new(at(start), at(start) + 20 * 3_600);
            let reading = Interval::new(
                day_start + half_past_two.start,
                day_start + half_past_two.end,
            );
            let instants = WallClock::new(Tz::known("Europe/Copenhagen"), range)
                .instants_of(&Intervals::one(reading));
            assert_eq!(instants.iter().count(), times, "{start}");
        }
    }

    #[test]
    fn weeks_begin_on_monday() {
        let monday = at("2026-11-23T00:00:00Z");
        assert_eq!(week(monday), week(monday + WEEK_S - 1));
        assert_eq!(week(monday), week(monday - 1) + 1);
        assert_eq!(week_start(week(monday + 1)), monday);
    }
}
