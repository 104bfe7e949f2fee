//! Lists: runs of an index, in its order, from a position on.

use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, Utc};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::dynamo::item::{BY_MONTH, Index, RawItem, text};
use crate::{Store, StoreError, Table};

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
    /// Where something of this instant and id stands in a list by such instants.
    pub(crate) fn of(at: DateTime<Utc>, id: impl std::fmt::Display) -> Self {
        Self(sort_key(at, id))
    }

    /// The place of an instant in a list by start: before what starts then or later, behind what starts earlier.
    pub fn of_instant(at: DateTime<Utc>) -> Self {
        Self(time_key(at))
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
pub(crate) struct Partition<'a> {
    pub(crate) table: Table,
    pub(crate) index: &'a Index,
    pub(crate) name: String,
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

/// An instant as a sort key: as text it sorts as it does in time.
pub(crate) fn sort_key(at: DateTime<Utc>, id: impl std::fmt::Display) -> String {
    format!("{}#{id}", time_key(at))
}

/// Where the sort keys of an instant begin.
pub(crate) fn time_key(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The month an item belongs to in [`BY_MONTH`] and [`BY_PROJECT`](crate::dynamo::item::BY_PROJECT).
pub(crate) fn month(at: DateTime<Utc>) -> String {
    at.format("%Y-%m").to_string()
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// An index whose partitions are months.
pub(crate) struct MonthlyIndex<'a> {
    pub(crate) table: Table,
    pub(crate) index: &'a Index,
    /// What stands before the month in a partition's name.
    pub(crate) prefix: String,
    /// The first month there can be.
    pub(crate) since: DateTime<Utc>,
    /// The last month there can be.
    pub(crate) until: DateTime<Utc>,
    /// Between which keys to stay.
    pub(crate) between: Between,
}

impl Store {
    /// The next rows of a list in the order of one index partition.
    pub(crate) async fn chunk_of_partition<T>(
        &self,
        partition: &Partition<'_>,
        walk: &Walk<'_>,
        read: impl Fn(RawItem) -> Result<T, StoreError>,
    ) -> Result<Chunk<T>, StoreError> {
        let items = self.index_page(partition, walk).await?;
        let is_last = items.len() < walk.limit;
        let bytes = items.iter().map(size).sum();
        let rows = items
            .into_iter()
            .map(|item| row(partition.index, item, &read))
            .collect::<Result<_, _>>()?;
        Ok(Chunk {
            rows,
            bytes,
            is_last,
        })
    }

    /// The next rows of a list in order of creation, month by month.
    pub(crate) async fn chunk_by_month<T>(
        &self,
        months: &MonthlyIndex<'_>,
        walk: &Walk<'_>,
        read: impl Fn(RawItem) -> Result<T, StoreError>,
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
                for item in page {
                    bytes += size(&item);
                    rows.push(row(months.index, item, &read)?);
                }
                if may_have_more {
                    after = rows.last().map(|(position, _)| position.clone());
                    at_once = 1;
                    break;
                }
                left = &left[1..];
            }
        }
        // A full chunk may be followed by nothing: whoever asks for the next one learns it.
        let is_last = rows.len() < walk.limit;
        rows.truncate(walk.limit);
        Ok(Chunk {
            rows,
            bytes,
            is_last,
        })
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

impl<'a> MonthlyIndex<'a> {
    pub(crate) fn partition(&self, month: &str) -> Partition<'a> {
        Partition {
            table: self.table,
            index: self.index,
            name: format!("{}{month}", self.prefix),
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

fn row<T>(
    index: &Index,
    item: RawItem,
    read: &impl Fn(RawItem) -> Result<T, StoreError>,
) -> Result<(Position, T), StoreError> {
    let position = text(&item, index.sort)
        .ok_or_else(|| StoreError::broken("Query", "a row without sort key"))?;
    Ok((Position(position), read(item)?))
}

/// [`BY_MONTH`] of one kind of thing in `table`.
pub(crate) fn by_month(
    table: Table,
    prefix: String,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> MonthlyIndex<'static> {
    MonthlyIndex {
        table,
        index: &BY_MONTH,
        prefix,
        since,
        until: now,
        between: Between::default(),
    }
}
