//! One DynamoDB call, tried again while that may help and time remains.

use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use tokio::time::Instant;

use super::error::{self, Failure, StoreError, Verdict};
use super::meter::{self, Consumed};
use super::store::Store;
use super::tables::Table;

/// How long throttling and time-outs are met with another try.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// The shortest wait between two tries, and the longest.
const FIRST_WAIT_MS: u64 = 25;
const LONGEST_WAIT_MS: u64 = 500;

impl Store {
    /// Sends until it is answered, refused for good, or `patience` ends. The request must ask for the capacity consumed.
    ///
    /// `answer` picks the errors that are an answer to this caller, such as a failed condition. `tables` are those that the
    /// action is about, for the log to name one that is missing.
    pub(crate) async fn call_for<T, E, A, F>(
        &self,
        action: &'static str,
        tables: &[Table],
        patience: Duration,
        send: impl Fn() -> F,
        answer: impl Fn(Result<T, SdkError<E>>) -> Result<A, Failure<E>>,
    ) -> Result<A, StoreError>
    where
        T: Consumed,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E>>>,
    {
        let deadline = Instant::now() + patience;
        let mut longest_ms = FIRST_WAIT_MS;
        loop {
            self.calls.fetch_add(1, Ordering::Relaxed);
            meter::count_call();
            let answered = send().await;
            if let Ok(answered) = &answered {
                meter::count_units(answered.units());
            }
            let Failure { verdict, error } = match answer(answered) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if verdict == Verdict::Permanent {
                let tables = tables.iter().map(|table| self.table(*table)).collect();
                return Err(error::permanent(action, tables, error));
            }
            if Instant::now() >= deadline {
                return Err(StoreError::Unavailable {
                    action,
                    is_throttled: verdict == Verdict::Throttled,
                    source: error.into(),
                });
            }
            tracing::debug!(action, error = %error, "trying a store call again");
            self.pause(longest_ms).await;
            longest_ms = (longest_ms * 2).min(LONGEST_WAIT_MS);
        }
    }

    /// As [`Store::call_for`], when every error is only an error.
    pub(crate) async fn call<T, E, F>(
        &self,
        action: &'static str,
        table: Table,
        send: impl Fn() -> F,
    ) -> Result<T, StoreError>
    where
        T: Consumed,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E>>>,
    {
        self.call_for(action, &[table], PATIENCE, send, |answer| {
            answer.map_err(error::judged)
        })
        .await
    }

    /// Waits a random while, so that those who collided once do not collide again.
    pub(crate) async fn pause(&self, longest_ms: u64) {
        let wait_ms = self.random.up_to(longest_ms);
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }
}
