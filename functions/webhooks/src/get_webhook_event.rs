use api::caller::App;
use api::{ApiError, Data, OutputZone, Path, State};
use axum::extract::State as Extract;
use model::time::Tz;
use uuid::Uuid;

use crate::access::{Read, may_see, may_see_author};
use crate::views::event::WebhookEventView;

/// Shows one event of the log. Needs the scope of what it is about too, e.g. `bookings.read`.
#[utoipa::path(
    get,
    path = "/v2/webhooks/events/{id}",
    tag = "webhooks",
    params(("id" = String, Path, description = "The event's id.")),
    responses(
        (status = 200, description = "The event.", body = WebhookEventView),
        (status = 404, description = "There is none, it is older than 30 days, or it is not yours to see."),
    )
)]
pub(crate) async fn get_webhook_event(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    zone: OutputZone,
) -> Result<Data<WebhookEventView>, ApiError> {
    let id: Uuid = id.parse().map_err(|_| ApiError::NotFound("Event"))?;
    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let event = store.get_told_event(tenant, id, now).await?;
    let event = event.filter(|event| may_see(&principal, event));
    let event = event.ok_or(ApiError::NotFound("Event"))?;
    let with_author = may_see_author(&principal);
    Ok(Data {
        data: WebhookEventView::of(event, with_author, zone.or(Tz::UTC)),
    })
}
