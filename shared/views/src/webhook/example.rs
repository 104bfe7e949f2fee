//! An example of each event's body, made by the code that makes the bodies themselves, so that it cannot say anything else.

mod records;

use model::app::App;
use model::graph::{BookingState, Graph};
use model::ids::KeyId;
use model::outbox::{EventType, Family, ToldEvent};
use model::webhook::{Format, Webhook};
use serde_json::{Value, json};
use uuid::Uuid;

use self::records::{BOOKING, DOC_BROWN, PROJECT, SEAT, app, id, now, slot, subject, webhook};
use super::body::body;
use super::delivered::{Delivered, Subject};

/// The bodies of an event in each format that has one.
pub struct Example {
    /// In the format `standard`, with the payload `fat`.
    pub standard: Value,
    /// In the format `timekit`.
    pub timekit: Option<Value>,
}

/// An example of what an endpoint gets of an event of this type, with the ids of the demo.
///
/// # Errors
///
/// Only if a body cannot be written, which is a mistake in the program.
pub fn example(kind: EventType) -> serde_json::Result<Example> {
    let of = |format| {
        let (app, webhook, told, subject) = parts(kind, format)?;
        let delivered = Delivered {
            app: &app,
            webhook: &webhook,
            told: &told,
        };
        let text = body(&delivered, subject, told.at)?;
        serde_json::from_str(&text)
    };
    let has_timekit = Format::Timekit.has_body_of(kind.name());
    Ok(Example {
        standard: of(Format::Standard)?,
        timekit: has_timekit.then(|| of(Format::Timekit)).transpose()?,
    })
}

/// What the example of a type of events is made of.
pub(super) fn parts(
    kind: EventType,
    format: Format,
) -> serde_json::Result<(App, Webhook, ToldEvent, Subject)> {
    let told = told(kind)?;
    let subject = subject(&told);
    Ok((app(), webhook(format), told, subject))
}

/// A graph in which a booking comes into `state`, and from which state; from none if it only ever begins there.
fn way_into(state: BookingState) -> (Graph, Option<BookingState>) {
    let into = |graph: &Graph| {
        let rules = graph.rules();
        let automatic = rules.automatic.iter().map(|step| step.transition);
        let mut steps = rules.transitions.iter().copied().chain(automatic);
        let step = steps.find(|step| step.to == state)?;
        Some((*graph, Some(step.from)))
    };
    let begins = |graph: &&Graph| graph.rules().start == state;
    let way = Graph::ALL.iter().find_map(into);
    let start = Graph::ALL.iter().find(begins);
    way.unwrap_or((start.copied().unwrap_or(Graph::Instant), None))
}

/// The event, as it would be read from the outbox, so that members which it gains need nothing here.
fn told(kind: EventType) -> serde_json::Result<ToldEvent> {
    let (_, happened) = kind.name().split_once('.').unwrap_or_default();
    let thing = match kind.family() {
        Family::Booking => booking_event(kind, happened.parse().ok()),
        Family::Group => json!({
            "graph": Graph::GroupOwner, "state": BookingState::Tentative,
            "previous_state": BookingState::Tentative, "sequence": 2, "project_id": PROJECT,
            "seats": if kind == EventType::Full { vec![] } else { vec![SEAT] },
        }),
        Family::Reservation => json!({ "project_id": PROJECT }),
        Family::Event => json!({}),
        Family::Resource => json!({ "id": DOC_BROWN, "start": null, "end": null }),
        _ => json!({ "id": PROJECT, "resource_id": null, "start": null, "end": null }),
    };
    let mut event = json!({
        "type": kind.name(), "id": BOOKING, "resource_id": DOC_BROWN,
        "start": slot().start(), "end": slot().end(),
    });
    if let (Some(event), Value::Object(thing)) = (event.as_object_mut(), thing) {
        event.extend(thing);
    }
    Ok(ToldEvent {
        id: Uuid::from_u128(0x019a_cefa_6a40_7000_8000_0000_0000_0001),
        at: now(),
        by: format!("key:{}", KeyId::new(id(5, 2))),
        from: None,
        event: serde_json::from_value(event)?,
    })
}

fn booking_event(kind: EventType, state: Option<BookingState>) -> Value {
    let (graph, before) = match state {
        Some(state) => way_into(state),
        // Without a step.
        None => (Graph::Instant, Some(BookingState::Confirmed)),
    };
    let after = state.or(before).filter(|_| kind != EventType::Deleted);
    let mut automatic = graph.rules().automatic.iter();
    let is_automatic = automatic.any(|step| Some(step.transition.to) == state);
    json!({
        "sequence": if before.is_none() { 1 } else { 2 },
        "previous_state": before, "state": after, "graph": graph, "project_id": PROJECT,
        "automatic_at": is_automatic.then(now),
        "rescheduled_to": (kind == EventType::RescheduledByCustomer).then_some(SEAT),
        "reminder": (kind == EventType::Reminder).then_some(0),
    })
}
