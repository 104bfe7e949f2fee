//! Rate limits at the request: permits from leases, refusals remembered, usage carried along.
//!
//! One limiter per instance. It never fails a request because the ledger is away: then it admits a tenth of the
//! limit by itself, and says so in the log. A ledger that is throttled, contended or broken is away alone: callers with
//! other ledgers keep their whole limits.
//!
//! It is one file because leases, refusals and usage are renewed by one update of one ledger.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use model::rate::{Ledger, Lent, RateLimit};
use model::usage::Hours;
use store::{LedgerName, LedgerRecord, MOST_HOURS_WAITING, Renewal, StoreError, Writer};
use tokio::sync::Mutex as AsyncMutex;

/// One limit that a request must keep to.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What callers know it by, in `RateLimit-Policy`.
    pub policy: &'static str,
    /// Its ledger.
    pub ledger: LedgerName,
    /// How much.
    pub rate: RateLimit,
    /// Whether the ledger goes away again when it is not used: one for each address that ever came would stay.
    pub is_passing: bool,
    /// Whether callers of one ledger may have different rates of it, all over the same window: an instance then holds a
    /// lease for each rate.
    pub varies: bool,
}

impl Limit {
    /// What an instance's lease of it is known by.
    fn lease_name(&self) -> LeaseName {
        (self.ledger.clone(), self.varies.then_some(self.rate.limit))
    }
}

/// A ledger, and the limit where it has callers with different ones.
type LeaseName = (LedgerName, Option<u32>);

/// How a caller stands with one of its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitStatus {
    /// What callers know the limit by.
    pub policy: &'static str,
    /// How much.
    pub rate: RateLimit,
    /// What is left, as this instance last saw it, a few seconds ago at most; what other instances hold counts as spent.
    pub remaining: u32,
    /// When spent permits begin to come back.
    pub frees_at: DateTime<Utc>,
    /// Whether the ledger did not answer lately, so that this instance admits a tenth of the limit by itself.
    pub is_away: bool,
}

/// A limit is reached.
#[derive(Clone, Debug)]
pub struct LimitReached {
    /// How the caller stands with all its limits.
    pub standings: Vec<LimitStatus>,
    /// When to try again.
    pub retry_at: DateTime<Utc>,
}

/// The most ledgers an instance keeps in mind. Past that the longest unused go; their leases lapse.
const MAX_KEPT: usize = 10_000;

/// How long a ledger is left alone after it did not answer.
const AWAY: TimeDelta = TimeDelta::seconds(5);

/// How many ledgers must have had no answer within [`AWAY`] for all others to be left alone too: then it is DynamoDB that
/// is away, and every caller would wait in vain.
const LEDGERS_IN_AN_OUTAGE: usize = 2;

/// Of a limit, what an instance admits by itself while the ledgers are away.
const SHARE_WHILE_AWAY: u32 = 10;

/// What is logged then, with the ledger. `docs/OPERATIONS.md` tells whom the alarm has called to look for it; a test
/// compares them.
pub const METERS_AWAY: &str = "the meters are away: admitting a tenth of this limit";

/// One per instance. Cheap to clone.
#[derive(Clone, Default)]
pub struct Limiter(Arc<Inner>);

#[derive(Default)]
struct Inner {
    leases: Mutex<HashMap<LeaseName, Arc<AsyncMutex<Lease>>>>,
    outage: Mutex<Outage>,
}

/// What is known of DynamoDB as a whole.
#[derive(Default)]
struct Outage {
    /// The ledgers that had no answer within [`AWAY`], and when.
    silent: Vec<(LedgerName, DateTime<Utc>)>,
    /// Until when no ledger is asked.
    until: Option<DateTime<Utc>>,
}

impl Outage {
    /// Notes that a ledger had no answer.
    fn add(&mut self, ledger: &LedgerName, now: DateTime<Utc>) {
        self.silent
            .retain(|(other, at)| other != ledger && now < *at + AWAY);
        self.silent.push((ledger.clone(), now));
        if self.silent.len() >= LEDGERS_IN_AN_OUTAGE {
            self.until = Some(now + AWAY);
        }
    }
}

/// Where a permit was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// The lease that dies then.
    FromLease(Option<DateTime<Utc>>),
    /// The share that is admitted while the ledger is away.
    WhileAway,
}

/// What an instance holds of one limit.
#[derive(Debug, Default)]
struct Lease {
    /// The limit it is a lease of: a key may be given another.
    rate: Option<RateLimit>,
    seen: LedgerRecord,
    lent: Option<Lent>,
    left: u32,
    /// Permits that the whole limit still had when the ledger was last seen.
    left_elsewhere: u32,
    frees_at: Option<DateTime<Utc>>,
    /// How many to ask for next time.
    wanted: u32,
    dies_at: Option<DateTime<Utc>>,
    /// Answers that are not in the ledger yet.
    counted: Hours,
    last_used_at: Option<DateTime<Utc>>,
    /// What is admitted while the ledger is away.
    while_away: Ledger,
    /// Until when the ledger is not asked, because it did not answer.
    away_until: Option<DateTime<Utc>>,
}

impl Limiter {
    /// Takes a permit of every limit, or of none. Leases that must be renewed are asked for side by side.
    ///
    /// # Errors
    ///
    /// [`LimitReached`] if one has none left. It costs a store call only the first time, until permits come back.
    pub async fn admit(
        &self,
        writer: &Writer,
        limits: &[Limit],
        now: DateTime<Utc>,
    ) -> Result<Vec<LimitStatus>, LimitReached> {
        // What is refused anyway must not renew the leases of its other limits.
        let mut retry_at: Option<DateTime<Utc>> = None;
        for limit in limits {
            let lease = self.lease(limit.lease_name(), now);
            let mut held = lease.lock().await;
            held.reset_if_changed(limit.rate);
            retry_at = retry_at.max(held.refuses_until(now));
        }
        let is_refused = retry_at.is_some();
        let asked = limits
            .iter()
            .map(|limit| self.ask(writer, limit, is_refused, now));
        let mut standings = Vec::with_capacity(limits.len());
        let mut taken = Vec::with_capacity(limits.len());
        for (index, asked) in join_all(asked).await.into_iter().enumerate() {
            standings.push(asked.standing);
            match asked.permit {
                Ok(permit) => taken.extend(permit.map(|permit| (index, asked.lease, permit))),
                Err(frees_at) => retry_at = retry_at.max(Some(frees_at)),
            }
        }
        let Some(retry_at) = retry_at else {
            return Ok(standings);
        };
        // The request is not served, so it costs nothing.
        for (index, lease, permit) in taken {
            lease.lock().await.put_back(permit);
            standings[index].remaining += 1;
        }
        Err(LimitReached {
            standings,
            retry_at,
        })
    }

    /// Takes a permit of one limit, unless the request is refused by another, and tells how the caller stands with it.
    async fn ask(
        &self,
        writer: &Writer,
        limit: &Limit,
        is_refused: bool,
        now: DateTime<Utc>,
    ) -> PermitRequest {
        let lease = self.lease(limit.lease_name(), now);
        let mut held = lease.lock().await;
        let permit = if is_refused {
            Ok(None)
        } else {
            self.take(&mut held, writer, limit, now).await.map(Some)
        };
        let mut standing = held.standing(limit, permit.err(), now);
        standing.is_away = self.is_away(&held, now);
        drop(held);
        PermitRequest {
            lease,
            permit,
            standing,
        }
    }

    /// Counts an answer; it reaches the ledger with the next lease.
    pub async fn count(&self, ledger: &LedgerName, status: u16, now: DateTime<Utc>) {
        let lease = self.lease((ledger.clone(), None), now);
        let counted = &mut lease.lock().await.counted;
        counted.count(now, status);
        counted.keep_newest(MOST_HOURS_WAITING);
    }

    /// How many ledgers this instance keeps in mind.
    pub fn kept(&self) -> usize {
        let leases = self.0.leases.lock();
        leases.unwrap_or_else(PoisonError::into_inner).len()
    }

    fn lease(&self, name: LeaseName, now: DateTime<Utc>) -> Arc<AsyncMutex<Lease>> {
        // Nothing in here can panic half-way, so what a poisoned lock guards is sound.
        let mut leases = self.0.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if leases.len() >= MAX_KEPT && !leases.contains_key(&name) {
            forget_idle(&mut leases, now);
        }
        leases.entry(name).or_default().clone()
    }

    async fn take(
        &self,
        lease: &mut Lease,
        writer: &Writer,
        limit: &Limit,
        now: DateTime<Utc>,
    ) -> Result<Taken, DateTime<Utc>> {
        lease.reset_if_changed(limit.rate);
        lease.last_used_at = Some(now);
        if lease.left > 0 && lease.dies_at.is_some_and(|dies_at| now < dies_at) {
            lease.left -= 1;
            return Ok(Taken::FromLease(lease.dies_at));
        }
        // Another request may have heard of it while this one waited.
        if let Some(frees_at) = lease.refuses_until(now) {
            return Err(frees_at);
        }
        if self.is_away(lease, now) {
            return lease.take_while_away(limit.rate, now);
        }
        match lease.renew(writer, limit, now).await {
            Ok(renewed) => {
                lease.away_until = None;
                match renewed {
                    Renewed::Lent => Ok(Taken::FromLease(lease.dies_at)),
                    Renewed::NothingLeft { frees_at } => Err(frees_at),
                }
            }
            Err(error) => {
                tracing::error!(%error, ledger = %limit.ledger, "{METERS_AWAY}");
                self.leave_alone(lease, limit, &error, now);
                lease.take_while_away(limit.rate, now)
            }
        }
    }

    /// Asks a ledger that failed no more for a while, and nobody else's unless it is DynamoDB that is away.
    fn leave_alone(
        &self,
        lease: &mut Lease,
        limit: &Limit,
        error: &StoreError,
        now: DateTime<Utc>,
    ) {
        lease.away_until = Some(now + AWAY);
        if error.is_outage() {
            let mut outage = self.0.outage.lock().unwrap_or_else(PoisonError::into_inner);
            outage.add(&limit.ledger, now);
        }
    }

    /// Whether this ledger is not to be asked now, so that this instance admits by itself.
    fn is_away(&self, lease: &Lease, now: DateTime<Utc>) -> bool {
        let outage = self.0.outage.lock().unwrap_or_else(PoisonError::into_inner);
        lease
            .away_until
            .max(outage.until)
            .is_some_and(|until| now < until)
    }
}

/// What became of a lease that asked its ledger for more permits.
enum Renewed {
    /// It has some, and one of them is taken.
    Lent,
    /// All of the limit is lent.
    NothingLeft {
        /// When the first of it is free again.
        frees_at: DateTime<Utc>,
    },
}

/// A request for a permit of one limit, and what became of it.
struct PermitRequest {
    lease: Arc<AsyncMutex<Lease>>,
    /// The permit, if one was asked for; or when to try again.
    permit: Result<Option<Taken>, DateTime<Utc>>,
    standing: LimitStatus,
}

/// Forgets the half that was used longest ago.
fn forget_idle(leases: &mut HashMap<LeaseName, Arc<AsyncMutex<Lease>>>, now: DateTime<Utc>) {
    let mut ages: Vec<(TimeDelta, LeaseName)> = leases
        .iter()
        .map(|(name, lease)| {
            // One that is locked is in use this very moment.
            let used_at = lease
                .try_lock()
                .ok()
                .map_or(Some(now), |lease| lease.last_used_at);
            (used_at.map_or(TimeDelta::MAX, |at| now - at), name.clone())
        })
        .collect();
    ages.sort_by_key(|(age, _)| std::cmp::Reverse(*age));
    for (_, name) in ages.into_iter().take(MAX_KEPT / 2) {
        leases.remove(&name);
    }
}

impl Lease {
    async fn renew(
        &mut self,
        writer: &Writer,
        limit: &Limit,
        now: DateTime<Utc>,
    ) -> Result<Renewed, StoreError> {
        let rate = limit.rate;
        let was_alive = self.dies_at.is_some_and(|dies_at| now < dies_at);
        let spent = self
            .lent
            .map_or(0, |lent| lent.permits.saturating_sub(self.left));
        // Spent before it died: there is need for more. Died before it was spent: that was enough.
        let wanted = if was_alive { self.wanted * 2 } else { spent };
        self.wanted = wanted.clamp(1, rate.largest_block());
        // Taken now: if the write is not heard of, it is not done twice. Counts are lower bounds, limits upper ones.
        let back = self.lent.take().zip(Some(std::mem::take(&mut self.left)));
        let (wanted, counted) = (self.wanted, std::mem::take(&mut self.counted));
        let renewal = Renewal {
            rate,
            wanted,
            back,
            counted: counted.clone(),
            ttl: limit.is_passing.then(|| now + rate.window() * 2),
        };
        let seen = std::mem::take(&mut self.seen);
        let (lent, seen) = writer
            .renew_lease(&limit.ledger, seen, renewal, now)
            .await?;
        let mut ledger = seen.ledger.clone();
        ledger.forget_old(rate, now);
        let frees_at = ledger.frees_at(rate, now);
        self.left_elsewhere = rate.limit.saturating_sub(ledger.used());
        self.seen = seen;
        self.frees_at = Some(frees_at);
        self.lent = Some(lent);
        // A permit that is lent alone is spent at once: its lease need not live.
        self.dies_at = Some(now + rate.lease_life());
        if lent.permits == 0 {
            // Nothing was written.
            self.counted = counted;
            return Ok(Renewed::NothingLeft { frees_at });
        }
        self.left = lent.permits - 1;
        Ok(Renewed::Lent)
    }

    fn take_while_away(
        &mut self,
        rate: RateLimit,
        now: DateTime<Utc>,
    ) -> Result<Taken, DateTime<Utc>> {
        let tenth = RateLimit {
            limit: (rate.limit / SHARE_WHILE_AWAY).max(1),
            ..rate
        };
        if self.while_away.lend(tenth, 1, now).permits == 1 {
            Ok(Taken::WhileAway)
        } else {
            Err(self.while_away.frees_at(tenth, now))
        }
    }

    fn put_back(&mut self, permit: Taken) {
        if permit == Taken::FromLease(self.dies_at) {
            self.left += 1;
        }
    }

    /// Resets the lease when the limit has changed: permits lent under the old limit do not count against the new one.
    fn reset_if_changed(&mut self, rate: RateLimit) {
        if self.rate.is_some_and(|old| old != rate) {
            let counted = std::mem::take(&mut self.counted);
            *self = Self {
                counted,
                last_used_at: self.last_used_at,
                ..Self::default()
            };
        }
        self.rate = Some(rate);
    }

    /// Until when there is nothing to ask the ledger for: all of the limit was lent when it was last seen.
    fn refuses_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.frees_at
            .filter(|frees_at| self.left == 0 && self.left_elsewhere == 0 && *frees_at > now)
    }

    fn standing(
        &self,
        limit: &Limit,
        refused_until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> LimitStatus {
        let left = match (refused_until, self.frees_at) {
            (Some(_), _) => 0,
            (None, Some(_)) => self.left_elsewhere + self.left,
            // Not asked for yet.
            (None, None) => limit.rate.limit,
        };
        LimitStatus {
            policy: limit.policy,
            rate: limit.rate,
            remaining: left.min(limit.rate.limit),
            frees_at: refused_until.or(self.frees_at).unwrap_or(now).max(now),
            is_away: false,
        }
    }
}
