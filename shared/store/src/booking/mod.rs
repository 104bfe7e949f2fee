//! What is booked and when: resources with their calendars and events, bookings, reservations.

pub(crate) mod availability;
pub(crate) mod bookings;
pub(crate) mod calendar_pointers;
pub(crate) mod calendars;
pub(crate) mod due;
pub(crate) mod events;
pub(crate) mod reservations;
pub(crate) mod resource_deletion;
pub(crate) mod resources;
