use api::caller::App;
use api::{ApiError, Data, Include, OutputZone, Path, State, Tagged};
use axum::extract::State as Extract;
use model::ids::CalendarId;
use views::CalendarView;

use crate::access::Read;
use crate::views::coming_events::coming_events;

/// Shows one calendar.
#[utoipa::path(
    get,
    path = "/v2/calendars/{id}",
    tag = "calendars",
    params(
        ("id" = String, Path, description = "The calendar's id."),
        ("include" = Option<String>, Query, description = "`events`: those that are not over yet."),
    ),
    responses(
        (status = 200, description = "The calendar.", body = CalendarView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_calendar(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Include,
    zone: OutputZone,
) -> Result<Tagged<Data<CalendarView>>, ApiError> {
    let none = || ApiError::NotFound("Calendar");
    let id: CalendarId = id.parse().map_err(|_| none())?;
    let found = state
        .store()
        .get_resource_of_calendar(principal.tenant(), id)
        .await?
        .ok_or_else(none)?;
    let mut view = CalendarView::of(&found.record, id, zone).ok_or_else(none)?;
    if include.has("events") {
        let resource = found.record.id;
        let events = coming_events(&state, &principal, &[resource]).await?;
        view = view.with_events(&events[&resource], zone);
    }
    Ok(Tagged::new(Data { data: view }, &found.version))
}
