//! Everything on one machine: the embedded store, and every function's own routes on one port. There is no
//! second implementation of anything here.

pub mod accounts_command;
pub mod cli;
pub mod connections;
pub mod damage;
pub mod data;
pub mod data_folder;
pub mod demo;
pub mod deployment;
pub mod embedded;
pub mod engine;
pub mod error;
pub mod group_commit;
pub mod keys_command;
pub mod listen_command;
pub mod listener;
pub mod master_secret;
pub mod port_secret;
pub mod secrets_manager;
pub mod server;
pub mod signals;
pub mod tables;
pub mod timed_body;
mod tokens;
pub mod webhooks_command;
pub mod workers;

/// Every function by name, with its operations.
pub fn functions() -> [(&'static str, api::Operations); 10] {
    [
        ("availability", availability::operations()),
        ("bookings", bookings::operations()),
        ("resources", resources::operations()),
        ("credentials", credentials::operations()),
        ("keys", keys::operations()),
        ("accounts", accounts::operations()),
        ("projects", projects::operations()),
        ("console", console::operations()),
        ("pages", pages::operations()),
        ("webhooks", webhooks::operations()),
    ]
}

/// Every function's operations.
pub fn operations() -> api::Operations {
    functions()
        .into_iter()
        .fold(api::Operations::new(), |all, (_, operations)| {
            all.merge(operations)
        })
}

/// The OpenAPI document as JSON: every operation, and what webhooks send.
///
/// # Errors
///
/// Only if it cannot be written as JSON, which is a mistake in the program.
pub fn openapi() -> serde_json::Result<String> {
    let mut document = operations().openapi();
    views::webhook::describe(&mut document)?;
    document.to_pretty_json()
}
