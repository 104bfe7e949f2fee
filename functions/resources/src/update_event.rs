use api::caller::App;
use api::{ApiError, Body, Data, Faults, IfMatch, OutputZone, Path, State, Tagged};
use axum::extract::State as Extract;
use model::event::Event;
use store::Version;
use views::EventView;

use crate::access::WriteOwn;
use crate::common::own_event::{event_id, own_event};
use crate::fields::event::{EventFields, EventRequest, refused};

/// Changes an event. What is not sent stays. Its old time is given back and its new one taken at once.
#[utoipa::path(
    put,
    path = "/v2/events/{id}",
    tag = "calendars",
    params(("id" = String, Path, description = "The event's id.")),
    request_body = EventRequest,
    responses(
        (status = 200, description = "The event.", body = EventView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 409, description = "The calendar is being deleted."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_event(
    App(principal): App<WriteOwn>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    zone: OutputZone,
    Body(request): Body<EventRequest>,
) -> Result<Tagged<Data<EventView>>, ApiError> {
    let id = event_id(&id)?;
    let mut faults = Faults::none();
    let fields = EventFields::read(request, &mut faults);
    faults.check()?;
    let (writer, tenant, now) = (state.writer(), principal.tenant(), state.now());
    writer
        .until_decided(|| async {
            let mut decision = writer.decision(tenant, now);
            let (event, resource) = own_event(&writer, &mut decision, tenant, id).await?;
            expected.check(&Version::claimed(&event.version))?;
            let changed = fields.apply(event.clone(), &resource.record)?;
            let event = if changed == event {
                event
            } else {
                let updated_at = now;
                decision.put_event(
                    Event {
                        updated_at,
                        ..changed
                    },
                    &resource,
                )
            };
            let version = Version::claimed(&event.version);
            let data = EventView::of(&event, zone);
            let answer = Tagged::new(Data { data }, &version);
            decision.commit(answer).await.map_err(refused)
        })
        .await
}
