//! Writes. All of them, a single put included, go through one builder, so that every write states its
//! condition and no set of writes is ever half done.

use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnConsumedCapacity, TransactWriteItem,
};

use crate::dynamo::call::PATIENCE;
use crate::dynamo::error::{self, Failure, TRANSACT, Verdict};
use crate::dynamo::item::{Item, Key, RawItem};
use crate::dynamo::version::Version;
use crate::{Keep, Store, StoreError, Table};

/// The most actions DynamoDB takes in one transaction.
pub(crate) const MAX_ACTIONS: usize = 100;

/// The most bytes that the items of one transaction may have together; DynamoDB takes 4 MB.
pub(crate) const MAX_BYTES: usize = 4 * 1_000 * 1_000;

/// From how many bytes on a transaction gets more time, and how much.
const LARGE: usize = 500_000;
const TIME_FOR_LARGE: Duration = Duration::from_secs(15);

/// What must be true of an item for the transaction to go through.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// There is none.
    Absent,
    /// There is one.
    Present,
    /// It has this version.
    Version(String),
    /// There is none, or it has expired by this second.
    AbsentOrExpired(i64),
}

impl Condition {
    /// That an item is still as it was seen, with this version.
    pub(crate) fn version(seen: &Version) -> Self {
        Self::Version(seen.as_str().to_owned())
    }

    /// That an item is as it was seen: with this version, or not there at all.
    pub(crate) fn as_seen(version: Option<String>) -> Self {
        version.map_or(Self::Absent, Self::Version)
    }

    pub(crate) fn expression(&self) -> &'static str {
        match self {
            Self::Absent => "attribute_not_exists(pk)",
            Self::Present => "attribute_exists(pk)",
            Self::Version(_) => "version = :version",
            Self::AbsentOrExpired(_) => "attribute_not_exists(pk) OR expires_s <= :now",
        }
    }

    pub(crate) fn values(&self) -> Option<RawItem> {
        let (name, value) = match self {
            Self::Absent | Self::Present => return None,
            Self::Version(version) => (":version", AttributeValue::S(version.clone())),
            Self::AbsentOrExpired(now_s) => (":now", AttributeValue::N(now_s.to_string())),
        };
        Some(RawItem::from([(name.to_owned(), value)]))
    }
}

/// Writes that happen together or not at all. Each carries a label that says whose condition failed.
pub(crate) struct Transaction<'a, L> {
    store: &'a Store,
    labels: Vec<L>,
    actions: Vec<TransactWriteItem>,
    tables: Vec<Table>,
    bytes: usize,
}

/// How a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome<L> {
    /// All of it happened.
    Committed,
    /// None of it happened: these conditions did not hold.
    Refused(Vec<L>),
    /// None of it happened: another transaction was at work on one of the items.
    Conflict,
}

impl<'a, L: Clone> Transaction<'a, L> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self {
            store,
            labels: Vec::new(),
            actions: Vec::new(),
            tables: Vec::new(),
            bytes: 0,
        }
    }

    /// How many actions it has, that of an idempotency record included.
    pub(crate) fn len(&self) -> usize {
        self.actions.len() + usize::from(self.store.keep.is_some())
    }

    /// Whether there is nothing to write, not even an idempotency record.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes its items have together, as DynamoDB counts them, or somewhat more.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes + self.store.keep.as_ref().map_or(0, Keep::bytes)
    }

    pub(crate) fn put(
        &mut self,
        label: L,
        table: Table,
        item: Item,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        self.put_attributes(label, table, item.into_attributes(), condition)
    }

    pub(crate) fn put_attributes(
        &mut self,
        label: L,
        table: Table,
        attributes: RawItem,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        self.bytes += size_of_item(&attributes);
        let put = self.conditional_put(table, attributes, condition)?;
        self.add(label, table, put);
        Ok(())
    }

    fn conditional_put(
        &self,
        table: Table,
        attributes: RawItem,
        condition: &Condition,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(self.store.table(table))
            .set_item(Some(attributes))
            .condition_expression(condition.expression())
            .set_expression_attribute_values(condition.values())
            .build()
            .map_err(|e| StoreError::broken("Put", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// For what may be written again with the same or newer content.
    pub(crate) fn put_unconditionally(
        &mut self,
        label: L,
        table: Table,
        item: Item,
    ) -> Result<(), StoreError> {
        let put = Put::builder()
            .table_name(self.store.table(table))
            .set_item(Some(item.into_attributes()))
            .build()
            .map_err(|e| StoreError::broken("Put", e))?;
        self.add(label, table, TransactWriteItem::builder().put(put).build());
        Ok(())
    }

    pub(crate) fn check(
        &mut self,
        label: L,
        table: Table,
        key: &Key,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        let check = ConditionCheck::builder()
            .table_name(self.store.table(table))
            .set_key(Some(key.attributes()))
            .condition_expression(condition.expression())
            .set_expression_attribute_values(condition.values())
            .build()
            .map_err(|e| StoreError::broken("ConditionCheck", e))?;
        self.add(
            label,
            table,
            TransactWriteItem::builder().condition_check(check).build(),
        );
        Ok(())
    }

    pub(crate) fn delete(
        &mut self,
        label: L,
        table: Table,
        key: &Key,
        condition: Option<&Condition>,
    ) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(self.store.table(table))
            .set_key(Some(key.attributes()))
            .set_condition_expression(condition.map(|condition| condition.expression().to_owned()))
            .set_expression_attribute_values(condition.and_then(Condition::values))
            .build()
            .map_err(|e| StoreError::broken("Delete", e))?;
        self.add(
            label,
            table,
            TransactWriteItem::builder().delete(delete).build(),
        );
        Ok(())
    }

    fn add(&mut self, label: L, table: Table, action: TransactWriteItem) {
        self.labels.push(label);
        self.act_on(table, action);
    }

    fn act_on(&mut self, table: Table, action: TransactWriteItem) {
        if !self.tables.contains(&table) {
            self.tables.push(table);
        }
        self.actions.push(action);
    }

    /// Writes it, and with it the record of the request that it is made for, if that has an idempotency key. One
    /// token goes with every try, so a try that was applied but not heard of is not applied twice.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replayed`] if there is a record already, whatever else was refused.
    pub(crate) async fn commit(mut self) -> Result<Outcome<L>, StoreError> {
        if let Some(keep) = &self.store.keep {
            let (item, condition) = keep.put(self.store)?;
            let put = self.conditional_put(Table::Idempotency, item, &condition)?;
            self.act_on(Table::Idempotency, put);
        }
        if self.actions.len() > MAX_ACTIONS {
            return Err(StoreError::broken(TRANSACT, "more than 100 actions"));
        }
        let outcome = self.send().await?;
        if let (Some(keep), Outcome::Committed) = (&self.store.keep, &outcome) {
            keep.committed();
        }
        Ok(outcome)
    }

    async fn send(&self) -> Result<Outcome<L>, StoreError> {
        let token = self.store.new_version();
        self.store
            .call_for(
                TRANSACT,
                &self.tables,
                PATIENCE,
                || {
                    let request = self
                        .store
                        .client
                        .transact_write_items()
                        .set_transact_items(Some(self.actions.clone()))
                        .client_request_token(&token)
                        .return_consumed_capacity(ReturnConsumedCapacity::Total)
                        .customize();
                    if self.bytes() < LARGE {
                        request.send()
                    } else {
                        request.config_override(more_time()).send()
                    }
                },
                |answer| match answer {
                    Ok(_) => Ok(Some(Outcome::Committed)),
                    Err(error) if is_replay(&error, self.labels.len()) => Ok(None),
                    Err(error) => outcome(&error, &self.labels)
                        .map(Some)
                        .ok_or_else(|| judged(error)),
                },
            )
            .await?
            .ok_or(StoreError::Replayed)
    }
}

/// A transaction of megabytes takes longer than others, and sending it again would not make it shorter.
fn more_time() -> aws_sdk_dynamodb::config::Builder {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(TIME_FOR_LARGE)
        .build();
    aws_sdk_dynamodb::Config::builder().timeout_config(timeouts)
}

/// Source: DynamoDB's rules for item sizes.
fn size_of_item(item: &RawItem) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + size_of_value(value))
        .sum()
}

fn size_of_value(value: &AttributeValue) -> usize {
    const OVERHEAD: usize = 3;
    match value {
        AttributeValue::S(text) => text.len(),
        // One byte for every two digits, and one more; here a sign counts as a digit.
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(values) => {
            OVERHEAD
                + values
                    .iter()
                    .map(|value| 1 + size_of_value(value))
                    .sum::<usize>()
        }
        AttributeValue::M(values) => OVERHEAD + values.len() + size_of_item(values),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => {
            texts.iter().map(String::len).sum()
        }
        _ => 1,
    }
}

/// A transaction that was cancelled for want of capacity may be tried again; other reasons left over are our mistake.
fn judged(error: SdkError<TransactWriteItemsError>) -> Failure<TransactWriteItemsError> {
    let throttled = cancelled(&error).is_some_and(|cancelled| {
        let codes = cancelled
            .cancellation_reasons()
            .iter()
            .filter_map(|reason| reason.code());
        codes
            .into_iter()
            .any(|code| matches!(code, "ThrottlingError" | "ProvisionedThroughputExceeded"))
    });
    if throttled {
        Failure {
            verdict: Verdict::Throttled,
            error,
        }
    } else {
        error::judged(error)
    }
}

fn cancelled(error: &SdkError<TransactWriteItemsError>) -> Option<&TransactionCanceledException> {
    let SdkError::ServiceError(service) = error else {
        return None;
    };
    match service.err() {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => Some(cancelled),
        _ => None,
    }
}

/// Whether it was the action behind the labelled ones, the record's, whose condition did not hold.
fn is_replay(error: &SdkError<TransactWriteItemsError>, labels: usize) -> bool {
    cancelled(error)
        .and_then(|cancelled| cancelled.cancellation_reasons().get(labels))
        .is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

/// What a cancelled transaction says, if it says something about the items rather than about DynamoDB.
fn outcome<L: Clone>(
    error: &SdkError<TransactWriteItemsError>,
    labels: &[L],
) -> Option<Outcome<L>> {
    let cancelled = cancelled(error)?;
    let reasons = cancelled.cancellation_reasons();
    let refused: Vec<L> = reasons
        .iter()
        .zip(labels)
        .filter(|(reason, _)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(_, label)| label.clone())
        .collect();
    if !refused.is_empty() {
        Some(Outcome::Refused(refused))
    } else if reasons
        .iter()
        .any(|reason| reason.code() == Some("TransactionConflict"))
    {
        Some(Outcome::Conflict)
    } else {
        None
    }
}
