//! The tables and the way to them: what every read of this crate is a method of.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use model::{Clock, Random};
use tokio::sync::Notify;

use super::tables::{Table, Tables};
use super::turns::Turns;

/// The tables, and the way to them, to read: a [`Writer`](crate::Writer) writes. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(super) client: Client,
    pub(super) tables: Tables,
    pub(super) calls: Arc<AtomicU64>,
    pub(super) rows_listed: Arc<AtomicU64>,
    pub(crate) random: Arc<dyn Random>,
    /// Only what is told says by it when its transaction is sent; decisions are given the time.
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) turns: Turns,
    /// Who is woken when a transaction has given the workers something to do; nobody on AWS, where a stream does it.
    workers: Option<Arc<Notify>>,
}

impl Store {
    /// The tables called `tables`, reached through `client`.
    pub fn new(
        client: Client,
        tables: Tables,
        random: Arc<dyn Random>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            client,
            tables,
            random,
            clock,
            calls: Arc::default(),
            rows_listed: Arc::default(),
            turns: Turns::default(),
            workers: None,
        }
    }

    /// The same tables; workers within this process wait for `workers`, which is notified after each commit that gives them
    /// something to do.
    #[must_use]
    pub fn waking(self, workers: Arc<Notify>) -> Self {
        Self {
            workers: Some(workers),
            ..self
        }
    }

    pub(super) fn wake_workers(&self) {
        if let Some(workers) = &self.workers {
            workers.notify_one();
        }
    }

    /// How many calls have gone to DynamoDB so far, retries included.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// How many rows lists have read from DynamoDB so far.
    pub fn rows_listed(&self) -> u64 {
        self.rows_listed.load(Ordering::Relaxed)
    }

    pub(super) fn table(&self, table: Table) -> String {
        self.tables.name(table)
    }
}
