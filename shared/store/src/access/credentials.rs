//! Resource tokens: found by the hash of the token when a request comes, by id or resource when they are managed.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use model::ids::{AppId, CredentialId, ResourceId};
use model::key::{Credential, HashedKey};
use serde::{Deserialize, Serialize};

use crate::booking::resources;
use crate::dynamo::item::{Item, Key, record};
use crate::dynamo::list::{self, Chunk, Walk, sort_key};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table, Tenant};

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
enum Of {
    Resource,
    Credential,
}

fn key(hash: HashedKey) -> Key {
    Key::new(format!("token#{}", hash.to_hex()), "token")
}

fn id_key(app: AppId, id: CredentialId) -> Key {
    Key::new(format!("app#{app}#credential#{id}"), "credential")
}

fn resource_partition(app: AppId, resource: ResourceId) -> String {
    format!("app#{app}#resource#{resource}")
}

fn resource_key(credential: &Credential) -> Key {
    Key::new(
        resource_partition(credential.app, credential.resource),
        format!("credential#{}", credential.id),
    )
}

fn month_prefix(app: AppId) -> String {
    format!("app#{app}#credentials#")
}

/// Adds a new credential and its two pointers to a transaction.
pub(crate) fn add_to<L: Clone>(
    transaction: &mut Transaction<'_, L>,
    label: &L,
    credential: &Credential,
) -> Result<(), StoreError> {
    let pointer = Pointer {
        hash: credential.hash,
    };
    let item = Item::new(&key(credential.hash), credential)?
        .with("created_sk", sort_key(credential.created_at, credential.id))
        .with(
            "month_pk",
            month_prefix(credential.app) + &list::month(credential.created_at),
        );
    let by_id = Item::new(&id_key(credential.app, credential.id), &pointer)?;
    // A credential never changes, so its resource may have a copy: then one query reads all that a resource has.
    let by_resource = Item::new(&resource_key(credential), credential)?;
    for item in [item, by_id, by_resource] {
        transaction.put(label.clone(), Table::Credentials, item, &Condition::Absent)?;
    }
    Ok(())
}

/// Adds the removal of a credential and its two pointers to a transaction.
pub(crate) fn remove_in<L: Clone>(
    transaction: &mut Transaction<'_, L>,
    label: &L,
    credential: &Credential,
) -> Result<(), StoreError> {
    for key in [
        key(credential.hash),
        id_key(credential.app, credential.id),
        resource_key(credential),
    ] {
        transaction.delete(label.clone(), Table::Credentials, &key, None)?;
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
        self.get_record(Table::Credentials, &key(hash)).await
    }

    /// Keeps a new credential, on condition that its resource still exists.
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
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let resource = resources::key(tenant, credential.resource);
            transaction.check(Of::Resource, Table::Data, &resource, &Condition::Present)?;
            add_to(&mut transaction, &Of::Credential, credential)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(of) if of.contains(&Of::Resource) => {
                    Err(CreateCredentialError::ResourceGone)
                }
                Outcome::Refused(_) => Err(CreateCredentialError::HashTaken),
                Outcome::Conflict => Ok(None),
            }
        })
        .await
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
        let pointer: Option<Pointer> = self
            .get_record(Table::Credentials, &id_key(tenant.app, id))
            .await?;
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
        if !tenant.includes(resource) {
            return Ok(Vec::new());
        }
        let items = self
            .partition(
                Table::Credentials,
                &resource_partition(tenant.app, resource),
                "credential#",
            )
            .await?;
        let mut found: Vec<Credential> = Vec::with_capacity(items.len());
        for item in items {
            match record(item)? {
                OfResource::Copy(credential) => found.push(*credential),
                OfResource::Pointer(Pointer { hash }) => {
                    found.extend(self.find_credential(hash).await?);
                }
            }
        }
        found.sort_by_key(|credential| Reverse((credential.created_at, credential.id)));
        Ok(found)
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
        let months = list::by_month(Table::Credentials, month_prefix(app), since, now);
        self.chunk_by_month(&months, walk, record).await
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
                return Ok(Some(false));
            };
            let mut transaction = Transaction::new(self);
            remove_in(&mut transaction, &(), &credential)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(true)),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }
}
