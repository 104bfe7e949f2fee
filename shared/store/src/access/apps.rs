//! Apps: the public record that every function reads, and the settings that only the owner sees.

use chrono::{DateTime, Utc};
use model::app::{App, AppSettings};
use model::audit::{AuditAction, AuditEvent};
use model::ids::{AccountId, AppId, KeyId};
use model::key::{ApiKey, Mode};
use serde::{Deserialize, Serialize};

use crate::access::{audit, keys};
use crate::dynamo::count::Full;
use crate::dynamo::item::{Item, Key, record};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table};

/// What an app's slug stands for. All of it is fixed for the app's life, so the pointer itself may hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppIdentity {
    /// The app.
    pub app: AppId,
    /// Whose it is.
    pub account: AccountId,
    /// Its mode.
    pub mode: Mode,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Longer text is no slug, and may be no key of the store's either. In bytes.
const MAX_SLUG: usize = 512;

/// An app could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum CreateAppError {
    /// The account has as many apps as it may have.
    #[error("the account has {0} apps, the most it may have")]
    TooMany(u32),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    App,
    Count,
}

#[derive(Serialize, Deserialize)]
struct Membership {
    app: AppId,
}

/// Everything of one app in the keys table but the keys themselves.
pub(crate) fn partition(app: AppId) -> String {
    format!("app#{app}")
}

/// Where an app's public record is.
pub(crate) fn key(app: AppId) -> Key {
    Key::new(partition(app), "app")
}

fn slug_key(slug: &str) -> Key {
    Key::new(format!("slug#{slug}"), "app")
}

fn settings_key(app: AppId) -> Key {
    Key::new(format!("app#{app}"), "settings")
}

/// Where the upper bound of the account's apps is; no membership is called so.
fn count_key(account: AccountId) -> Key {
    Key::new(format!("account#{account}"), "apps")
}

fn membership_key(account: AccountId, app: AppId) -> Key {
    Key::new(format!("account#{account}"), format!("app#{app}"))
}

fn item(store: &Store, app: &App) -> Result<Item, StoreError> {
    Ok(Item::new(&key(app.id), app)?.with("version", store.new_version()))
}

/// Adds a new app, with its first keys, to a transaction.
pub(crate) fn add_to<L: Clone>(
    transaction: &mut Transaction<'_, L>,
    store: &Store,
    label: &L,
    app: &App,
    settings: &AppSettings,
    first_keys: &[ApiKey],
) -> Result<(), StoreError> {
    let identity = AppIdentity {
        app: app.id,
        account: app.account,
        mode: app.mode,
        created_at: app.created_at,
    };
    transaction.put(
        label.clone(),
        Table::Keys,
        item(store, app)?,
        &Condition::Absent,
    )?;
    transaction.put(
        label.clone(),
        Table::Keys,
        Item::new(&slug_key(&app.slug), &identity)?,
        &Condition::Absent,
    )?;
    let membership = Item::new(
        &membership_key(app.account, app.id),
        &Membership { app: app.id },
    )?;
    transaction.put(
        label.clone(),
        Table::Accounts,
        membership,
        &Condition::Absent,
    )?;
    transaction.put(
        label.clone(),
        Table::Accounts,
        Item::new(&settings_key(app.id), settings)?,
        &Condition::Absent,
    )?;
    for api_key in first_keys {
        keys::add_to(transaction, store, label, api_key)?;
        let event = AuditEvent {
            id: store.new_version(),
            app: app.id,
            action: AuditAction::Created,
            key: api_key.id,
            by: api_key.created_by.clone(),
            source: None,
            detail: Some("with the app".to_owned()),
            at: app.created_at,
        };
        audit::add_to(transaction, label, &event)?;
    }
    Ok(())
}

/// Adds an app's changed public record to a transaction.
pub(crate) fn rewrite_in<L: Clone>(
    transaction: &mut Transaction<'_, L>,
    store: &Store,
    label: &L,
    app: &App,
    version: Option<String>,
) -> Result<(), StoreError> {
    transaction.put(
        label.clone(),
        Table::Keys,
        item(store, app)?,
        &Condition::as_seen(version),
    )
}

impl Store {
    /// What a slug stands for, strongly consistent. This is how an app is found, so it takes none.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_app(&self, slug: &str) -> Result<Option<AppIdentity>, StoreError> {
        if slug.len() > MAX_SLUG {
            return Ok(None);
        }
        self.get_record(Table::Keys, &slug_key(slug)).await
    }

    /// An app's public record, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_app(&self, app: AppId) -> Result<Option<App>, StoreError> {
        self.get_record(Table::Keys, &key(app)).await
    }

    /// An app's settings, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_app_settings(&self, app: AppId) -> Result<AppSettings, StoreError> {
        Ok(self
            .get_record(Table::Accounts, &settings_key(app))
            .await?
            .unwrap_or_default())
    }

    /// An account's apps, oldest first, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_apps(&self, account: AccountId) -> Result<Vec<App>, StoreError> {
        let memberships = self
            .partition(Table::Accounts, &format!("account#{account}"), "app#")
            .await?;
        let keys = memberships
            .into_iter()
            .map(|item| record::<Membership>(item).map(|membership| key(membership.app)))
            .collect::<Result<Vec<_>, _>>()?;
        let items = self.get_many(Table::Keys, &keys).await?;
        let mut apps: Vec<App> = items.into_iter().map(record).collect::<Result<_, _>>()?;
        apps.sort_by(|a, b| (a.created_at, &a.slug).cmp(&(b.created_at, &b.slug)));
        Ok(apps)
    }

    /// Keeps a new app of an existing account, with its first keys, in one transaction. An account has at most `max`
    /// apps.
    ///
    /// # Errors
    ///
    /// [`CreateAppError::TooMany`] if the account has `max` apps.
    pub async fn create_app(
        &self,
        app: &App,
        settings: &AppSettings,
        first_keys: &[ApiKey],
        max: u32,
    ) -> Result<(), CreateAppError> {
        let account = app.account;
        let existing = || async move {
            let apps = self.list_apps(account).await?.len();
            Ok(u32::try_from(apps).unwrap_or(u32::MAX))
        };
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let place = (Table::Accounts, &count_key(account));
            self.add_one(&mut transaction, &Of::Count, place, max, existing)
                .await?
                .map_err(|Full| CreateAppError::TooMany(max))?;
            add_to(&mut transaction, self, &Of::App, app, settings, first_keys)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(of) if of.contains(&Of::App) => Err(StoreError::broken(
                    "TransactWriteItems",
                    "a new app's slug or id exists already",
                )
                .into()),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Changes an app's name and settings by `change` in one transaction, on condition that nobody else changed
    /// them meanwhile; if so, asks again.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `None` if the app is gone.
    pub async fn change_app(
        &self,
        app: AppId,
        change: impl Fn(App, AppSettings) -> (App, AppSettings),
    ) -> Result<Option<(App, AppSettings)>, StoreError> {
        self.until_decided(|| async {
            let Some((app, version)) = self.app_and_version(app).await? else {
                return Ok(Some(None));
            };
            let settings = self.get_app_settings(app.id).await?;
            let before = (app.clone(), settings.clone());
            let (app, settings) = change(app, settings);
            let mut transaction = Transaction::new(self);
            if (&app, &settings) == (&before.0, &before.1) && transaction.is_empty() {
                return Ok(Some(Some(before)));
            }
            // The record's version stands for both: they are only ever written together.
            rewrite_in(&mut transaction, self, &(), &app, version)?;
            let item = Item::new(&settings_key(app.id), &settings)?;
            transaction.put((), Table::Accounts, item, &Condition::Present)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(Some((app, settings)))),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Deletes an app: first its public record, so that no key can be made any more; then every key is
    /// revoked, `callers` last; then its slug goes, by which it could still be asked for. What it booked stays in the store,
    /// out of everybody's reach.
    ///
    /// # Errors
    ///
    /// Only if the store fails; asking again then finishes what was begun.
    pub async fn delete_app(
        &self,
        app: AppIdentity,
        slug: &str,
        callers: Option<KeyId>,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.delete_all(&[(Table::Keys, key(app.app))]).await?;
        let mut keys = self.list_keys(app.app).await?;
        keys.sort_by_key(|api_key| Some(api_key.id) == callers);
        for api_key in keys {
            let event = AuditEvent {
                id: self.new_version(),
                app: app.app,
                action: AuditAction::Revoked,
                key: api_key.id,
                by: by.to_owned(),
                source: None,
                detail: Some("with the app".to_owned()),
                at: now,
            };
            self.revoke_key(&event, now).await?;
        }
        self.delete_all(&[
            (Table::Keys, slug_key(slug)),
            (Table::Keys, keys::count_key(app.app)),
            (Table::Accounts, settings_key(app.app)),
            (Table::Accounts, membership_key(app.account, app.app)),
        ])
        .await
    }

    async fn delete_all(&self, keys: &[(Table, Key)]) -> Result<(), StoreError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            for (table, key) in keys {
                transaction.delete((), *table, key, None)?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }
}
