//! The outbox: what a transaction tells is one item of it. It is put on condition that there is none, and never changed.
//!
//! It is a table of its own, because whoever writes bookings may add to it and do nothing else there, and because what it
//! holds goes after 30 days. An app's items of a month are one partition, in order of the time at which their transactions
//! were sent, so a list needs no index, and reads strongly consistent.

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::AppId;
use model::outbox::{ChangeEvent, KEPT_FOR, Told, ToldEvent, ToldId};
use uuid::Uuid;

use crate::due;
use crate::dynamo::{
    Between, Chunk, Condition, Direction, Item, MonthlyIndex, Position, RawItem, Store, StoreError,
    Transaction, Walk, record, text,
};
use crate::places;
use crate::tenant::Tenant;

/// The most bytes that a transaction tells.
pub(crate) const MAX_TOLD: usize = 100 * 1_000;

/// How far ahead the clock of another instance may be.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

/// How many of the last characters of an item's sort key are the number of an event in the sort key of an event.
const NUMBER: usize = 4;

/// Adds what a transaction tells of an app to it; nothing if it tells nothing.
pub(crate) fn tell_in<G: Clone>(
    transaction: &mut Transaction<'_, G>,
    guard: G,
    app: AppId,
    events: Vec<ChangeEvent>,
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let writer = transaction.writer();
    let at = writer.clock.now();
    let id = ToldId::new(at, &*writer.random);
    let author = writer.author();
    let told = Told {
        by: author.by.clone(),
        from: author.from,
        events,
    };
    let item = Item::new(&places::told(app, at, id.uuid()), &told)?;
    let item = item.expiring((at + KEPT_FOR).timestamp());
    let item = due::listed(item, places::due_told(due::shard(id.uuid())), at, id.uuid());
    transaction.makes_due();
    transaction.put(guard, item, &Condition::Absent)
}

/// How many bytes these events have in an item of the outbox.
pub(crate) fn size_of(events: &[ChangeEvent]) -> usize {
    serde_json::to_string(events).map_or(0, |json| json.len())
}

/// The events of an item, each with its place.
pub(crate) fn events_of(item: &RawItem) -> Result<Vec<(Position, ToldEvent)>, StoreError> {
    let sk = text(item, "sk").unwrap_or_default();
    let id = sk
        .split_once('#')
        .and_then(|(_, id)| Uuid::parse_str(id).ok());
    let id = id.ok_or_else(|| StoreError::broken("read", "an item of the outbox without id"))?;
    let told: Told = record(item)?;
    let events = told.into_events(ToldId::from_uuid(id));
    Ok(events
        .map(|event| (Position::of(event.at, event.id), event))
        .collect())
}

/// The instant from which on what was told is there.
fn kept_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - KEPT_FOR
}

/// Whether `tenant` sees an event: a resource sees its own.
fn is_seen_by(tenant: Tenant, event: &ToldEvent) -> bool {
    match tenant.only_resource {
        None => true,
        Some(only) => event.event.resource_id == Some(only),
    }
}

impl Store {
    /// The next events that changes of the tenant's app have told, of the last 30 days, from `since` on; those that the tenant
    /// must not see are none. Read strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_told_events(
        &self,
        tenant: Tenant,
        since: DateTime<Utc>,
        walk: &Walk<'_>,
        now: DateTime<Utc>,
    ) -> Result<Chunk<Option<ToldEvent>>, StoreError> {
        let since = since.max(kept_since(now));
        let months = MonthlyIndex {
            listing: places::told_by_month(tenant.app),
            since,
            until: now + AHEAD,
            between: Between {
                first: Some(places::instant(since)),
                last: None,
            },
        };
        // The item in which the last event was told may have more.
        let again = walk.after.map(|position| match walk.direction {
            Direction::Ascending => position.shortened_by(NUMBER),
            Direction::Descending => position.clone(),
        });
        let items = Walk {
            after: again.as_ref(),
            limit: walk.limit + 1,
            ..*walk
        };
        let chunk = self.chunk_by_month(&months, &items, events_of).await?;
        let mut rows: Vec<(Position, Option<ToldEvent>)> = Vec::new();
        for (_, mut events) in chunk.rows {
            if walk.direction == Direction::Descending {
                events.reverse();
            }
            events.retain(|(position, _)| {
                walk.after.is_none_or(|after| match walk.direction {
                    Direction::Ascending => position > after,
                    Direction::Descending => position < after,
                })
            });
            let seen = |event| Some(event).filter(|event| is_seen_by(tenant, event));
            let events = events.into_iter();
            rows.extend(events.map(|(position, event)| (position, seen(event))));
        }
        Ok(Chunk {
            bytes: chunk.bytes,
            // Every item has an event, so a list that goes on has a row.
            is_last: chunk.is_last || rows.is_empty(),
            rows,
        })
    }

    /// An event that one of the tenant's changes has told in the last 30 days, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_told_event(
        &self,
        tenant: Tenant,
        event: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<ToldEvent>, StoreError> {
        let Some((id, index)) = ToldId::of_event(event) else {
            return Ok(None);
        };
        if id.at() < kept_since(now) || id.at() > now + AHEAD {
            return Ok(None);
        }
        let place = places::told(tenant.app, id.at(), id.uuid());
        let Some(item) = self.get(&place).await? else {
            return Ok(None);
        };
        let told = events_of(&item)?.into_iter().nth(index);
        let event = told.map(|(_, event)| event);
        Ok(event.filter(|event| is_seen_by(tenant, event)))
    }
}
