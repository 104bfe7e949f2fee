use api::caller::App;
use api::page::Paging;
use api::{ApiError, State, Written};
use axum::extract::State as Extract;

use crate::access::Read;
use crate::views::webhook::WebhookView;

/// Lists the app's webhook endpoints, oldest first, with their health. A resource's token sees those that were made with one.
#[utoipa::path(
    get,
    path = "/v2/webhooks",
    tag = "webhooks",
    params(
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000. Defaults to 50."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "The endpoints.", body = Vec<WebhookView>))
)]
pub(crate) async fn list_webhooks(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, ()) = page.with(&[], &[], Ok(()))?;
    let store = state.store();
    let webhooks = store.list_webhooks(principal.tenant()).await?;
    let ids: Vec<_> = webhooks.iter().map(|webhook| webhook.id).collect();
    let health = store.get_health_of(principal.app, &ids).await?;
    let now = state.now();
    page.of_all(webhooks)
        .map(|webhook| {
            let health = health.get(&webhook.id).cloned().unwrap_or_default();
            WebhookView::of(&webhook, &health, now)
        })
        .answer()
        .await
}
