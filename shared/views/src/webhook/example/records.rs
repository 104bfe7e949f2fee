//! The records that the examples are of. They have the ids of the demo.

use chrono::{DateTime, TimeDelta, Utc};
use model::app::{App, Brand, LinkSettings};
use model::booking::{Booking, Customer, EventText, NewBooking, Notice};
use model::duration::CalendarSpan;
use model::event::Event;
use model::graph::Graph;
use model::ids::{
    AccountId, AppId, BookingId, CalendarId, CustomerId, EventId, ProjectId, ReservationId,
    ResourceId, WebhookId,
};
use model::key::Mode;
use model::occupancy::Buffers;
use model::outbox::{ChangeEvent, EventType, Family, ToldEvent};
use model::project::Project;
use model::reservation::Reservation;
use model::resource::{Calendar, Resource};
use model::scope::Scopes;
use model::time::{TimeSlot, Tz};
use model::webhook::{BODY_VERSION, Format, Payload, SecretVersion, Webhook, WebhookFilter};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::webhook::delivered::Subject;

/// As the demo names its records.
pub(super) const fn id(group: u16, number: u8) -> Uuid {
    Uuid::from_fields(0, 0, 0x4000 | group, &[0x80, 0, 0, 0, 0, 0, 0, number])
}

const APP: AppId = AppId::new(id(2, 2));
pub(super) const DOC_BROWN: ResourceId = ResourceId::new(id(3, 1));
pub(super) const BOOKING: BookingId = BookingId::new(id(4, 1));
pub(super) const SEAT: BookingId = BookingId::new(id(4, 2));
pub(super) const PROJECT: ProjectId = ProjectId::new(id(7, 2));

/// Sunday, 29 November 2026, 10:00 UTC.
const NOW_S: i64 = 1_795_946_400;

pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW_S, 0).unwrap_or_default()
}

#[expect(
    clippy::expect_used,
    reason = "an hour is longer than no time, and the example is made when the document is"
)]
pub(super) fn slot() -> TimeSlot {
    let start = now() + TimeDelta::days(2);
    TimeSlot::new(start, start + TimeDelta::hours(1)).expect("a slot")
}

pub(super) fn app() -> App {
    App {
        id: APP,
        account: AccountId::new(id(1, 1)),
        slug: "demo-test".to_owned(),
        mode: Mode::Test,
        name: "Demo".to_owned(),
        widget_keys: Vec::new(),
        links: LinkSettings::default(),
        brand: Brand::default(),
        created_at: now(),
        updated_at: now(),
    }
}

pub(super) fn webhook(format: Format) -> Webhook {
    Webhook {
        id: WebhookId::new(id(8, 1)),
        url: "https://hooks.example.com/latchkey".to_owned(),
        events: Vec::new(),
        format,
        payload: Payload::Fat,
        filter: WebhookFilter::default(),
        only_resource: None,
        scopes: Scopes::everything(),
        created_by: String::new(),
        created_at: now(),
        secret: SecretVersion {
            number: 1,
            master: 1,
        },
        previous_secrets: Vec::new(),
        body_version: BODY_VERSION,
        disabled_at: None,
    }
}

pub(super) fn subject(told: &ToldEvent) -> Subject {
    match Family::of(&told.event.kind) {
        Some(Family::Booking | Family::Group) if told.event.state.is_some() => Subject {
            booking: Some(booking(&told.event)),
            resource: Some(doc_brown()),
            project: Some(Project::new(
                PROJECT,
                "demo-test".to_owned(),
                "Talk to Doc Brown".to_owned(),
                now(),
            )),
            ..Subject::default()
        },
        Some(Family::Reservation) if told.event.kind == EventType::Reserved.name() => Subject {
            reservation: Some(reservation()),
            ..Subject::default()
        },
        Some(Family::Event) if told.event.kind != EventType::EventDeleted.name() => Subject {
            event: Some(event()),
            ..Subject::default()
        },
        _ => Subject::default(),
    }
}

fn text() -> EventText {
    EventText {
        what: "Catch the lightning".to_owned(),
        place: "Courthouse, Hill Valley, CA 95420, USA".to_owned(),
        description: "The lightning strikes at 10:04 PM exactly!".to_owned(),
        participants: Vec::new(),
    }
}

fn customer() -> Customer {
    let company = ("company".to_owned(), Value::from("Hill Valley High"));
    Customer {
        id: CustomerId::new(id(6, 1)),
        name: "Marty McFly".to_owned(),
        email: Some("marty.mcfly@timekit.io".to_owned()),
        phone: Some("(916) 555-4385".to_owned()),
        voip: None,
        timezone: Some("America/Los_Angeles".to_owned()),
        fields: Map::from_iter([company]),
    }
}

fn booking(event: &ChangeEvent) -> Booking {
    let graph = event.graph.as_deref().and_then(|name| name.parse().ok());
    let graph = graph.unwrap_or(Graph::Instant);
    let is_group = graph == Graph::GroupOwner;
    let new = NewBooking {
        resource_id: DOC_BROWN,
        further_resources: Vec::new(),
        calendar_id: CalendarId::new(id(9, 1)),
        project_id: Some(PROJECT),
        graph,
        slot: slot(),
        buffers: Buffers::default(),
        allow_double_bookings: false,
        ignore_all_day_events: false,
        only_offered: false,
        notice: Notice::default(),
        locale: None,
        payment_time: CalendarSpan::exact(300),
        max_seats: is_group.then_some(2),
        owner_id: graph.takes_a_seat().then_some(SEAT),
        related: Vec::new(),
        timezone: Tz::UTC,
        event: text(),
        customers: if is_group {
            Vec::new()
        } else {
            vec![customer()]
        },
        reminders: Vec::new(),
        meta: Map::new(),
    };
    let booking = Booking::create(new, BOOKING, "", now());
    let state = event.state.as_deref().and_then(|name| name.parse().ok());
    Booking {
        state: state.unwrap_or(booking.state),
        ..booking
    }
}

fn doc_brown() -> Resource {
    Resource {
        id: DOC_BROWN,
        name: "Doc Brown".to_owned(),
        first_name: Some("Emmett".to_owned()),
        last_name: Some("Brown".to_owned()),
        email: Some("doc.brown@timekit.io".to_owned()),
        image: None,
        timezone: Tz::UTC,
        capacity: 1,
        availability_constraints: Vec::new(),
        max_public_length: None,
        tags: Vec::new(),
        meta: Map::new(),
        calendars: vec![Calendar {
            id: CalendarId::new(id(9, 1)),
            name: "Bookings".to_owned(),
            description: String::new(),
            foreground_color: None,
            background_color: None,
            is_closing: false,
            is_named: true,
            created_at: now(),
            updated_at: now(),
        }],
        calendar_feed: None,
        created_at: now(),
        updated_at: now(),
    }
}

fn reservation() -> Reservation {
    Reservation {
        id: ReservationId::new(BOOKING.uuid()),
        resource_id: DOC_BROWN,
        further_resources: Vec::new(),
        calendar_id: CalendarId::new(id(9, 1)),
        project_id: Some(PROJECT),
        graph: None,
        slot: slot(),
        timezone: Tz::UTC,
        buffers: Buffers::default(),
        ignore_all_day_events: false,
        only_offered: false,
        event: text(),
        customer: None,
        payment_time: None,
        until: now() + TimeDelta::minutes(5),
        expired: false,
        created_at: now(),
        version: String::new(),
    }
}

fn event() -> Event {
    Event {
        id: EventId::new(BOOKING.uuid()),
        resource_id: DOC_BROWN,
        calendar_id: CalendarId::new(id(9, 1)),
        slot: slot(),
        is_all_day: false,
        timezone: Tz::UTC,
        text: text(),
        rsvp: None,
        created_at: now(),
        updated_at: now(),
        version: String::new(),
    }
}
