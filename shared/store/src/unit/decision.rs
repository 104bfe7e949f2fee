//! Decisions on bookings and events. A decision reads them and reservations, says how they are to be from now on, and
//! is committed in one transaction together with the time and seats they take or give back, on condition
//! that nothing it rests on has changed. If something has, it is made again on what is there now:
//!
//! ```text
//! writer.until_decided(|| async {
//!     let mut decision = writer.decision(tenant, now);
//!     let booking = decision.booking(id).await?.ok_or(NotFound)?;
//!     let booking = decision.put(booking.act(act.clone(), now)?);
//!     decision.commit(booking).await
//! })
//! ```
//!
//! What a record takes of resources follows from its state alone, so no operation can forget to take or give back. What a
//! change tells follows from the change alone, so none can forget to tell it: see [`outbox`](crate::outbox).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::TimeSlot;
use model::availability::Refusal;
use model::booking::Booking;
use model::event::Event;
use model::ids::{BookingId, EventId, ReservationId, ResourceId};
use model::occupancy::{CannotPlace, Claim};
use model::outbox::ChangeEvent;
use model::reservation::Reservation;
use model::resource::Resource;
use model::seats::GroupFull;
use tokio::sync::MutexGuard;
use uuid::Uuid;

use crate::dynamo::{StoreError, Version, Versioned, Writer};
use crate::tenant::Tenant;
use crate::unit::drafts::{Drafts, Kind};

/// A decision cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// Time that it needs cannot be taken.
    #[error("{error}")]
    CannotPlace {
        /// Which part needs it, from 0; none in a decision without parts.
        part: Option<usize>,
        /// Of which resource.
        resource: ResourceId,
        /// Why.
        error: CannotPlace,
    },
    /// A seat that it needs cannot be taken.
    #[error("{error}")]
    GroupFull {
        /// Which part needs it, from 0; none in a decision without parts.
        part: Option<usize>,
        /// Why.
        error: GroupFull,
    },
    /// The time is not offered.
    #[error("{refusal}")]
    NotOffered {
        /// Which part needs it, from 0; none in a decision without parts.
        part: Option<usize>,
        /// Of which resource.
        resource: ResourceId,
        /// Why not.
        refusal: Refusal,
    },
    /// It has more parts than fit one transaction.
    #[error("only the first {fits} parts fit one transaction")]
    TooManyParts {
        /// How many of them fit, from the first on.
        fits: usize,
    },
    /// It changes more bookings together with one than fit one transaction.
    #[error("only {fits} bookings fit one transaction beside the one they change with")]
    TooManyAtOnce {
        /// How many fit beside that one.
        fits: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DecisionError {
    pub(super) const fn is_about_what_is_taken(&self) -> bool {
        match self {
            Self::CannotPlace { .. } | Self::GroupFull { .. } | Self::NotOffered { .. } => true,
            Self::TooManyParts { .. } | Self::TooManyAtOnce { .. } | Self::Store(_) => false,
        }
    }

    /// Which part of the decision it is about, from 0, if it is about one.
    pub const fn part(&self) -> Option<usize> {
        match self {
            Self::CannotPlace { part, .. }
            | Self::GroupFull { part, .. }
            | Self::NotOffered { part, .. } => *part,
            Self::TooManyParts { .. } | Self::TooManyAtOnce { .. } | Self::Store(_) => None,
        }
    }
}

/// What a decision has read and what it changes.
pub struct Decision<'a> {
    pub(super) writer: &'a Writer,
    pub(super) tenant: Tenant,
    pub(super) now: DateTime<Utc>,
    pub(super) bookings: Drafts<Booking>,
    pub(super) reservations: Drafts<Reservation>,
    pub(super) events: Drafts<Event>,
    /// By record, what its change tells.
    pub(super) told: BTreeMap<Uuid, Vec<ChangeEvent>>,
    /// Resources that must be as they were read.
    pub(super) resources: BTreeMap<ResourceId, Version>,
    /// The records that were changed, in order.
    pub(super) order: Vec<Uuid>,
    /// Where in that order each part begins.
    pub(super) parts: Vec<usize>,
    pub(super) capacities: BTreeMap<ResourceId, u32>,
    pub(super) requirements: Vec<Requirement>,
    turn: Option<MutexGuard<'a, ()>>,
}

/// What must hold of everything that is taken of a resource within a range, just before a claim is placed there.
pub(super) struct Requirement {
    pub(super) claim: Uuid,
    pub(super) resource: ResourceId,
    pub(super) within: TimeSlot,
    pub(super) check: Check,
}

type Check = Box<dyn Fn(&[Claim]) -> Result<(), Refusal> + Send + Sync>;

impl Writer {
    /// Begins a decision for `tenant` at `now`.
    pub fn decision(&self, tenant: Tenant, now: DateTime<Utc>) -> Decision<'_> {
        Decision {
            writer: self,
            tenant,
            now,
            bookings: Drafts::default(),
            reservations: Drafts::default(),
            events: Drafts::default(),
            told: BTreeMap::new(),
            resources: BTreeMap::new(),
            order: Vec::new(),
            parts: Vec::new(),
            capacities: BTreeMap::new(),
            requirements: Vec::new(),
            turn: None,
        }
    }
}

impl Decision<'_> {
    /// Every kind of record that a decision changes, in the order that they are placed and written in.
    pub(super) fn kinds(&self) -> [&dyn Kind; 3] {
        [&self.bookings, &self.reservations, &self.events]
    }

    /// Begins the next part of a decision on many things, so that errors tell which part they are about.
    pub fn next_part(&mut self) {
        self.parts.push(self.order.len());
    }

    /// A booking as this decision has it so far, or as it was last written. A booking outside the tenant is `None`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn booking(&mut self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        let (store, tenant) = (self.writer, self.tenant);
        self.bookings.get(store, tenant, id.uuid()).await
    }

    /// As [`Decision::booking`], of many, in one batch. Those that are not there are left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn bookings(&mut self, ids: &[BookingId]) -> Result<Vec<Booking>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let (store, tenant) = (self.writer, self.tenant);
        self.bookings.get_many(store, tenant, &ids).await
    }

    /// As [`Decision::booking`], for a group that many want a seat of at once: waits for a turn first.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn group(&mut self, owner: BookingId) -> Result<Option<Booking>, StoreError> {
        if self.turn.is_none() {
            self.turn = Some(self.writer.turns.outer(owner.uuid()).await?);
        }
        self.booking(owner).await
    }

    /// A reservation as this decision has it so far, or as it was last written. One that it has used up is `None`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn reservation(
        &mut self,
        id: ReservationId,
    ) -> Result<Option<Reservation>, StoreError> {
        let (store, tenant) = (self.writer, self.tenant);
        self.reservations.get(store, tenant, id.uuid()).await
    }

    /// An event as this decision has it so far, or as it was last written. An event outside the tenant is `None`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn event(&mut self, id: EventId) -> Result<Option<Event>, StoreError> {
        let (store, tenant) = (self.writer, self.tenant);
        self.events.get(store, tenant, id.uuid()).await
    }

    /// As [`Decision::event`], of many, in one batch. Those that are not there are left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn events(&mut self, ids: &[EventId]) -> Result<Vec<Event>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let (store, tenant) = (self.writer, self.tenant);
        self.events.get_many(store, tenant, &ids).await
    }

    /// Says how many bookings `resource` takes at once. A caller that has read the resource spares the decision a read.
    pub fn capacity(&mut self, resource: ResourceId, capacity: u32) {
        self.capacities.insert(resource, capacity);
    }

    /// Whether `resource`, which a booking or reservation belongs to, is still there. How many bookings it takes at once is
    /// known from then on, so where the decision takes time of it this costs no read.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn has_resource(&mut self, resource: ResourceId) -> Result<bool, StoreError> {
        if self.capacities.contains_key(&resource) {
            return Ok(true);
        }
        let found = self.writer.get_resource(self.tenant, resource).await?;
        if let Some(found) = &found {
            self.capacity(resource, found.capacity);
        }
        Ok(found.is_some())
    }

    /// Requires something of all that is taken of `resource` on the UTC days that `within` touches, just before this
    /// decision places the time of the booking or reservation `claim`: what it gives back is gone then, and what it takes in
    /// earlier parts is there. Those days become part of what the decision rests on.
    pub fn require(
        &mut self,
        claim: Uuid,
        resource: ResourceId,
        within: TimeSlot,
        check: impl Fn(&[Claim]) -> Result<(), Refusal> + Send + Sync + 'static,
    ) {
        self.requirements.push(Requirement {
            claim,
            resource,
            within,
            check: Box::new(check),
        });
    }

    /// Says how a booking is to be. A new one is only kept if there is none with its id. Answers the booking with
    /// the version it is written with.
    pub fn put(&mut self, booking: Booking) -> Booking {
        self.changes(booking.id.uuid());
        self.bookings.put(booking, self.writer.new_version())
    }

    /// Marks a booking for deletion.
    pub fn delete(&mut self, id: BookingId) {
        self.changes(id.uuid());
        self.bookings.delete(id.uuid());
    }

    /// Says how a reservation is to be. Answers it with the version it is written with.
    pub fn put_reservation(&mut self, reservation: Reservation) -> Reservation {
        self.changes(reservation.id.uuid());
        self.reservations
            .put(reservation, self.writer.new_version())
    }

    /// Marks a reservation for deletion.
    pub fn delete_reservation(&mut self, id: ReservationId) {
        self.changes(id.uuid());
        self.reservations.delete(id.uuid());
    }

    /// Says how an event of `resource` is to be, on condition that the resource stays as it was read: its calendars and its
    /// zone are what the event rests on. Answers the event with the version it is written with.
    pub fn put_event(&mut self, event: Event, resource: &Versioned<Resource>) -> Event {
        self.resources
            .insert(resource.record.id, resource.version.clone());
        self.capacity(resource.record.id, resource.record.capacity);
        self.changes(event.id.uuid());
        self.events.put(event, self.writer.new_version())
    }

    /// Marks an event for deletion.
    pub fn delete_event(&mut self, id: EventId) {
        self.changes(id.uuid());
        self.events.delete(id.uuid());
    }

    /// Every booking that it changes, as it is to be, the groups of seats taken and given back included.
    ///
    /// # Errors
    ///
    /// As [`Decision::commit`].
    pub async fn changed(&mut self) -> Result<impl Iterator<Item = &Booking>, DecisionError> {
        self.move_seats().await?;
        Ok(self.bookings.all_changed())
    }

    fn changes(&mut self, id: Uuid) {
        if !self.order.contains(&id) {
            self.order.push(id);
        }
    }

    /// Which part changes this record, from 0.
    pub(super) fn part_of(&self, id: Uuid) -> Option<usize> {
        let place = self.order.iter().position(|changed| *changed == id)?;
        self.parts.iter().rposition(|begin| *begin <= place)
    }
}
