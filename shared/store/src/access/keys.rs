//! API keys: found by their hash when a request comes, by id when they are managed.

use chrono::{DateTime, Utc};
use model::app::{App, WidgetKey};
use model::audit::AuditEvent;
use model::ids::{AppId, KeyId};
use model::key::{ApiKey, HashedKey, KeyKind};
use serde::{Deserialize, Serialize};

use crate::access::{apps, audit};
use crate::dynamo::count::Full;
use crate::dynamo::item::{Item, Key, record, text};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table};

/// A key could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// A key with this hash exists.
    #[error("a key with this hash exists")]
    HashTaken,
    /// The app has been deleted meanwhile.
    #[error("the app does not exist")]
    AppGone,
    /// The app has as many keys that work as it may have.
    #[error("the app has {0} keys that work, the most it may have")]
    TooMany(u32),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeKeyError<E: std::error::Error + 'static> {
    /// The app has no such key.
    #[error("there is no such key")]
    NotFound,
    /// The change is not allowed on the key as it is.
    #[error("the key does not allow it")]
    Refused(#[source] E),
    /// The app has as many keys that work as it may have, and the change would make one more.
    #[error("the app has {0} keys that work, the most it may have")]
    TooMany(u32),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
struct Pointer {
    hash: HashedKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Key,
    App,
    Audit,
    Count,
}

fn key(hash: HashedKey) -> Key {
    Key::new(format!("key#{}", hash.to_hex()), "key")
}

fn pointer_key(app: AppId, id: KeyId) -> Key {
    Key::new(apps::partition(app), format!("key#{id}"))
}

/// Where the upper bound of the app's keys that work is; no key's pointer is called so.
pub(crate) fn count_key(app: AppId) -> Key {
    Key::new(apps::partition(app), "keys")
}

fn item(store: &Store, api_key: &ApiKey) -> Result<Item, StoreError> {
    Ok(Item::new(&key(api_key.hash), api_key)?.with("version", store.new_version()))
}

/// Adds a new key and its pointer to a transaction.
pub(crate) fn add_to<L: Clone>(
    transaction: &mut Transaction<'_, L>,
    store: &Store,
    label: &L,
    api_key: &ApiKey,
) -> Result<(), StoreError> {
    transaction.put(
        label.clone(),
        Table::Keys,
        item(store, api_key)?,
        &Condition::Absent,
    )?;
    let pointer = Item::new(
        &pointer_key(api_key.app, api_key.id),
        &Pointer { hash: api_key.hash },
    )?;
    transaction.put(label.clone(), Table::Keys, pointer, &Condition::Absent)
}

/// Adds a changed key to a transaction.
fn rewrite_in<L: Clone>(
    transaction: &mut Transaction<'_, L>,
    store: &Store,
    label: &L,
    api_key: &ApiKey,
    version: Option<String>,
) -> Result<(), StoreError> {
    transaction.put(
        label.clone(),
        Table::Keys,
        item(store, api_key)?,
        &Condition::as_seen(version),
    )
}

impl Store {
    /// Finds a key by its hash, strongly consistent. This is how an app is found, so it takes none.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_key(&self, hash: HashedKey) -> Result<Option<ApiKey>, StoreError> {
        self.get_record(Table::Keys, &key(hash)).await
    }

    /// Keeps a new key, and `event` in the audit log; a widget key's clear text goes into its app's public record. All
    /// in one transaction. An app has at most `max` keys that work at the same time.
    ///
    /// # Errors
    ///
    /// [`CreateKeyError::HashTaken`] if there is such a key already, in whichever app; [`CreateKeyError::TooMany`] if the
    /// app has `max` keys.
    pub async fn create_key(
        &self,
        api_key: &ApiKey,
        widget_key: Option<&str>,
        event: &AuditEvent,
        max: u32,
    ) -> Result<(), CreateKeyError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            self.count_key(&mut transaction, &Of::Count, event, max)
                .await?
                .map_err(|Full| CreateKeyError::TooMany(max))?;
            add_to(&mut transaction, self, &Of::Key, api_key)?;
            audit::add_to(&mut transaction, &Of::Audit, event)?;
            match widget_key {
                None => transaction.check(
                    Of::App,
                    Table::Keys,
                    &apps::key(api_key.app),
                    &Condition::Present,
                )?,
                Some(clear) => {
                    let (mut app, version) = self
                        .app_and_version(api_key.app)
                        .await?
                        .ok_or(CreateKeyError::AppGone)?;
                    self.forget_ended_widget_keys(&mut app, event.at, max)
                        .await?;
                    app.widget_keys.push(WidgetKey {
                        id: api_key.id,
                        key: clear.to_owned(),
                    });
                    apps::rewrite_in(&mut transaction, self, &Of::App, &app, version)?;
                }
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(of) if of.contains(&Of::Key) => Err(CreateKeyError::HashTaken),
                Outcome::Refused(of) if widget_key.is_none() && of.contains(&Of::App) => {
                    Err(CreateKeyError::AppGone)
                }
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Counts one key more of the event's app.
    async fn count_key<L: Clone>(
        &self,
        transaction: &mut Transaction<'_, L>,
        label: &L,
        event: &AuditEvent,
        max: u32,
    ) -> Result<Result<(), Full>, StoreError> {
        let (app, now) = (event.app, event.at);
        let living = || async move {
            let keys = self.list_keys(app).await?;
            let living = keys.iter().filter(|key| key.works_at(now)).count();
            Ok(u32::try_from(living).unwrap_or(u32::MAX))
        };
        let place = (Table::Keys, &count_key(app));
        self.add_one(transaction, label, place, max, living).await
    }

    /// Widget keys stand in their app's public record until they are revoked, expired ones too: these go before the
    /// record holds more than there may be keys that work.
    async fn forget_ended_widget_keys(
        &self,
        app: &mut App,
        now: DateTime<Utc>,
        max: u32,
    ) -> Result<(), StoreError> {
        if u32::try_from(app.widget_keys.len()).is_ok_and(|many| many < max) {
            return Ok(());
        }
        let keys = self.list_keys(app.id).await?;
        let work = |id| keys.iter().any(|key| key.id == id && key.works_at(now));
        app.widget_keys.retain(|widget| work(widget.id));
        Ok(())
    }

    /// An app's keys, newest first, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_keys(&self, app: AppId) -> Result<Vec<ApiKey>, StoreError> {
        let pointers = self
            .partition(Table::Keys, &apps::partition(app), "key#")
            .await?;
        let keys = pointers
            .into_iter()
            .map(|item| record::<Pointer>(item).map(|pointer| key(pointer.hash)))
            .collect::<Result<Vec<_>, _>>()?;
        let items = self.get_many(Table::Keys, &keys).await?;
        let mut found: Vec<ApiKey> = items.into_iter().map(record).collect::<Result<_, _>>()?;
        found.sort_by_key(|api_key| std::cmp::Reverse((api_key.created_at, api_key.id)));
        Ok(found)
    }

    /// A key by its id, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; another app's key is `None`.
    pub async fn get_key(&self, app: AppId, id: KeyId) -> Result<Option<ApiKey>, StoreError> {
        Ok(self
            .key_and_version(app, id)
            .await?
            .map(|(api_key, _)| api_key))
    }

    /// Revokes a key for good, and says so in the audit log; revoking it again changes nothing. A widget key leaves
    /// its app's public record. All in one transaction.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if the app has no such key.
    pub async fn revoke_key(
        &self,
        event: &AuditEvent,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (app, id) = (event.app, event.key);
        self.until_decided(|| async {
            let Some((api_key, version)) = self.key_and_version(app, id).await? else {
                return Ok(Some(false));
            };
            if api_key.revoked_at.is_some() {
                return Ok(Some(true));
            }
            let mut transaction = Transaction::new(self);
            if api_key.kind == KeyKind::Widget
                && let Some((mut record, version)) = self.app_and_version(app).await?
                && record.widget_key(id).is_some()
            {
                record.widget_keys.retain(|widget| widget.id != id);
                apps::rewrite_in(&mut transaction, self, &(), &record, version)?;
            }
            rewrite_in(
                &mut transaction,
                self,
                &(),
                &ApiKey {
                    revoked_at: Some(now),
                    ..api_key
                },
                version,
            )?;
            audit::add_to(&mut transaction, &(), event)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(true)),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Applies `change` to a key on condition that nobody else changed it meanwhile; if so, asks again. Says so in the
    /// audit log in the same transaction. If nothing differs, nothing is written.
    ///
    /// # Errors
    ///
    /// As [`ChangeKeyError`] says; nothing is changed then.
    pub async fn change_key<E: std::error::Error + 'static>(
        &self,
        event: &AuditEvent,
        change: impl Fn(ApiKey) -> Result<ApiKey, E>,
    ) -> Result<ApiKey, ChangeKeyError<E>> {
        self.until_decided(|| async {
            let found = self.key_and_version(event.app, event.key).await?;
            let (api_key, version) = found.ok_or(ChangeKeyError::NotFound)?;
            let changed = change(api_key.clone()).map_err(ChangeKeyError::Refused)?;
            let mut transaction = Transaction::new(self);
            if changed == api_key && transaction.is_empty() {
                return Ok(Some(changed));
            }
            rewrite_in(&mut transaction, self, &(), &changed, version)?;
            audit::add_to(&mut transaction, &(), event)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(changed)),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Replaces a key: `replace` gives the old one as it ends and the new one. Both are written, with the line in the
    /// audit log and a new widget key's clear text, in one transaction. While both work they count as two of `max`.
    ///
    /// # Errors
    ///
    /// As [`ChangeKeyError`] says; nothing is changed then.
    pub async fn rotate_key<E: std::error::Error + 'static>(
        &self,
        event: &AuditEvent,
        widget_key: Option<&str>,
        max: u32,
        replace: impl Fn(ApiKey) -> Result<(ApiKey, ApiKey), E>,
    ) -> Result<ApiKey, ChangeKeyError<E>> {
        self.until_decided(|| async {
            let found = self.key_and_version(event.app, event.key).await?;
            let (api_key, version) = found.ok_or(ChangeKeyError::NotFound)?;
            let (old, new) = replace(api_key).map_err(ChangeKeyError::Refused)?;
            let event = &AuditEvent {
                detail: Some(format!("replaced by {}", new.id)),
                ..event.clone()
            };
            let mut transaction = Transaction::new(self);
            if old.works_at(event.at) {
                self.count_key(&mut transaction, &(), event, max)
                    .await?
                    .map_err(|Full| ChangeKeyError::TooMany(max))?;
            }
            rewrite_in(&mut transaction, self, &(), &old, version)?;
            add_to(&mut transaction, self, &(), &new)?;
            audit::add_to(&mut transaction, &(), event)?;
            let (mut app, version) = self
                .app_and_version(event.app)
                .await?
                .ok_or(ChangeKeyError::NotFound)?;
            match widget_key.filter(|_| new.kind == KeyKind::Widget) {
                // The new key goes where the old one stood: pages that take the app's widget key get the new one.
                Some(clear) => {
                    let widget = WidgetKey {
                        id: new.id,
                        key: clear.to_owned(),
                    };
                    self.forget_ended_widget_keys(&mut app, event.at, max)
                        .await?;
                    let place = app
                        .widget_keys
                        .iter()
                        .position(|other| other.id == old.id)
                        .unwrap_or(0);
                    app.widget_keys.insert(place, widget);
                    apps::rewrite_in(&mut transaction, self, &(), &app, version)?;
                }
                None => transaction.check(
                    (),
                    Table::Keys,
                    &apps::key(event.app),
                    &Condition::Present,
                )?,
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(new)),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    async fn key_and_version(
        &self,
        app: AppId,
        id: KeyId,
    ) -> Result<Option<(ApiKey, Option<String>)>, StoreError> {
        let pointer: Option<Pointer> = self.get_record(Table::Keys, &pointer_key(app, id)).await?;
        let Some(Pointer { hash }) = pointer else {
            return Ok(None);
        };
        let Some(item) = self.get(Table::Keys, &key(hash)).await? else {
            return Ok(None);
        };
        let version = text(&item, "version");
        Ok(Some((record(item)?, version)))
    }

    pub(crate) async fn app_and_version(
        &self,
        app: AppId,
    ) -> Result<Option<(App, Option<String>)>, StoreError> {
        let Some(item) = self.get(Table::Keys, &apps::key(app)).await? else {
            return Ok(None);
        };
        let version = text(&item, "version");
        Ok(Some((record(item)?, version)))
    }
}
