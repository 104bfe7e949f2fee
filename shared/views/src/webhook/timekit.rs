//! The body `timekit`, version 1: the bare booking, with the fields that Timekit sent.

use api::Include;
use chrono::{DateTime, Utc};
use model::outbox::{ChangeEvent, Family};
use model::reservation::Reservation;
use model::time::{Tz, format_instant};
use model::webhook::RESERVATION;
use serde_json::{Map, Value, json};

use super::delivered::{Delivered, Subject, show_booking};
use crate::customer_links::CUSTOMER_ACTION_LINKS;

/// What a booking is shown with.
const INCLUDES: &[&str] = &[
    "event",
    "user",
    "customers",
    "calendar",
    "project",
    "meta",
    "available_actions",
    "owner_booking",
    CUSTOMER_ACTION_LINKS,
];

pub(super) fn body(delivered: &Delivered<'_>, mut subject: Subject, now: DateTime<Utc>) -> Value {
    let (told, reservation) = (delivered.told, subject.reservation.take());
    if Family::of(&told.event.kind) == Some(Family::Reservation) {
        return of_reservation(&told.event, reservation.as_ref(), told.at);
    }
    let include = Include::default().and(INCLUDES);
    match show_booking(subject, &told.event, &include, now) {
        Some(shown) => with_customers_meta(json!(shown)),
        None => of_one_that_is_gone(&told.event, told.at),
    }
}

/// Timekit sends what else a form asked of a customer as JSON in a text.
fn with_customers_meta(mut shown: Value) -> Value {
    const KNOWN: [&str; 6] = ["id", "name", "email", "phone", "voip", "timezone"];
    let customers = shown["customers"].as_array_mut();
    for customer in customers
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        let others = customer
            .iter()
            .filter(|(name, _)| !KNOWN.contains(&name.as_str()));
        let meta: Map<String, Value> = others
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let meta = Value::Object(meta).to_string();
        customer.insert("meta".to_owned(), meta.into());
    }
    shown
}

/// What is known of a booking that was deleted before it could be read.
fn of_one_that_is_gone(event: &ChangeEvent, at: DateTime<Utc>) -> Value {
    let shown = |at: Option<DateTime<Utc>>| at.map(|at| format_instant(at, Tz::UTC));
    let state = event.state.as_ref().or(event.previous_state.as_ref());
    json!({
        "id": event.id,
        "state": state,
        "graph": event.graph,
        "completed": true,
        "updated_at": format_instant(at, Tz::UTC),
        "attributes": { "event_info": { "start": shown(event.start), "end": shown(event.end) } },
    })
}

/// A reservation, as a booking of Timekit's graph of reservations.
fn of_reservation(event: &ChangeEvent, held: Option<&Reservation>, at: DateTime<Utc>) -> Value {
    let zone = held.map_or(Tz::UTC, |held| held.timezone);
    let shown = |at: Option<DateTime<Utc>>| at.map(|at| format_instant(at, zone));
    let (_, state) = event.kind.split_once('.').unwrap_or_default();
    // Timekit knows two states.
    let state = if state == "extended" {
        "reserved"
    } else {
        state
    };
    let mut body = json!({
        "id": event.id,
        "state": state,
        "graph": RESERVATION,
        "completed": state != "reserved",
        "created_at": shown(Some(held.map_or(at, |held| held.created_at))),
        "updated_at": shown(Some(at)),
        "resource_id": event.resource_id,
        "attributes": { "event_info": { "start": shown(event.start), "end": shown(event.end) } },
    });
    if let Some(held) = held {
        body["expires_at"] = format_instant(held.until, zone).into();
    }
    body
}
