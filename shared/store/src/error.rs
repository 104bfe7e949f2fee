//! What can go wrong between us and DynamoDB. None of it is ever the caller's fault.

use std::error::Error as StdError;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The action that writes.
pub(crate) const TRANSACT: &str = "TransactWriteItems";

type Source = Box<dyn StdError + Send + Sync>;

/// The store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB did not answer, or not in time.
    #[error("{action} could not be carried out")]
    Unavailable {
        /// The DynamoDB action.
        action: &'static str,
        /// What it said last.
        source: Source,
    },
    /// Others kept changing the same items until the deadline.
    #[error("the items stayed contended until the deadline")]
    Contended,
    /// Another request with the same idempotency key was committed first: it is to be answered as that one was.
    #[error("another request with the same idempotency key was committed first")]
    Replayed,
    /// DynamoDB refused a request that our code should not have made, or an item is not of the shape our code writes.
    #[error("{action} was refused or answered what cannot be read")]
    Broken {
        /// The DynamoDB action.
        action: &'static str,
        /// What it said.
        source: Source,
    },
}

impl StoreError {
    /// Whether a transaction was sent and never answered, so that nobody knows whether it happened.
    pub fn leaves_outcome_unknown(&self) -> bool {
        matches!(self, Self::Unavailable { action, .. } if *action == TRANSACT)
    }

    pub(crate) fn broken(action: &'static str, source: impl Into<Source>) -> Self {
        Self::Broken {
            action,
            source: source.into(),
        }
    }
}

/// Whether asking again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may.
    Transient,
    /// It will not.
    Permanent,
}

/// An error of a call, with what is to be done about it.
pub(crate) struct Failure<E> {
    pub(crate) verdict: Verdict,
    pub(crate) error: SdkError<E>,
}

/// Judges an error by its code.
pub(crate) fn judged<E: ProvideErrorMetadata>(error: SdkError<E>) -> Failure<E> {
    Failure {
        verdict: verdict(&error),
        error,
    }
}

fn verdict<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Verdict {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            Verdict::Transient
        }
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            match service.err().code() {
                Some(
                    "ProvisionedThroughputExceededException"
                    | "RequestLimitExceeded"
                    | "ThrottlingException"
                    | "ThrottlingError"
                    | "TransactionInProgressException"
                    | "TransactionConflictException"
                    | "InternalServerError"
                    | "ServiceUnavailable",
                ) => Verdict::Transient,
                _ if status >= 500 => Verdict::Transient,
                _ => Verdict::Permanent,
            }
        }
        // A request that could not even be built, and whatever the SDK may add.
        _ => Verdict::Permanent,
    }
}
