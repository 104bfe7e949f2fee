//! Keys that an instance has seen lately. Off unless a deployment trades a few seconds of delay after a
//! revocation for one read less; and always on for keys over their limit, whose refusal needs no read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use model::key::{ApiKey, HashedKey};

/// The most keys that are kept. Past that all are forgotten: they are only a read away.
const MAX_KEPT: usize = 10_000;

/// The longest that a key is taken for what it was, in seconds.
pub const MAX_SECONDS: u32 = 5;

/// The longest that a key over its limit is refused unread.
const LONGEST_BLOCK: TimeDelta = TimeDelta::minutes(1);

/// One per instance. Cheap to clone.
#[derive(Clone, Default)]
pub struct KeyCache {
    holds_for_s: u32,
    entries: Arc<Mutex<HashMap<HashedKey, Entry>>>,
}

struct Entry {
    key: ApiKey,
    read_at: DateTime<Utc>,
    blocked_until: Option<DateTime<Utc>>,
}

/// A key from the cache.
#[derive(Clone, Debug)]
pub struct Cached {
    /// The key as it was read.
    pub key: ApiKey,
    /// What it is good for.
    pub freshness: Freshness,
}

/// What is known of a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It was read just now, or so recently that it opens what it opened then.
    Current,
    /// It was kept because it is over its limit, so it is good for that refusal only. To open anything it must be read.
    OnlyRefuses,
}

impl KeyCache {
    /// A cache that takes keys for what they were for so many seconds, [`MAX_SECONDS`] at most.
    pub fn holding_for(seconds: u32) -> Self {
        Self {
            holds_for_s: seconds.min(MAX_SECONDS),
            entries: Arc::default(),
        }
    }

    /// The key with this hash, if it was seen lately.
    pub fn get(&self, hash: HashedKey, now: DateTime<Utc>) -> Option<Cached> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&hash)?;
        let is_current = now < entry.read_at + TimeDelta::seconds(self.holds_for_s.into());
        let is_blocked = entry.blocked_until.is_some_and(|until| now < until);
        let freshness = match (is_current, is_blocked) {
            (true, _) => Freshness::Current,
            (false, true) => Freshness::OnlyRefuses,
            (false, false) => return None,
        };
        Some(Cached {
            key: entry.key.clone(),
            freshness,
        })
    }

    /// Keeps a key that was just read, if keys are kept at all.
    pub fn keep(&self, key: &ApiKey, now: DateTime<Utc>) {
        if self.holds_for_s > 0 {
            self.insert(Entry {
                key: key.clone(),
                read_at: now,
                blocked_until: None,
            });
        }
    }

    /// Remembers that a key is over its limit until then, or for a minute: a key that is revoked or given another limit
    /// meanwhile should not hear of its old limit for a day.
    pub fn block(&self, key: &ApiKey, until: DateTime<Utc>, now: DateTime<Utc>) {
        let until = until.min(now + LONGEST_BLOCK);
        self.insert(Entry {
            key: key.clone(),
            read_at: DateTime::UNIX_EPOCH,
            blocked_until: Some(until),
        });
    }

    fn insert(&self, entry: Entry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_KEPT {
            entries.clear();
        }
        entries.insert(entry.key.hash, entry);
    }
}
