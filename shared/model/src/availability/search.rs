//! The search: which slots are offered, and whether one of them is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{NaiveDate, TimeDelta};

use super::mode::Mode;
use super::slot::{Bookable, Refusal, Slot};
use super::taken::{capped, taken};
use super::terms::Terms;
use crate::Random;
use crate::constraint::Schedule;
use crate::ends::Ends;
use crate::filter::Filters;
use crate::ids::ResourceId;
use crate::interval::{Interval, Intervals};
use crate::occupancy::Claim;
use crate::time::{TimeSlot, Tz};
use crate::wall::{DAY_S, WallClock, day, offset_s};

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
type FreeIntervals = Vec<(Interval, Vec<usize>)>;

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
    /// does in some order of the resources. It is one function because each refusal rests on those before it.
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

    fn to_slots(&self, found: FreeIntervals) -> Vec<Slot> {
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
    fn free(&self, order: &[usize]) -> FreeIntervals {
        let zones = self.zones(&self.terms);
        let views = self.views(&self.terms, &zones);
        self.points(&self.terms, &views, order, |view| &view.free)
    }

    /// The slots on the grid, of the starts that `pick` gives for each resource.
    fn points(
        &self,
        terms: &Terms,
        views: &[View<'_>],
        order: &[usize],
        pick: Pick,
    ) -> FreeIntervals {
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
        let mut found = FreeIntervals::new();
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
