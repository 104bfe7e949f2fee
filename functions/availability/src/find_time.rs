use std::collections::HashMap;

use api::caller::App;
use api::{ApiError, Body, OutputZone, State, Written};
use axum::extract::State as Extract;
use model::availability::Slot;
use model::time::{Tz, format_instant};
use scheduling::search::Budget;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::OlderSearch;
use crate::search::find_time_body::{FindTimeFields, Sent};
use crate::search::find_time_request::{FindTime, PlannedTimes, run};

/// A time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimeView {
    /// When it begins.
    #[schema(format = DateTime)]
    start: String,
    /// When it ends.
    #[schema(format = DateTime)]
    end: String,
}

impl TimeView {
    /// The slot by the clock of `zone`.
    pub(crate) fn of(slot: &Slot, zone: Tz) -> Self {
        Self {
            start: format_instant(slot.slot.start(), zone),
            end: format_instant(slot.slot.end(), zone),
        }
    }
}

/// Finds the times at which all the resources named are free. **Deprecated**: use `POST /v2/availability`.
#[utoipa::path(
    post,
    path = "/v2/findtime",
    tag = "availability",
    request_body = FindTimeFields,
    responses(
        (status = 200, description = "The times, in order; in the zone of `Timekit-Timezone`, or the first resource's.", body = Vec<TimeView>),
        (status = 404, description = "There is no such resource, or it is not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn find_time(
    App(principal): App<OlderSearch>,
    Extract(state): Extract<State>,
    zone: OutputZone,
    Body(request): Body<Sent>,
) -> Result<Written, ApiError> {
    let search = FindTime::parse(&request.0)?.for_caller(&principal);
    let tenant = principal.tenant();
    let mut known = HashMap::new();
    let resources = search.resources(&state, &principal, tenant, &mut known);
    let resources = resources.await?;
    let zone = zone.or(resources.first().map_or(Tz::UTC, |first| first.timezone));
    let mut budget = Budget::new();
    let planned = vec![search.plan(&state, resources, &mut budget)?];
    let read = PlannedTimes::read(planned, &state, tenant, &mut budget).await?;
    let (times, work) = read;
    let show = move |state: &State| {
        let slots = times.iter().flat_map(|times| times.slots(state.random()));
        Written::rows(slots.map(|slot| TimeView::of(&slot, zone)))
    };
    run(&state, work, &budget, show).await
}
