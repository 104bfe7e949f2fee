use api::caller::Public;
use std::collections::HashMap;

use api::{ApiError, Path, State};
use auth::{FeedAddress, Owner};
use axum::extract::State as Extract;
use axum::http::header;
use axum::response::IntoResponse;
use chrono::{DateTime, TimeDelta, Utc};
use model::booking::Booking;
use model::ids::{BookingId, ResourceId};
use model::occupancy::{Claim, ClaimKind};
use model::resource::Resource;
use model::time::TimeSlot;
use store::{BookingList, Direction, Position, SlotWindow, Store, Tenant, Walk};

use crate::access::ReadFeed;
use views::ical::{Document, Entry, MEDIA_TYPE};

/// How far back bookings are shown, in days from their start.
const PAST_DAYS: i64 = 90;

/// How far ahead bookings are shown, in days until their start.
const AHEAD_DAYS: i64 = 365;

/// The most events shown: those ahead before those that are past, and of each the nearest.
const MOST_EVENTS: usize = 1_000;

/// The most bookings looked at in the list of all of them, those included that are not shown. Whoever calls off more than
/// that has the others found by the time they hold.
const MOST_ROWS: usize = 5_000;

/// Bookings read at once.
const CHUNK: usize = 250;

/// Reads a resource's bookings as an iCalendar document, at the private address that the resource was given.
#[utoipa::path(
    get,
    path = "/v2/bookings/feeds/{feed}",
    tag = "bookings",
    params(("feed" = String, Path, description = "The address's last part, with `.ics` at its end.")),
    responses(
        (status = 200, description = "What, where and when: the bookings that start from 90 days ago until 365 days ahead, at most 1,000. What was cancelled, declined, rescheduled or not paid for in time is not among them. It names no customer.", content_type = "text/calendar", body = String),
        (status = 404, description = "The address is wrong, or no longer holds."),
        (status = 429, description = "Too many requests from this address."),
    )
)]
pub(crate) async fn read_calendar_feed(
    _: Public<ReadFeed>,
    Extract(state): Extract<State>,
    Path(segment): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let (tenant, resource) = open(&state, &segment)
        .await?
        .ok_or(ApiError::NotFound("Calendar feed"))?;
    let _turn = state.heavy().turn(Owner::App(tenant.app)).await?;
    let entries = entries(state.store(), tenant, resource.id, state.now()).await?;
    let document = Document::of(entries).subscribed_as(&resource.name);
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (
            header::CONTENT_DISPOSITION,
            "inline; filename=\"calendar.ics\"",
        ),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    Ok((headers, document.to_string()))
}

/// The resource that an address leads to, and all that its reader may see; none if it leads nowhere, for whatever reason.
async fn open(state: &State, segment: &str) -> Result<Option<(Tenant, Resource)>, ApiError> {
    let Some(address) = FeedAddress::parse(segment) else {
        return Ok(None);
    };
    let tenant = Tenant {
        app: address.app,
        only_resource: Some(address.resource),
    };
    let store = state.store();
    let Some(resource) = store.get_resource(tenant, address.resource).await? else {
        return Ok(None);
    };
    let secret = state.master_secret().await?;
    let opens = resource
        .calendar_feed
        .filter(|feed| feed.holds_at(state.now()))
        .is_some_and(|feed| address.opens(&feed, secret));
    // What a deleted app booked stays in the store, out of everybody's reach.
    let is_open = opens && store.get_app(address.app).await?.is_some();
    Ok(is_open.then_some((tenant, resource)))
}

/// What is in the calendar at `now`, by start.
async fn entries(
    store: &Store,
    tenant: Tenant,
    resource: ResourceId,
    now: DateTime<Utc>,
) -> Result<Vec<Entry>, ApiError> {
    let mut shown = Shown::default();
    let (earliest, latest) = (
        now - TimeDelta::days(PAST_DAYS),
        now + TimeDelta::days(AHEAD_DAYS),
    );
    for direction in [Direction::Ascending, Direction::Descending] {
        let mut after = Position::of_instant(now);
        while !shown.is_full() {
            let walk = Walk {
                direction,
                after: Some(&after),
                limit: CHUNK.min(MOST_ROWS - shown.rows),
            };
            let list = BookingList::OfResource {
                resource,
                window: SlotWindow::default(),
            };
            let chunk = store.list_bookings(tenant, &list, &walk, now).await?;
            let mut is_last = chunk.is_last;
            for (position, booking) in chunk.rows {
                let start = booking.slot.start();
                if start < earliest || start > latest {
                    is_last = true;
                    break;
                }
                shown.add(booking, now);
                after = position;
            }
            if is_last {
                break;
            }
        }
    }
    if shown.rows >= MOST_ROWS {
        let between = TimeSlot::new(earliest, latest).map_err(|e| ApiError::Internal(e.into()))?;
        add_what_holds_time(&mut shown, store, tenant, resource, between, now).await?;
    }
    Ok(shown.by_start())
}

/// Adds the bookings that hold time of the resource, which a list of all bookings reaches too late when very many of them
/// were called off: those ahead before those that are past, and of each the nearest.
async fn add_what_holds_time(
    shown: &mut Shown,
    store: &Store,
    tenant: Tenant,
    resource: ResourceId,
    between: TimeSlot,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let claims = store.claims_of(tenant, &[resource], between).await?;
    let mut claims: Vec<Claim> = claims.into_iter().flatten().collect();
    claims.retain(|claim| {
        let start = claim.slot.start();
        claim.kind == ClaimKind::Booking && (between.start()..=between.end()).contains(&start)
    });
    claims.sort_by_key(|claim| {
        let start = claim.slot.start();
        (start < now, (start - now).abs())
    });
    let ids: Vec<BookingId> = claims
        .iter()
        .map(|claim| BookingId::new(claim.id))
        .collect();
    for some in ids.chunks(CHUNK) {
        if shown.has_enough() {
            break;
        }
        for booking in store.get_bookings(tenant, some).await? {
            shown.add(booking, now);
        }
    }
    Ok(())
}

/// The newest booking of each series, and how many bookings were looked at for them.
#[derive(Default)]
struct Shown {
    entries: HashMap<BookingId, Entry>,
    rows: usize,
}

impl Shown {
    fn is_full(&self) -> bool {
        self.has_enough() || self.rows >= MOST_ROWS
    }

    fn has_enough(&self) -> bool {
        self.entries.len() >= MOST_EVENTS
    }

    fn add(&mut self, booking: Booking, now: DateTime<Utc>) {
        self.rows += 1;
        let booking = booking.settled(now);
        // Those who take a group's seats are shown by the group.
        if booking.graph.takes_a_seat() || !booking.is_on() || self.has_enough() {
            return;
        }
        let entry = Entry::of(booking, now).in_brief();
        match self.entries.get(&entry.series) {
            Some(other) if other.revision > entry.revision => {}
            _ => {
                self.entries.insert(entry.series, entry);
            }
        }
    }

    fn by_start(self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.entries.into_values().collect();
        entries.sort_by_key(|entry| (entry.slot.start(), entry.series));
        entries
    }
}
