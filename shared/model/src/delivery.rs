//! Deliveries: an event on its way to an endpoint. What is written here decides by itself when a delivery may be attempted,
//! and what its attempts have done to the endpoint's health; who attempts it is in `workers`.

mod health;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use health::{Disabled, Disabling, Effect, FAILING_FOR, Health};

use crate::ids::WebhookId;
use crate::outbox::ToldEvent;

/// For how long a delivery is kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// For how long a worker may hold a delivery. It is longer than an attempt may take, so that a lease that has run out is that
/// of a worker that died.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);

/// How many attempts a delivery keeps: the newest.
pub const MAX_ATTEMPTS_KEPT: usize = 20;

/// How many bytes of a response are kept with its attempt.
pub const MAX_EXCERPT: usize = 1_024;

/// Names a delivery: the endpoint's id and the event's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId {
    /// The endpoint that it goes to.
    pub webhook: WebhookId,
    /// The event.
    pub event: Uuid,
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.webhook, self.event)
    }
}

/// A text that names no delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a delivery")]
pub struct NoDeliveryId;

impl FromStr for DeliveryId {
    type Err = NoDeliveryId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (webhook, event) = text.split_once('_').ok_or(NoDeliveryId)?;
        Ok(Self {
            webhook: webhook.parse().map_err(|_| NoDeliveryId)?,
            event: event.parse().map_err(|_| NoDeliveryId)?,
        })
    }
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is to be attempted, for the first time or again.
    Pending,
    /// The endpoint has accepted it.
    Delivered,
    /// It is not attempted any more.
    Failed,
}

/// What caused an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The event, or the retry schedule.
    #[default]
    Scheduled,
    /// Somebody asked for it.
    Manual,
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: DateTime<Utc>,
    /// The status of the response; none if there was no response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// A word for why there was no response, e.g. `timed_out`, or what was wrong with it beside its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// How the response's body begins: at most [`MAX_EXCERPT`] bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// What caused it.
    #[serde(default)]
    pub trigger: Trigger,
}

impl Attempt {
    /// Whether the endpoint accepted the delivery: the status alone says so. One that answers 2xx and then more than is read has
    /// it.
    pub fn is_accepted(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

/// What is to happen after an attempt that was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt, after this long.
    RetryAfter(TimeDelta),
    /// None.
    GiveUp,
}

/// An event on its way to an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The endpoint that it goes to.
    pub webhook: WebhookId,
    /// The event's id. It is the id of the message too, at every attempt.
    pub event: Uuid,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// For a reminder with an address of its own: that address. Its `webhook` is the booking's id then, and no endpoint has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// How far it is.
    pub state: DeliveryState,
    /// For a pending one: from when on it may be attempted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// Until when a worker holds it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leased_until: Option<DateTime<Utc>>,
    /// What causes the next attempt.
    #[serde(default)]
    pub trigger: Trigger,
    /// How many attempts there were.
    #[serde(default)]
    pub attempt_count: u32,
    /// How many of them belong to the retry schedule that it is in. A manual retry begins the schedule again.
    #[serde(default)]
    pub scheduled_count: u32,
    /// The newest attempts, oldest first; at most [`MAX_ATTEMPTS_KEPT`].
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// What happened; none once the body has been made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<ToldEvent>,
    /// The body as it was made for the first attempt. Every attempt sends the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// Why a delivery must not be attempted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// It is not pending: nothing is left to do.
    Settled,
    /// Another worker holds it until then.
    Leased(DateTime<Utc>),
    /// It is due then.
    NotDue(DateTime<Utc>),
}

impl Delivery {
    /// A new one of `told`, due at once.
    pub fn new(webhook: WebhookId, told: ToldEvent, now: DateTime<Utc>) -> Self {
        Self {
            webhook,
            event: told.id,
            kind: told.event.kind.clone(),
            url: None,
            created_at: now,
            state: DeliveryState::Pending,
            due_at: Some(now),
            leased_until: None,
            trigger: Trigger::Scheduled,
            attempt_count: 0,
            scheduled_count: 0,
            attempts: Vec::new(),
            told: Some(told),
            body: None,
        }
    }

    /// A new one of a reminder that is due, to the address that the reminder names.
    pub fn of_reminder(url: String, told: ToldEvent, now: DateTime<Utc>) -> Self {
        Self {
            url: Some(url),
            ..Self::new(WebhookId::new(told.event.id), told, now)
        }
    }

    /// Its id.
    pub const fn id(&self) -> DeliveryId {
        DeliveryId {
            webhook: self.webhook,
            event: self.event,
        }
    }

    /// Whether it may be attempted at `now`.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn may_be_attempted(&self, now: DateTime<Utc>) -> Result<(), NotNow> {
        if self.state != DeliveryState::Pending {
            return Err(NotNow::Settled);
        }
        if let Some(until) = self.leased_until.filter(|until| *until > now) {
            return Err(NotNow::Leased(until));
        }
        match self.due_at {
            Some(due_at) if due_at > now => Err(NotNow::NotDue(due_at)),
            _ => Ok(()),
        }
    }

    /// When somebody must look at it next: when it is due, or when its lease ends. None if nothing is left to do.
    pub fn wakes_at(&self) -> Option<DateTime<Utc>> {
        match self.state {
            DeliveryState::Pending => {
                Some(self.leased_until.or(self.due_at).unwrap_or(self.created_at))
            }
            DeliveryState::Delivered | DeliveryState::Failed => None,
        }
    }

    /// It in the hands of a worker, with the body that the worker is going to send.
    #[must_use]
    pub fn leased(mut self, body: String, now: DateTime<Utc>) -> Self {
        self.leased_until = Some(now + LEASE);
        self.body = Some(body);
        self.told = None;
        self
    }

    /// It after an attempt.
    #[must_use]
    pub fn attempted(mut self, attempt: Attempt, next: Next, now: DateTime<Utc>) -> Self {
        self.leased_until = None;
        self.trigger = Trigger::Scheduled;
        self.attempt_count += 1;
        self.scheduled_count += 1;
        (self.state, self.due_at) = match next {
            _ if attempt.is_accepted() => (DeliveryState::Delivered, None),
            Next::RetryAfter(after) => (DeliveryState::Pending, Some(now + after)),
            Next::GiveUp => (DeliveryState::Failed, None),
        };
        self.attempts.push(attempt);
        let too_many = self.attempts.len().saturating_sub(MAX_ATTEMPTS_KEPT);
        self.attempts.drain(..too_many);
        self
    }

    /// It, not to be attempted before `until`. That is no attempt.
    #[must_use]
    pub fn postponed(mut self, until: DateTime<Utc>) -> Self {
        self.leased_until = None;
        self.due_at = Some(until);
        self
    }

    /// It, not to be attempted any more, because its endpoint is gone or disabled. It can be retried.
    #[must_use]
    pub fn given_up(mut self) -> Self {
        self.leased_until = None;
        self.due_at = None;
        self.state = DeliveryState::Failed;
        self
    }

    /// It, to be attempted now, whatever became of it before, with the whole retry schedule before it.
    #[must_use]
    pub fn retried(mut self, now: DateTime<Utc>) -> Self {
        self.leased_until = None;
        self.due_at = Some(now);
        self.state = DeliveryState::Pending;
        self.trigger = Trigger::Manual;
        self.scheduled_count = 0;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::ChangeEvent;
    use crate::time::parse_instant;

    fn at(time: &str) -> DateTime<Utc> {
        parse_instant(&format!("2026-11-29T{time}Z")).expect("an instant")
    }

    fn delivery() -> Delivery {
        let event: ChangeEvent = serde_json::from_value(serde_json::json!({
            "type": "booking.confirmed", "id": Uuid::from_u128(1),
        }))
        .expect("an event");
        let told = ToldEvent {
            id: Uuid::from_u128(2),
            at: at("10:00:00"),
            by: "link".to_owned(),
            from: None,
            event,
        };
        Delivery::new(WebhookId::new(Uuid::from_u128(3)), told, at("10:00:01"))
    }

    fn answered(status: u16) -> Attempt {
        Attempt {
            at: at("10:00:02"),
            status: Some(status),
            reason: None,
            duration_ms: 12,
            excerpt: None,
            trigger: Trigger::Scheduled,
        }
    }

    #[test]
    fn a_leased_delivery_is_attempted_by_nobody_else_until_the_lease_ends() {
        let leased = delivery().leased("{}".to_owned(), at("10:00:01"));
        let until = at("10:01:01");
        assert_eq!(
            leased.may_be_attempted(at("10:01:00")),
            Err(NotNow::Leased(until))
        );
        assert_eq!(leased.wakes_at(), Some(until));
        assert_eq!(leased.may_be_attempted(until), Ok(()));
    }

    #[test]
    fn only_2xx_is_accepted() {
        for (status, is_accepted) in [
            (199, false),
            (200, true),
            (299, true),
            (301, false),
            (500, false),
        ] {
            assert_eq!(answered(status).is_accepted(), is_accepted, "{status}");
        }
    }

    #[test]
    fn the_newest_twenty_attempts_are_kept_and_all_are_counted() {
        let mut one = delivery();
        for status in 500..530 {
            one = one.attempted(
                answered(status),
                Next::RetryAfter(TimeDelta::seconds(5)),
                at("10:00:02"),
            );
        }
        let kept: Vec<_> = one
            .attempts
            .iter()
            .filter_map(|attempt| attempt.status)
            .collect();
        assert_eq!(kept, (510..530).collect::<Vec<_>>());
        assert_eq!((one.attempt_count, one.due_at), (30, Some(at("10:00:07"))));
        let failed = one.attempted(answered(410), Next::GiveUp, at("10:00:09"));
        assert_eq!(
            (failed.state, failed.wakes_at()),
            (DeliveryState::Failed, None)
        );
        let again = failed.retried(at("11:00:00"));
        assert_eq!(again.may_be_attempted(at("11:00:00")), Ok(()));
        let done = again.attempted(answered(204), Next::GiveUp, at("11:00:00"));
        assert_eq!(done.may_be_attempted(at("12:00:00")), Err(NotNow::Settled));
        assert_eq!(done.state, DeliveryState::Delivered);
    }

    #[test]
    fn an_id_is_read_back_as_it_is_written() {
        let id = delivery().id();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("_".parse::<DeliveryId>(), Err(NoDeliveryId));
    }

    #[test]
    fn the_record_is_read_back_as_it_is_written() {
        let one = delivery();
        let json = serde_json::to_string(&one).expect("JSON");
        assert_eq!(
            serde_json::from_str::<Delivery>(&json).expect("a delivery"),
            one
        );
    }
}
