//! Keys: what an app calls with. One file per operation.

mod access;
mod common;
mod create_key;
mod create_timetime_api_key;
mod fields;
mod get_key;
mod get_key_usage;
mod get_me;
mod get_timetime_me;
mod import_key;
mod list_audit_events;
mod list_keys;
mod list_timetime_api_keys;
mod report_leaked_keys;
mod revoke_key;
mod rotate_key;
mod update_key;
mod views;

use api::{Operations, routes};

/// This function's operations.
pub fn operations() -> Operations {
    Operations::new()
        .add(routes!(list_keys::list_keys))
        .add(routes!(create_key::create_key))
        .add(routes!(import_key::import_key))
        .add(routes!(get_key::get_key))
        .add(routes!(update_key::update_key))
        .add(routes!(rotate_key::rotate_key))
        .add(routes!(revoke_key::revoke_key))
        .add(routes!(get_key_usage::get_key_usage))
        .add(routes!(report_leaked_keys::report_leaked_keys))
        .add(routes!(list_audit_events::list_audit_events))
        .add(routes!(get_me::get_me))
        .add(routes!(get_timetime_me::get_timetime_me))
        .add(routes!(list_timetime_api_keys::list_timetime_api_keys))
        .add(routes!(create_timetime_api_key::create_timetime_api_key))
}
