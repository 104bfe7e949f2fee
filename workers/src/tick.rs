//! What is due now, from the indexes: the net below whatever wakes the jobs, and what is due later.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join_all;
use store::{Due, SHARDS, StoreError};

use crate::Jobs;

/// How long the stream has to hand on what was told before a tick does. Longer than it mostly takes, so that a tick sends
/// little twice.
pub const STREAM_LAG: TimeDelta = TimeDelta::seconds(10);

/// What a look at the indexes found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What is due, oldest first within each shard.
    pub due: Vec<Due>,
    /// Since when the oldest of it has been due.
    pub oldest: Option<DateTime<Utc>>,
    /// Whether a shard had more than was asked for.
    pub has_more: bool,
}

impl Jobs {
    /// What is due now, at most `limit` of each shard: what was told at least `lag` ago and has not been handed on, and the
    /// deliveries to attempt.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_due(&self, lag: TimeDelta, limit: usize) -> Result<Found, StoreError> {
        let (store, now) = (self.store(), self.now());
        let told = (0..SHARDS).map(|shard| store.list_due_told(shard, now - lag, limit));
        let told = try_join_all(told).await?;
        let deliveries = (0..SHARDS).map(|shard| store.list_due_deliveries(shard, now, limit));
        let deliveries = try_join_all(deliveries).await?;
        let mut found = Found::default();
        for rows in told.into_iter().chain(deliveries) {
            found.has_more |= rows.len() >= limit;
            let oldest = rows.first().map(|(since, _)| *since);
            found.oldest = [found.oldest, oldest].into_iter().flatten().min();
            found.due.extend(rows.into_iter().map(|(_, due)| due));
        }
        Ok(found)
    }

    /// Lets the clock carry out what is due of bookings and reservations, as long as `has_time` says so.
    ///
    /// # Errors
    ///
    /// Only if the index cannot be read.
    pub async fn carry_out(
        &self,
        has_time: impl Fn() -> bool,
    ) -> Result<scheduling::clock::Ticked, StoreError> {
        scheduling::clock::tick(self.store(), self.now(), has_time).await
    }
}
