use api::caller::App;
use api::{ApiError, Body, Created, Faults, Idempotency, OutputZone, State, Tagged};
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::TimeSlot;
use model::booking::EventText;
use model::event::{Event, event_slot_somewhere};
use model::ids::{CalendarId, EventId, ResourceId};
use model::resource::Resource;
use model::time::Tz;
use scheduling::owner::{calendar_of, resource_id};
use store::{Store, Tenant, Version, Versioned};
use views::EventView;

use crate::access::WriteOwn;
use crate::fields::event::{CreateEventRequest, EventFields, EventRequest, refused};
use crate::update_calendar::CLOSING;

/// Makes an event, which blocks its time: it is offered and booked no more, whatever the resource's capacity.
///
/// It may overlap other events, and bookings that are there already.
#[utoipa::path(
    post,
    path = "/v2/events",
    tag = "calendars",
    request_body = CreateEventRequest,
    responses(
        (status = 201, description = "The event.", body = EventView),
        (status = 404, description = "There is no such resource, or it is not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn create_event(
    App(principal): App<WriteOwn>,
    Extract(state): Extract<State>,
    zone: OutputZone,
    once: Idempotency,
    Body(mut request): Body<EventRequest>,
) -> Result<Tagged<Created<EventView>>, ApiError> {
    let mut faults = Faults::none();
    note_missing(&request, &mut faults);
    let field = std::mem::take(&mut request.resource_id);
    let fields = EventFields::read(request, &mut faults);
    fields.check_time(&mut faults);
    // A calendar says whose it is.
    let resource = match (field.is_given(), fields.calendar_id) {
        (false, Some(_)) if principal.tenant().only_resource.is_none() => None,
        _ => resource_id(&mut faults, field, principal.tenant()),
    };
    let time = fields.start.zip(fields.end);
    let (start, end) = faults.finish(time)?;

    let (writer, tenant, now) = (once.writer(&state), principal.tenant(), state.now());
    let id = EventId::random(state.random());
    // Its real time depends on its resource's zone.
    let is_all_day = fields.is_all_day == Some(true);
    let slot = event_slot_somewhere(start, end, is_all_day);
    let slot: TimeSlot = slot.map_err(|error| ApiError::Internal(error.into()))?;
    writer
        .until_decided(|| async {
            let found = owner(&writer, tenant, resource, fields.calendar_id).await?;
            let calendar = calendar_of(&found.record, fields.calendar_id)?;
            if calendar.is_closing {
                return Err(CLOSING);
            }
            let of = (found.record.id, calendar.id, found.record.timezone);
            let blank = blank(id, of, (slot, is_all_day), now);
            let mut decision = writer.decision(tenant, now);
            let event = decision.put_event(fields.apply(blank, &found.record)?, &found);
            let version = Version::claimed(&event.version);
            let answer = Tagged::new(Created(EventView::of(&event, zone)), &version);
            once.keep(&answer)?;
            decision.commit(answer).await.map_err(refused)
        })
        .await
}

/// Notes what must be said of an event and is not.
fn note_missing(request: &EventRequest, faults: &mut Faults) {
    let required = [
        ("start", &request.start),
        ("end", &request.end),
        ("what", &request.what),
        ("where", &request.place),
    ];
    for (name, field) in required {
        if !field.is_given() {
            faults.missing(name);
        }
    }
}

/// An event of which nothing else is said.
const fn blank(
    id: EventId,
    (resource_id, calendar_id, timezone): (ResourceId, CalendarId, Tz),
    (slot, is_all_day): (TimeSlot, bool),
    now: DateTime<Utc>,
) -> Event {
    Event {
        id,
        resource_id,
        calendar_id,
        slot,
        is_all_day,
        timezone,
        text: EventText {
            what: String::new(),
            place: String::new(),
            description: String::new(),
            participants: Vec::new(),
        },
        rsvp: None,
        created_at: now,
        updated_at: now,
        version: String::new(),
    }
}

/// The resource that the event is to be of: the one named, or else the one that has the calendar.
async fn owner(
    store: &Store,
    tenant: Tenant,
    resource: Option<ResourceId>,
    calendar: Option<CalendarId>,
) -> Result<Versioned<Resource>, ApiError> {
    match (resource, calendar) {
        (None, Some(calendar)) => store
            .get_resource_of_calendar(tenant, calendar)
            .await?
            .ok_or_else(|| {
                ApiError::Invalid(Faults::one("calendar_id", "is no calendar of this app"))
            }),
        (resource, _) => {
            let found = match resource {
                Some(id) => store.get_versioned_resource(tenant, id).await?,
                None => None,
            };
            found.ok_or(ApiError::NotFound("Resource"))
        }
    }
}
