use api::caller::App;
use api::{ApiError, Data, Idempotency, Path, State};
use axum::extract::State as Extract;
use model::delivery::Health;
use model::webhook::Webhook;

use crate::access::Write;
use crate::common;
use crate::views::webhook::WebhookView;

/// Enables a webhook endpoint that was disabled, by hand or because it answered 410 or nothing but failures for five days. Events
/// of the time in between are sent only if they are replayed.
#[utoipa::path(
    post,
    path = "/v2/webhooks/{id}/enable",
    tag = "webhooks",
    params(("id" = String, Path, description = "The endpoint's id.")),
    responses(
        (status = 200, description = "The endpoint.", body = WebhookView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn enable_webhook(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    once: Idempotency,
) -> Result<Data<WebhookView>, ApiError> {
    let tenant = principal.tenant();
    let webhook = common::own_webhook(&state, tenant, &id).await?;
    let keep = |webhook: &Webhook, health: &Health| {
        let answer = Data {
            data: WebhookView::of(webhook, health, state.now()),
        };
        once.keep(&answer)?;
        Ok::<_, ApiError>(answer)
    };
    let writer = once.writer(&state);
    Ok(writer.enable_webhook(tenant, webhook.id, keep).await?)
}
