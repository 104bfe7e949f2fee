//! Bounds on how many things of one kind somebody may have. Beside the things stands an upper bound of their number: a
//! creation adds one to it in its own transaction, so that creations at once cannot pass the bound together. What ends,
//! such as a key that expires, changes no count; only when the count has reached the bound are the things themselves
//! counted again.

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::item::{Item, Place};
use super::seen::Seen;
use super::transaction::Transaction;
use super::writer::Writer;

/// An upper bound of how many there are.
#[derive(Serialize, Deserialize)]
struct Count {
    at_most: u32,
}

/// Whether there is room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// There is, and the transaction counts it.
    Counted,
    /// There is none.
    Full,
}

impl Writer {
    /// Adds one to the count at `place` by this transaction, which then must be decided again if the count has changed
    /// meanwhile. `recount` counts the things themselves: where there is no count yet, and where it has reached `max`.
    pub(crate) async fn add_one<G: Clone, F>(
        &self,
        transaction: &mut Transaction<'_, G>,
        guard: G,
        place: &Place,
        max: u32,
        recount: impl FnOnce() -> F,
    ) -> Result<Room, StoreError>
    where
        F: Future<Output = Result<u32, StoreError>>,
    {
        let found = self.get(place).await?;
        let seen = found.map(Seen::<Count>::read).transpose()?;
        let at_most = match &seen {
            Some(seen) if seen.record.at_most < max => seen.record.at_most,
            _ => recount().await?,
        };
        if at_most >= max {
            return Ok(Room::Full);
        }
        let count = Count {
            at_most: at_most + 1,
        };
        let item = Item::new(place, &count)?.with("version", self.new_version());
        let (item, condition) = Seen::rewrite(seen.as_ref(), item)?;
        transaction.put(guard, item, &condition)?;
        Ok(Room::Counted)
    }
}
