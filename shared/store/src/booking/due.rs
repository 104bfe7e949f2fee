//! What time will change by itself, by when: bookings with an automatic step or a reminder to come, and reservations. Each says
//! of itself when it is due next, in attributes of its own item, so nothing else is written.

use chrono::{DateTime, Utc};
use model::ids::{AppId, BookingId, ReservationId};
use uuid::Uuid;

use crate::due::{self, listed};
use crate::dynamo::{Between, Chunk, IndexPartition, Item, RawItem, Store, StoreError, Walk, text};
use crate::places;

/// Something that time changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueThing {
    /// Whose it is.
    pub app: AppId,
    /// What it is.
    pub id: DueId,
    /// When it was due, as far as the index knows.
    pub at: DateTime<Utc>,
}

/// What can be due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueId {
    /// A booking.
    Booking(BookingId),
    /// A reservation.
    Reservation(ReservationId),
}

impl Item {
    /// The same item, found by when time changes it next, if it ever does.
    pub(crate) fn due(self, id: Uuid, at: Option<DateTime<Utc>>) -> Self {
        match at {
            Some(at) => listed(self, places::data_by_due(due::shard(id)), at, id),
            None => self,
        }
    }
}

impl DueThing {
    fn read(item: &RawItem) -> Result<Self, StoreError> {
        let read = || {
            let at = due::since(item)?;
            let pk = text(item, "pk")?;
            let (app, id) = match places::read_booking(&pk) {
                Some((app, id)) => (app, DueId::Booking(id)),
                None => {
                    let (app, id) = places::read_reservation(&pk)?;
                    (app, DueId::Reservation(id))
                }
            };
            Some(Self { app, id, at })
        };
        read().ok_or_else(|| StoreError::broken("read", "something due of unknown kind"))
    }
}

impl Store {
    /// What is due at `now` in one of [`SHARDS`](crate::SHARDS) partitions, the longest due first, as far as the index knows.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_due(
        &self,
        shard: u8,
        now: DateTime<Utc>,
        walk: &Walk<'_>,
    ) -> Result<Chunk<DueThing>, StoreError> {
        let partition = IndexPartition {
            listing: places::data_by_due(shard),
            between: Between {
                first: None,
                last: Some(places::due_until(now)),
            },
        };
        self.chunk_of_partition(&partition, walk, DueThing::read)
            .await
    }
}
