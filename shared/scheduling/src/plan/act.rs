//! The plan to act on a booking, and on those that are changed with it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use model::booking::{Act, Booking};
use model::graph::{Action, Graph};
use model::ids::BookingId;
use store::{Decision, Expected, Version};

use crate::error::{Noun, SchedulingError};

/// A booking after an action.
#[derive(Debug)]
pub struct Acted {
    /// The booking.
    pub booking: Booking,
    /// The other bookings that the action was taken on, because they are changed together.
    pub related: Vec<BookingId>,
}

/// An action to take on a booking.
#[derive(Clone, Debug)]
pub struct ActionPlan {
    /// The booking.
    pub id: BookingId,
    /// The action.
    pub act: Act,
    /// Whether bookings that were created to be changed together are.
    pub with_related: bool,
    /// In which state the booking must be.
    pub expected: Expected,
}

impl ActionPlan {
    /// Makes it part of `decision`.
    ///
    /// # Errors
    ///
    /// [`SchedulingError`] says why the action cannot be taken.
    pub async fn decide(
        &self,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<Acted, SchedulingError> {
        let action = self.act.action;
        let booking = decision.booking(self.id).await?;
        let booking = booking.ok_or(SchedulingError::NotFound(Noun::Booking))?;
        let booking = booking.settled(now);
        self.expected.check(&Version::claimed(booking.tag()))?;
        let is_possible = booking.graph.after(booking.state, action).is_some();
        if action == Action::RescheduleByCustomer && is_possible {
            return Err(SchedulingError::NeedsNewTime);
        }
        let mut acted_on = Vec::new();
        if self.with_related && !booking.related.is_empty() {
            let related: Vec<BookingId> = booking.related_ids().collect();
            for other in decision.bookings(&related).await? {
                // What is over stays as it is; anything else must allow the action too.
                if !other.clone().settled(now).completed() {
                    acted_on.push(other.id);
                    self.act_on(decision, other, now).await?;
                }
            }
        }
        let booking = self.act_on(decision, booking, now).await?;
        Ok(Acted {
            booking,
            related: acted_on,
        })
    }

    /// As [`ActionPlan::decide`], of many in one request. An action in `done` was taken already, because a booking before
    /// this one is changed together with it, and is not taken again.
    ///
    /// # Errors
    ///
    /// As [`ActionPlan::decide`].
    pub async fn decide_once(
        &self,
        decision: &mut Decision<'_>,
        done: &mut BTreeSet<(BookingId, Action)>,
        now: DateTime<Utc>,
    ) -> Result<Booking, SchedulingError> {
        let action = self.act.action;
        if done.contains(&(self.id, action)) {
            let booking = decision.booking(self.id).await?;
            return booking.ok_or(SchedulingError::NotFound(Noun::Booking));
        }
        let acted = self.decide(decision, now).await?;
        done.extend(acted.related.into_iter().map(|id| (id, action)));
        Ok(acted.booking)
    }

    async fn act_on(
        &self,
        decision: &mut Decision<'_>,
        booking: Booking,
        now: DateTime<Utc>,
    ) -> Result<Booking, SchedulingError> {
        let booking = booking.act(self.act.clone(), now)?;
        if self.act.action.needs_resource() {
            check_resources(decision, &booking).await?;
        }
        if booking.graph == Graph::GroupOwner && self.act.action == Action::Cancel {
            cancel_seats(decision, &booking, &self.act, now).await?;
        }
        Ok(decision.put(booking))
    }
}

/// Checks that every resource of `booking` is still there.
///
/// # Errors
///
/// [`SchedulingError::ResourceGone`] names the first that was deleted.
pub async fn check_resources(
    decision: &mut Decision<'_>,
    booking: &Booking,
) -> Result<(), SchedulingError> {
    for resource in booking.resources() {
        if !decision.has_resource(resource).await? {
            return Err(SchedulingError::ResourceGone { resource });
        }
    }
    Ok(())
}

/// Cancels the bookings of a group's customers, because the group is cancelled.
async fn cancel_seats(
    decision: &mut Decision<'_>,
    group: &Booking,
    act: &Act,
    now: DateTime<Utc>,
) -> Result<(), SchedulingError> {
    let customers: Vec<BookingId> = group
        .seats
        .iter()
        .flat_map(|seats| seats.taken.keys().copied())
        .collect();
    for customer in decision.bookings(&customers).await? {
        let act = Act {
            action: Action::CancelByOwner,
            payment_id: None,
            ..act.clone()
        };
        let settled = customer.clone().settled(now);
        if !settled.completed() {
            decision.put(customer.act(act, now)?);
        } else if settled.state != customer.state {
            // A customer who did not pay in time has nothing to cancel, but a seat to give back.
            decision.put(settled);
        }
    }
    Ok(())
}
