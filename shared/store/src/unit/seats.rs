//! The seats of groups, which are in their group's own booking.

use model::booking::Booking;
use model::ids::BookingId;

use crate::unit::decision::{Decision, DecisionError};

impl Decision<'_> {
    /// Writes every seat taken or given back into its group's booking. Doing it again changes nothing.
    pub(super) async fn move_seats(&mut self) -> Result<(), DecisionError> {
        let order = self.order.iter();
        let seats: Vec<_> = order
            .filter_map(|id| {
                let draft = self.bookings.changed(*id)?;
                let (before, after) = (draft.before(), draft.after());
                let seats = (
                    before.and_then(Booking::seat),
                    after.and_then(Booking::seat),
                );
                Some((BookingId::new(*id), seats.0, seats.1))
            })
            .filter(|(_, before, after)| before != after)
            .collect();
        for (booking, before, after) in seats {
            let Some((owner, _)) = before.or(after) else {
                continue;
            };
            let Some(group) = self.booking(owner).await? else {
                continue;
            };
            let mut group = group.settled(self.now);
            if let Some(seats) = &mut group.seats {
                match after {
                    Some((_, until)) => {
                        let taken = seats.take(booking, until, self.now);
                        let part = self.part_of(booking.uuid());
                        taken.map_err(|error| DecisionError::GroupFull { part, error })?;
                    }
                    None => seats.release(booking),
                }
                // It does not count as one of the records that the decision was asked to change.
                self.bookings.put(group, self.writer.new_version());
            }
        }
        Ok(())
    }
}
