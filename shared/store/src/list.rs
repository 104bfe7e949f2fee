//! Lists: runs of an index, in its order, from a position on.

use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::item::{BY_MONTH, Index, RawItem, text};
use crate::{Store, StoreError, Table};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(String);

impl Position {
    /// The place of an instant in a list by start: before what starts then or later, behind what starts earlier.
    pub fn of_instant(at: DateTime<Utc>) -> Self {
        Self(sortable(at))
    }
}

/// Part of a list.
#[derive(Debug)]
pub struct Chunk<T> {
    /// The rows, each with its place.
    pub rows: Vec<(Position, T)>,
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
}

/// An instant as a sort key: as text it sorts as it does in time.
pub(crate) fn sort_key(at: DateTime<Utc>, id: impl std::fmt::Display) -> String {
    format!("{}#{id}", sortable(at))
}

fn sortable(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The month an item belongs to in [`BY_MONTH`] and [`BY_PROJECT`](crate::item::BY_PROJECT).
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
    pub(crate) now: DateTime<Utc>,
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
        let rows = items
            .into_iter()
            .map(|item| row(partition.index, item, &read))
            .collect::<Result<_, _>>()?;
        Ok(Chunk { rows, is_last })
    }

    /// The next rows of a list in order of creation, month by month.
    pub(crate) async fn chunk_by_month<T>(
        &self,
        months: &MonthlyIndex<'_>,
        walk: &Walk<'_>,
        read: impl Fn(RawItem) -> Result<T, StoreError>,
    ) -> Result<Chunk<T>, StoreError> {
        let mut rows = Vec::new();
        for month in months.walk(walk) {
            let name = format!("{}{month}", months.prefix);
            let partition = Partition {
                table: months.table,
                index: months.index,
                name,
            };
            let rest = Walk {
                limit: walk.limit - rows.len(),
                ..*walk
            };
            for item in self.index_page(&partition, &rest).await? {
                rows.push(row(months.index, item, &read)?);
            }
            if rows.len() >= walk.limit {
                return Ok(Chunk {
                    rows,
                    is_last: false,
                });
            }
        }
        Ok(Chunk {
            rows,
            is_last: true,
        })
    }
}

impl MonthlyIndex<'_> {
    fn walk(&self, walk: &Walk<'_>) -> Vec<String> {
        let first = first_of_month(self.since.date_naive());
        let last = first_of_month(self.now.date_naive());
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
        now,
    }
}
