use std::cmp::Ordering;

use api::caller::App;
use api::page::{BATCH, EXACT_TOTAL, MAX_SCANNED, MAX_SORTED, PageRequest, Paging};
use api::search::{Search, matches_wildcard, says};
use api::{ApiError, OutputZone, Query, State, Written};
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::booking::Booking;
use model::graph::{BookingState, Graph};
use model::ids::{CalendarId, ProjectId, ResourceId};
use model::text::{email_key, is_same};
use store::{
    BookingList, BookingOrder, Chunk, Direction, Position, SlotWindow, Store, StoreError, Tenant,
    Walk,
};

use crate::access::List;
use crate::includes::Includes;
use crate::list::{searched_id, window};
use crate::view::{BookingView, Presenter};

/// What bookings can be searched by.
const SEARCHABLE: &[&str] = &[
    "resource.id",
    "graph",
    "state",
    "completed",
    "customer.*",
    // Older clients write `email` for `customer.email`.
    "email",
    "calendar.id",
    "project.id",
    "meta.*",
];

/// What else their list can be asked.
const PARAMETERS: &[&str] = &["start", "end", "orderBy", "sortedBy", "signed_search"];

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
        ("orderBy" = Option<String>, Query, pattern = r"^(created_at|updated_at|completed|graph|state|event\.start|event\.end)$", description = "`created_at`, `updated_at`, `completed`, `graph`, `state`, `event.start` or `event.end`."),
        ("sortedBy" = Option<String>, Query, pattern = "^(asc|desc)$", description = "`asc` or `desc`."),
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
    App(principal): App<List>,
    Extract(state): Extract<State>,
    query: Query,
    include: Includes,
    zone: OutputZone,
    page: Paging,
) -> Result<Written, ApiError> {
    let now = state.now();
    let (mut page, query) = page.with(PARAMETERS, SEARCHABLE, BookingQuery::parse(&query, now))?;
    let tenant = principal.tenant();
    let lists = query.lists(tenant, principal.app_created_at);
    let is_of_resource = tenant.only_resource.or(query.resource).is_some();
    let order = query.order.unwrap_or(if is_of_resource {
        Order::Start
    } else {
        Order::CreatedAt
    });
    let store = state.store();
    let run = Run {
        store,
        tenant,
        direction: query.direction,
        now,
    };
    let matches = |booking: &Booking| query.matches(booking);
    let page = match run.rows(&mut page, &lists, order, matches).await? {
        Rows::InOrder(rows) => {
            let fetch = |after, limit| run.next(&rows, after, limit);
            page.paginate(fetch, matches).await?
        }
        Rows::ToSort(list) => {
            // Rows that will be sorted anyway may be read in either direction.
            let fetch = |after, limit| run.read(&list, after, limit);
            let compare = |a: &Booking, b: &Booking| match query.direction {
                Direction::Ascending => compare(order, a, b, now),
                Direction::Descending => compare(order, b, a, now),
            };
            page.paginate_sorted(fetch, matches, compare).await?
        }
    };
    let presenter = Presenter {
        principal: &principal,
        store,
        include: &include,
        zone,
        now,
    };
    let included = presenter.load(&page.rows).await?;
    page.map(|booking| included.show(booking)).answer().await
}

/// Where a page's rows come from.
enum Rows {
    /// From rows that are in the wanted order.
    InOrder(InOrder),
    /// From a list that must be sorted first.
    ToSort(BookingList),
}

/// Rows in the wanted order.
enum InOrder {
    /// Those of an index.
    Listed(BookingList),
    /// Those of a short list in another order. They were sorted by the position that they have in the wanted order, so that a
    /// cursor means the same in both.
    Sorted(Vec<(Position, Booking)>),
}

/// How the lists of one request are read.
struct Run<'a> {
    store: &'a Store,
    tenant: Tenant,
    direction: Direction,
    now: DateTime<Utc>,
}

impl Run<'_> {
    /// Whence to take the rows for an order: from the narrowest list if it has that order, or is short enough to be sorted
    /// at each request, and else from a wider one that has. The narrowest comes first.
    async fn rows(
        &self,
        page: &mut PageRequest,
        lists: &[BookingList],
        order: Order,
        matches: impl Fn(&Booking) -> bool,
    ) -> Result<Rows, ApiError> {
        let narrowest = &lists[0];
        let order = match order {
            Order::CreatedAt => BookingOrder::Creation,
            Order::Start => BookingOrder::Start,
            Order::UpdatedAt | Order::Completed | Order::Graph | Order::State | Order::End => {
                return Ok(Rows::ToSort(narrowest.clone()));
            }
        };
        if narrowest.order() == order {
            return Ok(Rows::InOrder(InOrder::Listed(narrowest.clone())));
        }
        if let Some(found) = self.all_of(page, narrowest, matches).await? {
            let mut rows: Vec<_> = found
                .into_iter()
                .map(|booking| (order.position(&booking), booking))
                .collect();
            rows.sort_by(|(a, _), (b, _)| match self.direction {
                Direction::Ascending => a.cmp(b),
                Direction::Descending => b.cmp(a),
            });
            return Ok(Rows::InOrder(InOrder::Sorted(rows)));
        }
        let ordered = lists.iter().find(|list| list.order() == order);
        Ok(match ordered {
            Some(list) => Rows::InOrder(InOrder::Listed(list.clone())),
            None => Rows::ToSort(narrowest.clone()),
        })
    }

    /// All of a list that matches, unless more is to be read for it than one request may, or too much matches.
    async fn all_of(
        &self,
        page: &mut PageRequest,
        list: &BookingList,
        matches: impl Fn(&Booking) -> bool,
    ) -> Result<Option<Vec<Booking>>, ApiError> {
        let mut found = Vec::new();
        let (mut after, mut scanned, mut bytes) = (None, 0, 0);
        while found.len() <= EXACT_TOTAL && scanned < MAX_SCANNED && bytes < MAX_SORTED {
            if scanned > 0 {
                page.wait_for_turn().await?;
            }
            let mut chunk = self.read(list, after, BATCH).await?;
            bytes += chunk.bytes;
            scanned += chunk.rows.len();
            after = chunk.rows.last().map(|(position, _)| position.clone());
            chunk.rows.retain(|(_, booking)| matches(booking));
            found.extend(chunk.rows.into_iter().map(|(_, booking)| booking));
            if chunk.is_last {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn next(
        &self,
        rows: &InOrder,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Chunk<Booking>, StoreError> {
        let sorted = match rows {
            InOrder::Listed(list) => return self.read(list, after, limit).await,
            InOrder::Sorted(sorted) => sorted,
        };
        let follows = |position: &Position| match (&after, self.direction) {
            (None, _) => true,
            (Some(after), Direction::Ascending) => position > after,
            (Some(after), Direction::Descending) => position < after,
        };
        let begin = sorted.partition_point(|(position, _)| !follows(position));
        let rows: Vec<_> = sorted[begin..].iter().take(limit).cloned().collect();
        let is_last = begin + rows.len() == sorted.len();
        // They were read and counted already.
        Ok(Chunk {
            rows,
            bytes: 0,
            is_last,
        })
    }

    async fn read(
        &self,
        list: &BookingList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Chunk<Booking>, StoreError> {
        let walk = Walk {
            direction: self.direction,
            after: after.as_ref(),
            limit,
        };
        self.store
            .list_bookings(self.tenant, list, &walk, self.now)
            .await
    }
}

/// What a request asks of the list.
struct BookingQuery {
    resource: Option<ResourceId>,
    project: Option<ProjectId>,
    customer_email: Option<String>,
    graph: Option<Graph>,
    state: Option<BookingState>,
    completed: Option<bool>,
    calendar: Option<CalendarId>,
    others: Search,
    window: SlotWindow,
    order: Option<Order>,
    direction: Direction,
    now: DateTime<Utc>,
}

impl BookingQuery {
    fn parse(query: &Query, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let (search, mut faults) = Search::read(query, SEARCHABLE);
        let resource = searched_id(&mut faults, &search, "resource.id");
        let project = searched_id(&mut faults, &search, "project.id");
        let calendar = searched_id(&mut faults, &search, "calendar.id");
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
        let window = window(&mut faults, query);
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
            project,
            customer_email: search
                .get("customer.email")
                .or_else(|| search.get("email"))
                .map(email_key),
            graph,
            state,
            completed,
            calendar,
            others: search,
            window,
            order,
            direction: direction.unwrap_or(Direction::Descending),
            now,
        })
    }

    /// The lists that hold all of it, at least one: first the one that most likely holds the least else.
    fn lists(&self, tenant: Tenant, since: DateTime<Utc>) -> Vec<BookingList> {
        let window = self.window;
        // A resource's own token has one list only.
        if let Some(resource) = tenant.only_resource {
            return vec![BookingList::OfResource { resource, window }];
        }
        let by_start = BookingList::ByStart { since, window };
        let narrow = [
            self.customer_email.clone().map(BookingList::OfCustomer),
            self.resource
                .map(|resource| BookingList::OfResource { resource, window }),
            (self.graph == Some(Graph::GroupOwner))
                .then_some(BookingList::Groups { since, window }),
            (!window.is_open()).then(|| by_start.clone()),
            self.project
                .map(|project| BookingList::OfProject { project, since }),
        ];
        let whole = match self.order {
            Some(Order::Start) => [by_start, BookingList::All { since }],
            _ => [BookingList::All { since }, by_start],
        };
        narrow.into_iter().flatten().chain(whole).collect()
    }

    fn matches(&self, booking: &Booking) -> bool {
        let fixed = self.resource.is_none_or(|id| booking.resource_id == id)
            && self.project.is_none_or(|id| booking.project_id == Some(id))
            && self.calendar.is_none_or(|id| booking.calendar_id == id)
            && self.graph.is_none_or(|graph| booking.graph == graph)
            && self.window.includes(booking.slot);
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
        let has_email = |value: &str| {
            let own = booking
                .customers
                .iter()
                .filter_map(|one| one.email.as_ref());
            own.into_iter()
                .any(|own| email_key(own) == email_key(value))
        };
        self.others
            .iter()
            .all(|(key, value)| match key.split_once('.') {
                None if key == "email" => has_email(value),
                Some(("customer", field)) => booking.customers.iter().any(|customer| match field {
                    "name" => matches_wildcard(value, &customer.name),
                    "email" => has_email(value),
                    "phone" => says_text(&customer.phone, value),
                    "voip" => says_text(&customer.voip, value),
                    "timezone" => says_text(&customer.timezone, value),
                    "id" => customer.id.to_string().eq_ignore_ascii_case(value),
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

fn says_text(kept: &Option<String>, value: &str) -> bool {
    kept.as_ref().is_some_and(|text| is_same(text, value))
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
