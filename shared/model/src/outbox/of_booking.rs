//! What a change to a booking tells.

use super::ChangeEvent;
use super::event_type::EventType;
use crate::booking::{AUTOMATIC, Booking, LogEntry};
use crate::ids::BookingId;
use crate::reminder::ReminderOutcome;
use crate::seats::Seats;

/// What it tells that `before` becomes `after`, in order: every step that it took, those of time included; what was changed
/// without a step; and of a group, whose seats were taken and released.
pub fn of_booking(before: Option<&Booking>, after: Option<&Booking>) -> Vec<ChangeEvent> {
    let mut events = match (before, after) {
        (_, Some(after)) => of_one_that_is_there(before, after),
        (Some(before), None) => {
            let deleted = about(EventType::Deleted, before);
            vec![deleted.between(Some(before.state), None)]
        }
        (None, None) => Vec::new(),
    };
    let told = before.map_or(0, Booking::events_told);
    for (event, sequence) in events.iter_mut().zip(told + 1..) {
        event.sequence = Some(sequence);
    }
    events
}

fn about(kind: EventType, booking: &Booking) -> ChangeEvent {
    ChangeEvent::new(kind, booking.id.uuid(), booking.resource_id, booking.slot)
        .in_graph(Some(booking.graph), booking.project_id)
}

fn of_one_that_is_there(before: Option<&Booking>, after: &Booking) -> Vec<ChangeEvent> {
    let known = before.map_or(0, |before| before.log.len());
    let steps = after.log.iter().skip(known);
    let mut events: Vec<ChangeEvent> = steps.map(|step| of_step(step, after)).collect();
    let without_step = |kind| about(kind, after).between(Some(after.state), Some(after.state));
    if let Some(before) = before {
        if is_updated(before, after) {
            events.push(without_step(EventType::Updated));
        }
        events.extend(reminders_sent(before, after).map(|index| ChangeEvent {
            automatic_at: Some(after.reminders[index].reminder.due(after.slot.start())),
            reminder: Some(index),
            ..without_step(EventType::Reminder)
        }));
    }
    let seats_before = before.and_then(|before| before.seats.as_ref());
    if let Some((seats_before, seats)) = seats_before.zip(after.seats.as_ref()) {
        let (taken, released) = (
            others_than(seats, seats_before),
            others_than(seats_before, seats),
        );
        let is_full = !taken.is_empty() && seats.taken.len() >= seats.max as usize;
        for (kind, seats) in [
            (EventType::SeatReleased, released),
            (EventType::SeatTaken, taken),
        ] {
            if !seats.is_empty() {
                events.push(ChangeEvent {
                    seats,
                    ..without_step(kind)
                });
            }
        }
        if is_full {
            events.push(without_step(EventType::Full));
        }
    }
    events
}

fn of_step(step: &LogEntry, after: &Booking) -> ChangeEvent {
    let kind = EventType::of_state(step.to);
    let event = about(kind, after).between(step.from, Some(step.to));
    ChangeEvent {
        automatic_at: (step.by == AUTOMATIC).then_some(step.at),
        rescheduled_from: after.rescheduled_from.filter(|_| step.from.is_none()),
        rescheduled_to: (after.rescheduled_to).filter(|_| kind == EventType::RescheduledByCustomer),
        ..event
    }
}

/// The numbers of the reminders that were sent.
fn reminders_sent(before: &Booking, after: &Booking) -> impl Iterator<Item = usize> {
    let is_sent = |booking: &Booking, index: usize| {
        let one = booking.reminders.get(index);
        one.is_some_and(|one| one.outcome == Some(ReminderOutcome::Sent))
    };
    (0..after.reminders.len())
        .filter(move |index| is_sent(after, *index) && !is_sent(before, *index))
}

/// Whether something was changed that no step changes.
fn is_updated(before: &Booking, after: &Booking) -> bool {
    before.meta != after.meta
        || before.event != after.event
        || before.customers != after.customers
        || before.locale != after.locale
}

/// Who has a seat of `seats` and none of `others`.
fn others_than(seats: &Seats, others: &Seats) -> Vec<BookingId> {
    let all = seats.taken.keys().copied();
    all.filter(|id| !others.taken.contains_key(id)).collect()
}
