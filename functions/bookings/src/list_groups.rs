use std::collections::BTreeSet;

use api::caller::App;
use api::page::Paging;
use api::search::Search;
use api::{ApiError, OutputZone, Query, State, Written};
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::booking::Booking;
use model::graph::Graph;
use model::ids::{ProjectId, ResourceId};
use scheduling::search::groups::is_bookable;
use store::{BookingList, Chunk, Direction, Position, SlotWindow, Store, StoreError, Tenant, Walk};

use crate::access::ListGroups;
use crate::includes::Includes;
use crate::list::{searched_id, window};
use crate::view::{BookingView, Presenter};

/// What is shown of a group without being asked for, because booking pages rely on it.
pub(crate) const GROUP_INCLUDES: &[&str] = &["resource", "available_actions"];

/// What groups can be searched by. Pages that were configured remotely name their widget, of which no booking knows.
const SEARCHABLE: &[&str] = &["project.id", "resource.id", "widget.id"];

/// Lists groups, soonest first: those to come, unless `start` or `end` say otherwise.
///
/// Groups of a resource that was deleted are not among them. A widget key or client-token is shown only what can be booked now: open groups to come, inside their booking window, with a free
/// seat.
#[utoipa::path(
    get,
    path = "/v2/bookings/groups",
    tag = "bookings",
    params(
        ("search" = Option<String>, Query, description = "`project.id`, `resource.id`; pairs `attribute:value` separated by `;`."),
        ("start" = Option<String>, Query, description = "Only groups that end after this instant; now unless `start` or `end` is sent."),
        ("end" = Option<String>, Query, description = "Only groups that start before this instant."),
        ("include" = Option<String>, Query, description = "What to show beside the base fields, `resource` and `available_actions`, separated by commas."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses(
        (status = 200, description = "A page of groups.", body = Vec<BookingView>),
        (status = 422, description = "An unknown attribute, zone or page."),
    )
)]
pub(crate) async fn list_groups(
    App(principal): App<ListGroups>,
    Extract(state): Extract<State>,
    query: Query,
    include: Includes,
    zone: OutputZone,
    page: Paging,
) -> Result<Written, ApiError> {
    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let is_public = principal.is_public();
    let (page, query) = page.with(
        &["start", "end"],
        SEARCHABLE,
        GroupQuery::parse(&query, is_public, now),
    )?;
    let (since, window) = (principal.app_created_at, query.window);
    let list = match tenant.only_resource {
        Some(resource) => BookingList::OfResource { resource, window },
        None => BookingList::Groups { since, window },
    };
    let fetch = |after: Option<Position>, limit| {
        let list = &list;
        async move {
            let walk = Walk {
                direction: Direction::Ascending,
                after: after.as_ref(),
                limit,
            };
            let groups = store.list_bookings(tenant, list, &walk, now).await?;
            with_parents(store, tenant, groups, is_public).await
        }
    };
    let matches = |group: &Listed| group.has_parents && query.matches(&group.booking);
    let page = page.paginate(fetch, matches).await?;
    let page = page.map(|group| group.booking);
    let include = include.and(GROUP_INCLUDES);
    let presenter = Presenter {
        principal: &principal,
        store,
        include: &include,
        zone,
        now,
    };
    let included = presenter.load(&page.rows).await?.of_groups();
    page.map(|group| included.show(group)).answer().await
}

/// A group, and whether what it belongs to is still there.
struct Listed {
    booking: Booking,
    has_parents: bool,
}

/// Asks of each group whether its resource is still there and, for a page, its project: nobody can join it otherwise.
async fn with_parents(
    store: &Store,
    tenant: Tenant,
    groups: Chunk<Booking>,
    is_public: bool,
) -> Result<Chunk<Listed>, StoreError> {
    let rows = || groups.rows.iter().map(|(_, group)| group);
    let resources: BTreeSet<ResourceId> = rows().map(|group| group.resource_id).collect();
    let projects = rows()
        .filter(|_| is_public)
        .filter_map(|group| group.project_id);
    let projects: BTreeSet<ProjectId> = projects.collect();
    let resources: Vec<ResourceId> = resources.into_iter().collect();
    let projects: Vec<ProjectId> = projects.into_iter().collect();
    let resources = store.get_resources(tenant, &resources).await?;
    let projects = store.get_projects(tenant, &projects).await?;
    let resources: BTreeSet<ResourceId> = resources.iter().map(|found| found.id).collect();
    let projects: BTreeSet<ProjectId> = projects.iter().map(|found| found.id).collect();
    let listed = |booking: Booking| Listed {
        has_parents: resources.contains(&booking.resource_id)
            && (!is_public || booking.project_id.is_none_or(|id| projects.contains(&id))),
        booking,
    };
    let rows = groups.rows.into_iter();
    Ok(Chunk {
        bytes: groups.bytes,
        is_last: groups.is_last,
        rows: rows
            .map(|(position, group)| (position, listed(group)))
            .collect(),
    })
}

/// What a request asks of the list.
struct GroupQuery {
    resource: Option<ResourceId>,
    project: Option<ProjectId>,
    window: SlotWindow,
    /// At which instant they must be bookable, if they must.
    bookable_at: Option<DateTime<Utc>>,
}

impl GroupQuery {
    fn parse(query: &Query, is_public: bool, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let (search, mut faults) = Search::read(query, SEARCHABLE);
        let resource = searched_id(&mut faults, &search, "resource.id");
        let project = searched_id(&mut faults, &search, "project.id");
        let SlotWindow { from, to } = window(&mut faults, query);
        faults.check()?;
        let is_from_now_on = is_public || (from.is_none() && to.is_none());
        Ok(Self {
            resource,
            project,
            window: SlotWindow {
                from: from.max(is_from_now_on.then_some(now)),
                to,
            },
            bookable_at: is_public.then_some(now),
        })
    }

    fn matches(&self, booking: &Booking) -> bool {
        booking.graph == Graph::GroupOwner
            && self.resource.is_none_or(|id| booking.resource_id == id)
            && self.project.is_none_or(|id| booking.project_id == Some(id))
            && self.window.includes(booking.slot)
            && self.bookable_at.is_none_or(|now| is_bookable(booking, now))
    }
}
