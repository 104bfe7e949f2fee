//! What can go wrong between us and DynamoDB. None of it is ever the caller's fault.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The action that writes.
pub(crate) const TRANSACT: &str = "TransactWriteItems";

/// The code of the embedded store's errors once its database is known to be damaged: no later try succeeds.
pub const DATABASE_DAMAGED: &str = "DatabaseDamaged";

type Source = Box<dyn StdError + Send + Sync>;

/// The store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB did not answer, or not in time.
    #[error("{action} could not be carried out")]
    Unavailable {
        /// The DynamoDB action.
        action: &'static str,
        /// Whether DynamoDB itself answers and only refused these items for now, e.g. because their partition is busy.
        is_throttled: bool,
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

    /// Whether DynamoDB as a whole did not answer: no connection, a time-out or a 5xx. An answer about the items of one
    /// call, such as throttling or a refusal, says nothing about other items.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unavailable {
                is_throttled: false,
                ..
            }
        )
    }

    /// What is needed beside DynamoDB, e.g. the master secret, is not there for now.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable {
            action: "GetSecretValue",
            is_throttled: false,
            source: source.into(),
        }
    }

    /// A new thing of this kind has the key of another, which its random id should make impossible.
    pub(crate) fn exists_already(kind: &'static str) -> Self {
        Self::broken(TRANSACT, format!("the key of a new {kind} exists already"))
    }

    pub(crate) fn broken(action: &'static str, source: impl Into<Source>) -> Self {
        Self::Broken {
            action,
            source: source.into(),
        }
    }
}

/// What whoever runs the deployment has to mend: nothing that a request could be blamed for.
#[derive(Debug, thiserror::Error)]
enum Misconfigured {
    #[error(
        "there is no table {}: deploy the template that makes it, or correct TABLE_PREFIX and the region", .tables.join(" or ")
    )]
    TableMissing { tables: Vec<String>, source: Source },
    #[error(
        "there are no AWS credentials: give the function a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )]
    CredentialsMissing { source: Source },
}

/// What an error that asking again does not help means, if the action was about these tables.
pub(crate) fn permanent<E>(
    action: &'static str,
    tables: Vec<String>,
    error: SdkError<E>,
) -> StoreError
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let is_missing = error.code() == Some("ResourceNotFoundException");
    let lacks_credentials = lacks_credentials(&error);
    let source = error.into();
    if is_missing {
        StoreError::broken(action, Misconfigured::TableMissing { tables, source })
    } else if lacks_credentials {
        StoreError::broken(action, Misconfigured::CredentialsMissing { source })
    } else {
        StoreError::broken(action, source)
    }
}

/// Whether nobody has given this process credentials. Those that only could not be fetched may come yet.
fn lacks_credentials(error: &(dyn StdError + 'static)) -> bool {
    let chain = std::iter::successors(Some(error), |error| (*error).source());
    chain
        .filter_map(|error| error.downcast_ref::<CredentialsError>())
        .any(|error| matches!(error, CredentialsError::CredentialsNotLoaded(_)))
}

/// Whether asking again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may.
    Transient,
    /// It may, once these items are less busy: DynamoDB itself answers.
    Throttled,
    /// It will not.
    Permanent,
}

/// An error of a call, with what is to be done about it.
pub(crate) struct Failure<E> {
    pub(crate) verdict: Verdict,
    pub(crate) error: SdkError<E>,
}

/// Judges an error by its code.
pub(crate) fn judged<E>(error: SdkError<E>) -> Failure<E>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    Failure {
        verdict: verdict(&error),
        error,
    }
}

fn verdict<E>(error: &SdkError<E>) -> Verdict
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        SdkError::DispatchFailure(_) if lacks_credentials(error) => Verdict::Permanent,
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
                    | "TransactionConflictException",
                ) => Verdict::Throttled,
                Some("InternalServerError" | "ServiceUnavailable") => Verdict::Transient,
                Some(DATABASE_DAMAGED) => Verdict::Permanent,
                _ if status >= 500 => Verdict::Transient,
                _ => Verdict::Permanent,
            }
        }
        // A request that could not even be built, and whatever the SDK may add.
        _ => Verdict::Permanent,
    }
}
