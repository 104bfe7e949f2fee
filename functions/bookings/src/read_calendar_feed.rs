use std::collections::HashMap;

use api::{ApiError, Path, State};
use auth::FeedAddress;
use axum::extract::State as Extract;
use axum::http::header;
use axum::response::IntoResponse;
use chrono::{DateTime, TimeDelta, Utc};
use model::booking::Booking;
use model::ids::{BookingId, ResourceId};
use model::resource::Resource;
use store::{BookingList, Direction, Position, SlotWindow, Store, Tenant, Walk};

use crate::ical::{Document, Entry, MEDIA_TYPE};

/// How far back bookings are shown, in days from their start.
const PAST_DAYS: i64 = 90;

/// How far ahead bookings are shown, in days until their start.
const AHEAD_DAYS: i64 = 365;

/// The most events shown: those ahead before those that are past, and of each the nearest.
const MOST_EVENTS: usize = 1_000;

/// The most bookings looked at, those included that are not shown.
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
        (status = 200, description = "What, where and when: the bookings that start from 90 days ago until 365 days ahead, at most 1,000. It names no customer.", content_type = "text/calendar", body = String),
        (status = 404, description = "The address is wrong, or no longer holds."),
        (status = 429, description = "Too many requests from this address."),
    )
)]
pub(crate) async fn read_calendar_feed(
    Extract(state): Extract<State>,
    Path(segment): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let (tenant, resource) = open(&state, &segment)
        .await?
        .ok_or(ApiError::NotFound("Calendar feed"))?;
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
        .is_some_and(|feed| address.opens(&feed, secret));
    // What a deleted app booked stays in the store, out of everybody's reach.
    let is_open = opens && store.get_app(address.app).await?.is_some();
    Ok(is_open.then_some((tenant, resource)))
}

/// What stands in the calendar at `now`, by start.
async fn entries(
    store: &Store,
    tenant: Tenant,
    resource: ResourceId,
    now: DateTime<Utc>,
) -> Result<Vec<Entry>, ApiError> {
    let mut shown = Shown::default();
    for direction in [Direction::Ascending, Direction::Descending] {
        let (earliest, latest) = (
            now - TimeDelta::days(PAST_DAYS),
            now + TimeDelta::days(AHEAD_DAYS),
        );
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
    Ok(shown.by_start())
}

/// The newest booking of each series, and how many bookings were looked at for them.
#[derive(Default)]
struct Shown {
    entries: HashMap<BookingId, Entry>,
    rows: usize,
}

impl Shown {
    fn is_full(&self) -> bool {
        self.entries.len() >= MOST_EVENTS || self.rows >= MOST_ROWS
    }

    fn add(&mut self, booking: Booking, now: DateTime<Utc>) {
        self.rows += 1;
        // The group stands for those who take its seats.
        if booking.graph.takes_a_seat() || self.is_full() {
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
