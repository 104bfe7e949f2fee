//! Calendar providers: what Timekit has and this server has not.

use api::ApiError;
use serde::Deserialize;

/// A body that says nothing.
#[derive(Deserialize)]
pub(crate) struct Anything {}

/// Why nothing can be fetched from a provider.
pub(crate) const NO_PROVIDERS: ApiError = ApiError::NotImplemented(
    "This server keeps no calendar in step with a provider's. Write what blocks time with POST /v2/events, and subscribe \
     to bookings by POST /v2/resources/{id}/calendar_feed.",
);
