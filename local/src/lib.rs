//! Everything on one machine: the embedded store, and every function's own routes on one port. There is no
//! second implementation of anything here.

pub mod accounts_command;
pub mod cli;
pub mod demo;
pub mod embedded;
pub mod error;
pub mod master_secret;
pub mod server;
pub mod tables;

/// Every function's operations.
pub fn operations() -> api::Operations {
    bookings::operations()
        .merge(resources::operations())
        .merge(credentials::operations())
        .merge(keys::operations())
        .merge(accounts::operations())
}
