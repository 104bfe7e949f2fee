//! Which booking a search for the times that it can be rescheduled to is about, and whether the caller may reschedule it.

use api::{ApiError, Faults, Field, Object, State};
use auth::{Denied, Principal, signature};
use model::graph::Action;
use model::ids::BookingId;
use model::scope::Scope;
use scheduling::rescheduling::By;
use scheduling::search::Moving;
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

/// Reads the booking, for a caller that may reschedule it, or that has its customer's signature.
///
/// # Errors
///
/// A booking outside the caller's reach is not found. What rescheduling itself would refuse whatever the time is refused in
/// the same words.
pub(crate) async fn read(
    state: &State,
    principal: &Principal,
    asked: MovingQuery,
) -> Result<Moving, ApiError> {
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
    Ok(Moving::read((store, tenant), booking, by, now).await?)
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
