//! What can keep the server from starting: one clear sentence each.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The port is taken.
    #[error("{address} is in use. Stop what listens there, or choose another port with --port.")]
    PortInUse {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("Cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The data folder cannot be written.
    #[error("Cannot write to {path}: {source}. Choose another folder with --data.")]
    DataFolder {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another server has the data folder.
    #[error(
        "Another latchkey already runs on the data in {path}. Stop it, or choose another folder with --data."
    )]
    DataInUse {
        /// The folder.
        path: PathBuf,
    },
    /// The embedded store does not open.
    #[error("The embedded store in {path} does not open: {reason}")]
    EmbeddedStore {
        /// The database file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The master secret's file is damaged.
    #[error(
        "{path} holds no master secret: {source}. Restore it from a backup; a new one would make every resource token invalid."
    )]
    MasterSecret {
        /// The file.
        path: PathBuf,
        /// Why.
        source: auth::master_secret::InvalidMasterSecret,
    },
    /// The store refused something.
    #[error("The store cannot be used: {0}")]
    Store(String),
    /// The command was given something that cannot be.
    #[error("{0}")]
    Usage(String),
}

impl LocalError {
    /// Any failure of the store, with its chain of causes.
    pub fn store(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            text = format!("{text}: {cause}");
            next = cause.source();
        }
        Self::Store(text)
    }
}
