//! Lists: pages, searches and orders, and what they cost at any size.

pub(crate) mod scale;
mod search;
