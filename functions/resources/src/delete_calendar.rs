use api::caller::App;
use api::{ApiError, IfMatch, NoContent, Path, State};
use axum::extract::State as Extract;
use model::ids::CalendarId;

use crate::access::WriteOwn;

/// Deletes a calendar with its events, and gives back their time. Its bookings stay, and go to the default calendar.
///
/// From the first moment on it takes no more events. If it has more of them than one request deletes, that is 503, and
/// deleting it again goes on.
#[utoipa::path(
    delete,
    path = "/v2/calendars/{id}",
    tag = "calendars",
    params(("id" = String, Path, description = "The calendar's id.")),
    responses(
        (status = 204, description = "It is gone, and so are its events."),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 409, description = "It is its resource's default calendar."),
    )
)]
pub(crate) async fn delete_calendar(
    App(principal): App<WriteOwn>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<NoContent, ApiError> {
    let none = || ApiError::NotFound("Calendar");
    let id: CalendarId = id.parse().map_err(|_| none())?;
    let (writer, tenant) = (state.writer(), principal.tenant());
    let found = writer.get_resource_of_calendar(tenant, id).await?;
    let resource = found.ok_or_else(none)?.record.id;
    writer
        .delete_calendar(tenant, resource, id, &expected, state.now())
        .await?;
    Ok(NoContent)
}
