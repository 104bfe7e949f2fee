//! The outbox: what a change tells. It follows from the change alone, as what a booking takes does: from a record as it was
//! and as it is to be, by the tables here, so no operation tells anything, and none can forget to.

mod event_type;
mod of_booking;
mod of_others;
mod of_things;

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use event_type::{EventType, Family};
pub use of_booking::of_booking;
pub use of_others::{of_calendar_event, of_reservation};
pub use of_things::{of_key, of_project, of_resource};

use crate::Random;
use crate::graph::{BookingState, Graph};
use crate::ids::{BookingId, ProjectId, ResourceId, WebhookId};
use crate::time::TimeSlot;

/// For how long it is kept what was told.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// Who changed something, and from where, as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// `key:`, `account:` or `resource:` with an id, [`LINK`], [`ANONYMOUS`] or [`PROGRAM`].
    pub by: String,
    /// The address that the request came from.
    pub from: Option<IpAddr>,
}

/// The holder of a customer's link.
pub const LINK: &str = "link";

/// A visitor whom nobody asked who they are.
pub const ANONYMOUS: &str = "anonymous";

/// The program itself, e.g. a command of its operator.
pub const PROGRAM: &str = "program";

impl Author {
    /// The program itself.
    pub fn program() -> Self {
        Self {
            by: PROGRAM.to_owned(),
            from: None,
        }
    }
}

/// What one transaction told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Who made the change, as [`Author::by`].
    pub by: String,
    /// The address that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// What changed, in order; at least one.
    pub events: Vec<ChangeEvent>,
}

/// One change to one thing: names of what it concerns, and nothing of its customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeEvent {
    /// What happened: the name of an [`EventType`], or of one that a newer version knows.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of what changed.
    pub id: Uuid,
    /// For a booking: how many events have been about it with this one, from 1 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
    /// For a booking: the name of the state it was in before; none for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<String>,
    /// For a booking: the name of the state it is in; none if it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// For a booking, or a reservation that says how its booking is to come about: the name of its graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<String>,
    /// The resource it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<ResourceId>,
    /// The project it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<DateTime<Utc>>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<DateTime<Utc>>,
    /// For a step that time took by itself: when it took effect. It is told when it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_at: Option<DateTime<Utc>>,
    /// The booking that this one took the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescheduled_from: Option<BookingId>,
    /// The booking that took this one's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescheduled_to: Option<BookingId>,
    /// For a key that was rotated: the key that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<Uuid>,
    /// For a reminder: its number among those of its booking, from 0 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminder: Option<usize>,
    /// The bookings whose seats were taken or released.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<BookingId>,
}

impl ChangeEvent {
    /// That `kind` happened to `id`, of a resource and at a time.
    fn new(kind: EventType, id: Uuid, resource: ResourceId, slot: TimeSlot) -> Self {
        Self {
            resource_id: Some(resource),
            start: Some(slot.start()),
            end: Some(slot.end()),
            ..Self::bare(kind, id)
        }
    }

    /// That `kind` happened to a webhook endpoint.
    pub fn of_endpoint(kind: EventType, id: WebhookId) -> Self {
        Self::bare(kind, id.uuid())
    }

    /// That `kind` happened to `id`, of no resource and at no time.
    fn bare(kind: EventType, id: Uuid) -> Self {
        Self {
            kind: kind.name().to_owned(),
            id,
            sequence: None,
            previous_state: None,
            state: None,
            graph: None,
            resource_id: None,
            project_id: None,
            start: None,
            end: None,
            automatic_at: None,
            rescheduled_from: None,
            rescheduled_to: None,
            replaced_by: None,
            reminder: None,
            seats: Vec::new(),
        }
    }

    fn in_graph(self, graph: Option<Graph>, project: Option<ProjectId>) -> Self {
        Self {
            graph: graph.map(|graph| graph.name().to_owned()),
            project_id: project,
            ..self
        }
    }

    fn between(self, before: Option<BookingState>, after: Option<BookingState>) -> Self {
        let name = |state: BookingState| state.name().to_owned();
        Self {
            previous_state: before.map(name),
            state: after.map(name),
            ..self
        }
    }
}

/// Names what one transaction told. It sorts by time, to a quarter of a microsecond, and what was told in it is found by it: a
/// UUID of version 7 with a fraction of the millisecond, as RFC 9562 has it, whose last two bytes count the events, from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ToldId(Uuid);

impl ToldId {
    /// A new one, for what is told at `at`.
    pub fn new(at: DateTime<Utc>, random: &dyn Random) -> Self {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        let mut bytes: [u8; 10] = random.bytes();
        // 12 bits of a millisecond.
        let fraction = (at.timestamp_subsec_nanos() % 1_000_000) * 4_096 / 1_000_000;
        let [.., high, low] = fraction.to_be_bytes();
        [bytes[0], bytes[1]] = [high, low];
        bytes[8..].fill(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }

    /// When it was told, to the millisecond.
    pub fn at(self) -> DateTime<Utc> {
        let [a, b, c, d, e, f, ..] = self.0.into_bytes();
        let millis = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        // 48 bits of milliseconds end long before time does.
        let at = i64::try_from(millis)
            .ok()
            .and_then(DateTime::from_timestamp_millis);
        at.unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The id of the event that is number `index` of what was told, from 0 on.
    pub fn event(self, index: usize) -> Uuid {
        let mut bytes = self.0.into_bytes();
        let number = u16::try_from(index + 1).unwrap_or(u16::MAX);
        bytes[14..].copy_from_slice(&number.to_be_bytes());
        Uuid::from_bytes(bytes)
    }

    /// In what the event with this id was told, and as which number, from 0 on; none if it is no id of an event.
    pub fn of_event(event: Uuid) -> Option<(Self, usize)> {
        if event.get_version_num() != 7 {
            return None;
        }
        let mut bytes = event.into_bytes();
        let number = u16::from_be_bytes([bytes[14], bytes[15]]);
        bytes[14..].fill(0);
        Some((
            Self(Uuid::from_bytes(bytes)),
            usize::from(number).checked_sub(1)?,
        ))
    }

    /// The UUID that it is.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The id that is this UUID.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

/// An event as it was told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToldEvent {
    /// Names it.
    pub id: Uuid,
    /// When it was told: when its transaction was sent.
    pub at: DateTime<Utc>,
    /// Who made the change, as [`Author::by`].
    pub by: String,
    /// The address that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// What changed.
    pub event: ChangeEvent,
}

impl Told {
    /// Its events, in order.
    pub fn into_events(self, id: ToldId) -> impl Iterator<Item = ToldEvent> {
        let Self { by, from, events } = self;
        events
            .into_iter()
            .enumerate()
            .map(move |(index, event)| ToldEvent {
                id: id.event(index),
                at: id.at(),
                by: by.clone(),
                from,
                event,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;

    struct Ones;

    impl Random for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn an_event_is_found_by_its_id_and_ids_sort_by_time_and_number() {
        let at = parse_instant("2026-11-29T06:51:18.123Z").expect("an instant");
        let id = ToldId::new(at, &Ones);
        assert_eq!(id.at(), at);
        let events: Vec<Uuid> = (0..300).map(|index| id.event(index)).collect();
        for (index, event) in events.iter().enumerate() {
            assert_eq!(ToldId::of_event(*event), Some((id, index)));
        }
        let later = ToldId::new(at + TimeDelta::microseconds(1), &Ones);
        let texts: Vec<String> = events.iter().map(ToString::to_string).collect();
        assert!(texts.is_sorted() && id.uuid() < events[0]);
        assert!(texts.last() < Some(&later.uuid().to_string()));
        assert_eq!(
            ToldId::of_event(id.uuid()),
            None,
            "no event has this number"
        );
        assert_eq!(ToldId::of_event(Uuid::from_u128(7)), None);
    }

    #[test]
    fn what_a_newer_version_told_is_read_as_it_is() {
        let newer = serde_json::json!({
            "by": "satellite:1", "way": "laser",
            "events": [{ "type": "booking.teleported", "id": Uuid::nil(), "state": "elsewhere", "to": "mars" }],
        });
        let told: Told = serde_json::from_value(newer).expect("what was told");
        assert_eq!(told.events[0].kind, "booking.teleported");
        assert_eq!(told.events[0].state.as_deref(), Some("elsewhere"));
    }
}
