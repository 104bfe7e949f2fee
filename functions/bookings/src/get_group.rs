use api::caller::App;
use api::concurrency::Tagged;
use api::{ApiError, Data, OutputZone, Path, State};
use axum::extract::State as Extract;
use model::graph::Graph;

use crate::access::Read;
use crate::includes::Includes;
use crate::list_groups::GROUP_INCLUDES;
use crate::view::{BookingView, Presenter};

/// Shows one group.
#[utoipa::path(
    get,
    path = "/v2/bookings/groups/{id}",
    tag = "bookings",
    params(
        ("id" = String, Path, description = "The id of the group's own booking."),
        ("include" = Option<String>, Query, description = "What to show beside the base fields, `resource` and `available_actions`, separated by commas."),
    ),
    responses(
        (status = 200, description = "The group.", body = BookingView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_group(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Includes,
    zone: OutputZone,
) -> Result<Tagged<Data<BookingView>>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let group = state
        .store()
        .get_booking(principal.tenant(), id)
        .await?
        .filter(|booking| booking.graph == Graph::GroupOwner)
        .ok_or(ApiError::NotFound("Booking"))?;
    let include = include.and(GROUP_INCLUDES);
    let presenter = Presenter {
        principal: &principal,
        store: state.store(),
        include: &include,
        zone,
        now: state.now(),
    };
    let view = presenter.one(group).await?;
    let version = view.version();
    Ok(Tagged::new(Data { data: view }, &version))
}
