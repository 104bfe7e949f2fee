//! Bookings: make, reserve, read, act on, reschedule, delete. One file per operation.

mod act_on_booking;
mod act_on_bookings;
mod bulk;
mod create_booking;
mod create_bookings;
mod customer_links;
mod delete_booking;
mod extend_reservation;
mod get_booking;
mod get_booking_calendar;
mod get_group;
mod ical;
mod includes;
mod link;
mod list_bookings;
mod list_groups;
mod perform_external_action;
mod read_calendar_feed;
mod request;
mod reschedule_booking;
mod reservation_view;
mod reserve_slot;
mod show_external_action;
mod update_booking;
mod view;

use api::{Operations, routes};
use auth::Access;
use auth::feed_address::READS_A_MINUTE;
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
        .add_versioned(
            routes!(create_booking::create_booking),
            write.and_widget_key().and_client_token(),
        )
        .add(
            routes!(list_groups::list_groups),
            read.and_widget_key().and_client_token(),
        )
        .add_versioned(routes!(get_group::get_group), read)
        .add_versioned(routes!(get_booking::get_booking), read)
        .add_versioned(routes!(update_booking::update_booking), write)
        .add_versioned(routes!(delete_booking::delete_booking), write)
        .add(routes!(create_bookings::create_bookings), write)
        .add(routes!(act_on_bookings::act_on_bookings), write)
        .add(routes!(reserve_slot::reserve_slot), write)
        .add(routes!(extend_reservation::extend_reservation), write)
        .add_versioned(
            routes!(reschedule_booking::reschedule_booking),
            write.and_widget_key(),
        )
        .add_versioned(routes!(act_on_booking::act_on_booking), write)
        .add(
            routes!(show_external_action::show_external_action),
            Access::anonymous(),
        )
        .add(
            routes!(perform_external_action::perform_external_action),
            Access::anonymous(),
        )
        .add(routes!(get_booking_calendar::get_booking_calendar), read)
        .add(
            routes!(read_calendar_feed::read_calendar_feed),
            Access::anonymous_at_most(READS_A_MINUTE as usize),
        )
}
