//! Locations, services, filter collections and widgets, which are kept in the same way.

use chrono::{DateTime, Utc};
use model::filter::FilterCollection;
use model::ids::{FilterCollectionId, LocationId, ServiceId, WidgetId};
use model::location::{Location, Service};
use model::widget::Widget;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dynamo::item::{Item, Key, record, text};
use crate::dynamo::list::{self, Chunk, Walk, sort_key};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table, Tenant};

/// What has an item of its own below its app and nothing else: a location, say.
pub trait Entity: Clone + PartialEq + Serialize + DeserializeOwned {
    /// What names it.
    type Id: Copy + std::fmt::Display;
    /// What it is called in keys.
    const KIND: &'static str;

    /// What names this one.
    fn id(&self) -> Self::Id;

    /// When it was made.
    fn created_at(&self) -> DateTime<Utc>;
}

impl Entity for Location {
    type Id = LocationId;
    const KIND: &'static str = "location";

    fn id(&self) -> LocationId {
        self.id
    }

    fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }
}

impl Entity for Service {
    type Id = ServiceId;
    const KIND: &'static str = "service";

    fn id(&self) -> ServiceId {
        self.id
    }

    fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }
}

impl Entity for FilterCollection {
    type Id = FilterCollectionId;
    const KIND: &'static str = "filtercollection";

    fn id(&self) -> FilterCollectionId {
        self.id
    }

    fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }
}

impl Entity for Widget {
    type Id = WidgetId;
    const KIND: &'static str = "widget";

    fn id(&self) -> WidgetId {
        self.id
    }

    fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }
}

pub(crate) fn key<E: Entity>(tenant: Tenant, id: E::Id) -> Key {
    Key::new(format!("app#{}#{}#{id}", tenant.app, E::KIND), E::KIND)
}

fn month_prefix<E: Entity>(tenant: Tenant) -> String {
    format!("app#{}#{}s#", tenant.app, E::KIND)
}

pub(crate) fn item<E: Entity>(
    store: &Store,
    tenant: Tenant,
    entity: &E,
) -> Result<Item, StoreError> {
    Ok(Item::new(&key::<E>(tenant, entity.id()), entity)?
        .with("version", store.new_version())
        .with("created_sk", sort_key(entity.created_at(), entity.id()))
        .with(
            "month_pk",
            month_prefix::<E>(tenant) + &list::month(entity.created_at()),
        ))
}

impl Store {
    /// Keeps a new location, service or the like.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn create_entity<E: Entity>(
        &self,
        tenant: Tenant,
        entity: &E,
    ) -> Result<(), StoreError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let item = item(self, tenant, entity)?;
            transaction.put((), Table::Data, item, &Condition::Absent)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(_) => Err(StoreError::broken(
                    "TransactWriteItems",
                    "a new entity's id exists already",
                )),
                Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Reads a location, service or the like, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; one outside the tenant is `None`.
    pub async fn get_entity<E: Entity>(
        &self,
        tenant: Tenant,
        id: E::Id,
    ) -> Result<Option<E>, StoreError> {
        self.get_record(Table::Data, &key::<E>(tenant, id)).await
    }

    /// Reads many locations, services or the like, strongly consistent, in no order; those that do not exist are left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_entities<E: Entity>(
        &self,
        tenant: Tenant,
        ids: &[E::Id],
    ) -> Result<Vec<E>, StoreError> {
        let keys: Vec<Key> = ids.iter().map(|id| key::<E>(tenant, *id)).collect();
        self.get_many(Table::Data, &keys)
            .await?
            .into_iter()
            .map(record)
            .collect()
    }

    /// Applies `change` to a location, service or the like on condition that nobody else changed it meanwhile; if so, asks again.
    ///
    /// # Errors
    ///
    /// Only if the store fails; one outside the tenant is `None`.
    pub async fn change_entity<E: Entity>(
        &self,
        tenant: Tenant,
        id: E::Id,
        change: impl Fn(E) -> E,
    ) -> Result<Option<E>, StoreError> {
        self.until_decided(|| async {
            let Some(found) = self.get(Table::Data, &key::<E>(tenant, id)).await? else {
                return Ok(Some(None));
            };
            let condition = Condition::as_seen(text(&found, "version"));
            let before: E = record(found)?;
            let entity = change(before.clone());
            let mut transaction = Transaction::new(self);
            if entity == before && transaction.is_empty() {
                return Ok(Some(Some(entity)));
            }
            transaction.put((), Table::Data, item(self, tenant, &entity)?, &condition)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(Some(entity))),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Deletes a location, service or the like. Projects that name it keep its id.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if there is none for the tenant.
    pub async fn delete_entity<E: Entity>(
        &self,
        tenant: Tenant,
        id: E::Id,
    ) -> Result<bool, StoreError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let key = key::<E>(tenant, id);
            transaction.delete((), Table::Data, &key, Some(&Condition::Present))?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(true)),
                Outcome::Refused(_) => Ok(Some(false)),
                Outcome::Conflict => Ok::<_, StoreError>(None),
            }
        })
        .await
    }

    /// The tenant's next locations, services or the like in order of creation; `since` is when the app was made.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_entities<E: Entity>(
        &self,
        tenant: Tenant,
        since: DateTime<Utc>,
        walk: &Walk<'_>,
        now: DateTime<Utc>,
    ) -> Result<Chunk<E>, StoreError> {
        let months = list::by_month(Table::Data, month_prefix::<E>(tenant), since, now);
        self.chunk_by_month(&months, walk, record).await
    }
}
