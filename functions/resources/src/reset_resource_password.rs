use api::caller::App;
use api::{ApiError, Body, Faults, Field, NoContent};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Write;

/// Whose password.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ResetResourcePasswordRequest {
    /// The resource's e-mail address.
    #[serde(default)]
    #[schema(value_type = String, required, format = Email)]
    email: Field<String>,
}

/// Accepts a request for a password mail, for clients that send one. **No mail is sent and nothing changes**:
/// set the password with `PUT /v2/resources/{id}`.
#[utoipa::path(
    post,
    path = "/v2/resources/resetpassword",
    tag = "resources",
    request_body = ResetResourcePasswordRequest,
    responses(
        (status = 204, description = "Accepted, whether or not there is such a resource."),
        (status = 422, description = "`email` is missing or no address."),
    )
)]
pub(crate) async fn reset_resource_password(
    _: App<Write>,
    Body(request): Body<ResetResourcePasswordRequest>,
) -> Result<NoContent, ApiError> {
    let mut faults = Faults::none();
    let email = faults.required("email", request.email);
    faults.parsed("email", email.as_deref(), api::body::parse_email);
    faults.check()?;
    Ok(NoContent)
}
