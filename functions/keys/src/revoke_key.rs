use api::caller::{Address, App};
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;
use model::audit::AuditAction;

use crate::access::Write;
use crate::common::audit_event;

/// Revokes a key for good. The next request with it is refused, everywhere.
#[utoipa::path(
    delete,
    path = "/v2/keys/{id}",
    tag = "keys",
    params(("id" = String, Path, description = "The key's id, not the key.")),
    responses(
        (status = 204, description = "It is revoked."),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn revoke_key(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    address: Address,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Key"))?;
    // Committed first, answered then: whoever hears 204 can rely on it.
    let event = audit_event::by_caller(&state, &principal, address, AuditAction::Revoked, id);
    if state.writer().revoke_key(&event, event.at).await? {
        Ok(NoContent)
    } else {
        Err(ApiError::NotFound("Key"))
    }
}
