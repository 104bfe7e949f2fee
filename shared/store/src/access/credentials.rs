//! Resource tokens: found by the hash of the token when a request comes, by id or resource when they are managed.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use model::ids::{AppId, CredentialId, ResourceId};
use model::key::{Credential, HashedKey};
use serde::{Deserialize, Serialize};

use crate::dynamo::list::month;
use crate::dynamo::{
    Attempt, Chunk, Condition, Item, MonthlyIndex, RawItem, Store, StoreError, Table, Transaction,
    Walk, Writer, read_or_skip, record,
};
use crate::places::{self, CREATED};
use crate::tenant::Tenant;

/// A credential could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum CreateCredentialError {
    /// There is no such resource for the tenant, or not any more.
    #[error("the resource does not exist")]
    ResourceGone,
    /// A token with this hash exists.
    #[error("a token with this hash exists")]
    HashTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
struct Pointer {
    hash: HashedKey,
}

/// What stands at a resource for each of its credentials.
#[derive(Deserialize)]
#[serde(untagged)]
enum OfResource {
    /// The credential itself.
    Copy(Box<Credential>),
    /// Where it is: what older versions wrote.
    Pointer(Pointer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    Resource,
    Credential,
}

/// Adds a new credential and its two pointers to a transaction.
pub(crate) fn add_to<G: Clone>(
    transaction: &mut Transaction<'_, G>,
    guard: &G,
    credential: &Credential,
) -> Result<(), StoreError> {
    let Credential { app, id, hash, .. } = *credential;
    let created_at = credential.created_at;
    let by_hash = Item::new(&places::credential(hash), credential)?
        .with(CREATED, places::by_time(created_at, id))
        .listed(places::credentials_by_month(app).of(&month(created_at)));
    let by_id = Item::new(&places::credential_pointer(app, id), &Pointer { hash })?;
    // A credential never changes, so its resource may have a copy: then one query reads all that a resource has.
    let of_resource = places::credential_of_resource(app, credential.resource, id);
    let by_resource = Item::new(&of_resource, credential)?;
    for item in [by_hash, by_id, by_resource] {
        transaction.put(guard.clone(), item, &Condition::Absent)?;
    }
    Ok(())
}

/// Adds the removal of a credential and its two pointers to a transaction.
pub(crate) fn remove_in<G: Clone>(
    transaction: &mut Transaction<'_, G>,
    guard: &G,
    credential: &Credential,
) -> Result<(), StoreError> {
    let Credential { app, id, hash, .. } = *credential;
    for place in [
        places::credential(hash),
        places::credential_pointer(app, id),
        places::credential_of_resource(app, credential.resource, id),
    ] {
        transaction.delete(guard.clone(), &place, None)?;
    }
    Ok(())
}

impl Store {
    /// Finds a credential by its token's hash, strongly consistent. This is how a tenant is found, so it takes none.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_credential(&self, hash: HashedKey) -> Result<Option<Credential>, StoreError> {
        self.get_record(&places::credential(hash)).await
    }

    /// A credential by its id, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; one outside the tenant is `None`.
    pub async fn get_credential(
        &self,
        tenant: Tenant,
        id: CredentialId,
    ) -> Result<Option<Credential>, StoreError> {
        let place = places::credential_pointer(tenant.app, id);
        let pointer: Option<Pointer> = self.get_record(&place).await?;
        let Some(Pointer { hash }) = pointer else {
            return Ok(None);
        };
        let credential = self.find_credential(hash).await?;
        Ok(credential.filter(|credential| tenant.includes(credential.resource)))
    }

    /// A resource's credentials, newest first, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_credentials_of(
        &self,
        tenant: Tenant,
        resource: ResourceId,
    ) -> Result<Vec<Credential>, StoreError> {
        let items = self.items_of_credentials(tenant, resource).await?;
        let mut found: Vec<Credential> = Vec::with_capacity(items.len());
        for item in &items {
            match read_or_skip(Table::Credentials, item, &record) {
                Some(OfResource::Copy(credential)) => found.push(*credential),
                Some(OfResource::Pointer(Pointer { hash })) => {
                    found.extend(self.find_credential(hash).await?);
                }
                None => {}
            }
        }
        found.sort_by_key(|credential| Reverse((credential.created_at, credential.id)));
        Ok(found)
    }

    /// As [`Store::list_credentials_of`], for decisions: one that cannot be read is an error.
    pub(crate) async fn credentials_of(
        &self,
        tenant: Tenant,
        resource: ResourceId,
    ) -> Result<Vec<Credential>, StoreError> {
        let items = self.items_of_credentials(tenant, resource).await?;
        let mut found = Vec::with_capacity(items.len());
        for item in &items {
            match record(item)? {
                OfResource::Copy(credential) => found.push(*credential),
                OfResource::Pointer(Pointer { hash }) => {
                    found.extend(self.find_credential(hash).await?);
                }
            }
        }
        Ok(found)
    }

    async fn items_of_credentials(
        &self,
        tenant: Tenant,
        resource: ResourceId,
    ) -> Result<Vec<RawItem>, StoreError> {
        if !tenant.includes(resource) {
            return Ok(Vec::new());
        }
        let partition = places::credentials_of(tenant.app, resource);
        self.partition(&partition).await
    }

    /// The app's next credentials in order of creation; `since` is when the app was made.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_credentials(
        &self,
        app: AppId,
        since: DateTime<Utc>,
        walk: &Walk<'_>,
        now: DateTime<Utc>,
    ) -> Result<Chunk<Credential>, StoreError> {
        let months = MonthlyIndex::all(places::credentials_by_month(app), since, now);
        self.chunk_by_month(&months, walk, record).await
    }
}

impl Writer {
    /// Creates a credential, on condition that its resource still exists.
    ///
    /// # Errors
    ///
    /// As [`CreateCredentialError`] says; nothing is kept then.
    pub async fn create_credential(
        &self,
        tenant: Tenant,
        credential: &Credential,
    ) -> Result<(), CreateCredentialError> {
        if !tenant.includes(credential.resource) {
            return Err(CreateCredentialError::ResourceGone);
        }
        let resource = places::resource(tenant.app, credential.resource);
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            transaction.check(Guard::Resource, &resource, &Condition::Present)?;
            add_to(&mut transaction, &Guard::Credential, credential)?;
            let refused = |guards: &[Guard]| match guards.contains(&Guard::Resource) {
                true => Err(CreateCredentialError::ResourceGone),
                false => Err(CreateCredentialError::HashTaken),
            };
            transaction.decide_or((), refused).await
        })
        .await
    }

    /// Deletes a credential: its token is refused from the next request on.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if there is none for the tenant.
    pub async fn delete_credential(
        &self,
        tenant: Tenant,
        id: CredentialId,
    ) -> Result<bool, StoreError> {
        self.until_decided(|| async {
            let Some(credential) = self.get_credential(tenant, id).await? else {
                return Ok(Attempt::Decided(false));
            };
            let mut transaction = Transaction::new(self);
            remove_in(&mut transaction, &(), &credential)?;
            transaction.decide(true).await
        })
        .await
    }
}
