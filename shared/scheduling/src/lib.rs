//! What may be booked: the rules that need the store and that several functions share. No HTTP, no caller's words: errors
//! say what happened, and `api` says what that is in HTTP.

pub mod error;
pub mod offer;
pub mod rescheduling;
pub mod settings;

pub use error::{SchedulingError, Stored};
pub use offer::{Offer, Offered};
pub use rescheduling::Rescheduling;
