//! Deleting a resource, and what becomes of its bookings to come.
//!
//! From the first transaction on the resource is gone, with its e-mail pointer, its calendars and its credentials: nobody
//! can book it any more. What is to be called off with it is called off after that, in transactions of its own, as the
//! record of the deletion says, which goes last. Whatever interrupts this, asking again finishes it. It is one file because
//! each step rests on the one before.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use model::TimeSlot;
use model::booking::{Act, Booking, CannotAct};
use model::graph::Graph;
use model::ids::{BookingId, ResourceId};
use model::occupancy::ClaimKind;
use model::outbox;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::access::credentials;
use crate::booking::bookings::{BookingList, SlotWindow};
use crate::booking::calendar_pointers;
use crate::booking::resources::Guard;
use crate::dynamo::{
    Condition, Direction, Expected, Item, Position, Stale, StoreError, Transaction, Walk, Writer,
};
use crate::outbox::tell_in;
use crate::places;
use crate::tenant::Tenant;
use crate::unit::decision::{Decision, DecisionError};

/// How long one request goes on calling off bookings, or counting them.
const PATIENCE: Duration = Duration::from_secs(8);

/// How many bookings are read at once.
const BATCH: usize = 250;

/// How many bookings are called off in one transaction: with the days that they may touch, far fewer than it takes.
const TOGETHER: usize = 20;

/// What becomes of a resource's bookings to come when it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookingsToCome {
    /// There must be none.
    Refuse,
    /// They stay as they are.
    Keep,
    /// They are called off.
    Cancel,
}

/// Who deletes a resource, when, and with what becoming of its bookings.
#[derive(Clone, Copy, Debug)]
pub struct ResourceDeletion<'a> {
    /// What becomes of bookings to come.
    pub bookings: BookingsToCome,
    /// Who is named in the history of bookings that are called off.
    pub by: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// A resource could not be deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteResourceError {
    /// There is no such resource for the tenant.
    #[error("there is no such resource")]
    NotFound,
    /// It is not in the state that was expected.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// It has bookings to come: at least so many.
    #[error("it has {0} bookings to come")]
    HasBookings(usize),
    /// It has more bookings than could be called off, or looked through, by now. Asking again goes on.
    #[error("some of its bookings are left")]
    Unfinished,
    /// A booking could not be called off.
    #[error(transparent)]
    Booking(#[from] DecisionError),
    /// A booking's state does not allow what its graph does.
    #[error(transparent)]
    Illegal(#[from] CannotAct),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// That a resource was deleted, and its bookings are being called off.
#[derive(Serialize, Deserialize)]
struct Record {
    since: DateTime<Utc>,
}

impl Writer {
    /// Deletes a resource, if it is in a state that is `expected`, with its e-mail pointer, its calendars and its
    /// credentials, in one transaction. With it its events are there no more, and they are tidied away after it; then its
    /// bookings to come are called off, if that is asked for. Asking again goes on with what an interruption has left,
    /// whatever becomes of bookings by then. Bookings stay readable.
    ///
    /// # Errors
    ///
    /// As [`DeleteResourceError`] says. Unless it is [`DeleteResourceError::Unfinished`], or the store failed, nothing is
    /// deleted then.
    pub async fn delete_resource(
        &self,
        tenant: Tenant,
        id: ResourceId,
        expected: &Expected,
        deletion: ResourceDeletion<'_>,
    ) -> Result<(), DeleteResourceError> {
        if !tenant.includes(id) {
            return Err(DeleteResourceError::NotFound);
        }
        let deadline = Instant::now() + PATIENCE;
        // What a resource that is gone has left was decided on when it went.
        if deletion.bookings == BookingsToCome::Refuse
            && let Some(found) = self.get_versioned_resource(tenant, id).await?
        {
            expected.check(&found.version)?;
            self.refuse_bookings(tenant, id, deletion.now, deadline)
                .await?;
        }
        let deleted = self
            .delete_resource_itself(tenant, id, expected, deletion)
            .await;
        let is_begun = match &deleted {
            Ok(()) => deletion.bookings == BookingsToCome::Cancel,
            Err(DeleteResourceError::NotFound) => {
                let found: Option<Record> = self
                    .get_record(&places::resource_deletion(tenant.app, id))
                    .await?;
                found.is_some()
            }
            Err(_) => return deleted,
        };
        self.sweep_events(tenant, id).await?;
        if !is_begun {
            deleted?;
        }
        // A credential made between our look and the deletion is gone too: from now on none can be made.
        for credential in self.credentials_of(tenant, id).await? {
            self.delete_credential(tenant, credential.id).await?;
        }
        if is_begun {
            self.call_off_bookings(tenant, id, deletion, deadline)
                .await?;
            self.delete_all(&[places::resource_deletion(tenant.app, id)])
                .await?;
        }
        Ok(())
    }

    async fn delete_resource_itself(
        &self,
        tenant: Tenant,
        id: ResourceId,
        expected: &Expected,
        deletion: ResourceDeletion<'_>,
    ) -> Result<(), DeleteResourceError> {
        self.until_decided(|| async {
            let found = self.get_versioned_resource(tenant, id).await?;
            let mut found = found.ok_or(DeleteResourceError::NotFound)?;
            expected.check(&found.version)?;
            let condition = Condition::version(&found.version);
            let mut transaction = Transaction::new(self);
            let app = tenant.app;
            let place = places::resource(app, id);
            transaction.delete(Guard::Resource, &place, Some(&condition))?;
            if let Some(email) = &found.record.email {
                let pointer = places::resource_email(app, email);
                transaction.delete(Guard::Email, &pointer, None)?;
            }
            for credential in self.credentials_of(tenant, id).await? {
                credentials::remove_in(&mut transaction, &Guard::Other, &credential)?;
            }
            let calendars = std::mem::take(&mut found.record.calendars);
            let record = &mut found.record;
            calendar_pointers::name_in(&mut transaction, Guard::Other, app, &calendars, record)?;
            let told = outbox::of_resource(id, Some(&found.record), None);
            tell_in(&mut transaction, Guard::Other, app, told)?;
            if deletion.bookings == BookingsToCome::Cancel {
                let record = Record {
                    since: deletion.now,
                };
                let record = Item::new(&places::resource_deletion(app, id), &record)?;
                transaction.put_unconditionally(Guard::Other, record)?;
            }
            Ok(transaction.decide(()).await?)
        })
        .await
    }

    /// Refuses a resource that has bookings to come. Those that hold time are found whatever an index lags behind.
    async fn refuse_bookings(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        now: DateTime<Utc>,
        deadline: Instant,
    ) -> Result<(), DeleteResourceError> {
        let mut found: BTreeSet<BookingId> = BTreeSet::new();
        let mut after = None;
        loop {
            let (bookings, next) = self.next_bookings(tenant, resource, after, now).await?;
            let to_come = bookings
                .into_iter()
                .filter(|booking| booking.is_to_come(now));
            found.extend(to_come.map(|booking| booking.id));
            after = next;
            let is_late = Instant::now() >= deadline;
            if is_late && found.is_empty() && after.is_some() {
                return Err(DeleteResourceError::Unfinished);
            }
            if is_late || after.is_none() {
                break;
            }
        }
        if found.is_empty() {
            let holding = self.holders_of_time(tenant, resource, now).await?;
            found.extend(holding.iter().map(|booking| booking.id));
        }
        match found.len() {
            0 => Ok(()),
            count => Err(DeleteResourceError::HasBookings(count)),
        }
    }

    /// Calls off every booking of a resource that is to come: first those that its list names, then what else holds its
    /// time.
    async fn call_off_bookings(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        deletion: ResourceDeletion<'_>,
        deadline: Instant,
    ) -> Result<(), DeleteResourceError> {
        let mut after = None;
        loop {
            let (bookings, next) = self
                .next_bookings(tenant, resource, after, deletion.now)
                .await?;
            self.call_off(tenant, &bookings, deletion, deadline).await?;
            after = next;
            if after.is_none() {
                break;
            }
        }
        // Who was in the queue of this process has read the resource while it was there. After them nobody has.
        drop(self.turns.inner([resource.uuid()].into_iter()).await?);
        let holding = self.holders_of_time(tenant, resource, deletion.now).await?;
        self.call_off(tenant, &holding, deletion, deadline).await
    }

    /// The next bookings of a resource that are not over at `now`, settled, and where to go on, if there are more.
    async fn next_bookings(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        after: Option<Position>,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Booking>, Option<Position>), StoreError> {
        let window = SlotWindow {
            from: Some(now),
            to: None,
        };
        let list = BookingList::OfResource { resource, window };
        let walk = Walk {
            direction: Direction::Ascending,
            after: after.as_ref(),
            limit: BATCH,
        };
        let chunk = self.list_bookings(tenant, &list, &walk, now).await?;
        let next = chunk.rows.last().map(|(position, _)| position.clone());
        let bookings = chunk
            .rows
            .into_iter()
            .map(|(_, booking)| booking.settled(now));
        Ok((bookings.collect(), next.filter(|_| !chunk.is_last)))
    }

    /// The bookings to come that hold time of a resource, strongly consistent and settled.
    async fn holders_of_time(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Booking>, StoreError> {
        // The last day of which an instant can be sent.
        let last = Utc.with_ymd_and_hms(9998, 12, 31, 23, 59, 59).single();
        let last = last.unwrap_or(now).max(now + TimeDelta::seconds(1));
        let Ok(from_now_on) = TimeSlot::new(now, last) else {
            return Ok(Vec::new());
        };
        let claims = self.claims_of(tenant, &[resource], from_now_on).await?;
        let ids: Vec<BookingId> = claims
            .into_iter()
            .flatten()
            .filter(|claim| claim.kind == ClaimKind::Booking && claim.slot.end() > now)
            .map(|claim| BookingId::new(claim.id))
            .collect();
        // Reservations hold time under ids that no booking has.
        let bookings = self.get_bookings(tenant, &ids).await?.into_iter();
        let settled = bookings.map(|booking| booking.settled(now));
        Ok(settled.filter(|booking| booking.is_to_come(now)).collect())
    }

    async fn call_off(
        &self,
        tenant: Tenant,
        bookings: &[Booking],
        deletion: ResourceDeletion<'_>,
        deadline: Instant,
    ) -> Result<(), DeleteResourceError> {
        let to_come = bookings
            .iter()
            .filter(|booking| booking.is_to_come(deletion.now));
        let (groups, others): (Vec<&Booking>, Vec<&Booking>) =
            to_come.partition(|booking| booking.graph == Graph::GroupOwner);
        let ids: Vec<BookingId> = others.iter().map(|booking| booking.id).collect();
        self.call_off_in_chunks(tenant, &ids, deletion, deadline)
            .await?;
        for group in groups {
            let seats = group.seats.iter();
            let customers = seats.flat_map(|seats| seats.taken.keys().copied());
            let customers: Vec<BookingId> = customers.collect();
            self.call_off_in_chunks(tenant, &customers, deletion, deadline)
                .await?;
            self.call_off_together(tenant, &[group.id], deletion, deadline)
                .await?;
        }
        Ok(())
    }

    async fn call_off_in_chunks(
        &self,
        tenant: Tenant,
        ids: &[BookingId],
        deletion: ResourceDeletion<'_>,
        deadline: Instant,
    ) -> Result<(), DeleteResourceError> {
        for some in ids.chunks(TOGETHER) {
            let done = self
                .call_off_together(tenant, some, deletion, deadline)
                .await;
            match done {
                // They touch many days: one by one they have fewer.
                Err(DeleteResourceError::Booking(DecisionError::TooManyAtOnce { .. })) => {
                    for id in some {
                        self.call_off_together(tenant, &[*id], deletion, deadline)
                            .await?;
                    }
                }
                done => done?,
            }
        }
        Ok(())
    }

    /// Calls off what is to come of these bookings in one transaction, a group with whoever has a seat in it.
    async fn call_off_together(
        &self,
        tenant: Tenant,
        ids: &[BookingId],
        deletion: ResourceDeletion<'_>,
        deadline: Instant,
    ) -> Result<(), DeleteResourceError> {
        if Instant::now() >= deadline {
            return Err(DeleteResourceError::Unfinished);
        }
        self.until_decided(|| async {
            let mut decision = self.decision(tenant, deletion.now);
            for booking in decision.bookings(ids).await? {
                let booking = booking.settled(deletion.now);
                if !booking.is_to_come(deletion.now) {
                    continue;
                }
                let seats = booking.seats.iter();
                let customers = seats.flat_map(|seats| seats.taken.keys().copied());
                let customers: Vec<BookingId> = customers.collect();
                for customer in decision.bookings(&customers).await? {
                    let customer = customer.settled(deletion.now);
                    if !customer.completed() {
                        end(&mut decision, customer, deletion)?;
                    }
                }
                end(&mut decision, booking, deletion)?;
            }
            Ok::<_, DeleteResourceError>(decision.commit(()).await?)
        })
        .await
    }
}

fn end(
    decision: &mut Decision<'_>,
    booking: Booking,
    deletion: ResourceDeletion<'_>,
) -> Result<(), CannotAct> {
    if let Some(action) = booking.graph.calling_off(booking.state) {
        let act = Act {
            action,
            by: deletion.by.to_owned(),
            message: None,
            payment_id: None,
        };
        decision.put(booking.act(act, deletion.now)?);
    }
    Ok(())
}
