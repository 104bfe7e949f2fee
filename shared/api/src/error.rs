//! Errors as callers are told them. Only this module knows statuses: inside, errors say what happened. What that means in
//! HTTP is in `table.rs`, and which of these errors a domain's error is in the modules beside it.

mod from_auth;
mod from_scheduling;
mod from_store;
mod table;

use std::error::Error as StdError;
use std::sync::Arc;

use auth::Denied;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use model::availability::Refusal;
use model::booking::{IllegalAction, WrongMoment};
use model::fault::Faults;
use model::graph::BookingState;
use model::reservation::Lapsed;
use model::seats::GroupFull;
use serde_json::{Map, Value, json};
use store::{Stale, StoreError};

/// An error, as a caller is told of it.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Nobody, or a bad credential: which, only the log says.
    #[error("the caller is not known")]
    Unauthenticated(Denied),
    /// Known, and not allowed.
    #[error("the caller is not allowed to do this")]
    Forbidden(Denied),
    /// Known and allowed, but what is asked for would give more than the caller has.
    #[error("the caller would give away more than it has")]
    WiderThanCaller(#[from] auth::Wider),
    /// Sign-up is closed here.
    #[error("sign-up is closed")]
    SignUpClosed,
    /// Not there, or not the caller's: the two look alike.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// No operation has this path.
    #[error("there is no such path")]
    NoSuchPath,
    /// The path has operations, but none with this method.
    #[error("the path has no such method")]
    MethodNotAllowed,
    /// The time is taken.
    #[error("the time is taken")]
    SlotTaken,
    /// The booking's state does not allow the action.
    #[error(transparent)]
    IllegalAction(#[from] IllegalAction),
    /// Something is wrong with one of many that were asked for.
    #[error("of many, number {index}: {error}")]
    OfMany {
        /// Which one, from 0.
        index: usize,
        /// What is wrong.
        error: Box<Self>,
    },
    /// It is too early or too late for this.
    #[error(transparent)]
    WrongMoment(#[from] WrongMoment),
    /// The time is not among those that are offered.
    #[error(transparent)]
    NotOffered(#[from] Refusal),
    /// Every seat of the group is taken.
    #[error(transparent)]
    GroupFull(#[from] GroupFull),
    /// A group takes no more customers.
    #[error("the group is {0}")]
    GroupClosed(BookingState),
    /// The reservation is over.
    #[error(transparent)]
    ReservationLapsed(#[from] Lapsed),
    /// The app has as many keys that work as it may have.
    #[error("the app has {max} keys that work, the most it may have")]
    TooManyKeys {
        /// How many it may have.
        max: u32,
    },
    /// The account has as many apps as it may have.
    #[error("the account has {max} apps, the most it may have")]
    TooManyApps {
        /// How many it may have.
        max: u32,
    },
    /// A resource that is to be deleted has so many bookings to come.
    #[error("the resource has {0} bookings to come")]
    HasBookings(usize),
    /// What is asked for cannot be done to the thing as it stands.
    #[error("{0}")]
    Conflict(&'static str),
    /// The thing is not in the state that `If-Match` names.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// Something is wrong with the request.
    #[error("the request is invalid")]
    Invalid(Faults),
    /// Something is wrong with a header.
    #[error("{header} {fault}")]
    InvalidHeader {
        /// The header.
        header: &'static str,
        /// What is wrong with it, and how to mend it.
        fault: &'static str,
    },
    /// Another request was sent with the same idempotency key.
    #[error("the idempotency key has been used for another request")]
    IdempotencyKeyReused,
    /// It may have been done or not.
    #[error("whether it was done is not known")]
    OutcomeUnknown,
    /// The body is larger than is taken.
    #[error("the body is too large")]
    TooLarge,
    /// The answer is larger than Lambda takes.
    #[error("the answer is too large")]
    AnswerTooLarge,
    /// Too many in too short a time.
    #[error("too many requests")]
    TooMany {
        /// When to try again, in seconds.
        retry_after_s: u64,
    },
    /// Others kept changing the same items until the deadline.
    #[error("contended until the deadline")]
    Contended,
    /// It is no part of this server; the sentence says why.
    #[error("{0}")]
    NotImplemented(&'static str),
    /// We could not, for now.
    #[error("unavailable")]
    Unavailable(#[source] Source),
    /// We made a mistake.
    #[error("internal error")]
    Internal(#[source] Source),
}

/// Where the body has an error's sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In `error`.
    Error,
    /// Under `event` in `errors`, whose messages booking pages show.
    Event,
}

/// A cause that only the log sees.
pub type Source = Box<dyn StdError + Send + Sync>;

impl ApiError {
    /// Bringing keys along is off here.
    pub const IMPORT_NOT_ALLOWED: Self = Self::Conflict(
        "This deployment does not accept imported keys. Set AllowImportedKeys, or start with --allow-imported-keys.",
    );

    /// A booking's resource is gone.
    pub const RESOURCE_GONE: Self = Self::Conflict(
        "The booking's resource was deleted: the booking can be cancelled, declined or completed, and nothing else.",
    );

    /// The body: a sentence to act on, or sentences by field.
    pub fn body(&self, request_id: &str) -> Value {
        let mut body = self.what_is_wrong();
        body.insert("request_id".to_owned(), request_id.into());
        body.into()
    }

    /// The body without the request's id, which one of many errors in an answer does not need.
    pub fn what_is_wrong(&self) -> Map<String, Value> {
        let mut body = Map::new();
        match self {
            Self::OfMany { index, error } => {
                body = error.what_is_wrong();
                body.insert("index".to_owned(), (*index).into());
            }
            Self::Invalid(faults) => {
                body.insert("errors".to_owned(), faults.to_json());
                if faults.left_out() > 0 {
                    body.insert("more_errors".to_owned(), faults.left_out().into());
                }
            }
            other => {
                let sentence = other.sentence();
                match other.place() {
                    Place::Error => body.insert("error".to_owned(), sentence.into()),
                    Place::Event => {
                        body.insert("errors".to_owned(), json!({ "event": [sentence] }))
                    }
                };
            }
        }
        if let Self::NotFound(model) = self {
            body.insert("model".to_owned(), (*model).into());
        }
        if let Self::HasBookings(count) = self {
            body.insert("count".to_owned(), (*count).into());
        }
        body.insert("code".to_owned(), self.code().into());
        body
    }

    /// What the operator should know beyond the code: the chain of causes, or why a caller was turned away.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::OfMany { error, .. } => Self::cause(error),
            Self::Unauthenticated(denied) | Self::Forbidden(denied) => Some(denied.to_string()),
            Self::Unavailable(source) | Self::Internal(source) => {
                let mut chain = source.to_string();
                let mut next = source.source();
                while let Some(cause) = next {
                    chain = format!("{chain}: {cause}");
                    next = cause.source();
                }
                Some(chain)
            }
            _ => None,
        }
    }

    /// Whether a change was sent to the store and never answered, so that nobody knows whether it was made.
    pub(crate) fn leaves_outcome_unknown(&self) -> bool {
        match self {
            Self::OutcomeUnknown => true,
            Self::Unavailable(source) => source
                .downcast_ref::<StoreError>()
                .is_some_and(StoreError::leaves_outcome_unknown),
            _ => false,
        }
    }

    /// Headers that go with it.
    pub(crate) fn headers(&self) -> Vec<(header::HeaderName, HeaderValue)> {
        match self {
            Self::OfMany { error, .. } => error.headers(),
            Self::Unauthenticated(_) => {
                vec![(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer realm=\"latchkey\""),
                )]
            }
            Self::TooMany { retry_after_s } => {
                vec![(header::RETRY_AFTER, HeaderValue::from(*retry_after_s))]
            }
            Self::Contended | Self::Unavailable(_) | Self::OutcomeUnknown => {
                vec![(header::RETRY_AFTER, HeaderValue::from_static("1"))]
            }
            _ => Vec::new(),
        }
    }
}

/// An error whose response has a body of its own, e.g. a page: the edge logs the error and leaves the body as it is.
#[derive(Clone, Debug)]
pub(crate) struct ShownByHandler(pub(crate) Arc<ApiError>);

impl ApiError {
    /// `page` as the response to this error, with its status and headers. The edge logs the error as any other.
    pub fn shown_as(self, mut page: Response) -> Response {
        *page.status_mut() = self.status();
        for (name, value) in self.headers() {
            page.headers_mut().insert(name, value);
        }
        page.extensions_mut().insert(ShownByHandler(Arc::new(self)));
        page
    }
}

impl IntoResponse for ApiError {
    /// Hands the error to the edge, which alone knows the request's id, writes the body and logs the cause.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
