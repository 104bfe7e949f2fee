use api::caller::Public;
use api::{ApiError, NoContent};

use crate::access::Anybody;
use crate::common::no_providers::NO_PROVIDERS;

/// Would send a browser to Microsoft to connect a calendar, which this server does not do.
#[utoipa::path(
    get,
    path = "/v2/accounts/microsoft/signup",
    tag = "calendars",
    responses((status = 501, description = "No calendar is kept in step with a provider's."))
)]
pub(crate) async fn sign_up_with_microsoft(_: Public<Anybody>) -> Result<NoContent, ApiError> {
    Err(NO_PROVIDERS)
}
