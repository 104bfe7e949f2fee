//! What can be wrong with what is asked of a schedule, as data.

use std::fmt;

use model::availability::Refusal;
use model::booking::CannotAct;
use model::fault::Faults;
use model::ids::{ProjectId, ResourceId};
use model::project::UnreadableProject;
use store::StoreError;

/// Why something cannot be offered or booked.
#[derive(Debug, thiserror::Error)]
pub enum SchedulingError {
    /// The time is not among those that are offered.
    #[error("the time is not offered: {reason}")]
    NotOffered {
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
    /// The booking's state or the moment does not allow it to be rescheduled.
    #[error(transparent)]
    CannotAct(#[from] CannotAct),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What may not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A booking, or one that a page may act on.
    Booking,
    /// A project.
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

impl From<Refusal> for SchedulingError {
    fn from(reason: Refusal) -> Self {
        Self::NotOffered { reason }
    }
}
