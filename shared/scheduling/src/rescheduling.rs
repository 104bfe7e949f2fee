//! What the new time of a booking is held to when it is rescheduled. Availability lists such times and rescheduling takes
//! one, both by this.

use chrono::{DateTime, Utc};
use model::booking::{Act, Booking, CannotAct};
use model::graph::Action;
use model::project::Project;
use store::{Store, Tenant};

use crate::error::{Noun, SchedulingError};
use crate::offer::Offer;

/// How often a booking may have been moved for a customer's link to its first still to lead to it.
pub const MAX_MOVES: usize = 30;

/// What the new time of one booking is held to.
#[derive(Clone, Debug)]
pub struct Rescheduling {
    project: Option<Project>,
    must_be_offered: bool,
}

/// Who reschedules.
#[derive(Clone, Copy, Debug)]
pub struct By {
    /// Whether it is a page or a customer's link, which choose among what the booking's project offers.
    pub is_public: bool,
    /// Whether the request asks for a time that is offered; `None` if it does not say.
    pub only_offered: Option<bool>,
}

impl Rescheduling {
    /// Reads what the new time of `booking` is held to at `now`.
    ///
    /// # Errors
    ///
    /// For a page there is no booking that was made without a project, and none that is too late to move. A project that is
    /// gone offers nothing.
    pub async fn of(
        (store, tenant): (&Store, Tenant),
        booking: &Booking,
        by: By,
        now: DateTime<Utc>,
    ) -> Result<Self, SchedulingError> {
        let project = match booking.project_id {
            Some(id) if by.is_public || by.only_offered != Some(false) => {
                store.get_project(tenant, id).await?
            }
            _ => None,
        };
        if by.is_public {
            if project.is_none() {
                return Err(SchedulingError::NotFound(Noun::Booking));
            }
            let in_time = booking.check_cancelling(now);
            in_time.map_err(CannotAct::from)?;
            return Ok(Self {
                project,
                must_be_offered: true,
            });
        }
        let rules = project.as_ref().map(Project::rules).transpose()?;
        let of_project = rules.is_some_and(|rules| rules.booking.only_offered);
        let must_be_offered = by
            .only_offered
            .unwrap_or(booking.only_offered || of_project);
        if must_be_offered && project.is_none() && booking.project_id.is_some() {
            return Err(SchedulingError::NotFound(Noun::Project));
        }
        Ok(Self {
            project,
            must_be_offered,
        })
    }

    /// The project whose page the booking was made on, if it is there.
    pub fn project(&self) -> Option<&Project> {
        self.project.as_ref()
    }

    /// Whether only a time that is offered is taken.
    pub fn must_be_offered(&self) -> bool {
        self.must_be_offered
    }

    /// What the new time must be among, and the booking in its new place as the offer has it now; nothing if any time will
    /// do.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::UnreadableSettings`] names the project.
    pub fn offer(&self, taken: &mut Booking) -> Result<Option<Offer<'_>>, SchedulingError> {
        if !self.must_be_offered {
            return Ok(None);
        }
        let offer = Offer::of(self.project.as_ref())?;
        if self.project.is_some() {
            taken.buffers = offer.buffers();
            taken.ignore_all_day_events = offer.ignores_all_day_events();
            taken.allow_double_bookings = offer.is_overlapping();
        }
        Ok(Some(offer))
    }
}

/// Checks that the state of `booking` at `now` allows it to be rescheduled.
///
/// # Errors
///
/// [`SchedulingError::CannotAct`] says why not.
pub fn check_possible(booking: &Booking, now: DateTime<Utc>) -> Result<(), SchedulingError> {
    let act = Act {
        action: Action::RescheduleByCustomer,
        by: String::new(),
        message: None,
        payment_id: None,
    };
    booking.clone().act(act, now)?;
    Ok(())
}
