//! What workers have to do: rows of the sparse index `by_due` of a table, by the instant from when on they are due. The index
//! lags and decides nothing; whoever finds a row in it decides on the item itself, read strongly consistent.

use chrono::{DateTime, Utc};
use model::delivery::DeliveryId;
use model::ids::AppId;
use model::outbox::ToldId;
use uuid::Uuid;

use crate::dynamo::{
    Between, Direction, IndexPartition, Item, Listing, RawItem, Store, StoreError, Walk, text,
};
use crate::places;

/// How many partitions an index of what is due has, because one takes 1,000 writes a second.
pub const SHARDS: u8 = 8;

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Due {
    /// What a transaction told has not been handed on to the endpoints yet.
    Told {
        /// The app.
        app: AppId,
        /// What was told.
        id: ToldId,
    },
    /// A delivery is to be attempted.
    Delivery {
        /// The app.
        app: AppId,
        /// The delivery.
        id: DeliveryId,
    },
}

impl Due {
    /// What was told under this key of the outbox; none if it is no such key.
    pub fn of_told_key(pk: &str, sk: &str) -> Option<Self> {
        let (app, _, id) = places::read_told(pk, sk)?;
        let id = ToldId::from_uuid(id);
        Some(Self::Told { app, id })
    }

    /// Its app.
    pub const fn app(&self) -> AppId {
        match self {
            Self::Told { app, .. } | Self::Delivery { app, .. } => *app,
        }
    }
}

/// The shard of what this id names. The random bits of an id of version 7 are at its end, and its last two bytes are a count.
pub(crate) const fn shard(id: Uuid) -> u8 {
    id.as_bytes()[13] % SHARDS
}

/// The item, due from `at` on.
pub(crate) fn listed(
    item: Item,
    listing: Listing,
    at: DateTime<Utc>,
    id: impl std::fmt::Display,
) -> Item {
    item.listed(listing)
        .with(places::DUE, places::by_time(at, id))
}

/// From when on a row of an index of what is due is.
pub(crate) fn since(row: &RawItem) -> Option<DateTime<Utc>> {
    text(row, places::DUE)?.split_once('#')?.0.parse().ok()
}

/// A row of an index of what is due, with the instant from when on it is.
fn due_of(item: &RawItem) -> Option<(DateTime<Utc>, Due)> {
    let (pk, sk) = (text(item, "pk")?, text(item, "sk")?);
    let since = since(item)?;
    let due = match places::read_delivery(&pk, &sk) {
        Some((app, webhook, event)) => Due::Delivery {
            app,
            id: DeliveryId { webhook, event },
        },
        None => Due::of_told_key(&pk, &sk)?,
    };
    Some((since, due))
}

impl Store {
    /// What was told and has been due since `until` or earlier, of one shard, at most `limit`, oldest first. The index lags:
    /// what it says is to be decided on again.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_due_told(
        &self,
        shard: u8,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(DateTime<Utc>, Due)>, StoreError> {
        self.list_due_of(places::due_told(shard), until, limit)
            .await
    }

    /// As [`Store::list_due_told`], the deliveries.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_due_deliveries(
        &self,
        shard: u8,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(DateTime<Utc>, Due)>, StoreError> {
        self.list_due_of(places::due_deliveries(shard), until, limit)
            .await
    }

    async fn list_due_of(
        &self,
        listing: Listing,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(DateTime<Utc>, Due)>, StoreError> {
        let partition = IndexPartition {
            listing,
            between: Between {
                first: None,
                last: Some(places::due_until(until)),
            },
        };
        let walk = Walk {
            direction: Direction::Ascending,
            after: None,
            limit,
        };
        let rows = self.index_page(&partition, &walk).await?;
        let due = rows.iter().filter_map(|row| {
            let due = due_of(row);
            if due.is_none() {
                tracing::error!("a row of an index of what is due names nothing that is known");
            }
            due
        });
        Ok(due.collect())
    }
}
