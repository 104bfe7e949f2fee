//! The audit log: items are put on condition that they are absent, and never changed. IAM cannot forbid an
//! overwrite by itself; the condition, and names that nobody can guess beforehand, do.

use chrono::{DateTime, Utc};
use model::audit::AuditEvent;
use model::ids::AppId;

use crate::item::{Item, Key, RawItem, record};
use crate::list::{self, Chunk, MonthlyIndex, Walk, sort_key};
use crate::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table};

fn prefix(app: AppId) -> String {
    format!("app#{app}#audit#")
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
    /// Adds a line; one of the same name that is there already stays as it is.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn add_audit_event(&self, event: &AuditEvent) -> Result<(), StoreError> {
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
            index: &crate::item::TABLE,
            prefix: prefix(app),
            since,
            now,
        };
        self.chunk_by_month(&months, walk, |item: RawItem| record(item))
            .await
    }
}
