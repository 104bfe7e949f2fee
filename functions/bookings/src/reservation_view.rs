//! A reservation as callers see it, and how long one lasts.

use api::{Faults, Field, OutputZone};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use model::reservation::{MAX_RESERVATION_S, Reservation};
use model::time::format_instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A held slot.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReservationView {
    /// Names it: the `reservation_id` of the booking that is made of it.
    #[schema(format = Uuid)]
    id: String,
    /// Who or what is held.
    #[schema(format = Uuid)]
    resource_id: String,
    /// When the slot begins.
    #[schema(format = DateTime)]
    start: String,
    /// When the slot ends.
    #[schema(format = DateTime)]
    end: String,
    /// When it lapses.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

impl ReservationView {
    /// The reservation, its times in the zone asked for, or else its resource's.
    pub(crate) fn new(held: &Reservation, zone: OutputZone) -> Self {
        let zone = zone.or(held.timezone);
        Self {
            id: held.id.to_string(),
            resource_id: held.resource_id.to_string(),
            start: format_instant(held.slot.start(), zone),
            end: format_instant(held.slot.end(), zone),
            expires_at: format_instant(held.until, zone),
            created_at: format_instant(held.created_at, zone),
        }
    }
}

/// How long a slot is held unless said, in seconds. Source: the wire contract.
const DEFAULT_S: u32 = 30;

/// For how many seconds a slot is to be held.
pub(crate) fn reservation_time(faults: &mut Faults, field: Field<i64>) -> Option<u32> {
    let seconds = match field {
        Field::Absent | Field::Null => return Some(DEFAULT_S),
        Field::Value(seconds) => u32::try_from(seconds).ok(),
        Field::Wrong(_) => None,
    };
    let seconds = seconds.filter(|seconds| (1..=MAX_RESERVATION_S).contains(seconds));
    if seconds.is_none() {
        let sentence = format!("must be from 1 to {MAX_RESERVATION_S} seconds, as a whole number");
        faults.add("reservation_time", sentence);
    }
    seconds
}

/// When a slot that is held from `now` on lapses: on a whole second, as the sheets have it, and never early.
pub(crate) fn until(now: DateTime<Utc>, seconds: u32) -> DateTime<Utc> {
    let exact = now + TimeDelta::seconds(seconds.into());
    exact
        .duration_round_up(TimeDelta::seconds(1))
        .unwrap_or(exact)
}
