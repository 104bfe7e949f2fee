//! What a link leads to, or why it does nothing.

use api::ApiError;
use chrono::{DateTime, Utc};
use model::booking::{Booking, CannotAct, WrongMoment};
use model::graph::Action;
use model::occupancy::CannotPlace;
use scheduling::SchedulingError;
use scheduling::error::Noun;
use store::{DecisionError, StoreError};
use url::Url;

use super::found::Found;

/// What a link leads to.
pub(super) enum Outcome {
    /// The page asks for confirmation before the action is taken.
    Question {
        action: Action,
        found: Box<Found>,
        redirect: Option<Url>,
    },
    /// The action was taken.
    Done {
        action: Action,
        booking: Box<Booking>,
    },
    /// The visitor has decided to leave everything as it is.
    Kept(Box<Booking>),
    /// The action was taken, and the link leads on.
    Redirect(Url),
}

impl Outcome {
    /// The booking that its page shows.
    pub(super) fn booking(&self) -> Option<&Booking> {
        match self {
            Self::Question { found, .. } => Some(&found.booking),
            Self::Done { booking, .. } | Self::Kept(booking) => Some(booking),
            Self::Redirect(_) => None,
        }
    }
}

/// Why a link does nothing.
pub(super) enum LinkError {
    /// Its signature is not the app's, or is for something else. A caller who guesses links learns no more than that.
    Invalid,
    /// It has expired.
    Expired,
    /// The booking is gone.
    Gone,
    /// The booking does not allow it.
    Refused(Why),
    /// Everything that is not about the link.
    Other(ApiError),
}

/// Why a booking does not allow what a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It is in another state than the one that the link was made for.
    Changed,
    /// Its state does not allow it.
    NotAllowed,
    /// It is too late since then.
    TooLate(DateTime<Utc>),
    /// Its resource was deleted.
    ResourceGone,
    /// Its time or seat has been taken meanwhile.
    Taken,
}

impl From<ApiError> for LinkError {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<StoreError> for LinkError {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}

impl From<DecisionError> for LinkError {
    fn from(error: DecisionError) -> Self {
        SchedulingError::from(error).into()
    }
}

impl From<SchedulingError> for LinkError {
    fn from(error: SchedulingError) -> Self {
        Self::Refused(match error {
            SchedulingError::NotFound(Noun::Booking) => return Self::Gone,
            SchedulingError::ResourceGone { .. } => Why::ResourceGone,
            SchedulingError::CannotAct(CannotAct::Illegal(_)) => Why::NotAllowed,
            SchedulingError::CannotAct(CannotAct::WrongMoment(WrongMoment::TooLateToCancel(
                since,
            ))) => Why::TooLate(since),
            SchedulingError::Decision(
                DecisionError::CannotPlace {
                    error: CannotPlace::Taken,
                    ..
                }
                | DecisionError::GroupFull { .. },
            ) => Why::Taken,
            other => return Self::Other(other.into()),
        })
    }
}
