//! Events as items: one by one, in lists by start, and by the calendar that they are in. How they change is decided in
//! [`unit`](crate::unit). An event is there as long as its resource is, whatever is left of it after that.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use model::event::{Event, MAX_EVENT_DAYS};
use model::ids::{AppId, CalendarId, EventId, ResourceId};
use model::occupancy::Tolerance;
use model::outbox::{self, ChangeEvent};
use model::time::TimeSlot;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dynamo::list::month;
use crate::dynamo::{
    Between, Chunk, Direction, IndexPartition, Item, MonthlyIndex, Place, Position, RawItem, Store,
    StoreError, Transaction, Walk, Writer, record,
};
use crate::places::{self, START};
use crate::tenant::Tenant;
use crate::unit::drafts::{Drafted, Guard};
use crate::unit::step::Move;

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
            first: Some(places::instant(self.first_start())),
            last: Some(places::instant(self.to)),
        }
    }
}

/// That a calendar has an event. It is what a calendar's deletion goes by.
#[derive(Serialize, Deserialize)]
struct EventPointer {
    event: EventId,
}

pub(crate) fn item(app: AppId, event: &Event) -> Result<Item, StoreError> {
    let start = event.slot.start();
    Ok(Item::new(&places::event(app, event.id), event)?
        .with("version", &event.version)
        .with(START, places::by_time(start, event.id))
        .listed(places::events_by_start(app).of(&month(start)))
        .listed(places::events_of_resource(app, event.resource_id)))
}

impl Drafted for Event {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn place(app: AppId, id: Uuid) -> Place {
        places::event(app, EventId::new(id))
    }

    fn item(&self, app: AppId) -> Result<Item, StoreError> {
        item(app, self)
    }

    fn version(&mut self) -> &mut String {
        &mut self.version
    }

    fn resource(&self) -> ResourceId {
        self.resource_id
    }

    /// An event is placed over whatever is there: a calendar may say anything.
    fn tells(before: Option<&Self>, after: Option<&Self>) -> Vec<ChangeEvent> {
        outbox::of_calendar_event(before, after)
    }

    fn moves(before: Option<&Self>, after: Option<&Self>) -> Vec<(ResourceId, Move)> {
        let place = |event: &Self| (event.resource_id, event.claim());
        let (before, after) = (before.map(place), after.map(place));
        if before == after {
            return Vec::new();
        }
        let go = before.map(|(resource, claim)| (resource, Move::Go(claim)));
        let come = after.map(|(resource, claim)| {
            let come = Move::Come(claim, Tolerance::Everything);
            (resource, come)
        });
        go.into_iter().chain(come).collect()
    }

    /// Its calendar's pointer to it.
    fn point_in(
        transaction: &mut Transaction<'_, Guard>,
        app: AppId,
        before: Option<&Self>,
        after: Option<&Self>,
    ) -> Result<(), StoreError> {
        let place = |event: &Self| {
            places::event_pointer(app, event.resource_id, event.calendar_id, event.id)
        };
        let (old, new) = (before.map(place), after.map(place));
        if old == new {
            return Ok(());
        }
        if let Some(old) = old {
            transaction.delete(Guard::Record, &old, None)?;
        }
        if let Some((new, event)) = new.zip(after) {
            let pointer = Item::new(&new, &EventPointer { event: event.id })?;
            transaction.put_unconditionally(Guard::Record, pointer)?;
        }
        Ok(())
    }
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
        let found = self.get(&places::event(tenant.app, id)).await?;
        let event = found.as_ref().map(Event::read).transpose()?;
        Ok(event.filter(|event| tenant.includes(event.resource_id)))
    }

    /// As [`Store::get_event`], of many, in no order. Those that are not there are left out.
    pub(crate) async fn get_events(
        &self,
        tenant: Tenant,
        ids: &[EventId],
    ) -> Result<Vec<Event>, StoreError> {
        let app = tenant.app;
        let places: Vec<Place> = ids.iter().map(|id| places::event(app, *id)).collect();
        let items = self.get_many(&places).await?;
        let mut events = items
            .iter()
            .map(Event::read)
            .collect::<Result<Vec<_>, _>>()?;
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
            let partition = IndexPartition {
                listing: places::events_of_resource(tenant.app, resource),
                between: window.between(),
            };
            return self.chunk_of_partition(&partition, walk, Event::read).await;
        }
        let months = MonthlyIndex {
            listing: places::events_by_start(tenant.app),
            since: window.first_start(),
            until: window.to,
            between: window.between(),
        };
        self.chunk_by_month(&months, walk, Event::read).await
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
    ) -> Result<Vec<(Place, EventId)>, StoreError> {
        let between = match calendar.map(places::of_calendar) {
            Some([first, last]) => Between {
                first: Some(first),
                last: Some(last),
            },
            None => Between::default(),
        };
        let partition = IndexPartition {
            listing: places::event_pointers_of(tenant.app, resource),
            between,
        };
        let walk = Walk {
            direction: Direction::Ascending,
            after: None,
            limit: BATCH,
        };
        let items = self.index_page(&partition, &walk).await?;
        let pointer = |item: &RawItem| {
            let place = Place::of(partition.listing.table, item)?;
            record::<EventPointer>(item).map(|pointer| (place, pointer.event))
        };
        items.iter().map(pointer).collect()
    }
}

impl Writer {
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
                        let event = places::event(tenant.app, *event);
                        transaction.delete((), &event, None)?;
                        transaction.delete((), pointer, None)?;
                    }
                    transaction.decide(()).await
                })
                .await?;
            }
        }
    }
}
