use api::caller::App;
use api::page::Paging;
use api::search::Search;
use api::{ApiError, Include, OutputZone, Query, State, Written};
use axum::extract::State as Extract;
use model::ids::ResourceId;
use model::resource::Resource;
use store::{CalendarRow, Direction, Position, Walk};
use views::CalendarView;

use crate::access::Read;
use crate::views::coming_events::coming_events;

/// What calendars can be searched by.
const SEARCHABLE: &[&str] = &["resource.id"];

/// Lists calendars, newest first; those of one resource with `search=resource.id:<id>`, the default one first.
#[utoipa::path(
    get,
    path = "/v2/calendars",
    tag = "calendars",
    params(
        ("search" = Option<String>, Query, description = "`resource.id:<uuid>`, the only attribute."),
        ("include" = Option<String>, Query, description = "`events`: those that are not over yet."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "A page of calendars.", body = Vec<CalendarView>))
)]
pub(crate) async fn list_calendars(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    query: Query,
    include: Include,
    zone: OutputZone,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, wanted) = page.with(&[], SEARCHABLE, resource_of(&query))?;
    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let since = principal.app_created_at;
    let page = match wanted.or(tenant.only_resource) {
        Some(resource) => {
            let found = store.get_resource(tenant, resource).await?;
            page.of_all(found.map(rows).unwrap_or_default())
        }
        None => {
            let fetch = |after: Option<Position>, limit| async move {
                let walk = Walk {
                    direction: Direction::Descending,
                    after: after.as_ref(),
                    limit,
                };
                store.list_calendars(tenant, since, &walk, now).await
            };
            page.paginate(fetch, Option::is_some).await?
        }
    };
    let events = if include.has("events") {
        let mut ids: Vec<ResourceId> = page.rows.iter().flatten().map(resource_id).collect();
        ids.sort_unstable();
        ids.dedup();
        Some(coming_events(&state, &principal, &ids).await?)
    } else {
        None
    };
    let show = |row: CalendarRow| {
        let view = CalendarView::of(&row.resource, row.calendar.id, zone)?;
        Some(match &events {
            Some(events) => view.with_events(&events[&row.resource.id], zone),
            None => view,
        })
    };
    page.map(|row| row.and_then(show)).answer().await
}

fn resource_of(query: &Query) -> Result<Option<ResourceId>, ApiError> {
    let (search, mut faults) = Search::read(query, SEARCHABLE);
    let resource = faults.parsed_id("search", search.get("resource.id"));
    faults.check()?;
    Ok(resource)
}

const fn resource_id(row: &CalendarRow) -> ResourceId {
    row.resource.id
}

fn rows(resource: Resource) -> Vec<Option<CalendarRow>> {
    let calendars = resource.calendars.clone().into_iter();
    let row = |calendar| {
        let resource = resource.clone();
        Some(CalendarRow { resource, calendar })
    };
    calendars.map(row).collect()
}
