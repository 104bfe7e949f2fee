use api::caller::App;
use api::{ApiError, IfMatch, NoContent, Path, State};
use axum::extract::State as Extract;

/// Deletes a resource and its credentials. Its bookings stay readable.
#[utoipa::path(
    delete,
    path = "/v2/resources/{id}",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id.")),
    responses(
        (status = 204, description = "It is gone, and its tokens are refused."),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn delete_resource(
    Extract(state): Extract<State>,
    App(principal): App,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<NoContent, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Resource"))?;
    state
        .store()
        .delete_resource(principal.tenant(), id, &expected)
        .await?;
    Ok(NoContent)
}
