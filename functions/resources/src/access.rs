//! Who may call this function's operations.

use auth::{Access, Principal};
use model::scope::Scope;

api::access! {
    /// Reads resources, their calendars and events.
    pub(crate) enum Read: Principal = Access::scope(Scope::ResourcesRead).and_server_token();

    /// Reads a resource's time zone, which pages need.
    pub(crate) enum ReadTimezone: Principal = Access::scope(Scope::ResourcesRead)
        .and_server_token()
        .and_client_token();

    /// Creates and deletes resources.
    pub(crate) enum Write: Principal = Access::scope(Scope::ResourcesWrite);

    /// Changes a resource and what belongs to it: the resource itself may too.
    pub(crate) enum WriteOwn: Principal = Access::scope(Scope::ResourcesWrite).and_server_token();

    /// Only the resource itself.
    pub(crate) enum Own: Principal = Access::server_token();

    /// Creates a calendar's private address, with which anybody reads its bookings.
    pub(crate) enum CreateFeed: Principal = Access::scope(Scope::ResourcesWrite)
        .and_scope(Scope::BookingsRead)
        .and_server_token();

    /// Reads a calendar's private address.
    pub(crate) enum ReadFeed: Principal = Access::scope(Scope::BookingsRead).and_server_token();
}
