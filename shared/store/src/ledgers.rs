//! Rate ledgers and usage, in one item per limit, so that one write does for both. Hours that are over are
//! copied to items of their own beside it, where a month of them is one query.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use chrono::{DateTime, TimeDelta, Utc};
use model::ids::KeyId;
use model::rate::Ledger;
use model::usage::{Hours, hour_of};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::error;
use crate::item::{Item, Key, RawItem, record, text};
use crate::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table};

/// How long a request waits for its ledger. Past that it is served without: a limit is never the reason for an outage.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long a lost race for a ledger is run again.
const CONTENTION: Duration = Duration::from_secs(2);

/// How long hours stay in the ledger itself, where the last day's total is read.
const HOURS_KEPT: TimeDelta = TimeDelta::hours(25);

/// Which ledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LedgerName(String);

impl LedgerName {
    /// A key's own, or a resource credential's, by its id: usage is counted in it too.
    pub fn of_caller(id: impl std::fmt::Display) -> Self {
        Self(format!("caller#{id}"))
    }

    /// A public key's from one address, which is named by a hash.
    pub fn of_address(id: impl std::fmt::Display, address: &str) -> Self {
        Self(format!("caller#{id}#address#{address}"))
    }

    /// A test app's, for the day.
    pub fn of_app(id: impl std::fmt::Display) -> Self {
        Self(format!("app#{id}#day"))
    }

    fn key(&self) -> Key {
        // After every `hour#`, so that one query reads hours and ledger together.
        Key::new(self.0.clone(), "ledger")
    }

    fn hour_key(&self, hour: i64) -> Key {
        Key::new(self.0.clone(), hour_sk(hour))
    }
}

fn hour_sk(hour: i64) -> String {
    format!("hour#{hour:012}")
}

/// What is written in a ledger.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LedgerRecord {
    /// Permits lent.
    pub ledger: Ledger,
    /// Answers of the last day, by hour.
    pub hours: Hours,
    /// Hours that have been added to since they were copied to their own items.
    dirty: Vec<i64>,
    /// When a permit was last spent, to a few seconds.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl LedgerRecord {
    /// Adds what an instance has counted.
    pub fn add_usage(&mut self, counted: &Hours, now: DateTime<Utc>) {
        // Hours that were forgotten here stand in copies, which a late count by itself would take the place of.
        let forgotten = self.last_used_at.map(|at| hour_of(at - HOURS_KEPT));
        for (hour, classes) in counted.iter().filter(|(hour, _)| Some(*hour) >= forgotten) {
            self.hours.add(&Hours::one(hour, classes));
            if !self.dirty.contains(&hour) {
                self.dirty.push(hour);
            }
        }
        self.last_used_at = self.last_used_at.max(Some(now));
    }

    /// Hours that are over and not yet copied, with their counts; from now on they count as copied.
    fn take_finished(&mut self, now: DateTime<Utc>) -> Hours {
        let current = hour_of(now);
        let mut finished = Hours::default();
        for (hour, classes) in self
            .hours
            .iter()
            .filter(|(hour, _)| *hour < current && self.dirty.contains(hour))
        {
            finished.add(&Hours::one(hour, classes));
        }
        self.dirty.retain(|hour| *hour >= current);
        self.hours.forget_before(hour_of(now - HOURS_KEPT));
        finished
    }
}

/// A ledger as it was last seen. An instance keeps it between leases, so that most need no read.
#[derive(Clone, Debug, Default)]
pub struct SeenLedger {
    /// What was written.
    pub record: LedgerRecord,
    version: Option<String>,
}

/// What a month of a key's use comes to.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// Answers by hour.
    pub hours: Hours,
    /// When the key was last used.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Changes a ledger by `change`, on condition that it is as `seen`; if not, asks again on what is there.
    ///
    /// # Errors
    ///
    /// If it cannot be done within a moment. Nothing was changed then that the next change does not see.
    pub async fn change_ledger<T>(
        &self,
        name: &LedgerName,
        seen: SeenLedger,
        now: DateTime<Utc>,
        ttl: Option<DateTime<Utc>>,
        change: impl Fn(&mut LedgerRecord) -> T,
    ) -> Result<(T, SeenLedger), StoreError> {
        let deadline = Instant::now() + CONTENTION;
        let mut seen = seen;
        let mut longest_ms = 2;
        loop {
            let mut record = seen.record.clone();
            let changed = change(&mut record);
            let finished = record.take_finished(now);
            let version = self.new_version();
            let condition = Condition::as_seen(seen.version.clone());
            let mut item = Item::new(&name.key(), &record)?.with("version", version.clone());
            if let Some(ttl) = ttl {
                item = item.expiring(ttl.timestamp());
            }
            let found = if finished.is_empty() {
                self.put_ledger(item, &condition).await?
            } else {
                self.put_ledger_and_hours(name, item, &condition, &finished)
                    .await?
            };
            match found {
                None => {
                    return Ok((
                        changed,
                        SeenLedger {
                            record,
                            version: Some(version),
                        },
                    ));
                }
                // What stands there is what was just written: it went through, only its answer did not arrive.
                Some(found) if found.version.as_deref() == Some(version.as_str()) => {
                    return Ok((
                        changed,
                        SeenLedger {
                            record,
                            version: Some(version),
                        },
                    ));
                }
                Some(found) => seen = found,
            }
            if Instant::now() >= deadline {
                return Err(StoreError::Contended);
            }
            self.pause(longest_ms).await;
            longest_ms = (longest_ms * 2).min(100);
        }
    }

    /// `None` if it was written, else what stands there.
    async fn put_ledger(
        &self,
        item: Item,
        condition: &Condition,
    ) -> Result<Option<SeenLedger>, StoreError> {
        let attributes = item.into_attributes();
        let found = self
            .call_for(
                "PutItem",
                PATIENCE,
                || {
                    self.client
                        .put_item()
                        .table_name(self.table(Table::Meters))
                        .set_item(Some(attributes.clone()))
                        .condition_expression(condition.expression())
                        .set_expression_attribute_values(condition.values())
                        .return_values_on_condition_check_failure(
                            ReturnValuesOnConditionCheckFailure::AllOld,
                        )
                        .send()
                },
                |answer| match answer {
                    Ok(_) => Ok(None),
                    Err(error) => failed_on(&error)
                        .map(Some)
                        .ok_or_else(|| error::judged(error)),
                },
            )
            .await?;
        found.map(read).transpose()
    }

    /// Once an hour: the ledger, and a copy of each hour that is over.
    async fn put_ledger_and_hours(
        &self,
        name: &LedgerName,
        item: Item,
        condition: &Condition,
        finished: &Hours,
    ) -> Result<Option<SeenLedger>, StoreError> {
        let mut transaction = Transaction::new(self);
        transaction.put((), Table::Meters, item, condition)?;
        for (hour, classes) in finished.iter() {
            let copy = Item::new(&name.hour_key(hour), &Hours::one(hour, classes))?;
            transaction.put_unconditionally((), Table::Meters, copy)?;
        }
        match transaction.commit().await? {
            Outcome::Committed => Ok(None),
            Outcome::Refused(_) | Outcome::Conflict => {
                let found = self.get(Table::Meters, &name.key()).await?;
                Ok(Some(found.map(read).transpose()?.unwrap_or_default()))
            }
        }
    }

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
        let items = self
            .partition_between(Table::Meters, &name.0, (&hour_sk(hour_of(from)), "ledger"))
            .await?;
        let mut usage = Usage::default();
        for item in items {
            if text(&item, "sk").as_deref() == Some("ledger") {
                let ledger: LedgerRecord = record(item)?;
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
        let wanted: Vec<Key> = names.iter().map(LedgerName::key).collect();
        let mut found = std::collections::HashMap::new();
        for item in self.get_many(Table::Meters, &wanted).await? {
            if let Some(pk) = text(&item, "pk") {
                found.insert(pk, record::<LedgerRecord>(item)?);
            }
        }
        Ok(names
            .into_iter()
            .map(|name| found.remove(&name.0).unwrap_or_default())
            .collect())
    }
}

/// What stood there when the condition failed.
fn failed_on(error: &SdkError<PutItemError>) -> Option<RawItem> {
    let SdkError::ServiceError(service) = error else {
        return None;
    };
    match service.err() {
        PutItemError::ConditionalCheckFailedException(failed) => {
            Some(failed.item().cloned().unwrap_or_default())
        }
        _ => None,
    }
}

fn read(item: RawItem) -> Result<SeenLedger, StoreError> {
    // Deleted meanwhile: there is nothing to go by but the condition that nothing is there.
    if item.is_empty() {
        return Ok(SeenLedger::default());
    }
    let version = text(&item, "version");
    Ok(SeenLedger {
        record: record(item)?,
        version,
    })
}
