//! Bookings: make, reserve, read, act on, reschedule, delete. One file per operation.

mod access;
mod act_on_booking;
mod act_on_bookings;
mod bulk;
mod create_booking;
mod create_bookings;
mod delete_booking;
mod extend_reservation;
mod get_booking;
mod get_booking_calendar;
mod get_group;
mod includes;
mod kept_links;
mod link;
mod list;
mod list_bookings;
mod list_groups;
mod perform_external_action;
mod read_calendar_feed;
mod request;
mod reschedule_booking;
mod reserve_slot;
mod show_external_action;
mod update_booking;
mod view;

use api::{Operations, routes};

/// This function's operations.
pub fn operations() -> Operations {
    Operations::new()
        .add(routes!(list_bookings::list_bookings))
        .add_versioned(routes!(create_booking::create_booking).completed_by(kept_links::of_maker))
        .add(routes!(list_groups::list_groups))
        .add_versioned(routes!(get_group::get_group))
        .add_versioned(routes!(get_booking::get_booking))
        .add_versioned(routes!(update_booking::update_booking))
        .add_versioned(routes!(delete_booking::delete_booking))
        .add(routes!(create_bookings::create_bookings).completed_by(kept_links::of_anybody))
        .add(routes!(act_on_bookings::act_on_bookings))
        .add(routes!(reserve_slot::reserve_slot))
        .add(routes!(extend_reservation::extend_reservation))
        .add_versioned(
            routes!(reschedule_booking::reschedule_booking).completed_by(kept_links::of_anybody),
        )
        .add_versioned(routes!(act_on_booking::act_on_booking).completed_by(kept_links::of_anybody))
        .add(routes!(show_external_action::show_external_action))
        .add(routes!(perform_external_action::perform_external_action))
        .showing_errors_by(link::ERROR_PAGES)
        .add(routes!(get_booking_calendar::get_booking_calendar))
        .add(routes!(read_calendar_feed::read_calendar_feed))
}
