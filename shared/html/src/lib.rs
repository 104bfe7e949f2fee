//! What every page for customers has in common: languages, dates, the brand, the frame of a page and its look.

pub mod brand;
pub mod language;
pub mod layout;
pub mod times;

pub use brand::Brand;
pub use language::{Count, Language, Text};
pub use layout::{Head, page};
