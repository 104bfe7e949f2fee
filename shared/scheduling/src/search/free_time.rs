//! Searches for free time: what a request, its project and the resources say, made one search.

use chrono::{DateTime, Utc};
use model::availability::{Bookable, Search, Settings, Terms};
use model::constraint::{Constraint, Schedule};
use model::filter::Filters;
use model::ids::{BookingId, ProjectId, ResourceId};
use model::project::Project;
use model::resource::Resource;
use model::time::Tz;
use store::{Store, Tenant};

use crate::defaults::project_of;
use crate::error::{Noun, SchedulingError};
use crate::offer::{Offer, check_public_length, in_order, without};
use crate::search::budget::Budget;
use crate::search::moving::Moving;

/// What a request asks for.
#[derive(Clone, Debug, Default)]
pub struct SlotQuery {
    /// Whose settings, constraints and resources count where the request says nothing.
    pub project_id: Option<ProjectId>,
    /// Whom to search, each once, first things first.
    pub resources: Option<Vec<ResourceId>>,
    /// What it says itself.
    pub settings: Settings,
    /// What must hold besides.
    pub constraints: Vec<Constraint>,
}

/// Who searches.
#[derive(Clone, Copy, Debug)]
pub struct Searcher {
    /// What it reaches.
    pub tenant: Tenant,
    /// Whether it is a booking page, which finds what it can book and nothing else.
    pub is_public: bool,
}

/// What is asked of resources that are read already.
#[derive(Clone, Debug)]
pub struct SearchInputs {
    /// What to look for.
    pub terms: Terms,
    /// Constraints besides the resources' own.
    pub schedules: Vec<Schedule>,
    /// Filters, in searches of the older kind.
    pub filters: Filters,
    /// The booking that is to be rescheduled.
    pub moving: Option<Moving>,
}

/// A search, and the resources it is in, in the same order.
#[derive(Clone, Debug)]
pub struct FreeTime {
    /// The search.
    pub search: Search,
    /// Who is searched.
    pub resources: Vec<Resource>,
    /// How many steps it takes, with those of its request that came before.
    pub steps: usize,
}

impl FreeTime {
    /// Reads what `query` names, at `now`, and plans the search within a request's budget. `moving` is the booking that is to
    /// be rescheduled, if the search is for that.
    ///
    /// # Errors
    ///
    /// A project or resource outside the caller's reach is not found; what cannot be meant, or is too large to search, is
    /// refused.
    pub async fn plan(
        store: &Store,
        searcher: Searcher,
        query: SlotQuery,
        moving: Option<Moving>,
        now: DateTime<Utc>,
    ) -> Result<(Planned, Budget), SchedulingError> {
        let tenant = searcher.tenant;
        let project = project(store, tenant, query.project_id, moving.as_ref()).await?;
        Self::plan_for(store, searcher, (project.as_ref(), query), moving, now).await
    }

    /// As [`FreeTime::plan`], of a project that is read already, whatever `query` names.
    ///
    /// # Errors
    ///
    /// As [`FreeTime::plan`].
    pub async fn plan_for(
        store: &Store,
        searcher: Searcher,
        (project, mut query): (Option<&Project>, SlotQuery),
        moving: Option<Moving>,
        now: DateTime<Utc>,
    ) -> Result<(Planned, Budget), SchedulingError> {
        let tenant = searcher.tenant;
        if let (None, None, Some(moving)) = (&project, &query.resources, &moving) {
            query.resources = Some(vec![moving.resource()]);
        }
        let must_be_offered =
            searcher.is_public || moving.as_ref().is_some_and(Moving::must_be_offered);
        let settings = match &moving {
            Some(moving) => moving.settings(query.settings.clone()),
            None => query.settings.clone(),
        };
        let offer = Offer::of(project)?;
        let place = (project, &offer, must_be_offered);
        let resources = resources(store, tenant, place, &query).await?;
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
        let mut budget = Budget::new();
        let planned = Planned::within(&mut budget, (&offer, resources), inputs)?;
        Ok((planned, budget))
    }
}

/// A search within its request's budget, before it is known what is taken.
#[derive(Clone, Debug)]
pub struct Planned {
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
    pub fn within(
        budget: &mut Budget,
        (offer, resources): (&Offer<'_>, Vec<Resource>),
        inputs: SearchInputs,
    ) -> Result<Self, SchedulingError> {
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
            .collect::<Result<_, SchedulingError>>()?;
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
    pub async fn read(
        self,
        store: &Store,
        tenant: Tenant,
        budget: &mut Budget,
    ) -> Result<FreeTime, SchedulingError> {
        let Self {
            mut search,
            resources,
            moving,
        } = self;
        // A search that ends before it begins finds nothing, whatever is taken.
        if let Some(range) = search.reach().to_slot() {
            let ids: Vec<ResourceId> = resources.iter().map(|resource| resource.id).collect();
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

/// The project to search: the one of the booking that is moved, or else the one that is named.
async fn project(
    store: &Store,
    tenant: Tenant,
    named: Option<ProjectId>,
    moving: Option<&Moving>,
) -> Result<Option<Project>, SchedulingError> {
    let project = match (named, moving) {
        (Some(id), Some(moving)) if !moving.allows_project(id) => {
            return Err(SchedulingError::NotProjectOfMoved);
        }
        (_, Some(moving)) => moving.project(),
        (id, None) => project_of(store, tenant, id).await?,
    };
    match &project {
        Some(project) if !is_within_reach(project, tenant) => {
            Err(SchedulingError::NotFound(Noun::Project))
        }
        _ => Ok(project),
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
    store: &Store,
    tenant: Tenant,
    (project, offer, must_be_offered): (Option<&Project>, &Offer<'_>, bool),
    query: &SlotQuery,
) -> Result<Vec<Resource>, SchedulingError> {
    let Some(named) = &query.resources else {
        let ids = match (project, tenant.only_resource) {
            (Some(project), _) => project.resources.clone(),
            (None, Some(own)) => vec![own],
            (None, None) => {
                return Err(SchedulingError::NobodyToSearch);
            }
        };
        return in_order(store, tenant, &ids).await;
    };
    if must_be_offered {
        offer.check_resources((store, tenant), named).await?;
        if let Some(ids) = offer.narrowed_resources(Some(named))? {
            return in_order(store, tenant, &ids).await;
        }
    }
    let found = in_order(store, tenant, named).await?;
    if found.len() == named.len() {
        Ok(found)
    } else {
        let missing = named
            .iter()
            .find(|id| !found.iter().any(|one| one.id == **id));
        Err(match missing {
            Some(id) => SchedulingError::NotFound(Noun::Resource(*id)),
            None => SchedulingError::NoResources,
        })
    }
}
