//! Taking turns within one process. A long-running server decides for many callers at once; let loose on one
//! day of one resource they would mostly defeat each other, and each defeat costs a read and a transaction. So
//! they queue. This is for speed alone: what keeps bookings apart are the conditions of their transactions,
//! which hold between processes too. On Lambda, where an instance has one caller at a time, nobody waits.

use std::sync::Arc;
use std::time::Duration;

use model::ids::ResourceId;
use tokio::sync::{Mutex, MutexGuard};

use crate::{Store, StoreError};

/// How long anybody waits for a turn: longer than for a race, since whoever waits costs nothing and is served in order.
const PATIENCE: Duration = Duration::from_secs(15);

/// How many queues there are. Two resources that share one only wait a little longer.
const QUEUES: usize = 64;

/// The queues.
#[derive(Clone)]
pub(crate) struct Turns(Arc<[Mutex<()>; QUEUES]>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(std::array::from_fn(|_| Mutex::new(()))))
    }
}

impl Store {
    /// Waits for a turn to decide on `resource`'s sheets; it ends when the guard goes.
    pub(crate) async fn turn(
        &self,
        resource: ResourceId,
    ) -> Result<MutexGuard<'_, ()>, StoreError> {
        let [.., last] = resource.uuid().into_bytes();
        let queue = &self.turns.0[usize::from(last) % QUEUES];
        tokio::time::timeout(PATIENCE, queue.lock())
            .await
            .map_err(|_| StoreError::Contended)
    }
}
