use api::caller::App;
use api::{ApiError, Body, Created, Faults, Idempotency, OutputZone, State, Tagged};
use axum::extract::State as Extract;
use model::ids::CalendarId;
use model::resource::{Calendar, MAX_CALENDARS, Resource};
use scheduling::owner::resource_id;
use store::{Expected, Versioned};
use views::CalendarView;

use crate::access::WriteOwn;
use crate::fields::calendar::{CalendarFields, CalendarRequest, CreateCalendarRequest};

/// Makes a calendar of a resource, beside the one that it was made with.
#[utoipa::path(
    post,
    path = "/v2/calendars",
    tag = "calendars",
    request_body = CreateCalendarRequest,
    responses(
        (status = 201, description = "The calendar.", body = CalendarView),
        (status = 404, description = "There is no such resource, or it is not yours."),
        (status = 422, description = "Something is wrong with the request, or the resource has 20 calendars already: `errors`, by field."),
    )
)]
pub(crate) async fn create_calendar(
    App(principal): App<WriteOwn>,
    Extract(state): Extract<State>,
    zone: OutputZone,
    once: Idempotency,
    Body(mut request): Body<CalendarRequest>,
) -> Result<Tagged<Created<CalendarView>>, ApiError> {
    let mut faults = Faults::none();
    let field = std::mem::take(&mut request.resource_id);
    let resource = resource_id(&mut faults, field, principal.tenant());
    if !request.name.is_given() {
        faults.missing("name");
    }
    let fields = CalendarFields::read(request, &mut faults);
    let (resource, name) = faults.finish(resource.zip(fields.name.clone()))?;
    let now = state.now();
    let id = CalendarId::random(state.random());
    let calendar = fields.apply(Calendar {
        name,
        description: String::new(),
        ..Calendar::default_of_resource(id, now)
    });
    let answer = |resource: &Versioned<Resource>| {
        let view = CalendarView::of(&resource.record, id, zone);
        let view = view.ok_or(ApiError::NotFound("Calendar"))?;
        Ok::<_, ApiError>(Tagged::new(Created(view), &resource.version))
    };
    let change = |mut found: Versioned<Resource>| {
        if found.record.calendars.len() >= MAX_CALENDARS {
            let sentence = "has 20 calendars, the most there can be; delete one first";
            return Err(ApiError::Invalid(Faults::one("resource_id", sentence)));
        }
        let last = found.record.calendars.len();
        let place = if fields.is_primary { 0 } else { last };
        found.record.calendars.insert(place, calendar.clone());
        found.record.updated_at = now;
        once.keep(&answer(&found)?)?;
        Ok(found)
    };
    let writer = once.writer(&state);
    let found = writer
        .change_calendars(principal.tenant(), resource, &Expected::Any, change)
        .await?;
    answer(&found)
}
