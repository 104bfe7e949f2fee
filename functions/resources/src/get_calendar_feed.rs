use api::caller::{App, BaseUrl};
use api::{ApiError, Data, Path, State};
use auth::FeedAddress;
use axum::extract::State as Extract;

use crate::access::ReadFeed;
use crate::views::calendar_feed::{CalendarFeedView, refuse_wider};

/// Shows the private address at which calendar programs read a resource's bookings.
#[utoipa::path(
    get,
    path = "/v2/resources/{id}/calendar_feed",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id.")),
    responses(
        (status = 200, description = "The address.", body = CalendarFeedView),
        (status = 404, description = "There is none, or no such resource, or it is not yours."),
    )
)]
pub(crate) async fn get_calendar_feed(
    App(principal): App<ReadFeed>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    BaseUrl(base): BaseUrl,
) -> Result<Data<CalendarFeedView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Resource"))?;
    let resource = state
        .store()
        .get_resource(principal.tenant(), id)
        .await?
        .ok_or(ApiError::NotFound("Resource"))?;
    let feed = resource
        .calendar_feed
        .filter(|feed| feed.holds_at(state.now()));
    let ends_at = feed.map_or(principal.reach().expires_at, |feed| feed.expires_at);
    refuse_wider(&principal, ends_at)?;
    let secret = state.master_secret().await?;
    // An address whose secret has been rotated out opens nothing any more, so there is none.
    let shown = feed.and_then(|feed| {
        let address = FeedAddress::of(principal.app, resource.id, &feed, secret).ok()?;
        Some(CalendarFeedView::of(&feed, address, &base))
    });
    let data = shown.ok_or(ApiError::NotFound("Calendar feed"))?;
    Ok(Data { data })
}
