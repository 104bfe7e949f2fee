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
    /// The states in which a booking's time is taken.
    pub holds_time_in: &'static [State],
}

/// Every action that any graph knows.
pub const ACTIONS: &[&str] = &[
    "create",
    "confirm",
    "decline",
    "cancel",
    "cancel_by_customer",
    "complete",
];

/// The table.
pub const GRAPHS: &[GraphRow] = &[
    GraphRow {
        name: "instant",
        start: ("confirmed", "confirm"),
        steps: &[
            ("confirmed", "cancel", "cancelled"),
            ("confirmed", "cancel_by_customer", "cancelled_by_customer"),
            ("confirmed", "complete", "completed"),
        ],
        automatic: &[completes("confirmed")],
        holds_time_in: &["confirmed", "completed"],
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
        ],
        automatic: &[completes("confirmed")],
        holds_time_in: &["confirmed", "completed"],
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

    /// Whether a booking in `state` takes its time.
    pub fn holds_time(&self, state: &str) -> bool {
        self.holds_time_in.contains(&state)
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
