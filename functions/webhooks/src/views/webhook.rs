//! An endpoint as it is shown: its secret only once.

use chrono::{DateTime, Utc};
use model::delivery::{Disabling, Health};
use model::time::{Tz, format_instant};
use model::webhook::{EventSelector, Webhook};
use serde::Serialize;
use utoipa::ToSchema;
use views::Member;

/// A webhook endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Where events are sent to.
    #[schema(example = "https://example.com/webhooks")]
    url: String,
    /// The method of the requests.
    method: &'static str,
    /// Types and families of the events it gets; `null` means all that its `scopes` allow.
    events: Option<Vec<String>>,
    /// `standard` or `timekit`.
    format: &'static str,
    /// `fat` or `thin`.
    payload: &'static str,
    /// It only gets events of this project.
    #[schema(format = Uuid)]
    project_id: Option<String>,
    /// It only gets events of this resource.
    #[schema(format = Uuid)]
    resource_id: Option<String>,
    /// It only gets events of this graph.
    graph: Option<String>,
    /// It only gets the event that something came into this state.
    state: Option<String>,
    /// What its maker was allowed: it gets no event that these do not allow to read.
    scopes: Vec<String>,
    /// The version of the bodies it gets.
    body_version: u32,
    /// Who made it, e.g. `key:` and the key's id.
    created_by: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Whether events are sent to it.
    enabled: bool,
    /// Since when nothing is sent to it, and why; `null` if it is enabled.
    disabled: Option<DisabledView>,
    /// What its responses say about it.
    health: HealthView,
    /// Until when the newest of the secrets that were replaced signs too; `null` if none does.
    #[schema(format = DateTime)]
    previous_secret_until: Option<String>,
    /// The secret that its deliveries are signed with, `whsec_…`: only in the response that made it, and `null` if that is asked
    /// for again.
    #[serde(skip_serializing_if = "Member::is_left_out")]
    #[schema(value_type = Option<String>)]
    secret: Member<String>,
    /// In a response that was kept without the secret: what to do without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
}

/// Since when nothing is sent to an endpoint, and why.
#[derive(Debug, Serialize, ToSchema)]
struct DisabledView {
    /// Since when.
    #[schema(format = DateTime)]
    at: String,
    /// `by_owner`; `gone`, because it answered 410; or `failing`, because all attempts of five days failed.
    reason: &'static str,
}

/// What an endpoint's responses say about it.
#[derive(Debug, Serialize, ToSchema)]
struct HealthView {
    /// `new` if nothing was sent to it yet, `ok` if it accepted the last delivery that was sent, `failing`, or `disabled`.
    status: &'static str,
    /// Since when there have been nothing but failures.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// How many failures there have been since then.
    failures: u32,
    /// When it last accepted a delivery, to within ten minutes.
    #[schema(format = DateTime)]
    last_success_at: Option<String>,
    /// When a delivery last failed.
    #[schema(format = DateTime)]
    last_failure_at: Option<String>,
}

/// What to do about a secret whose only showing was missed.
const SHOWN_ONCE: &str = "The secret was shown once, in the first response to this request, and is not stored. If you do \
    not have it, rotate it.";

impl WebhookView {
    /// The record.
    pub(crate) fn of(webhook: &Webhook, health: &Health, now: DateTime<Utc>) -> Self {
        let time = |at: DateTime<Utc>| format_instant(at, Tz::UTC);
        let names = webhook.events.iter().map(EventSelector::name);
        let names: Vec<String> = names.map(str::to_owned).collect();
        let filter = &webhook.filter;
        let disabled = DisabledView::of(webhook, health);
        let previous = webhook.previous_secrets.iter();
        let until = previous.map(|previous| previous.until);
        Self {
            id: webhook.id.to_string(),
            url: webhook.url.clone(),
            method: "post",
            events: (!names.is_empty()).then_some(names),
            format: webhook.format.name(),
            payload: webhook.payload.name(),
            project_id: filter.project.map(|id| id.to_string()),
            resource_id: (webhook.only_resource.or(filter.resource)).map(|id| id.to_string()),
            graph: filter.graph.clone(),
            state: filter.state.clone(),
            scopes: webhook.scopes.names().map(str::to_owned).collect(),
            body_version: webhook.body_version,
            created_by: webhook.created_by.clone(),
            created_at: time(webhook.created_at),
            enabled: disabled.is_none(),
            health: HealthView::of(health, disabled.is_some()),
            disabled,
            previous_secret_until: until.max().filter(|until| now < *until).map(time),
            secret: Member::LeftOut,
            notice: None,
        }
    }

    /// The same, with the secret that was made.
    pub(crate) fn with_secret(self, secret: String) -> Self {
        Self {
            secret: Member::Value(secret),
            ..self
        }
    }

    /// The same as it is kept: without the secret that was made.
    pub(crate) fn without_secret(self) -> Self {
        Self {
            secret: Member::Null,
            notice: Some(SHOWN_ONCE),
            ..self
        }
    }
}

impl DisabledView {
    fn of(webhook: &Webhook, health: &Health) -> Option<Self> {
        let by_owner = webhook.disabled_at.map(|at| (at, "by_owner"));
        let by_responses = health.disabled.map(|disabled| {
            let reason = match disabled.reason {
                Disabling::Gone => "gone",
                Disabling::Failing | Disabling::Other => "failing",
            };
            (disabled.at, reason)
        });
        let (at, reason) = by_owner.or(by_responses)?;
        Some(Self {
            at: format_instant(at, Tz::UTC),
            reason,
        })
    }
}

impl HealthView {
    fn of(health: &Health, is_disabled: bool) -> Self {
        let time = |at: DateTime<Utc>| format_instant(at, Tz::UTC);
        let status = match health {
            _ if is_disabled => "disabled",
            Health {
                failing_since: Some(_),
                ..
            } => "failing",
            Health {
                last_success_at: Some(_),
                ..
            } => "ok",
            Health { .. } => "new",
        };
        Self {
            status,
            failing_since: health.failing_since.map(time),
            failures: health.failures,
            last_success_at: health.last_success_at.map(time),
            last_failure_at: health.last_failure_at.map(time),
        }
    }
}
