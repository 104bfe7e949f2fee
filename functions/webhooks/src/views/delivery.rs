//! A delivery as it is shown: what was sent to an endpoint, and what became of it.

use chrono::{DateTime, Utc};
use model::delivery::{Attempt, Delivery, DeliveryState, Trigger};
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;
use views::Member;

/// An event on its way to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// Names the delivery.
    id: String,
    /// The endpoint that it goes to.
    #[schema(format = Uuid)]
    webhook_id: String,
    /// The event that it delivers, which is the header `webhook-id` of every attempt.
    #[schema(format = Uuid)]
    event_id: String,
    /// What happened, e.g. `booking.confirmed`.
    #[serde(rename = "type")]
    #[schema(example = "booking.confirmed")]
    kind: String,
    /// `pending`, `delivered` or `failed`.
    state: &'static str,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it is attempted next; `null` if it is not.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// How many attempts there were.
    attempt_count: u32,
    /// The newest attempts, at most 20, oldest first.
    attempts: Vec<AttemptView>,
    /// With `include=body`: the body as it was made for the first attempt, which every attempt sends; `null` before that.
    #[serde(skip_serializing_if = "Member::is_left_out")]
    #[schema(value_type = Option<String>)]
    body: Member<String>,
}

/// One attempt to deliver.
#[derive(Debug, Serialize, ToSchema)]
struct AttemptView {
    /// When it began.
    #[schema(format = DateTime)]
    at: String,
    /// The status of the response; `null` if there was none.
    status: Option<u16>,
    /// Why there was no response, or why a response does not count, e.g. `timeout`.
    reason: Option<String>,
    /// How long it took, in milliseconds.
    duration_ms: u64,
    /// How the response's body begins: at most 1 KB.
    response: Option<String>,
    /// `scheduled`, or `manual` if somebody asked for it.
    trigger: &'static str,
}

impl DeliveryView {
    /// The record, with its body only if `with_body`.
    pub(crate) fn of(delivery: &Delivery, with_body: bool) -> Self {
        let time = |at: DateTime<Utc>| format_instant(at, Tz::UTC);
        let (state, is_pending) = match delivery.state {
            DeliveryState::Pending => ("pending", true),
            DeliveryState::Delivered => ("delivered", false),
            DeliveryState::Failed => ("failed", false),
        };
        Self {
            id: delivery.id().to_string(),
            webhook_id: delivery.webhook.to_string(),
            event_id: delivery.event.to_string(),
            kind: delivery.kind.clone(),
            state,
            created_at: time(delivery.created_at),
            next_attempt_at: delivery.due_at.filter(|_| is_pending).map(time),
            attempt_count: delivery.attempt_count,
            attempts: delivery.attempts.iter().map(AttemptView::of).collect(),
            body: match with_body {
                true => delivery.body.clone().into(),
                false => Member::LeftOut,
            },
        }
    }
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        Self {
            at: format_instant(attempt.at, Tz::UTC),
            status: attempt.status,
            reason: attempt.reason.clone(),
            duration_ms: attempt.duration_ms,
            response: attempt.excerpt.clone(),
            trigger: match attempt.trigger {
                Trigger::Scheduled => "scheduled",
                Trigger::Manual => "manual",
            },
        }
    }
}
