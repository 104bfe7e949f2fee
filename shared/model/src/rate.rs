//! Rate limits that many instances share without asking each other at every request.
//!
//! A *ledger* per limit says how many permits were lent, and when. An instance takes a *lease*: a block of
//! permits that it may spend until the lease dies, a few seconds later. A block is lent only if everything
//! lent in the last window, the life of a lease and one bucket of the ledger together stays within the limit.
//! Whatever is spent inside a window was lent no earlier than that, so no sliding window ever holds more than
//! the limit, however the leases fall. Limits too small to share are lent one permit at a time, spent at once,
//! and so exact to the millisecond.
//!
//! The instances' clocks must agree: one that runs ahead forgets that much too early, and a window may then
//! hold what was lent in the difference.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// So many requests in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RateLimit {
    /// The most requests.
    pub limit: u32,
    /// In any this many seconds.
    pub window_s: u32,
}

/// The smallest limit whose permits are lent in blocks.
const SMALLEST_SHARED: u32 = 40;

/// Into how many parts a limit is divided, so that instances can share it.
const BLOCKS: u32 = 20;

/// The same for long windows, in which an instance that ends takes its unspent permits with it for long.
const BLOCKS_OF_LONG_WINDOWS: u32 = 200;

/// From how long on a window is long, in seconds.
const LONG_WINDOW_S: u32 = 60 * 60;

/// The longest a lease lives, in milliseconds.
const LONGEST_LEASE_MS: i64 = 5_000;

impl RateLimit {
    /// So many a minute.
    pub const fn per_minute(limit: u32) -> Self {
        Self {
            limit,
            window_s: 60,
        }
    }

    /// So many a day.
    pub const fn per_day(limit: u32) -> Self {
        Self {
            limit,
            window_s: 24 * 60 * 60,
        }
    }

    /// The window.
    pub fn window(self) -> TimeDelta {
        TimeDelta::seconds(self.window_s.into())
    }

    const fn is_shared(self) -> bool {
        self.limit >= SMALLEST_SHARED
    }

    /// How long a lease may be spent.
    pub fn lease_life(self) -> TimeDelta {
        if self.is_shared() {
            TimeDelta::milliseconds(
                (i64::from(self.window_s) * 1_000 / 20).clamp(1, LONGEST_LEASE_MS),
            )
        } else {
            TimeDelta::zero()
        }
    }

    /// The most permits that are lent at once.
    pub const fn largest_block(self) -> u32 {
        let blocks = if self.window_s < LONG_WINDOW_S {
            BLOCKS
        } else {
            BLOCKS_OF_LONG_WINDOWS
        };
        let block = if self.is_shared() {
            self.limit / blocks
        } else {
            1
        };
        if block == 0 { 1 } else { block }
    }

    /// How exactly a ledger keeps when permits were lent, in milliseconds.
    fn bucket_ms(self) -> i64 {
        if self.is_shared() {
            (i64::from(self.window_s) * 1_000 / 60).max(1)
        } else {
            1
        }
    }

    /// The most requests in any minute.
    pub fn most_in_a_minute(self) -> u32 {
        u32::try_from(self.most_in(Self::per_minute(1))).unwrap_or(u32::MAX)
    }

    /// How many requests at most fit into `other`'s window.
    const fn most_in(self, other: Self) -> u64 {
        self.limit as u64 * other.window_s.div_ceil(self.window_s) as u64
    }

    /// Whether whoever keeps to `other` also keeps to this.
    pub const fn covers(self, other: Self) -> bool {
        other.most_in(self) <= self.limit as u64
    }
}

/// What has been lent of one limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Permits by the beginning of the bucket they were lent in, in milliseconds since the epoch.
    lent: BTreeMap<i64, u32>,
}

impl From<Vec<(i64, u32)>> for Ledger {
    fn from(lent: Vec<(i64, u32)>) -> Self {
        Self {
            lent: lent.into_iter().collect(),
        }
    }
}

/// Permits that were lent, and where the ledger says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lent {
    /// How many.
    pub permits: u32,
    /// The bucket they are written in.
    bucket_ms: i64,
}

impl Lent {
    /// The bucket they are written in, by its first millisecond.
    pub const fn bucket_ms(self) -> i64 {
        self.bucket_ms
    }
}

/// The longest that buckets are kept after they count, in milliseconds: an instance whose clock is behind must not
/// give back to one that is gone.
const LONGEST_GRACE_MS: i64 = 60_000;

impl Ledger {
    /// Whether it still has the bucket that these were lent from.
    pub fn has(&self, lent: Lent) -> bool {
        self.lent.contains_key(&lent.bucket_ms)
    }

    /// Buckets that long since count no more, oldest first.
    pub fn forgettable(
        &self,
        limit: RateLimit,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = i64> + '_ {
        // Never longer than the window, so that a ledger has at most some 130 buckets, however short its window is.
        let grace_ms = limit.window().num_milliseconds().min(LONGEST_GRACE_MS);
        let kept_ms = kept(limit).num_milliseconds() + grace_ms;
        let since_ms = now.timestamp_millis() - kept_ms;
        self.lent.range(..since_ms).map(|(bucket_ms, _)| *bucket_ms)
    }

    /// Lends up to `wanted` permits at `now`; none if the limit is reached.
    pub fn lend(&mut self, limit: RateLimit, wanted: u32, now: DateTime<Utc>) -> Lent {
        self.forget_old(limit, now);
        let permits = wanted.min(limit.limit.saturating_sub(self.used()));
        let bucket_ms = now.timestamp_millis().div_euclid(limit.bucket_ms()) * limit.bucket_ms();
        if permits > 0 {
            *self.lent.entry(bucket_ms).or_default() += permits;
        }
        Lent { permits, bucket_ms }
    }

    /// Takes back permits of a dead lease that were not spent.
    pub fn give_back(&mut self, lent: Lent, unspent: u32) {
        if let Some(permits) = self.lent.get_mut(&lent.bucket_ms) {
            *permits = permits.saturating_sub(unspent);
        }
    }

    /// Forgets what counts no more.
    pub fn forget_old(&mut self, limit: RateLimit, now: DateTime<Utc>) {
        let kept_ms = kept(limit).num_milliseconds();
        self.lent.retain(|bucket_ms, permits| {
            *permits > 0 && bucket_ms + kept_ms > now.timestamp_millis()
        });
    }

    /// How many permits count against the limit, once old ones are forgotten.
    pub fn used(&self) -> u32 {
        self.lent
            .values()
            .fold(0, |sum, permits| sum.saturating_add(*permits))
    }

    /// From when on the oldest permits no longer count; `now` if none do.
    pub fn frees_at(&self, limit: RateLimit, now: DateTime<Utc>) -> DateTime<Utc> {
        let oldest = self
            .lent
            .keys()
            .next()
            .and_then(|bucket_ms| DateTime::from_timestamp_millis(*bucket_ms));
        oldest.map_or(now, |oldest| (oldest + kept(limit)).max(now))
    }
}

/// How long a bucket counts: the window, the life of the lease it may have been lent to, and the bucket itself.
fn kept(limit: RateLimit) -> TimeDelta {
    limit.window() + limit.lease_life() + TimeDelta::milliseconds(limit.bucket_ms())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_ms(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + ms).expect("an instant")
    }

    #[test]
    fn a_small_limit_is_exact_to_the_millisecond() {
        let limit = RateLimit {
            limit: 2,
            window_s: 10,
        };
        let mut ledger = Ledger::default();
        assert_eq!(ledger.lend(limit, 1, at_ms(0)).permits, 1);
        assert_eq!(ledger.lend(limit, 1, at_ms(4_000)).permits, 1);
        assert_eq!(ledger.lend(limit, 1, at_ms(10_000)).permits, 0);
        assert_eq!(ledger.frees_at(limit, at_ms(10_000)), at_ms(10_001));
        assert_eq!(ledger.lend(limit, 1, at_ms(10_001)).permits, 1);
        assert_eq!(ledger.lend(limit, 1, at_ms(10_001)).permits, 0);
    }

    /// Leases are spent at the worst moment, just before they die, by instances that all want more.
    #[test]
    fn no_sliding_window_holds_more_than_the_limit_and_nine_tenths_get_through() {
        let limit = RateLimit::per_minute(600);
        let mut ledger = Ledger::default();
        let mut spent: Vec<i64> = Vec::new();
        let life_ms = limit.lease_life().num_milliseconds();
        for ms in (0..600_000).step_by(50) {
            let lent = ledger.lend(limit, limit.largest_block(), at_ms(ms));
            spent.extend((0..lent.permits).map(|_| ms + life_ms));
        }
        for (first, begin) in spent.iter().enumerate() {
            let in_window = spent[first..]
                .iter()
                .take_while(|at| **at < begin + 60_000)
                .count();
            assert!(in_window <= 600, "{in_window} in the minute from {begin}");
        }
        assert!(spent.len() >= 600 * 10 * 9 / 10, "{} of 6000", spent.len());
    }

    #[test]
    fn what_is_given_back_can_be_lent_again() {
        let limit = RateLimit::per_minute(100);
        let mut ledger = Ledger::default();
        let lent = ledger.lend(limit, 100, at_ms(0));
        assert_eq!(ledger.lend(limit, 1, at_ms(10)).permits, 0);
        ledger.give_back(lent, 40);
        assert_eq!(ledger.lend(limit, 100, at_ms(20)).permits, 40);
    }

    #[test]
    fn a_limit_covers_only_what_keeps_to_it() {
        let own = RateLimit::per_minute(600);
        assert!(own.covers(own));
        assert!(own.covers(RateLimit {
            limit: 10,
            window_s: 1
        }));
        assert!(!own.covers(RateLimit {
            limit: 11,
            window_s: 1
        }));
        assert!(!own.covers(RateLimit {
            limit: 36_000,
            window_s: 3_600
        }));
        assert!(own.covers(RateLimit {
            limit: 600,
            window_s: 3_600
        }));
    }
}
