//! One attempt to deliver: claim, send, finish. A worker that dies in between leaves a lease that ends; one that is late finds
//! that its lease is another's, and changes nothing. What either has sent bears the same id.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join;
use http::{HeaderMap, HeaderName, HeaderValue};
use model::delivery::{
    Attempt, Delivery, DeliveryId, Disabling, Effect, MAX_EXCERPT, Next, NotNow, Trigger,
};
use model::ids::{AppId, WebhookId};
use model::outbox::{ChangeEvent, EventType};
use model::webhook::Webhook;
use outbound::{
    AppSecret, Bytes, DEADLINE, EndpointSecret, Outcome, SIGNATURE, Schedule, TIMEKIT_SIGNATURE,
    TRACEPARENT, Target, TraceParent, sign_standard, sign_timekit,
};
use store::{DeliveryChange, Due, KeptDelivery, StoreError, Tenant};

use crate::{Jobs, WORK};

/// How often a worker looks again when others change an endpoint's health at the same time. What it has to say is then said
/// by them.
const HEALTH_TRIES: usize = 4;

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempted {
    /// The endpoint accepted it.
    Delivered,
    /// It was attempted, and is to be again at this time.
    Retrying(DateTime<Utc>),
    /// It is not attempted any more.
    Failed,
    /// It is put off to this time, because its endpoint fails and is left alone.
    Postponed(DateTime<Utc>),
    /// It must not be attempted now.
    NotNow(NotNow),
    /// Another worker was faster.
    LostRace,
    /// There is no such delivery.
    Gone,
}

/// What there is to decide on, all of it strongly read.
struct Ready {
    kept: KeptDelivery,
    webhook: Webhook,
}

/// Why the master secret does not give what is needed.
#[derive(Debug, thiserror::Error)]
#[error("none of the endpoint's secrets can be derived")]
struct NoSecret;

impl Jobs {
    /// Attempts a delivery, if it is due and nobody else holds it.
    ///
    /// # Errors
    ///
    /// If the store or the master secret is not there for now: it stays due, or comes back when its lease ends. What cannot be
    /// read is put off.
    pub async fn attempt(&self, app: AppId, id: DeliveryId) -> Result<Attempted, StoreError> {
        match self.try_to_attempt(app, id).await {
            Ok(attempted) => Ok(attempted),
            Err(error) => {
                self.defer_if_broken(Due::Delivery { app, id }, error)
                    .await?;
                Ok(Attempted::LostRace)
            }
        }
    }

    async fn try_to_attempt(&self, app: AppId, id: DeliveryId) -> Result<Attempted, StoreError> {
        let ready = match self.look_at(app, id).await? {
            Ok(ready) => ready,
            Err(attempted) => return Ok(attempted),
        };
        let Ready { kept, webhook } = ready;
        let now = self.now();
        let delivery = kept.delivery();
        let body = match (&delivery.body, &delivery.told) {
            (Some(body), _) => body.clone(),
            (None, Some(told)) => self.body_of(app, &webhook, told, now).await?,
            (None, None) => return self.give_up(&kept).await,
        };
        let leased = delivery.clone().leased(body.clone(), now);
        let held = match self.store().writer().change_delivery(&kept, leased).await? {
            DeliveryChange::Done(held) => *held,
            DeliveryChange::LostRace => return Ok(Attempted::LostRace),
        };
        let sent = self.send(app, &webhook, held.delivery(), body).await?;
        self.finish(&held, &webhook, sent, now).await
    }

    /// What there is to decide on; or what is decided already.
    async fn look_at(
        &self,
        app: AppId,
        id: DeliveryId,
    ) -> Result<Result<Ready, Attempted>, StoreError> {
        let store = self.store();
        let Some(kept) = store.get_delivery(app, id).await? else {
            return Ok(Err(Attempted::Gone));
        };
        let now = self.now();
        if let Err(not_now) = kept.delivery().may_be_attempted(now) {
            return Ok(Err(Attempted::NotNow(not_now)));
        }
        if let Some(url) = kept.delivery().url.clone() {
            let webhook = Webhook::of_reminder(id.webhook, url, kept.delivery().created_at);
            return Ok(Ok(Ready { kept, webhook }));
        }
        let webhook = store.get_webhook(Tenant::app(app), id.webhook);
        let (webhook, health) = try_join(webhook, store.get_health(app, id.webhook)).await?;
        let webhook = webhook.filter(|webhook| webhook.disabled_at.is_none());
        let Some(webhook) = webhook.filter(|_| health.health().disabled.is_none()) else {
            return self.give_up(&kept).await.map(Err);
        };
        match health.health().pause(now) {
            Some(until) if kept.delivery().trigger == Trigger::Scheduled => {
                self.postpone(&kept, until, now).await.map(Err)
            }
            _ => Ok(Ok(Ready { kept, webhook })),
        }
    }

    /// Ends a delivery whose endpoint is gone or disabled. It can be retried when the endpoint is enabled again.
    async fn give_up(&self, kept: &KeptDelivery) -> Result<Attempted, StoreError> {
        let given_up = kept.delivery().clone().given_up();
        let changed = self
            .store()
            .writer()
            .change_delivery(kept, given_up)
            .await?;
        Ok(match changed {
            DeliveryChange::Done(_) => Attempted::Failed,
            DeliveryChange::LostRace => Attempted::LostRace,
        })
    }

    /// Puts a delivery off until its endpoint's pause is over. The longer it has waited, the longer it waits once more, so that
    /// a long backlog is not rewritten at each pause; and at random, so that not all of it comes at once.
    async fn postpone(
        &self,
        kept: &KeptDelivery,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Attempted, StoreError> {
        let waited = (now - kept.delivery().created_at) / 4;
        let spread = waited.clamp(until - now, TimeDelta::hours(1).max(until - now));
        let most = u64::try_from(spread.num_milliseconds()).unwrap_or(0);
        let more = i64::try_from(self.state.random().up_to(most)).unwrap_or(0);
        self.put_off(kept, until + TimeDelta::milliseconds(more))
            .await
    }

    async fn put_off(
        &self,
        kept: &KeptDelivery,
        until: DateTime<Utc>,
    ) -> Result<Attempted, StoreError> {
        let postponed = kept.delivery().clone().postponed(until);
        let changed = self
            .store()
            .writer()
            .change_delivery(kept, postponed)
            .await?;
        Ok(match changed {
            DeliveryChange::Done(_) => Attempted::Postponed(until),
            DeliveryChange::LostRace => Attempted::LostRace,
        })
    }

    /// Puts off a delivery that is due, because its endpoint has more waiting than it can take until then.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn put_off_until(
        &self,
        app: AppId,
        id: DeliveryId,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(kept) = self.store().get_delivery(app, id).await? else {
            return Ok(());
        };
        if kept.delivery().may_be_attempted(self.now()).is_ok() {
            self.put_off(&kept, until).await?;
        }
        Ok(())
    }

    async fn send(
        &self,
        app: AppId,
        webhook: &Webhook,
        delivery: &Delivery,
        body: String,
    ) -> Result<outbound::Attempt, StoreError> {
        let target = match Target::parse(&webhook.url, self.reach) {
            Ok(target) => target,
            Err(fault) => return Ok(outbound::Attempt::not_made(fault)),
        };
        let headers = self
            .headers(app, webhook, delivery, body.as_bytes())
            .await?;
        let body = Bytes::from(body);
        Ok(self.client.post(&target, headers, body, DEADLINE).await)
    }

    async fn headers(
        &self,
        app: AppId,
        webhook: &Webhook,
        delivery: &Delivery,
        body: &[u8],
    ) -> Result<HeaderMap, StoreError> {
        let now = self.now();
        let master = self.state.master_secret().await;
        let master = master.map_err(StoreError::unavailable)?;
        let secrets: Vec<EndpointSecret> = webhook
            .secrets_at(now)
            .filter_map(|version| master.webhook_secret(webhook.id, version).ok())
            .map(EndpointSecret::from_bytes)
            .collect();
        // A reminder's own address has no secret but the app's.
        let has_own_secret = delivery.url.is_none();
        if secrets.is_empty() && has_own_secret {
            return Err(StoreError::unavailable(NoSecret));
        }
        let of_app = master
            .app_webhook_secret(app)
            .map_err(StoreError::unavailable)?;
        let of_app = AppSecret::from_bytes(of_app);
        let id = delivery.event.to_string();
        let at = now.timestamp();
        let trace = TraceParent::random(self.state.random());
        let values = [
            ("webhook-id", id.clone()),
            ("webhook-timestamp", at.to_string()),
            (SIGNATURE, sign_standard(&secrets, &id, at, body)),
            (TIMEKIT_SIGNATURE, sign_timekit(&of_app, body)),
            (TRACEPARENT, trace.to_string()),
        ];
        let values = values
            .into_iter()
            .filter(|(name, _)| has_own_secret || *name != SIGNATURE);
        let header = |(name, value): (&'static str, String)| {
            let value = HeaderValue::try_from(value).ok()?;
            Some((HeaderName::from_static(name), value))
        };
        Ok(values.filter_map(header).collect())
    }

    /// Notes what became of the attempt, with the delivery and with the endpoint.
    async fn finish(
        &self,
        held: &KeptDelivery,
        webhook: &Webhook,
        sent: outbound::Attempt,
        begun: DateTime<Utc>,
    ) -> Result<Attempted, StoreError> {
        let delivery = held.delivery();
        let outcome = sent.outcome();
        let wait = Schedule::next(
            delivery.scheduled_count + 1,
            outcome,
            sent.retry_after,
            self.state.random(),
        );
        let next = wait.and_then(|wait| TimeDelta::from_std(wait).ok());
        let next = next.map_or(Next::GiveUp, Next::RetryAfter);
        let now = self.now();
        let attempt = kept_attempt(&sent, begun, delivery.trigger);
        let after = delivery.clone().attempted(attempt, next, now);
        log(held.app(), &after, &sent, outcome);
        let due_at = after.due_at;
        let changed = self.store().writer().change_delivery(held, after).await?;
        if held.delivery().url.is_none() {
            self.note_health(held.app(), webhook.id, outcome, now)
                .await?;
        }
        Ok(match (changed, outcome, due_at) {
            (DeliveryChange::LostRace, ..) => Attempted::LostRace,
            (_, Outcome::Delivered, _) => Attempted::Delivered,
            (_, _, Some(due_at)) => Attempted::Retrying(due_at),
            (_, _, None) => Attempted::Failed,
        })
    }

    async fn note_health(
        &self,
        app: AppId,
        webhook: WebhookId,
        outcome: Outcome,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let effect = match outcome {
            Outcome::Delivered => Effect::Accepted,
            Outcome::Gone => Effect::Gone,
            Outcome::SlowDown | Outcome::Failed => Effect::Failed,
        };
        for _ in 0..HEALTH_TRIES {
            let kept = self.store().get_health(app, webhook).await?;
            let Some(after) = kept.health().after(effect, now) else {
                return Ok(());
            };
            let newly = after.disabled.filter(|_| kept.health().disabled.is_none());
            let events =
                newly.map(|_| ChangeEvent::of_endpoint(EventType::EndpointDisabled, webhook));
            let events = events.into_iter().collect();
            if self
                .store()
                .writer()
                .change_health(&kept, &after, events)
                .await?
            {
                if let Some(disabled) = newly {
                    log_disabled(app, webhook, disabled.reason);
                }
                return Ok(());
            }
        }
        Ok(())
    }
}

fn kept_attempt(sent: &outbound::Attempt, begun: DateTime<Utc>, trigger: Trigger) -> Attempt {
    let mut excerpt = sent.excerpt.clone();
    excerpt.truncate(excerpt.floor_char_boundary(MAX_EXCERPT));
    Attempt {
        at: begun,
        status: sent.status,
        reason: sent.reason.map(|reason| reason.name().to_owned()),
        duration_ms: sent.millis,
        excerpt: Some(excerpt).filter(|excerpt| !excerpt.is_empty()),
        trigger,
    }
}

/// The one line that the log has for each attempt. What the endpoint answered is kept with the delivery, where only its app sees
/// it.
fn log(app: AppId, delivery: &Delivery, sent: &outbound::Attempt, outcome: Outcome) {
    let count_if = |happened: bool| happened.then_some(1_u64);
    tracing::info!(
        target: WORK,
        %app,
        webhook = %delivery.webhook,
        event = %delivery.event,
        r#type = delivery.kind,
        attempt = delivery.attempt_count,
        status = sent.status,
        reason = sent.reason.map(|reason| reason.name()),
        detail = sent.detail,
        duration_ms = sent.millis,
        state = ?delivery.state,
        due_at = delivery.due_at.map(|at| at.to_rfc3339()),
        Attempts = 1_u64,
        FailedAttempts = count_if(outcome != Outcome::Delivered),
        "attempted a delivery"
    );
}

fn log_disabled(app: AppId, webhook: WebhookId, reason: Disabling) {
    tracing::warn!(
        target: WORK,
        %app,
        %webhook,
        reason = ?reason,
        DisabledWebhooks = 1_u64,
        "an endpoint was disabled: it answered 410, or has done nothing but fail for five days"
    );
}
