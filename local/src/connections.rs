//! The connections to the database of the embedded store: one that writes, and some that read beside it. SQLite lets readers
//! see what was there when they began, so nobody who reads waits for somebody who writes.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::available_parallelism;

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;

/// How many read: one for each processor, but more do not read faster on any laptop, and each takes memory.
const READERS: RangeInclusive<usize> = 2..=4;

/// How many statements stay compiled for the one that writes: those of all tables and indexes. By itself the engine keeps 16,
/// less than the tables with their indexes need for one booking.
const STATEMENTS: usize = 128;

/// The same for one that reads.
const READER_STATEMENTS: usize = 32;

/// How many writes fill SQLite's log enough to take it into the database: some megabytes. That is done beside whoever writes.
const WRITES_IN_LOG: usize = 150;

/// How many pages of the log are too much, so that the one who writes takes what is left of it: 64 megabytes. What is written
/// meanwhile is never taken, so under a load that does not pause the log would only grow.
const PAGES_IN_LOG: u32 = 16_000;

/// The connections.
pub struct Connections {
    writer: Mutex<Storage>,
    writes: AtomicUsize,
    readers: Readers,
    /// The one that takes the log into the database. None in memory, where there is no log.
    checkpointer: Option<Mutex<Storage>>,
}

/// None in memory: there, another connection is another database.
#[derive(Default)]
struct Readers {
    path: String,
    connections: Vec<Mutex<Storage>>,
    turn: AtomicUsize,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("readers", &self.readers.connections.len())
            .finish_non_exhaustive()
    }
}

impl Connections {
    /// To the file at `path`, which is made if need be. What is written is in SQLite's log, and not yet on the disk
    /// (`synchronous = NORMAL`).
    ///
    /// # Errors
    ///
    /// If it is no database of the engine, or cannot be written.
    pub fn open(path: &str) -> Result<Self, DynoxideError> {
        let writer = Storage::new(path)?;
        writer.conn().execute_batch(&format!(
            "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = {PAGES_IN_LOG}"
        ))?;
        writer
            .conn()
            .set_prepared_statement_cache_capacity(STATEMENTS);
        let count = available_parallelism().map_or(1, usize::from);
        let connections = (0..count.clamp(*READERS.start(), *READERS.end()))
            .map(|_| Ok(Mutex::new(reader(path)?)));
        Ok(Self {
            writer: Mutex::new(writer),
            writes: AtomicUsize::new(0),
            checkpointer: Some(Mutex::new(Storage::new(path)?)),
            readers: Readers {
                path: path.to_owned(),
                connections: connections.collect::<Result<_, DynoxideError>>()?,
                turn: AtomicUsize::new(0),
            },
        })
    }

    /// One connection for everything.
    pub fn one(storage: Storage) -> Self {
        Self {
            writer: Mutex::new(storage),
            writes: AtomicUsize::new(0),
            readers: Readers::default(),
            checkpointer: None,
        }
    }

    /// One connection to an empty database in memory.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub fn in_memory() -> Result<Self, DynoxideError> {
        Ok(Self::one(Storage::memory()?))
    }

    /// Whether there is any table.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn has_tables(&self) -> Result<bool, DynoxideError> {
        let names = self.reading_once(async |storage| storage.list_table_names())?;
        Ok(!names.is_empty())
    }

    /// Does something that may write.
    ///
    /// # Errors
    ///
    /// That of `work`, or if what an earlier one left undone cannot be taken back.
    pub fn writing<T>(
        &self,
        work: impl AsyncFnOnce(&Storage) -> Result<T, DynoxideError>,
    ) -> Result<T, DynoxideError> {
        let storage = taken(&self.writer);
        // Somebody panicked in the middle of a transaction.
        if !storage.conn().is_autocommit() {
            storage.rollback()?;
        }
        self.writes.fetch_add(1, Ordering::Relaxed);
        pollster::block_on(work(&storage))
    }

    /// Whether so much was written that [`Connections::checkpoint`] should follow. It is said once.
    pub fn is_checkpoint_due(&self) -> bool {
        self.checkpointer.is_some()
            && self.writes.load(Ordering::Relaxed) >= WRITES_IN_LOG
            && self.writes.swap(0, Ordering::Relaxed) >= WRITES_IN_LOG
    }

    /// Takes SQLite's log into the database, as far as nobody still reads what was there before. It waits for the disk, and
    /// nobody who reads or writes waits for it.
    ///
    /// # Errors
    ///
    /// If the disk refuses. What is in the log stays there.
    pub fn checkpoint(&self) -> Result<(), DynoxideError> {
        self.run_checkpoint("PRAGMA wal_checkpoint(PASSIVE)")
    }

    /// Takes all of SQLite's log into the database, and empties it. It waits for those who still read or write.
    ///
    /// # Errors
    ///
    /// As [`Connections::checkpoint`], or if somebody reads for too long.
    pub fn checkpoint_all(&self) -> Result<(), DynoxideError> {
        self.run_checkpoint("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    fn run_checkpoint(&self, checkpoint: &str) -> Result<(), DynoxideError> {
        let Some(storage) = &self.checkpointer else {
            return Ok(());
        };
        taken(storage)
            .conn()
            .query_row(checkpoint, [], |_| Ok(()))?;
        Ok(())
    }

    /// Does something that only reads, and all at one moment.
    ///
    /// # Errors
    ///
    /// That of `work`, or if the database cannot be read.
    pub fn reading<T>(
        &self,
        work: impl AsyncFnOnce(&Storage) -> Result<T, DynoxideError>,
    ) -> Result<T, DynoxideError> {
        let Some(storage) = self.readers.free() else {
            return self.writing(work);
        };
        let moment = storage.conn().unchecked_transaction()?;
        let result = pollster::block_on(work(&storage));
        moment.finish()?;
        result
    }

    /// Does something that reads by one statement, which needs nothing to be at one moment.
    ///
    /// # Errors
    ///
    /// That of `work`.
    pub fn reading_once<T>(
        &self,
        work: impl AsyncFnOnce(&Storage) -> Result<T, DynoxideError>,
    ) -> Result<T, DynoxideError> {
        match self.readers.free() {
            Some(storage) => pollster::block_on(work(&storage)),
            None => self.writing(work),
        }
    }

    /// Makes those that read forget which tables there are. They believe that a table stays.
    ///
    /// # Errors
    ///
    /// If the database does not open again.
    pub fn forget_tables(&self) -> Result<(), DynoxideError> {
        for connection in &self.readers.connections {
            *taken(connection) = reader(&self.readers.path)?;
        }
        Ok(())
    }
}

impl Readers {
    /// One that nobody uses, or else the next one in turn.
    fn free(&self) -> Option<MutexGuard<'_, Storage>> {
        for connection in &self.connections {
            match connection.try_lock() {
                Ok(storage) => return Some(storage),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let turn = turn.checked_rem(self.connections.len())?;
        self.connections.get(turn).map(taken)
    }
}

/// Who panicked with a connection has left nothing in it but, perhaps, a transaction.
fn taken(connection: &Mutex<Storage>) -> MutexGuard<'_, Storage> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reader(path: &str) -> Result<Storage, DynoxideError> {
    let storage = Storage::new(path)?;
    // In kilobytes: what the kernel keeps of a file costs less than what each connection does.
    storage
        .conn()
        .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -512")?;
    storage
        .conn()
        .set_prepared_statement_cache_capacity(READER_STATEMENTS);
    Ok(storage)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    const NAME: &str = "latchkey.db";
    const BEGIN: &str =
        "BEGIN IMMEDIATE; INSERT INTO _config (key, value) VALUES ('ours', 'written')";

    struct OnDisk {
        connections: Connections,
        folder: tempfile::TempDir,
    }

    impl OnDisk {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join(NAME);
            let connections = Connections::open(path.to_str().expect("a path"));
            Self {
                connections: connections.expect("a database"),
                folder,
            }
        }

        /// How many rows of ours are there, for one that reads.
        fn rows(&self) -> i64 {
            let count = "SELECT count(*) FROM _config WHERE key = 'ours'";
            let rows = self.connections.reading(async |storage| {
                Ok(storage.conn().query_row(count, [], |row| row.get(0))?)
            });
            rows.expect("a count")
        }
    }

    #[test]
    fn who_reads_waits_for_nobody_and_sees_what_was_committed_before() {
        let on_disk = OnDisk::new();
        let written = on_disk.connections.writing(async |storage| {
            storage.conn().execute_batch(BEGIN)?;
            assert_eq!(on_disk.rows(), 0, "it is not committed");
            storage.commit()
        });
        written.expect("it is written");
        for _ in 0..=on_disk.connections.readers.connections.len() {
            assert_eq!(on_disk.rows(), 1);
        }
    }

    #[test]
    fn a_reader_that_is_busy_leaves_another_one_to_read() {
        let on_disk = OnDisk::new();
        let read = on_disk.connections.reading(async |_| Ok(on_disk.rows()));
        assert_eq!(read.expect("it is read"), 0);
    }

    #[test]
    fn who_reads_cannot_write() {
        let on_disk = OnDisk::new();
        let refused = on_disk
            .connections
            .reading_once(async |storage| Ok(storage.conn().execute_batch(BEGIN)?));
        let said = refused.expect_err("it only reads").to_string();
        assert!(said.contains("readonly"), "{said}");
    }

    #[test]
    fn what_panicked_half_way_is_taken_back() {
        let on_disk = OnDisk::new();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            on_disk
                .connections
                .writing(async |storage| -> Result<(), _> {
                    storage.conn().execute_batch(BEGIN)?;
                    panic!("half way")
                })
        }));
        panicked.expect_err("it panicked");
        let written = on_disk.connections.writing(async |storage| {
            storage.conn().execute_batch(BEGIN)?;
            storage.commit()
        });
        written.expect("the next one begins anew");
        assert_eq!(on_disk.rows(), 1);
    }

    #[test]
    fn the_log_is_taken_into_the_database_beside_whoever_writes() {
        let on_disk = OnDisk::new();
        let connections = &on_disk.connections;
        let write = || connections.writing(async |_| Ok(()));
        for _ in 1..WRITES_IN_LOG {
            write().expect("it is written");
        }
        assert!(!connections.is_checkpoint_due(), "one is missing");
        let taken = connections.writing(async |storage| {
            storage.conn().execute_batch(BEGIN)?;
            storage.commit()?;
            storage.begin_transaction()?;
            connections.checkpoint()?;
            storage.rollback()
        });
        taken.expect("it is taken");
        assert!(connections.is_checkpoint_due());
        assert!(!connections.is_checkpoint_due(), "it was said");
        // The database without its log.
        let copy = on_disk.folder.path().join("copy.db");
        fs::copy(on_disk.folder.path().join(NAME), &copy).expect("a copy");
        let copy = OnDisk {
            connections: Connections::open(copy.to_str().expect("a path")).expect("a database"),
            folder: on_disk.folder,
        };
        assert_eq!(copy.rows(), 1);
    }

    #[test]
    fn whoever_writes_leaves_the_way_to_the_disk_and_into_the_database_to_others() {
        const NORMAL: u32 = 1;
        let on_disk = OnDisk::new();
        let set = |name| {
            on_disk.connections.writing(async |storage| {
                let conn = storage.conn();
                let set: u32 = conn.pragma_query_value(None, name, |row| row.get(0))?;
                Ok(set)
            })
        };
        assert_eq!(set("synchronous").expect("it says so"), NORMAL);
        let pages = set("wal_autocheckpoint").expect("it says so");
        assert_eq!(pages, PAGES_IN_LOG);
    }
}
