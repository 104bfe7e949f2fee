//! How much a key is used: answers by hour and class of status.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Answers by class of status: 2xx, 3xx, 4xx and 5xx.
pub type Classes = [u64; 4];

/// Answers by hour, each named by its beginning in seconds since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(i64, Classes)>", into = "Vec<(i64, Classes)>")]
pub struct Hours(BTreeMap<i64, Classes>);

impl From<Vec<(i64, Classes)>> for Hours {
    fn from(hours: Vec<(i64, Classes)>) -> Self {
        Self(hours.into_iter().collect())
    }
}

impl From<Hours> for Vec<(i64, Classes)> {
    fn from(hours: Hours) -> Self {
        hours.0.into_iter().collect()
    }
}

const HOUR_S: i64 = 60 * 60;

/// The hour that an instant lies in.
pub fn hour_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(HOUR_S) * HOUR_S
}

impl Hours {
    /// One hour.
    pub fn one(hour: i64, classes: Classes) -> Self {
        Self(BTreeMap::from([(hour, classes)]))
    }

    /// Counts one answer.
    pub fn count(&mut self, at: DateTime<Utc>, status: u16) {
        let class = usize::from(status / 100).clamp(2, 5) - 2;
        self.0.entry(hour_of(at)).or_default()[class] += 1;
    }

    /// Adds what others counted.
    pub fn add(&mut self, others: &Self) {
        for (hour, classes) in &others.0 {
            let sums = self.0.entry(*hour).or_default();
            for (sum, count) in sums.iter_mut().zip(classes) {
                *sum += count;
            }
        }
    }

    /// Puts these hours in the place of those of the same name.
    pub fn replace(&mut self, others: &Self) {
        self.0.extend(&others.0);
    }

    /// Forgets all but the newest so many hours.
    pub fn keep_newest(&mut self, hours: usize) {
        while self.0.len() > hours {
            self.0.pop_first();
        }
    }

    /// Forgets hours that began before `since_s`.
    pub fn forget_before(&mut self, since_s: i64) {
        self.0.retain(|hour, _| *hour >= since_s);
    }

    /// Forgets hours that begin at `end_s` or later.
    pub fn forget_from(&mut self, end_s: i64) {
        self.0.retain(|hour, _| *hour < end_s);
    }

    /// Every hour with its counts, in order.
    pub fn iter(&self) -> impl Iterator<Item = (i64, Classes)> + '_ {
        self.0.iter().map(|(hour, classes)| (*hour, *classes))
    }

    /// All answers since `since_s`.
    pub fn total_since(&self, since_s: i64) -> u64 {
        self.0
            .range(since_s..)
            .map(|(_, classes)| classes.iter().sum::<u64>())
            .sum()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
