//! The data folder: one process has it at a time, and its files are for their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::LocalError;

/// The database of the embedded store.
pub const DATABASE: &str = "latchkey.db";

/// The master secret.
pub const MASTER_SECRET: &str = "master-secret.json";

/// What a port of the store asks its callers for.
pub const PORT_SECRET: &str = "port-secret";

/// Says that the database has had tables, so that one without any has lost them.
const DATABASE_MADE: &str = "database-made";

/// Where a running server's store is, if it is not in this folder.
const STORE_ENDPOINT: &str = "store-endpoint";

const LOCK: &str = "lock";

/// Every file that this program makes in the folder.
const FILES: [&str; 8] = [
    LOCK,
    DATABASE,
    "latchkey.db-wal",
    "latchkey.db-shm",
    MASTER_SECRET,
    PORT_SECRET,
    DATABASE_MADE,
    STORE_ENDPOINT,
];

/// How much is written to find out whether the disk takes anything, in bytes: more than a first start needs at once.
const PROBE: usize = 1024 * 1024;

/// A data folder that this process alone uses.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    // Locked for as long as it is open.
    _lock: File,
}

impl DataFolder {
    /// Creates the folder if it is missing, locks it, and takes the rights of all others from the files in it.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or another process has it.
    pub fn take(path: &Path) -> Result<Self, LocalError> {
        let failed = |source| LocalError::data_folder(path.to_owned(), source);
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        // Hashes and bookings are nobody else's business on a shared machine.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(failed)?;
        let lock = private(OpenOptions::new().create(true).truncate(false))
            .open(path.join(LOCK))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(LocalError::DataInUse {
                    path: path.to_owned(),
                });
            }
            Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
        // The folder may have been there before, open to others, and so may files of an older version.
        for name in FILES {
            make_private(&path.join(name));
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database, which is created, empty, if it is missing: SQLite gives the files beside it the same rights.
    ///
    /// # Errors
    ///
    /// If it cannot be created.
    pub fn database(&self) -> Result<PathBuf, LocalError> {
        let path = self.path.join(DATABASE);
        let opened = private(OpenOptions::new().create(true).truncate(false)).open(&path);
        match opened {
            Ok(_) => Ok(path),
            Err(source) => Err(LocalError::data_folder(path, source)),
        }
    }

    /// Whether the database's file is there and not empty.
    pub fn has_database(&self) -> bool {
        fs::metadata(self.path.join(DATABASE)).is_ok_and(|file| file.len() > 0)
    }

    /// Whether there is a master secret.
    pub fn has_master_secret(&self) -> bool {
        self.path.join(MASTER_SECRET).exists()
    }

    /// Whether the database has ever had tables, as far as is known.
    pub fn has_mark(&self) -> bool {
        self.path.join(DATABASE_MADE).exists()
    }

    /// Notes that the database has tables.
    ///
    /// # Errors
    ///
    /// If the note cannot be written.
    pub fn mark(&self) -> Result<(), LocalError> {
        if self.has_mark() {
            return Ok(());
        }
        self.write(DATABASE_MADE, "")
    }

    /// Takes the note away, before everything begins from nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be removed.
    pub fn unmark(&self) -> Result<(), LocalError> {
        self.remove(DATABASE_MADE)
    }

    /// Says, for other commands on this folder, where the store is that the running server uses.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn announce(&self, endpoint: &str) -> Result<(), LocalError> {
        self.write(STORE_ENDPOINT, endpoint)
    }

    /// Says that the store is the database in this folder.
    ///
    /// # Errors
    ///
    /// If what an earlier server announced cannot be removed.
    pub fn withdraw(&self) -> Result<(), LocalError> {
        self.remove(STORE_ENDPOINT)
    }

    /// Where the store of the server that runs on `folder` is, if it is not in the folder.
    ///
    /// # Errors
    ///
    /// If what the server announced cannot be read.
    pub fn announced(folder: &Path) -> Result<Option<String>, LocalError> {
        let path = folder.join(STORE_ENDPOINT);
        match fs::read_to_string(&path) {
            Ok(endpoint) => Ok(Some(endpoint)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LocalError::data_folder(path, source)),
        }
    }

    /// Writes a whole file for its owner alone. It is written aside and renamed, because a file cut short would keep every
    /// later start from succeeding.
    ///
    /// # Errors
    ///
    /// If the disk refuses.
    pub fn write(&self, name: &str, text: &str) -> Result<(), LocalError> {
        let path = self.path.join(name);
        let aside = self.path.join(format!("{name}.new"));
        let written = private(OpenOptions::new().create(true).truncate(true))
            .open(&aside)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&aside, &path));
        written.map_err(|source| LocalError::data_folder(path, source))
    }

    /// The reason for a failure of the database: mostly the disk, of which SQLite says no more than "disk I/O error".
    pub fn explain(&self, error: LocalError) -> LocalError {
        let path = self.path.join("probe");
        let written = private(OpenOptions::new().create(true).truncate(true))
            .open(&path)
            .and_then(|mut file| {
                file.write_all(&vec![1; PROBE])?;
                file.sync_all()
            });
        // What is left of it would only take more of a full disk.
        let _ = fs::remove_file(&path);
        match written {
            Ok(()) => error,
            Err(source) => LocalError::data_folder(self.path.clone(), source),
        }
    }

    fn remove(&self, name: &str) -> Result<(), LocalError> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(LocalError::data_folder(path, source))
            }
            _ => Ok(()),
        }
    }
}

/// To write files that nobody else may read.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true)
}

/// A file system without owners cannot do this, and the server is not to fail there: it is said, and that is all.
#[cfg(unix)]
fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(file) = fs::metadata(path) else {
        return;
    };
    if file.permissions().mode() & 0o077 == 0 {
        return;
    }
    if let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(0o600)) {
        let path = path.display();
        tracing::warn!(%path, %error, "others can read this file, and their rights cannot be taken away");
    }
}

#[cfg(not(unix))]
fn make_private(_: &Path) {}
