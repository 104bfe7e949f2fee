use api::caller::App;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;

use crate::access::Write;

/// Deletes a webhook endpoint. Nothing is sent to it any more, deliveries under way included.
#[utoipa::path(
    delete,
    path = "/v2/webhooks/{id}",
    tag = "webhooks",
    params(("id" = String, Path, description = "The endpoint's id.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn delete_webhook(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Webhook"))?;
    let tenant = principal.tenant();
    if state.writer().delete_webhook(tenant, id).await? {
        Ok(NoContent)
    } else {
        Err(ApiError::NotFound("Webhook"))
    }
}
