//! Who may call this function's operations.

use auth::{Access, Principal};
use model::scope::Scope;

api::access! {
    /// Searches for free time, as pages do.
    pub(crate) enum Search: Principal = Access::scope(Scope::AvailabilityRead)
        .and_widget_key()
        .and_server_token()
        .and_client_token();

    /// Searches in the older ways, which a widget key never could.
    pub(crate) enum OlderSearch: Principal = Access::scope(Scope::AvailabilityRead)
        .and_server_token()
        .and_client_token();
}
