//! Deciding on items that others change at the same time: read, decide, write on condition that nothing
//! moved; if something did, decide again on what is there now. Bounded by a deadline and never by a count:
//! with 200 writers on one item a count refuses people whose slot is free.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Store, StoreError};

/// How long a decision is tried again while others keep changing its ground.
const DEADLINE: Duration = Duration::from_secs(8);

const FIRST_WAIT_MS: u64 = 4;
const LONGEST_WAIT_MS: u64 = 400;

impl Store {
    /// Runs `attempt` until it decides. An attempt that answers `None` lost a race and is made again.
    pub(crate) async fn until_decided<T, E: From<StoreError>, F>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<Option<T>, E>>,
    {
        let deadline = Instant::now() + DEADLINE;
        let mut longest_ms = FIRST_WAIT_MS;
        loop {
            if let Some(decided) = attempt().await? {
                return Ok(decided);
            }
            if Instant::now() >= deadline {
                return Err(StoreError::Contended.into());
            }
            self.pause(longest_ms).await;
            longest_ms = (longest_ms * 2).min(LONGEST_WAIT_MS);
        }
    }

    /// A token that a re-created item cannot carry by chance, unlike a counter that starts anew.
    pub(crate) fn new_version(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.random.bytes::<16>())
    }
}
