use api::caller::{App, BaseUrl};
use api::{ApiError, Body, Created, Idempotency, Path, State};
use auth::FeedAddress;
use axum::extract::State as Extract;
use model::ids::CalendarFeedId;
use model::resource::{CalendarFeed, Resource};
use serde_json::{Map, Value};
use store::Expected;

use crate::access::CreateFeed;
use crate::views::calendar_feed::{CalendarFeedView, refuse_wider};

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
    App(principal): App<CreateFeed>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    BaseUrl(base): BaseUrl,
    once: Idempotency,
    Body(_): Body<Map<String, Value>>,
) -> Result<Created<CalendarFeedView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Resource"))?;
    // It ends with whoever makes it.
    let expires_at = principal.reach().expires_at;
    refuse_wider(&principal, expires_at)?;
    let secret = state.master_secret().await?;
    let feed = CalendarFeed {
        id: CalendarFeedId::random(state.random()),
        secret_version: secret.current(),
        created_at: state.now(),
        expires_at,
    };
    let address = FeedAddress::of(principal.app, id, &feed, secret)?;
    let view = CalendarFeedView::of(&feed, address, &base);
    once.keep(&Created(view.without_url()))?;
    once.writer(&state)
        .change_resource(
            principal.tenant(),
            id,
            &Expected::Any,
            |resource, password| {
                let calendar_feed = Some(feed);
                (
                    Resource {
                        calendar_feed,
                        ..resource
                    },
                    password,
                )
            },
        )
        .await?;
    Ok(Created(view))
}
