//! Searches for free time: what a request, its project and the resources say, made one search. What a project offers is
//! `scheduling`'s to say, for searches and for bookings alike.

use std::collections::HashSet;

use api::{ApiError, Faults, State, heavy};
use auth::Principal;
use model::availability::{Bookable, Search, Settings, Terms};
use model::constraint::{Constraint, Schedule};
use model::filter::Filters;
use model::ids::{BookingId, ProjectId, ResourceId};
use model::project::{MAX_RESOURCES, Project};
use model::resource::Resource;
use model::time::Tz;
use scheduling::Offer;
use scheduling::offer::{check_public_length, in_order, without};
use store::Tenant;

use crate::search::budget::{Budget, Words};
use crate::search::moving::{self, Moving};

/// What a request asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlotQuery {
    /// Whose settings, constraints and resources count where the request says nothing.
    pub(crate) project_id: Option<ProjectId>,
    /// Whom to search, each once, first things first.
    pub(crate) resources: Option<Vec<ResourceId>>,
    /// What it says itself.
    pub(crate) settings: Settings,
    /// What must hold besides.
    pub(crate) constraints: Vec<Constraint>,
    /// The booking that is to be rescheduled.
    pub(crate) moving: Option<moving::MovingQuery>,
}

/// What is asked of resources that are read already.
#[derive(Clone, Debug)]
pub(crate) struct SearchInputs {
    /// What to look for.
    pub(crate) terms: Terms,
    /// Constraints besides the resources' own.
    pub(crate) schedules: Vec<Schedule>,
    /// Filters, in searches of the older kind.
    pub(crate) filters: Filters,
    /// The booking that is to be rescheduled.
    pub(crate) moving: Option<Moving>,
}

/// A search, and the resources it is in, in the same order.
#[derive(Clone, Debug)]
pub(crate) struct FreeTime {
    /// The search.
    pub(crate) search: Search,
    /// Who is searched.
    pub(crate) resources: Vec<Resource>,
    /// How many steps it takes, with those of its request that came before.
    pub(crate) steps: usize,
}

impl FreeTime {
    /// Reads what `query` names, and what is taken.
    ///
    /// # Errors
    ///
    /// A project or resource outside the caller's reach is not found; what cannot be meant is invalid, by field.
    pub(crate) async fn read(
        state: &State,
        principal: &Principal,
        mut query: SlotQuery,
    ) -> Result<Self, ApiError> {
        let (tenant, now) = (principal.tenant(), state.now());
        let moving = match query.moving.take() {
            None => None,
            Some(asked) => Some(Moving::read(state, principal, asked).await?),
        };
        let project = match (query.project_id, &moving) {
            (Some(id), Some(moving)) if !moving.allows_project(id) => {
                let sentence = "must be the project of the booking that is moved; leave it out";
                return Err(ApiError::Invalid(Faults::one("project_id", sentence)));
            }
            (_, Some(moving)) => moving.project(),
            (None, None) => None,
            (Some(id), None) => Some(
                state
                    .store()
                    .get_project(tenant, id)
                    .await?
                    .ok_or(ApiError::NotFound("Project"))?,
            ),
        };
        if project
            .as_ref()
            .is_some_and(|project| !is_within_reach(project, tenant))
        {
            return Err(ApiError::NotFound("Project"));
        }
        if let (None, None, Some(moving)) = (&project, &query.resources, &moving) {
            query.resources = Some(vec![moving.resource()]);
        }
        let must_be_offered =
            principal.is_public() || moving.as_ref().is_some_and(Moving::must_be_offered);
        let settings = match &moving {
            Some(moving) => moving.settings(query.settings.clone()),
            None => query.settings.clone(),
        };
        let offer = Offer::of(project.as_ref())?;
        let place = (project.as_ref(), &offer, must_be_offered);
        let resources = resources(state, principal, place, &query).await?;
        // Nobody is left to have a zone: then it does not matter.
        let zone = resources.first().map_or(Tz::UTC, |first| first.timezone);
        let mut terms = if must_be_offered {
            offer.terms_within(settings, now, zone)?
        } else {
            offer.terms_over(settings, now, zone)?
        };
        if let Some(moving) = &moving {
            moving.narrow(&mut terms);
        }
        if must_be_offered && project.is_none() {
            check_public_length(terms.length, &resources)?;
        }
        let mut schedules = offer.schedules();
        schedules.push(Schedule::new(&query.constraints));
        let inputs = SearchInputs {
            terms,
            schedules,
            filters: Filters::default(),
            moving,
        };
        let mut budget = Budget::new(Words::AVAILABILITY);
        let planned = Planned::within(&mut budget, (&offer, resources), inputs)?;
        planned.read(state, tenant, &mut budget).await
    }

    /// Does what `work` says, in the app's turn if the search is wide.
    ///
    /// # Errors
    ///
    /// What `work` refuses; in the words of availability, that the answer is too large.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        state: &State,
        principal: &Principal,
        work: impl FnOnce(Self, &State) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let steps = self.steps;
        let done = heavy::run(state, principal.app, steps, |state| work(self, state)).await;
        done.map_err(|error| Words::AVAILABILITY.of(error))
    }
}

/// A search within its request's budget, before it is known what is taken.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    search: Search,
    resources: Vec<Resource>,
    /// The booking that is no obstacle, because it would move.
    moving: Option<BookingId>,
}

impl Planned {
    /// What is asked of `resources`, taken from `budget`.
    ///
    /// # Errors
    ///
    /// A search that is too large is invalid.
    pub(crate) fn within(
        budget: &mut Budget,
        (offer, resources): (&Offer<'_>, Vec<Resource>),
        inputs: SearchInputs,
    ) -> Result<Self, ApiError> {
        let SearchInputs {
            terms,
            schedules,
            filters,
            moving,
        } = inputs;
        let bookables: Vec<Bookable> = resources
            .iter()
            .map(|resource| {
                let mut bookable = offer.bookable(resource, Vec::new())?;
                if let Some(capacity) = moving.as_ref().and_then(|one| one.capacity(resource)) {
                    bookable.capacity = capacity;
                }
                Ok(bookable)
            })
            .collect::<Result<_, ApiError>>()?;
        budget.take_search(&terms, resources.len(), |weeks| {
            // What all have in common is cut out of each.
            let shared = schedules.iter().map(|schedule| schedule.pieces(weeks));
            let shared = shared.sum::<usize>() + filters.pieces(weeks);
            let own = bookables.iter().map(|one| one.schedule.pieces(weeks));
            shared.saturating_mul(bookables.len()) + own.sum::<usize>()
        })?;
        let search = Search {
            terms,
            schedules,
            filters,
            resources: bookables,
        };
        Ok(Self {
            search,
            resources,
            moving: moving.as_ref().map(Moving::id),
        })
    }

    /// Reads what is taken of its resources.
    ///
    /// # Errors
    ///
    /// A search of more bookings than the budget has left is invalid.
    pub(crate) async fn read(
        self,
        state: &State,
        tenant: Tenant,
        budget: &mut Budget,
    ) -> Result<FreeTime, ApiError> {
        let Self {
            mut search,
            resources,
            moving,
        } = self;
        // A search that ends before it begins finds nothing, whatever is taken.
        if let Some(range) = search.reach().to_slot() {
            let ids: Vec<ResourceId> = resources.iter().map(|resource| resource.id).collect();
            let store = state.store();
            let read = store.claims_within(tenant, &ids, range, budget.claims());
            let claims = budget.take_claims(read.await?)?;
            for (bookable, claims) in search.resources.iter_mut().zip(claims) {
                bookable.claims = without(claims, moving);
            }
        }
        Ok(FreeTime {
            search,
            resources,
            steps: budget.steps(),
        })
    }
}

/// A resource's own token reaches the projects that it can be booked through, and no others.
fn is_within_reach(project: &Project, tenant: Tenant) -> bool {
    tenant
        .only_resource
        .is_none_or(|own| project.resources.contains(&own))
}

/// Whom to search. What a request names must be there; of a project's own, some may be gone.
async fn resources(
    state: &State,
    principal: &Principal,
    (project, offer, must_be_offered): (Option<&Project>, &Offer<'_>, bool),
    query: &SlotQuery,
) -> Result<Vec<Resource>, ApiError> {
    let (store, tenant) = (state.store(), principal.tenant());
    let Some(named) = &query.resources else {
        let ids = match (project, tenant.only_resource) {
            (Some(project), _) => project.resources.clone(),
            (None, Some(own)) => vec![own],
            (None, None) => {
                let sentence = "is required, unless project_id says whom to search";
                return Err(ApiError::Invalid(Faults::one("resources", sentence)));
            }
        };
        return Ok(in_order(store, tenant, &ids).await?);
    };
    if must_be_offered {
        offer.check_resources((store, tenant), named).await?;
        if let Some(ids) = offer.narrowed_resources(Some(named))? {
            return Ok(in_order(store, tenant, &ids).await?);
        }
    }
    let found = in_order(store, tenant, named).await?;
    if found.len() == named.len() {
        Ok(found)
    } else {
        Err(ApiError::NotFound("Resource"))
    }
}

/// The ids of a list, each once; at most as many as a project has.
pub(crate) fn read_resources(
    faults: &mut Faults,
    values: &[serde_json::Value],
) -> Option<Vec<ResourceId>> {
    if values.is_empty() || values.len() > MAX_RESOURCES {
        let sentence = format!("must be a list of 1 to {MAX_RESOURCES} UUIDs");
        faults.add("resources", sentence);
        return None;
    }
    let mut seen = HashSet::new();
    let mut ids = Vec::with_capacity(values.len());
    for value in values {
        match value.as_str().and_then(|text| text.parse().ok()) {
            Some(id) if seen.insert(id) => ids.push(id),
            Some(_) => {}
            None => {
                faults.add("resources", "must be a list of UUIDs");
                return None;
            }
        }
    }
    Some(ids)
}
