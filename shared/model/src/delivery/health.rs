//! The health of an endpoint: what its attempts say about it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long an endpoint may do nothing but fail before it is disabled.
pub const FAILING_FOR: TimeDelta = TimeDelta::days(5);

/// How exact `last_success_at` is. A success is written only if the last one is longer ago, because it costs a write.
const SUCCESS_IS_WORTH_WRITING: TimeDelta = TimeDelta::minutes(10);

/// After how many failures in a row an endpoint is left alone for a while.
const PATIENCE: u32 = 4;

/// For how long it is left alone at first. It doubles with each failure after that.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(15);

/// The longest that it is left alone.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);

/// Why an endpoint was disabled by its own responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disabling {
    /// It answered 410 Gone.
    Gone,
    /// Nothing but failures for [`FAILING_FOR`].
    Failing,
    /// What a newer version knows.
    #[serde(other)]
    Other,
}

/// That an endpoint was disabled by its own responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    /// Since when.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: Disabling,
}

/// What the attempts so far say about an endpoint. A new endpoint has none, which is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Since when there have been nothing but failures; none if the last attempt was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<DateTime<Utc>>,
    /// How many failures there have been since then.
    #[serde(default)]
    pub failures: u32,
    /// When an attempt was last accepted, to within ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_at: Option<DateTime<Utc>>,
    /// When an attempt last failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure_at: Option<DateTime<Utc>>,
    /// Until when the endpoint is left alone, so that one that hangs or fails takes no worker from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<DateTime<Utc>>,
    /// Whether its own responses disabled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Disabled>,
}

/// What an attempt says about its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It accepted the delivery.
    Accepted,
    /// It did not.
    Failed,
    /// It answered 410: it wants no more.
    Gone,
}

impl Health {
    /// Until when the endpoint is left alone, if it is at `now`.
    pub fn pause(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.paused_until.filter(|until| *until > now)
    }

    /// The health after an attempt that ended at `now`; none if it need not be written.
    #[must_use]
    pub fn after(&self, effect: Effect, now: DateTime<Utc>) -> Option<Self> {
        match effect {
            Effect::Accepted => self.after_success(now),
            Effect::Failed => Some(self.after_failure(now)),
            Effect::Gone => {
                let mut after = self.after_failure(now);
                after.disable(Disabling::Gone, now);
                Some(after)
            }
        }
    }

    fn after_success(&self, now: DateTime<Utc>) -> Option<Self> {
        let is_news = self
            .last_success_at
            .is_none_or(|last| now - last >= SUCCESS_IS_WORTH_WRITING);
        let after = Self {
            failing_since: None,
            failures: 0,
            last_success_at: Some(now),
            paused_until: None,
            ..self.clone()
        };
        (is_news || self.failing_since.is_some()).then_some(after)
    }

    fn after_failure(&self, now: DateTime<Utc>) -> Self {
        let failing_since = self.failing_since.unwrap_or(now);
        let failures = self.failures.saturating_add(1);
        let mut after = Self {
            failing_since: Some(failing_since),
            failures,
            last_failure_at: Some(now),
            paused_until: pause_after(failures).map(|pause| now + pause),
            ..self.clone()
        };
        if now - failing_since >= FAILING_FOR {
            after.disable(Disabling::Failing, now);
        }
        after
    }

    fn disable(&mut self, reason: Disabling, now: DateTime<Utc>) {
        self.disabled.get_or_insert(Disabled { at: now, reason });
    }

    /// The health of an endpoint that somebody has enabled again: it has as long to recover as a new one.
    #[must_use]
    pub fn enabled(&self) -> Self {
        Self {
            last_success_at: self.last_success_at,
            last_failure_at: self.last_failure_at,
            ..Self::default()
        }
    }
}

fn pause_after(failures: u32) -> Option<TimeDelta> {
    let doublings = failures.checked_sub(PATIENCE)?.min(10);
    Some((FIRST_PAUSE * 2_i32.pow(doublings)).min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn failed(health: &Health, at: DateTime<Utc>) -> Health {
        health
            .after(Effect::Failed, at)
            .expect("a failure is written")
    }

    #[test]
    fn five_days_of_nothing_but_failures_disable_and_one_success_forgives() {
        let mut health = Health::default();
        for hours in 0..120 {
            health = failed(&health, hour(hours));
        }
        assert_eq!(health.disabled, None);
        let forgiven = health.after(Effect::Accepted, hour(120)).expect("a change");
        assert_eq!(failed(&forgiven, hour(121)).disabled, None);
        let disabled = failed(&health, hour(120)).disabled.expect("disabled");
        assert_eq!(
            (disabled.at, disabled.reason),
            (hour(120), Disabling::Failing)
        );
        let later = failed(&failed(&health, hour(120)), hour(130));
        assert_eq!(later.disabled, Some(disabled), "it is disabled once");
        assert_eq!(later.enabled().disabled, None);
        assert_eq!(later.enabled().failing_since, None);
    }

    #[test]
    fn gone_disables_at_once() {
        let health = Health::default()
            .after(Effect::Gone, hour(1))
            .expect("a change");
        assert_eq!(health.disabled.map(|it| it.reason), Some(Disabling::Gone));
    }

    #[test]
    fn an_endpoint_that_keeps_failing_is_left_alone_for_at_most_five_minutes() {
        let mut health = Health::default();
        let mut pauses = Vec::new();
        for _ in 0..12 {
            health = failed(&health, hour(0));
            let pause = health
                .pause(hour(0))
                .map(|until| (until - hour(0)).num_seconds());
            pauses.push(pause.unwrap_or(0));
        }
        assert_eq!(pauses, [0, 0, 0, 15, 30, 60, 120, 240, 300, 300, 300, 300]);
        let well = health.after(Effect::Accepted, hour(0)).expect("a change");
        assert_eq!(well.pause(hour(0)), None);
    }

    #[test]
    fn success_after_success_costs_no_write() {
        let health = Health::default()
            .after(Effect::Accepted, hour(1))
            .expect("the first");
        assert_eq!(health.after(Effect::Accepted, hour(1)), None);
        assert!(health.after(Effect::Accepted, hour(2)).is_some());
    }
}
