use api::caller::App;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;

use crate::access::ReadTimezone;
use crate::get_resource_timezone::{TimezoneView, get_resource_timezone};

/// Tells the time zone of the resource with an e-mail address, under its older name. **Deprecated**: use
/// `GET /v2/resources/timezone/{email}`.
#[utoipa::path(
    get,
    path = "/v2/users/timezone/{email}",
    tag = "resources",
    params(("email" = String, Path, description = "The resource's e-mail address.")),
    responses(
        (status = 200, description = "The time zone.", body = TimezoneView),
        (status = 404, description = "There is no such resource, or it is not yours."),
    )
)]
pub(crate) async fn get_user_timezone(
    caller: App<ReadTimezone>,
    state: Extract<State>,
    email: Path<String>,
) -> Result<Data<TimezoneView>, ApiError> {
    get_resource_timezone(caller, state, email).await
}
