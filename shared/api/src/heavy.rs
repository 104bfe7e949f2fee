//! Arithmetic that can take long runs away from the threads that serve requests, in its app's turn.

use std::thread;

use auth::{Owner, Turn};
use model::ids::AppId;
use scheduling::search::{Budget, FreeTime, Planned};
use store::Tenant;
use tokio::sync::oneshot;

use crate::error::ApiError;
use crate::state::State;

/// Up to how many steps are taken where the request is: it takes a few milliseconds at most, and a turn would cost more.
const MAX_STEPS_AT_ONCE: usize = 20_000;

/// Work done for an app, in the app's turn if it is known to be heavy.
#[derive(Debug)]
pub struct Work {
    app: AppId,
    turn: Option<Turn>,
}

impl Work {
    /// Waits for the app's turn if the work takes about so many steps that it needs one. Call it before what the work needs
    /// is read: the store serves one app's wide searches one after another then, and other apps' reads between them.
    ///
    /// # Errors
    ///
    /// [`ApiError::TooMany`] if too much of the app's is waiting.
    pub async fn begin(state: &State, app: AppId, steps: usize) -> Result<Self, ApiError> {
        let turn = if steps <= MAX_STEPS_AT_ONCE {
            None
        } else {
            Some(state.heavy().turn(Owner::App(app)).await?)
        };
        Ok(Self { app, turn })
    }

    /// What `work` answers. `steps` is how much there is to do now that everything is read.
    ///
    /// # Errors
    ///
    /// Those of `work`; [`ApiError::TooMany`] if it needs a turn only now, and too much of the app's is waiting.
    pub async fn run<T: Send + 'static>(
        self,
        state: &State,
        steps: usize,
        work: impl FnOnce(&State) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = match self.turn {
            Some(turn) => Some(turn),
            None => Self::begin(state, self.app, steps).await?.turn,
        };
        match turn {
            None => work(state),
            Some(turn) => apart(state, turn, work).await,
        }
    }
}

/// A search for free time of which everything is read, in the app's turn if it is wide.
#[derive(Debug)]
pub struct PreparedSearch {
    /// What was read.
    pub free_time: FreeTime,
    work: Work,
}

impl PreparedSearch {
    /// Waits for the turn of `plan` if it is wide, then reads what is taken.
    ///
    /// # Errors
    ///
    /// A search that is too large is refused; [`ApiError::TooMany`] if too much of the app's is waiting.
    pub async fn read(
        state: &State,
        tenant: Tenant,
        (planned, mut budget): (Planned, Budget),
    ) -> Result<Self, ApiError> {
        let work = Work::begin(state, tenant.app, budget.steps()).await?;
        let free_time = planned.read(state.store(), tenant, &mut budget).await?;
        Ok(Self { free_time, work })
    }

    /// What `show` makes of it.
    ///
    /// # Errors
    ///
    /// Those of `show`; [`ApiError::TooMany`] as above.
    pub async fn run<T: Send + 'static>(
        self,
        state: &State,
        show: impl FnOnce(FreeTime, &State) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let Self { free_time, work } = self;
        let steps = free_time.steps;
        work.run(state, steps, |state| show(free_time, state)).await
    }
}

/// What `work` answers, from a thread of its own that gives way to those that serve requests.
async fn apart<T: Send + 'static>(
    state: &State,
    turn: Turn,
    work: impl FnOnce(&State) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let state = state.clone();
    let (answer, answered) = oneshot::channel();
    let work = move || {
        give_way();
        let done = work(&state);
        // Not before: a caller that goes away leaves the work running.
        drop(turn);
        // Nobody hears it if the caller went away.
        let _ = answer.send(done);
    };
    // A thread of its own, because its priority cannot be raised again for what comes after.
    let thread = thread::Builder::new().name("heavy".to_owned());
    let started = thread.spawn(work);
    started.map_err(|error| ApiError::Internal(error.into()))?;
    let done = answered.await;
    done.map_err(|_| ApiError::Internal("heavy work panicked".into()))?
}

/// Lets the threads that serve requests run before this one. Where the system does not allow it, all are served alike.
fn give_way() {
    #[cfg(target_os = "linux")]
    // On Linux a priority is a thread's, not its process's; see setpriority(2).
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// As a nice value: where all processors are busy, a tenth of what a thread gets that serves requests, so that heavy work
/// still ends.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;
