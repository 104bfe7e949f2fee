use api::caller::App;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;

use crate::access::Write;

/// Deletes a project. Its bookings stay, and its slug is free again.
#[utoipa::path(
    delete,
    path = "/v2/projects/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "The project's id.")),
    responses(
        (status = 204, description = "It is gone, and its page shows nothing any more."),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn delete_project(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Project"))?;
    if state
        .writer()
        .delete_project(principal.tenant(), id)
        .await?
    {
        Ok(NoContent)
    } else {
        Err(ApiError::NotFound("Project"))
    }
}
