//! What a booking takes: time of a resource, or a seat in a group.

use api::{Faults, Field, Object};
use chrono::{DateTime, TimeDelta, Utc};
use model::TimeSlot;
use model::booking::{BookingTooLong, MAX_BOOKING_DAYS};
use model::graph::Graph;
use model::ids::ResourceId;
use model::reservation::Reservation;
use model::time::parse_instant;
use scheduling::owner::resource_id;
use scheduling::plan::Place;
use scheduling::{Actor, Defaults};
use store::Tenant;

use super::body::Related;

/// The resource, start and end that a request names.
pub(super) struct SentPlace {
    pub(super) resource_id: Field<String>,
    pub(super) start: Field<String>,
    pub(super) end: Field<String>,
}

/// A seat in a group for a customer's graph, and time of a resource for any other.
pub(super) fn place(
    faults: &mut Faults,
    sent: SentPlace,
    related: Field<Object<Related>>,
    graph: Option<Graph>,
    (defaults, actor): (&Defaults<'_>, &Actor),
) -> Option<Place> {
    let reservation = defaults.reservation();
    if !graph.is_some_and(Graph::takes_a_seat) {
        return time(faults, reservation, actor.tenant, sent);
    }
    if reservation.is_some() {
        let sentence = "holds time, which a seat in a group does not need; leave it out";
        faults.add("reservation_id", sentence);
    }
    let Object(related) = faults.optional("related", related).unwrap_or_default();
    seat(faults, related, sent)
}

/// A seat in the group that `related` names.
fn seat(faults: &mut Faults, related: Related, sent: SentPlace) -> Option<Place> {
    let name = "related.owner_booking_id";
    let owner_id = faults.required(name, related.owner_booking_id);
    let owner_id = faults.parsed_id(name, owner_id.as_deref());
    let slot = if sent.start.is_present() || sent.end.is_present() {
        slot(faults, sent.start, sent.end)
    } else {
        None
    };
    Some(Place::Seat {
        resource_id: faults.id("resource_id", sent.resource_id),
        owner_id: owner_id?,
        slot,
    })
}

/// Time of a resource: the reservation's, if it uses one up.
fn time(
    faults: &mut Faults,
    reservation: Option<&Reservation>,
    tenant: Tenant,
    sent: SentPlace,
) -> Option<Place> {
    let Some(reservation) = reservation else {
        let resource_id = resource_id(faults, sent.resource_id, tenant);
        let slot = slot(faults, sent.start, sent.end);
        return Some(Place::Time {
            resource_ids: vec![resource_id?],
            slot: slot?,
            reservation_id: None,
        });
    };
    let other = "is not the reservation's; leave it out";
    let resource_id: Option<ResourceId> = faults.id("resource_id", sent.resource_id);
    if resource_id.is_some_and(|id| id != reservation.resource_id) {
        faults.add("resource_id", other);
    }
    if (sent.start.is_present() || sent.end.is_present())
        && slot(faults, sent.start, sent.end).is_some_and(|slot| slot != reservation.slot)
    {
        faults.add("start", other);
    }
    Some(Place::Time {
        resource_ids: reservation.resources().collect(),
        slot: reservation.slot,
        reservation_id: Some(reservation.id),
    })
}

/// The slot from `start` to `end`, both required.
pub(crate) fn slot(
    faults: &mut Faults,
    start: Field<String>,
    end: Field<String>,
) -> Option<TimeSlot> {
    let start = instant(faults, "start", start);
    let end = instant(faults, "end", end);
    match TimeSlot::new(start?, end?) {
        // Too long in every zone; days are counted by the resource's calendar once that is read.
        Ok(slot) if slot.length() > TimeDelta::days(i64::from(MAX_BOOKING_DAYS) + 1) => {
            faults.add("end", BookingTooLong.to_string());
            None
        }
        Ok(slot) => Some(slot),
        Err(error) => {
            faults.add("end", error.to_string());
            None
        }
    }
}

fn instant(faults: &mut Faults, name: &str, field: Field<String>) -> Option<DateTime<Utc>> {
    let text = faults.required(name, field);
    faults.parsed(name, text.as_deref(), parse_instant)
}
