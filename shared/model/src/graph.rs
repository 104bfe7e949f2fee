//! Booking graphs: which states a booking can be in, which actions lead from one to the next, and in
//! which states it holds its time. The graphs are data; nothing else in the code knows a state by name.
//! Source: the wire contract's table of graphs, states and actions.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

macro_rules! names {
    ($(#[$doc:meta])+ $name:ident, $unknown:ident { $($(#[$variant_doc:meta])+ $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {$(
            $(#[$variant_doc])+
            #[serde(rename = $text)]
            $variant,
        )+}

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self {$(Self::$variant => $text),+}
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        /// A name that none of them has.
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        #[error("unknown; the known ones are {}", [$($text),+].join(", "))]
        pub struct $unknown;

        impl FromStr for $name {
            type Err = $unknown;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.name() == name).ok_or($unknown)
            }
        }
    };
}

names! {
    /// How a booking comes about and ends.
    Graph, UnknownGraph {
        /// Confirmed at once.
        Instant = "instant",
        /// Tentative until its resource confirms or declines.
        ConfirmDecline = "confirm_decline",
    }
}

names! {
    /// Where a booking stands.
    BookingState, UnknownState {
        /// Asked for.
        Tentative = "tentative",
        /// Agreed.
        Confirmed = "confirmed",
        /// Refused by the resource.
        Declined = "declined",
        /// Called off by the resource's side.
        Cancelled = "cancelled",
        /// Called off by the customer.
        CancelledByCustomer = "cancelled_by_customer",
        /// Over.
        Completed = "completed",
    }
}

names! {
    /// What may be done to a booking.
    Action, UnknownAction {
        /// Begin.
        Create = "create",
        /// Agree.
        Confirm = "confirm",
        /// Refuse.
        Decline = "decline",
        /// Call off, for the resource's side.
        Cancel = "cancel",
        /// Call off, for the customer.
        CancelByCustomer = "cancel_by_customer",
        /// Declare over.
        Complete = "complete",
    }
}

/// One row of a graph: in state `from`, `action` leads to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state it starts in.
    pub from: BookingState,
    /// What is done.
    pub action: Action,
    /// The state it ends in.
    pub to: BookingState,
}

/// A step that time takes by itself, judged whenever a booking is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutomaticStep {
    /// The step.
    pub transition: Transition,
    /// How long after the booking's end it is due.
    pub after_end: TimeDelta,
}

/// A graph's table.
#[derive(Clone, Copy, Debug)]
pub struct GraphRules {
    /// The state a new booking is in.
    pub start: BookingState,
    /// Names a client may give for the first action; the first of them is the graph's own.
    pub start_actions: &'static [Action],
    /// Every step that somebody may take.
    pub transitions: &'static [Transition],
    /// Every step that time takes.
    pub automatic: &'static [AutomaticStep],
    /// The states in which the booking's time is taken.
    pub holds_time_in: &'static [BookingState],
}

const fn step(from: BookingState, action: Action, to: BookingState) -> Transition {
    Transition { from, action, to }
}

const COMPLETED_AN_HOUR_AFTER_ITS_END: &[AutomaticStep] = &[AutomaticStep {
    transition: step(
        BookingState::Confirmed,
        Action::Complete,
        BookingState::Completed,
    ),
    after_end: TimeDelta::hours(1),
}];

const INSTANT: GraphRules = GraphRules {
    start: BookingState::Confirmed,
    start_actions: &[Action::Confirm, Action::Create],
    transitions: &[
        step(
            BookingState::Confirmed,
            Action::Cancel,
            BookingState::Cancelled,
        ),
        step(
            BookingState::Confirmed,
            Action::CancelByCustomer,
            BookingState::CancelledByCustomer,
        ),
        step(
            BookingState::Confirmed,
            Action::Complete,
            BookingState::Completed,
        ),
    ],
    automatic: COMPLETED_AN_HOUR_AFTER_ITS_END,
    holds_time_in: &[BookingState::Confirmed, BookingState::Completed],
};

const CONFIRM_DECLINE: GraphRules = GraphRules {
    start: BookingState::Tentative,
    start_actions: &[Action::Create],
    transitions: &[
        step(
            BookingState::Tentative,
            Action::Confirm,
            BookingState::Confirmed,
        ),
        step(
            BookingState::Tentative,
            Action::Decline,
            BookingState::Declined,
        ),
        step(
            BookingState::Confirmed,
            Action::Cancel,
            BookingState::Cancelled,
        ),
        step(
            BookingState::Confirmed,
            Action::CancelByCustomer,
            BookingState::CancelledByCustomer,
        ),
        step(
            BookingState::Confirmed,
            Action::Complete,
            BookingState::Completed,
        ),
    ],
    automatic: COMPLETED_AN_HOUR_AFTER_ITS_END,
    // A tentative booking does not block its slot: the contract says so, and `confirm` checks it again.
    holds_time_in: &[BookingState::Confirmed, BookingState::Completed],
};

impl Graph {
    /// The graph's table.
    pub const fn rules(self) -> &'static GraphRules {
        match self {
            Self::Instant => &INSTANT,
            Self::ConfirmDecline => &CONFIRM_DECLINE,
        }
    }

    /// What may be done to a booking in `state`, in the table's order.
    pub fn available_actions(self, state: BookingState) -> impl Iterator<Item = Action> {
        self.rules()
            .transitions
            .iter()
            .filter(move |transition| transition.from == state)
            .map(|transition| transition.action)
    }

    /// The state that `action` leads to from `state`, if it may be taken there.
    pub fn after(self, state: BookingState, action: Action) -> Option<BookingState> {
        self.rules()
            .transitions
            .iter()
            .find(|transition| transition.from == state && transition.action == action)
            .map(|transition| transition.to)
    }

    /// Whether nothing leads out of `state`.
    pub fn is_final(self, state: BookingState) -> bool {
        self.available_actions(state).next().is_none()
    }

    /// Whether a booking in `state` takes its time.
    pub fn holds_time(self, state: BookingState) -> bool {
        self.rules().holds_time_in.contains(&state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_can_be_reached_and_every_automatic_step_is_also_an_action() {
        for graph in Graph::ALL {
            let rules = graph.rules();
            for transition in rules.transitions {
                let reached = transition.from == rules.start
                    || rules
                        .transitions
                        .iter()
                        .any(|other| other.to == transition.from);
                assert!(reached, "{graph}: nothing leads to {}", transition.from);
            }
            for automatic in rules.automatic {
                assert!(rules.transitions.contains(&automatic.transition), "{graph}");
            }
        }
    }

    #[test]
    fn a_state_that_holds_time_is_only_left_for_one_that_says_so() {
        // Guards the table: a booking called off must give its time back.
        for graph in Graph::ALL {
            for transition in graph.rules().transitions {
                let frees = matches!(
                    transition.action,
                    Action::Cancel | Action::CancelByCustomer | Action::Decline
                );
                if frees {
                    assert!(
                        !graph.holds_time(transition.to),
                        "{graph}: {}",
                        transition.action
                    );
                }
            }
        }
    }
}
