use api::caller::App;
use api::idempotency::Idempotency;
use api::{ApiError, Body, Created, Faults, Field, Object, OutputZone, State};
use axum::extract::State as Extract;
use model::graph::Graph;
use model::ids::ReservationId;
use model::reservation::Reservation;
use scheduling::Offer;
use scheduling::offer::{Placed, check_in_no_project};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::payment::timeout;
use crate::request::{BookingSettings, Reserved, id, no_calendar, refuse_too_long, reserved};
use crate::reservation_view::{ReservationView, reservation_time, until};

/// A slot to hold for a while.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ReserveSlotRequest {
    /// For how long: seconds, 1 to 86,400, or a duration like `"5 minutes"`. Defaults to its project's, or else to 30
    /// seconds.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 86400)]
    reservation_time: Field<Value>,
    /// Who or what is held. Required unless a resource's own token is used.
    #[serde(default)]
    #[schema(value_type = String, format = Uuid)]
    resource_id: Field<String>,
    /// When it begins: RFC 3339 with an offset.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime, required)]
    start: Field<String>,
    /// When it ends. At most 31 days after the start.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime, required)]
    end: Field<String>,
    /// Title of the booking to come.
    #[serde(default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 1000, pattern = r"\S")]
    what: Field<String>,
    /// Place of the booking to come.
    #[serde(default, rename = "where")]
    #[schema(value_type = String, required, min_length = 1, max_length = 1000, pattern = r"\S")]
    place: Field<String>,
    /// More about the booking to come.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20000)]
    description: Field<String>,
    /// How the booking is to come about.
    #[serde(default)]
    #[schema(value_type = Option<api::schemas::Graph>)]
    graph: Field<String>,
    /// Whom the booking is to be for.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    customer: Field<Map<String, Value>>,
    /// How long the booking is to wait for its payment, as for the booking.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    timeout: Field<Value>,
    /// The calendar the booking goes to; the resource's first unless said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    calendar_id: Field<String>,
    /// The project the booking belongs to.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    project_id: Field<String>,
    /// `buffer`, or `buffer_before` and `buffer_after`: free time the booking needs around it. `ignore_all_day_events` and
    /// `only_offered`: as for the booking.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Field<Object<BookingSettings>>,
}

/// Holds a slot for a while, so that it is nobody else's while a customer fills in a form.
///
/// `POST /v2/bookings` with its `id` as `reservation_id` makes a booking of it; what that request leaves out is taken
/// from here. A reservation that is not used lapses by itself.
#[utoipa::path(
    post,
    path = "/v2/bookings/reserve",
    tag = "bookings",
    request_body = ReserveSlotRequest,
    responses(
        (status = 201, description = "The reservation.", body = ReservationView),
        (status = 404, description = "There is no such resource or project, or it is not yours."),
        (status = 409, description = "The time is taken, or not offered where only what is offered is wanted: `errors.event`."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn reserve_slot(
    Extract(state): Extract<State>,
    App(principal): App,
    zone: OutputZone,
    once: Idempotency,
    Body(request): Body<ReserveSlotRequest>,
) -> Result<Created<ReservationView>, ApiError> {
    let mut faults = Faults::none();
    let payment_time = timeout(&mut faults, request.timeout);
    let asked = reservation_time(&mut faults, request.reservation_time);
    let graph = faults.optional("graph", request.graph);
    let graph = faults.parsed("graph", graph.as_deref(), str::parse::<Graph>);
    if graph.is_some_and(Graph::takes_a_seat) {
        faults.add("graph", "takes a seat in a group, which cannot be reserved");
    }
    let calendar_id = id(&mut faults, "calendar_id", request.calendar_id);
    let project_id = id(&mut faults, "project_id", request.project_id);
    let held = reserved(
        &mut faults,
        &principal,
        state.random(),
        Reserved {
            resource_id: request.resource_id,
            start: request.start,
            end: request.end,
            what: request.what,
            place: request.place,
            description: request.description,
            customer: request.customer,
            settings: request.settings,
        },
    );
    let held = faults.finish(held)?;
    let (store, tenant, now) = (once.store(&state), principal.tenant(), state.now());
    let resource = store.get_resource(tenant, held.resource_id).await?;
    let resource = resource.ok_or(ApiError::NotFound("Resource"))?;
    refuse_too_long(held.slot, resource.timezone)?;
    let project = match project_id {
        Some(id) => Some(
            store
                .get_project(tenant, id)
                .await?
                .ok_or(ApiError::NotFound("Project"))?,
        ),
        None => None,
    };
    let offer = Offer::of(project.as_ref())?;
    let only_offered = held.only_offered.unwrap_or(offer.is_required());
    let offered = if only_offered {
        let at = (state.store(), tenant);
        if project.is_none() && tenant.only_resource.is_none() {
            check_in_no_project(at, &[resource.id]).await?;
        }
        Some(offer.check(at, &resource, held.slot, None, now).await?)
    } else {
        None
    };
    let of_project = offer.ignores_all_day_events();
    let ignore_all_day_events = held.ignore_all_day_events.unwrap_or(of_project);
    let reservation = Reservation {
        id: ReservationId::random(state.random()),
        resource_id: resource.id,
        further_resources: Vec::new(),
        calendar_id: resource.calendar(calendar_id).ok_or_else(no_calendar)?.id,
        project_id,
        graph,
        slot: held.slot,
        timezone: resource.timezone,
        buffers: held.buffers,
        ignore_all_day_events,
        only_offered,
        event: held.event,
        customer: held.customer,
        payment_time,
        until: until(now, resource.timezone, asked, offer.hold()),
        created_at: now,
        version: String::new(),
    };
    store
        .until_decided(|| async {
            let mut decision = store.decision(tenant, now);
            decision.capacity(resource.id, resource.capacity);
            if let Some(offered) = &offered {
                let placed = Placed {
                    id: reservation.id.uuid(),
                    buffers: reservation.buffers,
                    tolerance: reservation.tolerance(),
                };
                offered.require(&mut decision, reservation.slot, resource.id, placed);
            }
            let reservation = decision.put_reservation(reservation.clone());
            let answer = Created(ReservationView::new(&reservation, zone));
            once.keep(&answer)?;
            Ok(decision.commit(answer).await?)
        })
        .await
}
