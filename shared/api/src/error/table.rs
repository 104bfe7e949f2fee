//! What each error is in HTTP: one row each, with its status, its code, the member of the body that its sentence is in, and the
//! sentence. Of several rows that match an error the first counts.

use auth::Denied;
use axum::http::StatusCode;
use model::booking::WrongMoment;
use model::graph::Action;
use model::reservation::Lapsed;
use model::seats::GroupFull;
use model::time::{Tz, format_instant};

use super::{ApiError, Place};

macro_rules! table {
    ($($error:pat => $status:ident, $code:literal, $place:ident, $sentence:expr;)+) => {
        impl ApiError {
            /// The statuses and codes of all errors, one for each row.
            pub const ROWS: &'static [(StatusCode, &'static str)] =
                &[$((StatusCode::$status, $code),)+];

            /// The status.
            #[expect(unused_variables, reason = "only sentences need an error's parts")]
            pub const fn status(&self) -> StatusCode {
                match self {
                    Self::OfMany { error, .. } => error.status(),
                    $($error => StatusCode::$status,)+
                }
            }

            /// A stable word for programs to act on.
            #[expect(unused_variables, reason = "only sentences need an error's parts")]
            pub const fn code(&self) -> &'static str {
                match self {
                    Self::OfMany { error, .. } => error.code(),
                    $($error => $code,)+
                }
            }

            #[expect(unused_variables, reason = "only sentences need an error's parts")]
            pub(super) const fn place(&self) -> Place {
                match self {
                    Self::OfMany { error, .. } => error.place(),
                    $($error => Place::$place,)+
                }
            }

            /// What to do about it, for people. Where several fields are wrong there is no sentence, but their faults.
            pub(super) fn sentence(&self) -> String {
                match self {
                    Self::OfMany { error, .. } => error.sentence(),
                    $($error => $sentence.into(),)+
                }
            }
        }
    };
}

table! {
    Self::Unauthenticated(Denied::KeyAsUser) => UNAUTHORIZED, "unauthenticated", Error,
        "The key was sent as the user name. It belongs after the colon: curl --user :KEY";
    Self::Unauthenticated(Denied::BearerColon) => UNAUTHORIZED, "unauthenticated", Error,
        "Remove the colon after Bearer: Authorization: Bearer KEY";
    Self::Unauthenticated(Denied::BasicColon) => UNAUTHORIZED, "unauthenticated", Error,
        "Remove the colon after Basic: Authorization: Basic BASE64";
    Self::Unauthenticated(Denied::NoScheme) => UNAUTHORIZED, "unauthenticated", Error,
        "The credential was sent without its scheme. Put Basic before a value in base64, or Bearer before a key: \
         Authorization: Bearer KEY";
    Self::Unauthenticated(Denied::NotEncoded) => UNAUTHORIZED, "unauthenticated", Error,
        "Basic takes the credential in base64: curl --user :KEY. Or send the key as it is: Authorization: Bearer KEY";
    Self::Unauthenticated(Denied::EncodedForBasic) => UNAUTHORIZED, "unauthenticated", Error,
        "Bearer takes the key as it is, without a colon or base64: Authorization: Bearer KEY. Base64 goes behind Basic.";
    Self::Unauthenticated(_) => UNAUTHORIZED, "unauthenticated", Error,
        "Invalid credentials supplied";
    Self::Forbidden(Denied::InsufficientScope(scope)) => FORBIDDEN, "forbidden", Error,
        format!("This key lacks the scope {scope}. Use one that has it, or have it added.");
    Self::Forbidden(Denied::OriginNotAllowed) => FORBIDDEN, "forbidden", Error,
        "This key may not be used from this page. Add the page's origin to the key.";
    Self::Forbidden(Denied::SearchForged) => FORBIDDEN, "forbidden", Error,
        "The signed search does not hold. Sign it with the app's signing secret, and name the app in app_slug.";
    Self::Forbidden(Denied::SearchNotSigned) => FORBIDDEN, "forbidden", Error,
        "The search must contain everything that was signed, with the same values: customer.email or a meta.<key>.";
    Self::Forbidden(Denied::CrossSite) => FORBIDDEN, "cross_site", Error,
        "The request does not come from the console. Send X-CSRF-Token and the console's own Origin.";
    Self::Forbidden(_) => FORBIDDEN, "forbidden", Error,
        "This credential may not do this. Use the app's API key.";
    Self::WiderThanCaller(wider) => FORBIDDEN, "wider_than_caller", Error,
        wider.to_string();
    Self::SignUpClosed => FORBIDDEN, "sign_up_closed", Error,
        "Sign-up is closed here. Ask whoever runs this server for an account.";
    Self::NotFound(_) => NOT_FOUND, "not_found", Error,
        "Resource does not exist";
    Self::NoSuchPath => NOT_FOUND, "not_found", Error,
        "There is no such path. See the README for the list of operations.";
    Self::MethodNotAllowed => METHOD_NOT_ALLOWED, "method_not_allowed", Error,
        "This path does not take this method.";
    Self::SlotTaken => CONFLICT, "slot_taken", Event,
        "The time is already taken. Search for another slot.";
    Self::NotOffered(refusal) => CONFLICT, "not_offered", Event,
        format!("This time cannot be booked: {refusal}. Choose another.");
    Self::GroupFull(GroupFull { max }) => CONFLICT, "group_full", Event,
        format!("All {max} seats of this group are taken. Choose another group.");
    Self::GroupClosed(state) => CONFLICT, "group_closed", Event,
        format!("This group is {state} and takes nobody any more. Choose another group.");
    Self::ReservationLapsed(Lapsed(at)) => CONFLICT, "reservation_lapsed", Event,
        format!("The reservation lapsed at {}. Reserve a slot again.", format_instant(*at, Tz::UTC));
    Self::WrongMoment(WrongMoment::BookingClosed(at)) => CONFLICT, "booking_closed", Event,
        format!("This could be booked until {}. Choose another time.", format_instant(*at, Tz::UTC));
    Self::WrongMoment(WrongMoment::BookingNotOpen(at)) => CONFLICT, "booking_not_open", Event,
        format!("This can be booked from {} on.", format_instant(*at, Tz::UTC));
    Self::WrongMoment(WrongMoment::TooLateToCancel(at)) => CONFLICT, "too_late_to_cancel", Error,
        format!("This could be called off until {}. Ask whoever you booked.", format_instant(*at, Tz::UTC));
    Self::IllegalAction(illegal) => CONFLICT, "illegal_action", Error,
        format!(
            "The booking is {}, which does not allow {}. Possible: {}.",
            illegal.state,
            illegal.action,
            names(illegal.graph.available_actions(illegal.state)),
        );
    Self::TooManyKeys { max } => CONFLICT, "too_many_keys", Error,
        format!(
            "This app has {max} keys that work, which is the most. Revoke one that is not needed, or rotate with the overlap \
             \"0 hours\"."
        );
    Self::TooManyApps { max } => CONFLICT, "too_many_apps", Error,
        format!("This account has {max} apps, which is the most. Delete one that is not needed.");
    Self::HasBookings(count) => CONFLICT, "has_bookings", Error,
        format!(
            "The resource has {count} bookings to come. Say what becomes of them: ?bookings=cancel or ?bookings=keep."
        );
    Self::Conflict(sentence) => CONFLICT, "conflict", Error,
        *sentence;
    Self::OutcomeUnknown => CONFLICT, "outcome_unknown", Error,
        "It may have been done or not: we could not learn it in time. Send it again with the same Idempotency-Key; it is done \
         at most once.";
    Self::Stale(_) => PRECONDITION_FAILED, "stale", Error,
        "It has changed since you read it: If-Match does not name its ETag. Read it again and decide anew.";
    Self::Invalid(_) => UNPROCESSABLE_ENTITY, "invalid", Error,
        "";
    Self::InvalidHeader { header, fault } => UNPROCESSABLE_ENTITY, "invalid_header", Error,
        format!("The header {header} {fault}.");
    Self::IdempotencyKeyReused => UNPROCESSABLE_ENTITY, "idempotency_key_reused", Error,
        "This Idempotency-Key was sent with another request within 24 hours. Give each request a key of its own.";
    Self::AnswerTooLarge => UNPROCESSABLE_ENTITY, "answer_too_large", Error,
        "The answer is larger than the 6 MB that can be sent at once. Ask for less: a smaller limit, a shorter period or fewer \
         includes. What was to be changed has been changed.";
    Self::TooLarge => PAYLOAD_TOO_LARGE, "too_large", Error,
        format!("The body is too large. At most {} bytes are taken.", crate::sizes::MAX_BODY);
    Self::TooMany { retry_after_s } => TOO_MANY_REQUESTS, "too_many_requests", Error,
        format!("Too many requests. Try again in {retry_after_s} seconds.");
    Self::Contended => SERVICE_UNAVAILABLE, "contended", Error,
        "Many changes to the same time at once. Nothing was changed; try again.";
    Self::Unavailable(_) => SERVICE_UNAVAILABLE, "unavailable", Error,
        "The service cannot answer now. Try again in a moment.";
    Self::NotImplemented(sentence) => NOT_IMPLEMENTED, "not_implemented", Error,
        *sentence;
    Self::Internal(_) => INTERNAL_SERVER_ERROR, "internal", Error,
        "Something went wrong on our side. Quote the request id when you report it.";
}

fn names(actions: impl Iterator<Item = Action>) -> String {
    let actions: Vec<&str> = actions.map(Action::name).collect();
    if actions.is_empty() {
        "nothing any more".to_owned()
    } else {
        actions.join(", ")
    }
}
