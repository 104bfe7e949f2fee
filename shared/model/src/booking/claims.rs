//! What a booking takes of its resources and of its group. It follows from its state alone.

use chrono::{DateTime, Utc};

use super::Booking;
use super::new::tolerance;
use crate::graph::Holding;
use crate::ids::{BookingId, ResourceId};
use crate::occupancy::{Claim, ClaimKind, Tolerance};

impl Booking {
    /// What else it books if `resource` becomes its own: each resource once.
    pub fn further_resources_beside(&self, resource: ResourceId) -> Vec<ResourceId> {
        let others = self.further_resources.iter().copied();
        others.filter(|other| *other != resource).collect()
    }

    /// Every resource that it books, its own first.
    pub fn resources(&self) -> impl Iterator<Item = ResourceId> {
        std::iter::once(self.resource_id).chain(self.further_resources.iter().copied())
    }

    /// The time it takes of each of its resources in its state, if it takes any.
    pub fn claim(&self) -> Option<Claim> {
        self.holds(Holding::Time).then(|| Claim {
            until: self.lapses_at(),
            ..self.wanted_claim()
        })
    }

    /// The time it takes of each of its resources, or would take once agreed.
    pub fn wanted_claim(&self) -> Claim {
        Claim {
            id: self.id.into(),
            slot: self.slot,
            buffers: self.buffers,
            until: None,
            kind: ClaimKind::Booking,
        }
    }

    /// What its time may be placed over.
    pub fn tolerance(&self) -> Tolerance {
        tolerance(self.allow_double_bookings, self.ignore_all_day_events)
    }

    /// The seat it takes in its state, if it takes one: of which group, and until when.
    pub fn seat(&self) -> Option<(BookingId, Option<DateTime<Utc>>)> {
        let owner = self.owner_id.filter(|_| self.holds(Holding::Seat))?;
        Some((owner, self.lapses_at()))
    }
}
