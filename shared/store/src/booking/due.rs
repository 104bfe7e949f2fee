//! What time will change by itself, by when: bookings with an automatic step to come, and reservations. Each says of itself
//! when it is due next, in attributes of its own item, so nothing else is written. The index lags, so it only tells where to
//! look: what is due is decided on the record, strongly read.

use chrono::{DateTime, Utc};
use model::ids::{AppId, BookingId, ReservationId};
use uuid::Uuid;

use crate::dynamo::{
    Between, Chunk, IndexPartition, Item, Position, RawItem, Store, StoreError, Walk, text,
};
use crate::places::{self, DUE};

/// How many partitions the index has, so that none is written to too often. Each is asked at every tick.
pub const DUE_SHARDS: u8 = 4;

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
        let Some(at) = at else { return self };
        let shard = id.as_bytes()[15] % DUE_SHARDS;
        self.listed(places::data_by_due(shard))
            .with(DUE, places::by_time(at, id))
    }
}

impl DueThing {
    fn read(item: &RawItem) -> Result<Self, StoreError> {
        let read = || {
            let at = text(item, DUE)?;
            let at = DateTime::parse_from_rfc3339(at.split('#').next()?).ok()?;
            let pk = text(item, "pk")?;
            let mut parts = pk.split('#');
            let (app, kind, id) = (parts.nth(1)?, parts.next()?, parts.next()?);
            let id = Uuid::parse_str(id).ok()?;
            Some(Self {
                app: AppId::new(Uuid::parse_str(app).ok()?),
                id: match kind {
                    "booking" => DueId::Booking(BookingId::new(id)),
                    "reservation" => DueId::Reservation(ReservationId::new(id)),
                    _ => return None,
                },
                at: at.to_utc(),
            })
        };
        read().ok_or_else(|| StoreError::broken("read", "something due of unknown kind"))
    }
}

impl Store {
    /// What is due at `now` in one of [`DUE_SHARDS`] partitions, the longest due first, as far as the index knows already.
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
                last: Some(places::by_time(now, "~")),
            },
        };
        self.chunk_of_partition(&partition, walk, DueThing::read)
            .await
    }

    /// The place of something due in its list.
    pub fn place_of_due(due: &DueThing) -> Position {
        let id = match due.id {
            DueId::Booking(id) => id.uuid(),
            DueId::Reservation(id) => id.uuid(),
        };
        Position::of(due.at, id)
    }
}
