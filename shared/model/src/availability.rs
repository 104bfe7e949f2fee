//! Availability: which slots can be booked, and whether one of them can.
//!
//! A slot is offered if these hold at once; each is a set of possible starts, so a search is a few sweeps over sorted
//! intervals and then a walk along the grid:
//!
//! - it lies between `from` and `to`, and starts neither in the past nor within the minimum notice, all of them by the
//!   resource's own calendar, or the first resource's where several share a slot;
//! - it lies whole within what the constraints leave open (see [`crate::constraint`]);
//! - it starts on the grid (see [`Grid`]);
//! - fewer bookings than the cap start on its day, and in its week, by the resource's clock;
//! - a claim for it could be placed beside those that stand, by the rule of [`crate::occupancy`].

mod grid;
mod limits;
mod mode;
mod search;
mod settings;
mod slot;
mod taken;
mod terms;

pub use grid::{Anchor, Grid};
pub use limits::{MAX_MONTHS_AHEAD, MAX_STARTS, MIN_LENGTH_S, in_words};
pub use mode::Mode;
pub use search::Search;
pub use settings::Settings;
pub use slot::{Bookable, Refusal, Slot, UNBOUNDED};
pub use terms::Terms;
