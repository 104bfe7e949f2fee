use api::caller::App;
use api::page::Paging;
use api::search::{Search, matches_wildcard, says};
use api::{ApiError, OutputZone, Query, State, Written};
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::booking::Booking;
use model::graph::{BookingState, Graph};
use model::ids::{CalendarId, ProjectId, ResourceId};
use model::text::{email_key, is_same};
use store::{BookingList, Direction, SlotWindow, Tenant};

use crate::access::List;
use crate::includes::Includes;
use crate::list::rows::{BookingRows, Order, Rows, compare};
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
    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let (mut page, query) = page.with(PARAMETERS, SEARCHABLE, BookingQuery::parse(&query, now))?;
    let lists = query.lists(tenant, principal.app_created_at);
    let is_of_resource = tenant.only_resource.or(query.resource).is_some();
    let order = query.order.unwrap_or(if is_of_resource {
        Order::Start
    } else {
        Order::CreatedAt
    });
    let reader = BookingRows {
        store,
        tenant,
        direction: query.direction,
        now,
    };
    let matches = |booking: &Booking| query.matches(booking);
    let page = match reader.rows(&mut page, &lists, order, matches).await? {
        Rows::InOrder(rows) => {
            let fetch = |after, limit| reader.next(&rows, after, limit);
            page.paginate(fetch, matches).await?
        }
        Rows::ToSort(list) => {
            // Rows that will be sorted anyway may be read in either direction.
            let fetch = |after, limit| reader.read(&list, after, limit);
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
    /// Reads the query. It is one function because it has a statement for each parameter.
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
        self.others
            .iter()
            .all(|(key, value)| self.says(booking, key, value))
    }

    /// Whether `booking` has this value where the search says `key`.
    fn says(&self, booking: &Booking, key: &str, value: &str) -> bool {
        let has_email = |value: &str| {
            let own = booking
                .customers
                .iter()
                .filter_map(|one| one.email.as_ref());
            own.into_iter()
                .any(|own| email_key(own) == email_key(value))
        };
        match key.split_once('.') {
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
        }
    }
}

fn says_text(kept: &Option<String>, value: &str) -> bool {
    kept.as_ref().is_some_and(|text| is_same(text, value))
}
