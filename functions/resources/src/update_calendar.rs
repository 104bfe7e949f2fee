use api::caller::App;
use api::{ApiError, Body, Data, Faults, IfMatch, OutputZone, Path, State, Tagged};
use axum::extract::State as Extract;
use model::Dated as _;
use model::ids::CalendarId;
use model::resource::Resource;
use store::Versioned;
use views::CalendarView;

use crate::access::WriteOwn;
use crate::fields::calendar::{CalendarFields, CalendarRequest};

/// Changes a calendar. What is not sent stays. `primary: true` makes it the one that bookings go to.
#[utoipa::path(
    put,
    path = "/v2/calendars/{id}",
    tag = "calendars",
    params(("id" = String, Path, description = "The calendar's id.")),
    request_body = CalendarRequest,
    responses(
        (status = 200, description = "The calendar.", body = CalendarView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 409, description = "It is being deleted and cannot become primary."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_calendar(
    App(principal): App<WriteOwn>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    zone: OutputZone,
    Body(request): Body<CalendarRequest>,
) -> Result<Tagged<Data<CalendarView>>, ApiError> {
    let none = || ApiError::NotFound("Calendar");
    let id: CalendarId = id.parse().map_err(|_| none())?;
    let (writer, tenant, now) = (state.writer(), principal.tenant(), state.now());
    let found = writer.get_resource_of_calendar(tenant, id).await?;
    let resource = found.ok_or_else(none)?.record.id;
    let mut faults = Faults::none();
    let fields = CalendarFields::read(request, &mut faults);
    faults.check()?;
    let change = |mut found: Versioned<Resource>| {
        let calendars = &found.record.calendars;
        let place = calendars.iter().position(|calendar| calendar.id == id);
        let place = place.ok_or_else(none)?;
        let before = found.record.calendars.clone();
        let calendars = &mut found.record.calendars;
        let calendar = calendars.remove(place);
        let calendar = calendar.changed(now, |calendar| fields.apply(calendar));
        if fields.is_primary && calendar.is_closing {
            return Err(CLOSING);
        }
        let new_place = if fields.is_primary { 0 } else { place };
        calendars.insert(new_place, calendar);
        if new_place != place {
            calendars[new_place].updated_at = now;
        }
        if found.record.calendars != before {
            found.record.updated_at = now;
        }
        Ok(found)
    };
    let found = writer
        .change_calendars(tenant, resource, &expected, change)
        .await?;
    let view = CalendarView::of(&found.record, id, zone).ok_or_else(none)?;
    Ok(Tagged::new(Data { data: view }, &found.version))
}

/// What is asked of a calendar that takes nothing new.
pub(crate) const CLOSING: ApiError = ApiError::Conflict(
    "This calendar is being deleted. Delete it again to finish that, and use another one.",
);
