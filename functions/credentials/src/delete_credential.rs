use api::caller::App;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;

use crate::access::Write;

/// Deletes a credential: its token is refused from the next request on.
#[utoipa::path(
    delete,
    path = "/v2/credentials/{id}",
    tag = "credentials",
    params(("id" = String, Path, description = "The credential's id.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn delete_credential(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Credential"))?;
    if state
        .writer()
        .delete_credential(principal.tenant(), id)
        .await?
    {
        Ok(NoContent)
    } else {
        Err(ApiError::NotFound("Credential"))
    }
}
