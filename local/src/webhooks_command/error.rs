//! Why a command on webhooks did not do its work.

use std::io;

use crate::deployment::RemoteError;

/// A command on webhooks did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum WebhooksError {
    /// The server could not be asked, or refused.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// What was given as an endpoint's id is none.
    #[error(
        "That is no endpoint's id. Give the id that `latchkey webhooks list` shows; it is a UUID."
    )]
    NotAnId,
    /// The answer was not what the API says.
    #[error("The server's answer is not one of this version of Latchkey: {0}")]
    Answer(serde_json::Error),
    /// A secret was made, and its only chance to be seen was missed.
    #[error(
        "The endpoint {id} has a new secret, but it cannot be written to standard output: {source}. No one sees it again: rotate it with `latchkey webhooks rotate {id}`."
    )]
    SecretLost {
        /// The endpoint's id.
        id: String,
        /// Why.
        source: io::Error,
    },
    /// Nothing can be read or written.
    #[error("Standard input or output cannot be used: {0}")]
    Io(#[from] io::Error),
}
