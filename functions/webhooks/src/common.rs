//! What several operations do.

use api::{ApiError, State};
use auth::Principal;
use model::webhook::{SecretVersion, Webhook};
use outbound::EndpointSecret;
use store::Tenant;

/// An endpoint of the tenant's, by its id in a path.
pub(crate) async fn own_webhook(
    state: &State,
    tenant: Tenant,
    id: &str,
) -> Result<Webhook, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Webhook"))?;
    let webhook = state.store().get_webhook(tenant, id).await?;
    webhook.ok_or(ApiError::NotFound("Webhook"))
}

/// An endpoint that something is about to be sent to.
pub(crate) async fn own_enabled_webhook(
    state: &State,
    principal: &Principal,
    id: &str,
) -> Result<Webhook, ApiError> {
    let webhook = own_webhook(state, principal.tenant(), id).await?;
    let health = state.store().get_health(principal.app, webhook.id).await?;
    if webhook.disabled_at.is_some() || health.health().disabled.is_some() {
        return Err(ApiError::Conflict(
            "This endpoint is disabled, so nothing is sent to it. Enable it first.",
        ));
    }
    Ok(webhook)
}

/// One of an endpoint's secrets, as it is shown: once, in the answer that made it.
pub(crate) async fn secret(
    state: &State,
    webhook: &Webhook,
    version: SecretVersion,
) -> Result<String, ApiError> {
    let master = state.master_secret().await?;
    let key = master.webhook_secret(webhook.id, version)?;
    Ok(EndpointSecret::from_bytes(key).expose())
}
