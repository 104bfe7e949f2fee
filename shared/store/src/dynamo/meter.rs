//! What a request costs: calls to DynamoDB and the capacity units that DynamoDB says they consumed. A meter goes along
//! with the work that it measures, and with nothing else, however many requests are served at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::ConsumedCapacity;

tokio::task_local! {
    static METER: Meter;
}

/// Adds up what one piece of work costs. Clones are the same meter.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Cost>>);

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Calls to DynamoDB, retries included.
    pub calls: u64,
    /// Read capacity units: of 4 KB, strongly consistent.
    pub read_units: f64,
    /// Write capacity units: of 1 KB, indexes and the double price of transactions included. What a refused write
    /// consumed is not in here: DynamoDB bills it without saying how much it was.
    pub write_units: f64,
}

impl Meter {
    /// Does `work` and counts every call that it makes within its task.
    pub async fn measure<F: Future>(&self, work: F) -> F::Output {
        METER.scope(self.clone(), work).await
    }

    /// What was counted so far.
    pub fn cost(&self) -> Cost {
        *self.counted()
    }

    fn counted(&self) -> MutexGuard<'_, Cost> {
        // Nothing in here can panic half-way, so what a poisoned lock guards is sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn count_call() {
    add(|cost| cost.calls += 1);
}

pub(crate) fn count_units(Units { read, write }: Units) {
    add(|cost| {
        cost.read_units += read;
        cost.write_units += write;
    });
}

fn add(more: impl FnOnce(&mut Cost)) {
    // Commands serve no request, so nobody measures them.
    let _ = METER.try_with(|meter| more(&mut meter.counted()));
}

/// The capacity units of one answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Units {
    read: f64,
    write: f64,
}

/// An answer that says what it consumed, because its request asked for that.
pub(crate) trait Consumed {
    fn units(&self) -> Units;
}

fn total(consumed: &[ConsumedCapacity]) -> f64 {
    consumed.iter().filter_map(|of| of.capacity_units()).sum()
}

impl Consumed for GetItemOutput {
    fn units(&self) -> Units {
        reading(self.consumed_capacity().map(std::slice::from_ref))
    }
}

impl Consumed for BatchGetItemOutput {
    fn units(&self) -> Units {
        reading(Some(self.consumed_capacity()))
    }
}

impl Consumed for QueryOutput {
    fn units(&self) -> Units {
        reading(self.consumed_capacity().map(std::slice::from_ref))
    }
}

fn reading(consumed: Option<&[ConsumedCapacity]>) -> Units {
    Units {
        read: consumed.map_or(0.0, total),
        write: 0.0,
    }
}

impl Consumed for UpdateItemOutput {
    fn units(&self) -> Units {
        Units {
            read: 0.0,
            write: self
                .consumed_capacity()
                .map(std::slice::from_ref)
                .map_or(0.0, total),
        }
    }
}

impl Consumed for TransactWriteItemsOutput {
    fn units(&self) -> Units {
        let consumed = self.consumed_capacity();
        // Sent again with the same token after it was applied, a transaction only reads.
        let read = consumed
            .iter()
            .filter_map(|of| of.read_capacity_units())
            .sum();
        Units {
            read,
            write: total(consumed) - read,
        }
    }
}
