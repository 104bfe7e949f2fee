//! Ending what has leaked and is no key: with its line in the audit log, in one transaction.

use model::audit::AuditEvent;
use model::ids::{CalendarFeedId, ResourceId};
use model::key::Credential;
use model::resource::Resource;

use crate::access::{audit, credentials};
use crate::booking::resources;
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::dynamo::version::Versioned;
use crate::{Store, StoreError, Tenant};

impl Store {
    /// Deletes a credential, and says so in the audit log. Deleting it again changes nothing.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn delete_leaked_credential(
        &self,
        credential: &Credential,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        self.until_decided(|| async {
            if self.find_credential(credential.hash).await?.is_none() {
                return Ok(Some(()));
            }
            let mut transaction = Transaction::new(self);
            credentials::remove_in(&mut transaction, &(), credential)?;
            audit::add_to(&mut transaction, &(), event)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(_) | Outcome::Conflict => Ok::<_, StoreError>(None),
            }
        })
        .await
    }

    /// Takes a resource's calendar feed away if it is still this one, and says so in the audit log.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn delete_leaked_feed(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        feed: CalendarFeedId,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        self.until_decided(|| async {
            let key = resources::key(tenant, resource);
            let Some(found) = self.get(crate::Table::Data, &key).await? else {
                return Ok(Some(()));
            };
            let secret = resources::secret(&found);
            let seen = Versioned::<Resource>::read(found)?;
            if seen.record.calendar_feed.is_none_or(|kept| kept.id != feed) {
                return Ok(Some(()));
            }
            let condition = Condition::version(&seen.version);
            let record = Resource {
                calendar_feed: None,
                ..seen.record
            };
            let next = Versioned::new(record, &*self.random);
            let item = resources::item(tenant, &next, &secret)?;
            let mut transaction = Transaction::new(self);
            transaction.put((), crate::Table::Data, item, &condition)?;
            audit::add_to(&mut transaction, &(), event)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(_) | Outcome::Conflict => Ok::<_, StoreError>(None),
            }
        })
        .await
    }
}
