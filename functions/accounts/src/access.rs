//! Who may call this function's operations.

use auth::{Access, Anonymous, Caller, Principal};
use model::ids::AccountId;
use model::scope::Scope;

api::access! {
    /// Signs up, signs in, or follows a link.
    pub(crate) enum Anybody: Anonymous = Access::anonymous();

    /// A person's own account.
    pub(crate) enum OwnAccount: AccountId = Access::account();

    /// Reads the app.
    pub(crate) enum ReadApp: Principal = Access::scope(Scope::AppRead).and_server_token();

    /// Lists an account's apps.
    pub(crate) enum ListApps: Caller = Access::scope(Scope::AppRead).and_account();

    /// Creates an app of the same account.
    pub(crate) enum CreateApp: Caller = Access::scope(Scope::Everything).and_account();

    /// Changes and deletes an app.
    pub(crate) enum WriteApp: Caller = Access::scope(Scope::AppWrite).and_account();

    /// Reads resources' accounts with calendar providers.
    pub(crate) enum ReadProviders: Principal = Access::scope(Scope::ResourcesRead).and_server_token();

    /// Synchronizes calendars with their providers.
    pub(crate) enum SyncProviders: Principal = Access::scope(Scope::ResourcesWrite).and_server_token();
}
