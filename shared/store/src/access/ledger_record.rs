//! What a ledger's item says, and the update that lends from it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use model::rate::{Ledger, Lent, RateLimit};
use model::usage::{Classes, Hours, hour_of};

use crate::dynamo::RawItem;
use crate::dynamo::update::Update;

const HOUR_S: i64 = 60 * 60;

/// How long hours stay in the ledger itself, where the last day's total is read.
const HOURS_KEPT: TimeDelta = TimeDelta::hours(25);

/// The most attributes that one update removes. DynamoDB takes expressions of at most 4 KB, so what is over this waits for
/// the next lease.
const MOST_REMOVED: usize = 100;

/// The most hours whose counts may wait to be written: one update must be able to hold them. Older counts are dropped, as
/// counts are lower bounds.
pub const MOST_HOURS_WAITING: usize = 24;

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
pub(super) mod attribute {
    pub(in crate::access) const TOTAL: &str = "total";
    pub(in crate::access) const LAST_USED_AT: &str = "last_used_at";
    pub(in crate::access) const TTL: &str = "ttl";

    pub(in crate::access) fn bucket(bucket_ms: i64) -> String {
        format!("b{bucket_ms}")
    }

    pub(in crate::access) fn class(hour: i64, class: usize) -> String {
        format!("h{hour}_{class}")
    }

    pub(in crate::access) fn copied(hour: i64) -> String {
        format!("c{hour}")
    }
}

impl LedgerRecord {
    pub(super) fn read(item: &RawItem) -> Self {
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
    pub(super) fn uncopied(&self, now: DateTime<Utc>) -> Hours {
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

/// The update that lends `lent`, gives back and counts what the renewal says, and forgets what nobody needs any more;
/// on condition that no more than `slack` was lent since the ledger was `seen`.
pub(super) fn lend(
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
