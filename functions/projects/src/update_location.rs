use api::caller::App;
use api::{ApiError, Body, Data, Faults, Path, PublicTexts, State};
use axum::extract::State as Extract;
use model::Dated as _;
use model::ids::LocationId;
use model::location::Location;

use crate::access::Write;
use crate::fields::location::{LocationFields, LocationRequest};
use crate::views::places::LocationView;

/// Changes a location. What is not sent stays.
#[utoipa::path(
    put,
    path = "/v2/locations/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "The location's id.")),
    request_body = LocationRequest,
    responses(
        (status = 200, description = "The location.", body = LocationView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_location(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Body(request): Body<LocationRequest>,
) -> Result<Data<LocationView>, ApiError> {
    let id: LocationId = id.parse().map_err(|_| ApiError::NotFound("Location"))?;
    let tenant = principal.tenant();
    let current: Option<Location> = state.store().get_entity(tenant, id).await?;
    if current.is_none() {
        return Err(ApiError::NotFound("Location"));
    }
    let mut faults = Faults::none();
    let fields = LocationFields::read(request, &mut faults);
    let public = PublicTexts::of(&state, principal.app).await?;
    fields.check_public(&public, &mut faults);
    faults.check()?;

    let now = state.now();
    let change = |location: Location| location.changed(now, |location| fields.apply(location));
    let location = state.writer().change_entity(tenant, id, change).await?;
    let location = location.ok_or(ApiError::NotFound("Location"))?;
    Ok(Data {
        data: LocationView::of(&location),
    })
}
