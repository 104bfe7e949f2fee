//! A booking as callers see it.

use std::collections::HashMap;

use api::{ApiError, Include, OutputZone};
use auth::Principal;
use chrono::{DateTime, Utc};
use model::booking::{Booking, Customer};
use model::ids::ResourceId;
use model::resource::{Calendar, Resource};
use model::time::{Tz, format_instant};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::{Store, Version};
use utoipa::ToSchema;

/// A booking. The base fields are always there; the others when they are included.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookingView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Where it stands now.
    state: &'static str,
    /// How it comes about and ends.
    graph: &'static str,
    /// Whether nothing more can happen to it.
    completed: bool,
    /// Who or what is booked.
    #[schema(format = Uuid)]
    resource_id: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// What is booked, when and where.
    attributes: Value,
    /// Whatever was asked for by `include`: `event`, `user`, `resource`, `customers`, `calendar`, `meta`, `logs`,
    /// `available_actions`.
    #[serde(flatten)]
    #[schema(additional_properties)]
    included: Map<String, Value>,
    #[serde(skip)]
    #[schema(ignore)]
    version: Version,
}

impl BookingView {
    /// Names the state that is shown.
    pub(crate) fn version(&self) -> Version {
        self.version.clone()
    }
}

/// What it takes to show bookings to one caller.
pub(crate) struct Viewer<'a> {
    include: &'a Include,
    zone: OutputZone,
    is_public: bool,
    resources: HashMap<ResourceId, Resource>,
}

impl<'a> Viewer<'a> {
    /// Reads what the includes need beside the bookings themselves: their resources, in one batch.
    pub(crate) async fn of(
        principal: &Principal,
        store: &Store,
        include: &'a Include,
        zone: OutputZone,
        bookings: &[Booking],
    ) -> Result<Self, ApiError> {
        let needs_resources = ["user", "resource", "calendar"]
            .iter()
            .any(|name| include.has(name));
        let mut resources = HashMap::new();
        if needs_resources {
            let mut ids: Vec<ResourceId> =
                bookings.iter().map(|booking| booking.resource_id).collect();
            ids.sort_unstable();
            ids.dedup();
            let found = store.get_resources(principal.tenant(), &ids).await?;
            resources.extend(found.into_iter().map(|resource| (resource.id, resource)));
        }
        Ok(Self {
            include,
            zone,
            is_public: principal.is_public(),
            resources,
        })
    }

    /// One booking as it stands at `now`, with what its includes need.
    pub(crate) async fn show_one(
        principal: &Principal,
        store: &Store,
        include: &'a Include,
        zone: OutputZone,
        booking: Booking,
        now: DateTime<Utc>,
    ) -> Result<BookingView, ApiError> {
        let viewer = Self::of(
            principal,
            store,
            include,
            zone,
            std::slice::from_ref(&booking),
        );
        Ok(viewer.await?.show(booking, now))
    }

    /// The booking as it stands at `now`.
    pub(crate) fn show(&self, booking: Booking, now: DateTime<Utc>) -> BookingView {
        let booking = booking.settled(now);
        let zone = self.zone.or(booking.timezone);
        BookingView {
            id: booking.id.to_string(),
            state: booking.state.name(),
            graph: booking.graph.name(),
            completed: booking.completed(),
            resource_id: booking.resource_id.to_string(),
            created_at: format_instant(booking.created_at, zone),
            updated_at: format_instant(booking.updated_at, zone),
            attributes: attributes(&booking, zone, now),
            included: self.included(&booking, zone),
            version: version(&booking),
        }
    }

    fn included(&self, booking: &Booking, zone: Tz) -> Map<String, Value> {
        let mut included = Map::new();
        let mut add = |name: &str, value: &dyn Fn() -> Value| {
            if self.include.has(name) {
                included.insert(name.to_owned(), value());
            }
        };
        let resource = self.resources.get(&booking.resource_id);
        add("event", &|| event(booking, zone));
        add("resource", &|| {
            resource.map_or(Value::Null, |resource| self.resource(resource, zone))
        });
        add("user", &|| {
            resource.map_or(Value::Null, |resource| self.resource(resource, zone))
        });
        // A booking page never reads back whom bookings are for.
        if !self.is_public {
            add("customers", &|| {
                booking.customers.iter().map(customer).collect()
            });
            add("meta", &|| booking.meta.clone().into());
            add("logs", &|| logs(booking, zone));
            add("available_actions", &|| {
                booking
                    .graph
                    .available_actions(booking.state)
                    .map(|action| Value::from(action.name()))
                    .collect()
            });
            add("calendar", &|| {
                let calendar =
                    resource.and_then(|r| r.calendars.iter().find(|c| c.id == booking.calendar_id));
                calendar.map_or(Value::Null, |calendar| calendar_json(calendar, zone))
            });
        }
        included
    }

    fn resource(&self, resource: &Resource, zone: Tz) -> Value {
        let mut shown = json!({
            "id": resource.id.to_string(),
            "name": resource.name,
            "timezone": resource.timezone.name(),
        });
        if !self.is_public {
            shown["email"] = resource.email.clone().into();
            shown["first_name"] = resource.first_name.clone().into();
            shown["last_name"] = resource.last_name.clone().into();
            shown["image"] = resource.image.clone().into();
            shown["created_at"] = format_instant(resource.created_at, zone).into();
            shown["updated_at"] = format_instant(resource.updated_at, zone).into();
        }
        shown
    }
}

/// Names the state of a booking that is settled.
pub(crate) fn version(booking: &Booking) -> Version {
    Version::claimed(booking.tag())
}

fn attributes(booking: &Booking, zone: Tz, now: DateTime<Utc>) -> Value {
    let mut attributes = json!({ "event_info": event_info(booking, zone) });
    if let Some(seats) = &booking.seats {
        attributes["group_booking"] =
            json!({ "max_seats": seats.max, "current_seats": seats.current(now) });
    }
    attributes
}

fn event_info(booking: &Booking, zone: Tz) -> Value {
    json!({
        "start": format_instant(booking.slot.start(), zone),
        "end": format_instant(booking.slot.end(), zone),
        "what": booking.event.what,
        "where": booking.event.place,
        "description": booking.event.description,
        "calendar_id": booking.calendar_id.to_string(),
        "participants": booking.event.participants,
    })
}

fn event(booking: &Booking, zone: Tz) -> Value {
    json!({
        "id": booking.id.to_string(),
        "start": format_instant(booking.slot.start(), zone),
        "end": format_instant(booking.slot.end(), zone),
        "allDay": false,
        "what": booking.event.what,
        "where": booking.event.place,
        "description": booking.event.description,
        "created_at": format_instant(booking.created_at, zone),
        "updated_at": format_instant(booking.updated_at, zone),
    })
}

fn customer(customer: &Customer) -> Value {
    // What the form sent stands beside the known fields, and never in their place.
    let mut shown = customer.fields.clone();
    shown.insert("id".to_owned(), customer.id.to_string().into());
    shown.insert("name".to_owned(), customer.name.clone().into());
    shown.insert("email".to_owned(), customer.email.clone().into());
    shown.insert("phone".to_owned(), customer.phone.clone().into());
    shown.insert("voip".to_owned(), customer.voip.clone().into());
    shown.insert("timezone".to_owned(), customer.timezone.clone().into());
    shown.into()
}

fn logs(booking: &Booking, zone: Tz) -> Value {
    booking
        .log
        .iter()
        .map(|entry| {
            json!({
                "from": entry.from.map(|state| state.name()),
                "to": entry.to.name(),
                "action": entry.action.name(),
                "by": entry.by,
                "at": format_instant(entry.at, zone),
                "message": entry.message,
            })
        })
        .collect()
}

fn calendar_json(calendar: &Calendar, zone: Tz) -> Value {
    json!({
        "id": calendar.id.to_string(),
        "name": calendar.name,
        "description": calendar.description,
        "provider": "timekit",
        "created_at": format_instant(calendar.created_at, zone),
        "updated_at": format_instant(calendar.updated_at, zone),
    })
}
