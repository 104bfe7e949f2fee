//! Strongly consistent reads by primary key: what decisions rest on.

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::call::PATIENCE;
use super::error::StoreError;
use super::item::{Partition, Place, RawItem, record};
use super::store::Store;
use super::tables::Table;

/// The longest partition key there can be, in bytes.
pub(super) const MAX_PARTITION_KEY: usize = 2_048;

impl Store {
    /// Reads one item, strongly consistent.
    pub(crate) async fn get(&self, place: &Place) -> Result<Option<RawItem>, StoreError> {
        // A name that a caller sent and that is too long to be a key belongs to nothing.
        if place.pk.len() > MAX_PARTITION_KEY {
            return Ok(None);
        }
        let answer = self
            .call("GetItem", place.table, || {
                self.client
                    .get_item()
                    .table_name(self.table(place.table))
                    .set_key(Some(place.attributes()))
                    .consistent_read(true)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
            })
            .await?;
        Ok(answer.item)
    }

    /// Reads one item's record, strongly consistent.
    pub(crate) async fn get_record<T: DeserializeOwned>(
        &self,
        place: &Place,
    ) -> Result<Option<T>, StoreError> {
        self.get(place).await?.as_ref().map(record).transpose()
    }

    /// Reads many items of one table, strongly consistent, in no order. Those that do not exist are left out. It is one function
    /// because what DynamoDB leaves over of a batch is asked for again.
    pub(crate) async fn get_many(&self, places: &[Place]) -> Result<Vec<RawItem>, StoreError> {
        let Some(Place { table, .. }) = places.first() else {
            return Ok(Vec::new());
        };
        let table = *table;
        let name = self.table(table);
        let mut found = Vec::with_capacity(places.len());
        // DynamoDB takes at most 100 keys a call and may answer fewer than asked for.
        for batch in places.chunks(100) {
            let mut wanted: Vec<RawItem> = batch.iter().map(Place::attributes).collect();
            let deadline = Instant::now() + PATIENCE;
            while !wanted.is_empty() {
                let request = KeysAndAttributes::builder()
                    .set_keys(Some(wanted))
                    .consistent_read(true)
                    .build()
                    .map_err(|e| StoreError::broken("BatchGetItem", e))?;
                let answer = self
                    .call("BatchGetItem", table, || {
                        self.client
                            .batch_get_item()
                            .request_items(&name, request.clone())
                            .return_consumed_capacity(ReturnConsumedCapacity::Total)
                            .send()
                    })
                    .await?;
                found.extend(
                    answer
                        .responses
                        .unwrap_or_default()
                        .remove(&name)
                        .unwrap_or_default(),
                );
                wanted = answer
                    .unprocessed_keys
                    .unwrap_or_default()
                    .remove(&name)
                    .map(|left| left.keys)
                    .unwrap_or_default();
                // Left over for want of capacity: that is throttling by another name.
                if !wanted.is_empty() {
                    if Instant::now() >= deadline {
                        let source = "keys stayed unprocessed".into();
                        return Err(StoreError::Unavailable {
                            action: "BatchGetItem",
                            is_throttled: true,
                            source,
                        });
                    }
                    self.pause(100).await;
                }
            }
        }
        Ok(found)
    }

    /// Reads every item of a partition, strongly consistent, in order.
    pub(crate) async fn partition(
        &self,
        Partition { table, pk, prefix }: &Partition,
    ) -> Result<Vec<RawItem>, StoreError> {
        let mut items = Vec::new();
        let collect = |page| {
            items.extend(page);
            Ok(true)
        };
        let condition = "pk = :pk AND begins_with(sk, :first)";
        self.pages(
            *table,
            condition,
            &[(":pk", pk), (":first", prefix)],
            collect,
        )
        .await?;
        Ok(items)
    }

    /// Reads every item from one place to another of the same partition, both included, strongly consistent, in order.
    pub(crate) async fn between(
        &self,
        first: &Place,
        last: &Place,
    ) -> Result<Vec<RawItem>, StoreError> {
        let mut items = Vec::new();
        let collect = |page| {
            items.extend(page);
            Ok(true)
        };
        self.pages_between(first, last, collect).await?;
        Ok(items)
    }

    /// As [`Store::between`], page by page, for as long as `each` asks for more.
    pub(crate) async fn pages_between(
        &self,
        first: &Place,
        last: &Place,
        each: impl FnMut(Vec<RawItem>) -> Result<bool, StoreError> + Send,
    ) -> Result<(), StoreError> {
        let values = [
            (":pk", first.pk.as_str()),
            (":first", &first.sk),
            (":last", &last.sk),
        ];
        let condition = "pk = :pk AND sk BETWEEN :first AND :last";
        self.pages(first.table, condition, &values, each).await
    }

    /// Hands on one page of at most 1 MB after another, for as long as `each` asks for more.
    async fn pages(
        &self,
        table: Table,
        condition: &str,
        values: &[(&str, &str)],
        mut each: impl FnMut(Vec<RawItem>) -> Result<bool, StoreError> + Send,
    ) -> Result<(), StoreError> {
        let values: RawItem = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), AttributeValue::S((*value).to_owned())))
            .collect();
        let mut start = None;
        loop {
            let answer = self
                .call("Query", table, || {
                    self.client
                        .query()
                        .table_name(self.table(table))
                        .key_condition_expression(condition)
                        .set_expression_attribute_values(Some(values.clone()))
                        .consistent_read(true)
                        .set_exclusive_start_key(start.clone())
                        .return_consumed_capacity(ReturnConsumedCapacity::Total)
                        .send()
                })
                .await?;
            start = answer.last_evaluated_key;
            if !each(answer.items.unwrap_or_default())? || start.is_none() {
                return Ok(());
            }
        }
    }
}
