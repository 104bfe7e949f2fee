use std::collections::HashMap;

use api::caller::App;
use api::{ApiError, Body, Data, Faults, Field, Idempotency, Path, State};
use auth::Principal;
use axum::extract::State as Extract;
use chrono::{DateTime, TimeDelta, Utc};
use model::delivery::{Delivery, DeliveryState};
use model::outbox::{ToldEvent, ToldId};
use model::time::{Tz, format_instant, parse_instant};
use model::webhook::Webhook;
use serde::Deserialize;
use store::{DeliveryChange, Direction, KeptDelivery, Position, Tenant, Walk};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Write, may_see, may_see_delivery};
use crate::common;
use crate::views::replay::ReplayView;

/// What to send again.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ReplayWebhookRequest {
    /// Events from this instant on.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime, required)]
    since: Field<String>,
    /// Events before this instant. Defaults to now.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Field<String>,
    /// `failed`: those whose last attempt failed, also where another one is to come. `all`: every event that the endpoint is to get,
    /// also those that it accepted, and those that were never sent to it because it was disabled or not there yet. Defaults to
    /// `failed`.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(failed|all)$")]
    only: Field<String>,
}

/// How many events of the log, or deliveries, one request looks at.
const AT_ONCE: usize = 100;

/// Sends events of a time again to a webhook endpoint, in the order in which they happened, each under its own id.
///
/// One request looks at 100 events. If there are more, it answers `next_since`: send the same request with it as `since`.
#[utoipa::path(
    post,
    path = "/v2/webhooks/{id}/replay",
    tag = "webhooks",
    params(("id" = String, Path, description = "The endpoint's id.")),
    request_body = ReplayWebhookRequest,
    responses(
        (status = 200, description = "How many are sent again.", body = ReplayView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 409, description = "The endpoint is disabled."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn replay_webhook(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    mut once: Idempotency,
    Body(request): Body<ReplayWebhookRequest>,
) -> Result<Data<ReplayView>, ApiError> {
    let wanted = Wanted::parse(request, state.now())?;
    let webhook = common::own_enabled_webhook(&state, &principal, &id).await?;
    once.begin(&state).await?;
    let replay = Replay {
        state: &state,
        principal: &principal,
        webhook: &webhook,
    };
    let part = match wanted.only {
        Only::Failed => replay.failed(&wanted).await?,
        Only::All => replay.all(&wanted).await?,
    };
    let mut replayed = 0;
    for one in part.rows {
        replayed += usize::from(replay.send(one).await?);
    }
    let next_since = part.next_since.map(|at| format_instant(at, Tz::UTC));
    let answer = Data {
        data: ReplayView {
            replayed,
            next_since,
        },
    };
    once.finish(&state, &answer).await?;
    Ok(answer)
}

/// What was asked for.
struct Wanted {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    only: Only,
}

#[derive(Clone, Copy)]
enum Only {
    Failed,
    All,
}

impl Wanted {
    fn parse(request: ReplayWebhookRequest, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let mut faults = Faults::none();
        let since = faults.required("since", request.since);
        let since = faults.parsed("since", since.as_deref(), parse_instant);
        let until = faults.optional("until", request.until);
        let until = faults.parsed("until", until.as_deref(), parse_instant);
        let until = until.unwrap_or(now);
        if since.is_some_and(|since| since > until) {
            faults.add("until", "must not be before since");
        }
        let only = match faults.optional("only", request.only).as_deref() {
            None | Some("failed") => Only::Failed,
            Some("all") => Only::All,
            Some(_) => {
                faults.add("only", "must be failed or all");
                Only::Failed
            }
        };
        let wanted = since.map(|since| Self { since, until, only });
        Ok(faults.finish(wanted)?)
    }
}

/// What is sent again.
enum Sent {
    /// A delivery that there is.
    Again(Box<KeptDelivery>),
    /// An event that was never sent.
    First(Box<ToldEvent>),
}

/// As much as one request replays.
struct Part<T> {
    rows: Vec<T>,
    next_since: Option<DateTime<Utc>>,
}

impl<T> Part<T> {
    /// The first [`AT_ONCE`] of `rows`, of which there is one more if they go on; no instant is cut in two.
    fn of(mut rows: Vec<T>, at: impl Fn(&T) -> DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let next = rows.get(AT_ONCE).map(&at).filter(|next| *next < until);
        let next_since = next.map(|next| match rows.first().map(&at) {
            // A whole part of one instant: what else is of it is left to the list of deliveries.
            Some(first) if first >= next => next + TimeDelta::milliseconds(1),
            _ => next,
        });
        let end = next_since.unwrap_or(until);
        rows.retain(|row| at(row) < end);
        Self { rows, next_since }
    }

    fn map<U>(self, change: impl FnMut(T) -> Option<U>) -> Part<U> {
        Part {
            rows: self.rows.into_iter().filter_map(change).collect(),
            next_since: self.next_since,
        }
    }
}

/// When the event with this id was told.
fn told_at(event: Uuid) -> DateTime<Utc> {
    ToldId::of_event(event).map_or(DateTime::UNIX_EPOCH, |(told, _)| told.at())
}

fn has_failed(delivery: &Delivery) -> bool {
    match delivery.state {
        DeliveryState::Failed => true,
        DeliveryState::Delivered => false,
        DeliveryState::Pending => !delivery.attempts.is_empty(),
    }
}

struct Replay<'a> {
    state: &'a State,
    principal: &'a Principal,
    webhook: &'a Webhook,
}

impl Replay<'_> {
    async fn failed(&self, wanted: &Wanted) -> Result<Part<Sent>, ApiError> {
        let store = self.state.store();
        let after = Position::of_deliveries_since(wanted.since);
        let walk = Walk {
            direction: Direction::Ascending,
            after: Some(&after),
            limit: AT_ONCE + 1,
        };
        let (app, webhook) = (self.principal.app, self.webhook.id);
        let chunk = store.list_deliveries(app, webhook, &walk).await?;
        let rows = chunk.rows.into_iter().map(|(_, row)| row);
        let at = |kept: &KeptDelivery| told_at(kept.delivery().event);
        let part = Part::of(rows.collect(), at, wanted.until);
        Ok(part.map(|kept| {
            let delivery = kept.delivery();
            let is_wanted = has_failed(delivery) && may_see_delivery(self.principal, delivery);
            is_wanted.then(|| Sent::Again(Box::new(kept)))
        }))
    }

    async fn all(&self, wanted: &Wanted) -> Result<Part<Sent>, ApiError> {
        // Whether an event is one of its resource's says the endpoint itself.
        let tenant = Tenant::app(self.principal.app);
        let (store, now) = (self.state.store(), self.state.now());
        let walk = Walk {
            direction: Direction::Ascending,
            after: None,
            limit: AT_ONCE + 1,
        };
        let chunk = store
            .list_told_events(tenant, wanted.since, &walk, now)
            .await?;
        let rows = chunk.rows.into_iter().filter_map(|(_, event)| event);
        let part = Part::of(rows.collect(), |event: &ToldEvent| event.at, wanted.until);
        let part = part.map(|event| {
            let is_wanted = self.webhook.wants(&event) && may_see(self.principal, &event);
            is_wanted.then_some(event)
        });
        let ids: Vec<Uuid> = part.rows.iter().map(|event| event.id).collect();
        let (app, webhook) = (self.principal.app, self.webhook.id);
        let sent = store.get_deliveries(app, webhook, &ids).await?;
        let of_event = |kept: KeptDelivery| (kept.delivery().event, kept);
        let mut sent: HashMap<Uuid, KeptDelivery> = sent.into_iter().map(of_event).collect();
        Ok(part.map(|event| {
            Some(match sent.remove(&event.id) {
                Some(kept) => Sent::Again(Box::new(kept)),
                None => Sent::First(Box::new(event)),
            })
        }))
    }

    /// Sends one, and says whether it did.
    async fn send(&self, one: Sent) -> Result<bool, ApiError> {
        let (writer, now) = (self.state.writer(), self.state.now());
        match one {
            Sent::Again(kept) => {
                let retried = kept.delivery().clone().retried(now);
                // Whoever was faster is sending it.
                let change = writer.change_delivery(&kept, retried).await?;
                Ok(matches!(change, DeliveryChange::Done(_)))
            }
            Sent::First(event) => {
                let delivery = Delivery::new(self.webhook.id, *event, now);
                writer
                    .create_delivery(self.principal.app, &delivery)
                    .await?;
                Ok(true)
            }
        }
    }
}
