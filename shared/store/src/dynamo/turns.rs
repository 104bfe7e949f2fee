//! Taking turns within one process. A long-running server decides for many callers at once; let loose on one
//! item they would mostly defeat each other, and each defeat costs a read and a transaction. So they queue.
//! This is for speed alone: what keeps decisions apart are the conditions of their transactions,
//! which hold between processes too. On Lambda, where an instance has one caller at a time, nobody waits.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::error::StoreError;

/// How long anybody waits for a turn: longer than for a race, since waiting costs nothing and is served in order.
const PATIENCE: Duration = Duration::from_secs(15);

/// How many queues there are. Two ids that share one only wait a little longer.
const QUEUES: usize = 64;

/// The queues for decisions. A decision takes its outer turn, if it needs one, before its inner ones.
#[derive(Clone, Default)]
pub(crate) struct Turns {
    outer: Queues,
    inner: Queues,
}

#[derive(Clone)]
struct Queues(Arc<[Mutex<()>; QUEUES]>);

impl Default for Queues {
    fn default() -> Self {
        Self(Arc::new(std::array::from_fn(|_| Mutex::new(()))))
    }
}

impl Turns {
    /// Waits for a turn on each of these ids; it ends when the guards go.
    pub(crate) async fn inner(
        &self,
        ids: impl Iterator<Item = Uuid>,
    ) -> Result<Vec<MutexGuard<'_, ()>>, StoreError> {
        // In one order for everybody, and each queue once, so that nobody waits for somebody who waits for them.
        let numbers: BTreeSet<usize> = ids.map(queue_of).collect();
        let mut turns = Vec::with_capacity(numbers.len());
        for number in numbers {
            turns.push(wait(&self.inner.0[number]).await?);
        }
        Ok(turns)
    }

    /// Waits for a turn on `id`. Must be taken before any inner turn.
    pub(crate) async fn outer(&self, id: Uuid) -> Result<MutexGuard<'_, ()>, StoreError> {
        wait(&self.outer.0[queue_of(id)]).await
    }
}

fn queue_of(id: Uuid) -> usize {
    let [.., last] = id.into_bytes();
    usize::from(last) % QUEUES
}

async fn wait(queue: &Mutex<()>) -> Result<MutexGuard<'_, ()>, StoreError> {
    tokio::time::timeout(PATIENCE, queue.lock())
        .await
        .map_err(|_| StoreError::Contended)
}
