//! A search for the times that a booking can be rescheduled to: what it takes itself is left out, and what its new time is
//! held to is what rescheduling holds it to.

use api::{ApiError, Faults, Field, Object, State};
use auth::{Denied, Principal, signature};
use model::availability::{Mode, Settings, Terms, UNBOUNDED};
use model::booking::Booking;
use model::duration::CalendarSpan;
use model::graph::Action;
use model::ids::BookingId;
use model::project::Project;
use model::resource::Resource;
use model::scope::Scope;
use scheduling::rescheduling::{By, check_possible};
use scheduling::{Rescheduling, SchedulingError};
use serde::Deserialize;
use utoipa::ToSchema;

/// Which booking is to be rescheduled, as it is sent.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, ToSchema)]
pub(crate) struct MovingRequest {
    /// The booking to be rescheduled.
    #[serde(default)]
    #[schema(value_type = String, format = Uuid, required)]
    booking_id: Field<String>,
    /// A token for the action `reschedule_by_customer`, as in customers' links.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    signature: Field<String>,
}

/// Which booking is to be rescheduled.
#[derive(Clone, Debug)]
pub(crate) struct MovingQuery {
    booking_id: BookingId,
    signature: Option<String>,
}

/// A booking that is to be rescheduled, and what its new time is held to.
#[derive(Clone, Debug)]
pub(crate) struct Moving {
    booking: Booking,
    rescheduling: Rescheduling,
}

/// Reads which booking is meant; what is wrong with it goes to `faults`.
pub(crate) fn parse(
    faults: &mut Faults,
    field: Field<Object<MovingRequest>>,
) -> Option<MovingQuery> {
    let Object(sent) = faults.optional("moving", field)?;
    let id = faults.required("moving.booking_id", sent.booking_id);
    let booking_id = faults.parsed("moving.booking_id", id.as_deref(), |id| {
        id.parse().map_err(|_| "must be a valid UUID")
    });
    let signature = faults.optional("moving.signature", sent.signature);
    Some(MovingQuery {
        booking_id: booking_id?,
        signature,
    })
}

impl Moving {
    /// Reads the booking, for a caller that may reschedule it, or that has its customer's signature.
    ///
    /// # Errors
    ///
    /// A booking outside the caller's reach is not found. What rescheduling itself would refuse whatever the time is refused
    /// in the same words.
    pub(crate) async fn read(
        state: &State,
        principal: &Principal,
        asked: MovingQuery,
    ) -> Result<Self, ApiError> {
        let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
        let signed = match &asked.signature {
            None => {
                check_may_reschedule(principal)?;
                None
            }
            Some(token) => Some(verified(state, principal, token, asked.booking_id).await?),
        };
        let booking = store.get_booking(tenant, asked.booking_id).await?;
        let booking = booking.ok_or(ApiError::NotFound("Booking"))?.settled(now);
        if let Some(claims) = signed
            && claims.has("state")
            && claims.text("state") != Some(booking.state.name())
        {
            return Err(not_signed());
        }
        let by = By {
            is_public: principal.is_public() || !principal.may(Scope::BookingsWrite),
            only_offered: None,
        };
        let rescheduling = Rescheduling::of((store, tenant), &booking, by, now).await?;
        check_possible(&booking, now)?;
        let resource = store.get_resource(tenant, booking.resource_id).await?;
        if resource.is_none() {
            let resource = booking.resource_id;
            return Err(SchedulingError::ResourceGone { resource }.into());
        }
        Ok(Self {
            booking,
            rescheduling,
        })
    }

    /// Which booking it is.
    pub(crate) fn id(&self) -> BookingId {
        self.booking.id
    }

    /// The project that it was made through, if that is there. A search may name no other.
    pub(crate) fn project(&self) -> Option<Project> {
        self.rescheduling.project().cloned()
    }

    /// Whether `project_id` may be sent with it.
    pub(crate) fn allows_project(&self, id: model::ids::ProjectId) -> bool {
        self.booking.project_id == Some(id)
    }

    /// Who or what it is of.
    pub(crate) fn resource(&self) -> model::ids::ResourceId {
        self.booking.resource_id
    }

    /// Whether only what is offered is accepted when it is rescheduled.
    pub(crate) fn must_be_offered(&self) -> bool {
        self.rescheduling.must_be_offered()
    }

    /// The settings of the search, with the booking's own for what no project says.
    pub(crate) fn settings(&self, request: Settings) -> Settings {
        if self.rescheduling.project().is_some() {
            return request;
        }
        let own = CalendarSpan::exact(self.booking.slot.length().num_seconds());
        Settings {
            mode: request.mode.or(Some(Mode::Exclusive)),
            length: request.length.or(Some(own)),
            ..request
        }
    }

    /// Narrows a search to what the booking itself needs, which it keeps when it moves, and to when it may be booked.
    pub(crate) fn narrow(&self, terms: &mut Terms) {
        if !self.takes_what_the_offer_needs() {
            let own = self.booking.buffers;
            terms.before_s = terms.before_s.max(own.before_s.into());
            terms.after_s = terms.after_s.max(own.after_s.into());
            terms.ignores_all_day_events = self.booking.ignore_all_day_events;
        }
        terms.narrow_to_notice(self.booking.notice);
    }

    /// How many bookings `resource` bears at once beside this one, unless the offer says so.
    pub(crate) fn capacity(&self, resource: &Resource) -> Option<u32> {
        if self.takes_what_the_offer_needs() {
            None
        } else if self.booking.allow_double_bookings {
            Some(UNBOUNDED)
        } else {
            Some(resource.capacity)
        }
    }

    fn takes_what_the_offer_needs(&self) -> bool {
        self.must_be_offered() && self.rescheduling.project().is_some()
    }
}

/// Whether the caller may reschedule bookings of its app without their customers' signatures: as the operation has it.
fn check_may_reschedule(principal: &Principal) -> Result<(), ApiError> {
    let is_page = principal.is_public() && principal.tenant().only_resource.is_none();
    if is_page || (!principal.is_public() && principal.may(Scope::BookingsWrite)) {
        return Ok(());
    }
    if principal.is_public() {
        let sentence = "is required: this token may not reschedule bookings by itself";
        return Err(ApiError::Invalid(Faults::one("moving.signature", sentence)));
    }
    Err(ApiError::Forbidden(Denied::InsufficientScope(
        Scope::BookingsWrite,
    )))
}

async fn verified(
    state: &State,
    principal: &Principal,
    token: &str,
    booking: BookingId,
) -> Result<signature::Claims, ApiError> {
    let master = state.master_secret().await?;
    let secrets = master.signing_secrets(principal.app)?;
    let claims = signature::verify(token, &secrets).map_err(|_| not_signed())?;
    let is_for_it = claims.is_for(booking, Action::RescheduleByCustomer);
    if !is_for_it || claims.is_out_of_time(state.now()) {
        return Err(not_signed());
    }
    Ok(claims)
}

fn not_signed() -> ApiError {
    let sentence = "does not hold: it must be signed with the app's signing secret for this booking_id and the action \
                    reschedule_by_customer, for the state that the booking is in, and not be out of time";
    ApiError::Invalid(Faults::one("moving.signature", sentence))
}
