//! The body `standard`, version 1: what Standard Webhooks recommends.

use std::net::IpAddr;

use api::{Include, OutputZone};
use chrono::{DateTime, Utc};
use model::key::Mode;
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;

use super::delivered::{Delivered, Subject, show_booking};
use super::event::{AuthorView, EventDataView};
use crate::customer_links::CUSTOMER_ACTION_LINKS;
use crate::{BookingView, EventView, ReservationView};

/// What a booking is shown with.
const INCLUDES: &[&str] = &[
    "event",
    "resource",
    "customers",
    "calendar",
    "project",
    "meta",
    "available_actions",
    "payment_id",
    "related",
    "owner_booking",
    CUSTOMER_ACTION_LINKS,
];

/// The body of a webhook of the format `standard`.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookBody {
    /// What happened, e.g. `booking.confirmed`. Newer versions know more types, so accept those that you do not know.
    #[serde(rename = "type")]
    #[schema(example = "booking.confirmed")]
    kind: String,
    /// When the change was written.
    #[schema(format = DateTime)]
    timestamp: String,
    /// What changed.
    data: WebhookData,
}

/// What changed, by whom, and, if the endpoint's `payload` is `fat`, what it is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookData {
    /// Names the event, as the header `webhook-id` does. The same event always has the same id.
    #[schema(format = Uuid)]
    event_id: String,
    /// The app.
    #[schema(format = Uuid)]
    app_id: String,
    /// Whether the app is a live one rather than a test app.
    livemode: bool,
    #[serde(flatten)]
    #[schema(inline)]
    event: EventDataView,
    /// Who made the change. The `id` is only there if the endpoint's maker had the scope `audit.read`.
    by: AuthorView,
    /// The address that the change was requested from. Only there if the endpoint's maker had the scope `audit.read`, and if it
    /// is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    from: Option<IpAddr>,
    /// For a `booking` or `group` event: the booking. Its state and its time are as they were when the event was told, the rest as
    /// it was at the first delivery. Left out if it was deleted before that, and if it is too large.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    booking: Option<BookingView>,
    /// For a `reservation` event: the reservation, if it is still there at the first delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reservation: Option<ReservationView>,
    /// For an `event` event: the event of the calendar, if it is still there at the first delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "event")]
    #[schema(nullable = false)]
    event_view: Option<EventView>,
}

pub(super) fn body(
    delivered: &Delivered<'_>,
    mut subject: Subject,
    now: DateTime<Utc>,
) -> WebhookBody {
    let told = delivered.told;
    let is_automatic = told.event.automatic_at.is_some();
    let reservation = subject.reservation.take();
    let event = subject.event.take();
    let include = Include::default().and(INCLUDES);
    let zone = OutputZone(None);
    let data = WebhookData {
        event_id: told.id.to_string(),
        app_id: delivered.app.id.to_string(),
        livemode: delivered.app.mode == Mode::Live,
        event: EventDataView::of(&told.event, Tz::UTC),
        by: AuthorView::of(told, delivered.shows_author()),
        from: told
            .from
            .filter(|_| delivered.shows_author() && !is_automatic),
        booking: None,
        reservation: None,
        event_view: None,
    };
    let fat = match delivered.is_thin() {
        true => data,
        false => WebhookData {
            booking: show_booking(subject, &told.event, &include, now),
            reservation: reservation.map(|held| ReservationView::new(&held, zone)),
            event_view: event.map(|event| EventView::of(&event, zone)),
            ..data
        },
    };
    WebhookBody {
        kind: told.event.kind.clone(),
        timestamp: format_instant(told.at, Tz::UTC),
        data: fat,
    }
}

impl WebhookBody {
    /// The same without what it is about.
    pub(super) fn thin(self) -> Self {
        let data = WebhookData {
            booking: None,
            reservation: None,
            event_view: None,
            ..self.data
        };
        Self { data, ..self }
    }
}
