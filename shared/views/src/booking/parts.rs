//! The parts of a booking that are shown, as JSON.

use model::booking::{Booking, Customer};
use model::ids::BookingId;
use model::time::{Tz, format_instant};
use serde_json::{Value, json};

pub(super) fn related(booking: &Booking) -> Value {
    let text = |id: Option<BookingId>| id.map(|id| id.to_string());
    json!({
        "owner_booking_id": text(booking.owner_id),
        "rescheduled_from_id": text(booking.rescheduled_from),
        "rescheduled_to_id": text(booking.rescheduled_to),
    })
}

pub(super) fn event_info(booking: &Booking, zone: Tz) -> Value {
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

pub(super) fn event(booking: &Booking, zone: Tz) -> Value {
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

pub(super) fn customer(customer: &Customer) -> Value {
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

pub(super) fn logs(booking: &Booking, zone: Tz) -> Value {
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
