//! The engine: items, transactions, lists, tables, retries. It knows no noun.

pub(crate) mod call;
pub(crate) mod connection;
pub(crate) mod contention;
pub(crate) mod count;
pub(crate) mod error;
pub(crate) mod item;
pub(crate) mod list;
pub(crate) mod meter;
pub(crate) mod tables;
pub(crate) mod transaction;
pub(crate) mod turns;
pub(crate) mod version;
