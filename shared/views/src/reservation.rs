//! Reservations.

use api::OutputZone;
use model::reservation::Reservation;
use model::time::format_instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A held slot.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReservationView {
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
    pub fn new(held: &Reservation, zone: OutputZone) -> Self {
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
