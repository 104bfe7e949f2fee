//! Lanes: deliveries wait by endpoint and leave in turn, so that one that is slow keeps no other waiting. At most
//! [`PER_WEBHOOK`] of an endpoint are under way at once, and [`OVER_ALL`] together. It only counts and orders: who attempts
//! them says when each has ended.

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use model::delivery::DeliveryId;
use model::ids::{AppId, WebhookId};

/// The most deliveries to one endpoint that are under way at once.
pub const PER_WEBHOOK: usize = 4;

/// The most deliveries that are under way at once.
pub const OVER_ALL: usize = 64;

/// How many deliveries to one endpoint wait here. The others wait in the store.
const WAITING: usize = 256;

/// Deliveries of an endpoint that would wait longer than this are put off in the store, where they would otherwise stand before
/// those of others whenever it is asked what is due.
const PATIENCE: TimeDelta = TimeDelta::seconds(5);

/// What the average duration of an attempt is worth against a new one: of sixteenths, fifteen.
const MEMORY: u64 = 15;

#[derive(Debug, Default)]
struct Lane {
    running: usize,
    waiting: VecDeque<(AppId, DeliveryId)>,
    /// How long an attempt takes on average, in milliseconds.
    average_ms: u64,
    /// When the last one that was put off will have its turn, if all take as long as the average.
    put_off_until: Option<DateTime<Utc>>,
}

/// What became of a delivery that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It waits for its turn.
    Taken,
    /// It is here already.
    Known,
    /// There is no room for it now, and it will be found again.
    Full,
    /// There is no room for it before this time, and it is to be put off until then.
    FullUntil(DateTime<Utc>),
}

/// The lanes of one process.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: HashMap<WebhookId, Lane>,
    /// The endpoints that have one waiting and room to start it, in turn.
    ready: VecDeque<WebhookId>,
    known: HashSet<DeliveryId>,
    running: usize,
}

impl Lanes {
    /// Takes in a delivery that is due.
    pub fn offer(&mut self, app: AppId, id: DeliveryId, now: DateTime<Utc>) -> Offered {
        if self.known.contains(&id) {
            return Offered::Known;
        }
        let lane = self.lanes.entry(id.webhook).or_default();
        if lane.waiting.len() >= WAITING {
            return lane.put_off(now);
        }
        lane.waiting.push_back((app, id));
        self.known.insert(id);
        self.note_ready(id.webhook);
        Offered::Taken
    }

    /// The next delivery to attempt; none if none may be now. [`Lanes::ended`] must be called when it has.
    pub fn begin_next(&mut self) -> Option<(AppId, DeliveryId)> {
        if self.running >= OVER_ALL {
            return None;
        }
        let webhook = self.ready.pop_front()?;
        let lane = self.lanes.get_mut(&webhook)?;
        let next = lane.waiting.pop_front()?;
        lane.running += 1;
        self.running += 1;
        self.note_ready(webhook);
        Some(next)
    }

    /// Notes that an attempt has ended, and how long it took.
    pub fn ended(&mut self, id: DeliveryId, took_ms: u64) {
        self.known.remove(&id);
        self.running = self.running.saturating_sub(1);
        let Some(lane) = self.lanes.get_mut(&id.webhook) else {
            return;
        };
        lane.running = lane.running.saturating_sub(1);
        lane.average_ms = (lane.average_ms * MEMORY + took_ms) / (MEMORY + 1);
        if lane.running == 0 && lane.waiting.is_empty() && lane.put_off_until.is_none() {
            self.lanes.remove(&id.webhook);
        } else {
            self.note_ready(id.webhook);
        }
    }

    /// How many are under way.
    pub const fn running(&self) -> usize {
        self.running
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.known.len().saturating_sub(self.running)
    }

    fn note_ready(&mut self, webhook: WebhookId) {
        let Some(lane) = self.lanes.get(&webhook) else {
            return;
        };
        let may_start = lane.running < PER_WEBHOOK && !lane.waiting.is_empty();
        if may_start && !self.ready.contains(&webhook) {
            self.ready.push_back(webhook);
        }
    }
}

impl Lane {
    fn put_off(&mut self, now: DateTime<Utc>) -> Offered {
        let each = |many: usize| {
            let many = u64::try_from(many).unwrap_or(u64::MAX);
            let lanes = PER_WEBHOOK as u64;
            let millis = many.saturating_mul(self.average_ms) / lanes;
            TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(i64::MAX / 2))
        };
        let wait = each(self.waiting.len());
        if wait < PATIENCE {
            return Offered::Full;
        }
        let behind = self.put_off_until.filter(|until| *until > now + wait);
        let until = behind.unwrap_or(now + wait) + each(1);
        let until = until.min(now + TimeDelta::hours(1));
        self.put_off_until = Some(until);
        Offered::FullUntil(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const APP: AppId = AppId::new(Uuid::nil());

    fn delivery(webhook: u128, event: u128) -> DeliveryId {
        DeliveryId {
            webhook: WebhookId::new(Uuid::from_u128(webhook)),
            event: Uuid::from_u128(event),
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn started(lanes: &mut Lanes) -> Vec<DeliveryId> {
        std::iter::from_fn(|| lanes.begin_next())
            .map(|(_, id)| id)
            .collect()
    }

    #[test]
    fn an_endpoint_that_hangs_has_four_under_way_and_the_others_go_on() {
        let mut lanes = Lanes::default();
        for event in 0..100 {
            assert_eq!(lanes.offer(APP, delivery(1, event), now()), Offered::Taken);
        }
        assert_eq!(started(&mut lanes).len(), PER_WEBHOOK);
        for event in 0..10 {
            lanes.offer(APP, delivery(2, event), now());
            let next = lanes.begin_next().map(|(_, id)| id);
            assert_eq!(next, Some(delivery(2, event)));
            lanes.ended(delivery(2, event), 1);
        }
        lanes.ended(delivery(1, 0), 15_000);
        assert_eq!(
            started(&mut lanes),
            [delivery(1, 4)],
            "in the order in which they came"
        );
    }

    #[test]
    fn no_more_than_64_are_under_way_and_endpoints_take_turns() {
        let mut lanes = Lanes::default();
        for webhook in 0..30 {
            for event in 0..8 {
                lanes.offer(APP, delivery(webhook, event), now());
            }
        }
        let begun = started(&mut lanes);
        assert_eq!(begun.len(), OVER_ALL);
        let first: HashSet<WebhookId> = begun[..30].iter().map(|id| id.webhook).collect();
        assert_eq!(first.len(), 30, "each has one before any has a second");
        assert_eq!(lanes.offer(APP, begun[0], now()), Offered::Known);
    }

    #[test]
    fn what_a_slow_endpoint_cannot_take_is_put_off_one_behind_the_other() {
        let mut lanes = Lanes::default();
        for event in 0..256 {
            assert_eq!(lanes.offer(APP, delivery(1, event), now()), Offered::Taken);
        }
        // Each takes eight seconds, and as many wait as may.
        for event in 256..400 {
            let (_, id) = lanes.begin_next().expect("one that waits");
            lanes.ended(id, 8_000);
            assert_eq!(lanes.offer(APP, delivery(1, event), now()), Offered::Taken);
        }
        let put_off = |lanes: &mut Lanes, event| match lanes.offer(APP, delivery(1, event), now()) {
            Offered::FullUntil(until) => until,
            other => panic!("{other:?}"),
        };
        let (first, second) = (put_off(&mut lanes, 500), put_off(&mut lanes, 501));
        assert!(
            first < second && second - first < TimeDelta::seconds(3),
            "{first} {second}"
        );
        assert!(first - now() > TimeDelta::minutes(5), "{first}");
    }

    #[test]
    fn what_a_fast_endpoint_cannot_take_is_found_again() {
        let mut lanes = Lanes::default();
        for event in 0..256 {
            lanes.offer(APP, delivery(1, event), now());
        }
        assert_eq!(lanes.offer(APP, delivery(1, 300), now()), Offered::Full);
    }
}
