//! Writes. All of them, a single put included, go through one builder, so that every write states its
//! condition and no set of writes is ever half done. It is one file because what a transaction may have in it and how its end is
//! read belong together.

use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnConsumedCapacity, TransactWriteItem, Update,
};

use super::call::PATIENCE;
use super::condition::Condition;
use super::contention::Attempt;
use super::error::{self, Failure, StoreError, TRANSACT, Verdict};
use super::item::{Item, Listing, Place, RawItem};
use super::tables::{Index, Table};
use super::writer::Writer;

/// The most actions DynamoDB takes in one transaction.
pub(crate) const MAX_ACTIONS: usize = 100;

/// The most bytes that the items of one transaction may have together; DynamoDB takes 4 MB.
pub(crate) const MAX_BYTES: usize = 4 * 1_000 * 1_000;

/// From how many bytes on a transaction gets more time, and how much.
const LARGE: usize = 500_000;
const TIME_FOR_LARGE: Duration = Duration::from_secs(15);

/// Writes that happen together or not at all. Each carries a guard, which names its condition if that fails.
pub(crate) struct Transaction<'a, G> {
    writer: &'a Writer,
    guards: Vec<G>,
    actions: Vec<TransactWriteItem>,
    tables: Vec<Table>,
    bytes: usize,
    makes_due: bool,
}

/// How a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome<G> {
    /// All of it happened.
    Committed,
    /// None of it happened: these conditions did not hold.
    Refused(Vec<G>),
    /// None of it happened: another transaction was at work on one of the items.
    Conflict,
}

impl<'a, G: Clone> Transaction<'a, G> {
    pub(crate) fn new(writer: &'a Writer) -> Self {
        Self {
            writer,
            guards: Vec::new(),
            actions: Vec::new(),
            tables: Vec::new(),
            bytes: 0,
            makes_due: false,
        }
    }

    /// What it is written with.
    pub(crate) const fn writer(&self) -> &'a Writer {
        self.writer
    }

    /// How many actions it has, that of a companion included.
    pub(crate) fn len(&self) -> usize {
        self.actions.len() + usize::from(self.writer.companion.is_some())
    }

    /// Whether there is nothing to write, not even a companion.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes its items have together, as DynamoDB counts them, or somewhat more.
    pub(crate) fn bytes(&self) -> usize {
        let companion = self.writer.companion.as_ref();
        self.bytes + companion.map_or(0, |companion| companion.bytes())
    }

    pub(crate) fn put(
        &mut self,
        guard: G,
        item: Item,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        self.bytes += size_of_item(&item.attributes);
        let table = item.table;
        let put = self.conditional_put(item, Some(condition))?;
        self.add(guard, table, put);
        Ok(())
    }

    /// For what may be written again with the same or newer content.
    pub(crate) fn put_unconditionally(&mut self, guard: G, item: Item) -> Result<(), StoreError> {
        let table = item.table;
        let put = self.conditional_put(item, None)?;
        self.add(guard, table, put);
        Ok(())
    }

    fn conditional_put(
        &self,
        item: Item,
        condition: Option<&Condition>,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(self.writer.table(item.table))
            .set_item(Some(item.into_attributes()))
            .set_condition_expression(condition.map(|condition| condition.expression().to_owned()))
            .set_expression_attribute_values(condition.and_then(Condition::values))
            .build()
            .map_err(|e| StoreError::broken("Put", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    pub(crate) fn check(
        &mut self,
        guard: G,
        place: &Place,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        let check = ConditionCheck::builder()
            .table_name(self.writer.table(place.table))
            .set_key(Some(place.attributes()))
            .condition_expression(condition.expression())
            .set_expression_attribute_values(condition.values())
            .build()
            .map_err(|e| StoreError::broken("ConditionCheck", e))?;
        let check = TransactWriteItem::builder().condition_check(check).build();
        self.add(guard, place.table, check);
        Ok(())
    }

    pub(crate) fn delete(
        &mut self,
        guard: G,
        place: &Place,
        condition: Option<&Condition>,
    ) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(self.writer.table(place.table))
            .set_key(Some(place.attributes()))
            .set_condition_expression(condition.map(|condition| condition.expression().to_owned()))
            .set_expression_attribute_values(condition.and_then(Condition::values))
            .build()
            .map_err(|e| StoreError::broken("Delete", e))?;
        let delete = TransactWriteItem::builder().delete(delete).build();
        self.add(guard, place.table, delete);
        Ok(())
    }

    /// Takes an item out of an index, and leaves the rest of it as it is.
    pub(crate) fn take_out_of(
        &mut self,
        guard: G,
        place: &Place,
        index: &'static Index,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        let update = Update::builder()
            .table_name(self.writer.table(place.table))
            .set_key(Some(place.attributes()))
            .update_expression(format!("REMOVE {}, {}", index.partition, index.sort))
            .condition_expression(condition.expression())
            .set_expression_attribute_values(condition.values())
            .build()
            .map_err(|e| StoreError::broken("Update", e))?;
        let update = TransactWriteItem::builder().update(update).build();
        self.add(guard, place.table, update);
        Ok(())
    }

    /// Moves an item within an index, and leaves the rest of it as it is.
    pub(crate) fn move_in(
        &mut self,
        guard: G,
        place: &Place,
        listing: &Listing,
        sort: String,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        let Index {
            partition,
            sort: name,
            ..
        } = listing.index;
        let update = Update::builder()
            .table_name(self.writer.table(place.table))
            .set_key(Some(place.attributes()))
            .update_expression(format!("SET {partition} = :partition, {name} = :sort"))
            .condition_expression(condition.expression())
            .set_expression_attribute_values(condition.values())
            .expression_attribute_values(":partition", AttributeValue::S(listing.name.clone()))
            .expression_attribute_values(":sort", AttributeValue::S(sort))
            .build()
            .map_err(|e| StoreError::broken("Update", e))?;
        let update = TransactWriteItem::builder().update(update).build();
        self.add(guard, place.table, update);
        Ok(())
    }

    /// Says that there is something for the workers to do as soon as it is committed.
    pub(crate) const fn makes_due(&mut self) {
        self.makes_due = true;
    }

    fn add(&mut self, guard: G, table: Table, action: TransactWriteItem) {
        self.guards.push(guard);
        self.act_on(table, action);
    }

    fn act_on(&mut self, table: Table, action: TransactWriteItem) {
        if !self.tables.contains(&table) {
            self.tables.push(table);
        }
        self.actions.push(action);
    }

    /// Writes it. Whatever condition fails, the race is lost.
    ///
    /// # Errors
    ///
    /// As [`Transaction::commit`].
    pub(crate) async fn decide<T>(self, decided: T) -> Result<Attempt<T>, StoreError> {
        self.decide_or(decided, |_| Ok(Attempt::LostRace)).await
    }

    /// Writes it. `refused` says what it means that these conditions failed.
    ///
    /// # Errors
    ///
    /// As [`Transaction::commit`], or what `refused` makes of the conditions.
    pub(crate) async fn decide_or<T, E: From<StoreError>>(
        self,
        decided: T,
        refused: impl FnOnce(&[G]) -> Result<Attempt<T>, E>,
    ) -> Result<Attempt<T>, E> {
        match self.commit().await? {
            Outcome::Committed => Ok(Attempt::Decided(decided)),
            Outcome::Refused(guards) => refused(&guards),
            Outcome::Conflict => Ok(Attempt::LostRace),
        }
    }

    /// Writes it, and with it the companion, if there is one. One
    /// token goes with every try, so a try that was applied but not heard of is not applied twice.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replayed`] if the companion was refused, whatever else was.
    pub(crate) async fn commit(mut self) -> Result<Outcome<G>, StoreError> {
        if let Some(companion) = &self.writer.companion {
            let (item, condition) = companion.item(self.writer.new_version())?;
            let table = item.table;
            let put = self.conditional_put(item, Some(&condition))?;
            self.act_on(table, put);
        }
        if self.actions.len() > MAX_ACTIONS {
            return Err(StoreError::broken(TRANSACT, "more than 100 actions"));
        }
        let outcome = self.send().await?;
        if let (Some(companion), Outcome::Committed) = (&self.writer.companion, &outcome) {
            companion.committed();
        }
        if self.makes_due && matches!(outcome, Outcome::Committed) {
            self.writer.wake_workers();
        }
        Ok(outcome)
    }

    async fn send(&self) -> Result<Outcome<G>, StoreError> {
        let token = self.writer.new_version();
        self.writer
            .call_for(
                TRANSACT,
                &self.tables,
                PATIENCE,
                || {
                    let request = self
                        .writer
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
                    Err(error) if is_replay(&error, self.guards.len()) => Ok(None),
                    Err(error) => outcome(&error, &self.guards)
                        .map(Some)
                        .ok_or_else(|| judged(error)),
                },
            )
            .await?
            .ok_or(StoreError::Replayed)
    }
}

impl Writer {
    /// Deletes what there is at these places, in one transaction.
    pub(crate) async fn delete_all(&self, places: &[Place]) -> Result<(), StoreError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            for place in places {
                transaction.delete((), place, None)?;
            }
            transaction.decide(()).await
        })
        .await
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

/// Whether it was the action behind the guardled ones, the record's, whose condition did not hold.
fn is_replay(error: &SdkError<TransactWriteItemsError>, guards: usize) -> bool {
    cancelled(error)
        .and_then(|cancelled| cancelled.cancellation_reasons().get(guards))
        .is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

/// What a cancelled transaction says, if it says something about the items rather than about DynamoDB.
fn outcome<G: Clone>(
    error: &SdkError<TransactWriteItemsError>,
    guards: &[G],
) -> Option<Outcome<G>> {
    let cancelled = cancelled(error)?;
    let reasons = cancelled.cancellation_reasons();
    let refused: Vec<G> = reasons
        .iter()
        .zip(guards)
        .filter(|(reason, _)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(_, guard)| guard.clone())
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
