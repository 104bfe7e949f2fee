//! Ending what has leaked and is no key: with its line in the audit log, in one transaction.

use model::audit::AuditEvent;
use model::ids::{CalendarFeedId, ResourceId};
use model::key::Credential;
use model::outbox;
use model::resource::Resource;

use crate::access::{audit, credentials};
use crate::booking::resources;
use crate::dynamo::{Attempt, Seen, StoreError, Transaction, Versioned, Writer};
use crate::outbox::tell_in;
use crate::places;
use crate::tenant::Tenant;

impl Writer {
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
                return Ok(Attempt::Decided(()));
            }
            let mut transaction = Transaction::new(self);
            credentials::remove_in(&mut transaction, &(), credential)?;
            audit::add_to(&mut transaction, &(), event)?;
            transaction.decide(()).await
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
            let Some(found) = self.get(&places::resource(tenant.app, resource)).await? else {
                return Ok(Attempt::Decided(()));
            };
            let secret = resources::secret(&found);
            let seen = Seen::<Resource>::read(found)?;
            if seen.record.calendar_feed.is_none_or(|kept| kept.id != feed) {
                return Ok(Attempt::Decided(()));
            }
            let record = Resource {
                calendar_feed: None,
                ..seen.record.clone()
            };
            let next = Versioned::new(record, &*self.random);
            let item = seen.keep_in(resources::item(tenant.app, &next, &secret)?)?;
            let mut transaction = Transaction::new(self);
            transaction.put((), item, &seen.condition())?;
            audit::add_to(&mut transaction, &(), event)?;
            let told = outbox::of_resource(resource, Some(&seen.record), Some(&next.record));
            tell_in(&mut transaction, (), tenant.app, told)?;
            transaction.decide(()).await
        })
        .await
    }
}
