//! Sets of time as sorted, disjoint intervals. Every operation is one sweep over its operands.
//!
//! Instants are whole Unix seconds here, and readings of a wall clock are seconds since 1970-01-01 00:00 on that
//! clock: the same arithmetic serves both.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::time::TimeSlot;

/// A half-open range of seconds: `start` belongs to it, `end` does not. Empty unless `start < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(i64, i64)", into = "(i64, i64)")]
pub struct Interval {
    /// The first second inside.
    pub start: i64,
    /// The first second after.
    pub end: i64,
}

impl Interval {
    /// The range from `start` to `end`.
    pub const fn new(start: i64, end: i64) -> Self {
        Self { start, end }
    }

    /// Whether `at` lies inside.
    pub const fn contains(&self, at: i64) -> bool {
        self.start <= at && at < self.end
    }

    /// What lies in both; empty if nothing does.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// Whether nothing lies inside.
    pub const fn is_empty(&self) -> bool {
        self.end <= self.start
    }

    /// The same range as a slot; none if it is empty or beyond the years a slot can have.
    pub fn to_slot(self) -> Option<TimeSlot> {
        let at = |second| DateTime::<Utc>::from_timestamp(second, 0);
        TimeSlot::new(at(self.start)?, at(self.end)?).ok()
    }
}

impl From<(i64, i64)> for Interval {
    fn from((start, end): (i64, i64)) -> Self {
        Self::new(start, end)
    }
}

impl From<Interval> for (i64, i64) {
    fn from(interval: Interval) -> Self {
        (interval.start, interval.end)
    }
}

impl From<TimeSlot> for Interval {
    fn from(slot: TimeSlot) -> Self {
        Self::new(slot.start().timestamp(), slot.end().timestamp())
    }
}

/// A set of seconds, as intervals that are sorted and neither empty nor overlapping nor touching.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Interval>")]
pub struct Intervals(Vec<Interval>);

impl Intervals {
    /// Nothing.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// One interval, or nothing if it is empty.
    pub fn one(interval: Interval) -> Self {
        [interval].into_iter().collect()
    }

    /// The intervals in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Interval> {
        self.0.iter()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds an interval that starts no earlier than any that is there.
    pub fn push(&mut self, next: Interval) {
        if next.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
            _ => self.0.push(next),
        }
    }

    /// The interval that `at` lies in.
    pub fn around(&self, at: i64) -> Option<Interval> {
        let after = self.0.partition_point(|interval| interval.start <= at);
        let interval = *self.0.get(after.checked_sub(1)?)?;
        interval.contains(at).then_some(interval)
    }

    /// The parts of the set that lie within `range`, in order.
    pub fn within(&self, range: Interval) -> impl Iterator<Item = Interval> + '_ {
        let first = self.0.partition_point(|one| one.end <= range.start);
        self.0[first..]
            .iter()
            .take_while(move |one| one.start < range.end)
            .map(move |one| one.meet(&range))
    }

    /// Whether `at` lies in the set.
    pub fn contains(&self, at: i64) -> bool {
        self.around(at).is_some()
    }

    /// What lies in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.iter().peekable(), other.iter().peekable());
        let mut union = Self::none();
        loop {
            let next = match (ours.peek(), theirs.peek()) {
                (Some(a), Some(b)) if a.start <= b.start => ours.next(),
                (_, Some(_)) => theirs.next(),
                (_, None) => ours.next(),
            };
            match next {
                Some(next) => union.push(*next),
                None => return union,
            }
        }
    }

    /// What lies in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut i, mut j) = (0, 0);
        let mut both = Self::none();
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            both.push(a.meet(b));
            if a.end <= b.end {
                i += 1;
            } else {
                j += 1;
            }
        }
        both
    }

    /// What lies in this and not in the other.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        let mut rest = Self::none();
        let mut j = 0;
        for interval in &self.0 {
            let mut from = interval.start;
            while other.0.get(j).is_some_and(|hole| hole.end <= from) {
                j += 1;
            }
            let holes = other.0[j..].iter();
            for hole in holes.take_while(|hole| hole.start < interval.end) {
                rest.push(Interval::new(from, hole.start));
                from = from.max(hole.end);
                // The last hole may reach into the next interval; it is skipped there once it is behind.
                if hole.end <= interval.end {
                    j += 1;
                }
            }
            rest.push(Interval::new(from, interval.end));
        }
        rest
    }

    /// What at least `least` of `intervals` cover (`least` is 1 or more). They may overlap and be in any order.
    pub fn covered_by_at_least(
        least: usize,
        intervals: impl IntoIterator<Item = Interval>,
    ) -> Self {
        let mut edges: Vec<(i64, bool)> = intervals
            .into_iter()
            .filter(|interval| !interval.is_empty())
            .flat_map(|interval| [(interval.start, true), (interval.end, false)])
            .collect();
        // Ends sort before starts, so intervals that touch do not count twice where they meet.
        edges.sort_unstable();
        let (mut depth, mut since) = (0, 0);
        let mut covered = Self::none();
        for (at, starts) in edges {
            if starts {
                depth += 1;
                if depth == least {
                    since = at;
                }
            } else {
                if depth == least {
                    covered.push(Interval::new(since, at));
                }
                depth -= 1;
            }
        }
        covered
    }
}

impl From<Vec<Interval>> for Intervals {
    fn from(intervals: Vec<Interval>) -> Self {
        intervals.into_iter().collect()
    }
}

impl FromIterator<Interval> for Intervals {
    fn from_iter<I: IntoIterator<Item = Interval>>(intervals: I) -> Self {
        let mut sorted: Vec<Interval> = intervals.into_iter().collect();
        // A stable sort takes time in proportion to what is out of order, and most callers are in order.
        sorted.sort();
        let mut set = Self::none();
        sorted.into_iter().for_each(|interval| set.push(interval));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(intervals: &[(i64, i64)]) -> Intervals {
        intervals
            .iter()
            .map(|(start, end)| Interval::new(*start, *end))
            .collect()
    }

    #[test]
    fn a_set_is_sorted_and_merged() {
        assert_eq!(
            set(&[(5, 7), (1, 2), (2, 3), (6, 9), (4, 4)]),
            set(&[(1, 3), (5, 9)])
        );
    }

    #[test]
    fn operations_agree_with_counting_second_by_second() {
        // Every pair of sets that the bits of two bytes describe.
        let sets: Vec<Intervals> = (0..=255_u32)
            .map(|bits| {
                (0..8)
                    .filter(|bit| bits >> bit & 1 == 1)
                    .map(|bit| Interval::new(bit, bit + 1))
                    .collect()
            })
            .collect();
        for (a, left) in sets.iter().enumerate() {
            for (b, right) in sets.iter().enumerate() {
                assert_eq!(left.union(right), sets[a | b], "{a} or {b}");
                assert_eq!(left.intersect(right), sets[a & b], "{a} and {b}");
                assert_eq!(left.subtract(right), sets[a & !b], "{a} without {b}");
            }
        }
    }

    #[test]
    fn a_hole_that_spans_several_intervals_is_taken_from_all_of_them() {
        let holes = set(&[(1, 2), (3, 25)]);
        assert_eq!(
            set(&[(0, 10), (12, 14), (20, 30)]).subtract(&holes),
            set(&[(0, 1), (2, 3), (25, 30)])
        );
    }

    #[test]
    fn depth_counts_overlaps_and_not_touches() {
        let intervals = [(0, 4), (4, 8), (2, 6), (5, 5)].map(|(s, e)| Interval::new(s, e));
        assert_eq!(Intervals::covered_by_at_least(1, intervals), set(&[(0, 8)]));
        assert_eq!(Intervals::covered_by_at_least(2, intervals), set(&[(2, 6)]));
        assert!(Intervals::covered_by_at_least(3, intervals).is_empty());
    }

    #[test]
    fn around_finds_the_interval() {
        let some = set(&[(0, 3), (5, 8)]);
        assert_eq!(some.around(5), Some(Interval::new(5, 8)));
        assert_eq!(some.around(3), None);
        assert!(!some.contains(-1));
    }
}
