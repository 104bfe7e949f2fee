//! What several functions show of a noun. A view is the shape of a response's JSON, and it is made of records that are read
//! already. What one function shows is in that function's folder.

pub mod booking;
pub mod calendar;
pub mod credential;
pub mod customer_links;
pub mod failure;
pub mod ical;
pub mod member;
pub mod reservation;
pub mod webhook;

pub use booking::BookingView;
pub use calendar::{CalendarView, EventView};
pub use credential::CredentialView;
pub use customer_links::CustomerLinks;
pub use failure::Failure;
pub use member::Member;
pub use reservation::ReservationView;
