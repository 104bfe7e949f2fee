//! The offer: what of a resource can be booked, by its project or, where it is in none, by itself. A search lists it and a
//! booking is checked against it, both by the same settings, constraints, resources and range.
//!
//! Callers with a secret may search by settings of their own. A public key or token may only narrow what is offered: by an
//! earlier end, a later start, fewer resources and more constraints. So what it is offered is exactly what it can book.

mod offered;
mod public;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use model::TimeSlot;
use model::availability::{
    Bookable, MAX_MONTHS_AHEAD, MIN_LENGTH_S, Mode, Refusal, Search, Settings, Terms, UNBOUNDED,
};
use model::constraint::{Schedule, parse_constraints};
use model::duration::{CalendarSpan, RelativeTime};
use model::fault::Faults;
use model::filter::Filters;
use model::ids::{BookingId, ResourceId};
use model::occupancy::{Buffers, Claim};
use model::project::{BookingDefaults, Project, Rules};
use model::resource::Resource;
use model::time::Tz;
use serde_json::Value;
use store::{Store, Tenant};

use crate::error::{SchedulingError, Stored};

pub use offered::{Offered, Placed};
pub use public::check_public_length;

use offered::range;
use public::{check_in_no_project, days_of, longest_s};

/// What a project offers or, without one, what a resource does by itself.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    project: Option<&'a Project>,
    rules: Option<&'a Rules>,
    settings: Cow<'a, Settings>,
}

impl<'a> Offer<'a> {
    /// What `project` offers; without a project, what any resource does.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::UnreadableSettings`] names the project.
    pub fn of(project: Option<&'a Project>) -> Result<Self, SchedulingError> {
        let rules = project.map(Project::rules).transpose()?;
        let settings = rules.map(|rules| Cow::Borrowed(&rules.settings));
        Ok(Self {
            project,
            rules,
            settings: settings.unwrap_or_default(),
        })
    }

    /// The project that says what is offered, if one does.
    pub(crate) fn project(&self) -> Option<&'a Project> {
        self.project
    }

    /// What a booking of the project starts from.
    pub(crate) fn booking(&self) -> Option<&'a BookingDefaults> {
        Some(&self.rules?.booking)
    }

    /// The constraints besides those of each resource.
    pub fn schedules(&self) -> Vec<Schedule> {
        self.rules
            .map(|rules| rules.schedule.clone())
            .into_iter()
            .collect()
    }

    /// Whether events that last all day are no obstacle to what is booked by it.
    pub fn ignores_all_day_events(&self) -> bool {
        self.settings.ignore_all_day_events == Some(true)
    }

    /// Whether what is taken of a resource is no obstacle.
    pub fn is_overlapping(&self) -> bool {
        self.project
            .is_some_and(|project| project.allow_double_bookings)
    }

    /// How long a reservation holds its time by default.
    pub fn hold(&self) -> Option<CalendarSpan> {
        self.rules?.hold
    }

    /// The free time around what is booked by it.
    pub fn buffers(&self) -> Buffers {
        let (before_s, after_s) = self.settings.buffers_s();
        let seconds = |side_s: i64| u32::try_from(side_s).unwrap_or(0);
        Buffers {
            before_s: seconds(before_s),
            after_s: seconds(after_s),
        }
    }

    /// Checks that `resources` may be offered by it: without a project, only those that are in none.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::ProjectRequired`] names those that are in one.
    pub async fn check_resources(
        &self,
        at: (&Store, Tenant),
        resources: &[ResourceId],
    ) -> Result<(), SchedulingError> {
        match self.project {
            Some(_) => Ok(()),
            None => check_in_no_project(at, resources).await,
        }
    }

    /// The resources that a public caller's search goes over, of those it names: all of the project's if it names none,
    /// or if a slot needs them all.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::NotOfProject`] if it names others.
    pub fn narrowed_resources(
        &self,
        named: Option<&[ResourceId]>,
    ) -> Result<Option<Vec<ResourceId>>, SchedulingError> {
        let (Some(project), Some(named)) = (self.project, named) else {
            return Ok(None);
        };
        let others: Vec<ResourceId> = named
            .iter()
            .copied()
            .filter(|id| !project.resources.contains(id))
            .collect();
        if !others.is_empty() {
            return Err(SchedulingError::NotOfProject { resources: others });
        }
        let is_mutual = self.settings.mode == Some(Mode::Mutual);
        Ok(Some(if is_mutual {
            project.resources.clone()
        } else {
            named.to_vec()
        }))
    }

    /// The terms of a search by `request`, where it says nothing by the offer, at `now`. `zone` is that of the first
    /// resource.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::InvalidSettings`] if the request cannot be meant.
    pub fn terms_over(
        &self,
        request: Settings,
        now: DateTime<Utc>,
        zone: Tz,
    ) -> Result<Terms, SchedulingError> {
        let has_range = request.from.is_some() || request.to.is_some();
        let settings = request.over(self.settings.as_ref().clone());
        if has_range || self.project.is_none() {
            let terms = settings.terms(now, zone);
            return terms.map_err(|faults| SchedulingError::InvalidSettings { faults });
        }
        self.terms_of(&settings, now)
    }

    /// The terms of a public caller's search: the offer's, over no more than the range that `request` asks for. What the
    /// project does not say has its default, as when it is booked, whatever the request says. Without a project the
    /// request says everything, but what it books passes over nothing.
    ///
    /// # Errors
    ///
    /// As [`Offer::terms_over`].
    pub fn terms_within(
        &self,
        request: Settings,
        now: DateTime<Utc>,
        zone: Tz,
    ) -> Result<Terms, SchedulingError> {
        if self.project.is_none() {
            let request = Settings {
                ignore_all_day_events: None,
                ..request
            };
            return self.terms_over(request, now, zone);
        }
        let asked = self.terms_over(request, now, zone)?;
        Ok(self.terms_of(&self.settings, now)?.narrowed_to(&asked))
    }

    /// The terms of settings whose range is stored, so that it may be over by now, or lie further ahead than anything is
    /// searched: nobody is at fault then, and nothing is offered there.
    fn terms_of(&self, settings: &Settings, now: DateTime<Utc>) -> Result<Terms, SchedulingError> {
        let terms = settings.stored_terms(now);
        terms.map_err(|faults| self.unreadable(faults))
    }

    fn unreadable(&self, faults: Faults) -> SchedulingError {
        match self.project {
            Some(project) => SchedulingError::UnreadableSettings {
                of: Stored::Project(project.id),
                faults,
            },
            None => SchedulingError::InvalidSettings { faults },
        }
    }

    /// A resource with what is taken of it, as it is searched.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::UnreadableSettings`] names the resource.
    pub fn bookable(
        &self,
        resource: &Resource,
        claims: Vec<Claim>,
    ) -> Result<Bookable, SchedulingError> {
        let of = Stored::Resource(resource.id);
        Ok(Bookable {
            id: resource.id,
            zone: resource.timezone,
            capacity: if self.is_overlapping() {
                UNBOUNDED
            } else {
                resource.capacity
            },
            schedule: schedule(&resource.availability_constraints, of)?,
            claims,
        })
    }

    /// Whether every booking must be one that is offered, though its caller has a secret: the project's
    /// `booking.only_offered`.
    pub fn is_required(&self) -> bool {
        self.rules.is_some_and(|rules| rules.booking.only_offered)
    }

    /// Checks that `slot` of `resource` is offered, as far as that can be told without what is taken of it. Without a
    /// project it is offered if a search with some length and some step finds it. What `moving` takes, a booking that is
    /// rescheduled, is left out.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::NotOffered`] says why not.
    pub async fn check(
        &self,
        (store, tenant): (&Store, Tenant),
        resource: &Resource,
        slot: TimeSlot,
        moving: Option<BookingId>,
        now: DateTime<Utc>,
    ) -> Result<Offered, SchedulingError> {
        let search = match self.project {
            None => self.check_by_itself(resource, slot, now)?,
            Some(project) => {
                self.check_by_project(project, (store, tenant), resource, (slot, moving), now)
                    .await?
            }
        };
        let range = range(&search, slot);
        Ok(Offered { search, range })
    }

    fn check_by_itself(
        &self,
        resource: &Resource,
        slot: TimeSlot,
        now: DateTime<Utc>,
    ) -> Result<Search, SchedulingError> {
        let not_offered = |reason| SchedulingError::NotOffered {
            resource: resource.id,
            reason,
        };
        let length_s = slot.length().num_seconds();
        if length_s < MIN_LENGTH_S {
            return Err(not_offered(Refusal::Length));
        }
        let most_s = longest_s(resource)?;
        if !days_of(most_s).covers(slot, resource.timezone) {
            return Err(not_offered(Refusal::TooLong { most_s }));
        }
        let settings = Settings {
            mode: Some(Mode::Exclusive),
            to: Some(RelativeTime::months(MAX_MONTHS_AHEAD)),
            length: Some(CalendarSpan::exact(length_s)),
            ..Settings::default()
        };
        let search = Search {
            terms: self.terms_over(settings, now, resource.timezone)?,
            schedules: Vec::new(),
            filters: Filters::default(),
            resources: vec![self.bookable(resource, Vec::new())?],
        };
        match search.offers(slot, resource.id) {
            // A search may have any step.
            Ok(()) | Err(Refusal::Grid) => Ok(search),
            Err(reason) => Err(not_offered(reason)),
        }
    }

    async fn check_by_project(
        &self,
        project: &Project,
        (store, tenant): (&Store, Tenant),
        resource: &Resource,
        (slot, moving): (TimeSlot, Option<BookingId>),
        now: DateTime<Utc>,
    ) -> Result<Search, SchedulingError> {
        let not_offered = |reason| SchedulingError::NotOffered {
            resource: resource.id,
            reason,
        };
        if !project.resources.contains(&resource.id) {
            return Err(not_offered(Refusal::Resource));
        }
        // A slot that several resources share depends on all of them, any other on its own alone.
        let others = if self.settings.mode == Some(Mode::Mutual) {
            in_order(store, tenant, &project.resources).await?
        } else {
            vec![resource.clone()]
        };
        let mut search = Search {
            terms: self.terms_of(&self.settings, now)?,
            schedules: self.schedules(),
            filters: Filters::default(),
            resources: others
                .iter()
                .map(|other| self.bookable(other, Vec::new()))
                .collect::<Result<_, _>>()?,
        };
        if search.terms.mode == Mode::Mutual {
            // The booking takes nothing of these, so nobody can be booked twice by what others book between here and its
            // transaction: as little as by what they book a moment after it.
            let range = range(&search, slot);
            let ids: Vec<ResourceId> = others.iter().map(|other| other.id).collect();
            let claims = store.claims_of(tenant, &ids, range).await?;
            for (bookable, claims) in search.resources.iter_mut().zip(claims) {
                // What is taken of its own resource is judged in the decision.
                if bookable.id != resource.id {
                    bookable.claims = without(claims, moving);
                }
            }
        }
        unless_first(search.offers(slot, resource.id)).map_err(not_offered)?;
        Ok(search)
    }
}

fn schedule(constraints: &[Value], of: Stored) -> Result<Schedule, SchedulingError> {
    parse_constraints(constraints, "availability_constraints")
        .map(|constraints| Schedule::new(&constraints))
        .map_err(|faults| SchedulingError::UnreadableSettings { of, faults })
}

/// `claims` without the one of a booking that is rescheduled: it gives its place back.
pub fn without(mut claims: Vec<Claim>, moving: Option<BookingId>) -> Vec<Claim> {
    claims.retain(|claim| moving.is_none_or(|moving| claim.id != moving.uuid()));
    claims
}

fn unless_first(offered: Result<(), Refusal>) -> Result<(), Refusal> {
    match offered {
        // Whoever was first when the page was loaded may be booked though somebody else is now.
        Err(Refusal::Priority) => Ok(()),
        other => other,
    }
}

/// Those of the resources that are there, in this order.
///
/// # Errors
///
/// Only if the store fails.
pub async fn in_order(
    store: &Store,
    tenant: Tenant,
    ids: &[ResourceId],
) -> Result<Vec<Resource>, SchedulingError> {
    let mut found = store.get_resources(tenant, ids).await?;
    let place = |id: ResourceId| ids.iter().position(|other| *other == id);
    found.sort_by_cached_key(|found| place(found.id));
    Ok(found)
}
