//! The function `bookings`: made, acted on, moved, grouped, held and shown.

mod bulk;
mod graphs;
mod group_lists;
mod group_seats;
mod icalendar;
mod lifecycle;
mod link_pages;
pub(crate) mod links;
mod links_of_maker;
mod locale;
mod payment_time;
mod rescheduling;
mod reservations;
mod settings;
mod several_resources;
