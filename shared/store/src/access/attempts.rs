//! Attempts that are counted before they are allowed, such as sign-ins: exact over a sliding window,
//! however many instances count at once.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};
use chrono::{DateTime, TimeDelta, Utc};

use crate::dynamo::call::PATIENCE;
use crate::dynamo::error;
use crate::dynamo::item::{Key, RawItem};
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
    /// How many there are in the window, this one included; past the limit, one more than the limit.
    pub count: usize,
    key: Key,
    id: Option<String>,
}

impl Store {
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
    ) -> Result<Attempt, StoreError> {
        // Two buckets, each as long as the window, always cover it; all of the current one lies inside.
        let length_s = window.length.num_seconds().max(1);
        let bucket = now.timestamp().div_euclid(length_s);
        let key =
            |bucket: i64| Key::new(format!("attempts#{what}#{who}"), format!("bucket#{bucket}"));
        let id = self.new_version();
        let ttl_s = (bucket + 2) * length_s;
        let Some(current) = self
            .add_attempt(&key(bucket), &id, window, now, ttl_s)
            .await?
        else {
            return Ok(Attempt {
                count: window.limit + 1,
                key: key(bucket),
                id: None,
            });
        };
        let previous = self
            .get(Table::Meters, &key(bucket - 1))
            .await?
            .unwrap_or_default();
        let since_s = (now - window.length).timestamp();
        let count = count_since(&current, since_s) + count_since(&previous, since_s);
        Ok(Attempt {
            count,
            key: key(bucket),
            id: Some(id),
        })
    }

    /// Writes an attempt into its bucket and answers the bucket; none if it is past the limit already.
    async fn add_attempt(
        &self,
        key: &Key,
        id: &str,
        window: Window,
        now: DateTime<Utc>,
        ttl_s: i64,
    ) -> Result<Option<RawItem>, StoreError> {
        let number = |number: i64| AttributeValue::N(number.to_string());
        let limit = i64::try_from(window.limit).unwrap_or(i64::MAX);
        self.call_for(
            "UpdateItem",
            &[Table::Meters],
            PATIENCE,
            || {
                // Each attempt is an attribute of its own, so counting at once loses none.
                self.client
                    .update_item()
                    .table_name(self.table(Table::Meters))
                    .set_key(Some(key.attributes()))
                    .update_expression("SET #id = :now, #ttl = :ttl ADD #count :one")
                    .condition_expression("attribute_not_exists(#count) OR #count <= :limit")
                    .expression_attribute_names("#id", format!("a#{id}"))
                    .expression_attribute_names("#ttl", "ttl")
                    .expression_attribute_names("#count", "count")
                    .expression_attribute_values(":now", number(now.timestamp()))
                    .expression_attribute_values(":ttl", number(ttl_s))
                    .expression_attribute_values(":one", number(1))
                    .expression_attribute_values(":limit", number(limit))
                    .return_values(ReturnValue::AllNew)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
            },
            |answer| match answer {
                Ok(written) => Ok(Some(written.attributes.unwrap_or_default())),
                Err(SdkError::ServiceError(refused))
                    if refused.err().is_conditional_check_failed_exception() =>
                {
                    Ok(None)
                }
                Err(error) => Err(error::judged(error)),
            },
        )
        .await
    }

    /// Takes an attempt back: it turned out to be none that counts.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn forget_attempt(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let Some(id) = &attempt.id else { return Ok(()) };
        self.call("UpdateItem", Table::Meters, || {
            self.client
                .update_item()
                .table_name(self.table(Table::Meters))
                .set_key(Some(attempt.key.attributes()))
                .update_expression("REMOVE #id ADD #count :less")
                .expression_attribute_names("#id", format!("a#{id}"))
                .expression_attribute_names("#count", "count")
                .expression_attribute_values(":less", AttributeValue::N("-1".to_owned()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
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
