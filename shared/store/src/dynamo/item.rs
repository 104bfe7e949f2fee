//! How a record becomes an item: its keys, a version where it can change, and the record itself as JSON in one text.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::dynamo::call::PATIENCE;
use crate::dynamo::list::{Direction, Partition, Walk};
use crate::{Store, StoreError, Table};

/// The longest partition key there can be, in bytes.
const MAX_PARTITION_KEY: usize = 2_048;

/// An item as the SDK has it.
pub(crate) type RawItem = HashMap<String, AttributeValue>;

/// Where an item is: its partition and its place there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    pub(crate) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    pub(crate) fn attributes(&self) -> RawItem {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// An item of the shape that all but sheets and counted attempts have.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    attributes: RawItem,
}

impl Item {
    /// The item at `key` that holds `record`.
    pub(crate) fn new(key: &Key, record: &impl Serialize) -> Result<Self, StoreError> {
        let record =
            serde_json::to_string(record).map_err(|e| StoreError::broken("serialize", e))?;
        Ok(Self {
            attributes: key.attributes(),
        }
        .with("record", record))
    }

    /// The same item with one more text attribute, outside its record: an index key or a version.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes
            .insert(name.to_owned(), AttributeValue::S(value.into()));
        self
    }

    /// The same item with one more whole number, outside its record.
    pub(crate) fn with_number(mut self, name: &str, value: i64) -> Self {
        self.attributes
            .insert(name.to_owned(), AttributeValue::N(value.to_string()));
        self
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
pub(crate) fn record<T: DeserializeOwned>(item: RawItem) -> Result<T, StoreError> {
    let record = item
        .get("record")
        .and_then(|record| record.as_s().ok())
        .ok_or_else(|| StoreError::broken("read", "an item without record"))?;
    serde_json::from_str(record).map_err(|e| StoreError::broken("read", e))
}

/// A text attribute of an item that was read.
pub(crate) fn text(item: &RawItem, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

/// A whole number of an item that was read.
pub(crate) fn number(item: &RawItem, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

impl Store {
    /// Reads one item, strongly consistent.
    pub(crate) async fn get(&self, table: Table, key: &Key) -> Result<Option<RawItem>, StoreError> {
        // Callers bring names along: one that is too long to be a key is nobody's.
        if key.pk.len() > MAX_PARTITION_KEY {
            return Ok(None);
        }
        let answer = self
            .call("GetItem", table, || {
                self.client
                    .get_item()
                    .table_name(self.table(table))
                    .set_key(Some(key.attributes()))
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
        table: Table,
        key: &Key,
    ) -> Result<Option<T>, StoreError> {
        self.get(table, key).await?.map(record).transpose()
    }

    /// Reads many items, strongly consistent, in no order. Those that do not exist are left out.
    pub(crate) async fn get_many(
        &self,
        table: Table,
        keys: &[Key],
    ) -> Result<Vec<RawItem>, StoreError> {
        use aws_sdk_dynamodb::types::KeysAndAttributes;
        let name = self.table(table);
        let mut found = Vec::with_capacity(keys.len());
        // DynamoDB takes at most 100 keys a call and may answer fewer than asked for.
        for batch in keys.chunks(100) {
            let mut wanted: Vec<RawItem> = batch.iter().map(Key::attributes).collect();
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

    /// Reads every item of a partition whose place begins with `prefix`, strongly consistent, in order.
    pub(crate) async fn partition(
        &self,
        table: Table,
        pk: &str,
        prefix: &str,
    ) -> Result<Vec<RawItem>, StoreError> {
        self.run(
            table,
            "pk = :pk AND begins_with(sk, :first)",
            &[(":pk", pk), (":first", prefix)],
        )
        .await
    }

    /// Reads every item of a partition from one place to another, both included, strongly consistent, in order.
    pub(crate) async fn partition_between(
        &self,
        table: Table,
        pk: &str,
        between: (&str, &str),
    ) -> Result<Vec<RawItem>, StoreError> {
        let mut items = Vec::new();
        let collect = |page| {
            items.extend(page);
            Ok(true)
        };
        self.pages_between(table, pk, between, collect).await?;
        Ok(items)
    }

    /// As [`Store::partition_between`], page by page, for as long as `each` asks for more.
    pub(crate) async fn pages_between(
        &self,
        table: Table,
        pk: &str,
        (first, last): (&str, &str),
        each: impl FnMut(Vec<RawItem>) -> Result<bool, StoreError> + Send,
    ) -> Result<(), StoreError> {
        let values = [(":pk", pk), (":first", first), (":last", last)];
        let condition = "pk = :pk AND sk BETWEEN :first AND :last";
        self.pages(table, condition, &values, each).await
    }

    async fn run(
        &self,
        table: Table,
        condition: &str,
        values: &[(&str, &str)],
    ) -> Result<Vec<RawItem>, StoreError> {
        let mut items = Vec::new();
        let collect = |page| {
            items.extend(page);
            Ok(true)
        };
        self.pages(table, condition, values, collect).await?;
        Ok(items)
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

    /// Reads part of an index partition, in the index's order. Index reads lag: lists only.
    pub(crate) async fn index_page(
        &self,
        partition: &Partition<'_>,
        walk: &Walk<'_>,
    ) -> Result<Vec<RawItem>, StoreError> {
        let Partition {
            table,
            index,
            name,
            between,
        } = partition;
        if name.len() > MAX_PARTITION_KEY {
            return Ok(Vec::new());
        }
        let Some(bounds) = between.beyond(walk) else {
            return Ok(Vec::new());
        };
        let comparison = match bounds {
            (None, None) => "",
            (Some(_), None) => " AND #sort >= :first",
            (None, Some(_)) => " AND #sort <= :last",
            (Some(_), Some(_)) => " AND #sort BETWEEN :first AND :last",
        };
        let mut names = HashMap::from([("#partition".to_owned(), index.partition.to_owned())]);
        if !comparison.is_empty() {
            names.insert("#sort".to_owned(), index.sort.to_owned());
        }
        let mut values =
            HashMap::from([(":partition".to_owned(), AttributeValue::S(name.clone()))]);
        for (name, bound) in [(":first", bounds.0), (":last", bounds.1)] {
            values.extend(bound.map(|bound| (name.to_owned(), AttributeValue::S(bound))));
        }
        let mut items: Vec<RawItem> = Vec::new();
        let mut start = None;
        // A page ends at 1 MB, whatever its limit: go on until there is enough or no more.
        loop {
            let limit = i32::try_from(walk.limit - items.len()).unwrap_or(i32::MAX);
            let answer = self
                .call("Query", *table, || {
                    self.client
                        .query()
                        .table_name(self.table(*table))
                        .set_index_name((!index.name.is_empty()).then(|| index.name.to_owned()))
                        .consistent_read(index.name.is_empty())
                        .key_condition_expression(format!("#partition = :partition{comparison}"))
                        .set_expression_attribute_names(Some(names.clone()))
                        .set_expression_attribute_values(Some(values.clone()))
                        .scan_index_forward(walk.direction == Direction::Ascending)
                        .limit(limit)
                        .set_exclusive_start_key(start.clone())
                        .return_consumed_capacity(ReturnConsumedCapacity::Total)
                        .send()
                })
                .await?;
            let found = answer.items.unwrap_or_default();
            self.rows_listed
                .fetch_add(found.len() as u64, Ordering::Relaxed);
            items.extend(found);
            start = answer.last_evaluated_key;
            if start.is_none() || items.len() >= walk.limit {
                return Ok(items);
            }
        }
    }
}

/// A secondary index: its name and key attributes, as `template.yaml` has them.
pub(crate) struct Index {
    pub(crate) name: &'static str,
    pub(crate) partition: &'static str,
    pub(crate) sort: &'static str,
}

/// The table itself, where its own keys are what a list needs.
pub(crate) const TABLE: Index = Index {
    name: "",
    partition: "pk",
    sort: "sk",
};
/// By app, kind of thing and month of creation.
pub(crate) const BY_MONTH: Index = Index {
    name: "by_month",
    partition: "month_pk",
    sort: "created_sk",
};
/// An app's bookings by month of start.
pub(crate) const BY_START: Index = Index {
    name: "by_start",
    partition: "start_pk",
    sort: "start_sk",
};
/// An app's groups by month of start. Only groups are in it.
pub(crate) const BY_GROUP: Index = Index {
    name: "by_group",
    partition: "group_pk",
    sort: "start_sk",
};
/// A resource's bookings by start.
pub(crate) const BY_RESOURCE: Index = Index {
    name: "by_resource",
    partition: "resource_pk",
    sort: "start_sk",
};
/// A customer's bookings by creation.
pub(crate) const BY_CUSTOMER: Index = Index {
    name: "by_customer",
    partition: "customer_pk",
    sort: "created_sk",
};
/// A project's bookings by month and creation.
pub(crate) const BY_PROJECT: Index = Index {
    name: "by_project",
    partition: "project_pk",
    sort: "created_sk",
};
