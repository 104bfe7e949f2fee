use api::caller::App;
use api::{ApiError, Body, NoContent};

use crate::access::Write;
use crate::reset_resource_password::{ResetResourcePasswordRequest, reset_resource_password};

/// Accepts a request for a password mail, under its older name. **No mail is sent and nothing changes.** **Deprecated**:
/// set the password with `PUT /v2/resources/{id}`.
#[utoipa::path(
    post,
    path = "/v2/users/resetpassword",
    tag = "resources",
    request_body = ResetResourcePasswordRequest,
    responses(
        (status = 204, description = "Accepted, whether or not there is such a resource."),
        (status = 422, description = "`email` is missing or no address."),
    )
)]
pub(crate) async fn reset_user_password(
    caller: App<Write>,
    request: Body<ResetResourcePasswordRequest>,
) -> Result<NoContent, ApiError> {
    reset_resource_password(caller, request).await
}
