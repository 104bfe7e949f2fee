//! The clock: it carries out what is due, and never decides what is true. A booking completes at its time whether the clock
//! runs or not, because readers settle what they read; the clock writes the step, so that it is told. A step that somebody's
//! change has written already is not due any more, so it is told once.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt};
use model::ids::{BookingId, ReservationId};
use store::{
    Attempt, DecisionError, Direction, DueId, DueThing, SHARDS, Store, StoreError, Tenant, Walk,
};

/// How many due things are read at once of a partition.
const CHUNK: usize = 100;

/// How many are carried out at once.
const AT_ONCE: usize = 8;

/// An entry of the index that stays for longer than the index can lag is not the record's own any more: a version of this
/// program that does not know the index has rewritten the record.
const STALE: TimeDelta = TimeDelta::minutes(5);

/// What a tick of the clock did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// How many bookings and reservations it changed.
    pub carried_out: usize,
    /// How many could not be changed. They stay due.
    pub failed: usize,
    /// When the longest due of all had been due, done or not.
    pub oldest: Option<DateTime<Utc>>,
    /// Whether there may be more than it had time for.
    pub has_more: bool,
}

/// How carrying one out ended.
enum Outcome {
    CarriedOut,
    NothingDue,
    Failed,
}

/// Carries out what is due at `now`, the longest due first, as long as `has_time` says so. What fails stays due, and keeps
/// nothing else from being carried out.
///
/// # Errors
///
/// Only if the index cannot be read.
pub async fn tick(
    store: &Store,
    now: DateTime<Utc>,
    has_time: impl Fn() -> bool,
) -> Result<Ticked, StoreError> {
    let mut ticked = Ticked::default();
    for shard in 0..SHARDS {
        let mut after = None;
        loop {
            if !has_time() {
                ticked.has_more = true;
                return Ok(ticked);
            }
            let walk = Walk {
                direction: Direction::Ascending,
                after: after.as_ref(),
                limit: CHUNK,
            };
            let chunk = store.list_due(shard, now, &walk).await?;
            after = chunk.rows.last().map(|(position, _)| position.clone());
            let due: Vec<DueThing> = chunk.rows.into_iter().map(|(_, due)| due).collect();
            ticked.add(store, due, now).await;
            if chunk.is_last {
                break;
            }
        }
    }
    Ok(ticked)
}

impl Ticked {
    async fn add(&mut self, store: &Store, due: Vec<DueThing>, now: DateTime<Utc>) {
        let first = due.first().map(|due| due.at);
        self.oldest = [self.oldest, first].into_iter().flatten().min();
        let each = due.into_iter().map(|due| carry_out(store, due, now));
        let outcomes = stream::iter(each).buffer_unordered(AT_ONCE);
        let outcomes: Vec<Outcome> = outcomes.collect().await;
        for outcome in outcomes {
            match outcome {
                Outcome::CarriedOut => self.carried_out += 1,
                Outcome::NothingDue => {}
                Outcome::Failed => self.failed += 1,
            }
        }
    }
}

async fn carry_out(store: &Store, due: DueThing, now: DateTime<Utc>) -> Outcome {
    let done = match due.id {
        DueId::Booking(id) => booking(store, due, id, now).await,
        DueId::Reservation(id) => reservation(store, due, id, now).await,
    };
    match done {
        Ok(true) => Outcome::CarriedOut,
        Ok(false) => Outcome::NothingDue,
        Err(error) => {
            let (app, id) = (due.app, due.id);
            tracing::error!(%app, ?id, %error, "what is due could not be carried out");
            Outcome::Failed
        }
    }
}

/// Whether the index has had time to learn of every change, so that an entry in it is the record's own or nobody's.
fn is_stale(due: DueThing, now: DateTime<Utc>) -> bool {
    now - due.at > STALE
}

async fn booking(
    store: &Store,
    due: DueThing,
    id: BookingId,
    now: DateTime<Utc>,
) -> Result<bool, DecisionError> {
    let writer = store.writer();
    let decide = || async {
        let mut decision = writer.decision(Tenant::app(due.app), now);
        let Some(booking) = decision.booking(id).await? else {
            return Ok(Attempt::Decided(false));
        };
        let is_due = booking.next_due().is_some_and(|at| at <= now);
        if !is_due && !is_stale(due, now) {
            return Ok(Attempt::Decided(false));
        }
        decision.put(booking.ticked(now));
        decision.commit(true).await
    };
    writer.until_decided(decide).await
}

async fn reservation(
    store: &Store,
    due: DueThing,
    id: ReservationId,
    now: DateTime<Utc>,
) -> Result<bool, DecisionError> {
    let writer = store.writer();
    let decide = || async {
        let mut decision = writer.decision(Tenant::app(due.app), now);
        let Some(held) = decision.reservation(id).await? else {
            return Ok(Attempt::Decided(false));
        };
        let is_due = held.next_due().is_some_and(|at| at <= now);
        if !is_due && !is_stale(due, now) {
            return Ok(Attempt::Decided(false));
        }
        decision.put_reservation(held.settled(now));
        decision.commit(true).await
    };
    writer.until_decided(decide).await
}
