use api::caller::App;
use api::page::Paging;
use api::{ApiError, Faults, OutputZone, Query, State, Written};
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::ids::{ProjectId, ResourceId};
use model::outbox::ToldEvent;
use model::time::Tz;
use model::webhook::EventSelector;
use store::{Direction, Position, Walk};

use crate::access::{Read, may_see, may_see_author};
use crate::views::event::WebhookEventView;

/// The list's own parameters.
const OWN: &[&str] = &["since", "type", "project", "resource"];

/// Lists what changes have told in the last 30 days, newest first, or with `since` oldest first.
///
/// An event is here as soon as its change is committed. An event needs the scope of what it is about: a caller without
/// `bookings.read` sees none of bookings. A resource's token sees its own events.
///
/// Events are in the order in which their changes were sent to the database. Two changes at the same time may become visible in
/// the other order, up to 30 seconds apart. A program that goes on where it ended must therefore ask with a `since` 30 seconds
/// before the last event that it knows, and leave out the ids that it knows. The events of one booking are counted by
/// `sequence`.
#[utoipa::path(
    get,
    path = "/v2/webhooks/events",
    tag = "webhooks",
    params(
        ("since" = Option<String>, Query, description = "Only events from this instant on, oldest first."),
        ("type" = Option<String>, Query, description = "Only events of these types or families, separated by commas, e.g. `booking.confirmed,reservation.*`."),
        ("project" = Option<String>, Query, description = "Only events of this project's bookings."),
        ("resource" = Option<String>, Query, description = "Only events of this resource."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000. Defaults to 50."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses(
        (status = 200, description = "A page of events.", body = Vec<WebhookEventView>),
        (status = 422, description = "A parameter is wrong: an unknown type, no instant, or no id."),
    )
)]
pub(crate) async fn list_webhook_events(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    query: Query,
    zone: OutputZone,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, wanted) = page.with(OWN, &[], Wanted::parse(&query))?;
    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let direction = match wanted.since {
        Some(_) => Direction::Ascending,
        None => Direction::Descending,
    };
    let since = (wanted.since).map_or(principal.app_created_at, |since| {
        since.max(principal.app_created_at)
    });
    let fetch = |after: Option<Position>, limit| async move {
        let walk = Walk {
            direction,
            after: after.as_ref(),
            limit,
        };
        store.list_told_events(tenant, since, &walk, now).await
    };
    let matches = |event: &Option<ToldEvent>| {
        let event = event.as_ref();
        event.is_some_and(|event| may_see(&principal, event) && wanted.matches(event))
    };
    let page = page.paginate(fetch, matches).await?;
    let (with_author, zone) = (may_see_author(&principal), zone.or(Tz::UTC));
    page.map(|event| event.map(|event| WebhookEventView::of(event, with_author, zone)))
        .answer()
        .await
}

/// Which events are wanted.
struct Wanted {
    since: Option<DateTime<Utc>>,
    kinds: Vec<EventSelector>,
    project: Option<ProjectId>,
    resource: Option<ResourceId>,
}

impl Wanted {
    fn parse(query: &Query) -> Result<Self, ApiError> {
        let mut faults = Faults::none();
        let since = query.instant(&mut faults, "since");
        let project = faults.parsed_id("project", query.get("project"));
        let resource = faults.parsed_id("resource", query.get("resource"));
        let named = query.get("type").unwrap_or_default().split(',');
        let mut kinds = Vec::new();
        for name in named.map(str::trim).filter(|name| !name.is_empty()) {
            kinds.extend(faults.parsed("type", Some(name), str::parse::<EventSelector>));
        }
        let wanted = Self {
            since,
            kinds,
            project,
            resource,
        };
        Ok(faults.finish(Some(wanted))?)
    }

    fn matches(&self, told: &ToldEvent) -> bool {
        let event = &told.event;
        let is_of = |kind: &EventSelector| kind.selects(&event.kind);
        (self.kinds.is_empty() || self.kinds.iter().any(is_of))
            && self.project.is_none_or(|id| event.project_id == Some(id))
            && self.resource.is_none_or(|id| event.resource_id == Some(id))
    }
}
