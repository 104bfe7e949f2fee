//! Locations and services, which are kept in the same way.

use chrono::{DateTime, Utc};
use model::ids::{LocationId, ServiceId};
use model::location::{Location, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::item::{Item, Key, record, text};
use crate::list::{self, Chunk, Walk, sort_key};
use crate::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table, Tenant};

/// What has an item of its own below its app and nothing else: a location or a service.
pub trait Place: Serialize + DeserializeOwned {
    /// What names it.
    type Id: Copy + std::fmt::Display;
    /// What it is called in keys.
    const KIND: &'static str;

    /// What names this one.
    fn id(&self) -> Self::Id;

    /// When it was made.
    fn created_at(&self) -> DateTime<Utc>;
}

impl Place for Location {
    type Id = LocationId;
    const KIND: &'static str = "location";

    fn id(&self) -> LocationId {
        self.id
    }

    fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }
}

impl Place for Service {
    type Id = ServiceId;
    const KIND: &'static str = "service";

    fn id(&self) -> ServiceId {
        self.id
    }

    fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }
}

fn key<P: Place>(tenant: Tenant, id: P::Id) -> Key {
    Key::new(format!("app#{}#{}#{id}", tenant.app, P::KIND), P::KIND)
}

fn month_prefix<P: Place>(tenant: Tenant) -> String {
    format!("app#{}#{}s#", tenant.app, P::KIND)
}

fn item<P: Place>(store: &Store, tenant: Tenant, place: &P) -> Result<Item, StoreError> {
    Ok(Item::new(&key::<P>(tenant, place.id()), place)?
        .with("version", store.new_version())
        .with("created_sk", sort_key(place.created_at(), place.id()))
        .with(
            "month_pk",
            month_prefix::<P>(tenant) + &list::month(place.created_at()),
        ))
}

impl Store {
    /// Keeps a new location or service.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn create_place<P: Place>(
        &self,
        tenant: Tenant,
        place: &P,
    ) -> Result<(), StoreError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let item = item(self, tenant, place)?;
            transaction.put((), Table::Data, item, &Condition::Absent)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(_) => Err(StoreError::broken(
                    "TransactWriteItems",
                    "a new location's or service's id exists already",
                )),
                Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Reads a location or service, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; one outside the tenant is `None`.
    pub async fn get_place<P: Place>(
        &self,
        tenant: Tenant,
        id: P::Id,
    ) -> Result<Option<P>, StoreError> {
        self.get_record(Table::Data, &key::<P>(tenant, id)).await
    }

    /// Reads many locations or services, strongly consistent, in no order; those that do not exist are left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_places<P: Place>(
        &self,
        tenant: Tenant,
        ids: &[P::Id],
    ) -> Result<Vec<P>, StoreError> {
        let keys: Vec<Key> = ids.iter().map(|id| key::<P>(tenant, *id)).collect();
        self.get_many(Table::Data, &keys)
            .await?
            .into_iter()
            .map(record)
            .collect()
    }

    /// Applies `change` to a location or service on condition that nobody else changed it meanwhile; if so, asks again.
    ///
    /// # Errors
    ///
    /// Only if the store fails; one outside the tenant is `None`.
    pub async fn change_place<P: Place>(
        &self,
        tenant: Tenant,
        id: P::Id,
        change: impl Fn(P) -> P,
    ) -> Result<Option<P>, StoreError> {
        self.until_decided(|| async {
            let Some(found) = self.get(Table::Data, &key::<P>(tenant, id)).await? else {
                return Ok(Some(None));
            };
            let condition = Condition::as_seen(text(&found, "version"));
            let place = change(record(found)?);
            let mut transaction = Transaction::new(self);
            transaction.put((), Table::Data, item(self, tenant, &place)?, &condition)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(Some(place))),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Deletes a location or service. Projects that name it keep its id.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if there is none for the tenant.
    pub async fn delete_place<P: Place>(
        &self,
        tenant: Tenant,
        id: P::Id,
    ) -> Result<bool, StoreError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let key = key::<P>(tenant, id);
            transaction.delete((), Table::Data, &key, Some(&Condition::Present))?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(true)),
                Outcome::Refused(_) => Ok(Some(false)),
                Outcome::Conflict => Ok::<_, StoreError>(None),
            }
        })
        .await
    }

    /// The tenant's next locations or services in order of creation; `since` is when the app was made.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_places<P: Place>(
        &self,
        tenant: Tenant,
        since: DateTime<Utc>,
        walk: &Walk<'_>,
        now: DateTime<Utc>,
    ) -> Result<Chunk<P>, StoreError> {
        let months = list::by_month(Table::Data, month_prefix::<P>(tenant), since, now);
        self.chunk_by_month(&months, walk, record).await
    }
}
