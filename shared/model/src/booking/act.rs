//! What is done to a booking, and why it cannot be.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::notice::WrongMoment;
use crate::graph::{Action, BookingState, Graph};

/// Something that is done to a booking.
#[derive(Clone, Debug)]
pub struct Act {
    /// What is done.
    pub action: Action,
    /// Who does it.
    pub by: String,
    /// What they have to say.
    pub message: Option<String>,
    /// For [`Action::Pay`]: what the payment is called where it was made.
    pub payment_id: Option<String>,
}

/// One state change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The state before; none for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<BookingState>,
    /// The state after.
    pub to: BookingState,
    /// What was done.
    pub action: Action,
    /// Who did it.
    pub by: String,
    /// When it took effect.
    pub at: DateTime<Utc>,
    /// What they had to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Who is named in the log for steps that time takes.
pub const AUTOMATIC: &str = "automatic";

/// An action that the booking's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {graph} booking that is {state} cannot {action}")]
pub struct IllegalAction {
    /// Its graph.
    pub graph: Graph,
    /// Its state.
    pub state: BookingState,
    /// What was asked for.
    pub action: Action,
}

/// An action cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotAct {
    /// The state does not allow it.
    #[error(transparent)]
    Illegal(#[from] IllegalAction),
    /// The moment does not allow it.
    #[error(transparent)]
    WrongMoment(#[from] WrongMoment),
}
