//! What happens later than a request. A job takes one piece of work, of bounded size and time; who calls it, and when, differs:
//! on AWS a stream, a queue and a schedule, locally a loop in the one process (`local/src/workers.rs`).
//!
//! What is to be done is in the store, in the indexes of what is due, from the transaction on that makes it so. Whoever is
//! woken only looks there, so nothing is lost when nobody is woken, and it does no harm to be woken twice: each job decides on
//! what it reads, strongly consistent, and writes on condition that it still is so.

mod attempt;
mod batch;
mod body;
mod hand_on;
pub mod lanes;
pub mod messages;
#[cfg(feature = "lambda")]
pub mod on_aws;
mod tick;

use std::sync::Arc;

use api::State;
use chrono::{DateTime, TimeDelta, Utc};
use outbound::{Client, Reach, Resolve, SystemResolver};
use store::{Due, Store, StoreError};

pub use attempt::Attempted;
pub use batch::Worked;
pub use tick::{Found, STREAM_LAG};

/// How long something that this version cannot read is left alone.
const DEFERRED_FOR: TimeDelta = TimeDelta::hours(1);

/// The lines that say what became of a job have this target.
pub const WORK: &str = api::request_log::WORK;

/// The jobs, over a store. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    state: State,
    client: Client,
    reach: Reach,
}

impl Jobs {
    /// The jobs of a deployment.
    pub fn new(state: State) -> Self {
        Self::resolving_by(state, Arc::new(SystemResolver))
    }

    /// The same, with another resolver of names.
    pub fn resolving_by(state: State, resolver: Arc<dyn Resolve>) -> Self {
        let reach = Reach::of(state.config().allow_local_webhooks);
        Self {
            client: Client::new(resolver, reach),
            reach,
            state,
        }
    }

    fn store(&self) -> &Store {
        self.state.store()
    }

    /// The present, as the jobs know it.
    pub fn now(&self) -> DateTime<Utc> {
        self.state.now()
    }

    /// What this version cannot read is put off, so that it stands in the way of nothing and is not lost: a newer version may
    /// be able to. Anything else that went wrong is the caller's to try again.
    async fn defer_if_broken(&self, due: Due, error: StoreError) -> Result<(), StoreError> {
        if !matches!(error, StoreError::Broken { .. }) {
            return Err(error);
        }
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(
            target: WORK,
            app = %due.app(),
            due = ?due,
            error = %error,
            cause,
            UnreadableRows = 1_u64,
            "a row cannot be worked on, and is put off for an hour"
        );
        let until = self.now() + DEFERRED_FOR;
        self.store().writer().defer(due, until).await
    }
}
