//! What the pages call actions and states.

use html::Text;
use model::graph::{Action, BookingState};

/// What a page asks, and what its two buttons say.
pub(super) struct Words {
    /// Whether to take the action.
    pub(super) question: Text,
    /// To take it.
    pub(super) act: Text,
    /// To leave everything as it is.
    pub(super) keep: Text,
}

/// The words of an action.
pub(super) const fn words(action: Action) -> Words {
    let (question, act) = match action {
        Action::Cancel | Action::CancelByCustomer | Action::CancelByOwner => {
            (Text::CancelQuestion, Text::Cancel)
        }
        Action::Confirm | Action::Create => (Text::ConfirmQuestion, Text::Confirm),
        Action::Decline => (Text::DeclineQuestion, Text::Decline),
        Action::Pay => (Text::PayQuestion, Text::Pay),
        Action::Timeout => (Text::TimeoutQuestion, Text::Timeout),
        Action::Complete => (Text::CompleteQuestion, Text::Complete),
        Action::RescheduleByCustomer => (Text::MoveTitle, Text::Move),
    };
    let keep = match action {
        Action::Cancel | Action::CancelByCustomer | Action::CancelByOwner => Text::Keep,
        _ => Text::NoChange,
    };
    Words {
        question,
        act,
        keep,
    }
}

/// What became of a booking in a state.
pub(super) const fn now(state: BookingState) -> Text {
    match state {
        BookingState::Tentative => Text::NowTentative,
        BookingState::Confirmed => Text::NowConfirmed,
        BookingState::Paid => Text::NowPaid,
        BookingState::Unpaid => Text::NowUnpaid,
        BookingState::Declined => Text::NowDeclined,
        BookingState::Cancelled
        | BookingState::CancelledByCustomer
        | BookingState::CancelledByOwner => Text::NowCancelled,
        BookingState::RescheduledByCustomer => Text::NowMoved,
        BookingState::Completed => Text::NowCompleted,
    }
}
