//! What changes have told, as it is kept, and what must be true of it beside the records that it tells of. It is judged
//! without the code's own tables.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::invariants::{KeptBooking, Snapshot};

/// What one change told.
#[derive(Clone, Debug)]
pub struct KeptTold {
    /// Its type.
    pub kind: String,
    /// The id of what changed.
    pub id: String,
    /// What else it says.
    pub event: Value,
    /// Who made the change.
    pub by: String,
}

/// The events of an item of the outbox, in order.
pub(crate) fn of_item(item: &Value) -> Vec<KeptTold> {
    let record = &item["record"];
    let events = record["events"].as_array().expect("events");
    assert!(!events.is_empty(), "an item that tells nothing: {item}");
    let told = events.iter().map(|event| KeptTold {
        kind: text(&event["type"]),
        id: text(&event["id"]),
        event: event.clone(),
        by: text(&record["by"]),
    });
    told.collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl KeptTold {
    fn sequence(&self) -> u64 {
        self.event["sequence"].as_u64().unwrap_or_default()
    }

    fn is_step(&self) -> bool {
        let of_booking = self.kind.strip_prefix("booking.");
        of_booking.is_some_and(|kind| !["updated", "deleted", "reminder"].contains(&kind))
    }

    fn seats(&self) -> impl Iterator<Item = String> {
        let seats = self.event["seats"].as_array().into_iter().flatten();
        seats.map(text)
    }

    /// It without what differs between two runs of the same.
    pub(crate) fn outlined(&self) -> String {
        let event = &self.event;
        let said = [
            "graph",
            "state",
            "previous_state",
            "sequence",
            "start",
            "end",
        ];
        let said = said.map(|name| event[name].to_string()).join(" ");
        let (seats, is_automatic) = (self.seats().count(), !event["automatic_at"].is_null());
        format!("told {} {said} {seats} {is_automatic}", self.kind)
    }
}

impl Snapshot {
    /// Every change of every record was told once, in order, and nothing else was.
    pub(crate) fn wrongly_told(&self) -> Vec<String> {
        let mut of: BTreeMap<&str, Vec<&KeptTold>> = BTreeMap::new();
        for told in &self.told {
            of.entry(&told.id).or_default().push(told);
        }
        let mut found = Vec::new();
        for booking in self.bookings.values() {
            let told = of.remove(booking.id.as_str()).unwrap_or_default();
            let told = in_sequence(told);
            let count = booking.record()["event_sequence"].as_u64();
            // One that was filled in past the store tells nothing.
            if count.is_none() && told.is_empty() {
                continue;
            }
            if count != Some(told.len() as u64) {
                found.push(format!("{booking:?} counts its events wrongly"));
            }
            found.extend(broken_chain(&told));
            found.extend(other_steps(booking, &told));
            found.extend(other_seats(booking, &told));
            found.extend(told.iter().filter_map(|told| gives_away(booking, told)));
        }
        for (id, held) in &self.reservations {
            let mut told = of.remove(id.as_str()).unwrap_or_default();
            let count = told.len();
            told.retain(|told| told.kind != "reservation.expired");
            let is_told = count - told.len() == usize::from(held.is_expired());
            if !is_told || !is_one(&told, "reservation.reserved", "reservation.extended") {
                found.push(format!("{held:?}: {told:?}"));
            }
        }
        for id in self.events.keys() {
            let told = of.remove(id.as_str()).unwrap_or_default();
            if !is_one(&told, "event.created", "event.updated") {
                found.push(format!("event {id}: {told:?}"));
            }
        }
        // What is left is of what is gone.
        for (id, told) in of {
            let told = in_sequence(told);
            let family = told[0].kind.split('.').next().unwrap_or_default();
            if ["resource", "project", "key"].contains(&family) {
                let count = |end: &str| {
                    let kind = format!("{family}.{end}");
                    told.iter().filter(|told| told.kind == kind).count()
                };
                let is_gone = family == "resource" && !self.resources.contains(id);
                if family == "resource" && count("deleted") != usize::from(is_gone) {
                    found.push(format!(
                        "{id} is there or not, and tells otherwise: {told:?}"
                    ));
                }
                if count("created") > 1 {
                    found.push(format!("{id} was created twice: {told:?}"));
                }
                continue;
            }
            let ends = ["booking.deleted", "reservation.booked", "event.deleted"];
            let ends = told
                .iter()
                .filter(|told| ends.contains(&told.kind.as_str()));
            // With its resource an event is there no more.
            let is_event_of_what_is_gone = told[0].kind.starts_with("event.")
                && !self
                    .resources
                    .contains(&text(&told[0].event["resource_id"]));
            if ends.count() != 1 && !is_event_of_what_is_gone {
                found.push(format!("{id} is gone, and that is not told once: {told:?}"));
            }
            if told[0].kind.starts_with("booking.") {
                found.extend(broken_chain(&told));
            }
        }
        found
    }
}

/// In the order that they happened in, whatever the clock said.
fn in_sequence(mut told: Vec<&KeptTold>) -> Vec<&KeptTold> {
    told.sort_by_key(|told| told.sequence());
    told
}

/// Whether something was told to begin once, and else only to go on.
fn is_one(told: &[&KeptTold], begin: &str, go_on: &str) -> bool {
    let count = |kind: &str| told.iter().filter(|told| told.kind == kind).count();
    count(begin) == 1 && count(go_on) == told.len() - 1
}

/// The sequence has no gap, and each state is the one before of the next.
fn broken_chain(told: &[&KeptTold]) -> Option<String> {
    let mut state = Value::Null;
    for (expected, event) in (1..).zip(told) {
        if event.sequence() != expected || event.event["previous_state"] != state {
            return Some(format!(
                "{event:?} does not follow as number {expected} in {told:?}"
            ));
        }
        state = event.event["state"].clone();
    }
    None
}

/// Every step of its history is told, and no other.
fn other_steps(booking: &KeptBooking, told: &[&KeptTold]) -> Option<String> {
    let log = booking.record()["log"].as_array().expect("a log");
    let steps = told.iter().filter(|told| told.is_step());
    let told_steps: Vec<Value> = steps
        .map(|told| {
            let (event, is_automatic) = (&told.event, !told.event["automatic_at"].is_null());
            let by = if is_automatic { "automatic" } else { &told.by };
            json!([told.kind, event["previous_state"], event["state"], by])
        })
        .collect();
    let own_program = told.first().is_some_and(|told| told.by == "program");
    let taken: Vec<Value> = log
        .iter()
        .map(|step| {
            let kind = format!("booking.{}", text(&step["to"]));
            json!([kind, step["from"], step["to"], step["by"]])
        })
        .collect();
    let is_same = told_steps == taken || own_program && told_steps.len() == taken.len();
    (!is_same).then(|| format!("{booking:?} took {taken:?} and told {told_steps:?}"))
}

/// Who has a seat follows from what was told, and that it is full is told when it is.
fn other_seats(booking: &KeptBooking, told: &[&KeptTold]) -> Option<String> {
    let (max, taken) = booking.seats.as_ref()?;
    let mut seated: BTreeSet<String> = BTreeSet::new();
    let mut events = told.iter().peekable();
    while let Some(event) = events.next() {
        match event.kind.as_str() {
            "group.seat_taken" => seated.extend(event.seats()),
            "group.seat_released" => event.seats().for_each(|seat| {
                seated.remove(&seat);
            }),
            _ => continue,
        }
        let is_full = event.kind == "group.seat_taken" && seated.len() >= *max;
        let is_told = events.peek().is_some_and(|next| next.kind == "group.full");
        if is_full != is_told {
            return Some(format!(
                "{booking:?} is full or not, and tells otherwise: {event:?}"
            ));
        }
    }
    let taken: BTreeSet<String> = taken.keys().cloned().collect();
    (seated != taken).then(|| format!("{booking:?} has {taken:?}, and told {seated:?}"))
}

/// Nothing of a customer is told.
fn gives_away(booking: &KeptBooking, told: &KeptTold) -> Option<String> {
    let customers = booking.record()["customers"].as_array()?;
    let said = told.event.to_string();
    let known = customers
        .iter()
        .flat_map(|customer| [text(&customer["name"]), text(&customer["email"])]);
    // A name of one letter is in everything.
    let mut known = known.filter(|known| known.len() > 6);
    known
        .any(|known| said.contains(&known))
        .then(|| format!("{told:?} gives a customer away"))
}
