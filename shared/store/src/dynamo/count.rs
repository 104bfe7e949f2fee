//! Bounds on how many things of one kind somebody may have. Beside the things stands an upper bound of their number: a
//! creation adds one to it in its own transaction, so that creations at once cannot pass the bound together. What ends,
//! such as a key that expires, changes no count; only when the count has reached the bound are the things themselves
//! counted anew.

use serde::{Deserialize, Serialize};

use crate::dynamo::item::{Item, Key, record, text};
use crate::dynamo::transaction::{Condition, Transaction};
use crate::{Store, StoreError, Table};

/// An upper bound of how many there are.
#[derive(Serialize, Deserialize)]
struct Count {
    at_most: u32,
}

/// Somebody has as many as they may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Store {
    /// Adds one to the count at `key` by this transaction, which then must be decided again if the count has changed
    /// meanwhile. `recount` counts the things themselves: where there is no count yet, and where it has reached `max`.
    pub(crate) async fn add_one<L: Clone, F>(
        &self,
        transaction: &mut Transaction<'_, L>,
        label: &L,
        (table, key): (Table, &Key),
        max: u32,
        recount: impl FnOnce() -> F,
    ) -> Result<Result<(), Full>, StoreError>
    where
        F: Future<Output = Result<u32, StoreError>>,
    {
        let found = self.get(table, key).await?;
        let version = found.as_ref().and_then(|item| text(item, "version"));
        let counted = found.map(record::<Count>).transpose()?;
        let at_most = match counted.filter(|count| count.at_most < max) {
            Some(count) => count.at_most,
            None => recount().await?,
        };
        if at_most >= max {
            return Ok(Err(Full));
        }
        let count = Count {
            at_most: at_most + 1,
        };
        let item = Item::new(key, &count)?.with("version", self.new_version());
        transaction.put(label.clone(), table, item, &Condition::as_seen(version))?;
        Ok(Ok(()))
    }
}
