use api::caller::App;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;

use crate::access::Read;
use crate::common;
use crate::views::webhook::WebhookView;

/// Shows a webhook endpoint with its health.
#[utoipa::path(
    get,
    path = "/v2/webhooks/{id}",
    tag = "webhooks",
    params(("id" = String, Path, description = "The endpoint's id.")),
    responses(
        (status = 200, description = "The endpoint.", body = WebhookView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_webhook(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<Data<WebhookView>, ApiError> {
    let webhook = common::own_webhook(&state, principal.tenant(), &id).await?;
    let health = state.store().get_health(principal.app, webhook.id).await?;
    Ok(Data {
        data: WebhookView::of(&webhook, health.health(), state.now()),
    })
}
