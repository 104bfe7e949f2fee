//! The decision to act on a booking, and on those that are changed with it.

use std::collections::BTreeSet;

use api::{ApiError, Faults};
use chrono::{DateTime, Utc};
use model::booking::{Act, Booking};
use model::graph::{Action, Graph};
use model::ids::BookingId;
use store::{Decision, Expected};

use crate::view::version;

/// A booking after an action.
pub(crate) struct Acted {
    pub(crate) booking: Booking,
    /// The bookings that it was taken on beside this one.
    pub(crate) others: Vec<BookingId>,
}

/// An action that is to be taken on a booking.
#[derive(Clone, Debug)]
pub(crate) struct Acting {
    pub(crate) id: BookingId,
    pub(crate) act: Act,
    /// Whether bookings that were made to be changed together are.
    pub(crate) with_related: bool,
    /// In which state the booking must be.
    pub(crate) expected: Expected,
}

impl Acting {
    /// Makes it part of `decision`.
    pub(crate) async fn decide(
        &self,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<Acted, ApiError> {
        let action = self.act.action;
        let booking = decision.booking(self.id).await?;
        let booking = booking.ok_or(ApiError::NotFound("Booking"))?.settled(now);
        self.expected.check(&version(&booking))?;
        let is_possible = booking.graph.after(booking.state, action).is_some();
        if action == Action::RescheduleByCustomer && is_possible {
            return Err(ApiError::Invalid(Faults::one(
                "action",
                "needs a new time: POST to the booking's /reschedule",
            )));
        }
        let mut acted_on = Vec::new();
        if self.with_related && !booking.related.is_empty() {
            let others: Vec<BookingId> = booking
                .related
                .iter()
                .copied()
                .filter(|id| *id != self.id)
                .collect();
            for other in decision.bookings(&others).await? {
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
            others: acted_on,
        })
    }

    /// As [`Acting::decide`], of many in one request: what `done` says was done already, because a booking before
    /// it brought this one along, is not done again.
    pub(crate) async fn decide_once(
        &self,
        decision: &mut Decision<'_>,
        done: &mut BTreeSet<(BookingId, Action)>,
        now: DateTime<Utc>,
    ) -> Result<Booking, ApiError> {
        let action = self.act.action;
        if done.contains(&(self.id, action)) {
            let booking = decision.booking(self.id).await?;
            return booking.ok_or(ApiError::NotFound("Booking"));
        }
        let acted = self.decide(decision, now).await?;
        done.extend(acted.others.into_iter().map(|id| (id, action)));
        Ok(acted.booking)
    }

    async fn act_on(
        &self,
        decision: &mut Decision<'_>,
        booking: Booking,
        now: DateTime<Utc>,
    ) -> Result<Booking, ApiError> {
        let booking = booking.act(self.act.clone(), now)?;
        let is_gone =
            self.act.action.needs_resource() && !decision.has_resource(booking.resource_id).await?;
        if is_gone {
            return Err(ApiError::RESOURCE_GONE);
        }
        if booking.graph == Graph::GroupOwner && self.act.action == Action::Cancel {
            call_off_seats(decision, &booking, &self.act, now).await?;
        }
        Ok(decision.put(booking))
    }
}

/// A group that is called off calls off its customers' bookings with it.
async fn call_off_seats(
    decision: &mut Decision<'_>,
    group: &Booking,
    act: &Act,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
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
            // Whoever did not pay in time has nothing to be called off, but a seat to give back.
            decision.put(settled);
        }
    }
    Ok(())
}
