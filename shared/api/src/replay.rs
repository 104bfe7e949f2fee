//! What is left out of an answer when it is kept, e.g. a signature, and added when the answer is replayed.

use std::pin::Pin;

use axum::http::request::Parts;
use store::KeptAnswer;

use crate::error::ApiError;
use crate::state::State;

/// What was left out of an answer that was kept, on its way to be added when the answer is replayed.
pub type Completion = Box<dyn FnOnce(KeptAnswer) -> Completing + Send>;

/// The answer that is being completed.
pub type Completing = Pin<Box<dyn Future<Output = Result<KeptAnswer, ApiError>> + Send>>;

/// How an operation completes its answers when they are replayed: what is needed for a request with these parts, or nothing
/// if its answer was kept whole. It reads nothing before the answer is known.
pub type CompleteReplay = fn(&State, &Parts) -> Option<Completion>;
