//! Errors as callers hear them. This is the only place that knows statuses: inside, errors say what
//! happened; here one table says what that means in HTTP.

use std::error::Error as StdError;
use std::sync::Arc;

use auth::password::HashingError;
use auth::{AuthError, Denied, Overloaded};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::availability::Refusal;
use model::booking::{CannotAct, IllegalAction, WrongMoment};
use model::graph::BookingState;
use model::occupancy::CannotPlace;
use model::reservation::Lapsed;
use model::seats::GroupFull;
use model::time::{Tz, format_instant};
use scheduling::SchedulingError;
use scheduling::error::{GroupPart, Noun};
use serde_json::{Map, Value, json};
use store::{
    ChangeKeyError, ChangeProjectError, ChangeResourceError, CreateAccountError, CreateAppError,
    CreateCredentialError, CreateKeyError, CreateProjectError, CreateResourceError, DecisionError,
    DeleteCalendarError, DeleteResourceError, KeepWidgetError, Stale, StoreError,
};

use model::fault::Faults;

/// An error, as a caller may hear of it.
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

    /// The table from error to status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::OfMany { error, .. } => error.status(),
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::WiderThanCaller(_) | Self::SignUpClosed => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound(_) | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::SlotTaken
            | Self::IllegalAction(_)
            | Self::WrongMoment(_)
            | Self::NotOffered(_)
            | Self::GroupFull(_)
            | Self::GroupClosed(_)
            | Self::ReservationLapsed(_)
            | Self::TooManyKeys { .. }
            | Self::TooManyApps { .. }
            | Self::HasBookings(_)
            | Self::Conflict(_)
            | Self::OutcomeUnknown => StatusCode::CONFLICT,
            Self::Stale(_) => StatusCode::PRECONDITION_FAILED,
            Self::Invalid(_)
            | Self::InvalidHeader { .. }
            | Self::IdempotencyKeyReused
            | Self::AnswerTooLarge => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Contended | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
        }
    }

    /// A stable word for programs to act on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OfMany { error, .. } => error.code(),
            Self::Unauthenticated(_) => "unauthenticated",
            Self::Forbidden(Denied::CrossSite) => "cross_site",
            Self::Forbidden(_) => "forbidden",
            Self::WiderThanCaller(_) => "wider_than_caller",
            Self::SignUpClosed => "sign_up_closed",
            Self::NotFound(_) | Self::NoSuchPath => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::SlotTaken => "slot_taken",
            Self::IllegalAction(_) => "illegal_action",
            Self::WrongMoment(WrongMoment::BookingClosed(_)) => "booking_closed",
            Self::WrongMoment(WrongMoment::BookingNotOpen(_)) => "booking_not_open",
            Self::WrongMoment(WrongMoment::TooLateToCancel(_)) => "too_late_to_cancel",
            Self::NotOffered(_) => "not_offered",
            Self::GroupFull(_) => "group_full",
            Self::GroupClosed(_) => "group_closed",
            Self::ReservationLapsed(_) => "reservation_lapsed",
            Self::TooManyKeys { .. } => "too_many_keys",
            Self::TooManyApps { .. } => "too_many_apps",
            Self::HasBookings(_) => "has_bookings",
            Self::Conflict(_) => "conflict",
            Self::Stale(_) => "stale",
            Self::Invalid(_) => "invalid",
            Self::InvalidHeader { .. } => "invalid_header",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::TooLarge => "too_large",
            Self::AnswerTooLarge => "answer_too_large",
            Self::TooMany { .. } => "too_many_requests",
            Self::Contended => "contended",
            Self::Unavailable(_) => "unavailable",
            Self::NotImplemented(_) => "not_implemented",
            Self::Internal(_) => "internal",
        }
    }

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
            // Booking pages show what stands under a field.
            Self::SlotTaken
            | Self::NotOffered(_)
            | Self::GroupFull(_)
            | Self::GroupClosed(_)
            | Self::ReservationLapsed(_)
            | Self::WrongMoment(WrongMoment::BookingClosed(_) | WrongMoment::BookingNotOpen(_)) => {
                body.insert("errors".to_owned(), json!({ "event": [self.sentence()] }));
            }
            Self::Invalid(faults) => {
                body.insert("errors".to_owned(), faults.to_json());
                if faults.left_out() > 0 {
                    body.insert("more_errors".to_owned(), faults.left_out().into());
                }
            }
            other => {
                body.insert("error".to_owned(), other.sentence().into());
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

    fn sentence(&self) -> String {
        match self {
            Self::Unauthenticated(Denied::KeyAsUser) => {
                "The key was sent as the user name. It belongs after the colon: curl --user :KEY".to_owned()
            }
            Self::Unauthenticated(Denied::BearerColon) => {
                "Remove the colon after Bearer: Authorization: Bearer KEY".to_owned()
            }
            Self::Unauthenticated(Denied::BasicColon) => {
                "Remove the colon after Basic: Authorization: Basic BASE64".to_owned()
            }
            Self::Unauthenticated(Denied::NoScheme) => {
                "The credential was sent without its scheme. Put Basic before a value in base64, or Bearer before a key: Authorization: Bearer KEY".to_owned()
            }
            Self::Unauthenticated(Denied::NotEncoded) => {
                "Basic takes the credential in base64: curl --user :KEY. Or send the key as it is: Authorization: Bearer KEY".to_owned()
            }
            Self::Unauthenticated(Denied::EncodedForBasic) => {
                "Bearer takes the key as it is, without a colon or base64: Authorization: Bearer KEY. Base64 goes behind Basic.".to_owned()
            }
            Self::Unauthenticated(_) => "Invalid credentials supplied".to_owned(),
            Self::Forbidden(Denied::InsufficientScope(scope)) => {
                format!("This key lacks the scope {scope}. Use one that has it, or have it added.")
            }
            Self::Forbidden(Denied::OriginNotAllowed) => {
                "This key may not be used from this page. Add the page's origin to the key.".to_owned()
            }
            Self::Forbidden(Denied::SearchForged) => {
                "The signed search does not hold. Sign it with the app's signing secret, and name the app in app_slug.".to_owned()
            }
            Self::Forbidden(Denied::SearchNotSigned) => {
                "The search must contain everything that was signed, with the same values: customer.email or a meta.<key>.".to_owned()
            }
            Self::Forbidden(Denied::CrossSite) => {
                "The request does not come from the console. Send X-CSRF-Token and the console's own Origin.".to_owned()
            }
            Self::Forbidden(_) => "This credential may not do this. Use the app's API key.".to_owned(),
            Self::WiderThanCaller(wider) => wider.to_string(),
            Self::SignUpClosed => {
                "Sign-up is closed here. Ask whoever runs this server for an account.".to_owned()
            }
            Self::NotFound(_) => "Resource does not exist".to_owned(),
            Self::NoSuchPath => "There is no such path. See the README for the list of operations.".to_owned(),
            Self::MethodNotAllowed => "This path does not take this method.".to_owned(),
            Self::OfMany { error, .. } => error.sentence(),
            Self::Invalid(_) => String::new(),
            Self::SlotTaken => "The time is already taken. Search for another slot.".to_owned(),
            Self::NotOffered(refusal) => {
                format!("This time cannot be booked: {refusal}. Choose another.")
            }
            Self::GroupFull(GroupFull { max }) => {
                format!("All {max} seats of this group are taken. Choose another group.")
            }
            Self::GroupClosed(state) => {
                format!("This group is {state} and takes nobody any more. Choose another group.")
            }
            Self::ReservationLapsed(Lapsed(at)) => {
                format!("The reservation lapsed at {}. Reserve a slot again.", format_instant(*at, Tz::UTC))
            }
            Self::WrongMoment(WrongMoment::BookingClosed(at)) => {
                format!("This could be booked until {}. Choose another time.", format_instant(*at, Tz::UTC))
            }
            Self::WrongMoment(WrongMoment::BookingNotOpen(at)) => {
                format!("This can be booked from {} on.", format_instant(*at, Tz::UTC))
            }
            Self::WrongMoment(WrongMoment::TooLateToCancel(at)) => {
                format!("This could be called off until {}. Ask whoever you booked.", format_instant(*at, Tz::UTC))
            }
            Self::IllegalAction(illegal) => {
                let actions: Vec<&str> =
                    illegal.graph.available_actions(illegal.state).map(model::graph::Action::name).collect();
                let possible = if actions.is_empty() { "nothing any more".to_owned() } else { actions.join(", ") };
                format!("The booking is {}, which does not allow {}. Possible: {possible}.", illegal.state, illegal.action)
            }
            Self::TooManyKeys { max } => {
                format!("This app has {max} keys that work, which is the most. Revoke one that is not needed, or rotate with the overlap \"0 hours\".")
            }
            Self::TooManyApps { max } => {
                format!("This account has {max} apps, which is the most. Delete one that is not needed.")
            }
            Self::HasBookings(count) => {
                format!("The resource has {count} bookings to come. Say what becomes of them: ?bookings=cancel or ?bookings=keep.")
            }
            Self::Conflict(sentence) | Self::NotImplemented(sentence) => (*sentence).to_owned(),
            Self::Stale(_) => {
                "It has changed since you read it: If-Match does not name its ETag. Read it again and decide anew.".to_owned()
            }
            Self::InvalidHeader { header, fault } => format!("The header {header} {fault}."),
            Self::IdempotencyKeyReused => {
                "This Idempotency-Key was sent with another request within 24 hours. Give each request a key of its own.".to_owned()
            }
            Self::OutcomeUnknown => {
                "It may have been done or not: we could not learn it in time. Send it again with the same Idempotency-Key; it is done at most once.".to_owned()
            }
            Self::TooLarge => {
                format!("The body is too large. At most {} bytes are taken.", crate::sizes::MAX_BODY)
            }
            Self::AnswerTooLarge => {
                "The answer is larger than the 6 MB that can be sent at once. Ask for less: a smaller limit, a shorter period or fewer includes. What was to be changed has been changed.".to_owned()
            }
            Self::TooMany { retry_after_s } => format!("Too many requests. Try again in {retry_after_s} seconds."),
            Self::Contended => "Many changes to the same time at once. Nothing was changed; try again.".to_owned(),
            Self::Unavailable(_) => "The service cannot answer now. Try again in a moment.".to_owned(),
            Self::Internal(_) => "Something went wrong on our side. Quote the request id when you report it.".to_owned(),
        }
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

impl IntoResponse for ApiError {
    /// Hands the error to the edge, which alone knows the request's id, writes the body and logs the cause.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

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

impl From<CannotPlace> for ApiError {
    fn from(error: CannotPlace) -> Self {
        match error {
            CannotPlace::Taken => Self::SlotTaken,
            CannotPlace::Full { .. } => Self::Invalid(Faults::one("event", error.to_string())),
        }
    }
}

impl From<DecisionError> for ApiError {
    fn from(error: DecisionError) -> Self {
        match error {
            DecisionError::CannotPlace { error, .. } => error.into(),
            DecisionError::GroupFull { error, .. } => error.into(),
            DecisionError::NotOffered {
                refusal: Refusal::Taken,
                ..
            } => Self::SlotTaken,
            DecisionError::NotOffered { refusal, .. } => refusal.into(),
            DecisionError::TooManyParts { fits } => Self::Invalid(Faults::one(
                "bookings",
                format!(
                    "are too many for one transaction, in which the first {fits} fit; send fewer at a time"
                ),
            )),
            DecisionError::TooManyAtOnce { fits } => Self::Invalid(Faults::one(
                "bookings",
                format!(
                    "that change together are too many for one transaction, in which {fits} fit beside this one; call \
                     off some of a group's customers first, or act on related bookings one by one with \
                     apply_to_bulked_bookings set to false"
                ),
            )),
            DecisionError::Store(error) => error.into(),
        }
    }
}

impl From<SchedulingError> for ApiError {
    fn from(error: SchedulingError) -> Self {
        let is = |one: &'static str, many: &'static str, resources: &[_]| match resources {
            [_] => one,
            _ => many,
        };
        match error {
            SchedulingError::NotOffered { reason, .. } => reason.into(),
            SchedulingError::ProjectRequired { resources } => Self::Invalid(Faults::one(
                "project_id",
                is(
                    "is required: this resource is booked through its project",
                    "is required: these resources are booked through their projects",
                    &resources,
                ),
            )),
            SchedulingError::NotOfProject { .. } => {
                Self::Invalid(Faults::one("resources", "must be among the project's"))
            }
            SchedulingError::InvalidSettings { faults } => faults.into(),
            SchedulingError::UnreadableSettings { .. } => Self::Internal(error.into()),
            SchedulingError::NotFound(noun) => not_found(noun),
            SchedulingError::CannotAct(error) => error.into(),
            SchedulingError::Stale(stale) => stale.into(),
            SchedulingError::NeedsNewTime => Self::Invalid(Faults::one(
                "action",
                "needs a new time: POST to the booking's /reschedule",
            )),
            SchedulingError::ResourceGone { .. } => Self::RESOURCE_GONE,
            SchedulingError::NoResources => {
                Self::Invalid(Faults::one("resource_id", "is required"))
            }
            SchedulingError::CalendarElsewhere { .. } => Self::Invalid(Faults::one(
                "calendar_id",
                "is no calendar of this resource",
            )),
            SchedulingError::TooLong(error) => Self::Invalid(Faults::one("end", error.to_string())),
            SchedulingError::GroupClosed(state) => Self::GroupClosed(state),
            SchedulingError::NotOfGroup { parts } => not_of_group(&parts),
            SchedulingError::GroupProjectRequired => {
                Self::Invalid(Faults::one("project_id", "must be the group's"))
            }
            SchedulingError::ReservationLapsed(lapsed) => lapsed.into(),
            SchedulingError::Decision(error) => error.into(),
            SchedulingError::Store(error) => error.into(),
        }
    }
}

fn not_found(noun: Noun) -> ApiError {
    match noun {
        Noun::Booking => ApiError::NotFound("Booking"),
        Noun::Reservation => ApiError::NotFound("Reservation"),
        Noun::Project => ApiError::NotFound("Project"),
        Noun::Resource(_) => ApiError::NotFound("Resource"),
        Noun::Calendar => ApiError::NotFound("Calendar"),
        Noun::Group => {
            let sentence = "is no group_owner booking of this app";
            let mut faults = Faults::one("related.owner_booking_id", sentence);
            // Booking pages show what stands under `event`.
            faults.add("event", "There is no such group. Choose another.");
            ApiError::Invalid(faults)
        }
    }
}

fn not_of_group(parts: &[GroupPart]) -> ApiError {
    let mut faults = Faults::none();
    for part in parts {
        let (field, sentence) = match part {
            GroupPart::Resource => ("resource_id", "is not the group's; leave it out"),
            GroupPart::Time => ("start", "is not the group's; leave start and end out"),
            GroupPart::Project => ("project_id", "is not the group's"),
        };
        faults.add(field, sentence);
    }
    ApiError::Invalid(faults)
}

impl From<CannotAct> for ApiError {
    fn from(error: CannotAct) -> Self {
        match error {
            CannotAct::Illegal(error) => error.into(),
            CannotAct::WrongMoment(error) => error.into(),
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
