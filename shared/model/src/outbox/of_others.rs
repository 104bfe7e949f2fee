//! What changes to reservations and to the events of calendars tell. They have no history, and so no sequence.

use super::ChangeEvent;
use super::event_type::EventType;
use crate::event::Event;
use crate::reservation::Reservation;

/// What it tells that a reservation `before` becomes `after`. It goes when it becomes a booking.
pub fn of_reservation(
    before: Option<&Reservation>,
    after: Option<&Reservation>,
) -> Vec<ChangeEvent> {
    let about = |kind, held: &Reservation| {
        ChangeEvent::new(kind, held.id.uuid(), held.resource_id, held.slot)
            .in_graph(held.graph, held.project_id)
    };
    let event = match (before, after) {
        (None, Some(after)) => Some(about(EventType::Reserved, after)),
        (Some(before), Some(after)) if after.expired => (!before.expired).then(|| ChangeEvent {
            automatic_at: Some(after.until),
            ..about(EventType::Expired, after)
        }),
        (Some(_), Some(after)) => Some(about(EventType::Extended, after)),
        (Some(before), None) => Some(about(EventType::Booked, before)),
        (None, None) => None,
    };
    event.into_iter().collect()
}

/// What it tells that an event of a calendar `before` becomes `after`.
pub fn of_calendar_event(before: Option<&Event>, after: Option<&Event>) -> Vec<ChangeEvent> {
    let about = |kind, event: &Event| {
        ChangeEvent::new(kind, event.id.uuid(), event.resource_id, event.slot)
    };
    let event = match (before, after) {
        (None, Some(after)) => Some(about(EventType::EventCreated, after)),
        (Some(_), Some(after)) => Some(about(EventType::EventUpdated, after)),
        (Some(before), None) => Some(about(EventType::EventDeleted, before)),
        (None, None) => None,
    };
    event.into_iter().collect()
}
