//! Who may call this function's operations.

use auth::feed_address::READS_A_MINUTE;
use auth::{Access, Anonymous, Principal};
use model::scope::Scope;

api::access! {
    /// Reads bookings.
    pub(crate) enum Read: Principal = Access::scope(Scope::BookingsRead).and_server_token();

    /// Lists bookings.
    pub(crate) enum List: Principal = Access::scope(Scope::BookingsRead)
        .and_server_token()
        .and_signed_search();

    /// Lists the groups whose seats pages offer.
    pub(crate) enum ListGroups: Principal = Access::scope(Scope::BookingsRead)
        .and_server_token()
        .and_widget_key()
        .and_client_token();

    /// Creates bookings in ways that no page uses, acts on them, changes and deletes them.
    pub(crate) enum Write: Principal = Access::scope(Scope::BookingsWrite).and_server_token();

    /// Books, as pages do.
    pub(crate) enum Book: Principal = Access::scope(Scope::BookingsWrite)
        .and_server_token()
        .and_widget_key()
        .and_client_token();

    /// Reschedules bookings, as pages do.
    pub(crate) enum Reschedule: Principal = Access::scope(Scope::BookingsWrite)
        .and_server_token()
        .and_widget_key();

    /// Follows a link that the app has signed.
    pub(crate) enum Anybody: Anonymous = Access::anonymous();

    /// Reads a calendar by its private address.
    pub(crate) enum ReadFeed: Anonymous = Access::anonymous_at_most(READS_A_MINUTE as usize);
}
