use api::caller::{Address, App};
use api::{ApiError, Created, Idempotency, Path, State};
use axum::extract::State as Extract;
use model::delivery::Delivery;
use model::outbox::{ChangeEvent, EventType, ToldEvent, ToldId};

use crate::access::Write;
use crate::common;
use crate::views::delivery::DeliveryView;

/// Sends an event of type `endpoint.test` to a webhook endpoint, whatever events it gets otherwise. What became of it is in the
/// list of its deliveries.
#[utoipa::path(
    post,
    path = "/v2/webhooks/{id}/test",
    tag = "webhooks",
    params(("id" = String, Path, description = "The endpoint's id.")),
    responses(
        (status = 201, description = "The delivery, which is attempted at once.", body = DeliveryView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 409, description = "The endpoint is disabled."),
    )
)]
pub(crate) async fn test_webhook(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    address: Address,
    Path(id): Path<String>,
    once: Idempotency,
) -> Result<Created<DeliveryView>, ApiError> {
    let webhook = common::own_enabled_webhook(&state, &principal, &id).await?;
    let now = state.now();
    let told = ToldEvent {
        id: ToldId::new(now, state.random()).event(0),
        at: now,
        by: principal.actor(),
        from: address.0,
        event: ChangeEvent::of_endpoint(EventType::EndpointTest, webhook.id),
    };
    let delivery = Delivery::new(webhook.id, told, now);
    let answer = Created(DeliveryView::of(&delivery, false));
    once.keep(&answer)?;
    let writer = once.writer(&state);
    writer.create_delivery(principal.app, &delivery).await?;
    Ok(answer)
}
