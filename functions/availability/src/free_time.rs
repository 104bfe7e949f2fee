//! Searches for free time: what a request, its project and the resources say, made one search.
//!
//! Callers with a secret may say anything in a request, and it goes over what the project says. A public key or token
//! may only narrow what its project offers: by an earlier end, a later start, fewer resources and more constraints. So
//! what it is offered is exactly what it can book.

use std::collections::{HashMap, HashSet};

use api::{ApiError, Faults, State};
use auth::Principal;
use chrono::{DateTime, Utc};
use model::availability::{Bookable, Search, Settings, Terms, UNBOUNDED};
use model::constraint::{Constraint, Fault, Schedule, parse_constraints};
use model::filter::Filters;
use model::ids::{ProjectId, ResourceId};
use model::project::{MAX_RESOURCES, Project};
use model::resource::Resource;
use model::time::Tz;
use store::Tenant;

/// The most starts that one search looks at, over all its resources: enough for the largest project, half an hour apart,
/// over 12 weeks.
const MAX_STARTS: i64 = 2_500_000;

/// What a request asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Whose settings, constraints and resources count where the request says nothing.
    pub(crate) project_id: Option<ProjectId>,
    /// Whom to search, each once, first things first.
    pub(crate) resources: Option<Vec<ResourceId>>,
    /// What it says itself.
    pub(crate) settings: Settings,
    /// What must hold besides.
    pub(crate) constraints: Vec<Constraint>,
}

/// What is asked of resources that are read already.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// What to look for.
    pub(crate) terms: Terms,
    /// Constraints besides the resources' own.
    pub(crate) schedules: Vec<Schedule>,
    /// Filters, in searches of the older kind.
    pub(crate) filters: Filters,
    /// Whether what is taken stands in nobody's way.
    pub(crate) is_overlapping: bool,
}

/// A search, and the resources it is in, in the same order.
#[derive(Clone, Debug)]
pub(crate) struct FreeTime {
    /// The search.
    pub(crate) search: Search,
    /// Who is searched.
    pub(crate) resources: Vec<Resource>,
}

impl FreeTime {
    /// Reads what `wanted` names, and what is taken.
    ///
    /// # Errors
    ///
    /// A project or resource outside the caller's reach is not found; what cannot be meant is invalid, by field.
    pub(crate) async fn read(
        state: &State,
        principal: &Principal,
        wanted: Wanted,
    ) -> Result<Self, ApiError> {
        let (tenant, now) = (principal.tenant(), state.now());
        let project = match wanted.project_id {
            None => None,
            Some(id) => Some(
                state
                    .store()
                    .get_project(tenant, id)
                    .await?
                    .filter(|project| is_within_reach(project, tenant))
                    .ok_or(ApiError::NotFound("Project"))?,
            ),
        };
        let resources = resources(state, principal, project.as_ref(), &wanted).await?;
        // Nobody is left to have a zone: then it does not matter.
        let zone = resources
            .first()
            .map_or(Tz::UTC, |resource| resource.timezone);
        let terms = match &project {
            Some(project) if principal.is_public() => {
                narrowed(project_settings(project)?, wanted.settings, now, zone)?
            }
            Some(project) => terms(&wanted.settings.over(project_settings(project)?), now, zone)?,
            None if principal.is_public() => {
                // What such a caller books passes over nothing unless its project says so.
                let settings = Settings {
                    ignore_all_day_events: None,
                    ..wanted.settings
                };
                terms(&settings, now, zone)?
            }
            None => terms(&wanted.settings, now, zone)?,
        };
        let mut schedules = vec![Schedule::new(&wanted.constraints)];
        if let Some(project) = &project {
            schedules.push(project_schedule(project)?);
        }
        let asked = Asked {
            terms,
            schedules,
            filters: Filters::default(),
            is_overlapping: project.is_some_and(|project| project.allow_double_bookings),
        };
        Self::search(state, tenant, resources, asked).await
    }

    /// Reads what is taken of `resources`.
    ///
    /// # Errors
    ///
    /// A search that is too large is invalid.
    pub(crate) async fn search(
        state: &State,
        tenant: Tenant,
        resources: Vec<Resource>,
        asked: Asked,
    ) -> Result<Self, ApiError> {
        let Asked {
            terms,
            schedules,
            filters,
            is_overlapping,
        } = asked;
        refuse_too_many_starts(&terms, resources.len())?;
        let ids: Vec<ResourceId> = resources.iter().map(|resource| resource.id).collect();
        let claims = match terms.reach().to_slot() {
            Some(range) => state.store().claims_of(tenant, &ids, range).await?,
            // A search that ends before it begins finds nothing, whatever is taken.
            None => vec![Vec::new(); ids.len()],
        };
        let bookables = resources
            .iter()
            .zip(claims)
            .map(|(resource, claims)| {
                let own = &resource.availability_constraints;
                let constraints = parse_constraints(own, "availability_constraints");
                Ok(Bookable {
                    id: resource.id,
                    zone: resource.timezone,
                    // Bookings of such a project take time and stand in nobody's way.
                    capacity: if is_overlapping {
                        UNBOUNDED
                    } else {
                        resource.capacity
                    },
                    schedule: Schedule::new(&constraints.map_err(|_| UNREADABLE_RESOURCE)?),
                    claims,
                })
            })
            .collect::<Result<_, ApiError>>()?;
        let search = Search {
            terms,
            schedules,
            filters,
            resources: bookables,
        };
        Ok(Self { search, resources })
    }
}

/// A resource's own token reaches the projects that it can be booked through, and no others.
fn is_within_reach(project: &Project, tenant: Tenant) -> bool {
    tenant
        .only_resource
        .is_none_or(|own| project.resources.contains(&own))
}

/// What was kept before it was checked.
const UNREADABLE_PROJECT: ApiError = ApiError::Conflict(
    "The project's availability or its constraints are faulty. Save them again.",
);
const UNREADABLE_RESOURCE: ApiError =
    ApiError::Conflict("A resource's availability_constraints are faulty. Save them again.");

fn project_settings(project: &Project) -> Result<Settings, ApiError> {
    Settings::parse(&project.availability, "").map_err(|_| UNREADABLE_PROJECT)
}

fn project_schedule(project: &Project) -> Result<Schedule, ApiError> {
    parse_constraints(
        &project.availability_constraints,
        "availability_constraints",
    )
    .map(|constraints| Schedule::new(&constraints))
    .map_err(|_| UNREADABLE_PROJECT)
}

fn terms(settings: &Settings, now: DateTime<Utc>, zone: Tz) -> Result<Terms, ApiError> {
    settings.terms(now, zone).map_err(invalid)
}

/// The project's terms, over no more than the range that is asked for. What the project does not say has its default, as
/// when it is booked, whatever the request says.
fn narrowed(
    project: Settings,
    request: Settings,
    now: DateTime<Utc>,
    zone: Tz,
) -> Result<Terms, ApiError> {
    let asked = terms(&request.over(project.clone()), now, zone)?;
    let mut terms = terms(&project, now, zone)?;
    terms.range = terms.range.meet(&asked.range);
    Ok(terms)
}

/// Everything wrong with a search, by field.
pub(crate) fn invalid(faults: Vec<Fault>) -> ApiError {
    let mut all = Faults::none();
    note(&mut all, faults);
    ApiError::Invalid(all)
}

/// Notes what is wrong with settings or constraints.
pub(crate) fn note(faults: &mut Faults, found: Vec<Fault>) {
    for fault in found {
        faults.add(&fault.path, fault.sentence);
    }
}

/// Whom to search. What a request names must be there; of a project's own, some may be gone.
async fn resources(
    state: &State,
    principal: &Principal,
    project: Option<&Project>,
    wanted: &Wanted,
) -> Result<Vec<Resource>, ApiError> {
    let tenant = principal.tenant();
    if principal.is_public() && project.is_none() && tenant.only_resource.is_none() {
        refuse_resources_of_projects(state, tenant, wanted.resources.as_deref()).await?;
    }
    let of_project = project.map(|project| &project.resources);
    let Some(named) = &wanted.resources else {
        let ids = match (of_project, tenant.only_resource) {
            (Some(ids), _) => ids.clone(),
            (None, Some(own)) => vec![own],
            (None, None) => {
                let sentence = "is required, unless project_id says whom to search";
                return Err(ApiError::Invalid(Faults::one("resources", sentence)));
            }
        };
        return in_order(state, tenant, &ids).await;
    };
    if let Some(ids) = of_project
        && principal.is_public()
        && !named.iter().all(|id| ids.contains(id))
    {
        let sentence = "must be among the project's";
        return Err(ApiError::Invalid(Faults::one("resources", sentence)));
    }
    let found = in_order(state, tenant, named).await?;
    if found.len() == named.len() {
        Ok(found)
    } else {
        Err(ApiError::NotFound("Resource"))
    }
}

/// A booking page can book a resource that is in projects by one of them only, so it is offered no other way.
async fn refuse_resources_of_projects(
    state: &State,
    tenant: Tenant,
    named: Option<&[ResourceId]>,
) -> Result<(), ApiError> {
    let Some(named) = named else {
        return Ok(());
    };
    let ties = state.store().list_ties(tenant).await?;
    let is_in_project = |id| ties.iter().any(|tie| tie.resources.contains(id));
    if named.iter().any(is_in_project) {
        let sentence = "is required: these resources are booked through their project";
        return Err(ApiError::Invalid(Faults::one("project_id", sentence)));
    }
    Ok(())
}

/// Those of the resources that are there, in this order.
async fn in_order(
    state: &State,
    tenant: Tenant,
    ids: &[ResourceId],
) -> Result<Vec<Resource>, ApiError> {
    let found = state.store().get_resources(tenant, ids).await?;
    let mut by_id: HashMap<ResourceId, Resource> = found
        .into_iter()
        .map(|resource| (resource.id, resource))
        .collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

fn refuse_too_many_starts(terms: &Terms, resources: usize) -> Result<(), ApiError> {
    let each = (terms.range.end - terms.range.start).max(0) / terms.grid.step_s;
    let resources = i64::try_from(resources).unwrap_or(i64::MAX);
    if each.saturating_mul(resources) <= MAX_STARTS {
        return Ok(());
    }
    let sentence = format!(
        "makes the search too large: it has more than {MAX_STARTS} slots to look at; choose an earlier to, longer \
         timeslot_increments or fewer resources"
    );
    Err(ApiError::Invalid(Faults::one("to", sentence)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_refused(resources: usize, to: &str, length: &str) -> bool {
        let settings = json!({ "mode": "exclusive", "to": to, "length": length });
        let settings = Settings::parse(settings.as_object().expect("an object"), "");
        let now = DateTime::from_timestamp(1_795_262_400, 0).expect("an instant");
        let terms = settings.expect("sound").terms(now, Tz::UTC).expect("sound");
        refuse_too_many_starts(&terms, resources).is_err()
    }

    #[test]
    fn the_largest_project_can_be_searched_for_12_weeks_and_not_by_the_minute() {
        assert!(!is_refused(MAX_RESOURCES, "12 weeks", "30 minutes"));
        assert!(!is_refused(MAX_RESOURCES, "6 months", "1 hour"));
        assert!(is_refused(MAX_RESOURCES, "1 week", "1 minute"));
    }
}
