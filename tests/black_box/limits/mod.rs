//! How often, how many and how large.

mod counts;
mod ledgers;
mod per_operation;
pub(crate) mod per_request;
mod rate;
