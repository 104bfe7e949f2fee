use api::caller::App;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;
use model::ids::LocationId;
use model::location::Location;

use crate::access::Write;

/// Deletes a location. Projects there stay.
#[utoipa::path(
    delete,
    path = "/v2/locations/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "The location's id.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn delete_location(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let id: LocationId = id.parse().map_err(|_| ApiError::NotFound("Location"))?;
    if state
        .writer()
        .delete_entity::<Location>(principal.tenant(), id)
        .await?
    {
        Ok(NoContent)
    } else {
        Err(ApiError::NotFound("Location"))
    }
}
