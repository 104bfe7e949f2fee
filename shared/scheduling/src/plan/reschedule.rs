//! The plan to move a booking to another time, and perhaps to another resource.

use chrono::{DateTime, Utc};
use model::TimeSlot;
use model::booking::{Booking, CannotAct, NewPlace};
use model::graph::Action;
use model::ids::{BookingId, ResourceId};
use model::resource::Resource;
use store::{Decision, Expected, Store, Version};

use crate::actor::Actor;
use crate::error::{Noun, SchedulingError};
use crate::offer::Placed;
use crate::plan::act::check_resources;
use crate::plan::resources::{self, ResourceSet};
use crate::rescheduling::{By, Rescheduling};

/// A booking to move.
#[derive(Clone, Debug)]
pub struct ReschedulePlan {
    /// The booking.
    pub id: BookingId,
    /// The booking that takes its place.
    pub new_id: BookingId,
    /// In which state the booking must be.
    pub expected: Expected,
    /// When it begins and ends then.
    pub slot: TimeSlot,
    /// The resource whose calendar it has then; the same as before if `None`. The resources that are booked together with it
    /// stay.
    pub resource_id: Option<ResourceId>,
    /// Whether the new time must be one that is offered, if the request says so.
    pub only_offered: Option<bool>,
    /// For the booking's history.
    pub message: Option<String>,
}

impl ReschedulePlan {
    /// Makes it part of `decision` for `actor`, and returns the new booking; the same one if it stays where it is.
    ///
    /// # Errors
    ///
    /// [`SchedulingError`] says why it cannot be moved there. Time that is taken is found when the decision is committed.
    pub async fn decide(
        &self,
        store: &Store,
        actor: &Actor,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<Booking, SchedulingError> {
        let booking = decision.booking(self.id).await?;
        let booking = booking.ok_or(SchedulingError::NotFound(Noun::Booking))?;
        let booking = booking.settled(now);
        self.expected.check(&Version::claimed(booking.tag()))?;
        let by = By {
            is_public: actor.is_public,
            only_offered: self.only_offered,
        };
        let rescheduling = Rescheduling::of((store, actor.tenant), &booking, by, now).await?;
        let to = self.resource_id.unwrap_or(booking.resource_id);
        if (to, self.slot) == (booking.resource_id, booking.slot) {
            // It stays where it is, so that a form that is sent twice creates no second booking.
            check_resources(decision, &booking).await?;
            let allowed = booking.check_allows(Action::RescheduleByCustomer);
            allowed.map_err(CannotAct::from)?;
            return Ok(booking);
        }
        let resources = self
            .read_resources(store, actor, decision, &booking)
            .await?;
        self.move_to(
            &resources,
            (store, actor),
            &rescheduling,
            (decision, booking),
            now,
        )
        .await
    }

    /// The resources that it takes time of then.
    async fn read_resources(
        &self,
        store: &Store,
        actor: &Actor,
        decision: &mut Decision<'_>,
        booking: &Booking,
    ) -> Result<Vec<Resource>, SchedulingError> {
        let to = self.resource_id.unwrap_or(booking.resource_id);
        let found = store.get_resource(actor.tenant, to).await?;
        let is_gone = if to == booking.resource_id {
            found.is_none()
        } else {
            !decision.has_resource(booking.resource_id).await?
        };
        if is_gone {
            let resource = booking.resource_id;
            return Err(SchedulingError::ResourceGone { resource });
        }
        let first = found.ok_or(SchedulingError::NotFound(Noun::Resource(to)))?;
        let mut resources = vec![first];
        for id in booking.further_resources_beside(to) {
            let further = store.get_resource(actor.tenant, id).await?;
            resources.push(further.ok_or(SchedulingError::ResourceGone { resource: id })?);
        }
        Ok(resources)
    }

    async fn move_to(
        &self,
        resources: &[Resource],
        (store, actor): (&Store, &Actor),
        rescheduling: &Rescheduling,
        (decision, booking): (&mut Decision<'_>, Booking),
        now: DateTime<Utc>,
    ) -> Result<Booking, SchedulingError> {
        let [resource, ..] = resources else {
            return Err(SchedulingError::NoResources);
        };
        resources::check_lengths(resources, self.slot)?;
        // The same calendar if it is this resource's, else the first.
        let calendar = resource
            .calendar(Some(booking.calendar_id))
            .or_else(|| resource.calendar(None))
            .ok_or(SchedulingError::NotFound(Noun::Calendar))?;
        let place = NewPlace {
            resource_id: resource.id,
            calendar_id: calendar.id,
            timezone: resource.timezone,
            slot: self.slot,
        };
        let message = self.message.clone();
        let (left, mut taken) =
            booking.reschedule(self.new_id, place, &actor.name, message, now)?;
        let set = match rescheduling.offer(&mut taken)? {
            Some(offer) => {
                let at = (store, actor.tenant);
                let slot = (self.slot, Some(self.id));
                ResourceSet::offered(at, &offer, resources, slot, now).await?
            }
            None => ResourceSet::unchecked(resources),
        };
        let placed = Placed {
            id: self.new_id.uuid(),
            buffers: taken.buffers,
            tolerance: taken.tolerance(),
        };
        set.require(decision, self.slot, placed);
        decision.put(left);
        Ok(decision.put(taken))
    }
}
