//! Why a command on keys did not do its work.

use std::io;

use super::check::Unsound;
use crate::deployment::RemoteError;

/// A command on keys did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The server could not be asked, or refused.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// What was given as a key's id is none. It is not repeated: it may be a key.
    #[error("That is no key's id. Give the id that `latchkey keys list` shows; it is a UUID.")]
    NotAnId,
    /// The answer was not what the API says.
    #[error("The server's answer is not one of this version of Latchkey: {0}")]
    Answer(serde_json::Error),
    /// A key was made, and its only chance to be seen was missed.
    #[error(
        "The key {id} was made, but it cannot be written to standard output: {source}. No one sees it again: revoke it with `latchkey keys revoke {id}`."
    )]
    KeyLost {
        /// The lost key's id.
        id: String,
        /// Why.
        source: io::Error,
    },
    /// Nothing can be read or written.
    #[error("Standard input or output cannot be used: {0}")]
    Io(#[from] io::Error),
    /// A key that was checked is not sound.
    #[error("{0}")]
    Unsound(#[from] Unsound),
}
