//! Group commit: what several callers have written goes to the disk at once, and none of them hears of it before.
//!
//! The engine writes one transaction after another into its write-ahead log. Were each to wait there for the disk, the next
//! one would wait too. So the engine only writes (SQLite's `synchronous = NORMAL`, which keeps the log in order and whole),
//! and what `FULL` does after each transaction is done here, after as many as there are.

use std::fmt;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Mutex;

/// The disk did not take what was written, now or earlier. What it holds is known only once the log is read again.
#[derive(Debug, thiserror::Error)]
#[error("the disk did not take what was written; nothing more is written before a restart")]
pub struct DiskError;

/// The log that all callers write to.
pub struct GroupCommit {
    sync: Arc<dyn Fn() -> io::Result<()> + Send + Sync>,
    /// How many have written.
    written: AtomicU64,
    /// How many of them are on the disk. It is locked while the rest is on its way there, even if who wanted that has left.
    durable: Arc<Mutex<u64>>,
    has_failed: Arc<AtomicBool>,
}

impl fmt::Debug for GroupCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupCommit")
    }
}

impl GroupCommit {
    /// Over the file that the engine writes to.
    pub fn of(log: File) -> Self {
        Self::over(move || log.sync_data())
    }

    /// As [`GroupCommit::of`], by another way to the disk.
    pub(crate) fn over(sync: impl Fn() -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self {
            sync: Arc::new(sync),
            written: AtomicU64::new(0),
            durable: Arc::default(),
            has_failed: Arc::default(),
        }
    }

    /// To be asked before anything is written.
    ///
    /// # Errors
    ///
    /// If the disk has refused something. A later success would say nothing about what was refused.
    pub fn check(&self) -> Result<(), DiskError> {
        if self.has_failed.load(Ordering::SeqCst) {
            Err(DiskError)
        } else {
            Ok(())
        }
    }

    /// Returns when all that was written before this call is on the disk.
    ///
    /// # Errors
    ///
    /// If the disk refuses.
    pub async fn durable(&self) -> Result<(), DiskError> {
        let mine = self.written.fetch_add(1, Ordering::SeqCst) + 1;
        let mut durable = self.durable.clone().lock_owned().await;
        self.check()?;
        if *durable >= mine {
            return Ok(());
        }
        let written = self.written.load(Ordering::SeqCst);
        let (sync, has_failed) = (self.sync.clone(), self.has_failed.clone());
        // A failure must be known to all who come later, whether or not anybody still waits for it.
        let syncing = tokio::task::spawn_blocking(move || match sync() {
            Ok(()) => {
                *durable = written;
                Ok(())
            }
            Err(error) => {
                has_failed.store(true, Ordering::SeqCst);
                tracing::error!(%error, "the disk did not take what was written");
                Err(DiskError)
            }
        });
        syncing.await.unwrap_or(Err(DiskError))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::Poll;

    use super::*;

    /// A disk that is done when told so, and counts.
    fn slow_disk() -> (GroupCommit, mpsc::Sender<io::Result<()>>, Arc<AtomicU64>) {
        let (done, told) = mpsc::channel();
        let told = std::sync::Mutex::new(told);
        let synced = Arc::new(AtomicU64::new(0));
        let counted = synced.clone();
        let commit = GroupCommit::over(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let told = told.lock().expect("nobody panicked");
            told.recv().expect("the test goes on")
        });
        (commit, done, synced)
    }

    async fn is_pending(future: std::pin::Pin<&mut impl Future>) -> bool {
        let mut future = future;
        poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
    }

    #[tokio::test]
    async fn whoever_wrote_waits_for_the_disk_and_who_writes_meanwhile_goes_next_together() {
        let (commit, done, synced) = slow_disk();
        let mut first = pin!(commit.durable());
        assert!(is_pending(first.as_mut()).await);
        let mut others: Vec<_> = (0..7).map(|_| Box::pin(commit.durable())).collect();
        for other in &mut others {
            assert!(is_pending(other.as_mut()).await);
        }
        done.send(Ok(())).expect("the disk listens");
        first.await.expect("it is on the disk");
        for other in &mut others {
            assert!(is_pending(other.as_mut()).await, "it was not in the first");
        }
        done.send(Ok(())).expect("the disk listens");
        for other in others {
            other.await.expect("it is on the disk");
        }
        assert_eq!(synced.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_caller_that_leaves_does_not_make_others_believe_that_it_is_on_the_disk() {
        let (commit, done, synced) = slow_disk();
        {
            let mut leaves = pin!(commit.durable());
            assert!(is_pending(leaves.as_mut()).await);
        }
        let mut stays = pin!(commit.durable());
        assert!(is_pending(stays.as_mut()).await);
        done.send(Ok(())).expect("the disk listens");
        done.send(Ok(())).expect("the disk listens");
        stays.await.expect("it is on the disk");
        assert_eq!(synced.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn what_the_disk_refuses_after_a_caller_has_left_is_known_to_the_next() {
        let (commit, done, synced) = slow_disk();
        {
            let mut leaves = pin!(commit.durable());
            assert!(is_pending(leaves.as_mut()).await);
        }
        let mut next = pin!(commit.durable());
        assert!(is_pending(next.as_mut()).await);
        done.send(Err(io::ErrorKind::StorageFull.into()))
            .expect("the disk listens");
        done.send(Ok(())).expect("the disk listens");
        next.await.expect_err("the disk has refused");
        assert_eq!(synced.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn after_the_disk_has_refused_once_nothing_is_confirmed_any_more() {
        let (commit, done, synced) = slow_disk();
        done.send(Err(io::ErrorKind::StorageFull.into()))
            .expect("the disk listens");
        commit.check().expect("nothing has failed yet");
        commit.durable().await.expect_err("the disk refused");
        commit.check().expect_err("it has refused");
        commit.durable().await.expect_err("it has refused");
        assert_eq!(synced.load(Ordering::SeqCst), 1);
    }
}
