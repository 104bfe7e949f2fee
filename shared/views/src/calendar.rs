//! Calendars and their events.

use api::OutputZone;
use model::event::Event;
use model::ids::CalendarId;
use model::resource::Resource;
use model::time::format_instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A resource's calendar.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CalendarView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Whose it is.
    #[schema(format = Uuid)]
    resource_id: String,
    /// What people call it.
    name: String,
    /// What it is for.
    description: String,
    /// The colour of what is written in it, as sent.
    foregroundcolor: Option<String>,
    /// The colour of its entries, as sent.
    backgroundcolor: Option<String>,
    /// Who keeps it: always `timekit`, which means here.
    provider: &'static str,
    /// What it is called where it is kept: always null.
    provider_id: Option<String>,
    /// What its owner may do there: always `owner`.
    provider_access: &'static str,
    /// Whether it is the one that bookings go to unless they name another.
    provider_primary: bool,
    /// Whether it is kept in step with another one: always false.
    provider_sync: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// With the include: its events that are not over yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventView>>,
}

impl CalendarView {
    /// A calendar of `resource`; none if it has no such calendar.
    pub fn of(resource: &Resource, id: CalendarId, zone: OutputZone) -> Option<Self> {
        let calendar = resource.calendar(Some(id))?;
        let zone = zone.or(resource.timezone);
        Some(Self {
            id: calendar.id.to_string(),
            resource_id: resource.id.to_string(),
            name: calendar.name.clone(),
            description: calendar.description.clone(),
            foregroundcolor: calendar.foreground_color.clone(),
            backgroundcolor: calendar.background_color.clone(),
            provider: "timekit",
            provider_id: None,
            provider_access: "owner",
            provider_primary: resource.is_default(id),
            provider_sync: false,
            created_at: format_instant(calendar.created_at, zone),
            updated_at: format_instant(calendar.updated_at, zone),
            events: None,
        })
    }

    /// The same with those of `events` that are in it.
    #[must_use]
    pub fn with_events(mut self, events: &[Event], zone: OutputZone) -> Self {
        let own = events
            .iter()
            .filter(|event| event.calendar_id.to_string() == self.id);
        self.events = Some(own.map(|event| EventView::of(event, zone)).collect());
        self
    }
}

/// An entry of a calendar.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Whose time it takes.
    #[schema(format = Uuid)]
    resource_id: String,
    /// The calendar it is in.
    #[schema(format = Uuid)]
    calendar_id: String,
    /// Title.
    what: String,
    /// Place.
    #[serde(rename = "where")]
    place: String,
    /// More about it.
    description: String,
    /// E-mail addresses of others who take part, as sent.
    participants: Vec<String>,
    /// Whether the resource takes part, as sent.
    rsvp: Option<String>,
    /// Whether it lasts whole days.
    #[serde(rename = "allDay")]
    all_day: bool,
    /// When it begins.
    #[schema(format = DateTime)]
    start: String,
    /// When it ends.
    #[schema(format = DateTime)]
    end: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl EventView {
    /// An event.
    pub fn of(event: &Event, zone: OutputZone) -> Self {
        let zone = zone.or(event.timezone);
        Self {
            id: event.id.to_string(),
            resource_id: event.resource_id.to_string(),
            calendar_id: event.calendar_id.to_string(),
            what: event.text.what.clone(),
            place: event.text.place.clone(),
            description: event.text.description.clone(),
            participants: event.text.participants.clone(),
            rsvp: event.rsvp.clone(),
            all_day: event.is_all_day,
            start: format_instant(event.slot.start(), zone),
            end: format_instant(event.slot.end(), zone),
            created_at: format_instant(event.created_at, zone),
            updated_at: format_instant(event.updated_at, zone),
        }
    }
}
