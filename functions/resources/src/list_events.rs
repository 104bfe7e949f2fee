use std::collections::BTreeSet;

use api::caller::App;
use api::page::Paging;
use api::search::Search;
use api::{ApiError, Faults, OutputZone, Query, State, Written};
use axum::extract::State as Extract;
use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::{CalendarId, ResourceId};
use store::{Chunk, Direction, EventWindow, Position, Store, StoreError, Tenant, Walk};
use views::EventView;

use crate::access::Read;

/// What events can be searched by. An old client writes `resource_id`.
const SEARCHABLE: &[&str] = &["resource.id", "calendar.id", "resource_id"];

/// The longest window, in days.
const MAX_DAYS: i64 = 366;

/// Lists the events of a window in order of their start: those that end after `start` and begin before `end`.
#[utoipa::path(
    get,
    path = "/v2/events",
    tag = "calendars",
    params(
        ("start" = String, Query, description = "Only events that end after this instant. Required."),
        ("end" = String, Query, description = "Only events that start before this instant, at most 366 days after `start`. Required."),
        ("search" = Option<String>, Query, description = "`resource.id`, `calendar.id`; pairs `attribute:value` separated by `;`."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses(
        (status = 200, description = "A page of events.", body = Vec<EventView>),
        (status = 422, description = "No window, one that is too long, or an unknown attribute."),
    )
)]
pub(crate) async fn list_events(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    query: Query,
    zone: OutputZone,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, wanted) = page.with(&["start", "end"], SEARCHABLE, EventQuery::parse(&query))?;
    let (store, tenant) = (state.store(), principal.tenant());
    let resource = match (wanted.resource, wanted.calendar) {
        // A calendar's events are its resource's.
        (None, Some(calendar)) => match store.get_resource_of_calendar(tenant, calendar).await? {
            Some(found) => Some(found.record.id),
            None => {
                return page
                    .of_all(Vec::<Event>::new())
                    .map(|event| EventView::of(&event, zone))
                    .answer()
                    .await;
            }
        },
        (resource, _) => resource,
    };
    let wanted = EventQuery { resource, ..wanted };
    let (list, wanted) = (List { store, tenant }, &wanted);
    let fetch = |after: Option<Position>, limit| list.next(wanted, after, limit);
    let matches = |event: &Option<Event>| event.as_ref().is_some_and(|event| wanted.matches(event));
    let page = page.paginate(fetch, matches).await?;
    page.map(|event| event.map(|event| EventView::of(&event, zone)))
        .answer()
        .await
}

struct EventQuery {
    window: EventWindow,
    resource: Option<ResourceId>,
    calendar: Option<CalendarId>,
}

impl EventQuery {
    fn parse(query: &Query) -> Result<Self, ApiError> {
        let (search, mut faults) = Search::read(query, SEARCHABLE);
        let resource = search.get("resource.id").or(search.get("resource_id"));
        let resource = faults.parsed_id("search", resource);
        let calendar = faults.parsed_id("search", search.get("calendar.id"));
        let start = instant(&mut faults, query, "start");
        let end = instant(&mut faults, query, "end");
        let window = start.zip(end).map(|(from, to)| EventWindow { from, to });
        if let Some(window) = window {
            if window.to <= window.from {
                faults.add("end", "must be after the start");
            } else if window.to - window.from > TimeDelta::days(MAX_DAYS) {
                faults.add(
                    "end",
                    format!("must be at most {MAX_DAYS} days after the start"),
                );
            }
        }
        let wanted = window.map(|window| Self {
            window,
            resource,
            calendar,
        });
        Ok(faults.finish(wanted)?)
    }

    fn matches(&self, event: &Event) -> bool {
        self.window.includes(event.slot)
            && self.resource.is_none_or(|id| event.resource_id == id)
            && self.calendar.is_none_or(|id| event.calendar_id == id)
    }
}

fn instant(faults: &mut Faults, query: &Query, name: &str) -> Option<DateTime<Utc>> {
    if query.get(name).is_none() {
        faults.missing(name);
    }
    query.instant(faults, name)
}

#[derive(Clone, Copy)]
struct List<'a> {
    store: &'a Store,
    tenant: Tenant,
}

impl List<'_> {
    /// The next rows; an event whose resource is gone is none.
    async fn next(
        self,
        wanted: &EventQuery,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Chunk<Option<Event>>, StoreError> {
        let walk = Walk {
            direction: Direction::Ascending,
            after: after.as_ref(),
            limit,
        };
        let found = self
            .store
            .list_events(self.tenant, wanted.resource, wanted.window, &walk)
            .await?;
        let matching = found.rows.iter().map(|(_, event)| event);
        let matching = matching.filter(|event| wanted.matches(event));
        let ids: BTreeSet<ResourceId> = matching.map(|event| event.resource_id).collect();
        let ids: Vec<ResourceId> = ids.into_iter().collect();
        let resources = self.store.get_resources(self.tenant, &ids).await?;
        let there: BTreeSet<ResourceId> = resources.iter().map(|resource| resource.id).collect();
        let rows = found.rows.into_iter();
        Ok(Chunk {
            rows: rows
                .map(|(position, event)| {
                    let event = Some(event).filter(|event| there.contains(&event.resource_id));
                    (position, event)
                })
                .collect(),
            bytes: found.bytes,
            is_last: found.is_last,
        })
    }
}
