//! Lists: runs of an index, in its order, from a position on.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::item::{Listing, RawItem, read_or_skip, text};
use super::read::MAX_PARTITION_KEY;
use super::store::Store;

/// The most months that are asked at once. One is asked first, and twice as many whenever those asked do not fill the
/// chunk, so that a long run of empty months costs few round trips.
const MONTHS_AT_ONCE: usize = 8;

/// Which way a list runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Oldest, or earliest, first.
    Ascending,
    /// Newest, or latest, first.
    Descending,
}

/// A place in a list: the sort key of the row last seen. It says nothing that may not be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(String);

impl Position {
    /// The place of a row whose sort key is `key`, or just before it if there is none.
    pub(crate) const fn new(key: String) -> Self {
        Self(key)
    }

    /// The same without its last `characters`: before whatever begins with what is left.
    pub(crate) fn shortened_by(&self, characters: usize) -> Self {
        let end = self.0.len().saturating_sub(characters);
        Self(self.0.get(..end).unwrap_or_default().to_owned())
    }
}

/// Part of a list.
#[derive(Debug)]
pub struct Chunk<T> {
    /// The rows, each with its place.
    pub rows: Vec<(Position, T)>,
    /// About how much they hold: the bytes of the records that were read for them.
    pub bytes: usize,
    /// Whether the list ends here.
    pub is_last: bool,
}

/// Which part of a list is wanted: at most `limit` rows that follow `after`.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'a> {
    /// Which way to go.
    pub direction: Direction,
    /// Where to go on from; none means from the beginning.
    pub after: Option<&'a Position>,
    /// The most rows.
    pub limit: usize,
}

impl Walk<'_> {
    /// The sort key that the next row lies beyond.
    pub(crate) fn after_key(&self) -> Option<&str> {
        self.after.map(|position| position.0.as_str())
    }
}

/// One partition of an index.
pub(crate) struct IndexPartition {
    pub(crate) listing: Listing,
    pub(crate) between: Between,
}

/// The sort keys between which a list lies; none means no bound.
#[derive(Clone, Debug, Default)]
pub(crate) struct Between {
    pub(crate) first: Option<String>,
    pub(crate) last: Option<String>,
}

impl Between {
    /// What is left of it for `walk`: its first and last key. `None` if that is nothing.
    pub(crate) fn beyond(&self, walk: &Walk<'_>) -> Option<(Option<String>, Option<String>)> {
        let Self {
            mut first,
            mut last,
        } = self.clone();
        if let Some(after) = walk.after_key() {
            match walk.direction {
                Direction::Ascending => first = first.max(Some(just_behind(after))),
                Direction::Descending => {
                    let before = just_before(after);
                    last = Some(last.map_or(before.clone(), |last| last.min(before)));
                }
            }
        }
        // DynamoDB refuses bounds that are the wrong way round.
        let is_empty = matches!((&first, &last), (Some(first), Some(last)) if first > last);
        (!is_empty).then_some((first, last))
    }
}

/// A key behind `key` with no other between them: no key of an index begins with another.
fn just_behind(key: &str) -> String {
    format!("{key} ")
}

/// A key before `key` with no other between them. Keys end in a letter or digit, and nothing in them sorts behind `~`.
fn just_before(key: &str) -> String {
    let mut before = key.to_owned();
    if let Some(last) = before.pop() {
        before.push(char::from_u32(u32::from(last) - 1).unwrap_or(last));
        before.push('~');
    }
    before
}

/// The month of an instant, as partitions are named by it.
pub(crate) fn month(at: DateTime<Utc>) -> String {
    at.format("%Y-%m").to_string()
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// An index whose partitions are months.
pub(crate) struct MonthlyIndex {
    /// What stands before the month in a partition's name.
    pub(crate) listing: Listing,
    /// The first month there can be.
    pub(crate) since: DateTime<Utc>,
    /// The last month there can be.
    pub(crate) until: DateTime<Utc>,
    /// Between which keys to stay.
    pub(crate) between: Between,
}

impl Store {
    /// The next rows of a list in the order of one index partition. A row that cannot be read is left out.
    pub(crate) async fn chunk_of_partition<T>(
        &self,
        partition: &IndexPartition,
        walk: &Walk<'_>,
        read: impl Fn(&RawItem) -> Result<T, StoreError>,
    ) -> Result<Chunk<T>, StoreError> {
        let listing = &partition.listing;
        let mut rows = Vec::new();
        let mut bytes = 0;
        let mut after = walk.after.cloned();
        loop {
            let limit = walk.limit - rows.len();
            let rest = Walk {
                after: after.as_ref(),
                limit,
                ..*walk
            };
            let page = self.index_page(partition, &rest).await?;
            let is_last = page.len() < limit;
            bytes += page.iter().map(size).sum::<usize>();
            let end = end(listing, &page)?;
            for item in &page {
                rows.extend(row(listing, item, &read)?);
            }
            // What could not be read is made up for, so that only a list's end leaves a chunk short.
            if is_last || rows.len() >= walk.limit {
                return Ok(Chunk {
                    rows,
                    bytes,
                    is_last,
                });
            }
            after = end;
        }
    }

    /// The next rows of a list in order of creation, month by month. A row that cannot be read is left out.
    pub(crate) async fn chunk_by_month<T>(
        &self,
        months: &MonthlyIndex,
        walk: &Walk<'_>,
        read: impl Fn(&RawItem) -> Result<T, StoreError>,
    ) -> Result<Chunk<T>, StoreError> {
        let mut rows: Vec<(Position, T)> = Vec::new();
        let mut bytes = 0;
        let names = months.walk(walk);
        let (mut left, mut at_once) = (names.as_slice(), 1);
        let mut after = walk.after.cloned();
        while !left.is_empty() && rows.len() < walk.limit {
            let next = &left[..at_once.min(left.len())];
            // Several months share what is missing, so that little is read in vain if the first of them has it all.
            let limit = (walk.limit - rows.len()).div_ceil(next.len());
            let rest = Walk {
                after: after.as_ref(),
                limit,
                ..*walk
            };
            let partitions: Vec<_> = next.iter().map(|month| months.partition(month)).collect();
            let pages = partitions
                .iter()
                .map(|partition| self.index_page(partition, &rest));
            let pages = try_join_all(pages).await?;
            at_once = (at_once * 2).min(MONTHS_AT_ONCE);
            for page in pages {
                let may_have_more = page.len() >= limit;
                for item in &page {
                    bytes += size(item);
                    rows.extend(row(&months.listing, item, &read)?);
                }
                if may_have_more {
                    after = end(&months.listing, &page)?;
                    at_once = 1;
                    break;
                }
                left = &left[1..];
            }
        }
        // A full chunk may be followed by nothing: the next request finds out.
        let is_last = rows.len() < walk.limit;
        rows.truncate(walk.limit);
        Ok(Chunk {
            rows,
            bytes,
            is_last,
        })
    }
}

impl Store {
    /// Reads part of an index partition, in the index's order. Index reads lag: lists only. It is one function because it is one
    /// query, asked until there is enough.
    pub(crate) async fn index_page(
        &self,
        partition: &IndexPartition,
        walk: &Walk<'_>,
    ) -> Result<Vec<RawItem>, StoreError> {
        let IndexPartition { listing, between } = partition;
        let Listing { table, index, name } = listing;
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

/// The first rows of two lists that run the same way, in that order.
pub(crate) fn merge<T>(one: Chunk<T>, other: Chunk<T>, walk: &Walk<'_>) -> Chunk<T> {
    let mut rows = one.rows;
    rows.extend(other.rows);
    rows.sort_by(|(a, _), (b, _)| match walk.direction {
        Direction::Ascending => a.cmp(b),
        Direction::Descending => b.cmp(a),
    });
    let is_last = one.is_last && other.is_last && rows.len() <= walk.limit;
    rows.truncate(walk.limit);
    Chunk {
        rows,
        bytes: one.bytes + other.bytes,
        is_last,
    }
}

impl MonthlyIndex {
    /// All of its rows, if there is none from before `since`.
    pub(crate) fn all(listing: Listing, since: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            listing,
            since,
            until: now,
            between: Between::default(),
        }
    }

    pub(crate) fn partition(&self, month: &str) -> IndexPartition {
        IndexPartition {
            listing: self.listing.clone().of(month),
            between: self.between.clone(),
        }
    }

    fn walk(&self, walk: &Walk<'_>) -> Vec<String> {
        let first = first_of_month(self.since.date_naive());
        let last = first_of_month(self.until.date_naive());
        let mut months: Vec<String> = std::iter::successors(Some(first), |month| {
            month.checked_add_months(Months::new(1))
        })
        .take_while(|month| *month <= last)
        .map(|month| month.format("%Y-%m").to_string())
        .collect();
        if walk.direction == Direction::Descending {
            months.reverse();
        }
        // A position begins with its month.
        if let Some(begin) = walk.after_key().and_then(|key| key.get(..7)) {
            months.retain(|month| match walk.direction {
                Direction::Ascending => month.as_str() >= begin,
                Direction::Descending => month.as_str() <= begin,
            });
        }
        months
    }
}

fn size(item: &RawItem) -> usize {
    let record = item.get("record").and_then(|record| record.as_s().ok());
    record.map_or(0, String::len)
}

/// Where a page ends.
fn end(listing: &Listing, page: &[RawItem]) -> Result<Option<Position>, StoreError> {
    let last = page.last();
    last.map(|item| position(listing, item)).transpose()
}

fn position(listing: &Listing, item: &RawItem) -> Result<Position, StoreError> {
    text(item, listing.index.sort)
        .map(Position)
        .ok_or_else(|| StoreError::broken("Query", "a row without sort key"))
}

fn row<T>(
    listing: &Listing,
    item: &RawItem,
    read: &impl Fn(&RawItem) -> Result<T, StoreError>,
) -> Result<Option<(Position, T)>, StoreError> {
    let position = position(listing, item)?;
    Ok(read_or_skip(listing.table, item, read).map(|row| (position, row)))
}
