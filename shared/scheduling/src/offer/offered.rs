//! A slot that is offered, and what of that remains to be judged in the decision.

use chrono::{DateTime, TimeDelta};
use model::TimeSlot;
use model::availability::{Refusal, Search, Terms, UNBOUNDED};
use model::ids::ResourceId;
use model::occupancy::{Buffers, Claim, Tolerance};
use store::Decision;
use uuid::Uuid;

/// A slot that is offered as far as can be told without what is taken of its resource.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The search for this slot, by which what is taken is judged.
    pub(super) search: Search,
    /// The range in which what is taken counts.
    pub(super) range: TimeSlot,
}

impl Offered {
    /// Makes what remains to be judged part of `decision`: caps on a day or week, which count what others book, and what
    /// is taken, if the booking or reservation `placed` itself needs less free time than the offer does.
    pub fn require(
        &self,
        decision: &mut Decision<'_>,
        slot: TimeSlot,
        resource: ResourceId,
        placed: Placed,
    ) {
        let terms = &self.search.terms;
        let has_caps = terms.max_per_day.is_some() || terms.max_per_week.is_some();
        let judges_taken = !placed.is_as_strict_as(terms, self.is_overlapping());
        if !has_caps && !judges_taken {
            return;
        }
        let search = self.search.clone();
        decision.require(
            placed.id,
            resource,
            self.range,
            move |claims: &[Claim]| {
                let mut search = search.clone();
                for bookable in &mut search.resources {
                    if bookable.id == resource {
                        bookable.claims = claims.to_vec();
                    }
                }
                match search.offers(slot, resource) {
                    // Taken time is found by the decision itself, which knows a little more: it says so in its own words.
                    Err(Refusal::Taken) if !judges_taken => Ok(()),
                    // Without a project a search may have any step.
                    Ok(()) | Err(Refusal::Priority | Refusal::Grid) => Ok(()),
                    Err(refusal) => Err(refusal),
                }
            },
        );
    }

    fn is_overlapping(&self) -> bool {
        let mut resources = self.search.resources.iter();
        resources.all(|one| one.capacity == UNBOUNDED)
    }
}

/// What a booking or reservation needs that is placed on a slot that is offered.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// Which.
    pub id: Uuid,
    /// Free time around it.
    pub buffers: Buffers,
    /// What it may be placed over.
    pub tolerance: Tolerance,
}

impl Placed {
    /// Whether it finds its time taken wherever the offer does.
    fn is_as_strict_as(&self, terms: &Terms, is_overlapping: bool) -> bool {
        let has_buffers = i64::from(self.buffers.before_s) >= terms.before_s
            && i64::from(self.buffers.after_s) >= terms.after_s;
        match self.tolerance {
            Tolerance::Everything => is_overlapping,
            Tolerance::AllDayEvents => terms.ignores_all_day_events && has_buffers,
            Tolerance::Nothing => has_buffers,
        }
    }
}

/// The range in which everything that is taken matters for `slot`.
pub(super) fn range(search: &Search, slot: TimeSlot) -> TimeSlot {
    let search = Search {
        terms: search.terms.only(slot),
        ..search.clone()
    };
    let reach = search.reach();
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or(slot.start());
    let end = at(reach.end).max(slot.end() + TimeDelta::seconds(1));
    TimeSlot::new(at(reach.start), end).unwrap_or(slot)
}
