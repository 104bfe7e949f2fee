//! What an event says of itself: what it is about, and nothing of its customer.

use chrono::{DateTime, Utc};
use model::outbox::{ChangeEvent, ToldEvent};
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;

/// Who made a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorView {
    /// `key`, `account` (a person at the console), `resource` (by its token), `link` (the holder of a customer's link),
    /// `anonymous` (a visitor), `automatic` (a step that time took) or `program` (the operator).
    #[serde(rename = "type")]
    kind: String,
    /// The id of the key, account or resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    id: Option<String>,
}

/// What changed: what it is, and nothing of its customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventDataView {
    /// The id of what changed: the booking, for a `group` event the group's own one, the reservation, or the event.
    #[schema(format = Uuid)]
    id: String,
    /// For a booking: its place among the events of this booking. The first is 1, and each is one more than the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u32>,
    /// For a booking: its graph.
    #[serde(skip_serializing_if = "Option::is_none")]
    graph: Option<String>,
    /// For a booking: the state before. A new booking has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_state: Option<String>,
    /// For a booking: the state after. A deleted booking has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// The resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    resource_id: Option<String>,
    /// The project.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    project_id: Option<String>,
    /// The start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    start: Option<String>,
    /// The end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    end: Option<String>,
    /// For a step that time took by itself: when it took effect, which is before the `timestamp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    /// The booking that this one took the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    rescheduled_from: Option<String>,
    /// The booking that took this one's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    rescheduled_to: Option<String>,
    /// For a `booking.reminder`: its number among the booking's reminders, from 0 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    reminder: Option<usize>,
    /// For a key that was rotated: the key that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    replaced_by: Option<String>,
    /// For a `group` event: the bookings whose seats were taken or released.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    seats: Vec<String>,
}

impl AuthorView {
    /// Who made the change that was told; with an id only if `with_id`.
    pub fn of(told: &ToldEvent, with_id: bool) -> Self {
        if told.event.automatic_at.is_some() {
            return Self {
                kind: "automatic".to_owned(),
                id: None,
            };
        }
        let (kind, id) = match told.by.split_once(':') {
            Some((kind, id)) => (kind, Some(id.to_owned())),
            None => (told.by.as_str(), None),
        };
        Self {
            kind: kind.to_owned(),
            id: id.filter(|_| with_id),
        }
    }
}

impl EventDataView {
    /// What a change says of itself, with times in `zone`.
    pub fn of(event: &ChangeEvent, zone: Tz) -> Self {
        let shown = |at: Option<DateTime<Utc>>| at.map(|at| format_instant(at, zone));
        let seats = event.seats.iter().map(ToString::to_string).collect();
        Self {
            id: event.id.to_string(),
            sequence: event.sequence,
            graph: event.graph.clone(),
            previous_state: event.previous_state.clone(),
            state: event.state.clone(),
            resource_id: event.resource_id.map(|id| id.to_string()),
            project_id: event.project_id.map(|id| id.to_string()),
            start: shown(event.start),
            end: shown(event.end),
            effective_at: shown(event.automatic_at),
            rescheduled_from: event.rescheduled_from.map(|id| id.to_string()),
            rescheduled_to: event.rescheduled_to.map(|id| id.to_string()),
            reminder: event.reminder,
            replaced_by: event.replaced_by.map(|id| id.to_string()),
            seats,
        }
    }
}
