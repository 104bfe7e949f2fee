//! An app's public record as an item, which its keys change too.

use model::app::App;

use crate::dynamo::{Item, Seen, Store, StoreError, Transaction};
use crate::places;

pub(super) fn item(store: &Store, app: &App) -> Result<Item, StoreError> {
    Ok(Item::new(&places::app(app.id), app)?.with("version", store.new_version()))
}

/// Adds an app's changed public record to a transaction.
pub(crate) fn rewrite_in<G: Clone>(
    transaction: &mut Transaction<'_, G>,
    store: &Store,
    guard: &G,
    seen: &Seen<App>,
    app: &App,
) -> Result<(), StoreError> {
    let item = seen.keep_in(item(store, app)?)?;
    transaction.put(guard.clone(), item, &seen.condition())
}
