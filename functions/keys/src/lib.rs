//! Keys: what an app calls with. One file per operation.

mod audit_event;
mod create_key;
mod create_timetime_api_key;
mod get_key;
mod get_key_usage;
mod get_me;
mod get_timetime_me;
mod import_key;
mod key_fields;
mod leaked;
mod list_audit_events;
mod list_keys;
mod list_timetime_api_keys;
mod report_leaked_keys;
mod revoke_key;
mod rotate_key;
mod update_key;
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
        .add(routes!(update_key::update_key), write)
        .add(routes!(rotate_key::rotate_key), write)
        .add(routes!(revoke_key::revoke_key), write)
        .add(routes!(get_key_usage::get_key_usage), read)
        .add(
            routes!(report_leaked_keys::report_leaked_keys),
            Access::anonymous_at_most(10),
        )
        .add(
            routes!(list_audit_events::list_audit_events),
            Access::scope(Scope::AuditRead),
        )
        .add(routes!(get_me::get_me), Access::any_caller())
        .add(routes!(get_timetime_me::get_timetime_me), Access::any_key())
        .add(
            routes!(list_timetime_api_keys::list_timetime_api_keys),
            read,
        )
        .add(
            routes!(create_timetime_api_key::create_timetime_api_key),
            write,
        )
}
