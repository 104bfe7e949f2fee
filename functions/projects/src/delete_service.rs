use api::caller::App;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;
use model::ids::ServiceId;
use model::location::Service;

use crate::access::Write;

/// Deletes a service. Projects that offer it stay.
#[utoipa::path(
    delete,
    path = "/v2/location/services/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "The service's id.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn delete_service(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let id: ServiceId = id.parse().map_err(|_| ApiError::NotFound("Service"))?;
    if state
        .writer()
        .delete_entity::<Service>(principal.tenant(), id)
        .await?
    {
        Ok(NoContent)
    } else {
        Err(ApiError::NotFound("Service"))
    }
}
