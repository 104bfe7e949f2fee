//! Plans: what a request does, with everything that it refers to read and checked, as far as that is possible before the
//! decision. A plan's `decide` makes it part of a [`store::Decision`], which is made again if somebody else was faster.
//!
//! Plans are made over a set of resources: a booking takes time of each, all or none.

pub mod act;
pub mod create;
mod request;
pub mod reschedule;
pub mod reserve;
mod resources;
pub mod seat;

pub use act::{Acted, ActionPlan};
pub use create::BookingPlan;
pub use request::{BookingRequest, Place};
pub use reschedule::ReschedulePlan;
pub use reserve::{ExtensionPlan, ReservationPlan, ReservationRequest};
