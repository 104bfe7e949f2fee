use api::caller::App;
use api::concurrency::{IfMatch, Tagged};
use api::idempotency::Idempotency;
use api::{ApiError, Body, Data, Faults, Field, Object, OutputZone, Path, State};
use auth::Principal;
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::TimeSlot;
use model::booking::{Booking, CannotAct, NewPlace};
use model::graph::Action;
use model::ids::{BookingId, ResourceId};
use scheduling::Rescheduling;
use scheduling::offer::{Placed, check_in_no_project};
use scheduling::rescheduling::By;
use serde::Deserialize;
use store::{Decision, Store, Tenant};
use utoipa::ToSchema;

use crate::act_on_booking::MAX_MESSAGE;
use crate::includes::Includes;
use crate::request::{id as parse_id, refuse_too_long, slot};
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
    let wanted = parse(request, &principal)?;
    let new_id = BookingId::random(state.random());
    let (store, tenant, now) = (once.store(&state), principal.tenant(), state.now());
    let by = principal.actor();
    store
        .until_decided(|| async {
            let mut decision = store.decision(tenant, now);
            let booking = decision.booking(id).await?;
            let booking = booking.ok_or(ApiError::NotFound("Booking"))?.settled(now);
            expected.check(&version(&booking))?;
            let rescheduling = Rescheduling::of((&store, tenant), &booking, wanted.by, now).await?;
            let to = wanted.resource_id.unwrap_or(booking.resource_id);
            let taken = if (to, wanted.slot) == (booking.resource_id, booking.slot) {
                // It stays where it is, so that a form that is sent twice makes no second booking.
                if !decision.has_resource(to).await? {
                    return Err(ApiError::RESOURCE_GONE);
                }
                let allowed = booking.check_allows(Action::RescheduleByCustomer);
                allowed.map_err(CannotAct::from)?;
                booking
            } else {
                let moving = Moving {
                    at: (&store, tenant),
                    rescheduling: &rescheduling,
                    wanted: &wanted,
                    new_id,
                    by: &by,
                    now,
                };
                moving.decide(&mut decision, booking, to).await?
            };
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

/// A booking's way to another time or resource.
struct Moving<'a> {
    at: (&'a Store, Tenant),
    rescheduling: &'a Rescheduling,
    wanted: &'a Wanted,
    new_id: BookingId,
    by: &'a str,
    now: DateTime<Utc>,
}

impl Moving<'_> {
    /// Makes it part of `decision`, and answers the new booking.
    async fn decide(
        &self,
        decision: &mut Decision<'_>,
        booking: Booking,
        to: ResourceId,
    ) -> Result<Booking, ApiError> {
        let (at, now, slot, id) = (self.at, self.now, self.wanted.slot, booking.id);
        let (store, tenant) = at;
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
        refuse_too_long(slot, resource.timezone)?;
        // The same calendar if it is this resource's, else the first.
        let calendar = resource
            .calendar(Some(booking.calendar_id))
            .or_else(|| resource.calendar(None))
            .ok_or(ApiError::NotFound("Calendar"))?;
        let place = NewPlace {
            resource_id: resource.id,
            calendar_id: calendar.id,
            timezone: resource.timezone,
            slot,
        };
        let message = self.wanted.message.clone();
        let (left, mut taken) = booking.reschedule(self.new_id, place, self.by, message, now)?;
        decision.capacity(resource.id, resource.capacity);
        if let Some(offer) = self.rescheduling.offer(&mut taken)? {
            if self.rescheduling.project().is_none() && tenant.only_resource.is_none() {
                check_in_no_project(at, &[resource.id]).await?;
            }
            let offered = offer.check(at, &resource, slot, Some(id), now).await?;
            let placed = Placed {
                id: self.new_id.uuid(),
                buffers: taken.buffers,
                tolerance: taken.tolerance(),
            };
            offered.require(decision, slot, resource.id, placed);
        }
        decision.put(left);
        Ok(decision.put(taken))
    }
}

struct Wanted {
    by: By,
    slot: TimeSlot,
    resource_id: Option<ResourceId>,
    message: Option<String>,
}

fn parse(request: RescheduleBookingRequest, principal: &Principal) -> Result<Wanted, ApiError> {
    let mut faults = Faults::none();
    let slot = slot(&mut faults, request.start, request.end);
    let resource_id = parse_id(&mut faults, "resource_id", request.resource_id);
    let message = faults.optional("message", request.message);
    let message = faults.text("message", message, 0..=MAX_MESSAGE);
    let by = by(&mut faults, request.settings, principal);
    let wanted = slot.map(|slot| Wanted {
        by,
        slot,
        resource_id,
        message,
    });
    Ok(faults.finish(wanted)?)
}

/// Who reschedules. Pages are always held to what is offered, and say no more about it than at a booking.
fn by(
    faults: &mut Faults,
    settings: Field<Object<RescheduleSettings>>,
    principal: &Principal,
) -> By {
    let is_public = principal.is_public();
    if settings.is_present() && is_public {
        faults.add("settings", "cannot be set with a public key or token");
    }
    let Object(settings) = faults.optional("settings", settings).unwrap_or_default();
    By {
        is_public,
        only_offered: faults.optional("settings.only_offered", settings.only_offered),
    }
}
