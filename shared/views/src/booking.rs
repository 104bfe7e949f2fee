//! Bookings as callers and receivers of webhooks see them.

mod parts;

use std::collections::HashMap;

use api::{Include, OutputZone};
use chrono::{DateTime, Utc};
use model::booking::Booking;
use model::ids::{BookingId, ProjectId, ResourceId};
use model::project::Project;
use model::resource::Resource;
use model::time::{Tz, format_instant};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::Version;
use utoipa::ToSchema;

use self::parts::{customer, event, event_info, logs, related};
use crate::{CalendarView, CustomerLinks};

/// A booking. The base fields are always there; the others when they are included.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookingView {
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
    /// The language that its customer reads, as a BCP 47 tag. Left out if the booking has none, and for a public key or
    /// token.
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    /// What is booked, when and where.
    attributes: Value,
    /// Whatever was asked for by `include`: `event`, `user`, `resource`, `customers`, `calendar`, `project`, `meta`, `logs`,
    /// `available_actions`, `payment_id`, `related`, `owner_booking`, `bulked_bookings`, `customer_action_links`.
    #[serde(flatten)]
    #[schema(additional_properties)]
    included: Map<String, Value>,
    #[serde(
        rename = "customer_action_links",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(ignore)]
    links: Option<Map<String, Value>>,
    #[serde(skip)]
    #[schema(ignore)]
    version: Version,
}

impl BookingView {
    /// Takes the customer's links out of it: an answer is kept without them, because they are signed.
    pub fn take_links(&mut self) -> Option<Map<String, Value>> {
        self.links.take()
    }

    /// The same with `links`.
    #[must_use]
    pub fn with_links(self, links: Option<Map<String, Value>>) -> Self {
        Self { links, ..self }
    }

    /// Names the state that is shown.
    pub fn version(&self) -> Version {
        self.version.clone()
    }
}

/// What the includes show beside the bookings themselves, read already.
pub struct Included<'a> {
    /// What is shown beside the base fields.
    pub include: &'a Include,
    /// What makes customers' links, if they are shown.
    pub links: Option<&'a CustomerLinks>,
    /// The zone of the times; defaults to each booking's own.
    pub zone: OutputZone,
    /// The present instant.
    pub now: DateTime<Utc>,
    /// Whether the reader is a booking page, which never reads back whom bookings are for.
    pub is_public: bool,
    /// Whether the actions that are possible may be shown.
    pub shows_actions: bool,
    /// The bookings' resources.
    pub resources: HashMap<ResourceId, Resource>,
    /// The projects that they came from.
    pub projects: HashMap<ProjectId, Project>,
    /// The bookings that they belong to.
    pub related: HashMap<BookingId, Booking>,
}

impl Included<'_> {
    /// The same for groups, whose actions are shown to every caller that is shown groups.
    #[must_use]
    pub fn of_groups(self) -> Self {
        Self {
            shows_actions: true,
            ..self
        }
    }

    /// The same, with these bookings as they are here instead of as they were read.
    #[must_use]
    pub fn with_changed<'b>(mut self, changed: impl Iterator<Item = &'b Booking>) -> Self {
        self.related
            .extend(changed.map(|booking| (booking.id, booking.clone())));
        self
    }

    /// The booking as it is now.
    pub fn show(&self, booking: Booking) -> BookingView {
        // A decision on many may change it again, as a group whose customers are called off with it.
        let booking = self.related.get(&booking.id).cloned().unwrap_or(booking);
        self.show_settled(&booking.settled(self.now))
    }

    /// The booking in the state that it says, whatever time has done since.
    pub fn show_settled(&self, booking: &Booking) -> BookingView {
        let included = self.included(booking, self.zone.or(booking.timezone));
        let links = self.links(booking);
        self.show_with(included, booking).with_links(links)
    }

    fn show_with(&self, included: Map<String, Value>, booking: &Booking) -> BookingView {
        let zone = self.zone.or(booking.timezone);
        BookingView {
            id: booking.id.to_string(),
            state: booking.state.name(),
            graph: booking.graph.name(),
            completed: booking.completed(),
            resource_id: booking.resource_id.to_string(),
            created_at: format_instant(booking.created_at, zone),
            updated_at: format_instant(booking.updated_at, zone),
            locale: self.locale(booking),
            attributes: self.attributes(booking, zone),
            included,
            links: None,
            version: version(booking),
        }
    }

    /// What is always shown of a booking that belongs to the one that is shown; null if it is there no more.
    fn base(&self, id: BookingId) -> Value {
        let Some(booking) = self.related.get(&id) else {
            return Value::Null;
        };
        let booking = booking.clone().settled(self.now);
        json!(self.show_with(Map::new(), &booking))
    }

    /// What is asked for beside the booking. It is one function because it has a statement for each include.
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
        if self.shows_actions {
            add("available_actions", &|| {
                booking
                    .graph
                    .available_actions(booking.state)
                    .filter(|action| resource.is_some() || !action.needs_resource())
                    .map(|action| Value::from(action.name()))
                    .collect()
            });
        }
        // A booking page never reads back whom bookings are for.
        if !self.is_public {
            add("customers", &|| {
                booking.customers.iter().map(customer).collect()
            });
            add("meta", &|| booking.meta.clone().into());
            add("logs", &|| logs(booking, zone));
            add("project", &|| {
                let project = booking.project_id.and_then(|id| self.projects.get(&id));
                project.map_or(Value::Null, |project| {
                    json!({ "id": project.id.to_string(), "name": project.name, "slug": project.slug })
                })
            });
            add("payment_id", &|| booking.payment_id.clone().into());
            add("related", &|| related(booking));
            add("owner_booking", &|| {
                let owner = booking.owner_id;
                owner.map_or(Value::Null, |id| self.base(id))
            });
            add("bulked_bookings", &|| {
                let bookings = booking.related_ids().map(|id| self.base(id));
                bookings.filter(|shown| !shown.is_null()).collect()
            });
            add("calendar", &|| {
                // One that is gone has left its bookings to the default one.
                let of = |resource: &Resource| {
                    let own = resource.calendar(Some(booking.calendar_id));
                    let calendar = own.or_else(|| resource.calendar(None))?;
                    CalendarView::of(resource, calendar.id, OutputZone(Some(zone)))
                };
                json!(resource.and_then(of))
            });
        }
        included
    }

    /// The customer's links of a booking that is settled, if they are shown.
    pub fn links(&self, booking: &Booking) -> Option<Map<String, Value>> {
        let project = booking.project_id.and_then(|id| self.projects.get(&id));
        // Whose resource is gone is not moved any more.
        let project = project.filter(|_| self.resources.contains_key(&booking.resource_id));
        Some(self.links?.of(booking, project, self.now))
    }

    fn locale(&self, booking: &Booking) -> Option<String> {
        let locale = booking.locale.as_ref().filter(|_| !self.is_public);
        locale.map(|locale| locale.as_str().to_owned())
    }

    fn attributes(&self, booking: &Booking, zone: Tz) -> Value {
        let mut attributes = json!({ "event_info": event_info(booking, zone) });
        if self.is_public {
            attributes["event_info"]["participants"] = json!([]);
        }
        if let Some(due) = booking.payment_due() {
            attributes["payment_due_at"] = format_instant(due, zone).into();
        }
        if let Some(seats) = &booking.seats {
            attributes["group_booking"] =
                json!({ "max_seats": seats.max, "current_seats": seats.current(self.now) });
        }
        attributes
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
pub fn version(booking: &Booking) -> Version {
    Version::claimed(booking.tag())
}
