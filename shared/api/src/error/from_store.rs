//! What the store says of each kind of record.

use std::error::Error as StdError;

use model::fault::Faults;
use model::webhook::MAX_WEBHOOKS;
use store::{
    ChangeKeyError, ChangeProjectError, ChangeResourceError, ChangeWebhookError,
    CreateAccountError, CreateAppError, CreateCredentialError, CreateKeyError, CreateProjectError,
    CreateResourceError, CreateWebhookError, DeleteCalendarError, DeleteResourceError,
    KeepWidgetError, StoreError,
};

use super::ApiError;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::Unavailable(error.into()),
            StoreError::Contended => Self::Contended,
            // The twin's answer is replayed instead, wherever it can be found.
            StoreError::Replayed => Self::OutcomeUnknown,
            StoreError::Broken { .. } => Self::Internal(error.into()),
        }
    }
}

impl From<CreateResourceError> for ApiError {
    fn from(error: CreateResourceError) -> Self {
        match error {
            CreateResourceError::EmailTaken => {
                Self::Invalid(Faults::one("email", "belongs to another resource already"))
            }
            CreateResourceError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeResourceError> for ApiError {
    fn from(error: ChangeResourceError) -> Self {
        match error {
            ChangeResourceError::NotFound => Self::NotFound("Resource"),
            ChangeResourceError::Stale(stale) => stale.into(),
            ChangeResourceError::Store(error) => error.into(),
        }
    }
}

impl From<DeleteCalendarError> for ApiError {
    fn from(error: DeleteCalendarError) -> Self {
        match error {
            DeleteCalendarError::NotFound => Self::NotFound("Calendar"),
            DeleteCalendarError::IsDefault => Self::Conflict(
                "This is the resource's default calendar, which bookings go to. Make another one primary first.",
            ),
            DeleteCalendarError::Stale(stale) => stale.into(),
            // Asking again goes on with it.
            DeleteCalendarError::Unfinished => Self::Unavailable(error.into()),
            DeleteCalendarError::Event(error) => error.into(),
            DeleteCalendarError::Store(error) => error.into(),
        }
    }
}

impl From<DeleteResourceError> for ApiError {
    fn from(error: DeleteResourceError) -> Self {
        match error {
            DeleteResourceError::NotFound => Self::NotFound("Resource"),
            DeleteResourceError::HasBookings(count) => Self::HasBookings(count),
            DeleteResourceError::Stale(stale) => stale.into(),
            // Asking again goes on with it.
            DeleteResourceError::Unfinished => Self::Unavailable(error.into()),
            DeleteResourceError::Booking(error) => error.into(),
            DeleteResourceError::Illegal(error) => error.into(),
            DeleteResourceError::Store(error) => error.into(),
        }
    }
}

fn slug_taken() -> ApiError {
    ApiError::Invalid(Faults::one(
        "slug",
        "is taken; choose another, or leave it out to be given one",
    ))
}

impl From<KeepWidgetError> for ApiError {
    fn from(error: KeepWidgetError) -> Self {
        match error {
            KeepWidgetError::SlugTaken => slug_taken(),
            KeepWidgetError::Store(error) => error.into(),
        }
    }
}

impl From<CreateProjectError> for ApiError {
    fn from(error: CreateProjectError) -> Self {
        match error {
            CreateProjectError::SlugTaken => slug_taken(),
            CreateProjectError::Store(error) => error.into(),
        }
    }
}

impl<E: StdError + Into<Self> + 'static> From<ChangeProjectError<E>> for ApiError {
    fn from(error: ChangeProjectError<E>) -> Self {
        match error {
            ChangeProjectError::NotFound => Self::NotFound("Project"),
            ChangeProjectError::SlugTaken => slug_taken(),
            ChangeProjectError::Refused(error) => error.into(),
            ChangeProjectError::Store(error) => error.into(),
        }
    }
}

impl From<CreateAccountError> for ApiError {
    fn from(error: CreateAccountError) -> Self {
        match error {
            CreateAccountError::EmailTaken => Self::Invalid(Faults::one(
                "email",
                "has an account already; sign in instead",
            )),
            CreateAccountError::Store(error) => error.into(),
        }
    }
}

impl From<CreateCredentialError> for ApiError {
    fn from(error: CreateCredentialError) -> Self {
        match error {
            CreateCredentialError::ResourceGone => Self::NotFound("Resource"),
            CreateCredentialError::HashTaken => {
                Self::Conflict("This token cannot be imported: it is in use.")
            }
            CreateCredentialError::Store(error) => error.into(),
        }
    }
}

impl From<CreateAppError> for ApiError {
    fn from(error: CreateAppError) -> Self {
        match error {
            CreateAppError::TooMany(max) => Self::TooManyApps { max },
            CreateAppError::Store(error) => error.into(),
        }
    }
}

impl From<CreateKeyError> for ApiError {
    fn from(error: CreateKeyError) -> Self {
        match error {
            CreateKeyError::HashTaken => {
                Self::Conflict("This key cannot be imported: it is in use.")
            }
            CreateKeyError::AppGone => Self::NotFound("App"),
            CreateKeyError::TooMany(max) => Self::TooManyKeys { max },
            CreateKeyError::Store(error) => error.into(),
        }
    }
}

impl<E: StdError + Into<Self> + 'static> From<ChangeKeyError<E>> for ApiError {
    fn from(error: ChangeKeyError<E>) -> Self {
        match error {
            ChangeKeyError::NotFound => Self::NotFound("Key"),
            ChangeKeyError::Refused(error) => error.into(),
            ChangeKeyError::TooMany(max) => Self::TooManyKeys { max },
            ChangeKeyError::Store(error) => error.into(),
        }
    }
}

impl From<CreateWebhookError> for ApiError {
    fn from(error: CreateWebhookError) -> Self {
        match error {
            CreateWebhookError::TooMany => {
                let sentence = format!(
                    "would be one too many: an app has at most {MAX_WEBHOOKS} endpoints; delete one first"
                );
                Self::Invalid(Faults::one("url", sentence))
            }
            CreateWebhookError::Store(error) => error.into(),
        }
    }
}

impl<E: StdError + Into<Self> + 'static> From<ChangeWebhookError<E>> for ApiError {
    fn from(error: ChangeWebhookError<E>) -> Self {
        match error {
            ChangeWebhookError::NotFound => Self::NotFound("Webhook"),
            ChangeWebhookError::Refused(error) => error.into(),
            ChangeWebhookError::Store(error) => error.into(),
        }
    }
}
