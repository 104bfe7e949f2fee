use api::caller::App;
use api::{ApiError, Data, Include, Path, State};
use axum::extract::State as Extract;
use model::ids::LocationId;
use model::location::Location;

use crate::access::ReadOnPages;
use crate::views::places::{LocationView, PlacePresenter};

/// Shows one location.
#[utoipa::path(
    get,
    path = "/v2/locations/{id}",
    tag = "projects",
    params(
        ("id" = String, Path, description = "The location's id."),
        ("include" = Option<String>, Query, description = "`services`: those that some project offers there."),
    ),
    responses(
        (status = 200, description = "The location.", body = LocationView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_location(
    App(principal): App<ReadOnPages>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Include,
) -> Result<Data<LocationView>, ApiError> {
    let id: LocationId = id.parse().map_err(|_| ApiError::NotFound("Location"))?;
    let tenant = principal.tenant();
    let location: Option<Location> = state.store().get_entity(tenant, id).await?;
    let location = location.ok_or(ApiError::NotFound("Location"))?;
    let presenter = PlacePresenter::of(&state, &principal, &include, &[id]).await?;
    Ok(Data {
        data: presenter.show(&location),
    })
}
