//! Decisions on bookings and events. A decision reads them and reservations, says how they shall be from now on, and
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

use chrono::{DateTime, NaiveDate, Utc};
use model::TimeSlot;
use model::availability::Refusal;
use model::booking::Booking;
use model::event::Event;
use model::graph::Holding;
use model::ids::{BookingId, EventId, ReservationId, ResourceId};
use model::occupancy::{CannotPlace, Claim, Occupancy, Tolerance};
use model::reservation::Reservation;
use model::resource::Resource;
use model::seats::GroupFull;
use tokio::sync::MutexGuard;
use uuid::Uuid;

use crate::booking::{bookings, events, reservations, resources};
use crate::dynamo::transaction::{Condition, MAX_ACTIONS, MAX_BYTES, Outcome, Transaction};
use crate::dynamo::version::{Version, Versioned};
use crate::unit::sheets;
use crate::{Store, StoreError, Table, Tenant};

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
    const fn is_about_what_is_taken(&self) -> bool {
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

/// A booking, reservation or event as it was read, and as it shall be.
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
    events: BTreeMap<EventId, Draft<Event>>,
    /// Resources that must be as they were read.
    resources: BTreeMap<ResourceId, Version>,
    /// The bookings, reservations and events that were changed, in order.
    order: Vec<Uuid>,
    /// Where in that order each part begins.
    parts: Vec<usize>,
    capacities: BTreeMap<ResourceId, u32>,
    requirements: Vec<Requirement>,
    turn: Option<MutexGuard<'a, ()>>,
}

/// What must hold of everything that is taken of a resource within a range, just before a claim is placed there.
struct Requirement {
    claim: Uuid,
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
    Event,
    Resource,
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
            events: BTreeMap::new(),
            resources: BTreeMap::new(),
            order: Vec::new(),
            parts: Vec::new(),
            capacities: BTreeMap::new(),
            requirements: Vec::new(),
            turn: None,
        }
    }
}

impl<'a> Decision<'a> {
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

    /// A reservation as this decision has it so far, or as it was last written. One that it has used up is `None`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn reservation(
        &mut self,
        id: ReservationId,
    ) -> Result<Option<Reservation>, StoreError> {
        if !self.reservations.contains_key(&id) {
            let found = self.store.get_reservation(self.tenant, id).await?;
            self.reservations.insert(id, Draft::read(found));
        }
        Ok(self.reservations[&id].after.clone())
    }

    /// Says how many bookings `resource` takes at once. Whoever has read the resource spares the decision a read.
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
        let found = self.store.get_resource(self.tenant, resource).await?;
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

    /// Says how a booking shall be. A new one is only kept if there is none with its id. Answers the booking with
    /// the version it is written with.
    pub fn put(&mut self, booking: Booking) -> Booking {
        self.changes(booking.id.uuid());
        self.put_in_silence(booking)
    }

    fn put_in_silence(&mut self, mut booking: Booking) -> Booking {
        // Put twice it is written once, and with the version that may have been told already.
        let told = self
            .bookings
            .get(&booking.id)
            .filter(|draft| draft.is_changed)
            .and_then(|draft| draft.after.as_ref())
            .map(|after| after.version.clone());
        booking.version = told.unwrap_or_else(|| self.store.new_version());
        put(&mut self.bookings, booking.id, Some(booking.clone()));
        booking
    }

    fn changes(&mut self, id: Uuid) {
        if !self.order.contains(&id) {
            self.order.push(id);
        }
    }

    /// Says that a booking shall be no more.
    pub fn delete(&mut self, id: BookingId) {
        self.changes(id.uuid());
        put(&mut self.bookings, id, None);
    }

    /// Says how a reservation shall be.
    pub fn put_reservation(&mut self, mut reservation: Reservation) -> Reservation {
        reservation.version = self.store.new_version();
        self.changes(reservation.id.uuid());
        put(
            &mut self.reservations,
            reservation.id,
            Some(reservation.clone()),
        );
        reservation
    }

    /// Says that a reservation shall be no more.
    pub fn delete_reservation(&mut self, id: ReservationId) {
        self.changes(id.uuid());
        put(&mut self.reservations, id, None);
    }

    /// An event as this decision has it so far, or as it was last written. An event outside the tenant is `None`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn event(&mut self, id: EventId) -> Result<Option<Event>, StoreError> {
        if !self.events.contains_key(&id) {
            let found = self.store.get_event(self.tenant, id).await?;
            self.events.insert(id, Draft::read(found));
        }
        Ok(self.events[&id].after.clone())
    }

    /// As [`Decision::event`], of many, in one batch. Those that are not there are left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn events(&mut self, ids: &[EventId]) -> Result<Vec<Event>, StoreError> {
        let unread: Vec<EventId> = ids
            .iter()
            .copied()
            .filter(|id| !self.events.contains_key(id))
            .collect();
        for event in self.store.get_events(self.tenant, &unread).await? {
            self.events.insert(event.id, Draft::read(Some(event)));
        }
        let drafts = ids.iter().filter_map(|id| self.events.get(id));
        Ok(drafts.filter_map(|draft| draft.after.clone()).collect())
    }

    /// Says how an event of `resource` shall be, on condition that the resource stays as it was read: its calendars and its
    /// zone are what the event rests on. Answers the event with the version it is written with.
    pub fn put_event(&mut self, mut event: Event, resource: &Versioned<Resource>) -> Event {
        event.version = self.store.new_version();
        self.resources
            .insert(resource.record.id, resource.version.clone());
        self.capacity(resource.record.id, resource.record.capacity);
        self.changes(event.id.uuid());
        put(&mut self.events, event.id, Some(event.clone()));
        event
    }

    /// Says that an event shall be no more.
    pub fn delete_event(&mut self, id: EventId) {
        self.changes(id.uuid());
        put(&mut self.events, id, None);
    }

    /// Carries it out, all of it or nothing, and answers `decided`; `None` if what it rests on has changed.
    ///
    /// # Errors
    ///
    /// As [`DecisionError`] says; nothing is changed then.
    pub async fn commit<T>(mut self, decided: T) -> Result<Option<T>, DecisionError> {
        match self.carry_out().await {
            Ok(is_committed) => Ok(is_committed.then_some(decided)),
            // Bookings are read before sheets, so a refusal may rest on what was no longer there together.
            Err(error) if error.is_about_what_is_taken() && self.is_outdated().await? => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a booking, reservation or event is no more as it was read.
    async fn is_outdated(&self) -> Result<bool, StoreError> {
        let read: Vec<&Booking> = self
            .bookings
            .values()
            .filter_map(|draft| draft.before.as_ref())
            .collect();
        let ids: Vec<BookingId> = read.iter().map(|booking| booking.id).collect();
        let found = self.store.get_bookings(self.tenant, &ids).await?;
        let found: BTreeMap<_, _> = found
            .iter()
            .map(|booking| (booking.id, &booking.version))
            .collect();
        if read
            .iter()
            .any(|booking| found.get(&booking.id) != Some(&&booking.version))
        {
            return Ok(true);
        }
        for held in self
            .reservations
            .values()
            .filter_map(|draft| draft.before.as_ref())
        {
            let found = self.store.get_reservation(self.tenant, held.id).await?;
            if found.is_none_or(|found| found.version != held.version) {
                return Ok(true);
            }
        }
        for event in self
            .events
            .values()
            .filter_map(|draft| draft.before.as_ref())
        {
            let found = self.store.get_event(self.tenant, event.id).await?;
            if found.is_none_or(|found| found.version != event.version) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether it was committed.
    async fn carry_out(&mut self) -> Result<bool, DecisionError> {
        self.move_seats().await?;
        let moves = self.moves();
        let _turns = self.store.turns_on(moves.keys().copied()).await?;
        let mut occupancies = Vec::with_capacity(moves.len());
        for (resource, moves) in &moves {
            occupancies.push((*resource, self.place(*resource, moves).await?));
        }
        let transaction = self.transaction(occupancies)?;
        if transaction.is_empty() {
            return Ok(true);
        }
        match transaction.commit().await? {
            Outcome::Committed => Ok(true),
            Outcome::Refused(_) | Outcome::Conflict => Ok(false),
        }
    }

    /// Every booking that it changes, as it shall be, the groups of seats taken and given back included.
    ///
    /// # Errors
    ///
    /// As [`Decision::commit`].
    pub async fn changed(&mut self) -> Result<impl Iterator<Item = &Booking>, DecisionError> {
        self.move_seats().await?;
        let changed = self.bookings.values().filter(|draft| draft.is_changed);
        Ok(changed.filter_map(|draft| draft.after.as_ref()))
    }

    /// Writes every seat taken or given back into its group's booking. Doing it again changes nothing.
    async fn move_seats(&mut self) -> Result<(), DecisionError> {
        let seats: Vec<_> = self
            .in_order()
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
            let Some(group) = self.booking(owner).await? else {
                continue;
            };
            let mut group = group.settled(self.now);
            if let Some(seats) = &mut group.seats {
                match after {
                    Some((_, until)) => {
                        let taken = seats.take(booking, until, self.now);
                        let part = self.part_of(booking.uuid());
                        taken.map_err(|error| DecisionError::GroupFull { part, error })?;
                    }
                    None => seats.release(booking),
                }
                self.put_in_silence(group);
            }
        }
        Ok(())
    }

    /// The bookings that were changed, in order: of two that cannot both be, the later one is at fault.
    fn in_order(&self) -> impl Iterator<Item = &Draft<Booking>> {
        let ids = self.order.iter();
        ids.filter_map(|id| self.bookings.get(&BookingId::new(*id)))
    }

    fn part_of(&self, id: Uuid) -> Option<usize> {
        let place = self.order.iter().position(|changed| *changed == id)?;
        self.parts.iter().rposition(|begin| *begin <= place)
    }

    /// By resource, which claims go and which come.
    fn moves(&self) -> BTreeMap<ResourceId, Moves> {
        // What is required of a resource is judged even if none of its time is taken.
        let required = self.requirements.iter();
        let mut moves: BTreeMap<ResourceId, Moves> = required
            .map(|required| (required.resource, Moves::default()))
            .collect();
        let bookings = self.in_order().flat_map(moves_of_booking);
        let reservations = self.reservations.values().flat_map(moves_of_reservation);
        let events = self.events.values().flat_map(moves_of_event);
        for (resource, step) in bookings.chain(reservations).chain(events) {
            let moves = moves.entry(resource).or_default();
            match step {
                Move::Go(claim) => moves.go.push(claim),
                Move::Come(claim, tolerance) => moves.come.push((claim, tolerance)),
                Move::Want(claim, tolerance) => moves.wanted.push((claim, tolerance)),
            }
        }
        moves
    }

    async fn place(&self, resource: ResourceId, moves: &Moves) -> Result<Occupancy, DecisionError> {
        let touched = moves
            .go
            .iter()
            .chain(moves.come.iter().map(|(claim, _)| claim))
            .chain(moves.wanted.iter().map(|(claim, _)| claim));
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
        let mut given_up: Vec<&Claim> = moves
            .go
            .iter()
            .filter(|claim| occupancy.has(claim))
            .collect();
        for claim in &moves.go {
            occupancy.release(claim);
        }
        let is_placed = |id: Uuid| {
            let mut come = moves.come.iter().map(|(claim, _)| claim.id);
            let mut wanted = moves.wanted.iter().map(|(claim, _)| claim.id);
            come.any(|claim| claim == id) || wanted.any(|claim| claim == id)
        };
        for required in required.filter(|required| !is_placed(required.claim)) {
            self.check(required, &occupancy)?;
        }
        if moves.wanted.is_empty() && moves.come.is_empty() {
            return Ok(occupancy);
        }
        let capacity = match self.capacities.get(&resource) {
            Some(capacity) => *capacity,
            None => self.store.capacity(self.tenant, resource).await?,
        };
        let cannot = |claim: &Claim| {
            let part = self.part_of(claim.id);
            move |error| DecisionError::CannotPlace {
                part,
                resource,
                error,
            }
        };
        for (wanted, tolerance) in &moves.wanted {
            self.check_requirements(resource, wanted.id, &occupancy)?;
            let free = occupancy.check_free(wanted, capacity, *tolerance);
            free.map_err(cannot(wanted))?;
        }
        for (claim, tolerance) in &moves.come {
            self.check_requirements(resource, claim.id, &occupancy)?;
            // Who pays, extends or books what is held has the time already, whoever may overlap it meanwhile.
            let own = given_up.iter().position(|gone| gone.is_as_wide_as(claim));
            if let Some(own) = own {
                given_up.swap_remove(own);
            } else {
                let free = occupancy.check_free(claim, capacity, *tolerance);
                free.map_err(cannot(claim))?;
            }
            occupancy.place(*claim).map_err(cannot(claim))?;
        }
        Ok(occupancy)
    }

    fn check_requirements(
        &self,
        resource: ResourceId,
        claim: Uuid,
        occupancy: &Occupancy,
    ) -> Result<(), DecisionError> {
        self.requirements
            .iter()
            .filter(|required| (required.resource, required.claim) == (resource, claim))
            .try_for_each(|required| self.check(required, occupancy))
    }

    fn check(&self, required: &Requirement, occupancy: &Occupancy) -> Result<(), DecisionError> {
        (required.check)(&occupancy.claims()).map_err(|refusal| DecisionError::NotOffered {
            part: self.part_of(required.claim),
            resource: required.resource,
            refusal,
        })
    }

    fn transaction(
        &self,
        occupancies: Vec<(ResourceId, Occupancy)>,
    ) -> Result<Transaction<'a, Of>, DecisionError> {
        let mut transaction = Transaction::new(self.store);
        let mut bytes = BTreeMap::new();
        for (id, draft) in self.bookings.iter().filter(|(_, draft)| draft.is_changed) {
            let condition = seen(draft.before.as_ref().map(|booking| &booking.version));
            let others = transaction.bytes();
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
            bytes.insert(Touched::Item(id.uuid()), transaction.bytes() - others);
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
        for (id, draft) in self.events.iter().filter(|(_, draft)| draft.is_changed) {
            let others = transaction.bytes();
            events::add_to(
                &mut transaction,
                Of::Event,
                self.tenant,
                (draft.before.as_ref(), draft.after.as_ref()),
            )?;
            bytes.insert(Touched::Item(id.uuid()), transaction.bytes() - others);
        }
        for (id, version) in &self.resources {
            let key = resources::key(self.tenant, *id);
            let condition = Condition::version(version);
            transaction.check(Of::Resource, Table::Data, &key, &condition)?;
        }
        for (resource, occupancy) in occupancies {
            for (day, draft) in occupancy.into_drafts() {
                let others = transaction.bytes();
                let sheet = (self.tenant.app, resource, day);
                sheets::add_to(&mut transaction, self.store, Of::Sheet, sheet, draft)?;
                bytes.insert(Touched::Sheet(resource, day), transaction.bytes() - others);
            }
        }
        if transaction.len() > MAX_ACTIONS || transaction.bytes() > MAX_BYTES {
            return Err(self.too_large(&bytes));
        }
        Ok(transaction)
    }

    /// How many parts fit one transaction, from the first on; of a decision without parts, how many bookings beside
    /// the one that was put last, which they change with.
    fn too_large(&self, bytes: &BTreeMap<Touched, usize>) -> DecisionError {
        let empty = Transaction::<Of>::new(self.store);
        let mut touched = BTreeSet::new();
        let mut fits = |ids: &&[Uuid]| {
            touched.extend(ids.iter().flat_map(|id| self.touched_by(*id)));
            let bytes: usize = touched.iter().filter_map(|item| bytes.get(item)).sum();
            touched.len() + empty.len() <= MAX_ACTIONS && bytes + empty.bytes() <= MAX_BYTES
        };
        if self.parts.is_empty() {
            let (others, last) = self.order.split_at(self.order.len().saturating_sub(1));
            fits(&last);
            let fits = others.chunks(1).take_while(fits).count();
            return DecisionError::TooManyAtOnce { fits };
        }
        let begins = self.parts.iter().copied();
        let ends = begins.clone().skip(1).chain([self.order.len()]);
        let parts = begins.zip(ends).map(|(begin, end)| &self.order[begin..end]);
        DecisionError::TooManyParts {
            fits: parts.take_while(fits).count(),
        }
    }

    /// The items that a change of this booking, reservation or event takes part in.
    fn touched_by(&self, id: Uuid) -> Vec<Touched> {
        let booking = self.bookings.get(&BookingId::new(id));
        let reservation = self.reservations.get(&ReservationId::new(id));
        let event = self.events.get(&EventId::new(id));
        let moves = booking.into_iter().flat_map(moves_of_booking);
        let moves = moves.chain(reservation.into_iter().flat_map(moves_of_reservation));
        let moves = moves.chain(event.into_iter().flat_map(moves_of_event));
        let sheets = moves.flat_map(|(resource, step)| {
            let days = step.claim().widened().days();
            days.map(move |day| Touched::Sheet(resource, day))
        });
        let group = booking.and_then(|draft| {
            let seat = |booking: &Option<Booking>| booking.as_ref().and_then(Booking::seat);
            let (before, after) = (seat(&draft.before), seat(&draft.after));
            let (owner, _) = before.or(after).filter(|_| before != after)?;
            Some(Touched::Item(owner.uuid()))
        });
        sheets.chain(group).chain([Touched::Item(id)]).collect()
    }
}

/// An item of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Touched {
    /// A booking, reservation or event.
    Item(Uuid),
    /// A sheet.
    Sheet(ResourceId, NaiveDate),
}

/// What becomes of a claim.
enum Move {
    /// It goes.
    Go(Claim),
    /// It comes; what it may be placed over.
    Come(Claim, Tolerance),
    /// It must be free, but for what it may be placed over, and is not taken yet.
    Want(Claim, Tolerance),
}

impl Move {
    const fn claim(&self) -> &Claim {
        match self {
            Self::Go(claim) | Self::Come(claim, _) | Self::Want(claim, _) => claim,
        }
    }
}

fn moves_of_booking(draft: &Draft<Booking>) -> Vec<(ResourceId, Move)> {
    let mut moves = Vec::new();
    if !draft.is_changed {
        return moves;
    }
    let before = draft.before.as_ref().and_then(Booking::claim);
    let after = draft.after.as_ref().and_then(Booking::claim);
    if let (Some(booking), None) = (&draft.after, &draft.before)
        && after.is_none()
        && booking.graph.rules().holding == Holding::Time
        && !booking.completed()
        && !booking.allow_double_bookings
    {
        let want = || Move::Want(booking.wanted_claim(), booking.tolerance());
        moves.extend(booking.resources().map(|resource| (resource, want())));
    }
    if before == after && resources_of(&draft.before).eq(resources_of(&draft.after)) {
        return moves;
    }
    if let Some((booking, claim)) = draft.before.as_ref().zip(before) {
        let go = booking.resources().map(|one| (one, Move::Go(claim)));
        moves.extend(go);
    }
    if let Some((booking, claim)) = draft.after.as_ref().zip(after) {
        let come = || Move::Come(claim, booking.tolerance());
        moves.extend(booking.resources().map(|one| (one, come())));
    }
    moves
}

fn resources_of(booking: &Option<Booking>) -> impl Iterator<Item = ResourceId> {
    booking.iter().flat_map(Booking::resources)
}

fn moves_of_reservation(draft: &Draft<Reservation>) -> Vec<(ResourceId, Move)> {
    let before = draft.before.iter().filter(|_| draft.is_changed);
    let after = draft.after.iter().filter(|_| draft.is_changed);
    let go = before.flat_map(|held| held.resources().map(|one| (one, Move::Go(held.claim()))));
    let come = after.flat_map(|held| {
        let come = || Move::Come(held.claim(), held.tolerance());
        held.resources().map(move |one| (one, come()))
    });
    go.chain(come).collect()
}

/// An event stands over whatever is there: a calendar may say anything.
fn moves_of_event(draft: &Draft<Event>) -> Vec<(ResourceId, Move)> {
    let place = |event: &Event| (event.resource_id, event.claim());
    let before = draft.before.as_ref().map(place);
    let after = draft.after.as_ref().map(place);
    if !draft.is_changed || before == after {
        return Vec::new();
    }
    let go = before.map(|(resource, claim)| (resource, Move::Go(claim)));
    let come = after.map(|(resource, claim)| {
        let come = Move::Come(claim, Tolerance::Everything);
        (resource, come)
    });
    go.into_iter().chain(come).collect()
}

/// The claims of one resource that go and come. What is wanted must be free, and is not taken yet.
#[derive(Default)]
struct Moves {
    go: Vec<Claim>,
    come: Vec<(Claim, Tolerance)>,
    wanted: Vec<(Claim, Tolerance)>,
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
