//! The plan to create a booking, by itself or as one of many.

use chrono::{DateTime, Utc};
use model::booking::{Booking, CannotAct, NewBooking};
use model::graph::Graph;
use model::ids::{BookingId, ReservationId};
use store::{Decision, Store};

use crate::actor::Actor;
use crate::defaults::Defaults;
use crate::error::{Noun, SchedulingError};
use crate::offer::Placed;
use crate::plan::request::{BookingRequest, Place};
use crate::plan::resources::{self, ResourceSet};
use crate::plan::seat::SeatPlan;

/// A booking to create.
#[derive(Clone, Debug)]
pub struct BookingPlan {
    id: BookingId,
    by: String,
    related: Vec<BookingId>,
    place: PlannedPlace,
}

#[derive(Clone, Debug)]
enum PlannedPlace {
    Time(Box<TimePlan>),
    Seat(Box<SeatPlan>),
}

/// A booking that takes time of its resources.
#[derive(Clone, Debug)]
struct TimePlan {
    new: NewBooking,
    resources: ResourceSet,
    reservation_id: Option<ReservationId>,
}

impl BookingPlan {
    /// Reads what `request` refers to: its resources and what is offered of them. `id` is the booking's.
    ///
    /// # Errors
    ///
    /// [`SchedulingError`] says what cannot be booked, and of which resource.
    pub async fn read(
        store: &Store,
        actor: &Actor,
        request: BookingRequest,
        defaults: &Defaults<'_>,
        id: BookingId,
        now: DateTime<Utc>,
    ) -> Result<Self, SchedulingError> {
        let place = match request.place.clone() {
            Place::Seat { owner_id, .. } => PlannedPlace::Seat(Box::new(SeatPlan {
                request,
                owner_id,
                is_public: actor.is_public,
            })),
            Place::Time {
                resource_ids,
                slot,
                reservation_id,
            } => {
                let at = (store, actor.tenant);
                let resources = resources::read(store, actor.tenant, &resource_ids).await?;
                let must_be_offered =
                    actor.is_public || (request.only_offered && !request.is_checked);
                let set = if must_be_offered {
                    let offer = defaults.offer();
                    ResourceSet::offered(at, offer, &resources, (slot, None), now).await?
                } else {
                    ResourceSet::unchecked(&resources)
                };
                PlannedPlace::Time(Box::new(TimePlan {
                    new: request.of_resources(&resources, slot)?,
                    resources: set,
                    reservation_id,
                }))
            }
        };
        Ok(Self {
            id,
            by: actor.name.clone(),
            related: Vec::new(),
            place,
        })
    }

    /// The same, as one of bookings that are changed together.
    #[must_use]
    pub fn related_to(self, related: Vec<BookingId>) -> Self {
        Self { related, ..self }
    }

    /// Makes it part of `decision`, and returns the booking.
    ///
    /// # Errors
    ///
    /// [`SchedulingError`] says what cannot be booked. Time and seats that are taken are found when the decision is committed.
    pub async fn decide(
        &self,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<Booking, SchedulingError> {
        let new = match &self.place {
            PlannedPlace::Time(plan) => plan.decide(self.id, decision, now).await?,
            PlannedPlace::Seat(plan) => plan.decide(decision, now).await?,
        };
        let new = NewBooking {
            related: self.related.clone(),
            ..new
        };
        let booking = Booking::create(new, self.id, &self.by, now);
        Ok(decision.put(booking))
    }
}

impl TimePlan {
    async fn decide(
        &self,
        id: BookingId,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<NewBooking, SchedulingError> {
        let new = &self.new;
        if let Some(id) = self.reservation_id {
            let reservation = decision.reservation(id).await?;
            let reservation = reservation.ok_or(SchedulingError::NotFound(Noun::Reservation))?;
            decision.delete_reservation(reservation.valid_at(now)?.id);
        }
        let placed = Placed {
            id: id.uuid(),
            buffers: new.buffers,
            tolerance: new.tolerance(),
        };
        self.resources.require(decision, new.slot, placed);
        // A group's own notice is for its customers.
        if new.graph != Graph::GroupOwner {
            let (start, zone) = (new.slot.start(), new.timezone);
            let in_time = new.notice.check_booking(start, zone, now);
            in_time.map_err(CannotAct::from)?;
        }
        Ok(new.clone())
    }
}
