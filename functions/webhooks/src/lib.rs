//! The event log: what changes have told. One file per operation.

mod access;
mod get_webhook_event;
mod list_webhook_events;
mod view;

use api::{Operations, routes};

/// This function's operations.
pub fn operations() -> Operations {
    Operations::new()
        .add(routes!(list_webhook_events::list_webhook_events))
        .add(routes!(get_webhook_event::get_webhook_event))
}
