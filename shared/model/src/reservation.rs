//! A reservation: a slot that is held for a while, until it is booked or lapses.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::booking::{Customer, EventText};
use crate::duration::CalendarSpan;
use crate::graph::Graph;
use crate::ids::{CalendarId, ProjectId, ReservationId, ResourceId};
use crate::occupancy::{self, Buffers, Claim, ClaimKind, HOLD_GRACE, Tolerance};
use crate::time::{TimeSlot, Tz, zone_name};

/// The longest a slot is held at a time: a day of its resource's calendar, or as many seconds as one usually has.
pub const MAX_RESERVATION: CalendarSpan = CalendarSpan::new(1, 0);

/// Text that is no time for which a slot can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1 to 86400 seconds, or a duration like \"5 minutes\" of at most \"1 day\"")]
pub struct InvalidHold;

/// Reads for how long a slot is held: a number of seconds, or a duration like `5 minutes`.
///
/// # Errors
///
/// [`InvalidHold`] for anything else, for no time at all and for more than [`MAX_RESERVATION`].
pub fn parse_hold(text: &str) -> Result<CalendarSpan, InvalidHold> {
    let span = match text.trim().parse::<u32>() {
        Ok(seconds) => CalendarSpan::exact(seconds.into()),
        Err(_) => text.parse().map_err(|_| InvalidHold)?,
    };
    if (1..=MAX_RESERVATION.on_clock_s()).contains(&span.on_clock_s()) {
        Ok(span)
    } else {
        Err(InvalidHold)
    }
}

/// A held slot. What it says stands for what the booking that is made of it leaves out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// Names it.
    pub id: ReservationId,
    /// Who or what is held.
    pub resource_id: ResourceId,
    /// Who or what is held together with it, at the same time, e.g. a room; usually nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_resources: Vec<ResourceId>,
    /// The calendar the booking goes to.
    pub calendar_id: CalendarId,
    /// The booking page it came from.
    pub project_id: Option<ProjectId>,
    /// How the booking is to come about, if that is known.
    pub graph: Option<Graph>,
    /// When.
    pub slot: TimeSlot,
    /// The zone its times are shown in unless a caller asks for another: its resource's when it was made. One that an
    /// older version made has none, and is shown in UTC.
    #[serde(default = "utc", with = "zone_name")]
    pub timezone: Tz,
    /// Free time it needs around it.
    pub buffers: Buffers,
    /// Whether events that last whole days are no obstacle.
    #[serde(default)]
    pub ignore_all_day_events: bool,
    /// Whether its time was checked to be one that is offered.
    #[serde(default)]
    pub only_offered: bool,
    /// Title, place and description.
    pub event: EventText,
    /// Whom it is for, if that is known.
    pub customer: Option<Customer>,
    /// How long the booking is to wait for its payment, if the reservation says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_time: Option<CalendarSpan>,
    /// When it lapses.
    pub until: DateTime<Utc>,
    /// Whether it was noted that it lapsed: it holds no time any more, whatever a clock says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The token it was last written with. The store keeps it beside the record.
    #[serde(skip)]
    pub version: String,
}

const fn utc() -> Tz {
    Tz::UTC
}

/// A reservation has lapsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reservation lapsed at {0}")]
pub struct Lapsed(pub DateTime<Utc>);

impl Reservation {
    /// The reservation, if it is still valid at `now`. Others may take its slot a little later than that, so
    /// that clocks which differ slightly cannot both be right.
    ///
    /// # Errors
    ///
    /// [`Lapsed`] from its `until` on.
    pub fn valid_at(self, now: DateTime<Utc>) -> Result<Self, Lapsed> {
        if now < self.until && !self.expired {
            Ok(self)
        } else {
            Err(Lapsed(self.until))
        }
    }

    /// The reservation as it is at `now`: once others may take its slot, it is noted that it lapsed.
    #[must_use]
    pub fn settled(self, now: DateTime<Utc>) -> Self {
        let expired = self.expired || !occupancy::stands_at(Some(self.until), now);
        Self { expired, ..self }
    }

    /// When it is to be noted that it lapsed; none if it has been.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        (!self.expired).then(|| self.until + HOLD_GRACE)
    }

    /// Every resource that it holds, its own first.
    pub fn resources(&self) -> impl Iterator<Item = ResourceId> {
        std::iter::once(self.resource_id).chain(self.further_resources.iter().copied())
    }

    /// The time it holds of each of its resources.
    pub fn claim(&self) -> Claim {
        Claim {
            id: self.id.into(),
            slot: self.slot,
            buffers: self.buffers,
            until: Some(self.until),
            kind: ClaimKind::Booking,
        }
    }

    /// What it may be placed over.
    pub fn tolerance(&self) -> Tolerance {
        if self.ignore_all_day_events {
            Tolerance::AllDayEvents
        } else {
            Tolerance::Nothing
        }
    }
}
