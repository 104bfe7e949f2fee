//! Credentials: what a resource calls with. One file per operation.

mod access;
mod authenticate_resource;
mod common;
mod create_credential;
mod delete_credential;
mod fields;
mod import_credential;
mod list_credentials;

use api::{Operations, routes};

/// This function's operations.
pub fn operations() -> Operations {
    Operations::new()
        .add(routes!(list_credentials::list_credentials))
        .add(routes!(create_credential::create_credential))
        .add(routes!(import_credential::import_credential))
        .add(routes!(delete_credential::delete_credential))
        .add(routes!(authenticate_resource::authenticate_resource))
}
