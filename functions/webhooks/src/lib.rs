//! The event log, webhook endpoints, and what was delivered to them. One file per operation.

mod access;
mod common;
mod create_webhook;
mod delete_webhook;
mod enable_webhook;
mod fields;
mod get_webhook;
mod get_webhook_event;
mod list_webhook_deliveries;
mod list_webhook_events;
mod list_webhooks;
mod replay_webhook;
mod retry_delivery;
mod rotate_webhook_secret;
mod test_webhook;
mod update_webhook;
mod views;

use api::{Operations, routes};

/// This function's operations.
pub fn operations() -> Operations {
    Operations::new()
        .add(routes!(list_webhook_events::list_webhook_events))
        .add(routes!(get_webhook_event::get_webhook_event))
        .add(routes!(list_webhooks::list_webhooks))
        .add(routes!(create_webhook::create_webhook))
        .add(routes!(get_webhook::get_webhook))
        .add(routes!(update_webhook::update_webhook))
        .add(routes!(delete_webhook::delete_webhook))
        .add(routes!(rotate_webhook_secret::rotate_webhook_secret))
        .add(routes!(test_webhook::test_webhook))
        .add(routes!(enable_webhook::enable_webhook))
        .add(routes!(list_webhook_deliveries::list_webhook_deliveries))
        .add(routes!(replay_webhook::replay_webhook))
        .add(routes!(retry_delivery::retry_delivery))
}
