//! The rules of a project as they stand in its record, beside the fields that they are made of.
//!
//! They are used if this version wrote them, and of these fields. Otherwise they are made of the fields once more, because
//! an older version does not know them, a newer one may mean something else by them, and a person may have changed the
//! record by hand.

use std::fmt;
use std::sync::OnceLock;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rules::{Rules, Sources};
use crate::fault::Faults;

/// The version of the form in which rules are stored. A change of what is stored, or of what it means, is another version.
const VERSION: u32 = 2;

/// The most bytes of stored rules. With them, a project whose fields are as large as they may be still fits into an item.
/// Larger ones, e.g. of many hundreds of holidays, are made of the fields when they are needed.
const MAX_BYTES: usize = 24 * 1024;

/// A project's rules, if they are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    stored: Option<(u32, Rules)>,
    parsed: OnceLock<Parsed>,
}

#[derive(Clone, Debug)]
struct Parsed {
    checksum: u32,
    rules: Result<Box<Rules>, Faults>,
}

impl Parsed {
    fn of(sources: Sources<'_>) -> Self {
        Self {
            checksum: sources.checksum(),
            rules: sources.parse().map(Box::new),
        }
    }
}

impl Memo {
    /// The rules of `sources`, parsed.
    pub(super) fn of(sources: Sources<'_>) -> Self {
        Self {
            stored: None,
            parsed: OnceLock::from(Parsed::of(sources)),
        }
    }

    /// The rules of `sources`, parsed only if they are not stored.
    pub(super) fn get(&self, sources: Sources<'_>) -> Result<&Rules, &Faults> {
        if let Some((checksum, rules)) = &self.stored
            && *checksum == sources.checksum()
        {
            return Ok(rules);
        }
        let parsed = self.parsed.get_or_init(|| Parsed::of(sources));
        parsed.rules.as_deref()
    }

    /// What is stored of it: those that were parsed since it was read, or else those that it was read with.
    fn to_store(&self) -> Option<(u32, &Rules)> {
        match self.parsed.get() {
            Some(parsed) => Some((parsed.checksum, parsed.rules.as_deref().ok()?)),
            None => self
                .stored
                .as_ref()
                .map(|(checksum, rules)| (*checksum, rules)),
        }
    }

    /// Whether nothing of it is stored.
    pub(super) fn is_empty(&self) -> bool {
        let fits =
            |rules: &Rules| serde_json::to_string(rules).is_ok_and(|json| json.len() <= MAX_BYTES);
        self.to_store().is_none_or(|(_, rules)| !fits(rules))
    }
}

/// The fields that rules are made of are compared, and that is enough.
impl PartialEq for Memo {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Serialize for Memo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (checksum, rules) = self.to_store().unzip();
        (VERSION, checksum, rules).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Memo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(StoredRules)
    }
}

/// A list of version, checksum and rules. Those of another version are passed over.
struct StoredRules;

impl<'de> Visitor<'de> for StoredRules {
    type Value = Memo;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of version, checksum and rules")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Memo, A::Error> {
        let mut stored = None;
        if list.next_element()? == Some(VERSION)
            && let Some(checksum) = list.next_element()?
            && let Some(rules) = list.next_element()?
        {
            stored = Some((checksum, rules));
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Memo {
            stored,
            parsed: OnceLock::new(),
        })
    }
}
