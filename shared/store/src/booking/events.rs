//! Events as items: one by one, in lists by start, and by the calendar that they are in. How they change is decided in
//! [`decision`](crate::unit::decision). An event is there as long as its resource is, whatever is left of it after that.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use model::event::{Event, MAX_EVENT_DAYS};
use model::ids::{CalendarId, EventId, ResourceId};
use model::time::TimeSlot;
use serde::{Deserialize, Serialize};

use crate::dynamo::item::{BY_RESOURCE, BY_START, Item, Key, RawItem, TABLE, record, text};
use crate::dynamo::list::{
    self, Between, Chunk, Direction, MonthlyIndex, Partition, Position, Walk,
};
use crate::dynamo::list::{sort_key, time_key};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table, Tenant};

/// How many resources are asked for at once.
const AT_ONCE: usize = 64;

/// How many rows are read at once, at most.
const BATCH: usize = 250;

/// Events that end after one instant and start before another. A list keeps to it as far as its index can: an event that
/// is over before may still be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventWindow {
    /// They end after it.
    pub from: DateTime<Utc>,
    /// They start before it.
    pub to: DateTime<Utc>,
}

impl EventWindow {
    /// Whether an event of this time lies in it, at least in part.
    pub fn includes(&self, slot: TimeSlot) -> bool {
        slot.end() > self.from && slot.start() < self.to
    }

    /// The earliest start of an event that ends after `from`: none is longer than [`MAX_EVENT_DAYS`], which by a clock
    /// that is put back are up to a day longer than as many times 24 hours.
    fn first_start(&self) -> DateTime<Utc> {
        self.from - TimeDelta::days(i64::from(MAX_EVENT_DAYS) + 1)
    }

    fn between(&self) -> Between {
        Between {
            first: Some(time_key(self.first_start())),
            last: Some(time_key(self.to)),
        }
    }
}

/// That a calendar has an event. It is what a calendar's deletion goes by.
#[derive(Serialize, Deserialize)]
struct EventPointer {
    event: EventId,
}

fn key(tenant: Tenant, id: EventId) -> Key {
    Key::new(format!("app#{}#event#{id}", tenant.app), "event")
}

/// Where the pointers to a resource's events are, and in the index by start the events themselves.
fn resource_partition(tenant: Tenant, resource: ResourceId) -> String {
    format!("app#{}#events#{resource}", tenant.app)
}

fn pointer_key(tenant: Tenant, event: &Event) -> Key {
    let place = format!("{}#{}", event.calendar_id, event.id);
    Key::new(resource_partition(tenant, event.resource_id), place)
}

fn start_prefix(tenant: Tenant) -> String {
    format!("app#{}#event_starts#", tenant.app)
}

fn item(tenant: Tenant, event: &Event) -> Result<Item, StoreError> {
    let start = event.slot.start();
    Ok(Item::new(&key(tenant, event.id), event)?
        .with("version", &event.version)
        .with("start_sk", sort_key(start, event.id))
        .with("start_pk", start_prefix(tenant) + &list::month(start))
        .with("resource_pk", resource_partition(tenant, event.resource_id)))
}

/// An event with the version it was written with.
fn read(item: RawItem) -> Result<Event, StoreError> {
    let version = text(&item, "version")
        .ok_or_else(|| StoreError::broken("read", "an event without version"))?;
    let event: Event = record(item)?;
    Ok(Event { version, ..event })
}

/// Adds an event that a decision changes, and its pointer, to its transaction.
pub(crate) fn add_to<L: Clone>(
    transaction: &mut Transaction<'_, L>,
    label: L,
    tenant: Tenant,
    (before, after): (Option<&Event>, Option<&Event>),
) -> Result<(), StoreError> {
    let condition = Condition::as_seen(before.map(|event| event.version.clone()));
    let pointer = |event: Option<&Event>| event.map(|event| pointer_key(tenant, event));
    let (old, new) = (pointer(before), pointer(after));
    if let Some(old) = old.filter(|old| new.as_ref() != Some(old)) {
        transaction.delete(label.clone(), Table::Data, &old, None)?;
    }
    let Some(event) = after else {
        return match before {
            Some(event) => {
                let key = key(tenant, event.id);
                transaction.delete(label, Table::Data, &key, Some(&condition))
            }
            None => Ok(()),
        };
    };
    if new != pointer(before) {
        let pointer = EventPointer { event: event.id };
        let pointer = Item::new(&pointer_key(tenant, event), &pointer)?;
        transaction.put_unconditionally(label.clone(), Table::Data, pointer)?;
    }
    transaction.put(label, Table::Data, item(tenant, event)?, &condition)
}

impl Store {
    /// Reads an event as it was last written, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; an event outside the tenant is `None`.
    pub async fn get_event(
        &self,
        tenant: Tenant,
        id: EventId,
    ) -> Result<Option<Event>, StoreError> {
        let found = self.get(Table::Data, &key(tenant, id)).await?;
        let event = found.map(read).transpose()?;
        Ok(event.filter(|event| tenant.includes(event.resource_id)))
    }

    /// As [`Store::get_event`], of many, in no order. Those that are not there are left out.
    pub(crate) async fn get_events(
        &self,
        tenant: Tenant,
        ids: &[EventId],
    ) -> Result<Vec<Event>, StoreError> {
        let keys: Vec<Key> = ids.iter().map(|id| key(tenant, *id)).collect();
        let items = self.get_many(Table::Data, &keys).await?;
        let mut events = items.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        events.retain(|event| tenant.includes(event.resource_id));
        Ok(events)
    }

    /// The next events of a window in order of their start: one resource's, or all of the tenant's. Events of resources
    /// that are gone may be among them.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_events(
        &self,
        tenant: Tenant,
        resource: Option<ResourceId>,
        window: EventWindow,
        walk: &Walk<'_>,
    ) -> Result<Chunk<Event>, StoreError> {
        if let Some(resource) = tenant.only_resource.or(resource) {
            let partition = Partition {
                table: Table::Data,
                index: &BY_RESOURCE,
                name: resource_partition(tenant, resource),
                between: window.between(),
            };
            return self.chunk_of_partition(&partition, walk, read).await;
        }
        let months = MonthlyIndex {
            table: Table::Data,
            index: &BY_START,
            prefix: start_prefix(tenant),
            since: window.first_start(),
            until: window.to,
            between: window.between(),
        };
        self.chunk_by_month(&months, walk, read).await
    }

    /// The first `most` events of each of `resources`, in their order, that lie in a window: side by side, by start.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn events_of(
        &self,
        tenant: Tenant,
        resources: &[ResourceId],
        window: EventWindow,
        most: usize,
    ) -> Result<Vec<Vec<Event>>, StoreError> {
        let resources = resources.iter().copied();
        let asked = resources.map(|id| self.first_events(tenant, id, window, most));
        // In this task, because what a request costs is counted there.
        stream::iter(asked).buffered(AT_ONCE).try_collect().await
    }

    async fn first_events(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        window: EventWindow,
        most: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let mut events = Vec::new();
        let mut after: Option<Position> = None;
        loop {
            let walk = Walk {
                direction: Direction::Ascending,
                after: after.as_ref(),
                limit: BATCH,
            };
            let chunk = self
                .list_events(tenant, Some(resource), window, &walk)
                .await?;
            after = chunk.rows.last().map(|(position, _)| position.clone());
            let rows = chunk.rows.into_iter().map(|(_, event)| event);
            events.extend(rows.filter(|event| window.includes(event.slot)));
            if chunk.is_last || events.len() >= most {
                events.truncate(most);
                return Ok(events);
            }
        }
    }

    /// Some events of a resource, or of one of its calendars, strongly consistent; none only if there are none.
    pub(crate) async fn some_events(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        calendar: Option<CalendarId>,
    ) -> Result<Vec<(Key, EventId)>, StoreError> {
        let between = calendar.map_or_else(Between::default, |id| Between {
            first: Some(format!("{id}#")),
            last: Some(format!("{id}#~")),
        });
        let partition = Partition {
            table: Table::Data,
            index: &TABLE,
            name: resource_partition(tenant, resource),
            between,
        };
        let walk = Walk {
            direction: Direction::Ascending,
            after: None,
            limit: BATCH,
        };
        let items = self.index_page(&partition, &walk).await?;
        let pointer = |item: RawItem| {
            let place = text(&item, "sk").unwrap_or_default();
            let key = Key::new(partition.name.clone(), place);
            record::<EventPointer>(item).map(|pointer| (key, pointer.event))
        };
        items.into_iter().map(pointer).collect()
    }

    /// Deletes what is left of the events of a resource that is gone. Nobody can book it any more, so what its sheets say
    /// does not matter.
    pub(crate) async fn sweep_events(
        &self,
        tenant: Tenant,
        resource: ResourceId,
    ) -> Result<(), StoreError> {
        loop {
            let events = self.some_events(tenant, resource, None).await?;
            if events.is_empty() {
                return Ok(());
            }
            // Two actions each, and a transaction has 100.
            for some in events.chunks(50) {
                self.until_decided(|| async {
                    let mut transaction = Transaction::new(self);
                    for (pointer, event) in some {
                        transaction.delete((), Table::Data, &key(tenant, *event), None)?;
                        transaction.delete((), Table::Data, pointer, None)?;
                    }
                    match transaction.commit().await? {
                        Outcome::Committed => Ok(Some(())),
                        Outcome::Refused(_) | Outcome::Conflict => Ok::<_, StoreError>(None),
                    }
                })
                .await?;
            }
        }
    }
}
