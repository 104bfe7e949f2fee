//! Webhook endpoints. All of an app are one partition, so that who sends events reads them by one query, strongly consistent:
//! an endpoint gets the first event after it was created, and none after it was deleted.

use std::error::Error as StdError;

use model::delivery::Health;
use model::ids::{AppId, WebhookId};
use model::webhook::{MAX_WEBHOOKS, Webhook};

use crate::dynamo::count::Room;
use crate::dynamo::{
    Attempt, Condition, Item, RawItem, Seen, Store, StoreError, Table, Transaction, Writer,
    read_or_skip, record,
};
use crate::places;
use crate::tenant::Tenant;

/// An endpoint could not be created.
#[derive(Debug, thiserror::Error)]
pub enum CreateWebhookError {
    /// The app has as many as it may have.
    #[error("the app has {MAX_WEBHOOKS} endpoints, the most it may have")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An endpoint could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeWebhookError<E: StdError + 'static> {
    /// There is none, or it is another tenant's.
    #[error("there is no such endpoint")]
    NotFound,
    /// The change itself says no.
    #[error("the endpoint does not allow it")]
    Refused(#[source] E),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether an endpoint lies within a tenant: a resource's token reaches those that get its own events alone.
fn is_of(tenant: Tenant, webhook: &Webhook) -> bool {
    tenant.only_resource.is_none() || tenant.only_resource == webhook.only_resource
}

fn item(store: &Store, app: AppId, webhook: &Webhook) -> Result<Item, StoreError> {
    let place = places::webhook(app, webhook.id);
    Ok(Item::new(&place, webhook)?.with("version", store.new_version()))
}

impl Store {
    /// The tenant's endpoints, oldest first, strongly consistent; at most [`MAX_WEBHOOKS`]. One that cannot be read is left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_webhooks(&self, tenant: Tenant) -> Result<Vec<Webhook>, StoreError> {
        let items = self.items_of_webhooks(tenant.app).await?;
        let webhooks = items
            .iter()
            .filter_map(|item| read_or_skip(Table::Data, item, &record::<Webhook>));
        let mut webhooks: Vec<Webhook> = webhooks.filter(|one| is_of(tenant, one)).collect();
        webhooks.sort_by_key(|webhook| (webhook.created_at, webhook.id));
        Ok(webhooks)
    }

    /// As [`Store::list_webhooks`], of a whole app, to decide which of them get an event: in no order, and one that cannot be
    /// read is an error, or it would miss the event for good.
    ///
    /// # Errors
    ///
    /// Only if the store fails or has an endpoint that this version cannot read.
    pub async fn webhooks_of(&self, app: AppId) -> Result<Vec<Webhook>, StoreError> {
        let items = self.items_of_webhooks(app).await?;
        items.iter().map(record).collect()
    }

    async fn items_of_webhooks(&self, app: AppId) -> Result<Vec<RawItem>, StoreError> {
        self.partition(&places::webhooks_of(app)).await
    }

    /// An endpoint, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; one outside the tenant is `None`.
    pub async fn get_webhook(
        &self,
        tenant: Tenant,
        id: WebhookId,
    ) -> Result<Option<Webhook>, StoreError> {
        let webhook: Option<Webhook> = self.get_record(&places::webhook(tenant.app, id)).await?;
        Ok(webhook.filter(|webhook| is_of(tenant, webhook)))
    }

    async fn see_webhook(
        &self,
        tenant: Tenant,
        id: WebhookId,
    ) -> Result<Option<Seen<Webhook>>, StoreError> {
        let seen = self
            .see::<Webhook>(&places::webhook(tenant.app, id))
            .await?;
        Ok(seen.filter(|seen| is_of(tenant, &seen.record)))
    }
}

impl Writer {
    /// Creates an endpoint.
    ///
    /// # Errors
    ///
    /// [`CreateWebhookError::TooMany`] if the app has [`MAX_WEBHOOKS`].
    pub async fn create_webhook(
        &self,
        app: AppId,
        webhook: &Webhook,
    ) -> Result<(), CreateWebhookError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let place = places::webhook_count(app);
            let recount = || async move {
                let many = self.items_of_webhooks(app).await?.len();
                Ok(u32::try_from(many).unwrap_or(u32::MAX))
            };
            let counted = self.add_one(&mut transaction, (), &place, MAX_WEBHOOKS, recount);
            if counted.await? == Room::Full {
                return Err(CreateWebhookError::TooMany);
            }
            transaction.put((), item(self, app, webhook)?, &Condition::Absent)?;
            Ok(transaction.decide(()).await?)
        })
        .await
    }

    /// Applies `change` to an endpoint on condition that nobody else changed it meanwhile; if so, asks again. If nothing differs,
    /// nothing is written.
    ///
    /// # Errors
    ///
    /// As [`ChangeWebhookError`] says; nothing is changed then.
    pub async fn change_webhook<E: StdError + 'static>(
        &self,
        tenant: Tenant,
        id: WebhookId,
        change: impl Fn(Webhook) -> Result<Webhook, E>,
    ) -> Result<Webhook, ChangeWebhookError<E>> {
        self.until_decided(|| async {
            let seen = self.see_webhook(tenant, id).await?;
            let seen = seen.ok_or(ChangeWebhookError::NotFound)?;
            let changed = change(seen.record.clone()).map_err(ChangeWebhookError::Refused)?;
            let mut transaction = Transaction::new(self);
            if changed == seen.record && transaction.is_empty() {
                return Ok(Attempt::Decided(changed));
            }
            let item = seen.keep_in(item(self, tenant.app, &changed)?)?;
            transaction.put((), item, &seen.condition())?;
            Ok(transaction.decide(changed).await?)
        })
        .await
    }

    /// Enables an endpoint that its owner or its own responses disabled; one that is enabled stays as it is. `keep` learns what it
    /// and its health are then, before they are written.
    ///
    /// # Errors
    ///
    /// As [`ChangeWebhookError`] says; nothing is changed then.
    pub async fn enable_webhook<T, E: StdError + 'static>(
        &self,
        tenant: Tenant,
        id: WebhookId,
        keep: impl Fn(&Webhook, &Health) -> Result<T, E>,
    ) -> Result<T, ChangeWebhookError<E>> {
        self.until_decided(|| async {
            let seen = self.see_webhook(tenant, id).await?;
            let seen = seen.ok_or(ChangeWebhookError::NotFound)?;
            let place = places::health(tenant.app, id);
            let seen_health = self.see::<Health>(&place).await?;
            let health = seen_health.as_ref().map(|seen| &seen.record);
            let webhook = Webhook {
                disabled_at: None,
                ..seen.record.clone()
            };
            let enabled = match health.filter(|health| health.disabled.is_some()) {
                Some(disabled) => disabled.enabled(),
                None => health.cloned().unwrap_or_default(),
            };
            let answer = keep(&webhook, &enabled).map_err(ChangeWebhookError::Refused)?;
            let mut transaction = Transaction::new(self);
            let is_changed = webhook != seen.record || health.is_some_and(|was| *was != enabled);
            if !is_changed && transaction.is_empty() {
                return Ok(Attempt::Decided(answer));
            }
            let item = seen.keep_in(item(self, tenant.app, &webhook)?)?;
            transaction.put((), item, &seen.condition())?;
            if let Some(seen) = seen_health.filter(|seen| seen.record != enabled) {
                let item = Item::new(&place, &enabled)?.with("version", self.new_version());
                transaction.put((), seen.keep_in(item)?, &seen.condition())?;
            }
            Ok(transaction.decide(answer).await?)
        })
        .await
    }

    /// Deletes an endpoint, with its health. What was sent to it stays until it expires, out of everybody's reach.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if there is none for the tenant.
    pub async fn delete_webhook(&self, tenant: Tenant, id: WebhookId) -> Result<bool, StoreError> {
        self.until_decided(|| async {
            let Some(seen) = self.see_webhook(tenant, id).await? else {
                return Ok::<_, StoreError>(Attempt::Decided(false));
            };
            let mut transaction = Transaction::new(self);
            let place = places::webhook(tenant.app, id);
            transaction.delete((), &place, Some(&seen.condition()))?;
            transaction.delete((), &places::health(tenant.app, id), None)?;
            transaction.decide(true).await
        })
        .await
    }
}
