//! Taking turns within one process. A long-running server decides for many callers at once; let loose on one
//! day of one resource they would mostly defeat each other, and each defeat costs a read and a transaction. So
//! they queue. This is for speed alone: what keeps bookings apart are the conditions of their transactions,
//! which hold between processes too. On Lambda, where an instance has one caller at a time, nobody waits.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::ids::{BookingId, ResourceId};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use crate::{Store, StoreError};

/// How long anybody waits for a turn: longer than for a race, since whoever waits costs nothing and is served in order.
const PATIENCE: Duration = Duration::from_secs(15);

/// How many queues there are. Two resources that share one only wait a little longer.
const QUEUES: usize = 64;

/// The queues: for decisions on sheets, and for decisions on the seats of a group.
#[derive(Clone, Default)]
pub(crate) struct Turns {
    resources: Queues,
    groups: Queues,
}

#[derive(Clone)]
struct Queues(Arc<[Mutex<()>; QUEUES]>);

impl Default for Queues {
    fn default() -> Self {
        Self(Arc::new(std::array::from_fn(|_| Mutex::new(()))))
    }
}

impl Store {
    /// Waits for a turn to decide on these resources' sheets; it ends when the guards go.
    pub(crate) async fn turns_on(
        &self,
        resources: impl Iterator<Item = ResourceId>,
    ) -> Result<Vec<MutexGuard<'_, ()>>, StoreError> {
        // In one order for everybody, and each queue once, so that nobody waits for somebody who waits for them.
        let numbers: BTreeSet<usize> = resources.map(|id| queue_of(id.uuid())).collect();
        let mut turns = Vec::with_capacity(numbers.len());
        for number in numbers {
            turns.push(wait(&self.turns.resources.0[number]).await?);
        }
        Ok(turns)
    }

    /// Waits for a turn to decide on a group's seats. To be taken before any turn on sheets.
    pub(crate) async fn turn_on_group(
        &self,
        owner: BookingId,
    ) -> Result<MutexGuard<'_, ()>, StoreError> {
        wait(&self.turns.groups.0[queue_of(owner.uuid())]).await
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
