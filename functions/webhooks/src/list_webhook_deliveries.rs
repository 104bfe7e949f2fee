use api::caller::App;
use api::page::Paging;
use api::{ApiError, Faults, Include, Path, Query, State, Written};
use axum::extract::State as Extract;
use model::delivery::{Delivery, DeliveryState};
use store::{Direction, KeptDelivery, Position, Walk};

use crate::access::{Read, may_see_delivery};
use crate::common;
use crate::views::delivery::DeliveryView;

/// The list's own parameters.
const OWN: &[&str] = &["state", "include", "includes"];

/// Lists what was sent to a webhook endpoint in the last 30 days, newest event first, with every attempt. A delivery needs the
/// scope of what its event is about, e.g. `bookings.read`.
#[utoipa::path(
    get,
    path = "/v2/webhooks/{id}/deliveries",
    tag = "webhooks",
    params(
        ("id" = String, Path, description = "The endpoint's id."),
        ("state" = Option<String>, Query, pattern = "^(pending|delivered|failed)$", description = "Only those that are `pending`, `delivered` or `failed`."),
        ("include" = Option<String>, Query, description = "`body` adds the body of each delivery."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000. Defaults to 50."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses(
        (status = 200, description = "A page of deliveries.", body = Vec<DeliveryView>),
        (status = 404, description = "There is no such endpoint, or it is not yours."),
        (status = 422, description = "The state is unknown."),
    )
)]
pub(crate) async fn list_webhook_deliveries(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    query: Query,
    include: Include,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, wanted) = page.with(OWN, &[], wanted_state(&query))?;
    let webhook = common::own_webhook(&state, principal.tenant(), &id).await?;
    let (store, app) = (state.store(), principal.app);
    let fetch = |after: Option<Position>, limit| async move {
        let walk = Walk {
            direction: Direction::Descending,
            after: after.as_ref(),
            limit,
        };
        store.list_deliveries(app, webhook.id, &walk).await
    };
    let matches = |kept: &KeptDelivery| {
        let delivery: &Delivery = kept.delivery();
        let is_wanted = wanted.is_none_or(|wanted| wanted == delivery.state);
        is_wanted && may_see_delivery(&principal, delivery)
    };
    let page = page.paginate(fetch, matches).await?;
    page.map(|kept| DeliveryView::of(kept.delivery(), include.has("body")))
        .answer()
        .await
}

fn wanted_state(query: &Query) -> Result<Option<DeliveryState>, ApiError> {
    let state = match query.get("state") {
        None | Some("") => None,
        Some("pending") => Some(DeliveryState::Pending),
        Some("delivered") => Some(DeliveryState::Delivered),
        Some("failed") => Some(DeliveryState::Failed),
        Some(_) => {
            let faults = Faults::one("state", "must be pending, delivered or failed");
            return Err(ApiError::Invalid(faults));
        }
    };
    Ok(state)
}
