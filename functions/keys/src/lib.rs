//! Keys: what an app calls with. One file per operation.

mod create_key;
mod get_key;
mod get_me;
mod import_key;
mod key_fields;
mod list_keys;
mod revoke_key;
mod view;

use api::{Operations, routes};
use auth::Access;
use model::scope::Scope;

/// This function's operations.
pub fn operations() -> Operations {
    let read = Access::scope(Scope::KeysRead);
    let write = Access::scope(Scope::KeysWrite);
    Operations::new()
        .add(routes!(list_keys::list_keys), read)
        .add(routes!(create_key::create_key), write)
        .add(routes!(import_key::import_key), write)
        .add(routes!(get_key::get_key), read)
        .add(routes!(revoke_key::revoke_key), write)
        .add(routes!(get_me::get_me), Access::any_caller())
}
