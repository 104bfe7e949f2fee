use api::caller::App;
use api::concurrency::{IfMatch, Tagged};
use api::idempotency::Idempotency;
use api::{ApiError, Body, Data, Faults, Field, OutputZone, Path, State};
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::TimeSlot;
use model::booking::{Booking, NewPlace};
use model::ids::{BookingId, ResourceId};
use model::project::Project;
use scheduling::Offer;
use serde::Deserialize;
use store::{Store, Tenant};
use utoipa::ToSchema;

use crate::act_on_booking::MAX_MESSAGE;
use crate::includes::Includes;
use crate::request::{id as parse_id, slot};
use crate::view::{BookingView, Viewer, version};

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
    /// For the booking's history.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    message: Field<String>,
}

/// Moves a booking to another time, perhaps of another resource.
///
/// The answer is a new booking, with a new id, in the state the old one had; the old one ends as
/// `rescheduled_by_customer`. A widget key reschedules only bookings that were made through a project, into what the
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
        (status = 200, description = "The new booking.", body = BookingView),
        (status = 404, description = "There is no such booking or resource, or it is not yours."),
        (status = 409, description = "The new time is taken, or the booking's state does not allow it, or its resource was deleted."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
#[expect(clippy::too_many_arguments, reason = "each is one part of the request")]
pub(crate) async fn reschedule_booking(
    Extract(state): Extract<State>,
    App(principal): App,
    Path(id): Path<String>,
    include: Includes,
    zone: OutputZone,
    once: Idempotency,
    IfMatch(expected): IfMatch,
    Body(request): Body<RescheduleBookingRequest>,
) -> Result<Tagged<Data<BookingView>>, ApiError> {
    let id: BookingId = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let wanted = parse(request)?;
    let new_id = BookingId::random(state.random());
    let (store, tenant, now) = (once.store(&state), principal.tenant(), state.now());
    let by = principal.actor();
    store
        .until_decided(|| async {
            let mut decision = store.decision(tenant, now);
            let booking = decision.booking(id).await?;
            let booking = booking.ok_or(ApiError::NotFound("Booking"))?.settled(now);
            expected.check(&version(&booking))?;
            let project = if principal.is_public() {
                Some(project_of(&store, tenant, &booking, now).await?)
            } else {
                None
            };
            let to = wanted.resource_id.unwrap_or(booking.resource_id);
            let resource = store.get_resource(tenant, to).await?;
            let is_gone = if to == booking.resource_id {
                resource.is_none()
            } else {
                !decision.has_resource(booking.resource_id).await?
            };
            if is_gone {
                return Err(ApiError::RESOURCE_GONE);
            }
            let resource = resource.ok_or(ApiError::NotFound("Resource"))?;
            // The same calendar if it is this resource's, else the first.
            let calendar = resource
                .calendar(Some(booking.calendar_id))
                .or_else(|| resource.calendar(None))
                .ok_or(ApiError::NotFound("Calendar"))?;
            let place = NewPlace {
                resource_id: resource.id,
                calendar_id: calendar.id,
                timezone: resource.timezone,
                slot: wanted.slot,
            };
            let message = wanted.message.clone();
            let (left, mut taken) = booking.reschedule(new_id, place, &by, message, now)?;
            decision.capacity(resource.id, resource.capacity);
            if let Some(project) = &project {
                // It is offered by what the project says now.
                let (offer, slot) = (Offer::of(Some(project))?, wanted.slot);
                taken.ignore_all_day_events = offer.ignores_all_day_events();
                taken.buffers = offer.buffers();
                taken.allow_double_bookings = offer.is_overlapping();
                let offered = offer.check((&store, tenant), &resource, slot, now).await?;
                offered.require(&mut decision, slot, resource.id);
            }
            decision.put(left);
            let taken = decision.put(taken);
            let view = Viewer::show_decided(
                &principal,
                state.store(),
                &include,
                zone,
                taken,
                &mut decision,
                now,
            )
            .await?;
            let version = view.version();
            let answer = Tagged::new(Data { data: view }, &version);
            once.keep(&answer)?;
            Ok(decision.commit(answer).await?)
        })
        .await
}

/// The project that a booking was made through, whose page its customer reschedules it on. What was made otherwise does
/// not exist for a page.
async fn project_of(
    store: &Store,
    tenant: Tenant,
    booking: &Booking,
    now: DateTime<Utc>,
) -> Result<Project, ApiError> {
    let id = booking.project_id.ok_or(ApiError::NotFound("Booking"))?;
    let project = store.get_project(tenant, id).await?;
    let project = project.ok_or(ApiError::NotFound("Booking"))?;
    booking.notice.check_cancelling(booking.slot.start(), now)?;
    Ok(project)
}

struct Wanted {
    slot: TimeSlot,
    resource_id: Option<ResourceId>,
    message: Option<String>,
}

fn parse(request: RescheduleBookingRequest) -> Result<Wanted, ApiError> {
    let mut faults = Faults::none();
    let slot = slot(&mut faults, request.start, request.end);
    let resource_id = parse_id(&mut faults, "resource_id", request.resource_id);
    let message = faults.optional("message", request.message);
    let message = faults.text("message", message, 0..=MAX_MESSAGE);
    let wanted = slot.map(|slot| Wanted {
        slot,
        resource_id,
        message,
    });
    faults.finish(wanted)
}
