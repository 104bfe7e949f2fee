//! The booking that a link leads to.

use chrono::{DateTime, Utc};
use model::booking::Booking;
use model::ids::BookingId;
use scheduling::rescheduling::MAX_MOVES;
use store::{Decision, StoreError};

/// A booking that a link leads to.
pub(super) struct Found {
    pub(super) booking: Booking,
    /// Whether it took the place of the one that the link was made for.
    pub(super) was_moved: bool,
}

/// The booking `id` or, where that one was moved, the one that took its place. None if it is gone.
pub(super) async fn find(
    decision: &mut Decision<'_>,
    id: BookingId,
    now: DateTime<Utc>,
) -> Result<Option<Found>, StoreError> {
    let Some(booking) = decision.booking(id).await? else {
        return Ok(None);
    };
    let mut booking = booking.settled(now);
    for _ in 0..MAX_MOVES {
        let Some(next) = booking.rescheduled_to else {
            break;
        };
        let Some(next) = decision.booking(next).await? else {
            break;
        };
        booking = next.settled(now);
    }
    let was_moved = booking.id != id;
    Ok(Some(Found { booking, was_moved }))
}
