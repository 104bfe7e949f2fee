//! Who may call this function's operations.

use auth::{Access, Anonymous, Principal};
use model::scope::Scope;

api::access! {
    /// Reads credentials.
    pub(crate) enum Read: Principal = Access::scope(Scope::CredentialsRead).and_server_token();

    /// Creates and deletes credentials.
    pub(crate) enum Write: Principal = Access::scope(Scope::CredentialsWrite).and_server_token();

    /// Imports tokens that another server issued: only the app itself.
    pub(crate) enum Import: Principal = Access::scope(Scope::CredentialsWrite);

    /// Signs in a resource.
    pub(crate) enum Anybody: Anonymous = Access::anonymous();
}
