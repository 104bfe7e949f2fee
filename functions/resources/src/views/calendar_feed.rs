//! The private address of a resource's calendar as callers see it.

use api::ApiError;
use auth::{FeedAddress, Principal};
use chrono::{DateTime, Utc};
use model::resource::CalendarFeed;
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;

/// The private address of a resource's calendar.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CalendarFeedView {
    /// The address. Whoever has it reads the resource's bookings.
    url: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// From when on it leads nowhere: when the key expires that made it. `null` means never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<String>,
    /// In an answer that was kept without the address: where to find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
}

const URL_NOTICE: &str = "The address was in the first answer to this request, and is not kept with it. \
    GET the same path: it shows the one that holds now.";

impl CalendarFeedView {
    /// The address of `feed`, below `base`.
    pub(crate) fn of(feed: &CalendarFeed, address: FeedAddress, base: &str) -> Self {
        Self {
            url: Some(format!("{base}/v2/bookings/feeds/{}", address.expose())),
            created_at: format_instant(feed.created_at, Tz::UTC),
            expires_at: feed.expires_at.map(|at| format_instant(at, Tz::UTC)),
            notice: None,
        }
    }

    /// The same without the address, to be kept.
    #[must_use]
    pub(crate) fn without_url(&self) -> Self {
        Self {
            url: None,
            notice: Some(URL_NOTICE),
            ..self.clone()
        }
    }
}

/// The address gives whoever has it more than a bounded key has, so it is shown only to callers that reach as far.
pub(crate) fn refuse_wider(
    principal: &Principal,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(), ApiError> {
    let reach = FeedAddress::reach(expires_at);
    principal.reach().covers(&reach).map_err(ApiError::from)
}
