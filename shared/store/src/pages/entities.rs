//! Locations, services, filter collections and widgets, which are kept in the same way.

use chrono::{DateTime, Utc};
use model::filter::FilterCollection;
use model::ids::{AppId, FilterCollectionId, LocationId, ServiceId, WidgetId};
use model::location::{Location, Service};
use model::widget::Widget;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::dynamo::list::month;
use crate::dynamo::{
    Attempt, Chunk, Condition, Item, Listing, MonthlyIndex, Place, Store, StoreError, Transaction,
    Walk, Writer, record,
};
use crate::places::{self, CREATED};
use crate::tenant::Tenant;

/// A kind of [`Entity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntityKind {
    /// A location.
    Location,
    /// A service.
    Service,
    /// Filters under one name.
    FilterCollection,
    /// A widget.
    Widget,
}

/// What has an item of its own below its app, e.g. a location.
pub trait Entity: Clone + PartialEq + Serialize + DeserializeOwned {
    /// What names it.
    type Id: Copy + std::fmt::Display;
    /// Its kind.
    const KIND: EntityKind;

    /// What names this one.
    fn id(&self) -> Self::Id;

    /// The UUID that an id is.
    fn uuid(id: Self::Id) -> Uuid;

    /// When it was created.
    fn created_at(&self) -> DateTime<Utc>;
}

macro_rules! entities {
    ($($entity:ident: $id:ident;)*) => {$(
        impl Entity for $entity {
            type Id = $id;
            const KIND: EntityKind = EntityKind::$entity;

            fn id(&self) -> $id {
                self.id
            }

            fn uuid(id: $id) -> Uuid {
                id.uuid()
            }

            fn created_at(&self) -> DateTime<Utc> {
                self.created_at
            }
        }
    )*};
}

entities! {
    Location: LocationId;
    Service: ServiceId;
    FilterCollection: FilterCollectionId;
    Widget: WidgetId;
}

pub(crate) fn place<E: Entity>(app: AppId, id: E::Id) -> Place {
    let id = E::uuid(id);
    match E::KIND {
        EntityKind::Location => places::location(app, LocationId::new(id)),
        EntityKind::Service => places::service(app, ServiceId::new(id)),
        EntityKind::FilterCollection => places::filter_collection(app, FilterCollectionId::new(id)),
        EntityKind::Widget => places::widget(app, WidgetId::new(id)),
    }
}

fn by_month<E: Entity>(app: AppId) -> Listing {
    match E::KIND {
        EntityKind::Location => places::locations_by_month(app),
        EntityKind::Service => places::services_by_month(app),
        EntityKind::FilterCollection => places::filter_collections_by_month(app),
        EntityKind::Widget => places::widgets_by_month(app),
    }
}

pub(crate) fn item<E: Entity>(store: &Store, app: AppId, entity: &E) -> Result<Item, StoreError> {
    let (id, created_at) = (entity.id(), entity.created_at());
    Ok(Item::new(&place::<E>(app, id), entity)?
        .with("version", store.new_version())
        .with(CREATED, places::by_time(created_at, E::uuid(id)))
        .listed(by_month::<E>(app).of(&month(created_at))))
}

impl Store {
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
        self.get_record(&place::<E>(tenant.app, id)).await
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
        let app = tenant.app;
        let places: Vec<Place> = ids.iter().map(|id| place::<E>(app, *id)).collect();
        self.get_many(&places).await?.iter().map(record).collect()
    }

    /// The tenant's next locations, services or the like in order of creation; `since` is when the app was created.
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
        let months = MonthlyIndex::all(by_month::<E>(tenant.app), since, now);
        self.chunk_by_month(&months, walk, record).await
    }
}

impl Writer {
    /// Creates a location, service or the like.
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
            let item = item(self, tenant.app, entity)?;
            transaction.put((), item, &Condition::Absent)?;
            let exists = |_: &[()]| Err(StoreError::exists_already("entity"));
            transaction.decide_or((), exists).await
        })
        .await
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
            let Some(seen) = self.see::<E>(&place::<E>(tenant.app, id)).await? else {
                return Ok(Attempt::Decided(None));
            };
            let entity = change(seen.record.clone());
            let mut transaction = Transaction::new(self);
            if entity == seen.record && transaction.is_empty() {
                return Ok(Attempt::Decided(Some(entity)));
            }
            let item = seen.keep_in(item(self, tenant.app, &entity)?)?;
            transaction.put((), item, &seen.condition())?;
            transaction.decide(Some(entity)).await
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
            let place = place::<E>(tenant.app, id);
            transaction.delete((), &place, Some(&Condition::Present))?;
            let absent = |_: &[()]| Ok::<_, StoreError>(Attempt::Decided(false));
            transaction.decide_or(true, absent).await
        })
        .await
    }
}
