//! Resources, with their calendars in the same item, their e-mail pointers, and what goes with them: the pointers of
//! their calendars, their events, and credentials, which live in a table of their own.

use chrono::{DateTime, Utc};
use model::ids::{AppId, ResourceId};
use model::key::Credential;
use model::outbox;
use model::resource::Resource;
use serde::{Deserialize, Serialize};

use crate::access::credentials;
use crate::booking::calendar_pointers;
use crate::dynamo::list::month;
use crate::dynamo::{
    Attempt, Chunk, Condition, Expected, Item, MonthlyIndex, Place, RawItem, Seen, Stale, Store,
    StoreError, Table, Transaction, Versioned, Walk, Writer, read_or_skip, record, text,
};
use crate::outbox::tell_in;
use crate::places::{self, CREATED};
use crate::tenant::Tenant;

/// A resource could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum CreateResourceError {
    /// Another resource of the app has this e-mail address.
    #[error("another resource of the app has this e-mail address")]
    EmailTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A resource could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeResourceError {
    /// There is no such resource for the tenant.
    #[error("there is no such resource")]
    NotFound,
    /// It is not in the state that was expected.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a resource signs in with: only ever a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceSecret {
    /// Its password, hashed with argon2id; none if it was never given one.
    pub password_hash: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct EmailPointer {
    resource: ResourceId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    Resource,
    Email,
    Other,
}

pub(crate) fn item(
    app: AppId,
    Versioned {
        record: resource,
        version,
    }: &Versioned<Resource>,
    secret: &ResourceSecret,
) -> Result<Item, StoreError> {
    let item = Item::new(&places::resource(app, resource.id), resource)?
        .with("version", version.as_str())
        .with(CREATED, places::by_time(resource.created_at, resource.id))
        .listed(places::resources_by_month(app).of(&month(resource.created_at)));
    Ok(match &secret.password_hash {
        Some(hash) => item.with("password_hash", hash),
        None => item,
    })
}

pub(crate) fn secret(item: &RawItem) -> ResourceSecret {
    ResourceSecret {
        password_hash: text(item, "password_hash"),
    }
}

impl Store {
    /// Reads a resource, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; a resource outside the tenant is `None`.
    pub async fn get_resource(
        &self,
        tenant: Tenant,
        id: ResourceId,
    ) -> Result<Option<Resource>, StoreError> {
        let found = self.get_versioned_resource(tenant, id).await?;
        Ok(found.map(|found| found.record))
    }

    /// As [`Store::get_resource`], with the resource's version.
    ///
    /// # Errors
    ///
    /// Only if the store fails; a resource outside the tenant is `None`.
    pub async fn get_versioned_resource(
        &self,
        tenant: Tenant,
        id: ResourceId,
    ) -> Result<Option<Versioned<Resource>>, StoreError> {
        if !tenant.includes(id) {
            return Ok(None);
        }
        let found = self.get(&places::resource(tenant.app, id)).await?;
        found.as_ref().map(Versioned::read).transpose()
    }

    /// How many bookings a resource takes at once.
    ///
    /// # Errors
    ///
    /// Only if the store fails. A resource that is gone takes one.
    pub(crate) async fn capacity(&self, tenant: Tenant, id: ResourceId) -> Result<u32, StoreError> {
        let resource = self.get_resource(tenant, id).await?;
        Ok(resource.map_or(1, |resource| resource.capacity))
    }

    /// Reads many resources, strongly consistent, in no order; those that do not exist are left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_resources(
        &self,
        tenant: Tenant,
        ids: &[ResourceId],
    ) -> Result<Vec<Resource>, StoreError> {
        let items = self.items_of_resources(tenant, ids).await?;
        items.iter().map(record).collect()
    }

    /// As [`Store::get_resources`], for lists: those that cannot be read are left out too.
    pub(crate) async fn readable_resources(
        &self,
        tenant: Tenant,
        ids: &[ResourceId],
    ) -> Result<Vec<Resource>, StoreError> {
        let items = self.items_of_resources(tenant, ids).await?;
        let items = items.iter();
        Ok(items
            .filter_map(|item| read_or_skip(Table::Data, item, &record))
            .collect())
    }

    async fn items_of_resources(
        &self,
        tenant: Tenant,
        ids: &[ResourceId],
    ) -> Result<Vec<RawItem>, StoreError> {
        let ids = ids.iter().filter(|id| tenant.includes(**id));
        let places: Vec<Place> = ids.map(|id| places::resource(tenant.app, *id)).collect();
        self.get_many(&places).await
    }

    /// Finds a resource by its e-mail address, with what it signs in with.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_resource_by_email(
        &self,
        tenant: Tenant,
        email: &str,
    ) -> Result<Option<(Resource, ResourceSecret)>, StoreError> {
        let pointer: Option<EmailPointer> = self
            .get_record(&places::resource_email(tenant.app, email))
            .await?;
        let Some(EmailPointer { resource }) = pointer else {
            return Ok(None);
        };
        if !tenant.includes(resource) {
            return Ok(None);
        }
        let Some(item) = self.get(&places::resource(tenant.app, resource)).await? else {
            return Ok(None);
        };
        Ok(Some((record(&item)?, secret(&item))))
    }

    /// The tenant's next resources in order of creation; `since` is when the app was made.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_resources(
        &self,
        tenant: Tenant,
        since: DateTime<Utc>,
        walk: &Walk<'_>,
        now: DateTime<Utc>,
    ) -> Result<Chunk<Resource>, StoreError> {
        let months = MonthlyIndex::all(places::resources_by_month(tenant.app), since, now);
        self.chunk_by_month(&months, walk, record).await
    }
}

impl Writer {
    /// Creates a resource with its first credentials, in one transaction.
    ///
    /// # Errors
    ///
    /// [`CreateResourceError::EmailTaken`] if the address is another resource's of this app.
    pub async fn create_resource(
        &self,
        tenant: Tenant,
        resource: &Versioned<Resource>,
        secret: &ResourceSecret,
        first_credentials: &[Credential],
    ) -> Result<(), CreateResourceError> {
        let app = tenant.app;
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let mut resource = resource.clone();
            let record = &mut resource.record;
            calendar_pointers::name_in(&mut transaction, Guard::Other, app, &[], record)?;
            let new = item(app, &resource, secret)?;
            transaction.put(Guard::Resource, new, &Condition::Absent)?;
            let resource = &resource.record;
            if let Some(email) = &resource.email {
                let pointer = EmailPointer {
                    resource: resource.id,
                };
                let pointer = Item::new(&places::resource_email(app, email), &pointer)?;
                transaction.put(Guard::Email, pointer, &Condition::Absent)?;
            }
            let told = outbox::of_resource(resource.id, None, Some(resource));
            tell_in(&mut transaction, Guard::Other, app, told)?;
            for credential in first_credentials {
                credentials::add_to(&mut transaction, &Guard::Other, credential)?;
            }
            let refused = |guards: &[Guard]| match guards.contains(&Guard::Email) {
                true => Err(CreateResourceError::EmailTaken),
                false => Err(StoreError::exists_already("resource").into()),
            };
            transaction.decide_or((), refused).await
        })
        .await
    }

    /// Applies `change` to a resource, if it is in a state that is `expected`, on condition that nobody else changed it
    /// meanwhile; if so, asks again. The e-mail address is not changed here: it is the resource's second name.
    ///
    /// # Errors
    ///
    /// As [`ChangeResourceError`] says; nothing is changed then.
    pub async fn change_resource(
        &self,
        tenant: Tenant,
        id: ResourceId,
        expected: &Expected,
        change: impl Fn(Resource, ResourceSecret) -> (Resource, ResourceSecret),
    ) -> Result<Versioned<Resource>, ChangeResourceError> {
        let change = |resource: Versioned<Resource>, secret| {
            let (record, secret) = change(resource.record, secret);
            Ok((Versioned { record, ..resource }, secret))
        };
        self.try_change_resource(tenant, id, expected, change).await
    }

    /// As [`Store::change_resource`], where `change` may refuse. It is given the resource with the version that it will be
    /// written with.
    ///
    /// # Errors
    ///
    /// As [`ChangeResourceError`] says, or `change`; nothing is changed then.
    pub(crate) async fn try_change_resource<E>(
        &self,
        tenant: Tenant,
        id: ResourceId,
        expected: &Expected,
        change: impl Fn(
            Versioned<Resource>,
            ResourceSecret,
        ) -> Result<(Versioned<Resource>, ResourceSecret), E>,
    ) -> Result<Versioned<Resource>, E>
    where
        E: From<ChangeResourceError> + From<StoreError>,
    {
        if !tenant.includes(id) {
            return Err(ChangeResourceError::NotFound.into());
        }
        self.until_decided(|| async {
            let place = places::resource(tenant.app, id);
            let found = self
                .get(&place)
                .await?
                .ok_or(ChangeResourceError::NotFound)?;
            let secret = secret(&found);
            let Versioned { record, version } = Versioned::<Resource>::read(&found)?;
            let seen = Seen::new(record, found);
            let stale = |stale| E::from(ChangeResourceError::Stale(stale));
            expected.check(&version).map_err(stale)?;
            let next = Versioned::new(seen.record.clone(), &*self.random);
            let before = secret.clone();
            let (mut resource, secret) = change(next, secret)?;
            let mut transaction = Transaction::new(self);
            if resource.record == seen.record && secret == before && transaction.is_empty() {
                let record = seen.record;
                return Ok(Attempt::Decided(Versioned { record, version }));
            }
            let calendars = &seen.record.calendars;
            let record = &mut resource.record;
            calendar_pointers::name_in(
                &mut transaction,
                Guard::Other,
                tenant.app,
                calendars,
                record,
            )?;
            // What it signs in with counts too, and is not told.
            let (old, new) = ((&seen.record, &before), (&resource.record, &secret));
            let told = outbox::of_resource(id, Some(&old), Some(&new));
            tell_in(&mut transaction, Guard::Other, tenant.app, told)?;
            let item = seen.keep_in(item(tenant.app, &resource, &secret)?)?;
            transaction.put(Guard::Resource, item, &seen.condition())?;
            Ok(transaction.decide(resource).await?)
        })
        .await
    }
}
