//! The decision to make a booking, on its own or as one of many.

use api::{ApiError, Faults, State};
use auth::Principal;
use chrono::{DateTime, Utc};
use model::booking::{Booking, NewBooking};
use model::graph::{BookingState, Graph};
use model::ids::{BookingId, ReservationId};
use store::Decision;

use crate::request::{CreateBookingRequest, Defaults, Place, Wanted, parse};

/// A booking that is to be made, as far as it can be told before it is decided.
#[derive(Clone, Debug)]
pub(crate) struct Making {
    id: BookingId,
    by: String,
    related: Vec<BookingId>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    OwnTime {
        new: NewBooking,
        capacity: u32,
        reservation_id: Option<ReservationId>,
    },
    Seat {
        wanted: Wanted,
        owner_id: BookingId,
    },
}

impl Making {
    /// Reads a request and what it refers to: its reservation and its resource.
    pub(crate) async fn read(
        request: CreateBookingRequest,
        principal: &Principal,
        state: &State,
        id: BookingId,
    ) -> Result<Self, ApiError> {
        let tenant = principal.tenant();
        let reservation = match request.reservation_id()? {
            None => None,
            Some(id) => Some(
                state
                    .store()
                    .get_reservation(tenant, id)
                    .await?
                    .ok_or(ApiError::NotFound("Reservation"))?
                    .standing(state.now())?,
            ),
        };
        let defaults = Defaults { reservation };
        let wanted = parse(request, defaults, principal, state.random())?;
        let what = match wanted.place {
            Place::Seat { owner_id, .. } => What::Seat { wanted, owner_id },
            Place::Own {
                resource_id,
                slot,
                reservation_id,
            } => {
                let resource = state
                    .store()
                    .get_resource(tenant, resource_id)
                    .await?
                    .ok_or(ApiError::NotFound("Resource"))?;
                What::OwnTime {
                    new: wanted.of_resource(&resource, slot)?,
                    capacity: resource.capacity,
                    reservation_id,
                }
            }
        };
        Ok(Self {
            id,
            by: principal.actor(),
            related: Vec::new(),
            what,
        })
    }

    /// The same, as one of bookings that are changed together.
    pub(crate) fn related_to(self, related: Vec<BookingId>) -> Self {
        Self { related, ..self }
    }

    /// Makes it part of `decision`.
    pub(crate) async fn decide(
        &self,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<Booking, ApiError> {
        let new = match &self.what {
            What::OwnTime {
                new,
                capacity,
                reservation_id,
            } => {
                if let Some(id) = reservation_id {
                    let held = decision.reservation(*id).await?;
                    let held = held.ok_or(ApiError::NotFound("Reservation"))?;
                    decision.delete_reservation(held.standing(now)?.id);
                }
                decision.capacity(new.resource_id, *capacity);
                // A group's own rules are for those who take a seat in it.
                if new.graph != Graph::GroupOwner {
                    new.notice.check_booking(new.slot.start(), now)?;
                }
                new.clone()
            }
            What::Seat { wanted, owner_id } => {
                let group = decision.group(*owner_id).await?;
                let group = open_group(group, now)?;
                wanted.clone().of_group(&group)?
            }
        };
        let new = NewBooking {
            related: self.related.clone(),
            ..new
        };
        let booking = Booking::create(new, self.id, &self.by, now);
        Ok(decision.put(booking))
    }
}

/// A group that has seats to book at `now`.
fn open_group(group: Option<Booking>, now: DateTime<Utc>) -> Result<Booking, ApiError> {
    let unknown = || {
        let mut faults = Faults::one(
            "related.owner_booking_id",
            "is no group_owner booking of this app",
        );
        // Booking pages show what stands under `event`.
        faults.add("event", "There is no such group. Choose another.");
        ApiError::Invalid(faults)
    };
    let group = group
        .filter(|group| group.seats.is_some())
        .ok_or_else(unknown)?;
    let state = group.clone().settled(now).state;
    if state != BookingState::Tentative {
        return Err(ApiError::GroupClosed(state));
    }
    group.notice.check_booking(group.slot.start(), now)?;
    Ok(group)
}
