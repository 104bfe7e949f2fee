//! The private address of a resource's calendar as callers see it.

use api::{ApiError, State};
use auth::{FeedAddress, Principal};
use model::resource::Resource;
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;

/// The private address of a resource's calendar.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CalendarFeedView {
    /// The address. Whoever has it reads the resource's bookings.
    url: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

impl CalendarFeedView {
    /// The address of `resource`'s calendar, below `base`.
    pub(crate) async fn of(
        resource: &Resource,
        principal: &Principal,
        base: &str,
        state: &State,
    ) -> Result<Self, ApiError> {
        let secret = state.master_secret().await?;
        // An address whose secret has been rotated out opens nothing any more, so there is none.
        let address = FeedAddress::of(principal.app, resource, secret)
            .ok()
            .flatten();
        match (address, &resource.calendar_feed) {
            (Some(address), Some(feed)) => Ok(Self {
                url: format!("{base}/v2/bookings/feeds/{}", address.expose()),
                created_at: format_instant(feed.created_at, Tz::UTC),
            }),
            _ => Err(ApiError::NotFound("Calendar feed")),
        }
    }
}

/// The address gives whoever has it more than a bounded key has, so it is shown only to callers that reach as far.
pub(crate) fn refuse_wider(principal: &Principal) -> Result<(), ApiError> {
    let reach = FeedAddress::reach();
    principal.reach().covers(&reach).map_err(ApiError::from)
}
