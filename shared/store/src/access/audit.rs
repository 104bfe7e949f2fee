//! The audit log: items are put on condition that they are absent, and never changed. IAM cannot forbid an
//! overwrite by itself; the condition, and names that nobody can guess beforehand, do.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use chrono::{DateTime, Utc};
use model::audit::{AuditAction, AuditEvent};
use model::ids::AppId;

use crate::dynamo::error;
use crate::dynamo::item::{Item, Key, RawItem, record, text};
use crate::dynamo::list::{self, Between, Chunk, MonthlyIndex, Walk, sort_key};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table};

fn prefix(app: AppId) -> String {
    format!("app#{app}#audit#")
}

/// How long counts are kept, in seconds: a little over a year.
const COUNTS_KEPT_S: i64 = 400 * 24 * 60 * 60;

fn refusal_key(event: &AuditEvent) -> Key {
    Key::new(format!("refusals#{}", event.key), &event.id)
}

fn count_of(item: &RawItem) -> Option<u64> {
    item.get("count")?.as_n().ok()?.parse().ok()
}

fn item(event: &AuditEvent) -> Result<Item, StoreError> {
    let key = Key::new(
        format!("{}{}", prefix(event.app), list::month(event.at)),
        sort_key(event.at, &event.id),
    );
    Item::new(&key, event)
}

/// Adds a line to a transaction.
pub(crate) fn add_to<L: Clone>(
    transaction: &mut Transaction<'_, L>,
    label: &L,
    event: &AuditEvent,
) -> Result<(), StoreError> {
    transaction.put(
        label.clone(),
        Table::Audit,
        item(event)?,
        &Condition::Absent,
    )
}

impl Store {
    /// Adds a line for refusals; one of the same name that is there already stays as it is.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn add_refusal(&self, event: &AuditEvent) -> Result<(), StoreError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            add_to(&mut transaction, &(), event)?;
            match transaction.commit().await? {
                Outcome::Committed | Outcome::Refused(_) => Ok(Some(())),
                Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Counts more refusals of a line. The count stands in the meters, for lines are never changed. It is tried once
    /// only: a second try might count twice what is to be a lower bound.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn count_refusals(&self, event: &AuditEvent, more: u64) -> Result<(), StoreError> {
        let key = refusal_key(event);
        let ttl_s = event.at.timestamp() + COUNTS_KEPT_S;
        self.call_for(
            "UpdateItem",
            &[Table::Meters],
            Duration::ZERO,
            || {
                self.client
                    .update_item()
                    .table_name(self.table(Table::Meters))
                    .set_key(Some(key.attributes()))
                    .update_expression("SET #ttl = :ttl ADD #count :more")
                    .expression_attribute_names("#ttl", "ttl")
                    .expression_attribute_names("#count", "count")
                    .expression_attribute_values(":ttl", AttributeValue::N(ttl_s.to_string()))
                    .expression_attribute_values(":more", AttributeValue::N(more.to_string()))
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
            },
            |answer| answer.map_err(error::judged),
        )
        .await?;
        Ok(())
    }

    /// How often each of these refusals was counted, by the line's id.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_refusal_counts(
        &self,
        events: &[AuditEvent],
    ) -> Result<HashMap<String, u64>, StoreError> {
        let keys: Vec<Key> = events
            .iter()
            .filter(|event| event.action == AuditAction::Refused)
            .map(refusal_key)
            .collect();
        let items = self.get_many(Table::Meters, &keys).await?;
        Ok(items
            .iter()
            .filter_map(|item| Some((text(item, "sk")?, count_of(item)?)))
            .collect())
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
        let months = MonthlyIndex {
            table: Table::Audit,
            index: &crate::dynamo::item::TABLE,
            prefix: prefix(app),
            since,
            until: now,
            between: Between::default(),
        };
        self.chunk_by_month(&months, walk, |item: RawItem| record(item))
            .await
    }
}
