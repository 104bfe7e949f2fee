//! Arithmetic that can take long runs away from the threads that serve requests, in its app's turn.

use auth::Owner;
use model::ids::AppId;

use crate::error::ApiError;
use crate::state::State;

/// Up to how many steps are taken where the request is: it takes a few milliseconds at most, and a turn would cost more.
const MAX_STEPS_AT_ONCE: usize = 20_000;

/// What `work` answers, which takes about so many steps and is done for `app`.
///
/// # Errors
///
/// [`ApiError::TooMany`] if too much of the app's is waiting.
pub async fn run<T: Send + 'static>(
    state: &State,
    app: AppId,
    steps: usize,
    work: impl FnOnce(&State) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    if steps <= MAX_STEPS_AT_ONCE {
        return work(state);
    }
    let turn = state.heavy().turn(Owner::App(app)).await?;
    let state = state.clone();
    let work = move || {
        let done = work(&state);
        // Not before: a caller that goes away leaves the work running.
        drop(turn);
        done
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::Internal(error.into()))?
}
