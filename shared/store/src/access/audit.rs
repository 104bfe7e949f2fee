//! The audit log: items are put on condition that they are absent, and never changed. IAM cannot forbid an
//! overwrite by itself; the condition, and names that nobody can guess beforehand, do.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use model::audit::{AuditAction, AuditEvent};
use model::ids::AppId;

use crate::dynamo::update::Update;
use crate::dynamo::{
    Attempt, Chunk, Condition, Item, MonthlyIndex, Place, RawItem, Store, StoreError, Transaction,
    Walk, Writer, number, record, text,
};
use crate::places;

/// How long counts are kept, in seconds: a little over a year.
const COUNTS_KEPT_S: i64 = 400 * 24 * 60 * 60;

fn refusals(event: &AuditEvent) -> Place {
    places::refusals(event.key, &event.id)
}

/// Adds a line to a transaction.
pub(crate) fn add_to<G: Clone>(
    transaction: &mut Transaction<'_, G>,
    guard: &G,
    event: &AuditEvent,
) -> Result<(), StoreError> {
    let place = places::audit_line(event.app, event.at, &event.id);
    let item = Item::new(&place, event)?;
    transaction.put(guard.clone(), item, &Condition::Absent)
}

impl Store {
    /// How often each of these refusals was counted, by the line's id.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_refusal_counts(
        &self,
        events: &[AuditEvent],
    ) -> Result<HashMap<String, u64>, StoreError> {
        let refused = events
            .iter()
            .filter(|event| event.action == AuditAction::Refused);
        let places: Vec<Place> = refused.map(refusals).collect();
        let items = self.get_many(&places).await?;
        let count = |item: &RawItem| {
            let count = u64::try_from(number(item, "count")?).ok()?;
            Some((text(item, "sk")?, count))
        };
        Ok(items.iter().filter_map(count).collect())
    }

    /// The next lines of an app's log; `since` is when the app was made. Read from the table itself, so a line is
    /// there as soon as it is written.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_audit_events(
        &self,
        app: AppId,
        since: DateTime<Utc>,
        walk: &Walk<'_>,
        now: DateTime<Utc>,
    ) -> Result<Chunk<AuditEvent>, StoreError> {
        let months = MonthlyIndex::all(places::audit_lines(app), since, now);
        self.chunk_by_month(&months, walk, record).await
    }
}

impl Writer {
    /// Adds a line for refusals; one of the same name that is there already stays as it is.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn add_refusal(&self, event: &AuditEvent) -> Result<(), StoreError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            add_to(&mut transaction, &(), event)?;
            let is_there = |_: &[()]| Ok::<_, StoreError>(Attempt::Decided(()));
            transaction.decide_or((), is_there).await
        })
        .await
    }

    /// Counts more refusals of a line. The count is in the meters, because lines are never changed. It is tried once
    /// only: a second try might count twice what is to be a lower bound.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn count_refusals(&self, event: &AuditEvent, more: u64) -> Result<(), StoreError> {
        let mut update = Update::default();
        update.set("ttl", event.at.timestamp() + COUNTS_KEPT_S);
        update.add("count", i64::try_from(more).unwrap_or(i64::MAX));
        self.update(&refusals(event), &update, Duration::ZERO)
            .await?;
        Ok(())
    }
}
