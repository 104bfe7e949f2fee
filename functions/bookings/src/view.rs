//! A booking as callers see it.

use std::collections::{BTreeSet, HashMap};

use api::{ApiError, OutputZone};
use auth::Principal;
use chrono::{DateTime, Utc};
use model::booking::{Booking, Customer};
use model::ids::{BookingId, ProjectId, ResourceId};
use model::project::Project;
use model::resource::Resource;
use model::time::{Tz, format_instant};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::{Decision, DecisionError, Store, Version};
use utoipa::ToSchema;
use views::CalendarView;

use crate::includes::Includes;

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
    /// Whatever was asked for by `include`: `event`, `user`, `resource`, `customers`, `calendar`, `project`, `meta`, `logs`,
    /// `available_actions`, `payment_id`, `related`, `owner_booking`, `bulked_bookings`, `customer_action_links`.
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
    include: &'a Includes,
    zone: OutputZone,
    is_public: bool,
    shows_actions: bool,
    resources: HashMap<ResourceId, Resource>,
    projects: HashMap<ProjectId, Project>,
    related: HashMap<BookingId, Booking>,
}

impl<'a> Viewer<'a> {
    /// Reads what the includes need beside the bookings themselves: their resources, their projects, and the bookings
    /// they belong to, in a batch each.
    pub(crate) async fn of(
        principal: &Principal,
        store: &Store,
        include: &'a Includes,
        zone: OutputZone,
        bookings: &[Booking],
    ) -> Result<Self, ApiError> {
        let needs_resources = ["user", "resource", "calendar", "available_actions"]
            .iter()
            .any(|name| include.has(name))
            || include.links().is_some();
        let mut resources = HashMap::new();
        if needs_resources {
            let mut ids: Vec<ResourceId> =
                bookings.iter().map(|booking| booking.resource_id).collect();
            ids.sort_unstable();
            ids.dedup();
            let found = store.get_resources(principal.tenant(), &ids).await?;
            resources.extend(found.into_iter().map(|resource| (resource.id, resource)));
        }
        let is_public = principal.is_public();
        let mut projects = HashMap::new();
        if !is_public && (include.has("project") || include.links().is_some()) {
            let ids: BTreeSet<ProjectId> = bookings
                .iter()
                .filter_map(|booking| booking.project_id)
                .collect();
            let ids: Vec<ProjectId> = ids.into_iter().collect();
            let found = store.get_projects(principal.tenant(), &ids).await?;
            projects.extend(found.into_iter().map(|project| (project.id, project)));
        }
        let wants = |name: &str| include.has(name) && !is_public;
        let (wants_owner, wants_bulked) = (wants("owner_booking"), wants("bulked_bookings"));
        let mut ids = BTreeSet::new();
        for booking in bookings {
            ids.extend(booking.owner_id.filter(|_| wants_owner));
            ids.extend(booking.related_ids().filter(|_| wants_bulked));
        }
        let ids: Vec<BookingId> = ids.into_iter().collect();
        let related = store.get_bookings(principal.tenant(), &ids).await?;
        Ok(Self {
            include,
            zone,
            is_public,
            shows_actions: !is_public,
            resources,
            projects,
            related: related.into_iter().map(|it| (it.id, it)).collect(),
        })
    }

    /// The same for groups, whose actions everybody is told who is shown groups at all.
    pub(crate) fn of_groups(self) -> Self {
        Self {
            shows_actions: true,
            ..self
        }
    }

    /// The same, with the bookings that `decision` changes as they shall be.
    pub(crate) async fn with_decided(
        mut self,
        decision: &mut Decision<'_>,
    ) -> Result<Self, DecisionError> {
        let changed = decision.changed().await?;
        self.related
            .extend(changed.map(|booking| (booking.id, booking.clone())));
        Ok(self)
    }

    /// As [`Viewer::show_one`], of a booking that `decision` changes.
    pub(crate) async fn show_decided(
        principal: &Principal,
        store: &Store,
        include: &'a Includes,
        zone: OutputZone,
        booking: Booking,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<BookingView, ApiError> {
        let bookings = std::slice::from_ref(&booking);
        let viewer = Self::of(principal, store, include, zone, bookings).await?;
        Ok(viewer.with_decided(decision).await?.show(booking, now))
    }

    /// One booking as it stands at `now`, with what its includes need.
    pub(crate) async fn show_one(
        principal: &Principal,
        store: &Store,
        include: &'a Includes,
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
        // A decision on many may change it again, as a group whose customers are called off with it.
        let booking = self.related.get(&booking.id).cloned().unwrap_or(booking);
        let booking = booking.settled(now);
        let included = self.included(&booking, self.zone.or(booking.timezone), now);
        self.show_with(included, &booking, now)
    }

    fn show_with(
        &self,
        included: Map<String, Value>,
        booking: &Booking,
        now: DateTime<Utc>,
    ) -> BookingView {
        let zone = self.zone.or(booking.timezone);
        BookingView {
            id: booking.id.to_string(),
            state: booking.state.name(),
            graph: booking.graph.name(),
            completed: booking.completed(),
            resource_id: booking.resource_id.to_string(),
            created_at: format_instant(booking.created_at, zone),
            updated_at: format_instant(booking.updated_at, zone),
            attributes: self.attributes(booking, zone, now),
            included,
            version: version(booking),
        }
    }

    /// What is always shown of a booking that belongs to the one that is shown; null if it is there no more.
    fn base(&self, id: BookingId, now: DateTime<Utc>) -> Value {
        let Some(booking) = self.related.get(&id) else {
            return Value::Null;
        };
        let booking = booking.clone().settled(now);
        json!(self.show_with(Map::new(), &booking, now))
    }

    fn included(&self, booking: &Booking, zone: Tz, now: DateTime<Utc>) -> Map<String, Value> {
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
                owner.map_or(Value::Null, |id| self.base(id, now))
            });
            add("bulked_bookings", &|| {
                let bookings = booking.related_ids().map(|id| self.base(id, now));
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
        if let Some(links) = self.include.links() {
            let project = booking.project_id.and_then(|id| self.projects.get(&id));
            // Whose resource is gone is not moved any more.
            let project = project.filter(|_| resource.is_some());
            let links = links.of(booking, project, now).into();
            included.insert("customer_action_links".to_owned(), links);
        }
        included
    }

    fn attributes(&self, booking: &Booking, zone: Tz, now: DateTime<Utc>) -> Value {
        let mut attributes = json!({ "event_info": event_info(booking, zone) });
        if self.is_public {
            attributes["event_info"]["participants"] = json!([]);
        }
        if let Some(due) = booking.payment_due() {
            attributes["payment_due_at"] = format_instant(due, zone).into();
        }
        if let Some(seats) = &booking.seats {
            attributes["group_booking"] =
                json!({ "max_seats": seats.max, "current_seats": seats.current(now) });
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

fn related(booking: &Booking) -> Value {
    let text = |id: Option<BookingId>| id.map(|id| id.to_string());
    json!({
        "owner_booking_id": text(booking.owner_id),
        "rescheduled_from_id": text(booking.rescheduled_from),
        "rescheduled_to_id": text(booking.rescheduled_to),
    })
}

/// Names the state of a booking that is settled.
pub(crate) fn version(booking: &Booking) -> Version {
    Version::claimed(booking.tag())
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
