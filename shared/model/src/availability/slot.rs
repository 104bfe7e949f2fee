//! What is searched, and what is found.

use super::limits::in_words;
use crate::constraint::Schedule;
use crate::ids::ResourceId;
use crate::occupancy::Claim;
use crate::time::{TimeSlot, Tz};

/// The capacity of a resource where whatever is taken of it, events included, stands in nobody's way.
pub const UNBOUNDED: u32 = u32::MAX;

/// A resource to search, with what is known of it.
#[derive(Clone, Debug)]
pub struct Bookable {
    /// Names it.
    pub id: ResourceId,
    /// Whose clock its constraints and caps are read off.
    pub zone: Tz,
    /// How many bookings it bears at once: 1 or more, or [`UNBOUNDED`].
    pub capacity: u32,
    /// Its own constraints.
    pub schedule: Schedule,
    /// What is taken of it, over all of [`Search::reach`](crate::availability::Search::reach).
    pub claims: Vec<Claim>,
}

/// A slot that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The time.
    pub slot: TimeSlot,
    /// Who can be booked for it.
    pub resources: Vec<ResourceId>,
}

/// Why a slot is not offered with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The resource is not one of those searched.
    #[error("the resource is not offered here")]
    Resource,
    /// It is longer or shorter than what is offered.
    #[error("slots have another length here")]
    Length,
    /// It is longer than a booking page may book without a project.
    #[error("at most {} can be booked here", in_words(*.most_s))]
    TooLong {
        /// The longest, in seconds.
        most_s: i64,
    },
    /// It has begun, or begins sooner than the notice allows.
    #[error("it is too late to book this time")]
    Notice,
    /// It is before or after what is searched.
    #[error("the time is outside of what can be booked")]
    Range,
    /// A constraint closes some of it.
    #[error("the time is not open for bookings")]
    Constraint,
    /// No slot starts there.
    #[error("no slot starts at this time")]
    Grid,
    /// Enough is booked on that day or in that week.
    #[error("the day or week is fully booked")]
    Cap,
    /// It is taken.
    #[error("the time is taken")]
    Taken,
    /// Another resource is free and comes first.
    #[error("another resource comes first for this time")]
    Priority,
}
