use api::caller::App;
use api::{ApiError, Body, OutputZone, State, Written};
use axum::extract::State as Extract;
use scheduling::search::Budget;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::OlderSearch;
use crate::find_time::TimeView;
use crate::search::find_time_body::{FindTimesFields, SentSearches};
use crate::search::find_time_request::{FindTime, PlannedTimes, run};

/// The times at which one resource is free.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourceTimesView {
    /// The resource.
    #[schema(format = Uuid)]
    user_id: String,
    /// What people call it.
    name: String,
    /// Its times, in order.
    timeslots: Vec<TimeView>,
}

/// Finds the times at which each of several resources is free, for each by itself. **Deprecated**: use
/// `POST /v2/availability`.
#[utoipa::path(
    post,
    path = "/v2/findtime/bulk",
    tag = "availability",
    request_body = FindTimesFields,
    responses(
        (status = 200, description = "The resources, as the request names them.", body = Vec<ResourceTimesView>),
        (status = 404, description = "There is no such resource, or it is not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn find_time_bulk(
    App(principal): App<OlderSearch>,
    Extract(state): Extract<State>,
    zone: OutputZone,
    Body(request): Body<SentSearches>,
) -> Result<Written, ApiError> {
    let tenant = principal.tenant();
    let searches = FindTime::parse_each(&request.0)?;
    let searches = FindTime::each_once(searches, &state, &principal, tenant).await?;
    let mut budget = Budget::new();
    let planned = searches
        .into_iter()
        .map(|(search, resources)| search.plan(&state, resources, &mut budget))
        .collect::<Result<_, _>>()?;
    let read = PlannedTimes::read(planned, &state, tenant, &mut budget).await?;
    let (times, work) = read;
    let show = move |state: &State| {
        Written::rows(times.iter().flat_map(|times| {
            let slots = times.slots(state.random());
            // Each search here is of one resource.
            times.resources().first().map(|resource| {
                let zone = zone.or(resource.timezone);
                ResourceTimesView {
                    user_id: resource.id.to_string(),
                    name: resource.name.clone(),
                    timeslots: slots.iter().map(|slot| TimeView::of(slot, zone)).collect(),
                }
            })
        }))
    };
    run(&state, work, &budget, show).await
}
