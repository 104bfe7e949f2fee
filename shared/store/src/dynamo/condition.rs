//! What must be true of an item for a write to happen.

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::RawItem;
use super::version::Version;

/// What must be true of an item for the transaction to go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// There is none.
    Absent,
    /// There is one.
    Present,
    /// It has this version.
    Version(String),
    /// There is none, or it has expired by this second.
    AbsentOrExpired(i64),
    /// There is one, and workers have something to do with it.
    Due,
}

impl Condition {
    /// That an item is still as it was seen, with this version.
    pub(crate) fn version(seen: &Version) -> Self {
        Self::Version(seen.as_str().to_owned())
    }

    /// That an item is as it was seen: with this version, or not there at all.
    pub(crate) fn as_seen(version: Option<String>) -> Self {
        version.map_or(Self::Absent, Self::Version)
    }

    pub(crate) fn expression(&self) -> &'static str {
        match self {
            Self::Absent => "attribute_not_exists(pk)",
            Self::Present => "attribute_exists(pk)",
            Self::Version(_) => "version = :version",
            Self::AbsentOrExpired(_) => "attribute_not_exists(pk) OR expires_s <= :now",
            Self::Due => "attribute_exists(due_pk)",
        }
    }

    pub(crate) fn values(&self) -> Option<RawItem> {
        let (name, value) = match self {
            Self::Absent | Self::Present | Self::Due => return None,
            Self::Version(version) => (":version", AttributeValue::S(version.clone())),
            Self::AbsentOrExpired(now_s) => (":now", AttributeValue::N(now_s.to_string())),
        };
        Some(RawItem::from([(name.to_owned(), value)]))
    }
}
