//! Credentials: what a resource calls with. One file per operation.

mod authenticate_resource;
mod create_credential;
mod credential_fields;
mod delete_credential;
mod import_credential;
mod list_credentials;

use api::{Operations, routes};
use auth::Access;
use model::scope::Scope;

/// This function's operations.
pub fn operations() -> Operations {
    let read = Access::scope(Scope::CredentialsRead).and_server_token();
    let write = Access::scope(Scope::CredentialsWrite).and_server_token();
    Operations::new()
        .add(routes!(list_credentials::list_credentials), read)
        .add(routes!(create_credential::create_credential), write)
        .add(
            routes!(import_credential::import_credential),
            Access::scope(Scope::CredentialsWrite),
        )
        .add(routes!(delete_credential::delete_credential), write)
        .add(
            routes!(authenticate_resource::authenticate_resource),
            Access::anonymous(),
        )
}
