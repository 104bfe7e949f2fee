//! A search for the times that a booking can be rescheduled to: what it takes itself is left out, and what its new time is
//! held to is what rescheduling holds it to.

use chrono::{DateTime, Utc};
use model::availability::{Mode, Settings, Terms, UNBOUNDED};
use model::booking::Booking;
use model::duration::CalendarSpan;
use model::ids::{BookingId, ProjectId, ResourceId};
use model::project::Project;
use model::resource::Resource;
use store::{Store, Tenant};

use crate::error::SchedulingError;
use crate::rescheduling::{By, Rescheduling, check_possible};

/// A booking that is to be rescheduled, and what its new time is held to.
#[derive(Clone, Debug)]
pub struct Moving {
    booking: Booking,
    rescheduling: Rescheduling,
}

impl Moving {
    /// Reads what the new time of `booking`, which must be settled at `now`, is held to.
    ///
    /// # Errors
    ///
    /// What rescheduling itself would refuse, whatever the time, is refused in the same words.
    pub async fn read(
        (store, tenant): (&Store, Tenant),
        booking: Booking,
        by: By,
        now: DateTime<Utc>,
    ) -> Result<Self, SchedulingError> {
        let rescheduling = Rescheduling::of((store, tenant), &booking, by, now).await?;
        check_possible(&booking, now)?;
        let resource = store.get_resource(tenant, booking.resource_id).await?;
        if resource.is_none() {
            let resource = booking.resource_id;
            return Err(SchedulingError::ResourceGone { resource });
        }
        Ok(Self {
            booking,
            rescheduling,
        })
    }

    /// Which booking it is.
    pub fn id(&self) -> BookingId {
        self.booking.id
    }

    /// The project that it was made through, if that is there. A search may name no other.
    pub fn project(&self) -> Option<Project> {
        self.rescheduling.project().cloned()
    }

    /// Whether `project_id` may be sent with it.
    pub fn allows_project(&self, id: ProjectId) -> bool {
        self.booking.project_id == Some(id)
    }

    /// Who or what it is of.
    pub fn resource(&self) -> ResourceId {
        self.booking.resource_id
    }

    /// Whether only what is offered is accepted when it is rescheduled.
    pub fn must_be_offered(&self) -> bool {
        self.rescheduling.must_be_offered()
    }

    /// The settings of the search, with the booking's own for what no project says.
    pub fn settings(&self, request: Settings) -> Settings {
        if self.rescheduling.project().is_some() {
            return request;
        }
        let own = CalendarSpan::exact(self.booking.slot.length().num_seconds());
        Settings {
            mode: request.mode.or(Some(Mode::Exclusive)),
            length: request.length.or(Some(own)),
            ..request
        }
    }

    /// Narrows a search to what the booking itself needs, which it keeps when it moves, and to when it may be booked.
    pub fn narrow(&self, terms: &mut Terms) {
        if !self.takes_what_the_offer_needs() {
            let own = self.booking.buffers;
            terms.before_s = terms.before_s.max(own.before_s.into());
            terms.after_s = terms.after_s.max(own.after_s.into());
            terms.ignores_all_day_events = self.booking.ignore_all_day_events;
        }
        terms.narrow_to_notice(self.booking.notice);
    }

    /// How many bookings `resource` bears at once beside this one, unless the offer says so.
    pub fn capacity(&self, resource: &Resource) -> Option<u32> {
        if self.takes_what_the_offer_needs() {
            None
        } else if self.booking.allow_double_bookings {
            Some(UNBOUNDED)
        } else {
            Some(resource.capacity)
        }
    }

    fn takes_what_the_offer_needs(&self) -> bool {
        self.must_be_offered() && self.rescheduling.project().is_some()
    }
}
