//! Deciding on items that others change at the same time: read, decide, write on condition that nothing
//! moved; if something did, decide again on what is there now. Bounded by a deadline and never by a count:
//! with 200 writers on one item a count refuses people whose slot is free.

use std::time::Duration;

use tokio::time::Instant;

use super::error::StoreError;
use super::store::Store;

/// How long a decision is tried again while others keep changing its ground.
const DEADLINE: Duration = Duration::from_secs(8);

const FIRST_WAIT_MS: u64 = 4;
const LONGEST_WAIT_MS: u64 = 400;

/// How an attempt to decide ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt<T> {
    /// It is decided, and everything that belongs to it is written.
    Decided(T),
    /// What it rests on has changed meanwhile, so nothing was written and it must be made again.
    LostRace,
}

impl<T> Attempt<T> {
    /// The same end, with what was decided turned into something else.
    pub fn map<U>(self, other: impl FnOnce(T) -> U) -> Attempt<U> {
        match self {
            Self::Decided(decided) => Attempt::Decided(other(decided)),
            Self::LostRace => Attempt::LostRace,
        }
    }
}

impl Store {
    /// Runs `attempt` until it decides: one that lost a race is made again.
    ///
    /// # Errors
    ///
    /// Whatever `attempt` fails with; [`StoreError::Contended`] if it kept losing until the deadline.
    pub async fn until_decided<T, E: From<StoreError>, F>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<Attempt<T>, E>>,
    {
        let deadline = Instant::now() + DEADLINE;
        let mut longest_ms = FIRST_WAIT_MS;
        loop {
            if let Attempt::Decided(decided) = attempt().await? {
                return Ok(decided);
            }
            if Instant::now() >= deadline {
                return Err(StoreError::Contended.into());
            }
            self.pause(longest_ms).await;
            longest_ms = (longest_ms * 2).min(LONGEST_WAIT_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::config::BehaviorVersion;
    use chrono::{DateTime, Utc};
    use model::{Clock, Random};

    use super::*;
    use crate::dynamo::tables::Tables;

    /// A generator that is the same in every run.
    struct Steps(AtomicU64);

    impl Random for Steps {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                let step = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
                *byte = (step ^ (step >> 29))
                    .wrapping_mul(0xbf58_476d_1ce4_e5b9)
                    .to_be_bytes()[0];
            }
        }
    }

    struct Still;

    impl Clock for Still {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }
    }

    /// 200 instances that read in 4 ms and write in 9 ms all change one item. Time is simulated.
    #[tokio::test(start_paused = true)]
    async fn of_200_instances_that_change_one_item_none_is_refused() {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .build();
        let store = Store::new(
            Client::from_conf(config),
            Tables::with_prefix("none-"),
            Arc::new(Steps(AtomicU64::new(1))),
            Arc::new(Still),
        );
        let version = Arc::new(AtomicU64::new(0));
        let writers: Vec<_> = (0..200)
            .map(|_| {
                let (store, version) = (store.clone(), version.clone());
                tokio::spawn(async move {
                    store
                        .until_decided(|| async {
                            tokio::time::sleep(Duration::from_millis(4)).await;
                            let seen = version.load(Ordering::SeqCst);
                            tokio::time::sleep(Duration::from_millis(9)).await;
                            let won = version.compare_exchange(
                                seen,
                                seen + 1,
                                Ordering::SeqCst,
                                Ordering::SeqCst,
                            );
                            Ok::<_, StoreError>(match won {
                                Ok(before) => Attempt::Decided(before),
                                Err(_) => Attempt::LostRace,
                            })
                        })
                        .await
                })
            })
            .collect();
        for writer in writers {
            assert!(writer.await.expect("a writer").is_ok());
        }
        assert_eq!(version.load(Ordering::SeqCst), 200);
    }
}
