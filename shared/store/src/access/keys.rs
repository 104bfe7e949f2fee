//! API keys: found by their hash when a request comes, by id when they are managed.

use chrono::{DateTime, Utc};
use model::app::{App, WidgetKey};
use model::audit::AuditEvent;
use model::ids::{AppId, KeyId};
use model::key::{ApiKey, HashedKey, KeyKind};
use model::outbox;
use serde::{Deserialize, Serialize};

use crate::access::{app_record, audit};
use crate::dynamo::count::Room;
use crate::dynamo::{
    Attempt, Condition, Item, RawItem, Seen, Store, StoreError, Table, Transaction, Writer,
    read_or_skip, record,
};
use crate::outbox::tell_in;
use crate::places;

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
enum Guard {
    Key,
    App,
    Audit,
    Count,
}

fn item(store: &Store, api_key: &ApiKey) -> Result<Item, StoreError> {
    Ok(Item::new(&places::api_key(api_key.hash), api_key)?.with("version", store.new_version()))
}

/// Adds a new key and its pointer to a transaction.
pub(crate) fn add_to<G: Clone>(
    transaction: &mut Transaction<'_, G>,
    store: &Store,
    guard: &G,
    api_key: &ApiKey,
) -> Result<(), StoreError> {
    transaction.put(guard.clone(), item(store, api_key)?, &Condition::Absent)?;
    let place = places::api_key_pointer(api_key.app, api_key.id);
    let pointer = Pointer { hash: api_key.hash };
    transaction.put(
        guard.clone(),
        Item::new(&place, &pointer)?,
        &Condition::Absent,
    )
}

/// Adds a changed key to a transaction.
fn rewrite_in(
    transaction: &mut Transaction<'_, ()>,
    store: &Store,
    seen: &Seen<ApiKey>,
    api_key: &ApiKey,
) -> Result<(), StoreError> {
    let item = seen.keep_in(item(store, api_key)?)?;
    transaction.put((), item, &seen.condition())
}

impl Store {
    /// Finds a key by its hash, strongly consistent. This is how an app is found, so it takes none.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_key(&self, hash: HashedKey) -> Result<Option<ApiKey>, StoreError> {
        self.get_record(&places::api_key(hash)).await
    }

    /// An app's keys, newest first, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_keys(&self, app: AppId) -> Result<Vec<ApiKey>, StoreError> {
        let items = self.items_of_keys(app).await?;
        let keys = items
            .iter()
            .filter_map(|item| read_or_skip(Table::Keys, item, &record));
        let mut keys: Vec<ApiKey> = keys.collect();
        keys.sort_by_key(|api_key| std::cmp::Reverse((api_key.created_at, api_key.id)));
        Ok(keys)
    }

    /// As [`Store::list_keys`], for decisions: in no order, and one that cannot be read is an error.
    pub(crate) async fn keys_of(&self, app: AppId) -> Result<Vec<ApiKey>, StoreError> {
        let items = self.items_of_keys(app).await?;
        items.iter().map(record).collect()
    }

    async fn items_of_keys(&self, app: AppId) -> Result<Vec<RawItem>, StoreError> {
        let pointers = self.partition(&places::api_keys_of(app)).await?;
        let place = |item| record::<Pointer>(item).map(|pointer| places::api_key(pointer.hash));
        let places = pointers.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        self.get_many(&places).await
    }

    /// A key by its id, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; another app's key is `None`.
    pub async fn get_key(&self, app: AppId, id: KeyId) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.see_key(app, id).await?.map(|seen| seen.record))
    }

    async fn see_key(&self, app: AppId, id: KeyId) -> Result<Option<Seen<ApiKey>>, StoreError> {
        let pointer: Option<Pointer> = self.get_record(&places::api_key_pointer(app, id)).await?;
        match pointer {
            Some(Pointer { hash }) => self.see(&places::api_key(hash)).await,
            None => Ok(None),
        }
    }
}

impl Writer {
    /// Creates a key, with `event` in the audit log; a widget key's clear text goes into its app's public record. All
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
            let counted = self.count_key(&mut transaction, Guard::Count, event, max);
            if counted.await? == Room::Full {
                return Err(CreateKeyError::TooMany(max));
            }
            add_to(&mut transaction, self, &Guard::Key, api_key)?;
            audit::add_to(&mut transaction, &Guard::Audit, event)?;
            let told = outbox::of_key(event.action, api_key.id, None);
            tell_in(&mut transaction, Guard::Audit, api_key.app, told)?;
            let place = places::app(api_key.app);
            match widget_key {
                None => transaction.check(Guard::App, &place, &Condition::Present)?,
                Some(clear) => {
                    let seen = self.see::<App>(&place).await?;
                    let seen = seen.ok_or(CreateKeyError::AppGone)?;
                    let mut app = seen.record.clone();
                    self.forget_ended_widget_keys(&mut app, event.at, max)
                        .await?;
                    app.widget_keys.push(WidgetKey {
                        id: api_key.id,
                        key: clear.to_owned(),
                    });
                    app_record::rewrite_in(&mut transaction, self, &Guard::App, &seen, &app)?;
                }
            }
            let refused = |guards: &[Guard]| match widget_key {
                _ if guards.contains(&Guard::Key) => Err(CreateKeyError::HashTaken),
                None if guards.contains(&Guard::App) => Err(CreateKeyError::AppGone),
                _ => Ok(Attempt::LostRace),
            };
            transaction.decide_or((), refused).await
        })
        .await
    }

    /// Counts one key more of the event's app.
    async fn count_key<G: Clone>(
        &self,
        transaction: &mut Transaction<'_, G>,
        guard: G,
        event: &AuditEvent,
        max: u32,
    ) -> Result<Room, StoreError> {
        let (app, now) = (event.app, event.at);
        let living = || async move {
            let keys = self.keys_of(app).await?;
            let living = keys.iter().filter(|key| key.works_at(now)).count();
            Ok(u32::try_from(living).unwrap_or(u32::MAX))
        };
        let place = places::api_key_count(app);
        self.add_one(transaction, guard, &place, max, living).await
    }

    /// Widget keys are in their app's public record until they are revoked, expired ones too: these go before the
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
        let keys = self.keys_of(app.id).await?;
        let work = |id| keys.iter().any(|key| key.id == id && key.works_at(now));
        app.widget_keys.retain(|widget| work(widget.id));
        Ok(())
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
            let Some(seen) = self.see_key(app, id).await? else {
                return Ok(Attempt::Decided(false));
            };
            let api_key = seen.record.clone();
            if api_key.revoked_at.is_some() {
                return Ok(Attempt::Decided(true));
            }
            let mut transaction = Transaction::new(self);
            if api_key.kind == KeyKind::Widget
                && let Some(seen) = self.see::<App>(&places::app(app)).await?
                && seen.record.widget_key(id).is_some()
            {
                let mut record = seen.record.clone();
                record.widget_keys.retain(|widget| widget.id != id);
                app_record::rewrite_in(&mut transaction, self, &(), &seen, &record)?;
            }
            let revoked = ApiKey {
                revoked_at: Some(now),
                ..api_key
            };
            rewrite_in(&mut transaction, self, &seen, &revoked)?;
            audit::add_to(&mut transaction, &(), event)?;
            let told = outbox::of_key(event.action, id, None);
            tell_in(&mut transaction, (), app, told)?;
            transaction.decide(true).await
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
            let seen = self.see_key(event.app, event.key).await?;
            let seen = seen.ok_or(ChangeKeyError::NotFound)?;
            let changed = change(seen.record.clone()).map_err(ChangeKeyError::Refused)?;
            let mut transaction = Transaction::new(self);
            if changed == seen.record && transaction.is_empty() {
                return Ok(Attempt::Decided(changed));
            }
            rewrite_in(&mut transaction, self, &seen, &changed)?;
            audit::add_to(&mut transaction, &(), event)?;
            if changed != seen.record {
                let told = outbox::of_key(event.action, event.key, None);
                tell_in(&mut transaction, (), event.app, told)?;
            }
            Ok(transaction.decide(changed).await?)
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
            let seen = self.see_key(event.app, event.key).await?;
            let seen = seen.ok_or(ChangeKeyError::NotFound)?;
            let (old, new) = replace(seen.record.clone()).map_err(ChangeKeyError::Refused)?;
            let event = &AuditEvent {
                detail: Some(format!("replaced by {}", new.id)),
                ..event.clone()
            };
            let mut transaction = Transaction::new(self);
            if old.works_at(event.at)
                && self.count_key(&mut transaction, (), event, max).await? == Room::Full
            {
                return Err(ChangeKeyError::TooMany(max));
            }
            rewrite_in(&mut transaction, self, &seen, &old)?;
            add_to(&mut transaction, self, &(), &new)?;
            audit::add_to(&mut transaction, &(), event)?;
            let told = outbox::of_key(event.action, old.id, Some(new.id));
            tell_in(&mut transaction, (), event.app, told)?;
            let place = places::app(event.app);
            let app = self.see::<App>(&place).await?;
            let app = app.ok_or(ChangeKeyError::NotFound)?;
            match widget_key.filter(|_| new.kind == KeyKind::Widget) {
                // The new key takes the old one's place, so that pages which take the app's widget key get the new one.
                Some(clear) => {
                    let mut changed = app.record.clone();
                    self.forget_ended_widget_keys(&mut changed, event.at, max)
                        .await?;
                    let mut keys = changed.widget_keys.iter();
                    let index = keys.position(|other| other.id == old.id).unwrap_or(0);
                    let widget = WidgetKey {
                        id: new.id,
                        key: clear.to_owned(),
                    };
                    changed.widget_keys.insert(index, widget);
                    app_record::rewrite_in(&mut transaction, self, &(), &app, &changed)?;
                }
                None => transaction.check((), &place, &Condition::Present)?,
            }
            Ok(transaction.decide(new).await?)
        })
        .await
    }
}
