//! The contract's table of graphs, states and actions, written out once more and read by tests alone: what the
//! code does is compared with it. A new graph is a row of [`GRAPHS`].

/// A state by its name on the wire.
pub type State = &'static str;

/// What time does by itself.
#[derive(Clone, Copy, Debug)]
pub struct AutomaticRow {
    /// The state it leads out of.
    pub from: State,
    /// What it is called in the log.
    pub action: &'static str,
    /// Where it leads.
    pub to: State,
    /// When.
    pub due: Due,
}

/// When time does something, in seconds.
#[derive(Clone, Copy, Debug)]
pub enum Due {
    /// So long after the booking's end.
    AfterEnd(i64),
    /// So long after it was made.
    AfterCreation(i64),
}

/// One graph.
#[derive(Clone, Copy, Debug)]
pub struct GraphRow {
    /// Its name on the wire.
    pub name: &'static str,
    /// The state and the log's action that a booking begins with.
    pub start: (State, &'static str),
    /// From a state, by an action, to a state.
    pub steps: &'static [(State, &'static str, State)],
    /// What time does.
    pub automatic: &'static [AutomaticRow],
    /// Whether it takes a seat of a group rather than time of its own.
    pub takes_a_seat: bool,
    /// The states in which it takes it.
    pub holds_in: &'static [State],
}

/// Every action that any graph knows and that can be asked for. `reschedule_by_customer` needs a new time, and so a
/// request of its own.
pub const ACTIONS: &[&str] = &[
    "create",
    "confirm",
    "pay",
    "timeout",
    "decline",
    "cancel",
    "cancel_by_customer",
    "cancel_by_owner",
    "complete",
];

/// What a booking is rescheduled by.
pub const RESCHEDULE: &str = "reschedule_by_customer";

/// The table.
pub const GRAPHS: &[GraphRow] = &[
    GraphRow {
        name: "instant",
        start: ("confirmed", "confirm"),
        steps: &[
            ("confirmed", "cancel", "cancelled"),
            ("confirmed", "cancel_by_customer", "cancelled_by_customer"),
            ("confirmed", "complete", "completed"),
            ("confirmed", RESCHEDULE, "rescheduled_by_customer"),
        ],
        automatic: &[completes("confirmed")],
        takes_a_seat: false,
        holds_in: &["confirmed", "completed"],
    },
    GraphRow {
        name: "confirm_decline",
        start: ("tentative", "create"),
        steps: &[
            ("tentative", "confirm", "confirmed"),
            ("tentative", "decline", "declined"),
            ("confirmed", "cancel", "cancelled"),
            ("confirmed", "cancel_by_customer", "cancelled_by_customer"),
            ("confirmed", "complete", "completed"),
            ("confirmed", RESCHEDULE, "rescheduled_by_customer"),
        ],
        automatic: &[completes("confirmed")],
        takes_a_seat: false,
        holds_in: &["confirmed", "completed"],
    },
    GraphRow {
        name: "instant_payment",
        start: ("tentative", "create"),
        steps: &[
            ("tentative", "pay", "paid"),
            ("tentative", "timeout", "unpaid"),
            ("paid", "cancel", "cancelled"),
            ("paid", "complete", "completed"),
        ],
        automatic: &[LAPSES, completes("paid")],
        takes_a_seat: false,
        holds_in: &["tentative", "paid", "completed"],
    },
    GraphRow {
        name: "group_owner",
        start: ("tentative", "create"),
        steps: &[
            ("tentative", "cancel", "cancelled"),
            ("tentative", "complete", "completed"),
        ],
        automatic: &[completes("tentative")],
        takes_a_seat: false,
        holds_in: &["tentative", "completed"],
    },
    GraphRow {
        name: "group_customer",
        start: ("confirmed", "create"),
        steps: &[
            ("confirmed", "complete", "completed"),
            ("confirmed", "cancel_by_customer", "cancelled_by_customer"),
            ("confirmed", "cancel_by_owner", "cancelled_by_owner"),
        ],
        automatic: &[completes("confirmed")],
        takes_a_seat: true,
        holds_in: &["confirmed", "completed"],
    },
    GraphRow {
        name: "group_customer_payment",
        start: ("tentative", "create"),
        steps: &[
            ("tentative", "pay", "paid"),
            ("tentative", "timeout", "unpaid"),
            // The contract prints another state here, and calls it a probable slip (5.15).
            ("tentative", "cancel_by_owner", "cancelled_by_owner"),
            ("paid", "cancel_by_owner", "cancelled_by_owner"),
            ("paid", "cancel_by_customer", "cancelled_by_customer"),
            ("paid", "complete", "completed"),
        ],
        automatic: &[LAPSES, completes("paid")],
        takes_a_seat: true,
        holds_in: &["tentative", "paid", "completed"],
    },
];

/// One hour after its end.
const fn completes(from: State) -> AutomaticRow {
    AutomaticRow {
        from,
        action: "complete",
        to: "completed",
        due: Due::AfterEnd(3_600),
    }
}

/// Five minutes after it was made.
const LAPSES: AutomaticRow = AutomaticRow {
    from: "tentative",
    action: "timeout",
    to: "unpaid",
    due: Due::AfterCreation(300),
};

impl GraphRow {
    /// The graph of this name.
    pub fn named(name: &str) -> &'static Self {
        let found = GRAPHS.iter().find(|graph| graph.name == name);
        found.unwrap_or_else(|| panic!("graph {name} is missing in tests/harness/graphs.rs"))
    }

    /// Where `action` leads from `state`, if it may be taken there.
    pub fn after(&self, state: &str, action: &str) -> Option<State> {
        let step = |(from, by, _): &&(State, &str, State)| *from == state && *by == action;
        self.steps.iter().find(step).map(|(_, _, to)| *to)
    }

    /// What may be done in `state`, in the table's order.
    pub fn actions_in(&self, state: &str) -> Vec<&'static str> {
        let steps = self.steps.iter().filter(|(from, _, _)| *from == state);
        steps.map(|(_, action, _)| *action).collect()
    }

    /// Whether nothing leads out of `state`.
    pub fn is_final(&self, state: &str) -> bool {
        self.actions_in(state).is_empty()
    }

    /// Whether a booking in `state` takes its time or seat.
    pub fn holds(&self, state: &str) -> bool {
        self.holds_in.contains(&state)
    }

    /// The second from which on a booking in `state` no longer takes what it takes, unless somebody acts.
    pub fn lapses_at(&self, state: &str, created_s: i64, end_s: i64) -> Option<i64> {
        let (row, due_s) = self.next_automatic(state, created_s, end_s)?;
        (self.holds(state) && !self.holds(row.to)).then_some(due_s)
    }

    /// What time does next to a booking in `state`, and at which second.
    pub fn next_automatic(
        &self,
        state: &str,
        created_s: i64,
        end_s: i64,
    ) -> Option<(&'static AutomaticRow, i64)> {
        let row = self.automatic.iter().find(|row| row.from == state)?;
        let due_s = match row.due {
            Due::AfterEnd(seconds) => end_s + seconds,
            Due::AfterCreation(seconds) => created_s + seconds,
        };
        Some((row, due_s))
    }

    /// The state that time has made of `state` at `now_s`.
    pub fn settled<'a>(&self, state: &'a str, created_s: i64, end_s: i64, now_s: i64) -> &'a str {
        match self.next_automatic(state, created_s, end_s) {
            Some((row, due_s)) if due_s <= now_s => self.settled(row.to, created_s, end_s, now_s),
            _ => state,
        }
    }
}
