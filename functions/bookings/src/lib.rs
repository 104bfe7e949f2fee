//! Bookings: create, read, act, delete. One file per operation.

mod act_on_booking;
mod acting;
mod create_booking;
mod delete_booking;
mod get_booking;
mod get_booking_calendar;
mod ical;
mod list_bookings;
mod making;
mod read_calendar_feed;
mod request;
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
        .add(routes!(list_bookings::list_bookings), read)
        .add(
            routes!(create_booking::create_booking),
            write.and_widget_key().and_client_token(),
        )
        .add(routes!(get_booking::get_booking), read)
        .add(routes!(update_booking::update_booking), write)
        .add(routes!(delete_booking::delete_booking), write)
        .add(routes!(act_on_booking::act_on_booking), write)
        .add(routes!(get_booking_calendar::get_booking_calendar), read)
        .add(
            routes!(read_calendar_feed::read_calendar_feed),
            Access::anonymous_at_most(READS_A_MINUTE as usize),
        )
}
