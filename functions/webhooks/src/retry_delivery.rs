use api::caller::App;
use api::{ApiError, Data, Idempotency, Path, State};
use axum::extract::State as Extract;
use model::delivery::DeliveryId;

use crate::access::{Write, may_see_delivery};
use crate::common;
use crate::views::delivery::DeliveryView;

/// Sends a delivery again, now, whatever became of it before: the same body under the same id, with the whole retry schedule
/// before it.
#[utoipa::path(
    post,
    path = "/v2/deliveries/{id}/retry",
    tag = "webhooks",
    params(("id" = String, Path, description = "The delivery's id.")),
    responses(
        (status = 200, description = "The delivery, which is attempted at once.", body = DeliveryView),
        (status = 404, description = "There is none, it is older than 30 days, or it is not yours to see."),
        (status = 409, description = "Its endpoint is disabled."),
    )
)]
pub(crate) async fn retry_delivery(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    once: Idempotency,
) -> Result<Data<DeliveryView>, ApiError> {
    let not_found = || ApiError::NotFound("Delivery");
    let id: DeliveryId = id.parse().map_err(|_| not_found())?;
    let webhook = id.webhook.to_string();
    let enabled = common::own_enabled_webhook(&state, &principal, &webhook).await;
    enabled.map_err(|error| match error {
        ApiError::NotFound(_) => not_found(),
        other => other,
    })?;
    let kept = state.store().get_delivery(principal.app, id).await?;
    let is_seen = kept.is_some_and(|kept| may_see_delivery(&principal, kept.delivery()));
    if !is_seen {
        return Err(not_found());
    }
    let keep = |delivery: &_| {
        let answer = Data {
            data: DeliveryView::of(delivery, false),
        };
        once.keep(&answer)?;
        Ok::<_, ApiError>(answer)
    };
    let (writer, now) = (once.writer(&state), state.now());
    let retried = writer.retry_delivery(principal.app, id, now, keep).await?;
    retried.ok_or_else(not_found)
}
