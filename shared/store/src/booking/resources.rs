//! Resources, with their calendars in the same item, their e-mail pointers, and what goes with them: the pointers of
//! their calendars, their events, and credentials, which live in a table of their own.

use chrono::{DateTime, Utc};
use model::ids::ResourceId;
use model::key::Credential;
use model::resource::Resource;
use serde::{Deserialize, Serialize};

use crate::access::credentials;
use crate::booking::calendars;
use crate::dynamo::item::{Item, Key, RawItem, record, text};
use crate::dynamo::list::{self, Chunk, Walk, sort_key};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::dynamo::version::{Expected, Stale, Versioned};
use crate::{Store, StoreError, Table, Tenant};

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
pub(crate) enum Of {
    Resource,
    Email,
    Other,
}

/// Where a resource is.
pub(crate) fn key(tenant: Tenant, id: ResourceId) -> Key {
    Key::new(format!("app#{}#resource#{id}", tenant.app), "resource")
}

pub(crate) fn email_key(tenant: Tenant, email: &str) -> Key {
    Key::new(
        format!("app#{}#email#{}", tenant.app, model::text::email_key(email)),
        "resource",
    )
}

fn month_prefix(tenant: Tenant) -> String {
    format!("app#{}#resources#", tenant.app)
}

pub(crate) fn item(
    tenant: Tenant,
    Versioned {
        record: resource,
        version,
    }: &Versioned<Resource>,
    secret: &ResourceSecret,
) -> Result<Item, StoreError> {
    let item = Item::new(&key(tenant, resource.id), resource)?
        .with("version", version.as_str())
        .with("created_sk", sort_key(resource.created_at, resource.id))
        .with(
            "month_pk",
            month_prefix(tenant) + &list::month(resource.created_at),
        );
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
    /// Keeps a new resource with its first credentials, in one transaction.
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
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let mut resource = resource.clone();
            calendars::name_in(
                &mut transaction,
                Of::Other,
                tenant,
                &[],
                &mut resource.record,
            )?;
            transaction.put(
                Of::Resource,
                Table::Data,
                item(tenant, &resource, secret)?,
                &Condition::Absent,
            )?;
            if let Some(email) = &resource.record.email {
                let pointer = Item::new(
                    &email_key(tenant, email),
                    &EmailPointer {
                        resource: resource.record.id,
                    },
                )?;
                transaction.put(Of::Email, Table::Data, pointer, &Condition::Absent)?;
            }
            for credential in first_credentials {
                credentials::add_to(&mut transaction, &Of::Other, credential)?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(of) if of.contains(&Of::Email) => {
                    Err(CreateResourceError::EmailTaken)
                }
                Outcome::Refused(_) => Err(StoreError::broken(
                    "TransactWriteItems",
                    "a new resource's id exists already",
                )
                .into()),
                Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

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
        let found = self.get(Table::Data, &key(tenant, id)).await?;
        found.map(Versioned::read).transpose()
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
        let keys: Vec<Key> = ids
            .iter()
            .filter(|id| tenant.includes(**id))
            .map(|id| key(tenant, *id))
            .collect();
        self.get_many(Table::Data, &keys)
            .await?
            .into_iter()
            .map(record)
            .collect()
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
            .get_record(Table::Data, &email_key(tenant, email))
            .await?;
        let Some(EmailPointer { resource }) = pointer else {
            return Ok(None);
        };
        if !tenant.includes(resource) {
            return Ok(None);
        }
        let Some(item) = self.get(Table::Data, &key(tenant, resource)).await? else {
            return Ok(None);
        };
        let secret = secret(&item);
        Ok(Some((record(item)?, secret)))
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
            let found = self.get(Table::Data, &key(tenant, id)).await?;
            let found = found.ok_or(ChangeResourceError::NotFound)?;
            let secret = secret(&found);
            let seen = Versioned::<Resource>::read(found)?;
            let stale = |stale| E::from(ChangeResourceError::Stale(stale));
            expected.check(&seen.version).map_err(stale)?;
            let calendars = seen.record.calendars.clone();
            let next = Versioned::new(seen.record.clone(), &*self.random);
            let before = secret.clone();
            let (mut resource, secret) = change(next, secret)?;
            let mut transaction = Transaction::new(self);
            if resource.record == seen.record && secret == before && transaction.is_empty() {
                return Ok(Some(seen));
            }
            let record = &mut resource.record;
            calendars::name_in(&mut transaction, Of::Other, tenant, &calendars, record)?;
            let item = item(tenant, &resource, &secret)?;
            transaction.put(
                Of::Resource,
                Table::Data,
                item,
                &Condition::version(&seen.version),
            )?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(resource)),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
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
        let months = list::by_month(Table::Data, month_prefix(tenant), since, now);
        self.chunk_by_month(&months, walk, record).await
    }
}
