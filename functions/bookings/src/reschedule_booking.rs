use api::caller::App;
use api::concurrency::{IfMatch, Tagged};
use api::idempotency::Idempotency;
use api::{ApiError, Body, Data, Faults, Field, Object, OutputZone, Path, State};
use auth::Principal;
use axum::extract::State as Extract;
use model::ids::BookingId;
use scheduling::Actor;
use scheduling::plan::ReschedulePlan;
use serde::Deserialize;
use store::Expected;
use utoipa::ToSchema;

use crate::access::Reschedule;
use crate::act_on_booking::MAX_MESSAGE;
use crate::includes::Includes;
use crate::request::slot;
use crate::view::{BookingView, Presenter};

/// Where a booking shall go.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RescheduleBookingRequest {
    /// When it begins now: RFC 3339 with an offset.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime, required)]
    start: Field<String>,
    /// When it ends now.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime, required)]
    end: Field<String>,
    /// Who or what is booked now; the same as before unless said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    resource_id: Field<String>,
    /// `only_offered` (boolean): whether the new time must be one that availability offers, as for a page; as the booking or
    /// its project's `booking.only_offered` says unless sent.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Field<Object<RescheduleSettings>>,
    /// For the booking's history.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    message: Field<String>,
}

/// Rules for one rescheduling.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct RescheduleSettings {
    only_offered: Field<bool>,
}

/// Moves a booking to another time, perhaps of another resource.
///
/// The answer is a new booking, with a new id, in the state the old one had; the old one ends as
/// `rescheduled_by_customer`. To the time and resource it has already, nothing is changed, and the answer is the booking
/// itself. A widget key reschedules only bookings that were made through a project, into what the
/// project offers, and is not shown whom they are for. The new time is taken and the old given back in one transaction: both happen, or neither.
/// Possible for confirmed bookings of the graphs `instant` and `confirm_decline`.
#[utoipa::path(
    post,
    path = "/v2/bookings/{id}/reschedule",
    tag = "bookings",
    params(
        ("id" = String, Path, description = "The booking's id."),
        ("include" = Option<String>, Query, description = "What to show beside the base fields, separated by commas."),
    ),
    request_body = RescheduleBookingRequest,
    responses(
        (status = 200, description = "The new booking, or the same one if it stays where it is.", body = BookingView),
        (status = 404, description = "There is no such booking or resource, or it is not yours."),
        (status = 409, description = "The new time is taken, or the booking's state does not allow it, or its resource was deleted."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
#[expect(clippy::too_many_arguments, reason = "each is one part of the request")]
pub(crate) async fn reschedule_booking(
    App(principal): App<Reschedule>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Includes,
    zone: OutputZone,
    once: Idempotency,
    IfMatch(expected): IfMatch,
    Body(request): Body<RescheduleBookingRequest>,
) -> Result<Tagged<Data<BookingView>>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let new_id = BookingId::random(state.random());
    let plan = ReschedulePlan {
        expected,
        ..parse(request, id, new_id, &principal)?
    };
    let (writer, tenant, now) = (once.writer(&state), principal.tenant(), state.now());
    let actor = Actor::from(&principal);
    let presenter = Presenter {
        principal: &principal,
        store: state.store(),
        include: &include,
        zone,
        now,
    };
    writer
        .until_decided(|| async {
            let mut decision = writer.decision(tenant, now);
            let booking = plan.decide(&writer, &actor, &mut decision, now).await?;
            let mut view = presenter.decided(booking, &mut decision).await?;
            let (links, version) = (view.take_links(), view.version());
            let answer = Tagged::new(Data { data: view }, &version);
            once.keep(&answer)?;
            let answer = answer.map(|Data { data: view }| Data {
                data: view.with_links(links),
            });
            Ok(decision.commit(answer).await?)
        })
        .await
}

fn parse(
    request: RescheduleBookingRequest,
    id: BookingId,
    new_id: BookingId,
    principal: &Principal,
) -> Result<ReschedulePlan, ApiError> {
    let mut faults = Faults::none();
    let slot = slot(&mut faults, request.start, request.end);
    let resource_id = faults.id("resource_id", request.resource_id);
    let message = faults.optional("message", request.message);
    let message = faults.text("message", message, 0..=MAX_MESSAGE);
    let only_offered = only_offered(&mut faults, request.settings, principal);
    let plan = slot.map(|slot| ReschedulePlan {
        id,
        new_id,
        expected: Expected::Any,
        slot,
        resource_id,
        only_offered,
        message,
    });
    Ok(faults.finish(plan)?)
}

/// Whether the new time must be one that is offered. Pages are always held to what is offered, and say no more about it than
/// at a booking.
fn only_offered(
    faults: &mut Faults,
    settings: Field<Object<RescheduleSettings>>,
    principal: &Principal,
) -> Option<bool> {
    if settings.is_present() && principal.is_public() {
        faults.add("settings", "cannot be set with a public key or token");
    }
    let Object(settings) = faults.optional("settings", settings).unwrap_or_default();
    faults.optional("settings.only_offered", settings.only_offered)
}
