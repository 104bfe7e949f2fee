//! Attempts that are counted before they are allowed, such as sign-ins: exact over a sliding window,
//! however many instances count at once.

use chrono::{DateTime, TimeDelta, Utc};

use crate::dynamo::update::{Update, Updated};
use crate::dynamo::{PATIENCE, Place, RawItem, StoreError, Writer};
use crate::places::{self, ATTEMPT};

/// The attribute that has the number of attempts.
const COUNT: &str = "count";

/// How many attempts are allowed in how long.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The most attempts.
    pub limit: usize,
    /// In this time.
    pub length: TimeDelta,
}

/// An attempt that has been counted.
#[derive(Clone, Debug)]
pub struct CountedAttempt {
    /// How many there are in the window, this one included; past the limit, one more than the limit.
    pub count: usize,
    place: Place,
    /// The attribute that it is; none past the limit.
    attribute: Option<String>,
}

impl Writer {
    /// Counts an attempt of `who` (a hash, or what may be known) and says how many there are in the window.
    /// Counting comes before judging, so that attempts made at once all see each other. Past the limit nothing
    /// more is written: an item holds at most one attempt more than the limit, however many come.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn count_attempt(
        &self,
        what: &str,
        who: &str,
        window: Window,
        now: DateTime<Utc>,
    ) -> Result<CountedAttempt, StoreError> {
        // Two buckets, each as long as the window, always cover it; all of the current one lies inside.
        let length_s = window.length.num_seconds().max(1);
        let bucket = now.timestamp().div_euclid(length_s);
        let place = |bucket: i64| places::attempts(what, who, bucket);
        let attribute = ATTEMPT.to_owned() + &self.new_version();
        let mut update = Update::default();
        // Each attempt is an attribute of its own, so counting at once loses none.
        update.set(&attribute, now.timestamp());
        update.set("ttl", (bucket + 2) * length_s);
        update.add(COUNT, 1);
        let most = i64::try_from(window.limit).unwrap_or(i64::MAX);
        update.require_absent_or_at_most(COUNT, most);
        let current = match self.update(&place(bucket), &update, PATIENCE).await? {
            Updated::Done(current) => current,
            Updated::Refused(_) => {
                return Ok(CountedAttempt {
                    count: window.limit + 1,
                    place: place(bucket),
                    attribute: None,
                });
            }
        };
        let previous = self.get(&place(bucket - 1)).await?.unwrap_or_default();
        let since_s = (now - window.length).timestamp();
        let count = count_since(&current, since_s) + count_since(&previous, since_s);
        Ok(CountedAttempt {
            count,
            place: place(bucket),
            attribute: Some(attribute),
        })
    }

    /// Takes an attempt back: it turned out to be none that counts.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn forget_attempt(&self, attempt: &CountedAttempt) -> Result<(), StoreError> {
        let Some(attribute) = &attempt.attribute else {
            return Ok(());
        };
        let mut update = Update::default();
        update.remove(attribute);
        update.add(COUNT, -1);
        self.update(&attempt.place, &update, PATIENCE).await?;
        Ok(())
    }
}

fn count_since(item: &RawItem, since_s: i64) -> usize {
    item.iter()
        .filter(|(name, _)| name.starts_with(ATTEMPT))
        .filter_map(|(_, value)| value.as_n().ok()?.parse::<i64>().ok())
        .filter(|at_s| *at_s > since_s)
        .count()
}
