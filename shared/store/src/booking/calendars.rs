//! Calendars. They stand in their resource's item, because whoever books a resource needs to know them; a pointer finds
//! each by its id alone, and is what lists of them are made of.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use model::event::Event;
use model::ids::{CalendarId, EventId, ResourceId};
use model::resource::{Calendar, Resource};
use tokio::time::Instant;

use crate::booking::calendar_pointers::CalendarPointer;
use crate::booking::resources::ChangeResourceError;
use crate::dynamo::{
    Chunk, Expected, MonthlyIndex, Stale, Store, StoreError, Versioned, Walk, Writer, record,
};
use crate::places;
use crate::tenant::Tenant;
use crate::unit::decision::DecisionError;

/// How long one request goes on deleting a calendar's events.
const PATIENCE: Duration = Duration::from_secs(8);

/// The most actions that are put into one transaction on purpose: below the 100 that DynamoDB takes.
const FULL: usize = 90;

/// A calendar could not be deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteCalendarError {
    /// There is no such calendar for the tenant.
    #[error("there is no such calendar")]
    NotFound,
    /// It is the one that bookings go to.
    #[error("it is its resource's default calendar")]
    IsDefault,
    /// Its resource is not in the state that was expected.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// It has more events than could be deleted by now. Asking again goes on.
    #[error("some of its events are left")]
    Unfinished,
    /// An event's time could not be given back.
    #[error(transparent)]
    Event(#[from] DecisionError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ChangeResourceError> for DeleteCalendarError {
    fn from(error: ChangeResourceError) -> Self {
        match error {
            ChangeResourceError::NotFound => Self::NotFound,
            ChangeResourceError::Stale(stale) => stale.into(),
            ChangeResourceError::Store(error) => error.into(),
        }
    }
}

/// A calendar of a list, with the resource that it belongs to.
#[derive(Clone, Debug)]
pub struct CalendarRow {
    /// Its resource.
    pub resource: Resource,
    /// The calendar.
    pub calendar: Calendar,
}

impl Store {
    /// Reads the resource that has this calendar, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; a calendar outside the tenant is `None`.
    pub async fn get_resource_of_calendar(
        &self,
        tenant: Tenant,
        id: CalendarId,
    ) -> Result<Option<Versioned<Resource>>, StoreError> {
        let pointer: Option<CalendarPointer> =
            self.get_record(&places::calendar(tenant.app, id)).await?;
        let Some(CalendarPointer { resource, .. }) = pointer else {
            return Ok(None);
        };
        let found = self.get_versioned_resource(tenant, resource).await?;
        Ok(found.filter(|found| found.record.calendar(Some(id)).is_some()))
    }

    /// The tenant's next calendars in order of creation; `since` is when the app was made. One whose resource is gone, or
    /// cannot be read, is `None`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_calendars(
        &self,
        tenant: Tenant,
        since: DateTime<Utc>,
        walk: &Walk<'_>,
        now: DateTime<Utc>,
    ) -> Result<Chunk<Option<CalendarRow>>, StoreError> {
        let months = MonthlyIndex::all(places::calendars_by_month(tenant.app), since, now);
        let found = self
            .chunk_by_month(&months, walk, record::<CalendarPointer>)
            .await?;
        let pointers = found.rows.iter().map(|(_, pointer)| pointer.resource);
        let ids: BTreeSet<ResourceId> = pointers.collect();
        let ids: Vec<ResourceId> = ids.into_iter().collect();
        let resources: HashMap<ResourceId, Resource> = self
            .readable_resources(tenant, &ids)
            .await?
            .into_iter()
            .map(|resource| (resource.id, resource))
            .collect();
        let row = |pointer: CalendarPointer| {
            let resource = resources.get(&pointer.resource)?;
            let calendar = resource.calendar(Some(pointer.calendar))?.clone();
            Some(CalendarRow {
                resource: resource.clone(),
                calendar,
            })
        };
        // Each row has a copy of its resource.
        let sizes: HashMap<ResourceId, usize> = resources
            .values()
            .map(|resource| {
                let json = serde_json::to_string(resource);
                (resource.id, json.map_or(0, |json| json.len()))
            })
            .collect();
        let rows = found.rows.iter();
        let bytes = rows.filter_map(|(_, pointer)| sizes.get(&pointer.resource));
        Ok(Chunk {
            bytes: bytes.sum(),
            is_last: found.is_last,
            rows: found
                .rows
                .into_iter()
                .map(|(position, pointer)| (position, row(pointer)))
                .collect(),
        })
    }
}

impl Writer {
    /// Applies `change` to a resource's calendars, if it is in a state that is `expected`, on condition that nobody else
    /// changed the resource meanwhile; if so, asks again. `change` is given the resource with the version that it will be
    /// written with.
    ///
    /// # Errors
    ///
    /// As [`ChangeResourceError`] says, or `change`; nothing is changed then.
    pub async fn change_calendars<E>(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        expected: &Expected,
        change: impl Fn(Versioned<Resource>) -> Result<Versioned<Resource>, E>,
    ) -> Result<Versioned<Resource>, E>
    where
        E: From<ChangeResourceError> + From<StoreError>,
    {
        let change = |resource, secret| Ok((change(resource)?, secret));
        self.try_change_resource(tenant, resource, expected, change)
            .await
    }

    /// Deletes a calendar of a resource that is in a state that is `expected`, its events, and gives back their time.
    ///
    /// First the calendar is closed: it takes no more events. Then its events go, each with its time in one transaction,
    /// and last the calendar itself. Whatever interrupts this, asking again finishes it, and until then no time is free
    /// whose event is still there.
    ///
    /// # Errors
    ///
    /// As [`DeleteCalendarError`] says. What was deleted until then stays deleted.
    pub async fn delete_calendar(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        id: CalendarId,
        expected: &Expected,
        now: DateTime<Utc>,
    ) -> Result<(), DeleteCalendarError> {
        let deadline = Instant::now() + PATIENCE;
        let close = |mut found: Versioned<Resource>| {
            if found.record.is_default(id) {
                return Err(DeleteCalendarError::IsDefault);
            }
            let mut calendars = found.record.calendars.iter_mut();
            let calendar = calendars.find(|calendar| calendar.id == id);
            calendar.ok_or(DeleteCalendarError::NotFound)?.is_closing = true;
            Ok(found)
        };
        self.change_calendars(tenant, resource, expected, close)
            .await?;
        loop {
            let some = self.some_events(tenant, resource, Some(id)).await?;
            if some.is_empty() {
                break;
            }
            if Instant::now() >= deadline {
                return Err(DeleteCalendarError::Unfinished);
            }
            let ids: Vec<EventId> = some.into_iter().map(|(_, event)| event).collect();
            let events = self.get_events(tenant, &ids).await?;
            for group in in_transactions(&events) {
                if Instant::now() >= deadline {
                    return Err(DeleteCalendarError::Unfinished);
                }
                self.delete_events(tenant, &group, now).await?;
            }
        }
        let remove = |mut found: Versioned<Resource>| {
            found.record.calendars.retain(|calendar| calendar.id != id);
            found.record.updated_at = now;
            Ok::<_, DeleteCalendarError>(found)
        };
        self.change_calendars(tenant, resource, &Expected::Any, remove)
            .await?;
        Ok(())
    }

    async fn delete_events(
        &self,
        tenant: Tenant,
        ids: &[EventId],
        now: DateTime<Utc>,
    ) -> Result<(), DecisionError> {
        let delete = async |ids: &[EventId]| {
            self.until_decided(|| async {
                let mut decision = self.decision(tenant, now);
                for event in decision.events(ids).await? {
                    decision.delete_event(event.id);
                }
                decision.commit(()).await
            })
            .await
        };
        match delete(ids).await {
            // Their sheets are large: one by one they have fewer.
            Err(DecisionError::TooManyAtOnce { .. }) if ids.len() > 1 => {
                for id in ids {
                    delete(std::slice::from_ref(id)).await?;
                }
                Ok(())
            }
            deleted => deleted,
        }
    }
}

/// The events in groups whose deletion, with the sheets that they stand in, fits one transaction each.
fn in_transactions(events: &[Event]) -> Vec<Vec<EventId>> {
    let mut groups: Vec<Vec<EventId>> = Vec::new();
    let mut days: BTreeSet<NaiveDate> = BTreeSet::new();
    for event in events {
        let own: BTreeSet<NaiveDate> = event.slot.days().collect();
        let with_own: BTreeSet<NaiveDate> = days.union(&own).copied().collect();
        match groups.last_mut() {
            Some(group) if with_own.len() + 2 * (group.len() + 1) <= FULL => {
                group.push(event.id);
                days = with_own;
            }
            _ => {
                groups.push(vec![event.id]);
                days = own;
            }
        }
    }
    groups
}
