use api::caller::App;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::ReadTimezone;

/// A resource's time zone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimezoneView {
    /// IANA name.
    timezone: &'static str,
    /// Hours ahead of UTC at this instant; zones off the full hour have a fraction.
    #[schema(value_type = f64)]
    utc_offset: serde_json::Number,
}

/// Tells the time zone of the resource with an e-mail address.
#[utoipa::path(
    get,
    path = "/v2/resources/timezone/{email}",
    tag = "resources",
    params(("email" = String, Path, description = "The resource's e-mail address.")),
    responses(
        (status = 200, description = "The time zone.", body = TimezoneView),
        (status = 404, description = "There is no such resource, or it is not yours."),
    )
)]
pub(crate) async fn get_resource_timezone(
    App(principal): App<ReadTimezone>,
    Extract(state): Extract<State>,
    Path(email): Path<String>,
) -> Result<Data<TimezoneView>, ApiError> {
    let found = state
        .store()
        .get_resource_by_email(principal.tenant(), &email)
        .await?;
    let (resource, _) = found.ok_or(ApiError::NotFound("Resource"))?;
    let offset_s = resource.timezone.offset_s(state.now().timestamp());
    let utc_offset = if offset_s % 3600 == 0 {
        (offset_s / 3600).into()
    } else {
        serde_json::Number::from_f64(f64::from(offset_s) / 3600.0).unwrap_or_else(|| 0.into())
    };
    Ok(Data {
        data: TimezoneView {
            timezone: resource.timezone.name(),
            utc_offset,
        },
    })
}
