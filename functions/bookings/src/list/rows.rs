//! The rows of a list of bookings, in the wanted order.

use std::cmp::Ordering;

use api::ApiError;
use api::page::{BATCH, EXACT_TOTAL, MAX_SCANNED, MAX_SORTED, PageRequest};
use chrono::{DateTime, Utc};
use model::booking::Booking;
use store::{
    BookingList, BookingOrder, Chunk, Direction, Position, Store, StoreError, Tenant, Walk,
};

/// What bookings can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    CreatedAt,
    UpdatedAt,
    Completed,
    Graph,
    State,
    Start,
    End,
}

/// Where a page's rows come from.
pub(crate) enum Rows {
    /// From rows that are in the wanted order.
    InOrder(InOrder),
    /// From a list that must be sorted first.
    ToSort(BookingList),
}

/// Rows in the wanted order.
pub(crate) enum InOrder {
    /// Those of an index.
    Listed(BookingList),
    /// Those of a short list in another order. They were sorted by the position that they have in the wanted order, so that a
    /// cursor means the same in both.
    Sorted(Vec<(Position, Booking)>),
}

/// How the lists of one request are read.
pub(crate) struct BookingRows<'a> {
    pub(crate) store: &'a Store,
    pub(crate) tenant: Tenant,
    pub(crate) direction: Direction,
    pub(crate) now: DateTime<Utc>,
}

impl BookingRows<'_> {
    /// Picks the list to read for an order: the narrowest if it has that order, or is short enough to be sorted at each
    /// request, and else a wider one that has it. The narrowest of `lists` comes first.
    pub(crate) async fn rows(
        &self,
        page: &mut PageRequest,
        lists: &[BookingList],
        order: Order,
        matches: impl Fn(&Booking) -> bool,
    ) -> Result<Rows, ApiError> {
        let narrowest = &lists[0];
        let order = match order {
            Order::CreatedAt => BookingOrder::Creation,
            Order::Start => BookingOrder::Start,
            Order::UpdatedAt | Order::Completed | Order::Graph | Order::State | Order::End => {
                return Ok(Rows::ToSort(narrowest.clone()));
            }
        };
        if narrowest.order() == order {
            return Ok(Rows::InOrder(InOrder::Listed(narrowest.clone())));
        }
        if let Some(found) = self.all_of(page, narrowest, matches).await? {
            let mut rows: Vec<_> = found
                .into_iter()
                .map(|booking| (order.position(&booking), booking))
                .collect();
            rows.sort_by(|(a, _), (b, _)| match self.direction {
                Direction::Ascending => a.cmp(b),
                Direction::Descending => b.cmp(a),
            });
            return Ok(Rows::InOrder(InOrder::Sorted(rows)));
        }
        let ordered = lists.iter().find(|list| list.order() == order);
        Ok(match ordered {
            Some(list) => Rows::InOrder(InOrder::Listed(list.clone())),
            None => Rows::ToSort(narrowest.clone()),
        })
    }

    /// All of a list that matches, unless more is to be read for it than one request may, or too much matches.
    async fn all_of(
        &self,
        page: &mut PageRequest,
        list: &BookingList,
        matches: impl Fn(&Booking) -> bool,
    ) -> Result<Option<Vec<Booking>>, ApiError> {
        let mut found = Vec::new();
        let (mut after, mut scanned, mut bytes) = (None, 0, 0);
        while found.len() <= EXACT_TOTAL && scanned < MAX_SCANNED && bytes < MAX_SORTED {
            if scanned > 0 {
                page.wait_for_turn().await?;
            }
            let mut chunk = self.read(list, after, BATCH).await?;
            bytes += chunk.bytes;
            scanned += chunk.rows.len();
            after = chunk.rows.last().map(|(position, _)| position.clone());
            chunk.rows.retain(|(_, booking)| matches(booking));
            found.extend(chunk.rows.into_iter().map(|(_, booking)| booking));
            if chunk.is_last {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    pub(crate) async fn next(
        &self,
        rows: &InOrder,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Chunk<Booking>, StoreError> {
        let sorted = match rows {
            InOrder::Listed(list) => return self.read(list, after, limit).await,
            InOrder::Sorted(sorted) => sorted,
        };
        let follows = |position: &Position| match (&after, self.direction) {
            (None, _) => true,
            (Some(after), Direction::Ascending) => position > after,
            (Some(after), Direction::Descending) => position < after,
        };
        let begin = sorted.partition_point(|(position, _)| !follows(position));
        let rows: Vec<_> = sorted[begin..].iter().take(limit).cloned().collect();
        let is_last = begin + rows.len() == sorted.len();
        // They were read and counted already.
        Ok(Chunk {
            rows,
            bytes: 0,
            is_last,
        })
    }

    pub(crate) async fn read(
        &self,
        list: &BookingList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Chunk<Booking>, StoreError> {
        let walk = Walk {
            direction: self.direction,
            after: after.as_ref(),
            limit,
        };
        self.store
            .list_bookings(self.tenant, list, &walk, self.now)
            .await
    }
}

/// Compares two bookings at `now`.
pub(crate) fn compare(order: Order, a: &Booking, b: &Booking, now: DateTime<Utc>) -> Ordering {
    let settled = |booking: &Booking| booking.clone().settled(now);
    match order {
        Order::CreatedAt => a.created_at.cmp(&b.created_at),
        Order::UpdatedAt => settled(a).updated_at.cmp(&settled(b).updated_at),
        Order::Completed => settled(a).completed().cmp(&settled(b).completed()),
        Order::Graph => a.graph.name().cmp(b.graph.name()),
        Order::State => settled(a).state.name().cmp(settled(b).state.name()),
        Order::Start => a.slot.start().cmp(&b.slot.start()),
        Order::End => a.slot.end().cmp(&b.slot.end()),
    }
    // Rows that are alike keep one order over all pages.
    .then_with(|| a.id.cmp(&b.id))
}
