use api::caller::App;
use api::{ApiError, Body, NoContent};

use crate::access::SyncProviders;
use crate::common::no_providers::{Anything, NO_PROVIDERS};

/// Would fetch providers' calendars, which this server does not do.
#[utoipa::path(
    method(get, post),
    path = "/v2/accounts/sync",
    tag = "calendars",
    responses((status = 501, description = "No calendar is kept in step with a provider's."))
)]
pub(crate) async fn sync_accounts(
    _: App<SyncProviders>,
    _: Body<Anything>,
) -> Result<NoContent, ApiError> {
    Err(NO_PROVIDERS)
}
