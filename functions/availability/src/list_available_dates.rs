use api::caller::App;
use api::{ApiError, Body, OutputZone, State, Written};
use axum::extract::State as Extract;
use scheduling::search::FreeTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Search;
use crate::search::request::{AvailabilityRequest, Sent, run};

/// A date on which something can be booked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DateView {
    /// The date in the zone asked for.
    #[schema(format = Date)]
    date: String,
    /// Who has a slot that starts then.
    resources: Vec<String>,
}

/// Lists the dates on which a slot starts that can be booked now, in order.
#[utoipa::path(
    post,
    path = "/v2/availability/dates",
    tag = "availability",
    request_body = AvailabilityRequest,
    responses(
        (status = 200, description = "The dates.", body = Vec<DateView>),
        (status = 404, description = "There is no such project or resource, or it is not yours."),
        (status = 409, description = "The booking that `moving` names cannot be rescheduled: its state or the moment does not allow it."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn list_available_dates(
    App(principal): App<Search>,
    Extract(state): Extract<State>,
    zone: OutputZone,
    Body(request): Body<Sent>,
) -> Result<Written, ApiError> {
    let (found, zone) = request.0.search(&state, &principal, zone).await?;
    let show = move |found: FreeTime, _: &State| {
        let dates = found.search.dates(zone).into_iter();
        Written::rows(dates.map(|(date, resources)| DateView {
            date: date.to_string(),
            resources: resources.iter().map(ToString::to_string).collect(),
        }))
    };
    run(found, &state, show).await
}
