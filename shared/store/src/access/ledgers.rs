//! Rate ledgers and usage, in one item per limit, so that one write does for both. The item is added to and never
//! rewritten: instances that take leases at once do not stand in each other's way, while there is plenty. Hours that
//! are over are copied to items of their own beside it, where a month of them is one query.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::KeyId;
use model::rate::{Ledger, Lent, RateLimit};
use model::usage::{Classes, Hours, hour_of};
use tokio::time::Instant;

use crate::dynamo::update::{Update, Updated};
use crate::dynamo::{
    Item, PATIENCE as PATIENCE_OF_COPIES, Place, RawItem, Store, StoreError, Transaction, Writer,
    record, text,
};
use crate::places;

/// How long a request waits for its ledger. Past that it is served without: a limit is never the reason for an outage.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long a lost race for a ledger is run again.
const CONTENTION: Duration = Duration::from_secs(2);

const HOUR_S: i64 = 60 * 60;

/// How long hours stay in the ledger itself, where the last day's total is read.
const HOURS_KEPT: TimeDelta = TimeDelta::hours(25);

/// The most attributes that one update removes. DynamoDB takes expressions of at most 4 KB, so what is over this waits for
/// the next lease.
const MOST_REMOVED: usize = 100;

/// The most hours that one transaction copies; DynamoDB takes 100 actions in one.
const MOST_COPIED: usize = 20;

/// The most hours whose counts may wait to be written: one update must be able to hold them. Older counts are dropped, as
/// counts are lower bounds.
pub const MOST_HOURS_WAITING: usize = 24;

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

/// A ledger as it was last seen. An instance keeps it between leases, so that most need no read.
#[derive(Clone, Debug, Default)]
pub struct LedgerRecord {
    /// Permits lent.
    pub ledger: Ledger,
    /// Answers of the last day, by hour.
    pub hours: Hours,
    /// When a permit was last spent, to a few seconds.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Permits ever lent, from a number that no earlier item of this name has reached; none if there is no item.
    total: Option<i64>,
    /// How many answers of an hour its copy has.
    copied: BTreeMap<i64, u64>,
}

/// What an instance asks of a ledger, and tells it.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The limit.
    pub rate: RateLimit,
    /// The permits asked for.
    pub wanted: u32,
    /// The last lease, and how many of its permits were not spent.
    pub back: Option<(Lent, u32)>,
    /// Answers counted since.
    pub counted: Hours,
    /// When the ledger may go if nobody uses it any more.
    pub ttl: Option<DateTime<Utc>>,
}

/// The attributes of a ledger: a letter, and what it is about.
mod attribute {
    pub(super) const TOTAL: &str = "total";
    pub(super) const LAST_USED_AT: &str = "last_used_at";
    pub(super) const TTL: &str = "ttl";

    pub(super) fn bucket(bucket_ms: i64) -> String {
        format!("b{bucket_ms}")
    }

    pub(super) fn class(hour: i64, class: usize) -> String {
        format!("h{hour}_{class}")
    }

    pub(super) fn copied(hour: i64) -> String {
        format!("c{hour}")
    }
}

impl LedgerRecord {
    fn read(item: &RawItem) -> Self {
        let mut record = Self::default();
        let mut lent = Vec::new();
        for (name, value) in item {
            let Some(number) = value.as_n().ok().and_then(|text| text.parse::<i64>().ok()) else {
                continue;
            };
            // What is given back to a bucket that was forgotten meanwhile leaves less than nothing.
            let count = u64::try_from(number).unwrap_or(0);
            match (name.as_str(), name.split_at_checked(1)) {
                (attribute::TOTAL, _) => record.total = Some(number),
                (attribute::LAST_USED_AT, _) => {
                    record.last_used_at = DateTime::from_timestamp_millis(number);
                }
                (_, Some(("b", bucket_ms))) => {
                    let permits = u32::try_from(count).unwrap_or(u32::MAX);
                    lent.extend(
                        bucket_ms
                            .parse()
                            .ok()
                            .map(|bucket_ms: i64| (bucket_ms, permits)),
                    );
                }
                (_, Some(("h", hour))) => {
                    if let Some((hour, class)) = parse_class(hour) {
                        let mut classes = Classes::default();
                        classes[class] = count;
                        record.hours.add(&Hours::one(hour, classes));
                    }
                }
                (_, Some(("c", hour))) => {
                    record
                        .copied
                        .extend(hour.parse().ok().map(|hour: i64| (hour, count)));
                }
                _ => {}
            }
        }
        record.ledger = lent.into();
        record
    }

    /// Hours that are over and whose copies, if there are any, lack something.
    fn uncopied(&self, now: DateTime<Utc>) -> Hours {
        let mut uncopied = Hours::default();
        for (hour, classes) in self.hours.iter().filter(|(hour, _)| *hour < hour_of(now)) {
            if self.copied.get(&hour) != Some(&classes.iter().sum()) {
                uncopied.add(&Hours::one(hour, classes));
            }
        }
        uncopied
    }

    /// Attributes that nobody needs any more, oldest first, at most [`MOST_REMOVED`] of them.
    fn outdated(&self, rate: RateLimit, now: DateTime<Utc>) -> Vec<String> {
        let mut outdated = Vec::new();
        let uncopied = self.uncopied(now);
        for (hour, classes) in self.hours.iter() {
            let is_copied = uncopied.iter().all(|(uncopied, _)| uncopied != hour);
            if hour < hour_of(now - HOURS_KEPT) && is_copied {
                let counted = (0..classes.len()).filter(|class| classes[*class] > 0);
                let mut of_hour = vec![attribute::copied(hour)];
                of_hour.extend(counted.map(|class| attribute::class(hour, class)));
                // An hour goes whole: what were left of it would take the place of its copy.
                if outdated.len() + of_hour.len() <= MOST_REMOVED {
                    outdated.append(&mut of_hour);
                }
            }
        }
        let old_buckets = self.ledger.forgettable(rate, now);
        let left = MOST_REMOVED - outdated.len();
        outdated.extend(old_buckets.take(left).map(attribute::bucket));
        outdated
    }
}

fn parse_class(text: &str) -> Option<(i64, usize)> {
    let (hour, class) = text.split_once('_')?;
    let class = class
        .parse()
        .ok()
        .filter(|class| *class < Classes::default().len())?;
    Some((hour.parse().ok()?, class))
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
    /// ledger as it is now. If nothing was lent, nothing was written.
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

/// The update that lends `lent`, gives back and counts what the renewal says, and forgets what nobody needs any more;
/// on condition that no more than `slack` was lent since the ledger was `seen`.
fn lend(
    seen: &LedgerRecord,
    renewal: &Renewal,
    lent: Lent,
    slack: u32,
    now: DateTime<Utc>,
) -> Update {
    let mut update = Update::default();
    for (bucket_ms, permits) in permits_by_bucket(seen, renewal, lent, now) {
        update.add(&attribute::bucket(bucket_ms), permits);
    }
    let is_late = count_hours(&mut update, seen, renewal, now);
    update.set(attribute::LAST_USED_AT, now.timestamp_millis());
    if let Some(ttl) = renewal.ttl {
        update.set(attribute::TTL, ttl.timestamp());
    }
    if !is_late {
        for name in seen.outdated(renewal.rate, now) {
            update.remove(&name);
        }
    }
    let permits = i64::from(lent.permits);
    let Some(total) = seen.total else {
        // In microseconds: nobody lends as many in a second, so no later item of this name begins lower.
        update.add(attribute::TOTAL, now.timestamp_micros() + permits);
        update.require_absent(attribute::TOTAL);
        return update;
    };
    update.add(attribute::TOTAL, permits);
    update.require_at_most(attribute::TOTAL, total + i64::from(slack));
    if let Some(at) = seen.last_used_at.filter(|_| is_late) {
        // Nobody has forgotten an hour meanwhile.
        update.require_equal(attribute::LAST_USED_AT, at.timestamp_millis());
    }
    update
}

/// The permits lent by bucket, less those given back of the last lease.
fn permits_by_bucket(
    seen: &LedgerRecord,
    renewal: &Renewal,
    lent: Lent,
    now: DateTime<Utc>,
) -> BTreeMap<i64, i64> {
    let mut permits = BTreeMap::from([(lent.bucket_ms(), i64::from(lent.permits))]);
    // What no longer counts is not given back: its bucket may be gone.
    let mut live = seen.ledger.clone();
    live.forget_old(renewal.rate, now);
    if let Some((old, unspent)) = renewal.back.filter(|(_, unspent)| *unspent > 0)
        && live.has(old)
    {
        *permits.entry(old.bucket_ms()).or_default() -= i64::from(unspent);
    }
    permits
}

/// Adds the renewal's counts of answers, and says whether one of them is so late that others may be forgetting its hour.
fn count_hours(
    update: &mut Update,
    seen: &LedgerRecord,
    renewal: &Renewal,
    now: DateTime<Utc>,
) -> bool {
    // Hours that were forgotten here are in copies, whose place a late count by itself would take.
    let forgotten = seen.last_used_at.map(|at| hour_of(at - HOURS_KEPT));
    let late = hour_of(now - HOURS_KEPT) + HOUR_S;
    let mut counted = renewal.counted.clone();
    counted.keep_newest(MOST_HOURS_WAITING);
    let mut is_late = false;
    for (hour, classes) in counted.iter().filter(|(hour, _)| Some(*hour) >= forgotten) {
        is_late |= hour < late;
        let classes = classes.into_iter().enumerate();
        for (class, count) in classes.filter(|(_, count)| *count > 0) {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            update.add(&attribute::class(hour, class), count);
        }
    }
    is_late
}
