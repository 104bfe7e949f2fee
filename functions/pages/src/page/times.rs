//! Which times there are: one search for the month that is shown and, where it has none, one more for the next that is free. It is one
//! file because who can be booked and the searches for their times are one subject.

use api::heavy::PreparedSearch;
use api::{ApiError, State};
use chrono::{DateTime, Datelike as _, Months, NaiveDate, TimeDelta, Utc};
use html::times::wall;
use model::TimeSlot;
use model::availability::{MAX_MONTHS_AHEAD, Mode, Refusal, Settings};
use model::booking::Booking;
use model::duration::{CalendarSpan, RelativeTime};
use model::ids::{BookingId, ResourceId};
use model::resource::Resource;
use model::time::Tz;
use model::wall::day_start;
use scheduling::offer::in_order;
use scheduling::search::groups::open_groups;
use scheduling::search::{FreeTime, Moving, Searcher, SlotQuery};
use store::SlotWindow;

use super::ask::{Ask, Pick};
use super::site::Site;

/// How much further than today the first look goes: to the end of the month that this is in.
const FIRST_LOOK: TimeDelta = TimeDelta::days(10);

/// How much more than its length a slot may take by the clock, where that is changed.
const CLOCK_CHANGE: TimeDelta = TimeDelta::hours(3);

/// A time that can be booked.
#[derive(Clone, Debug)]
pub(crate) struct Free {
    pub(crate) slot: TimeSlot,
    /// Who can be booked, or is in any case.
    pub(crate) resources: Vec<ResourceId>,
    /// Of a group: which, and how many seats are left.
    pub(crate) group: Option<(BookingId, u32)>,
}

/// What is searched first: the month that was asked for, as far as it is to come, or else from now on to the end of a month.
fn looked_at(
    asked: Option<NaiveDate>,
    now: DateTime<Utc>,
    zone: Tz,
) -> (DateTime<Utc>, DateTime<Utc>) {
    let from = asked.map_or(now, |month| begins(month, zone).max(now));
    let last = asked.unwrap_or_else(|| month_of(now + FIRST_LOOK, zone));
    (from, begins(next_month(last), zone))
}

/// What there is at a time that somebody has chosen.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// It can be booked.
    Free(Free),
    /// It cannot, for this reason.
    Refused(Refusal),
}

impl Calendar {
    /// When the first of its times begins, or else the month by the clock of `zone`.
    pub(crate) fn first(&self, zone: Tz) -> DateTime<Utc> {
        let first = self.nearest.first().or(self.free.first());
        first.map_or_else(|| begins(self.month, zone), |free| free.slot.start())
    }
}

impl Free {
    pub(crate) fn pick(&self) -> Pick {
        Pick {
            start: self.slot.start(),
            group: self.group.map(|(id, _)| id),
        }
    }
}

/// The times of a month.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// The first day of the month.
    pub(crate) month: NaiveDate,
    /// Its times, in order.
    pub(crate) free: Vec<Free>,
    /// The nearest times, which may lie in the month after; none if another month, a day or a time was asked for.
    pub(crate) nearest: Vec<Free>,
    /// When there is a time again, if the month has none.
    pub(crate) next: Option<DateTime<Utc>>,
    /// The month before, if something can be there.
    pub(crate) before: Option<NaiveDate>,
    /// The month after, if something can be there.
    pub(crate) after: Option<NaiveDate>,
}

/// Who can be booked, and what is asked of the search for their times.
#[derive(Clone, Debug)]
pub(crate) struct Offering<'a> {
    pub(crate) site: &'a Site,
    /// Who can be booked, in order; not those who are gone.
    pub(crate) resources: Vec<Resource>,
    /// How several share a slot.
    pub(crate) mode: Mode,
    /// How long a slot is.
    pub(crate) length: CalendarSpan,
    /// Whether seats of groups are booked.
    pub(crate) is_group: bool,
    /// The booking that is to be moved.
    pub(crate) moving: Option<(Moving, Booking)>,
    /// Whom to search, if not everybody.
    only: Option<Vec<ResourceId>>,
}

impl<'a> Offering<'a> {
    /// Reads who can be booked. `moving` is the booking that is to be moved.
    pub(crate) async fn read(
        state: &State,
        site: &'a Site,
        ask: &Ask,
        moving: Option<(Moving, Booking)>,
    ) -> Result<Self, ApiError> {
        let rules = site.rules()?;
        let tenant = site.principal.tenant();
        let ids = &site.project.resources;
        let resources = in_order(state.store(), tenant, ids).await?;
        let is_theirs = |id: &ResourceId| resources.iter().any(|resource| resource.id == *id);
        // Whoever moves a booking stays with whom it is with, as long as the project has them.
        let own = moving.as_ref().map(|(_, booking)| booking.resource_id);
        let only = ask.resource.filter(is_theirs).or(own.filter(is_theirs));
        Ok(Self {
            site,
            mode: rules.settings.mode.unwrap_or(Mode::RoundrobinRandom),
            length: rules.settings.length.unwrap_or(CalendarSpan::exact(3_600)),
            is_group: rules
                .booking
                .graph
                .is_some_and(|graph| graph.takes_a_seat()),
            resources,
            moving,
            only: only.map(|id| vec![id]),
        })
    }

    /// Whether the visitor is to say whom they want.
    pub(crate) fn has_choice(&self) -> bool {
        self.mode == Mode::Exclusive
            && self.resources.len() > 1
            && !self.is_group
            && self.moving.is_none()
    }

    /// Whom the visitor has said they want, or the only one there is.
    pub(crate) fn chosen(&self) -> Option<&Resource> {
        match (&self.only, self.resources.as_slice()) {
            (Some(only), resources) => resources
                .iter()
                .find(|resource| only.contains(&resource.id)),
            (None, [one]) => Some(one),
            (None, _) => None,
        }
    }

    /// The zone of the place: of whom was chosen, or else of the first.
    pub(crate) fn zone(&self) -> Tz {
        let first = self.chosen().or(self.resources.first());
        first.map_or(Tz::UTC, |resource| resource.timezone)
    }

    pub(crate) fn resource(&self, id: ResourceId) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.id == id)
    }

    /// Whose time is booked at `free`, its own first: everybody's where a slot needs all of them, or else one's.
    pub(crate) fn booked_together(&self, free: &Free) -> Vec<ResourceId> {
        match self.mode {
            Mode::Mutual => free.resources.clone(),
            _ => free.resources.iter().take(1).copied().collect(),
        }
    }

    fn slack(&self) -> TimeDelta {
        TimeDelta::seconds(self.length.on_clock_s()) + CLOCK_CHANGE
    }

    /// How far ahead anything is searched.
    fn limit(state: &State) -> DateTime<Utc> {
        RelativeTime::months(MAX_MONTHS_AHEAD).resolve(state.now(), Tz::UTC)
    }

    /// The month that `ask` is for, by the clock of `zone`.
    pub(crate) async fn calendar(
        &self,
        state: &State,
        ask: &Ask,
        zone: Tz,
    ) -> Result<Calendar, ApiError> {
        let (now, limit) = (state.now(), Self::limit(state));
        let (first, last) = (month_of(now, zone), month_of(limit, zone));
        let asked = ask
            .month
            .or(ask.date.map(first_of))
            .or(ask.start.map(|pick| month_of(pick.start, zone)));
        let asked = asked.map(|month| month.clamp(first, last));
        let (from, to) = looked_at(asked, now, zone);
        let to = to.min(limit);
        let mut free = self.between(state, from, to).await?;
        let mut next = None;
        if free.is_empty() && to < limit {
            let later = self.between(state, to, limit).await?;
            next = later.first().map(|free| free.slot.start());
            if asked.is_none() {
                free = later;
            }
        }
        let month = asked.or(free.first().map(|free| month_of(free.slot.start(), zone)));
        let month = month.unwrap_or(first);
        let begins_now = ask.date.is_none() && ask.start.is_none() && month == first;
        let nearest = if asked.is_none() || begins_now {
            free.iter().take(NEAREST).cloned().collect()
        } else {
            Vec::new()
        };
        free.retain(|free| month_of(free.slot.start(), zone) == month);
        Ok(Calendar {
            month,
            nearest,
            next: next.filter(|_| free.is_empty()),
            free,
            before: previous_month(month).filter(|before| *before >= first),
            after: Some(next_month(month)).filter(|after| *after <= last),
        })
    }

    /// The times nearest to one that is not free, before and after it.
    pub(crate) async fn nearest_to(
        &self,
        state: &State,
        wanted: DateTime<Utc>,
    ) -> Result<Vec<Free>, ApiError> {
        let (now, limit) = (state.now(), Self::limit(state));
        let wanted = wanted.clamp(now, limit);
        let (from, to) = (wanted - TimeDelta::days(7), wanted + TimeDelta::days(21));
        let mut free = self.between(state, from.max(now), to.min(limit)).await?;
        free.sort_by_key(|free| (free.slot.start() - wanted).abs());
        free.truncate(NEAREST);
        free.sort_by_key(|free| free.slot.start());
        Ok(free)
    }

    /// The time that was chosen, if it can be booked, or why it cannot.
    pub(crate) async fn at(&self, state: &State, pick: Pick) -> Result<Choice, ApiError> {
        let (now, limit) = (state.now(), Self::limit(state));
        let slot = TimeSlot::new(pick.start, pick.start + self.slack());
        let Ok(slot) = slot else {
            return Ok(Choice::Refused(Refusal::Range));
        };
        if pick.start < now {
            return Ok(Choice::Refused(Refusal::Notice));
        }
        if pick.start >= limit {
            return Ok(Choice::Refused(Refusal::Range));
        }
        if self.is_group {
            let free = self
                .between(state, pick.start, pick.start + TimeDelta::seconds(1))
                .await?;
            let found = free.into_iter().find(|free| free.pick() == pick);
            return Ok(found.map_or(Choice::Refused(Refusal::Taken), Choice::Free));
        }
        let search = self
            .search(state, slot.start(), slot.end().min(limit))
            .await?;
        let found = search.run(state, move |search, state| {
            let slots = search.search.slots(state.random());
            let found = slots
                .into_iter()
                .find(|found| found.slot.start() == pick.start);
            Ok(match found {
                Some(found) => Choice::Free(Free {
                    slot: found.slot,
                    resources: found.resources,
                    group: None,
                }),
                None => Choice::Refused(refusal(&search, pick.start)),
            })
        });
        found.await
    }

    /// The times that start from `from` on and before `to`.
    async fn between(
        &self,
        state: &State,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Free>, ApiError> {
        if from >= to {
            return Ok(Vec::new());
        }
        if self.is_group {
            return self.groups(state, from, to).await;
        }
        let limit = Self::limit(state);
        let search = self
            .search(state, from, (to + self.slack()).min(limit))
            .await?;
        let slots = search.run(state, |search, state| {
            Ok(search.search.slots(state.random()))
        });
        let slots = slots.await?.into_iter();
        let starts_before = |start: DateTime<Utc>| start < to;
        Ok(slots
            .filter(|slot| starts_before(slot.slot.start()))
            .map(|slot| Free {
                slot: slot.slot,
                resources: slot.resources,
                group: None,
            })
            .collect())
    }

    async fn groups(
        &self,
        state: &State,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Free>, ApiError> {
        let principal = &self.site.principal;
        let window = SlotWindow {
            from: Some(from),
            to: Some(to),
        };
        let at = (principal.tenant(), principal.app_created_at);
        let project = self.site.project.id;
        let groups = open_groups(state.store(), at, project, window, state.now()).await?;
        let is_there = |group: &Booking| {
            let resource = group.resource_id;
            group.slot.start() >= from && self.resources.iter().any(|one| one.id == resource)
        };
        let free = |group: Booking| {
            let seats = group.seats.as_ref()?;
            let taken = u32::try_from(seats.current(state.now())).unwrap_or(u32::MAX);
            Some(Free {
                slot: group.slot,
                resources: vec![group.resource_id],
                group: Some((group.id, seats.max.saturating_sub(taken))),
            })
        };
        Ok(groups
            .into_iter()
            .filter(is_there)
            .filter_map(free)
            .collect())
    }

    async fn search(
        &self,
        state: &State,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<PreparedSearch, ApiError> {
        let query = SlotQuery {
            project_id: None,
            resources: self.only.clone(),
            settings: Settings {
                from: Some(RelativeTime::At(from)),
                to: Some(RelativeTime::At(to)),
                ..Settings::default()
            },
            constraints: Vec::new(),
        };
        let searcher = Searcher {
            tenant: self.site.principal.tenant(),
            is_public: true,
        };
        let what = (Some(&self.site.project), query);
        let moving = self.moving.as_ref().map(|(moving, _)| moving.clone());
        let plan = FreeTime::plan_for(state.store(), searcher, what, moving, state.now()).await?;
        PreparedSearch::read(state, searcher.tenant, plan).await
    }
}

/// How many of the nearest times are shown.
const NEAREST: usize = 10;

/// Why nobody can be booked at `start`: that it is taken, if it is for anybody.
fn refusal(search: &FreeTime, start: DateTime<Utc>) -> Refusal {
    let length = search.search.terms.length;
    let why = |resource: &Resource| {
        let end = length.after(start, resource.timezone);
        let slot = TimeSlot::new(start, end).ok()?;
        search.search.offers(slot, resource.id).err()
    };
    let mut refusals = search.resources.iter().filter_map(why);
    let is_taken = |refusal: &Refusal| matches!(refusal, Refusal::Taken | Refusal::Cap);
    let first = refusals.next().unwrap_or(Refusal::Resource);
    if is_taken(&first) {
        first
    } else {
        refusals.find(is_taken).unwrap_or(first)
    }
}

fn first_of(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// The first day of the month that the clock of `zone` shows at `at`.
fn month_of(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    first_of(wall(at, zone).date())
}

fn next_month(month: NaiveDate) -> NaiveDate {
    month.checked_add_months(Months::new(1)).unwrap_or(month)
}

fn previous_month(month: NaiveDate) -> Option<NaiveDate> {
    month.checked_sub_months(Months::new(1))
}

/// The instant at which a day begins in `zone`.
fn begins(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let number = (day - NaiveDate::default()).num_days();
    DateTime::from_timestamp(day_start(zone, number), 0).unwrap_or_default()
}
