//! Versions of what can change: what a write is conditional on, and what callers are shown as an `ETag`.

use model::Random;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use super::item::{RawItem, record, text};
use super::store::Store;

/// Names one state of one item. It is random and never a counter, so that an item which was deleted and made again
/// does not look unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// A new one: 22 characters of URL-safe base64.
    pub fn random(random: &dyn Random) -> Self {
        use base64::Engine as _;
        Self(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random.bytes::<16>()))
    }

    /// What somebody says that they have seen. It may be no version of anything.
    pub fn claimed(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A record in one of its states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The record.
    pub record: T,
    /// Which of its states this is.
    pub version: Version,
}

impl<T> Versioned<T> {
    /// A record in a new state.
    pub fn new(record: T, random: &dyn Random) -> Self {
        Self {
            record,
            version: Version::random(random),
        }
    }
}

impl<T: DeserializeOwned> Versioned<T> {
    pub(crate) fn read(item: &RawItem) -> Result<Self, StoreError> {
        let version = text(item, "version")
            .ok_or_else(|| StoreError::broken("read", "an item without version"))?;
        Ok(Self {
            record: record(item)?,
            version: Version(version),
        })
    }
}

/// In which state a thing must be for a change to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// In whichever it is.
    #[default]
    Any,
    /// In one of these.
    OneOf(Vec<Version>),
}

impl Expected {
    /// Goes on only if `version` is expected.
    ///
    /// # Errors
    ///
    /// [`Stale`] if it is not.
    pub fn check(&self, version: &Version) -> Result<(), Stale> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(versions) if versions.contains(version) => Ok(()),
            Self::OneOf(_) => Err(Stale),
        }
    }
}

/// The thing is not in the state that the change was decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has changed since it was read")]
pub struct Stale;

impl Store {
    /// A token that a re-created item cannot carry by chance, unlike a counter that begins at 1 again.
    pub(crate) fn new_version(&self) -> String {
        Version::random(&*self.random).0
    }
}
