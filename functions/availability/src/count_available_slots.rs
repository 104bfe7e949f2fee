use api::caller::App;
use api::{ApiError, Body, Data, OutputZone, State};
use axum::extract::State as Extract;
use scheduling::search::FreeTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Search;
use crate::search::request::{AvailabilityRequest, Sent, run};

/// How many slots there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountView {
    /// As many as the list has.
    total: usize,
}

/// Counts the slots that can be booked now.
#[utoipa::path(
    post,
    path = "/v2/availability/count",
    tag = "availability",
    request_body = AvailabilityRequest,
    responses(
        (status = 200, description = "How many there are.", body = CountView),
        (status = 404, description = "There is no such project or resource, or it is not yours."),
        (status = 409, description = "The booking that `moving` names cannot be rescheduled: its state or the moment does not allow it."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn count_available_slots(
    App(principal): App<Search>,
    Extract(state): Extract<State>,
    zone: OutputZone,
    Body(request): Body<Sent>,
) -> Result<Data<CountView>, ApiError> {
    let (found, _) = request.0.search(&state, &principal, zone).await?;
    let count = |found: FreeTime, _: &State| Ok(found.search.count());
    let total = run(found, &state, count).await?;
    Ok(Data {
        data: CountView { total },
    })
}
