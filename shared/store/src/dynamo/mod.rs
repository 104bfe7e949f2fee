//! The engine: items, transactions, lists, tables, retries. It knows no noun, and no file of it uses one above.

pub(crate) mod author;
pub(crate) mod call;
pub(crate) mod condition;
pub(crate) mod connection;
pub(crate) mod contention;
pub(crate) mod count;
pub(crate) mod error;
pub(crate) mod item;
pub(crate) mod list;
pub(crate) mod meter;
pub(crate) mod read;
pub(crate) mod seen;
pub(crate) mod store;
pub(crate) mod tables;
pub(crate) mod transaction;
pub(crate) mod turns;
pub(crate) mod update;
pub(crate) mod version;
pub(crate) mod writer;

pub(crate) use call::PATIENCE;
pub(crate) use condition::Condition;
pub(crate) use contention::Attempt;
pub(crate) use error::StoreError;
pub(crate) use item::{
    Item, Listing, Partition, Place, RawItem, number, read_or_skip, record, text,
};
pub(crate) use list::{Between, Chunk, Direction, IndexPartition, MonthlyIndex, Position, Walk};
pub(crate) use seen::Seen;
pub(crate) use store::Store;
pub(crate) use tables::Table;
pub(crate) use transaction::{Outcome, Transaction};
pub(crate) use version::{Expected, Stale, Version, Versioned};
pub(crate) use writer::Writer;
