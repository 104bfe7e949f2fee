//! What public callers may book: what availability offers, and nothing else. Constraints, length, grid and notice are
//! judged before the decision; caps on a day or week count what others book, so they are part of it.

use api::{ApiError, Faults, State};
use chrono::{DateTime, TimeDelta, Utc};
use model::TimeSlot;
use model::availability::{Bookable, Mode, Refusal, Search, Settings, UNBOUNDED};
use model::constraint::{Fault, Schedule, parse_constraints};
use model::duration::RelativeTime;
use model::filter::Filters;
use model::occupancy::Claim;
use model::project::Project;
use model::resource::Resource;
use serde_json::Value;
use store::{Decision, Tenant};

/// A slot of a resource that is offered as far as can be told without what is taken of the resource.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    /// What remains to be judged on what is taken, if anything: the search for this slot, and the range it counts in.
    caps: Option<(Search, TimeSlot)>,
}

impl Offered {
    /// Checks that `project` offers `slot` with `resource`. Without a project it is offered if the resource's own
    /// constraints leave it open and it has not begun.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotOffered`] says why not.
    pub(crate) async fn check(
        state: &State,
        tenant: Tenant,
        project: Option<&Project>,
        resource: &Resource,
        slot: TimeSlot,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let Some(project) = project else {
            // Any length and any start.
            let settings = Settings {
                mode: Some(Mode::Exclusive),
                length_s: Some(slot.length().num_seconds()),
                timeslot_increments_s: Some(60),
                ..Settings::default()
            };
            let search = search(&settings, &[], vec![bookable(resource)?], resource, now)?;
            return match search.offers(slot, resource.id) {
                Ok(()) | Err(Refusal::Grid | Refusal::Range) => Ok(Self { caps: None }),
                Err(refusal) => Err(refusal.into()),
            };
        };
        if !project.resources.contains(&resource.id) {
            return Err(Refusal::Resource.into());
        }
        let settings = settings(project)?;
        let constraints = &project.availability_constraints;
        // A slot that several resources share depends on all of them, any other on its own alone; but tomorrow begins
        // for all when it does for the first.
        let is_shared = settings.mode == Some(Mode::Mutual);
        let tomorrow = Some(RelativeTime::Tomorrow);
        let others = if is_shared || settings.from == tomorrow || settings.to == tomorrow {
            let ids = &project.resources;
            let mut found = state.store().get_resources(tenant, ids).await?;
            found.sort_by_key(|found| ids.iter().position(|id| *id == found.id));
            found
        } else {
            vec![resource.clone()]
        };
        let mut bookables = others.iter().map(bookable).collect::<Result<Vec<_>, _>>()?;
        if project.allow_double_bookings {
            // What is taken stands in nobody's way.
            bookables
                .iter_mut()
                .for_each(|one| one.capacity = UNBOUNDED);
        }
        let first = others.first().unwrap_or(resource);
        let mut search = search(&settings, constraints, bookables, first, now)?;
        if let Mode::Mutual = search.terms.mode {
            let ids: Vec<_> = others.iter().map(|other| other.id).collect();
            let range = range(&search, slot)?;
            let claims = state.store().claims_of(tenant, &ids, range).await?;
            for (bookable, claims) in search.resources.iter_mut().zip(claims) {
                // What is taken of its own resource is judged in the decision.
                if bookable.id != resource.id {
                    bookable.claims = claims;
                }
            }
        }
        offers(&search, slot, resource)?;
        let has_caps = search.terms.max_per_day.is_some() || search.terms.max_per_week.is_some();
        let range = range(&search, slot)?;
        Ok(Self {
            caps: has_caps.then_some((search, range)),
        })
    }

    /// Makes what remains to be judged part of `decision`.
    pub(crate) fn require(&self, decision: &mut Decision<'_>, slot: TimeSlot, resource: &Resource) {
        let Some((search, range)) = &self.caps else {
            return;
        };
        let (search, resource) = (search.clone(), resource.clone());
        let id = resource.id;
        decision.require(id, *range, move |claims: &[Claim]| {
            let mut search = search.clone();
            for bookable in &mut search.resources {
                if bookable.id == id {
                    bookable.claims = claims.to_vec();
                }
            }
            match search.offers(slot, id) {
                // Taken time is found by the decision itself, which knows a little more: it says so in its own words.
                Ok(()) | Err(Refusal::Taken | Refusal::Priority) => Ok(()),
                Err(refusal) => Err(refusal),
            }
        });
    }
}

/// What a project says of its slots.
pub(crate) fn settings(project: &Project) -> Result<Settings, ApiError> {
    Settings::parse(&project.availability, "project.availability.").map_err(invalid)
}

fn invalid(faults: Vec<Fault>) -> ApiError {
    let mut all = Faults::none();
    for fault in faults {
        all.add(&fault.path, fault.sentence);
    }
    ApiError::Invalid(all)
}

fn offers(search: &Search, slot: TimeSlot, resource: &Resource) -> Result<(), ApiError> {
    match search.offers(slot, resource.id) {
        // Whoever was first when the page was loaded may be booked though somebody else is now.
        Ok(()) | Err(Refusal::Priority) => Ok(()),
        Err(refusal) => Err(refusal.into()),
    }
}

fn search(
    settings: &Settings,
    constraints: &[Value],
    resources: Vec<Bookable>,
    first: &Resource,
    now: DateTime<Utc>,
) -> Result<Search, ApiError> {
    let terms = settings.terms(now, first.timezone).map_err(invalid)?;
    Ok(Search {
        terms,
        schedules: vec![schedule(constraints, "project.availability_constraints")?],
        filters: Filters::default(),
        resources,
    })
}

fn bookable(resource: &Resource) -> Result<Bookable, ApiError> {
    Ok(Bookable {
        id: resource.id,
        zone: resource.timezone,
        capacity: resource.capacity,
        schedule: schedule(
            &resource.availability_constraints,
            "resource.availability_constraints",
        )?,
        claims: Vec::new(),
    })
}

fn schedule(constraints: &[Value], field: &str) -> Result<Schedule, ApiError> {
    let constraints = parse_constraints(constraints, field).map_err(invalid)?;
    Ok(Schedule::new(&constraints))
}

/// The range in which everything that is taken matters for `slot`.
fn range(search: &Search, slot: TimeSlot) -> Result<TimeSlot, ApiError> {
    let terms = model::availability::Terms {
        range: slot.into(),
        soonest: slot.start().timestamp(),
        ..search.terms.clone()
    };
    let reach = terms.reach();
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or(slot.start());
    TimeSlot::new(
        at(reach.start),
        at(reach.end).max(slot.end() + TimeDelta::seconds(1)),
    )
    .map_err(|error| ApiError::Internal(error.into()))
}
