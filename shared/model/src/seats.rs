//! Seats: what a group's customers share, and no more of them than there are.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::BookingId;
use crate::occupancy::stands_at;

/// The most seats a group has.
pub const MAX_SEATS: u32 = 1_000;

/// A group's seats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    /// How many there are.
    pub max: u32,
    /// Who has one, and until when where it is only held.
    pub taken: BTreeMap<BookingId, Option<DateTime<Utc>>>,
}

/// Every seat is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("all {max} seats of the group are taken")]
pub struct GroupFull {
    /// How many there are.
    pub max: u32,
}

impl Seats {
    /// `max` seats, all free.
    pub const fn new(max: u32) -> Self {
        Self {
            max,
            taken: BTreeMap::new(),
        }
    }

    /// How many are taken at `now`.
    pub fn current(&self, now: DateTime<Utc>) -> usize {
        self.taken
            .values()
            .filter(|until| stands_at(**until, now))
            .count()
    }

    /// Gives `booking` a seat, or another end to the hold on the one it has, and drops lapsed holds.
    ///
    /// # Errors
    ///
    /// [`GroupFull`] if there is none left.
    pub fn take(
        &mut self,
        booking: BookingId,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), GroupFull> {
        self.taken
            .retain(|other, until| *other == booking || stands_at(*until, now));
        self.taken.insert(booking, until);
        if self.taken.len() > self.max as usize {
            return Err(GroupFull { max: self.max });
        }
        Ok(())
    }

    /// Gives a seat back.
    pub fn release(&mut self, booking: BookingId) {
        self.taken.remove(&booking);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use uuid::Uuid;

    fn id(number: u128) -> BookingId {
        BookingId::new(Uuid::from_u128(number))
    }

    #[test]
    fn a_held_seat_may_be_taken_over_only_two_seconds_after_its_hold_lapsed() {
        let until = DateTime::UNIX_EPOCH;
        for (seconds, is_free) in [(0, false), (1, false), (2, true)] {
            let mut seats = Seats::new(1);
            seats.taken.insert(id(1), Some(until));
            let now = until + TimeDelta::seconds(seconds);
            assert_eq!(seats.take(id(2), None, now).is_ok(), is_free, "{seconds} s");
        }
    }

    #[test]
    fn paying_for_the_last_seat_does_not_need_another() {
        let mut seats = Seats::new(1);
        let now = DateTime::UNIX_EPOCH;
        let until = Some(now + TimeDelta::minutes(5));
        assert_eq!(seats.take(id(1), until, now), Ok(()));
        assert_eq!(seats.take(id(1), None, now), Ok(()));
        assert_eq!(seats.take(id(2), None, now), Err(GroupFull { max: 1 }));
    }
}
