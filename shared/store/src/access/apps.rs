//! Apps: the public record that every function reads, and the settings that only the owner sees.

use chrono::{DateTime, Utc};
use model::app::{App, AppSettings};
use model::audit::{AuditAction, AuditEvent};
use model::ids::{AccountId, AppId, KeyId};
use model::key::{ApiKey, Mode};
use serde::{Deserialize, Serialize};

use crate::access::app_record::{item, rewrite_in};
use crate::access::{audit, keys};
use crate::dynamo::count::Room;
use crate::dynamo::{
    Attempt, Condition, Item, RawItem, Store, StoreError, Table, Transaction, Writer, read_or_skip,
    record,
};
use crate::places;

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

/// A new app with its first keys.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Its public record.
    pub app: App,
    /// Its first keys.
    pub keys: Vec<ApiKey>,
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
enum Guard {
    App,
    Count,
}

#[derive(Serialize, Deserialize)]
struct Membership {
    app: AppId,
}

/// Adds a new app, with its first keys, to a transaction.
pub(crate) fn add_to<G: Clone>(
    transaction: &mut Transaction<'_, G>,
    store: &Store,
    guard: &G,
    NewApp { app, keys }: &NewApp,
    settings: &AppSettings,
) -> Result<(), StoreError> {
    let identity = AppIdentity {
        app: app.id,
        account: app.account,
        mode: app.mode,
        created_at: app.created_at,
    };
    let membership = Membership { app: app.id };
    for item in [
        item(store, app)?,
        Item::new(&places::app_slug(&app.slug), &identity)?,
        Item::new(&places::membership(app.account, app.id), &membership)?,
        Item::new(&places::app_settings(app.id), settings)?,
    ] {
        transaction.put(guard.clone(), item, &Condition::Absent)?;
    }
    for api_key in keys {
        keys::add_to(transaction, store, guard, api_key)?;
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
        audit::add_to(transaction, guard, &event)?;
    }
    Ok(())
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
        self.get_record(&places::app_slug(slug)).await
    }

    /// An app's public record, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_app(&self, app: AppId) -> Result<Option<App>, StoreError> {
        self.get_record(&places::app(app)).await
    }

    /// An app's settings, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_app_settings(&self, app: AppId) -> Result<AppSettings, StoreError> {
        let settings = self.get_record(&places::app_settings(app)).await?;
        Ok(settings.unwrap_or_default())
    }

    /// An account's apps, oldest first, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_apps(&self, account: AccountId) -> Result<Vec<App>, StoreError> {
        let items = self.items_of_apps(account).await?;
        let apps = items
            .iter()
            .filter_map(|item| read_or_skip(Table::Keys, item, &record));
        let mut apps: Vec<App> = apps.collect();
        apps.sort_by(|a, b| (a.created_at, &a.slug).cmp(&(b.created_at, &b.slug)));
        Ok(apps)
    }

    async fn items_of_apps(&self, account: AccountId) -> Result<Vec<RawItem>, StoreError> {
        let memberships = self.partition(&places::apps_of(account)).await?;
        let place = |item| record::<Membership>(item).map(|membership| places::app(membership.app));
        let places = memberships
            .iter()
            .map(place)
            .collect::<Result<Vec<_>, _>>()?;
        self.get_many(&places).await
    }
}

impl Writer {
    /// Creates an app of an existing account, with its first keys, in one transaction. An account has at most `max`
    /// apps.
    ///
    /// # Errors
    ///
    /// [`CreateAppError::TooMany`] if the account has `max` apps.
    pub async fn create_app(
        &self,
        new: &NewApp,
        settings: &AppSettings,
        max: u32,
    ) -> Result<(), CreateAppError> {
        let account = new.app.account;
        let existing = || async move {
            let apps = self.items_of_apps(account).await?.len();
            Ok(u32::try_from(apps).unwrap_or(u32::MAX))
        };
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let count = places::app_count(account);
            let counted = self.add_one(&mut transaction, Guard::Count, &count, max, existing);
            if counted.await? == Room::Full {
                return Err(CreateAppError::TooMany(max));
            }
            add_to(&mut transaction, self, &Guard::App, new, settings)?;
            let refused = |guards: &[Guard]| match guards.contains(&Guard::App) {
                true => Err(StoreError::exists_already("app").into()),
                false => Ok(Attempt::LostRace),
            };
            transaction.decide_or((), refused).await
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
            let Some(seen) = self.see::<App>(&places::app(app)).await? else {
                return Ok(Attempt::Decided(None));
            };
            let place = places::app_settings(app);
            let seen_settings = self.see::<AppSettings>(&place).await?;
            let settings_before = seen_settings.as_ref().map(|seen| seen.record.clone());
            let settings_before = settings_before.unwrap_or_default();
            let (app, settings) = change(seen.record.clone(), settings_before.clone());
            let mut transaction = Transaction::new(self);
            if (&app, &settings) == (&seen.record, &settings_before) && transaction.is_empty() {
                return Ok(Attempt::Decided(Some((app, settings))));
            }
            // The record's version covers both: they are only ever written together.
            rewrite_in(&mut transaction, self, &(), &seen, &app)?;
            let mut item = Item::new(&place, &settings)?;
            if let Some(seen) = &seen_settings {
                item = seen.keep_in(item)?;
            }
            transaction.put((), item, &Condition::Present)?;
            transaction.decide(Some((app, settings))).await
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
        self.delete_all(&[places::app(app.app)]).await?;
        let mut keys = self.keys_of(app.app).await?;
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
            places::app_slug(slug),
            places::api_key_count(app.app),
            places::app_settings(app.app),
            places::membership(app.account, app.app),
        ])
        .await
    }
}
