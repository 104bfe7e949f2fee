//! How a record becomes an item: its place, a version where it can change, and the record itself as JSON in one text.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use super::tables::{INDEXES, Index, Table};

/// An item as the SDK has it.
pub(crate) type RawItem = HashMap<String, AttributeValue>;

/// The version of the records that this program writes. A version only ever adds members, so a program reads the
/// records of every version, and keeps what it does not know when it rewrites one. An item without the number is of
/// the versions before 1.
pub(crate) const RECORD_VERSION: i64 = 1;

/// The attribute that has the record's version.
pub(crate) const RECORD_VERSION_NAME: &str = "v";

/// Every attribute that this version may write, beside index keys. A rewrite that leaves one of them out means to.
const KNOWN: [&str; 9] = [
    "pk",
    "sk",
    "record",
    RECORD_VERSION_NAME,
    "version",
    "ttl",
    "expires_s",
    "password_hash",
    "claims",
];

/// Whether this version may write an attribute of this name.
pub(super) fn is_known(name: &str) -> bool {
    let mut indexes = INDEXES.iter();
    KNOWN.contains(&name) || indexes.any(|index| name == index.partition || name == index.sort)
}

/// Where an item is: its table, its partition and its place there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) table: Table,
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// The items of a partition whose place there begins with `prefix`.
#[derive(Clone, Debug)]
pub(crate) struct Partition {
    pub(crate) table: Table,
    pub(crate) pk: String,
    pub(crate) prefix: &'static str,
}

/// What an index lists: a partition of it, or what the names of a month's partitions begin with.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) table: Table,
    pub(crate) index: &'static Index,
    pub(crate) name: String,
}

impl Listing {
    /// The partition of a month.
    pub(crate) fn of(mut self, month: &str) -> Self {
        self.name.push_str(month);
        self
    }
}

impl Place {
    /// Where an item of `table` that was read is.
    pub(crate) fn of(table: Table, item: &RawItem) -> Result<Self, StoreError> {
        let key = text(item, "pk").zip(text(item, "sk"));
        let (pk, sk) = key.ok_or_else(|| StoreError::broken("read", "an item without its key"))?;
        Ok(Self { table, pk, sk })
    }

    pub(crate) fn attributes(&self) -> RawItem {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// An item of the shape that all but sheets and counters have.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(super) table: Table,
    pub(super) attributes: RawItem,
}

impl Item {
    /// The item at `place` that holds `record`.
    pub(crate) fn new(place: &Place, record: &impl Serialize) -> Result<Self, StoreError> {
        let record =
            serde_json::to_string(record).map_err(|e| StoreError::broken("serialize", e))?;
        Ok(Self::bare(place).with("record", record))
    }

    /// The item at `place`, without a record.
    pub(crate) fn bare(place: &Place) -> Self {
        Self {
            table: place.table,
            attributes: place.attributes(),
        }
        .with_number(RECORD_VERSION_NAME, RECORD_VERSION)
    }

    /// The same item with one more text attribute, outside its record: an index key or a version.
    pub(crate) fn with(self, name: &str, value: impl Into<String>) -> Self {
        self.with_value(name, AttributeValue::S(value.into()))
    }

    /// The same item with one more whole number, outside its record.
    pub(crate) fn with_number(self, name: &str, value: i64) -> Self {
        self.with_value(name, AttributeValue::N(value.to_string()))
    }

    /// The same item with one more attribute of any type, outside its record.
    pub(crate) fn with_value(mut self, name: &str, value: AttributeValue) -> Self {
        debug_assert!(is_known(name), "{name} belongs into KNOWN");
        self.attributes.insert(name.to_owned(), value);
        self
    }

    /// The same item, listed in a partition of an index. What it is sorted by there is an attribute of its own.
    pub(crate) fn listed(self, listing: Listing) -> Self {
        let value = AttributeValue::S(listing.name);
        self.with_value(listing.index.partition, value)
    }

    /// The same item, to be tidied away some time after `epoch_s`.
    pub(crate) fn expiring(self, epoch_s: i64) -> Self {
        self.with_number("ttl", epoch_s)
    }

    pub(crate) fn into_attributes(self) -> RawItem {
        self.attributes
    }
}

/// The record of an item that was read.
pub(crate) fn record<T: DeserializeOwned>(item: &RawItem) -> Result<T, StoreError> {
    serde_json::from_str(json(item)?).map_err(|e| StoreError::broken("read", e))
}

/// The record of an item that was read, as text.
pub(super) fn json(item: &RawItem) -> Result<&str, StoreError> {
    let json = item.get("record").and_then(|record| record.as_s().ok());
    json.map(String::as_str)
        .ok_or_else(|| StoreError::broken("read", "an item without record"))
}

/// What `read` makes of a row of a list; none, and a line in the log, if this version cannot read it. So a row that
/// cannot be read costs a list that row and no more.
pub(crate) fn read_or_skip<T>(
    table: Table,
    item: &RawItem,
    read: &impl Fn(&RawItem) -> Result<T, StoreError>,
) -> Option<T> {
    let error = match read(item) {
        Ok(row) => return Some(row),
        Err(error) => error,
    };
    tracing::error!(
        table = table.suffix(),
        pk = shown(item, "pk"),
        sk = shown(item, "sk"),
        record_version = number(item, RECORD_VERSION_NAME).unwrap_or(0),
        error = %place_of_fault(&error),
        "a row of a list cannot be read and is left out"
    );
    None
}

/// What is wrong with a record, without the values in it.
fn place_of_fault(error: &StoreError) -> String {
    let source = std::error::Error::source(error);
    match source.and_then(|source| source.downcast_ref::<serde_json::Error>()) {
        Some(fault) => format!("{:?} error at column {}", fault.classify(), fault.column()),
        None => source.map_or_else(|| error.to_string(), ToString::to_string),
    }
}

/// A key as far as it may be logged: its words and ids, and of hashes, addresses and names only that they are there.
fn shown(item: &RawItem, name: &str) -> String {
    let key = text(item, name).unwrap_or_default();
    let is_word = |part: &str| part.len() <= 20 && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_id = |part: &str| part.len() == 36 && uuid::Uuid::parse_str(part).is_ok();
    let shown = |part| {
        if is_word(part) || is_id(part) {
            part
        } else {
            "…"
        }
    };
    key.split('#').map(shown).collect::<Vec<_>>().join("#")
}

/// A text attribute of an item that was read.
pub(crate) fn text(item: &RawItem, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

/// A whole number of an item that was read.
pub(crate) fn number(item: &RawItem, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}
