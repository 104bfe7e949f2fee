//! Refused callers, and what is wrong by field.

use auth::password::HashingError;
use auth::{AuthError, Denied, Overloaded};
use model::fault::Faults;

use super::ApiError;

impl From<Faults> for ApiError {
    fn from(faults: Faults) -> Self {
        Self::Invalid(faults)
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unavailable(error) => error.into(),
            AuthError::Denied(denied) => match denied {
                Denied::Missing
                | Denied::Malformed
                | Denied::KeyAsUser
                | Denied::BearerColon
                | Denied::BasicColon
                | Denied::NoScheme
                | Denied::NotEncoded
                | Denied::EncodedForBasic
                | Denied::Unknown
                | Denied::Expired
                | Denied::Revoked
                | Denied::AddressNotAllowed
                | Denied::DevelopmentKey => Self::Unauthenticated(denied),
                Denied::OriginNotAllowed
                | Denied::KindNotAllowed
                | Denied::InsufficientScope(_)
                | Denied::SearchForged
                | Denied::SearchNotSigned
                | Denied::CrossSite => Self::Forbidden(denied),
                Denied::AppNotNamed => Self::Invalid(Faults::one(
                    "Timekit-App",
                    "is required: name the app by its slug",
                )),
                Denied::AppNotFound => Self::NotFound("App"),
            },
        }
    }
}

impl From<auth::master_secret::VersionGone> for ApiError {
    fn from(error: auth::master_secret::VersionGone) -> Self {
        Self::Internal(error.into())
    }
}

impl From<HashingError> for ApiError {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Failed => Self::Unavailable(error.into()),
            HashingError::Overloaded(overloaded) => overloaded.into(),
        }
    }
}

impl From<Overloaded> for ApiError {
    fn from(_: Overloaded) -> Self {
        Self::TooMany { retry_after_s: 1 }
    }
}

impl From<std::convert::Infallible> for ApiError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
