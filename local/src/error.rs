//! What can keep the server from starting: one clear sentence each.

use std::io::ErrorKind;
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
    /// The disk of the data folder is full.
    #[error(
        "The disk of {path} is full: {source}. Free some space there, e.g. 100 MB, or choose another folder with --data."
    )]
    DiskFull {
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
    /// The database is damaged so that it does not open.
    #[error(
        "{path} is damaged: {reason}. Keep a copy of the data folder, and restore latchkey.db from a backup."
    )]
    DatabaseDamaged {
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
    /// The master secret's file is missing beside a store with data.
    #[error(
        "{path} is missing, and the store has data whose tokens and links were made with it. Restore it from a backup. To begin with nothing, delete the store's data, which is latchkey.db beside it unless --dynamodb-endpoint names another store."
    )]
    MasterSecretMissing {
        /// The file.
        path: PathBuf,
    },
    /// The database is missing or empty beside the master secret of an earlier one.
    #[error(
        "{path} is missing or empty, and was neither when latchkey last ran here. Restore it from a backup. To begin with nothing, delete master-secret.json beside it."
    )]
    DatabaseEmptied {
        /// The database file.
        path: PathBuf,
    },
    /// The file of the ports' secret is damaged.
    #[error("{path} is cut short. Delete it: a new one is made at the next start.")]
    PortSecret {
        /// The file.
        path: PathBuf,
    },
    /// A second signal came while the server was stopping.
    #[error("stopped at once by a second signal; requests that had begun were cut off")]
    StoppedAtOnce,
    /// The store refused something.
    #[error("The store cannot be used: {0}")]
    Store(String),
    /// The command was given something that cannot be.
    #[error("{0}")]
    Usage(String),
}

impl LocalError {
    /// A file of the data folder could not be read or written.
    pub fn data_folder(path: PathBuf, source: std::io::Error) -> Self {
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { path, source },
            _ => Self::DataFolder { path, source },
        }
    }

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
