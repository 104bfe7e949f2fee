//! Decisions on bookings. A decision reads bookings and reservations, says how they shall be from now on, and
//! is committed in one transaction together with the time and seats they take or give back, on condition
//! that nothing it rests on has changed. If something has, it is made again on what is there now:
//!
//! ```text
//! store.until_decided(|| async {
//!     let mut decision = store.decision(tenant, now);
//!     let booking = decision.booking(id).await?.ok_or(NotFound)?;
//!     let booking = decision.put(booking.act(act.clone(), now)?);
//!     decision.commit(booking).await
//! })
//! ```
//!
//! What a booking takes follows from its state alone, so no operation can forget to take or give back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use model::TimeSlot;
use model::availability::Refusal;
use model::booking::Booking;
use model::graph::Holding;
use model::ids::{BookingId, ReservationId, ResourceId};
use model::occupancy::{CannotPlace, Claim, Occupancy};
use model::reservation::Reservation;
use model::seats::GroupFull;
use tokio::sync::MutexGuard;

use crate::transaction::{Condition, MAX_ACTIONS, MAX_BYTES, Outcome, Transaction};
use crate::{Store, StoreError, Table, Tenant, bookings, reservations, sheets};

/// A decision cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// Time that it needs cannot be taken.
    #[error(transparent)]
    CannotPlace(#[from] CannotPlace),
    /// A seat that it needs cannot be taken.
    #[error(transparent)]
    GroupFull(#[from] GroupFull),
    /// The time is not offered.
    #[error(transparent)]
    NotOffered(#[from] Refusal),
    /// It changes more than fits one transaction.
    #[error("only {fits} bookings fit one transaction")]
    TooLarge {
        /// How many of its bookings would fit.
        fits: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A booking or reservation as it was read, and as it shall be.
struct Draft<T> {
    before: Option<T>,
    after: Option<T>,
    is_changed: bool,
}

/// What a decision has read and what it changes.
pub struct Decision<'a> {
    store: &'a Store,
    tenant: Tenant,
    now: DateTime<Utc>,
    bookings: BTreeMap<BookingId, Draft<Booking>>,
    reservations: BTreeMap<ReservationId, Draft<Reservation>>,
    /// Bookings in the order they were put.
    order: Vec<BookingId>,
    capacities: BTreeMap<ResourceId, u32>,
    requirements: Vec<Requirement>,
    turn: Option<MutexGuard<'a, ()>>,
}

/// What must hold of everything that is taken of a resource within a range, when a decision takes time of it.
struct Requirement {
    resource: ResourceId,
    within: TimeSlot,
    check: Check,
}

type Check = Box<dyn Fn(&[Claim]) -> Result<(), Refusal> + Send + Sync>;

/// What a condition of a decision's transaction is about. Whichever fails, the decision is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Booking,
    Reservation,
    Sheet,
}

impl Store {
    /// Begins a decision for `tenant` at `now`.
    pub fn decision(&self, tenant: Tenant, now: DateTime<Utc>) -> Decision<'_> {
        Decision {
            store: self,
            tenant,
            now,
            bookings: BTreeMap::new(),
            reservations: BTreeMap::new(),
            order: Vec::new(),
            capacities: BTreeMap::new(),
            requirements: Vec::new(),
            turn: None,
        }
    }
}

impl<'a> Decision<'a> {
    /// A booking as this decision has it so far, or as it was last written. A booking outside the tenant is `None`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn booking(&mut self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        if !self.bookings.contains_key(&id) {
            let found = self.store.get_booking(self.tenant, id).await?;
            self.bookings.insert(id, Draft::read(found));
        }
        Ok(self.bookings[&id].after.clone())
    }

    /// As [`Decision::booking`], of many, in one batch. Those that are not there are left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn bookings(&mut self, ids: &[BookingId]) -> Result<Vec<Booking>, StoreError> {
        let unread: Vec<BookingId> = ids
            .iter()
            .copied()
            .filter(|id| !self.bookings.contains_key(id))
            .collect();
        for booking in self.store.get_bookings(self.tenant, &unread).await? {
            self.bookings.insert(booking.id, Draft::read(Some(booking)));
        }
        let drafts = ids.iter().filter_map(|id| self.bookings.get(id));
        Ok(drafts.filter_map(|draft| draft.after.clone()).collect())
    }

    /// As [`Decision::booking`], for a group that many want a seat of at once: waits for a turn first.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn group(&mut self, owner: BookingId) -> Result<Option<Booking>, StoreError> {
        if self.turn.is_none() {
            self.turn = Some(self.store.turn_on_group(owner).await?);
        }
        self.booking(owner).await
    }

    /// A reservation as it was last written.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn reservation(
        &mut self,
        id: ReservationId,
    ) -> Result<Option<Reservation>, StoreError> {
        let found = self.store.get_reservation(self.tenant, id).await?;
        self.reservations.insert(id, Draft::read(found.clone()));
        Ok(found)
    }

    /// Says how many bookings `resource` takes at once. Whoever has read the resource spares the decision a read.
    pub fn capacity(&mut self, resource: ResourceId, capacity: u32) {
        self.capacities.insert(resource, capacity);
    }

    /// Requires something of all that is taken of `resource` on the UTC days that `within` touches, before this decision
    /// takes anything. Those days become part of what the decision rests on.
    pub fn require(
        &mut self,
        resource: ResourceId,
        within: TimeSlot,
        check: impl Fn(&[Claim]) -> Result<(), Refusal> + Send + Sync + 'static,
    ) {
        self.requirements.push(Requirement {
            resource,
            within,
            check: Box::new(check),
        });
    }

    /// Says how a booking shall be. A new one is only kept if there is none with its id. Answers the booking with
    /// the version it is written with.
    pub fn put(&mut self, mut booking: Booking) -> Booking {
        booking.version = self.store.new_version();
        self.order.retain(|id| *id != booking.id);
        self.order.push(booking.id);
        put(&mut self.bookings, booking.id, Some(booking.clone()));
        booking
    }

    /// Says that a booking shall be no more.
    pub fn delete(&mut self, id: BookingId) {
        put(&mut self.bookings, id, None);
    }

    /// Says how a reservation shall be.
    pub fn put_reservation(&mut self, mut reservation: Reservation) -> Reservation {
        reservation.version = self.store.new_version();
        put(
            &mut self.reservations,
            reservation.id,
            Some(reservation.clone()),
        );
        reservation
    }

    /// Says that a reservation shall be no more.
    pub fn delete_reservation(&mut self, id: ReservationId) {
        put(&mut self.reservations, id, None);
    }

    /// Carries it out, all of it or nothing, and answers `decided`; `None` if what it rests on has changed.
    ///
    /// # Errors
    ///
    /// As [`DecisionError`] says; nothing is changed then.
    pub async fn commit<T>(mut self, decided: T) -> Result<Option<T>, DecisionError> {
        self.move_seats().await?;
        let moves = self.moves();
        let _turns = self.store.turns_on(moves.keys().copied()).await?;
        let mut occupancies = Vec::with_capacity(moves.len());
        for (resource, moves) in &moves {
            occupancies.push((*resource, self.place(*resource, moves).await?));
        }
        let transaction = self.transaction(occupancies)?;
        match transaction.commit().await? {
            Outcome::Committed => Ok(Some(decided)),
            Outcome::Refused(_) | Outcome::Conflict => Ok(None),
        }
    }

    /// Writes every seat taken or given back into its group's booking.
    async fn move_seats(&mut self) -> Result<(), DecisionError> {
        let changed = self.bookings.values().filter(|draft| draft.is_changed);
        let seats: Vec<_> = changed
            .map(|draft| {
                let seat = |booking: &Option<Booking>| booking.as_ref().and_then(Booking::seat);
                let booking = draft.before.as_ref().or(draft.after.as_ref());
                (
                    booking.map(|booking| booking.id),
                    seat(&draft.before),
                    seat(&draft.after),
                )
            })
            .filter(|(_, before, after)| before != after)
            .collect();
        for (booking, before, after) in seats {
            let Some((booking, owner)) = booking.zip(before.or(after).map(|(owner, _)| owner))
            else {
                continue;
            };
            let Some(mut group) = self.booking(owner).await? else {
                continue;
            };
            if let Some(seats) = &mut group.seats {
                match after {
                    Some((_, until)) => seats.take(booking, until, self.now)?,
                    None => seats.release(booking),
                }
                self.put(group);
            }
        }
        Ok(())
    }

    /// By resource, which claims go and which come.
    fn moves(&self) -> BTreeMap<ResourceId, Moves> {
        let mut moves: BTreeMap<ResourceId, Moves> = BTreeMap::new();
        for draft in self.bookings.values().filter(|draft| draft.is_changed) {
            let before = draft.before.as_ref().and_then(Booking::claim);
            let after = draft.after.as_ref().and_then(Booking::claim);
            if let (Some(booking), None) = (&draft.after, &draft.before)
                && after.is_none()
                && booking.graph.rules().holding == Holding::Time
                && !booking.completed()
                && !booking.allow_double_bookings
            {
                let moves = moves.entry(booking.resource_id).or_default();
                moves.wanted.push(booking.wanted_claim());
            }
            if before == after
                && draft.before.as_ref().map(|booking| booking.resource_id)
                    == draft.after.as_ref().map(|booking| booking.resource_id)
            {
                continue;
            }
            if let Some((booking, claim)) = draft.before.as_ref().zip(before) {
                moves.entry(booking.resource_id).or_default().go.push(claim);
            }
            if let Some((booking, claim)) = draft.after.as_ref().zip(after) {
                let moves = moves.entry(booking.resource_id).or_default();
                moves.come.push((claim, booking.allow_double_bookings));
            }
        }
        for draft in self.reservations.values().filter(|draft| draft.is_changed) {
            if let Some(before) = &draft.before {
                let moves = moves.entry(before.resource_id).or_default();
                moves.go.push(before.claim());
            }
            if let Some(after) = &draft.after {
                let moves = moves.entry(after.resource_id).or_default();
                moves.come.push((after.claim(), false));
            }
        }
        moves
    }

    async fn place(&self, resource: ResourceId, moves: &Moves) -> Result<Occupancy, DecisionError> {
        let touched = moves
            .go
            .iter()
            .chain(moves.come.iter().map(|(claim, _)| claim))
            .chain(&moves.wanted);
        let required = self
            .requirements
            .iter()
            .filter(|required| required.resource == resource);
        let days = touched
            .flat_map(|claim| claim.widened().days())
            .chain(required.clone().flat_map(|required| required.within.days()));
        let mut occupancy = self
            .store
            .occupancy(self.tenant.app, resource, days, self.now)
            .await?;
        for claim in &moves.go {
            occupancy.release(claim);
        }
        for required in required {
            (required.check)(&occupancy.claims())?;
        }
        if moves.wanted.is_empty() && moves.come.is_empty() {
            return Ok(occupancy);
        }
        let capacity = match self.capacities.get(&resource) {
            Some(capacity) => *capacity,
            None => self.store.capacity(self.tenant, resource).await?,
        };
        for wanted in &moves.wanted {
            occupancy.check_free(wanted, capacity)?;
        }
        for (claim, may_overlap) in &moves.come {
            if !may_overlap {
                occupancy.check_free(claim, capacity)?;
            }
            occupancy.place(*claim)?;
        }
        Ok(occupancy)
    }

    fn transaction(
        &self,
        occupancies: Vec<(ResourceId, Occupancy)>,
    ) -> Result<Transaction<'a, Of>, DecisionError> {
        let mut transaction = Transaction::new(self.store);
        for (id, draft) in self.bookings.iter().filter(|(_, draft)| draft.is_changed) {
            let condition = seen(draft.before.as_ref().map(|booking| &booking.version));
            match &draft.after {
                Some(after) => {
                    let item = bookings::item(self.tenant, after)?;
                    transaction.put(Of::Booking, Table::Data, item, &condition)?;
                }
                None => {
                    let key = bookings::key(self.tenant, *id);
                    transaction.delete(Of::Booking, Table::Data, &key, Some(&condition))?;
                }
            }
        }
        let changed = self
            .reservations
            .iter()
            .filter(|(_, draft)| draft.is_changed);
        for (id, draft) in changed {
            let condition = seen(draft.before.as_ref().map(|held| &held.version));
            match &draft.after {
                Some(after) => {
                    let item = reservations::item(self.tenant, after)?;
                    transaction.put(Of::Reservation, Table::Data, item, &condition)?;
                }
                None => {
                    let key = reservations::key(self.tenant, *id);
                    transaction.delete(Of::Reservation, Table::Data, &key, Some(&condition))?;
                }
            }
        }
        for (resource, occupancy) in occupancies {
            let app = self.tenant.app;
            sheets::add_to(
                &mut transaction,
                self.store,
                &Of::Sheet,
                app,
                resource,
                occupancy,
            )?;
        }
        if transaction.len() > MAX_ACTIONS || transaction.bytes() > MAX_BYTES {
            return Err(DecisionError::TooLarge {
                fits: self.how_many_fit(),
            });
        }
        Ok(transaction)
    }

    /// How many of the bookings, from the first on, need no more actions than a transaction has.
    fn how_many_fit(&self) -> usize {
        let mut items = BTreeSet::new();
        // One is kept free for the answer to a request with an idempotency key.
        let most = MAX_ACTIONS - 1;
        let fits = |id: &&BookingId| {
            let draft = &self.bookings[*id];
            for booking in draft.before.iter().chain(&draft.after) {
                items.insert((booking.id.uuid(), None));
                items.extend(booking.owner_id.map(|owner| (owner.uuid(), None)));
                for day in booking
                    .claim()
                    .iter()
                    .flat_map(|claim| claim.widened().days())
                {
                    items.insert((booking.resource_id.uuid(), Some(day)));
                }
            }
            items.len() <= most
        };
        self.order.iter().take_while(fits).count()
    }
}

/// The claims of one resource that go and come. What is wanted must be free, and is not taken yet.
#[derive(Default)]
struct Moves {
    go: Vec<Claim>,
    come: Vec<(Claim, bool)>,
    wanted: Vec<Claim>,
}

impl<T: Clone> Draft<T> {
    fn read(found: Option<T>) -> Self {
        Self {
            before: found.clone(),
            after: found,
            is_changed: false,
        }
    }
}

fn put<I: Ord, T>(drafts: &mut BTreeMap<I, Draft<T>>, id: I, after: Option<T>) {
    let draft = drafts.entry(id).or_insert(Draft {
        before: None,
        after: None,
        is_changed: false,
    });
    draft.after = after;
    draft.is_changed = true;
}

/// That an item is as it was read.
fn seen(version: Option<&String>) -> Condition {
    Condition::as_seen(version.cloned())
}
