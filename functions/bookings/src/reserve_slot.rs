use api::caller::App;
use api::customer::parse_customer;
use api::idempotency::Idempotency;
use api::{ApiError, Body, Created, Faults, Field, Object, OutputZone, State};
use auth::Principal;
use axum::extract::State as Extract;
use model::graph::Graph;
use model::ids::ReservationId;
use scheduling::Actor;
use scheduling::owner::resource_id;
use scheduling::plan::{ReservationPlan, ReservationRequest};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::access::Write;
use crate::request::{BookingSettings, SentTexts, buffers, read_texts, slot, timeout};
use crate::view::reservation::{ReservationView, reservation_time};

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
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    zone: OutputZone,
    once: Idempotency,
    Body(request): Body<ReserveSlotRequest>,
) -> Result<Created<ReservationView>, ApiError> {
    let request = parse(request, &principal, &state)?;
    let (writer, actor, now) = (once.writer(&state), Actor::from(&principal), state.now());
    let id = ReservationId::random(state.random());
    let plan = ReservationPlan::read(&writer, &actor, request, id, now).await?;
    writer
        .until_decided(|| async {
            let mut decision = writer.decision(actor.tenant, now);
            let reservation = plan.decide(&mut decision);
            let answer = Created(ReservationView::new(&reservation, zone));
            once.keep(&answer)?;
            Ok(decision.commit(answer).await?)
        })
        .await
}

/// Reads a request. It is one function because it has a statement for each field.
fn parse(
    request: ReserveSlotRequest,
    principal: &Principal,
    state: &State,
) -> Result<ReservationRequest, ApiError> {
    let mut faults = Faults::none();
    let payment_time = timeout(&mut faults, request.timeout);
    let hold = reservation_time(&mut faults, request.reservation_time);
    let graph = faults.optional("graph", request.graph);
    let graph = faults.parsed("graph", graph.as_deref(), str::parse::<Graph>);
    if graph.is_some_and(Graph::takes_a_seat) {
        faults.add("graph", "takes a seat in a group, which cannot be reserved");
    }
    let calendar_id = faults.id("calendar_id", request.calendar_id);
    let project_id = faults.id("project_id", request.project_id);
    let resource_id = resource_id(&mut faults, request.resource_id, principal.tenant());
    let slot = slot(&mut faults, request.start, request.end);
    let texts = SentTexts {
        what: request.what,
        place: request.place,
        description: request.description,
        participants: Field::Absent,
    };
    let texts = read_texts(&mut faults, texts, None, false);
    let customer = faults.optional("customer", request.customer);
    let customer = customer.and_then(|fields| parse_customer(&mut faults, fields, state.random()));
    let settings = faults.optional("settings", request.settings);
    let Object(settings) = settings.unwrap_or_default();
    let buffers = buffers(&mut faults, &settings);
    let mut flag = |name: &str, field| faults.optional(name, field);
    let ignore_all_day_events = flag(
        "settings.ignore_all_day_events",
        settings.ignore_all_day_events,
    );
    let only_offered = flag("settings.only_offered", settings.only_offered);
    let read = resource_id.zip(slot).zip(buffers);
    let ((resource_id, slot), buffers) = faults.finish(read)?;
    Ok(ReservationRequest {
        resource_ids: vec![resource_id],
        slot,
        calendar_id,
        project_id,
        graph,
        buffers,
        ignore_all_day_events,
        only_offered,
        event: texts.into_event(),
        customer,
        payment_time,
        hold,
    })
}
