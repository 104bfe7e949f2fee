use api::caller::App;
use api::overlap::parse_overlap;
use api::{ApiError, Body, Created, Field, Idempotency, Path, State};
use axum::extract::State as Extract;
use model::webhook::Webhook;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{Write, refuse_narrower};
use crate::common;
use crate::views::webhook::WebhookView;

/// How to replace a secret.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RotateWebhookSecretRequest {
    /// How long the old secret still signs too, from 0 to 7 days. Defaults to 24 hours.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "24 hours")]
    overlap: Field<String>,
}

/// Replaces the secret of a webhook endpoint. Until the overlap ends, deliveries are signed with both, so that a receiver that
/// has either of them accepts them.
#[utoipa::path(
    post,
    path = "/v2/webhooks/{id}/rotate",
    tag = "webhooks",
    params(("id" = String, Path, description = "The endpoint's id.")),
    request_body = RotateWebhookSecretRequest,
    responses(
        (status = 201, description = "The endpoint, with `secret`: store it now.", body = WebhookView),
        (status = 403, description = "It sees more than you may."),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 422, description = "The overlap is no duration, or longer than seven days."),
    )
)]
pub(crate) async fn rotate_webhook_secret(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    once: Idempotency,
    Body(request): Body<RotateWebhookSecretRequest>,
) -> Result<Created<WebhookView>, ApiError> {
    let overlap = parse_overlap(request.overlap)?;
    let (tenant, now) = (principal.tenant(), state.now());
    let webhook = common::own_webhook(&state, tenant, &id).await?;
    let health = state.store().get_health(principal.app, webhook.id).await?;
    let master = state.master_secret().await?.current();
    let view = |webhook: &Webhook| WebhookView::of(webhook, health.health(), now);
    let change = |webhook: Webhook| {
        refuse_narrower(&principal, &webhook)?;
        let rotated = webhook.rotated(master, now, now + overlap);
        once.keep(&Created(view(&rotated).without_secret()))?;
        Ok::<_, ApiError>(rotated)
    };
    let writer = once.writer(&state);
    let rotated = writer.change_webhook(tenant, webhook.id, change).await?;
    let secret = common::secret(&state, &rotated, rotated.secret).await?;
    Ok(Created(view(&rotated).with_secret(secret)))
}
