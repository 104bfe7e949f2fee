use api::caller::App;
use api::{ApiError, Body, OutputZone, State, Written};
use axum::extract::State as Extract;
use scheduling::search::FreeTime;

use crate::access::Search;
use crate::search::request::{AvailabilityRequest, Sent, run};
use crate::search::view::{SlotView, show_slots};

/// Lists the slots that can be booked now, in order.
///
/// Constraints of resources, project and request must all hold, each by the clock of the resource's own zone.
#[utoipa::path(
    post,
    path = "/v2/availability",
    tag = "availability",
    request_body = AvailabilityRequest,
    responses(
        (status = 200, description = "The slots.", body = Vec<SlotView>),
        (status = 404, description = "There is no such project or resource, or it is not yours."),
        (status = 409, description = "The booking that `moving` names cannot be rescheduled: its state or the moment does not allow it."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn list_available_slots(
    App(principal): App<Search>,
    Extract(state): Extract<State>,
    zone: OutputZone,
    Body(request): Body<Sent>,
) -> Result<Written, ApiError> {
    let (found, zone) = request.0.search(&state, &principal, zone).await?;
    let show = move |found: FreeTime, state: &State| {
        let slots = found.search.slots(state.random());
        show_slots(&slots, found.resources, zone)
    };
    run(found, &state, show).await
}
