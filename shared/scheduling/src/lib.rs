//! What may be booked, and how: the rules that need the store and that several functions share. No HTTP, no caller's words:
//! errors say what happened, with its parts as data, and `api` says what that is in HTTP.

pub mod actor;
pub mod clock;
pub mod defaults;
pub mod error;
pub mod offer;
pub mod owner;
pub mod plan;
pub mod rescheduling;
pub mod search;
pub mod settings;

pub use actor::Actor;
pub use defaults::{Defaults, References};
pub use error::{SchedulingError, Stored};
pub use offer::{Offer, Offered};
pub use rescheduling::Rescheduling;
