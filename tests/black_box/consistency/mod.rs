//! Many at once, again, or interrupted: conditions, repetitions, races and crashes.

mod crash_points;
mod etag;
mod etag_of_bookings;
pub(crate) mod history;
mod idempotency;
mod model_based;
mod races;
mod records;
