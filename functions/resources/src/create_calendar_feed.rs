use api::caller::{App, BaseUrl};
use api::{ApiError, Body, Created, Path, State};
use axum::extract::State as Extract;
use model::ids::CalendarFeedId;
use model::resource::{CalendarFeed, Resource};
use serde_json::{Map, Value};

use crate::calendar_feed::{CalendarFeedView, refuse_wider};

/// Makes the private address at which calendar programs read a resource's bookings, or another one in its place.
///
/// The body has no fields.
#[utoipa::path(
    post,
    path = "/v2/resources/{id}/calendar_feed",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id.")),
    responses(
        (status = 201, description = "The address. The one before, if there was one, leads nowhere from now on.", body = CalendarFeedView),
        (status = 404, description = "There is no such resource, or it is not yours."),
    )
)]
pub(crate) async fn create_calendar_feed(
    Extract(state): Extract<State>,
    App(principal): App,
    Path(id): Path<String>,
    BaseUrl(base): BaseUrl,
    Body(_): Body<Map<String, Value>>,
) -> Result<Created<CalendarFeedView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Resource"))?;
    refuse_wider(&principal)?;
    let feed = CalendarFeed {
        id: CalendarFeedId::random(state.random()),
        secret_version: state.master_secret().await?.current(),
        created_at: state.now(),
    };
    let resource = state
        .store()
        .change_resource(principal.tenant(), id, |resource, secret| {
            let calendar_feed = Some(feed);
            (
                Resource {
                    calendar_feed,
                    ..resource
                },
                secret,
            )
        })
        .await?
        .ok_or(ApiError::NotFound("Resource"))?;
    let view = CalendarFeedView::of(&resource, &principal, &base, &state).await?;
    Ok(Created(view))
}
