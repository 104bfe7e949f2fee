use std::cmp::Ordering;

use api::caller::App;
use api::page::{Page, Paging};
use api::search::{Search, matches_wildcard, says};
use api::{ApiError, OutputZone, Query, State};
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::booking::Booking;
use model::graph::{BookingState, Graph};
use model::ids::{CalendarId, ProjectId, ResourceId};
use model::time::parse_instant;
use store::{BookingList, Direction, Position, Walk};

use crate::includes::Includes;
use crate::view::{BookingView, Viewer};

/// What bookings can be searched by.
const SEARCHABLE: &[&str] = &[
    "resource.id",
    "graph",
    "state",
    "completed",
    "customer.*",
    "calendar.id",
    "project.id",
    "meta.*",
];

/// What bookings can be ordered by.
const ORDERS: &[(&str, Order)] = &[
    ("created_at", Order::CreatedAt),
    ("updated_at", Order::UpdatedAt),
    ("completed", Order::Completed),
    ("graph", Order::Graph),
    ("state", Order::State),
    ("event.start", Order::Start),
    ("event.end", Order::End),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    CreatedAt,
    UpdatedAt,
    Completed,
    Graph,
    State,
    Start,
    End,
}

/// Lists bookings, newest first unless told otherwise.
///
/// `search` takes `attribute:value` pairs, separated by `;`. `state` and `completed` are judged at this instant.
/// A resource's bookings come in the order of their start.
///
/// Who has no key may bring a search that the app has signed, and sees what a booking page would. `signed_search` is a
/// JSON Web Token, HS256 under the app's signing secret, that says `app_slug` and at least one of `customer.email` and
/// `meta.<key>`; `search` must contain everything that it says, with the same values.
#[utoipa::path(
    get,
    path = "/v2/bookings",
    tag = "bookings",
    params(
        ("search" = Option<String>, Query, description = "`resource.id`, `graph`, `state`, `completed`, `customer.name` (with `*` at either end), `customer.email`, `customer.<field>`, `calendar.id`, `project.id`, `meta.<key>`."),
        ("signed_search" = Option<String>, Query, description = "Instead of a credential: a token that the app has signed for this search."),
        ("start" = Option<String>, Query, description = "Only bookings that end after this instant."),
        ("end" = Option<String>, Query, description = "Only bookings that start before this instant."),
        ("orderBy" = Option<String>, Query, description = "`created_at`, `updated_at`, `completed`, `graph`, `state`, `event.start` or `event.end`."),
        ("sortedBy" = Option<String>, Query, description = "`asc` or `desc`."),
        ("include" = Option<String>, Query, description = "What to show beside the base fields, separated by commas."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses(
        (status = 200, description = "A page of bookings.", body = Vec<BookingView>),
        (status = 422, description = "An unknown attribute, order, zone or page."),
    )
)]
pub(crate) async fn list_bookings(
    Extract(state): Extract<State>,
    App(principal): App,
    query: Query,
    include: Includes,
    zone: OutputZone,
    page: Paging,
) -> Result<Page<BookingView>, ApiError> {
    let now = state.now();
    let (page, wanted) = page.with(Wanted::parse(&query, now))?;
    let tenant = principal.tenant();
    let since = principal.app_created_at;
    let (list, natural) = match (wanted.resource, wanted.project, &wanted.customer_email) {
        _ if tenant.only_resource.is_some() => (BookingList::All { since }, Order::Start),
        (Some(resource), _, _) => (BookingList::OfResource(resource), Order::Start),
        (None, _, Some(email)) => (BookingList::OfCustomer(email.clone()), Order::CreatedAt),
        (None, Some(project), None) => {
            (BookingList::OfProject { project, since }, Order::CreatedAt)
        }
        (None, None, None) => (BookingList::All { since }, Order::CreatedAt),
    };
    let order = wanted.order.unwrap_or(natural);
    let direction = wanted.direction;
    let store = state.store();
    let fetch = |after: Option<Position>, limit| {
        let list = &list;
        // Rows that will be sorted anyway may be read in either direction.
        async move {
            let walk = Walk {
                direction,
                after: after.as_ref(),
                limit,
            };
            store.list_bookings(tenant, list, &walk, now).await
        }
    };
    let matches = |booking: &Booking| wanted.matches(booking);
    let page = if order == natural {
        page.paginate(fetch, matches).await?
    } else {
        let compare = |a: &Booking, b: &Booking| match direction {
            Direction::Ascending => compare(order, a, b, now),
            Direction::Descending => compare(order, b, a, now),
        };
        page.paginate_sorted(fetch, matches, compare).await?
    };
    let viewer = Viewer::of(&principal, store, &include, zone, &page.rows).await?;
    Ok(page.map(|booking| viewer.show(booking, now)))
}

/// What a request asks of the list.
struct Wanted {
    resource: Option<ResourceId>,
    project: Option<ProjectId>,
    customer_email: Option<String>,
    graph: Option<Graph>,
    state: Option<BookingState>,
    completed: Option<bool>,
    calendar: Option<CalendarId>,
    others: Search,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    order: Option<Order>,
    direction: Direction,
    now: DateTime<Utc>,
}

impl Wanted {
    fn parse(query: &Query, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let (search, mut faults) = Search::read(query, SEARCHABLE);
        let mut id = |name: &str| {
            faults.parsed("search", search.get(name), |id| {
                id.parse::<ResourceId>()
                    .map_err(|_| format!("{name} must be a valid UUID"))
            })
        };
        let (resource, project, calendar) =
            (id("resource.id"), id("project.id"), id("calendar.id"));
        let graph = faults.parsed("search", search.get("graph"), |name| {
            name.parse::<Graph>()
                .map_err(|error| format!("graph is {error}"))
        });
        let state = faults.parsed("search", search.get("state"), |name| {
            name.parse::<BookingState>()
                .map_err(|error| format!("state is {error}"))
        });
        let completed = faults.parsed("search", search.get("completed"), |value| match value {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err("completed must be true or false"),
        });
        let from = faults.parsed("start", query.get("start"), parse_instant);
        let to = faults.parsed("end", query.get("end"), parse_instant);
        let order = faults.parsed("orderBy", query.get("orderBy"), |name| {
            let known = ORDERS
                .iter()
                .find(|(order, _)| *order == name)
                .map(|(_, order)| *order);
            known.ok_or_else(|| {
                let names: Vec<&str> = ORDERS.iter().map(|(name, _)| *name).collect();
                format!("unknown order; the known ones are {}", names.join(", "))
            })
        });
        let direction = faults.parsed("sortedBy", query.get("sortedBy"), |name| match name {
            "asc" => Ok(Direction::Ascending),
            "desc" => Ok(Direction::Descending),
            _ => Err("must be asc or desc"),
        });
        faults.check()?;
        Ok(Self {
            resource,
            project: project.map(|id| ProjectId::new(id.uuid())),
            customer_email: search.get("customer.email").map(str::to_lowercase),
            graph,
            state,
            completed,
            calendar: calendar.map(|id| CalendarId::new(id.uuid())),
            others: search,
            from,
            to,
            order,
            direction: direction.unwrap_or(Direction::Descending),
            now,
        })
    }

    fn matches(&self, booking: &Booking) -> bool {
        let fixed = self.resource.is_none_or(|id| booking.resource_id == id)
            && self.project.is_none_or(|id| booking.project_id == Some(id))
            && self.calendar.is_none_or(|id| booking.calendar_id == id)
            && self.graph.is_none_or(|graph| booking.graph == graph)
            && self.from.is_none_or(|from| booking.slot.end() > from)
            && self.to.is_none_or(|to| booking.slot.start() < to);
        if !fixed {
            return false;
        }
        if self.state.is_some() || self.completed.is_some() {
            let settled = booking.clone().settled(self.now);
            if self.state.is_some_and(|state| settled.state != state)
                || self
                    .completed
                    .is_some_and(|completed| settled.completed() != completed)
            {
                return false;
            }
        }
        self.others
            .iter()
            .all(|(key, value)| match key.split_once('.') {
                Some(("customer", field)) => booking.customers.iter().any(|customer| match field {
                    "name" => matches_wildcard(value, &customer.name),
                    "email" => customer
                        .email
                        .as_ref()
                        .is_some_and(|email| email.to_lowercase() == value.to_lowercase()),
                    "phone" => customer.phone.as_deref() == Some(value),
                    "voip" => customer.voip.as_deref() == Some(value),
                    "timezone" => customer.timezone.as_deref() == Some(value),
                    "id" => customer.id.to_string() == value,
                    other => customer
                        .fields
                        .get(other)
                        .is_some_and(|kept| says(kept, value)),
                }),
                Some(("meta", field)) => booking
                    .meta
                    .get(field)
                    .is_some_and(|kept| says(kept, value)),
                // Looked at above, the first of each name; another value beside it holds for no booking.
                _ => self.others.get(key) == Some(value),
            })
    }
}

fn compare(order: Order, a: &Booking, b: &Booking, now: DateTime<Utc>) -> Ordering {
    let settled = |booking: &Booking| booking.clone().settled(now);
    match order {
        Order::CreatedAt => a.created_at.cmp(&b.created_at),
        Order::UpdatedAt => settled(a).updated_at.cmp(&settled(b).updated_at),
        Order::Completed => settled(a).completed().cmp(&settled(b).completed()),
        Order::Graph => a.graph.name().cmp(b.graph.name()),
        Order::State => settled(a).state.name().cmp(settled(b).state.name()),
        Order::Start => a.slot.start().cmp(&b.slot.start()),
        Order::End => a.slot.end().cmp(&b.slot.end()),
    }
    // Rows that are alike keep one order over all pages.
    .then_with(|| a.id.cmp(&b.id))
}
