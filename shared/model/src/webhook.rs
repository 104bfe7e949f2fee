//! Webhook endpoints: addresses of an app that its events are sent to, and which events each one gets.
//!
//! An endpoint sees no more than its maker could when it was made: it keeps the maker's scopes and, of a resource's token, the
//! resource. What it selects is kept as names, so that a version that does not know a newer one's types neither fails on them
//! nor loses them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::graph::{BookingState, Graph};
use crate::ids::{ProjectId, ResourceId, WebhookId};
use crate::outbox::{EventType, Family, ToldEvent};
use crate::scope::{Scope, Scopes};

/// The most endpoints of one app.
pub const MAX_WEBHOOKS: u32 = 64;

/// The newest version of the bodies, which new endpoints get.
pub const BODY_VERSION: u32 = 1;

/// How many secrets that were replaced may still sign; the oldest goes first.
const MAX_PREVIOUS_SECRETS: usize = 8;

/// How the body of a delivery is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `type`, `timestamp` and `data`, as Standard Webhooks has it.
    #[default]
    Standard,
    /// The bare booking, as Timekit sent it.
    Timekit,
}

/// How much a body says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Payload {
    /// What changed, whole.
    #[default]
    Fat,
    /// Ids, states and times: nothing of customers.
    Thin,
}

/// A name that is none of the known ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct UnknownName(&'static str);

impl Format {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Timekit => "timekit",
        }
    }

    /// Whether there is a body of this format for events of a type.
    pub fn has_body_of(self, kind: &str) -> bool {
        match self {
            Self::Standard => true,
            Self::Timekit => matches!(
                Family::of(kind),
                Some(Family::Booking | Family::Reservation)
            ),
        }
    }
}

impl FromStr for Format {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = [Self::Standard, Self::Timekit].into_iter();
        all.find(|one| one.name() == name)
            .ok_or(UnknownName("standard, timekit"))
    }
}

impl Payload {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fat => "fat",
            Self::Thin => "thin",
        }
    }
}

impl FromStr for Payload {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = [Self::Fat, Self::Thin].into_iter();
        all.find(|one| one.name() == name)
            .ok_or(UnknownName("fat, thin"))
    }
}

/// A type of events, or all types of a family: `booking.confirmed`, `booking.*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventSelector(String);

/// A name that neither a type of events nor a family has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be types or families of events; the known ones are {known}", known = known_selectors())]
pub struct UnknownSelector;

fn known_selectors() -> String {
    let families = Family::ALL.iter().map(|one| format!("{}.*", one.name()));
    let types = EventType::ALL.iter().map(ToString::to_string);
    let known: Vec<String> = families.chain(types).collect();
    known.join(", ")
}

impl EventSelector {
    /// Whether it selects events of a type.
    pub fn selects(&self, kind: &str) -> bool {
        match self.0.strip_suffix(".*") {
            Some(family) => kind.split_once('.').is_some_and(|(of, _)| of == family),
            None => self.0 == kind,
        }
    }

    /// As it is written.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EventSelector {
    type Err = UnknownSelector;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_known = match name.strip_suffix(".*") {
            Some(family) => Family::ALL.iter().any(|one| one.name() == family),
            None => name.parse::<EventType>().is_ok(),
        };
        is_known
            .then(|| Self(name.to_owned()))
            .ok_or(UnknownSelector)
    }
}

/// What else an event must be of to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookFilter {
    /// Only of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// Only of this resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceId>,
    /// Only of bookings and groups of the graph of this name, or of reservations with [`RESERVATION`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<String>,
    /// Only that something came into the state of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// What Timekit calls the graph of reservations.
pub const RESERVATION: &str = "reservation";

/// The states of Timekit's graph [`RESERVATION`].
const RESERVATION_STATES: &[&str] = &["reserved", "expired"];

/// States that Timekit's clients offer and that nothing ever comes into: an endpoint for one is created and gets nothing.
const NEVER: &[&str] = &["error", "other"];

/// A graph or state that no event is of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFilter {
    /// There is no such graph.
    #[error("unknown; the known ones are {}", known_graphs())]
    Graph,
    /// There is no such state.
    #[error("unknown; the known ones are {0}")]
    State(String),
}

fn known_graphs() -> String {
    let graphs = Graph::ALL.iter().map(|graph| graph.name());
    let known: Vec<&str> = graphs.chain([RESERVATION]).collect();
    known.join(", ")
}

impl WebhookFilter {
    /// Checks the name of a graph.
    ///
    /// # Errors
    ///
    /// [`UnknownFilter::Graph`] if no graph has it.
    pub fn check_graph(name: &str) -> Result<(), UnknownFilter> {
        let is_known = name == RESERVATION || name.parse::<Graph>().is_ok();
        is_known.then_some(()).ok_or(UnknownFilter::Graph)
    }

    /// Checks the name of a state, within a graph if one is named. Of a booking's graph every state is allowed, those that it never
    /// comes into too: Timekit's clients offer some.
    ///
    /// # Errors
    ///
    /// [`UnknownFilter::State`] with the names that there are.
    pub fn check_state(name: &str, graph: Option<&str>) -> Result<(), UnknownFilter> {
        let of_bookings = BookingState::ALL.iter().map(|state| state.name());
        let known: Vec<&str> = match graph {
            Some(RESERVATION) => RESERVATION_STATES.to_vec(),
            Some(_) => of_bookings.collect(),
            None => of_bookings
                .chain(RESERVATION_STATES.iter().copied())
                .collect(),
        };
        if known.contains(&name) || NEVER.contains(&name) {
            return Ok(());
        }
        Err(UnknownFilter::State(known.join(", ")))
    }

    /// Whether an event passes.
    fn passes(&self, told: &ToldEvent) -> bool {
        let event = &told.event;
        let (family, happened) = event.kind.split_once('.').unwrap_or_default();
        let is_of_graph = |graph: &str| match family {
            RESERVATION => graph == RESERVATION,
            _ => event.graph.as_deref() == Some(graph),
        };
        let comes_into = |state: &str| {
            let has_states = family == RESERVATION || family == Family::Booking.name();
            has_states && happened == state
        };
        self.project.is_none_or(|id| event.project_id == Some(id))
            && self.resource.is_none_or(|id| event.resource_id == Some(id))
            && self.graph.as_deref().is_none_or(is_of_graph)
            && self.state.as_deref().is_none_or(comes_into)
    }
}

/// Names one secret of an endpoint. The secret itself is derived from this and the endpoint's id, and never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretVersion {
    /// Which of the endpoint's secrets it is, from 1 on.
    pub number: u32,
    /// Version of the master secret that it is derived under.
    pub master: u32,
}

/// A secret that has been replaced and still signs for a while, beside the one that replaced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// Which one.
    pub version: SecretVersion,
    /// Until when it signs.
    pub until: DateTime<Utc>,
}

/// An address that events are sent to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// Names it.
    pub id: WebhookId,
    /// Where events are sent to.
    pub url: String,
    /// Types and families of the events it gets; empty means all.
    pub events: Vec<EventSelector>,
    /// How bodies are laid out.
    pub format: Format,
    /// How much bodies say.
    pub payload: Payload,
    /// What else events must be of.
    #[serde(default)]
    pub filter: WebhookFilter,
    /// The one resource whose events it gets, if a resource's token made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_resource: Option<ResourceId>,
    /// What its maker was allowed when it was made, or less: it gets no event that these do not allow to read.
    pub scopes: Scopes,
    /// Who made it, as [`Author::by`](crate::outbox::Author::by).
    pub created_by: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The secret that signs.
    pub secret: SecretVersion,
    /// Secrets that were replaced, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous_secrets: Vec<PreviousSecret>,
    /// The version of the bodies it gets.
    pub body_version: u32,
    /// Since when its owner wants nothing sent to it; none means that it is enabled. That failures disabled it is kept with its
    /// health.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<DateTime<Utc>>,
}

impl Webhook {
    /// What stands for an endpoint where a reminder names an address of its own: Timekit's body, signed with the app's secret
    /// alone.
    pub fn of_reminder(booking: WebhookId, url: String, created_at: DateTime<Utc>) -> Self {
        Self {
            id: booking,
            url,
            events: Vec::new(),
            format: Format::Timekit,
            payload: Payload::Fat,
            filter: WebhookFilter::default(),
            only_resource: None,
            scopes: [Scope::BookingsRead].into_iter().collect(),
            created_by: String::new(),
            created_at,
            secret: SecretVersion {
                number: 0,
                master: 0,
            },
            previous_secrets: Vec::new(),
            body_version: BODY_VERSION,
            disabled_at: None,
        }
    }

    /// Whether it is to get an event: it is enabled, selects it, and may see it.
    pub fn wants(&self, told: &ToldEvent) -> bool {
        let kind = &told.event.kind;
        self.disabled_at.is_none()
            && (self.events.is_empty() || self.events.iter().any(|one| one.selects(kind)))
            && self.format.has_body_of(kind)
            && self.filter.passes(told)
            && self.may_see(told)
    }

    /// Whether its maker could have read an event.
    fn may_see(&self, told: &ToldEvent) -> bool {
        let event = &told.event;
        let is_of_own = |only| event.resource_id == Some(only);
        self.scopes.allows(Family::scope_of(&event.kind))
            && self.only_resource.is_none_or(is_of_own)
    }

    /// The secrets that a delivery at `now` is signed with, newest first.
    pub fn secrets_at(&self, now: DateTime<Utc>) -> impl Iterator<Item = SecretVersion> + '_ {
        let previous = self.previous_secrets.iter();
        let previous = previous.filter(move |previous| now < previous.until);
        std::iter::once(self.secret).chain(previous.map(|previous| previous.version))
    }

    /// It with a new secret, derived under version `master` of the master secret; the one until now signs until `until`.
    #[must_use]
    pub fn rotated(mut self, master: u32, now: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let version = self.secret;
        self.previous_secrets
            .insert(0, PreviousSecret { version, until });
        self.previous_secrets
            .retain(|previous| now < previous.until);
        self.previous_secrets.truncate(MAX_PREVIOUS_SECRETS);
        self.secret = SecretVersion {
            number: version.number + 1,
            master,
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::scope::Scope;
    use crate::time::parse_instant;

    fn told(event: serde_json::Value) -> ToldEvent {
        ToldEvent {
            id: Uuid::from_u128(1),
            at: DateTime::UNIX_EPOCH,
            by: "link".to_owned(),
            from: None,
            event: serde_json::from_value(event).expect("an event"),
        }
    }

    fn confirmed() -> ToldEvent {
        told(serde_json::json!({
            "type": "booking.confirmed", "id": Uuid::nil(), "graph": "instant", "state": "confirmed",
            "resource_id": Uuid::from_u128(7), "project_id": Uuid::from_u128(8),
        }))
    }

    fn webhook() -> Webhook {
        Webhook {
            id: WebhookId::new(Uuid::from_u128(2)),
            url: "https://example.com/hook".to_owned(),
            events: Vec::new(),
            format: Format::Standard,
            payload: Payload::Fat,
            filter: WebhookFilter::default(),
            only_resource: None,
            scopes: Scopes::everything(),
            created_by: "key:1".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            secret: SecretVersion {
                number: 1,
                master: 1,
            },
            previous_secrets: Vec::new(),
            body_version: BODY_VERSION,
            disabled_at: None,
        }
    }

    fn selecting(names: &[&str]) -> Webhook {
        let events = names.iter().map(|name| name.parse().expect("a selector"));
        Webhook {
            events: events.collect(),
            ..webhook()
        }
    }

    fn filtering(filter: serde_json::Value) -> Webhook {
        Webhook {
            filter: serde_json::from_value(filter).expect("a filter"),
            ..webhook()
        }
    }

    #[test]
    fn an_endpoint_gets_what_it_selects_by_type_or_family_and_all_without_selectors() {
        for (webhook, wants) in [
            (webhook(), true),
            (selecting(&["booking.*"]), true),
            (selecting(&["event.created", "booking.confirmed"]), true),
            (selecting(&["booking.cancelled", "group.*"]), false),
            (
                Webhook {
                    disabled_at: Some(DateTime::UNIX_EPOCH),
                    ..webhook()
                },
                false,
            ),
        ] {
            assert_eq!(webhook.wants(&confirmed()), wants, "{webhook:?}");
        }
        for unknown in [
            "booking",
            "booking.",
            "booking.gone",
            "*",
            ".*",
            "Booking.*",
            "",
        ] {
            assert_eq!(
                unknown.parse::<EventSelector>(),
                Err(UnknownSelector),
                "{unknown:?}"
            );
        }
    }

    #[test]
    fn an_endpoint_sees_no_more_than_the_scopes_and_the_resource_of_its_maker() {
        let with = |scope: Scope| Webhook {
            scopes: [scope].into_iter().collect(),
            ..webhook()
        };
        let of = |resource| Webhook {
            only_resource: Some(ResourceId::new(Uuid::from_u128(resource))),
            ..webhook()
        };
        for (webhook, wants) in [
            (with(Scope::BookingsRead), true),
            (with(Scope::WebhooksRead), false),
            (with(Scope::BookingsWrite), false),
            (of(7), true),
            (of(9), false),
        ] {
            assert_eq!(webhook.wants(&confirmed()), wants, "{webhook:?}");
        }
        // Nobody knows who may read what only a newer version knows, but those who may read everything.
        let newer = told(serde_json::json!({ "type": "rocket.launched", "id": Uuid::nil() }));
        assert!(webhook().wants(&newer));
        assert!(!with(Scope::BookingsRead).wants(&newer));
    }

    #[test]
    fn filters_pass_only_what_is_of_their_project_resource_graph_and_state() {
        let (room, project) = (Uuid::from_u128(7), Uuid::from_u128(8));
        for (filter, wants) in [
            (serde_json::json!({ "project": project }), true),
            (serde_json::json!({ "project": room }), false),
            (serde_json::json!({ "resource": room }), true),
            (serde_json::json!({ "resource": project }), false),
            (serde_json::json!({ "graph": "instant" }), true),
            (serde_json::json!({ "graph": "group_owner" }), false),
            (serde_json::json!({ "graph": "reservation" }), false),
            (serde_json::json!({ "state": "confirmed" }), true),
            (
                serde_json::json!({ "graph": "instant", "state": "cancelled" }),
                false,
            ),
        ] {
            let webhook = filtering(filter);
            assert_eq!(webhook.wants(&confirmed()), wants, "{webhook:?}");
        }
    }

    #[test]
    fn a_state_is_told_when_something_comes_into_it_and_not_while_it_is_in_it() {
        let in_state = |kind: &str| {
            told(serde_json::json!({
                "type": kind, "id": Uuid::nil(), "graph": "instant", "state": "confirmed",
            }))
        };
        let webhook = filtering(serde_json::json!({ "state": "confirmed" }));
        assert!(webhook.wants(&in_state("booking.confirmed")));
        for kind in ["booking.updated", "group.seat_taken", "event.confirmed"] {
            assert!(!webhook.wants(&in_state(kind)), "{kind}");
        }
        let reserved =
            filtering(serde_json::json!({ "graph": "reservation", "state": "reserved" }));
        assert!(reserved.wants(&in_state("reservation.reserved")));
        assert!(!reserved.wants(&in_state("reservation.extended")));
    }

    /// What the published client offers for each graph.
    const OFFERED: &[(&str, &str)] = &[
        (
            "instant",
            "confirmed completed cancelled cancelled_by_customer rescheduled_by_customer error other",
        ),
        (
            "instant_payment",
            "tentative paid unpaid completed cancelled cancelled_by_customer rescheduled_by_customer error",
        ),
        (
            "confirm_decline",
            "tentative declined confirmed completed cancelled cancelled_by_customer rescheduled_by_customer error",
        ),
        ("group_owner", "tentative completed cancelled error"),
        (
            "group_customer",
            "confirmed completed cancelled_by_customer cancelled_by_owner error",
        ),
        (
            "group_customer_payment",
            "tentative paid unpaid completed cancelled_by_owner cancelled_by_customer error",
        ),
        ("reservation", "reserved expired"),
    ];

    #[test]
    fn every_graph_and_state_that_timekit_s_clients_offer_can_be_filtered_by() {
        for (graph, states) in OFFERED {
            assert_eq!(WebhookFilter::check_graph(graph), Ok(()));
            for state in states.split(' ') {
                assert_eq!(
                    WebhookFilter::check_state(state, Some(graph)),
                    Ok(()),
                    "{graph}"
                );
                assert_eq!(WebhookFilter::check_state(state, None), Ok(()));
            }
        }
        assert_eq!(
            WebhookFilter::check_graph("instants"),
            Err(UnknownFilter::Graph)
        );
        for (state, graph) in [
            ("reserved", Some("instant")),
            ("confirmed", Some("reservation")),
            ("updated", None),
        ] {
            let refused = WebhookFilter::check_state(state, graph);
            assert!(matches!(refused, Err(UnknownFilter::State(_))), "{state}");
        }
    }

    #[test]
    fn timekit_s_format_has_bodies_of_bookings_and_reservations_alone() {
        let webhook = Webhook {
            format: Format::Timekit,
            ..webhook()
        };
        assert!(webhook.wants(&confirmed()));
        for kind in ["event.created", "group.full", "rocket.launched"] {
            let event = told(serde_json::json!({ "type": kind, "id": Uuid::nil() }));
            assert!(!webhook.wants(&event), "{kind}");
        }
    }

    #[test]
    fn replaced_secrets_sign_beside_the_new_one_until_their_overlap_ends() {
        let now = parse_instant("2026-11-29T12:00:00Z").expect("an instant");
        let numbers = |webhook: &Webhook, at| -> Vec<u32> {
            webhook.secrets_at(at).map(|secret| secret.number).collect()
        };
        let hour = TimeDelta::hours(1);
        let rotated = webhook().rotated(4, now, now + hour * 24);
        assert_eq!(
            rotated.secret,
            SecretVersion {
                number: 2,
                master: 4
            }
        );
        assert_eq!(numbers(&rotated, now), [2, 1]);
        assert_eq!(numbers(&rotated, now + hour * 24), [2]);
        let again = rotated.rotated(4, now + hour, now + hour * 2);
        assert_eq!(numbers(&again, now + hour), [3, 2, 1]);
        assert_eq!(numbers(&again, now + hour * 3), [3, 1]);
        let at_once = again.rotated(4, now + hour * 3, now + hour * 3);
        assert_eq!(numbers(&at_once, now + hour * 3), [4, 1]);
        let often = (0..20).fold(webhook(), |one, _| one.rotated(4, now, now + hour));
        assert_eq!(often.previous_secrets.len(), MAX_PREVIOUS_SECRETS);
        assert_eq!(numbers(&often, now)[..2], [21, 20]);
    }

    #[test]
    fn what_a_newer_version_selects_is_read_and_kept() {
        let mut kept = serde_json::to_value(webhook()).expect("a record");
        kept["events"] = serde_json::json!(["rocket.*", "booking.teleported"]);
        kept["filter"] = serde_json::json!({ "graph": "teleport" });
        kept["scopes"] = serde_json::json!(["*", "rockets.read"]);
        let read: Webhook = serde_json::from_value(kept.clone()).expect("a webhook");
        assert!(!read.wants(&confirmed()));
        assert_eq!(serde_json::to_value(&read).expect("a record"), kept);
    }
}
