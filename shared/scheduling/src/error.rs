//! What can be wrong with what is asked of a schedule, as data.

use std::fmt;

use model::availability::Refusal;
use model::booking::{BookingTooLong, CannotAct};
use model::fault::Faults;
use model::graph::BookingState;
use model::ids::{ProjectId, ResourceId};
use model::project::UnreadableProject;
use model::reservation::Lapsed;
use store::{DecisionError, Stale, StoreError};

use crate::search::TooLarge;

/// Why something cannot be offered, booked, changed or reserved.
#[derive(Debug, thiserror::Error)]
pub enum SchedulingError {
    /// The time is not among those that are offered.
    #[error("the time is not offered: {reason}")]
    NotOffered {
        /// Of which resource.
        resource: ResourceId,
        /// Why not.
        reason: Refusal,
    },
    /// These resources are in projects, and booking pages book them through one of those only.
    #[error("the resources are booked through their projects")]
    ProjectRequired {
        /// Those that are in a project.
        resources: Vec<ResourceId>,
    },
    /// The project does not have these resources.
    #[error("the resources are not the project's")]
    NotOfProject {
        /// Those that it does not have.
        resources: Vec<ResourceId>,
    },
    /// The settings in the request cannot be meant.
    #[error("the settings in the request are invalid")]
    InvalidSettings {
        /// Everything that is wrong with them, by the request's own fields.
        faults: Faults,
    },
    /// Stored settings that this version cannot read. They were checked when they were written, so whoever calls now is not
    /// at fault.
    #[error("the stored settings of {of} cannot be read: {faults}")]
    UnreadableSettings {
        /// Whose they are.
        of: Stored,
        /// Everything that is wrong with them.
        faults: Faults,
    },
    /// There is none within the caller's reach.
    #[error("there is no such {0:?}")]
    NotFound(Noun),
    /// The booking's state or the moment does not allow it.
    #[error(transparent)]
    CannotAct(#[from] CannotAct),
    /// The booking is in another state than the caller expects.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// Rescheduling needs a new time, which an action does not have.
    #[error("rescheduling needs a new time")]
    NeedsNewTime,
    /// A resource of the booking was deleted.
    #[error("the booking's resource {resource} was deleted")]
    ResourceGone {
        /// Which one.
        resource: ResourceId,
    },
    /// A search names neither resources nor a project.
    #[error("nobody is named to search")]
    NobodyToSearch,
    /// A search for the new time of a booking names a project that is not the booking's.
    #[error("the project is not the moved booking's")]
    NotProjectOfMoved,
    /// The search takes more than a request may.
    #[error(transparent)]
    SearchTooLarge(#[from] TooLarge),
    /// A booking must be of at least one resource.
    #[error("no resource is named")]
    NoResources,
    /// The calendar does not belong to the resource.
    #[error("the calendar does not belong to resource {resource}")]
    CalendarElsewhere {
        /// Whose it is not.
        resource: ResourceId,
    },
    /// The booking is too long.
    #[error(transparent)]
    TooLong(#[from] BookingTooLong),
    /// The group does not accept bookings.
    #[error("the group is {0}")]
    GroupClosed(BookingState),
    /// A seat has its resource, time and project from its group, and the request names others.
    #[error("parts of the request are not the group's: {parts:?}")]
    NotOfGroup {
        /// Which parts.
        parts: Vec<GroupPart>,
    },
    /// A booking page must name the group's project, because the project says how seats are booked.
    #[error("the group's project is not named")]
    GroupProjectRequired,
    /// The reservation is over.
    #[error(transparent)]
    ReservationLapsed(#[from] Lapsed),
    /// The decision cannot be carried out, e.g. because the time is taken.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What may not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A booking, or one that a page may act on.
    Booking,
    /// A group that customers can take seats in.
    Group,
    /// A reservation.
    Reservation,
    /// A project.
    Project,
    /// A resource.
    Resource(ResourceId),
    /// A calendar of the resource.
    Calendar,
}

/// What a seat has from its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupPart {
    /// Its resource.
    Resource,
    /// Its start and end.
    Time,
    /// Its project.
    Project,
}

/// What has settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// A project.
    Project(ProjectId),
    /// A resource.
    Resource(ResourceId),
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(id) => write!(f, "project {id}"),
            Self::Resource(id) => write!(f, "resource {id}"),
        }
    }
}

impl From<UnreadableProject> for SchedulingError {
    fn from(UnreadableProject { id, faults }: UnreadableProject) -> Self {
        Self::UnreadableSettings {
            of: Stored::Project(id),
            faults,
        }
    }
}
