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
        /// Held until it is paid for, or lapses.
        InstantPayment = "instant_payment",
        /// A group with seats that others book.
        GroupOwner = "group_owner",
        /// A seat in a group, confirmed at once.
        GroupCustomer = "group_customer",
        /// A seat in a group, held until it is paid for, or lapses.
        GroupCustomerPayment = "group_customer_payment",
    }
}

names! {
    /// Where a booking stands.
    BookingState, UnknownState {
        /// Asked for.
        Tentative = "tentative",
        /// Agreed.
        Confirmed = "confirmed",
        /// Agreed and paid for.
        Paid = "paid",
        /// Not paid for in time.
        Unpaid = "unpaid",
        /// Refused by the resource.
        Declined = "declined",
        /// Called off by the resource's side.
        Cancelled = "cancelled",
        /// Called off by the customer.
        CancelledByCustomer = "cancelled_by_customer",
        /// A seat called off by the group's side.
        CancelledByOwner = "cancelled_by_owner",
        /// Replaced by a booking at another time.
        RescheduledByCustomer = "rescheduled_by_customer",
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
        /// Say that it is paid for.
        Pay = "pay",
        /// Give up waiting for the payment.
        Timeout = "timeout",
        /// Refuse.
        Decline = "decline",
        /// Call off, for the resource's side.
        Cancel = "cancel",
        /// Call off, for the customer.
        CancelByCustomer = "cancel_by_customer",
        /// Call off a seat, for the group's side.
        CancelByOwner = "cancel_by_owner",
        /// Replace by a booking at another time.
        RescheduleByCustomer = "reschedule_by_customer",
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

/// When a step is due that time takes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// So long after the booking's end.
    AfterEnd(TimeDelta),
    /// When the booking's payment is due.
    WhenPaymentIsDue,
}

/// A step that time takes by itself, judged whenever a booking is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutomaticStep {
    /// The step.
    pub transition: Transition,
    /// When it is due.
    pub due: Due,
}

/// What a booking takes while it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Its resource's time.
    Time,
    /// A seat of its group; the group holds the time.
    Seat,
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
    /// What a booking takes.
    pub holding: Holding,
    /// The states in which it takes it.
    pub holds_in: &'static [BookingState],
}

/// How long after its end a booking is complete. Source: the wire contract.
pub const COMPLETION_TIME: TimeDelta = TimeDelta::hours(1);

const fn step(from: BookingState, action: Action, to: BookingState) -> Transition {
    Transition { from, action, to }
}

const fn completes(from: BookingState) -> AutomaticStep {
    AutomaticStep {
        transition: step(from, Action::Complete, BookingState::Completed),
        due: Due::AfterEnd(COMPLETION_TIME),
    }
}

const LAPSES: AutomaticStep = AutomaticStep {
    transition: step(
        BookingState::Tentative,
        Action::Timeout,
        BookingState::Unpaid,
    ),
    due: Due::WhenPaymentIsDue,
};

// The tables. Names stand alone in them, so that a row reads like the contract's.
mod tables {
    use super::Action::{
        Cancel, CancelByCustomer, CancelByOwner, Complete, Confirm, Create, Decline, Pay,
        RescheduleByCustomer, Timeout,
    };
    use super::BookingState::{
        Cancelled, CancelledByCustomer, CancelledByOwner, Completed, Confirmed, Declined, Paid,
        RescheduledByCustomer, Tentative, Unpaid,
    };
    use super::{GraphRules, Holding, LAPSES, completes, step};

    pub(super) const INSTANT: GraphRules = GraphRules {
        start: Confirmed,
        start_actions: &[Confirm, Create],
        transitions: &[
            step(Confirmed, Cancel, Cancelled),
            step(Confirmed, CancelByCustomer, CancelledByCustomer),
            step(Confirmed, Complete, Completed),
            step(Confirmed, RescheduleByCustomer, RescheduledByCustomer),
        ],
        automatic: &[completes(Confirmed)],
        holding: Holding::Time,
        holds_in: &[Confirmed, Completed],
    };

    pub(super) const CONFIRM_DECLINE: GraphRules = GraphRules {
        start: Tentative,
        start_actions: &[Create],
        transitions: &[
            step(Tentative, Confirm, Confirmed),
            step(Tentative, Decline, Declined),
            step(Confirmed, Cancel, Cancelled),
            step(Confirmed, CancelByCustomer, CancelledByCustomer),
            step(Confirmed, Complete, Completed),
            step(Confirmed, RescheduleByCustomer, RescheduledByCustomer),
        ],
        automatic: &[completes(Confirmed)],
        holding: Holding::Time,
        // A tentative booking does not block its slot: the contract says so, and `confirm` checks it again.
        holds_in: &[Confirmed, Completed],
    };

    pub(super) const INSTANT_PAYMENT: GraphRules = GraphRules {
        start: Tentative,
        start_actions: &[Create],
        transitions: &[
            step(Tentative, Pay, Paid),
            step(Tentative, Timeout, Unpaid),
            step(Paid, Cancel, Cancelled),
            step(Paid, Complete, Completed),
        ],
        automatic: &[LAPSES, completes(Paid)],
        holding: Holding::Time,
        holds_in: &[Tentative, Paid, Completed],
    };

    pub(super) const GROUP_OWNER: GraphRules = GraphRules {
        start: Tentative,
        start_actions: &[Create],
        transitions: &[
            step(Tentative, Cancel, Cancelled),
            step(Tentative, Complete, Completed),
        ],
        automatic: &[completes(Tentative)],
        holding: Holding::Time,
        holds_in: &[Tentative, Completed],
    };

    pub(super) const GROUP_CUSTOMER: GraphRules = GraphRules {
        start: Confirmed,
        start_actions: &[Create],
        transitions: &[
            step(Confirmed, Complete, Completed),
            step(Confirmed, CancelByCustomer, CancelledByCustomer),
            step(Confirmed, CancelByOwner, CancelledByOwner),
        ],
        automatic: &[completes(Confirmed)],
        holding: Holding::Seat,
        holds_in: &[Confirmed, Completed],
    };

    pub(super) const GROUP_CUSTOMER_PAYMENT: GraphRules = GraphRules {
        start: Tentative,
        start_actions: &[Create],
        transitions: &[
            step(Tentative, Pay, Paid),
            step(Tentative, Timeout, Unpaid),
            // The contract's page says `cancelled_by_customer` here, which its own authors take for a slip.
            step(Tentative, CancelByOwner, CancelledByOwner),
            step(Paid, CancelByOwner, CancelledByOwner),
            step(Paid, CancelByCustomer, CancelledByCustomer),
            step(Paid, Complete, Completed),
        ],
        automatic: &[LAPSES, completes(Paid)],
        holding: Holding::Seat,
        holds_in: &[Tentative, Paid, Completed],
    };
}

impl Action {
    /// Whether a booking must still have its resource for this to be done to it. What ends a booking needs none.
    pub const fn needs_resource(self) -> bool {
        match self {
            Self::Create | Self::Confirm | Self::Pay | Self::RescheduleByCustomer => true,
            Self::Timeout
            | Self::Decline
            | Self::Cancel
            | Self::CancelByCustomer
            | Self::CancelByOwner
            | Self::Complete => false,
        }
    }
}

impl Graph {
    /// The graph's table.
    pub const fn rules(self) -> &'static GraphRules {
        match self {
            Self::Instant => &tables::INSTANT,
            Self::ConfirmDecline => &tables::CONFIRM_DECLINE,
            Self::InstantPayment => &tables::INSTANT_PAYMENT,
            Self::GroupOwner => &tables::GROUP_OWNER,
            Self::GroupCustomer => &tables::GROUP_CUSTOMER,
            Self::GroupCustomerPayment => &tables::GROUP_CUSTOMER_PAYMENT,
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

    /// How the resource's side ends a booking in `state` before its time; none if nothing more can happen to it.
    pub fn calling_off(self, state: BookingState) -> Option<Action> {
        const BY_RESOURCE: [Action; 4] = [
            Action::Cancel,
            Action::CancelByOwner,
            Action::Decline,
            Action::Timeout,
        ];
        BY_RESOURCE
            .into_iter()
            .find(|action| self.after(state, *action).is_some())
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

    /// Whether a booking in `state` takes its time or seat.
    pub fn holds(self, state: BookingState) -> bool {
        self.rules().holds_in.contains(&state)
    }

    /// Whether a booking waits for a payment at first.
    pub fn waits_for_payment(self) -> bool {
        let mut automatic = self.rules().automatic.iter();
        automatic.any(|step| step.due == Due::WhenPaymentIsDue)
    }

    /// Whether a booking takes a seat of a group rather than time of its own.
    pub const fn takes_a_seat(self) -> bool {
        matches!(self.rules().holding, Holding::Seat)
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

    /// A booking keeps a line for each step: were there a way back, it could grow for ever.
    #[test]
    fn no_booking_takes_more_steps_than_its_graph_has_states() {
        for graph in Graph::ALL {
            let rules = graph.rules();
            let mut ahead = vec![(rules.start, 0)];
            while let Some((state, steps)) = ahead.pop() {
                assert!(steps <= rules.transitions.len(), "{graph}: back to {state}");
                let on = rules.transitions.iter().filter(|one| one.from == state);
                ahead.extend(on.map(|one| (one.to, steps + 1)));
            }
        }
    }

    #[test]
    fn a_booking_called_off_gives_back_what_it_took() {
        for graph in Graph::ALL {
            for transition in graph.rules().transitions {
                let frees = matches!(
                    transition.action,
                    Action::Cancel
                        | Action::CancelByCustomer
                        | Action::CancelByOwner
                        | Action::RescheduleByCustomer
                        | Action::Timeout
                        | Action::Decline
                );
                if frees {
                    assert!(
                        !graph.holds(transition.to),
                        "{graph}: {}",
                        transition.action
                    );
                }
            }
        }
    }
}
