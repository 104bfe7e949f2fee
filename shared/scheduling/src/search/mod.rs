//! Searches for free time over store and offer: what availability lists and what a page shows, both by the same code, within
//! the budget of one request.

pub mod budget;
pub mod free_time;
pub mod groups;
pub mod moving;

pub use budget::{Budget, Counted, TooLarge};
pub use free_time::{FreeTime, Planned, SearchInputs, Searcher, SlotQuery};
pub use moving::Moving;
