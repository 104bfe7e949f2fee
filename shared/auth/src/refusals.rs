//! Refusals of known keys, for the audit log: one line per key, reason, source and minute, with how often. A
//! bogus key is nobody's, and writes nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use model::audit::{AuditAction, AuditEvent};
use model::ids::KeyId;
use model::key::ApiKey;
use store::Writer;

use crate::denied::Denied;
use crate::plain_key::hash_secret;

/// The most lines that an instance counts at once. Past that it begins anew: counts are lower bounds.
const MAX_KEPT: usize = 10_000;

/// One per instance. Cheap to clone.
#[derive(Clone, Default)]
pub struct RefusalCounter(Arc<Mutex<HashMap<Line, Count>>>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Line {
    key: KeyId,
    reason: String,
    source: Option<String>,
    minute: i64,
}

struct Unwritten {
    count: u64,
    is_first: bool,
}

#[derive(Default)]
struct Count {
    seen: u64,
    written: u64,
}

impl RefusalCounter {
    /// Counts a refusal. The first of a line is written at once, the second, the fourth and so on after it: a caller
    /// that keeps knocking costs ever fewer writes. A log that cannot be written changes no answer.
    pub async fn count(
        &self,
        writer: &Writer,
        key: &ApiKey,
        denied: Denied,
        source: Option<String>,
        now: DateTime<Utc>,
    ) {
        let minute = now.timestamp().div_euclid(60) * 60;
        let line = Line {
            key: key.id,
            reason: denied.to_string(),
            source,
            minute,
        };
        let Some(unwritten) = self.see(&line) else {
            return;
        };
        let event = AuditEvent {
            // Whoever does not hold the key cannot know this name before it is written.
            id: hash_secret(&format!(
                "{} {} {:?} {minute}",
                key.hash.to_hex(),
                line.reason,
                line.source
            ))
            .to_hex(),
            app: key.app,
            action: AuditAction::Refused,
            key: key.id,
            by: format!("key:{}", key.id),
            source: line.source.clone(),
            detail: Some(line.reason.clone()),
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(minute),
        };
        let added = if unwritten.is_first {
            writer.add_refusal(&event).await
        } else {
            Ok(())
        };
        let counted = match added {
            Ok(()) => writer.count_refusals(&event, unwritten.count).await,
            Err(error) => Err(error),
        };
        if let Err(error) = counted {
            tracing::warn!(%error, "a refusal could not be written to the audit log");
        }
    }

    /// How many of a line are to be written now, if any.
    fn see(&self, line: &Line) -> Option<Unwritten> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= MAX_KEPT {
            lines.clear();
        }
        let count = lines.entry(line.clone()).or_default();
        count.seen += 1;
        let unwritten = Unwritten {
            count: count.seen - count.written,
            is_first: count.written == 0,
        };
        if !count.seen.is_power_of_two() {
            return None;
        }
        count.written = count.seen;
        Some(unwritten)
    }
}
