//! Rate ledgers and usage, in one item per limit, so that one write does for both. The item is added to and never
//! rewritten: instances that take leases at once do not stand in each other's way, while there is plenty. Hours that
//! are over are copied to items of their own beside it, where a month of them is one query.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use model::ids::KeyId;
use model::rate::Lent;
use model::usage::{Hours, hour_of};
use tokio::time::Instant;

use crate::access::ledger_record::{LedgerRecord, Renewal, attribute, lend};
use crate::dynamo::update::{Update, Updated};
use crate::dynamo::{
    Item, PATIENCE as PATIENCE_OF_COPIES, Place, Store, StoreError, Transaction, Writer, record,
    text,
};
use crate::places;

/// How long a request waits for its ledger. Past that it is served without: a limit is never the reason for an outage.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long a lost race for a ledger is run again.
const CONTENTION: Duration = Duration::from_secs(2);

/// The most hours that one transaction copies; DynamoDB takes 100 actions in one.
const MOST_COPIED: usize = 20;

/// Which ledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LedgerName(Place);

impl std::fmt::Display for LedgerName {
    /// Whose it is, for logs. An address is left out, though only its code is known here.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(places::owner_of_ledger(&self.0.pk))
    }
}

impl LedgerName {
    /// A key's own, or a resource credential's, by its id: usage is counted in it too.
    pub fn of_caller(id: impl std::fmt::Display) -> Self {
        Self(places::ledger_of_caller(id))
    }

    /// A public key's from one address, which is named by a hash.
    pub fn of_address(id: impl std::fmt::Display, address: &str) -> Self {
        Self(places::ledger_of_address(id, address))
    }

    /// A test app's, for the day.
    pub fn of_app(id: impl std::fmt::Display) -> Self {
        Self(places::ledger_of_day(id))
    }

    /// A live app's secret keys and tokens together, for the minute.
    pub fn of_live_app(id: impl std::fmt::Display) -> Self {
        Self(places::ledger_of_minute(id))
    }

    /// A live app's public keys and tokens together, for the minute.
    pub fn of_live_pages(id: impl std::fmt::Display) -> Self {
        Self(places::ledger_of_pages(id))
    }

    /// A person's at the console, over all their sessions.
    pub fn of_account(id: impl std::fmt::Display) -> Self {
        Self(places::ledger_of_account(id))
    }

    fn hour(&self, hour: i64) -> Place {
        places::hour(&self.0.pk, hour)
    }
}

/// What a month of a key's use comes to.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// Answers by hour.
    pub hours: Hours,
    /// When the key was last used.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Writer {
    /// Takes a lease: lends from the ledger, if there is enough even after all that others may have taken since it
    /// was `seen`; if not, looks again. Answers what was lent, which is nothing if the limit is reached, and the
    /// ledger as it is now. If nothing was lent, nothing was written. It is one function because the way in which an attempt ends
    /// decides what the next one sends.
    ///
    /// # Errors
    ///
    /// If it cannot be done within a moment. It may have been done all the same, and must not be asked for again.
    pub async fn renew_lease(
        &self,
        name: &LedgerName,
        seen: LedgerRecord,
        mut renewal: Renewal,
        now: DateTime<Utc>,
    ) -> Result<(Lent, LedgerRecord), StoreError> {
        let (patience, contention) = (Instant::now() + PATIENCE, Instant::now() + CONTENTION);
        let (mut seen, mut is_fresh) = (seen, false);
        loop {
            let mut after = seen.ledger.clone();
            if let Some((lent, unspent)) = renewal.back {
                after.give_back(lent, unspent);
            }
            let lent = after.lend(renewal.rate, renewal.wanted, now);
            if lent.permits == 0 {
                if is_fresh {
                    return Ok((lent, seen));
                }
                seen = LedgerRecord::read(&self.get(&name.0).await?.unwrap_or_default());
                is_fresh = true;
                continue;
            }
            // As much as others may have lent meanwhile without this being too much.
            let slack = renewal.rate.limit.saturating_sub(after.used());
            let update = lend(&seen, &renewal, lent, slack, now);
            match self.update(&name.0, &update, Duration::ZERO).await {
                Ok(Updated::Done(written)) => {
                    let written = LedgerRecord::read(&written);
                    // The lease is had, whatever becomes of the copies; the next one makes up for them.
                    if let Err(error) = self.copy_finished_hours(name, &written, now).await {
                        tracing::warn!(%error, ledger = %name, "hours of use were not copied");
                    }
                    return Ok((lent, written));
                }
                Ok(Updated::Refused(found)) => {
                    if Instant::now() >= contention {
                        return Err(StoreError::Contended);
                    }
                    seen = LedgerRecord::read(&found);
                    is_fresh = true;
                }
                Err(error @ StoreError::Unavailable { .. }) => {
                    if Instant::now() >= patience {
                        return Err(error);
                    }
                    // It may have been written without our hearing of it: nothing is given back or counted twice.
                    renewal.back = None;
                    renewal.counted = Hours::default();
                    self.pause(25).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Once an hour. Copies are whole, so it does no harm if two instances do it; should an older one stand at last,
    /// the next lease mends it.
    async fn copy_finished_hours(
        &self,
        name: &LedgerName,
        record: &LedgerRecord,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let finished = record.uncopied(now);
        if finished.is_empty() {
            return Ok(());
        }
        let mut transaction = Transaction::new(self);
        let mut update = Update::default();
        for (hour, classes) in finished.iter().take(MOST_COPIED) {
            let copy = Item::new(&name.hour(hour), &Hours::one(hour, classes))?;
            transaction.put_unconditionally((), copy)?;
            let sum = i64::try_from(classes.iter().sum::<u64>()).unwrap_or(i64::MAX);
            update.set(&attribute::copied(hour), sum);
        }
        transaction.commit().await?;
        self.update(&name.0, &update, PATIENCE_OF_COPIES).await?;
        Ok(())
    }
}

impl Store {
    /// What was counted of a key between two instants, by one query.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_usage(
        &self,
        key: KeyId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Usage, StoreError> {
        let name = LedgerName::of_caller(key);
        let items = self.between(&name.hour(hour_of(from)), &name.0).await?;
        let mut usage = Usage::default();
        for item in &items {
            if text(item, "sk").as_deref() == Some(&name.0.sk) {
                let ledger = LedgerRecord::read(item);
                usage.last_used_at = ledger.last_used_at;
                // The ledger's own are at least as new as the copies.
                usage.hours.replace(&ledger.hours);
            } else {
                usage.hours.replace(&record(item)?);
            }
        }
        usage.hours.forget_before(hour_of(from));
        usage.hours.forget_from(to.timestamp());
        Ok(usage)
    }

    /// When each key was last used, and how much in the last day: in the order of `keys`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_last_day(&self, keys: &[KeyId]) -> Result<Vec<LedgerRecord>, StoreError> {
        let names: Vec<LedgerName> = keys.iter().map(LedgerName::of_caller).collect();
        let places: Vec<Place> = names.iter().map(|name| name.0.clone()).collect();
        let mut found = HashMap::new();
        for item in self.get_many(&places).await? {
            if let Some(pk) = text(&item, "pk") {
                found.insert(pk, LedgerRecord::read(&item));
            }
        }
        let names = names.iter();
        Ok(names
            .map(|name| found.remove(&name.0.pk).unwrap_or_default())
            .collect())
    }
}
