//! What writes. To read takes a [`Store`], to write a [`Writer`]: two types, so that a change cannot be committed without
//! what belongs to the request that it is made for.

use std::ops::Deref;
use std::sync::Arc;

use model::outbox::Author;

use super::author;
use super::condition::Condition;
use super::error::StoreError;
use super::item::Item;
use super::store::Store;

/// What a writer's transaction writes beside what it was asked to, and is refused for on its own account: the idempotency
/// record of the request that the writer was made for.
pub(crate) trait Companion: Send + Sync {
    /// The item to put, and on which condition. If that does not hold, the transaction was [`StoreError::Replayed`].
    fn item(&self, version: String) -> Result<(Item, Condition), StoreError>;

    /// How many bytes the item has, or somewhat more.
    fn bytes(&self) -> usize;

    /// Called when a transaction with the item has been committed.
    fn committed(&self);
}

/// The tables, to write to: made once for each request, with what its transaction writes beside the change itself, which is
/// the idempotency record, if the request has a key. It knows who the request's changes are made by, for what they tell;
/// what that is follows from the change and not from here. It reads too.
///
/// Only a writer writes, so a handler that has none, or that reaches for the store it reads with, does not compile:
///
/// ```compile_fail,E0599
/// # async fn handler(store: store::Store, tenant: store::Tenant, location: model::location::Location) {
/// store.create_entity(tenant, &location).await;
/// # }
/// ```
///
/// ```
/// # async fn handler(writer: store::Writer, tenant: store::Tenant, location: model::location::Location) {
/// let _created = writer.create_entity(tenant, &location).await;
/// # }
/// ```
#[derive(Clone)]
pub struct Writer {
    store: Store,
    pub(super) companion: Option<Arc<dyn Companion>>,
    author: Author,
}

impl Writer {
    pub(crate) fn with(store: &Store, companion: Arc<dyn Companion>) -> Self {
        Self {
            store: store.clone(),
            companion: Some(companion),
            author: author::current(),
        }
    }

    /// Who the changes are made by.
    pub(crate) const fn author(&self) -> &Author {
        &self.author
    }

    /// The same writer, for changes that are made `by` another than who is known of the request: the holder of a link.
    #[must_use]
    pub fn by(mut self, by: &str) -> Self {
        by.clone_into(&mut self.author.by);
        self
    }
}

impl Store {
    /// A writer for a request without an idempotency key, or for what belongs to no request.
    pub fn writer(&self) -> Writer {
        Writer {
            store: self.clone(),
            companion: None,
            author: author::current(),
        }
    }
}

impl Deref for Writer {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}
