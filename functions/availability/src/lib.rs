//! Availability: which slots can be booked, and with whom. One file per operation.

mod access;
mod count_available_slots;
mod find_time;
mod find_time_bulk;
mod find_time_team;
mod list_available_dates;
mod list_available_slots;
mod list_unavailable_slots;
mod search;

use api::{Operations, routes};

/// This function's operations.
pub fn operations() -> Operations {
    Operations::new()
        .add_reading(routes!(list_available_slots::list_available_slots))
        .add_reading(routes!(list_available_dates::list_available_dates))
        .add_reading(routes!(count_available_slots::count_available_slots))
        .add_reading(routes!(list_unavailable_slots::list_unavailable_slots))
        .add_reading(routes!(find_time::find_time))
        .add_reading(routes!(find_time_bulk::find_time_bulk))
        .add_reading(routes!(find_time_team::find_time_team))
}
