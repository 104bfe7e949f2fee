//! A booking that does not exist yet, and where one moves to.

use serde_json::{Map, Value};

use super::customer::{Customer, EventText};
use super::notice::Notice;
use crate::duration::CalendarSpan;
use crate::graph::Graph;
use crate::ids::{BookingId, CalendarId, ProjectId, ResourceId};
use crate::language::LanguageTag;
use crate::occupancy::{Buffers, Tolerance};
use crate::reminder::Reminder;
use crate::time::{TimeSlot, Tz};

/// The longest booking there is, in days of its resource's calendar.
pub const MAX_BOOKING_DAYS: u32 = 31;

/// A booking would be longer than [`MAX_BOOKING_DAYS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {MAX_BOOKING_DAYS} days after the start")]
pub struct BookingTooLong;

/// Whether a booking of a resource in `zone` may be as long as `slot`.
///
/// # Errors
///
/// [`BookingTooLong`] if it may not.
pub fn check_length(slot: TimeSlot, zone: Tz) -> Result<(), BookingTooLong> {
    if CalendarSpan::new(MAX_BOOKING_DAYS, 0).covers(slot, zone) {
        Ok(())
    } else {
        Err(BookingTooLong)
    }
}

/// A booking that does not exist yet.
#[derive(Clone, Debug)]
pub struct NewBooking {
    /// Who or what is booked.
    pub resource_id: ResourceId,
    /// Who or what is booked together with it, e.g. a room; usually nothing.
    pub further_resources: Vec<ResourceId>,
    /// The calendar it goes to.
    pub calendar_id: CalendarId,
    /// The booking page it came from.
    pub project_id: Option<ProjectId>,
    /// How it comes about and ends.
    pub graph: Graph,
    /// When.
    pub slot: TimeSlot,
    /// Free time it needs around it.
    pub buffers: Buffers,
    /// Whether it may overlap other bookings, and events.
    pub allow_double_bookings: bool,
    /// Whether events that last whole days are no obstacle.
    pub ignore_all_day_events: bool,
    /// Whether its time must be one that is offered, as a page's always is: now and when it is rescheduled.
    pub only_offered: bool,
    /// How long before its start it may be booked and called off.
    pub notice: Notice,
    /// The language that its customer reads, if that is known.
    pub locale: Option<LanguageTag>,
    /// How long it waits for its payment, by its resource's calendar, if its graph lets it wait.
    pub payment_time: CalendarSpan,
    /// For the owner of a group: how many seats there are, 1 to [`MAX_SEATS`](crate::seats::MAX_SEATS).
    pub max_seats: Option<u32>,
    /// For a customer of a group: the group's own booking.
    pub owner_id: Option<BookingId>,
    /// All bookings that were made to be changed together, this one included; empty for one by itself.
    pub related: Vec<BookingId>,
    /// The zone its times are shown in unless a caller asks for another: its resource's when it was made.
    pub timezone: Tz,
    /// Title, place and description.
    pub event: EventText,
    /// Whom it is for.
    pub customers: Vec<Customer>,
    /// What to send before or after its start; at most [`MAX_REMINDERS`](crate::reminder::MAX_REMINDERS).
    pub reminders: Vec<Reminder>,
    /// Whatever its maker wants to keep with it.
    pub meta: Map<String, Value>,
}

impl NewBooking {
    /// What its time may be placed over.
    pub fn tolerance(&self) -> Tolerance {
        tolerance(self.allow_double_bookings, self.ignore_all_day_events)
    }
}

pub(super) fn tolerance(allow_double_bookings: bool, ignore_all_day_events: bool) -> Tolerance {
    if allow_double_bookings {
        Tolerance::Everything
    } else if ignore_all_day_events {
        Tolerance::AllDayEvents
    } else {
        Tolerance::Nothing
    }
}

/// Where a booking is rescheduled to.
#[derive(Clone, Copy, Debug)]
pub struct NewPlace {
    /// Who or what is booked.
    pub resource_id: ResourceId,
    /// The calendar it goes to.
    pub calendar_id: CalendarId,
    /// The zone its times are shown in.
    pub timezone: Tz,
    /// When.
    pub slot: TimeSlot,
}
