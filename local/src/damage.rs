//! A database that the disk has damaged. What can be read of it is still answered, and nothing is written any more: a write
//! could take with it what is still whole.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use rusqlite::{ErrorCode, InterruptHandle};
use serde_json::json;
use store::DATABASE_DAMAGED;

/// What SQLite says of a damaged database, where the engine passes on its words alone.
const SAID: [&str; 2] = ["disk image is malformed", "file is not a database"];

/// Whether the database is known to be damaged: once it is, until the next start.
#[derive(Debug, Default)]
pub struct Damage(AtomicBool);

impl Damage {
    /// Whether it is known.
    pub fn is_known(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Notes it, and says it in the log once.
    pub fn note(&self, found: &str) {
        if !self.0.swap(true, Ordering::SeqCst) {
            tracing::error!(
                found,
                "the database is damaged: nothing is written any more. Stop the server, keep a copy of the data folder, and restore latchkey.db from a backup"
            );
        }
    }
}

/// Whether an error of the engine comes from a damaged database.
pub fn is_damage(error: &DynoxideError) -> bool {
    if let DynoxideError::SqliteError(error) = error {
        let code = error.sqlite_error_code();
        return matches!(
            code,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        );
    }
    let text = error.to_string();
    SAID.iter().any(|said| text.contains(said))
}

/// The answer to what cannot be done with a damaged database, with its status.
pub fn answer() -> (u16, String) {
    let message = "the log says what was found, and what to do";
    let body = json!({ "__type": DATABASE_DAMAGED, "message": message });
    (500, body.to_string())
}

/// A look for damage that is going on, if one is.
#[derive(Default)]
pub struct Look(Mutex<Option<InterruptHandle>>);

impl Look {
    /// Reads every page of the database at `path`, and returns what is wrong with the first that is, if one is. It takes as long
    /// as the disk takes for all of it, and nobody waits for it.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn run(&self, path: &str) -> Result<Option<String>, DynoxideError> {
        let storage = Storage::new(path)?;
        *self.handle() = Some(storage.conn().get_interrupt_handle());
        let found = find(&storage);
        if self.handle().take().is_none() {
            // It was broken off, and what it says then is not about the database.
            return Ok(None);
        }
        found
    }

    /// Breaks it off: what it reads keeps SQLite's log from being taken into the database.
    pub fn break_off(&self) {
        if let Some(handle) = self.handle().take() {
            handle.interrupt();
        }
    }

    fn handle(&self) -> MutexGuard<'_, Option<InterruptHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(storage: &Storage) -> Result<Option<String>, DynoxideError> {
    let conn = storage.conn();
    conn.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -512")?;
    let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}
