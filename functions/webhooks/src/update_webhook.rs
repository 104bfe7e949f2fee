use api::caller::App;
use api::{ApiError, Body, Data, Faults, Field, Path, State};
use axum::extract::State as Extract;
use model::webhook::Webhook;

use crate::access::{Write, refuse_narrower};
use crate::common;
use crate::fields::webhook::{WebhookFields, WebhookRequest};
use crate::views::webhook::WebhookView;

/// Changes a webhook endpoint. What is not sent stays.
///
/// Its scopes can only be narrowed. To change an endpoint takes all scopes that it has.
#[utoipa::path(
    patch,
    path = "/v2/webhooks/{id}",
    tag = "webhooks",
    params(("id" = String, Path, description = "The endpoint's id.")),
    request_body = WebhookRequest,
    responses(
        (status = 200, description = "The endpoint.", body = WebhookView),
        (status = 403, description = "It sees more than you may."),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_webhook(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Body(request): Body<WebhookRequest>,
) -> Result<Data<WebhookView>, ApiError> {
    let (tenant, now) = (principal.tenant(), state.now());
    let webhook = common::own_webhook(&state, tenant, &id).await?;
    let mut faults = Faults::none();
    if matches!(request.url, Field::Null) {
        faults.missing("url");
    }
    let fields = WebhookFields::read(request, &state, &principal, &mut faults).await?;
    faults.check()?;
    let change = |webhook: Webhook| {
        refuse_narrower(&principal, &webhook)?;
        fields.apply(webhook, now)
    };
    let writer = state.writer();
    let webhook = writer.change_webhook(tenant, webhook.id, change).await?;
    let health = state.store().get_health(principal.app, webhook.id).await?;
    Ok(Data {
        data: WebhookView::of(&webhook, health.health(), now),
    })
}
