//! Starts at which a slot cannot be placed, because of what is taken.

use std::collections::{BTreeMap, BTreeSet};

use super::slot::UNBOUNDED;
use super::terms::Terms;
use crate::ends::Ends;
use crate::interval::{Interval, Intervals};
use crate::occupancy::{Claim, ClaimKind, MAX_CLAIMS, Tolerance};
use crate::time::Tz;
use crate::wall::{DAY_S, WallClock, day, offset_s, week, week_start};

/// The starts on days and in weeks of the clock on which as many claims start as may.
pub(super) fn capped(claims: &[&Claim], terms: &Terms, zone: Tz, clock: &WallClock) -> Intervals {
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
pub(super) fn taken(claims: &[&Claim], terms: &Terms, ends: &Ends, capacity: u32) -> Intervals {
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
