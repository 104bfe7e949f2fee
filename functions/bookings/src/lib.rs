//! Bookings: create, read, act, delete. One file per operation.

mod act_on_booking;
mod acting;
mod create_booking;
mod customer_links;
mod delete_booking;
mod external_action;
mod external_action_page;
mod get_booking;
mod includes;
mod list_bookings;
mod making;
mod perform_external_action;
mod request;
mod show_external_action;
mod update_booking;
mod view;

use api::{Operations, routes};
use auth::Access;
use model::scope::Scope;

/// This function's operations.
pub fn operations() -> Operations {
    let read = Access::scope(Scope::BookingsRead).and_server_token();
    let write = Access::scope(Scope::BookingsWrite).and_server_token();
    Operations::new()
        .add(
            routes!(list_bookings::list_bookings),
            read.and_signed_search(),
        )
        .add(
            routes!(create_booking::create_booking),
            write.and_widget_key().and_client_token(),
        )
        .add(routes!(get_booking::get_booking), read)
        .add(routes!(update_booking::update_booking), write)
        .add(routes!(delete_booking::delete_booking), write)
        .add(routes!(act_on_booking::act_on_booking), write)
        .add(
            routes!(show_external_action::show_external_action),
            Access::anonymous(),
        )
        .add(
            routes!(perform_external_action::perform_external_action),
            Access::anonymous(),
        )
}
