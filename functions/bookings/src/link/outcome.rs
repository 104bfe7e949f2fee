//! What a link leads to, or why it does nothing.

use api::ApiError;
use chrono::{DateTime, Utc};
use model::booking::{Booking, CannotAct};
use model::graph::{Action, BookingState};
use model::occupancy::CannotPlace;
use model::time::Tz;
use scheduling::SchedulingError;
use scheduling::error::Noun;
use store::{DecisionError, StoreError};
use url::Url;

/// What a link leads to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The page asks for confirmation before the action is taken.
    Question {
        action: Action,
        booking: Box<Booking>,
        redirect: Option<Url>,
    },
    /// The action was taken.
    Done(Box<Booking>),
    /// The action was taken, and the link leads on.
    Redirect(Url),
}

/// Why a link does nothing.
#[derive(Debug)]
pub(crate) enum LinkError {
    /// Its signature is not the app's, or is for something else. A caller who guesses links learns no more than that.
    Invalid,
    /// It has expired.
    Expired,
    /// The booking is in another state than the one it was made for.
    StateChanged(BookingState),
    /// The booking is gone.
    Gone,
    /// It is too late since then; the zone is the booking's.
    TooLate(DateTime<Utc>, Tz),
    /// The booking's resource was deleted.
    ResourceGone,
    /// The booking's state does not allow it.
    NotAllowed(BookingState),
    /// The booking's time or seat has been taken meanwhile.
    Taken,
    /// Everything that is not about the link.
    Other(ApiError),
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
        match error {
            SchedulingError::NotFound(Noun::Booking) => Self::Gone,
            SchedulingError::ResourceGone { .. } => Self::ResourceGone,
            SchedulingError::CannotAct(CannotAct::Illegal(illegal)) => {
                Self::NotAllowed(illegal.state)
            }
            SchedulingError::Decision(
                DecisionError::CannotPlace {
                    error: CannotPlace::Taken,
                    ..
                }
                | DecisionError::GroupFull { .. },
            ) => Self::Taken,
            other => Self::Other(other.into()),
        }
    }
}
