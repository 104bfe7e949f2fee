//! Attempts that are counted before they are allowed, such as sign-ins: exact over a sliding window,
//! however many instances count at once.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use chrono::{DateTime, TimeDelta, Utc};

use crate::item::{Key, RawItem};
use crate::{Store, StoreError, Table};

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
pub struct Attempt {
    /// How many there are in the window, this one included.
    pub count: usize,
    key: Key,
    id: String,
}

impl Store {
    /// Counts an attempt of `who` (a hash, or what may be known) and says how many there are in the window.
    /// Counting comes before judging, so that attempts made at once all see each other.
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
    ) -> Result<Attempt, StoreError> {
        // Two buckets, each as long as the window, always cover it.
        let length_s = window.length.num_seconds().max(1);
        let bucket = now.timestamp().div_euclid(length_s);
        let key =
            |bucket: i64| Key::new(format!("attempts#{what}#{who}"), format!("bucket#{bucket}"));
        let id = self.new_version();
        let current = self
            .call("UpdateItem", || {
                // The attempt is an attribute of its own, so counting at once loses none; a retry counts it once.
                self.client
                    .update_item()
                    .table_name(self.table(Table::Meters))
                    .set_key(Some(key(bucket).attributes()))
                    .update_expression("SET #id = :now, #ttl = :ttl")
                    .expression_attribute_names("#id", format!("a#{id}"))
                    .expression_attribute_names("#ttl", "ttl")
                    .expression_attribute_values(
                        ":now",
                        AttributeValue::N(now.timestamp().to_string()),
                    )
                    .expression_attribute_values(
                        ":ttl",
                        AttributeValue::N(((bucket + 2) * length_s).to_string()),
                    )
                    .return_values(ReturnValue::AllNew)
                    .send()
            })
            .await?
            .attributes
            .unwrap_or_default();
        let previous = self
            .get(Table::Meters, &key(bucket - 1))
            .await?
            .unwrap_or_default();
        let since_s = (now - window.length).timestamp();
        let count = count_since(&current, since_s) + count_since(&previous, since_s);
        Ok(Attempt {
            count,
            key: key(bucket),
            id,
        })
    }

    /// Takes an attempt back: it turned out to be none that counts.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn forget_attempt(&self, attempt: &Attempt) -> Result<(), StoreError> {
        self.call("UpdateItem", || {
            self.client
                .update_item()
                .table_name(self.table(Table::Meters))
                .set_key(Some(attempt.key.attributes()))
                .update_expression("REMOVE #id")
                .expression_attribute_names("#id", format!("a#{}", attempt.id))
                .send()
        })
        .await?;
        Ok(())
    }
}

fn count_since(item: &RawItem, since_s: i64) -> usize {
    item.iter()
        .filter(|(name, _)| name.starts_with("a#"))
        .filter_map(|(_, value)| value.as_n().ok()?.parse::<i64>().ok())
        .filter(|at_s| *at_s > since_s)
        .count()
}
