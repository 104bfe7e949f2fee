//! The items that a decision touches.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use model::ids::ResourceId;
use uuid::Uuid;

/// An item of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    /// A record, by its id.
    Record(Uuid),
    /// A sheet.
    Sheet(ResourceId, NaiveDate),
}

/// How many bytes each item of a transaction has.
pub(crate) type Sizes = BTreeMap<Touched, usize>;
