//! What stands between the router and every handler: find out who calls, and let only those through whom
//! the operation's access names.

mod admit;
mod identify;
mod tell;

use std::sync::Arc;

use auth::key_cache::Freshness;
use auth::limiter::LimitStatus;
use auth::{Access, Denied, Principal};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use model::outbox::{ANONYMOUS, Author};
use store::in_the_name_of;

pub use self::admit::admit_visitor;
use self::admit::{Admission, admit};
use self::identify::{address_of, identify, look_up};
pub use self::identify::{cookie_name, session_token};
pub use self::tell::{EXPIRY_NOTICE, KEY_EXPIRES, TEST_MODE};
use self::tell::{tell_about_caller, tell_limits};
use crate::acting::ActedAs;
use crate::error::ApiError;
use crate::idempotency::answer_once;
use crate::operation::Operation;
use crate::request_log::CallerOfRequest;
use crate::state::State;
use crate::warnings::Warnings;

/// How the caller stands with its limits, for the handler that tells it in words.
#[derive(Clone, Debug, Default)]
pub struct Standings(pub Vec<LimitStatus>);

/// Lets a request through to its handler if `operation` is open to its caller. It is one function because its order is what it
/// promises: who calls, whether they may go on, the response, and what they are told with it.
pub(crate) async fn authorize(
    axum::extract::State((state, operation)): axum::extract::State<(State, Arc<Operation>)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut known = identify(&state, &operation, &parts, Some(state.keys())).await;
    let mut admission = admit(&state, &known, &parts).await;
    if admission.result.is_ok() && known.freshness == Freshness::OnlyRefuses {
        // The key was only kept because it was over its limit. It no longer is, so it must be read.
        known = identify(&state, &operation, &parts, None).await;
        if known.caller.is_err() {
            admission.standings.clear();
        }
    }
    let (principal, told) = (known.principal(), known.told());
    let Admission {
        result: admitted,
        standings,
    } = admission;
    let mut called = CallerOfRequest {
        operation: operation.id.clone(),
        app: known.app().map(|app| app.to_string()),
        key: known.key.as_ref().map(|key| key.id.to_string()),
        caller: known.actor(),
        meters_are_away: standings.iter().any(|standing| standing.is_away),
    };
    let author = Author {
        by: (called.caller.clone()).unwrap_or_else(|| ANONYMOUS.to_owned()),
        from: address_of(&state, &parts),
    };
    let caller = known.caller;
    let mut response = match (caller, admitted) {
        (Err(error), _) | (Ok(_), Err(error)) => error.into_response(),
        (Ok(caller), Ok(())) => {
            parts.extensions.insert(caller.clone());
            parts.extensions.insert(Standings(standings.clone()));
            let warnings = Warnings::of(&caller);
            if let Some(warnings) = &warnings {
                parts.extensions.insert(warnings.clone());
            }
            let request = Request::from_parts(parts, body);
            let answered = answer_once(&state, &operation, &caller, request, next);
            let response = in_the_name_of(author, answered).await;
            match warnings {
                Some(warnings) => warnings.add_to(response).await,
                None => response,
            }
        }
    };
    let acted_as = response.extensions_mut().remove::<ActedAs>();
    let acted_as = acted_as.map(|ActedAs(principal)| principal);
    if let Some(principal) = &acted_as {
        called.acts_as(principal);
    }
    if let Some(principal) = principal.or(acted_as) {
        count_answer(&state, &principal, response.status()).await;
    }
    tell_limits(response.headers_mut(), &standings, state.now());
    if let Some(told) = told {
        tell_about_caller(response.headers_mut(), told, &state);
    }
    response.extensions_mut().insert(called);
    response
}

/// The answer where no operation has the path, or none the method. With a credential that holds it counts and tells what
/// any answer does; whatever is wrong with a credential changes nothing about it, because nothing was asked for.
pub(crate) async fn answer_no_operation(
    state: &State,
    request: Request,
    error: ApiError,
) -> Response {
    let (parts, _) = request.into_parts();
    let mut known = look_up(
        state,
        Access::any_caller().access(),
        &parts,
        Some(state.keys()),
    )
    .await;
    let admission = admit(state, &known, &parts).await;
    if admission.result.is_ok() && known.freshness == Freshness::OnlyRefuses {
        known = look_up(state, Access::any_caller().access(), &parts, None).await;
    }
    let Some(principal) = known.principal() else {
        return error.into_response();
    };
    let error = admission.result.err().unwrap_or(error);
    let mut response = error.into_response();
    count_answer(state, &principal, response.status()).await;
    tell_limits(response.headers_mut(), &admission.standings, state.now());
    if let Some(told) = known.told() {
        tell_about_caller(response.headers_mut(), told, state);
    }
    response
}

/// Counts an answer for the usage of the caller's key.
async fn count_answer(state: &State, principal: &Principal, status: StatusCode) {
    if let Some(ledger) = principal.usage_ledger() {
        state
            .limiter()
            .count(&ledger, status.as_u16(), state.now())
            .await;
    }
}

/// The answer to a caller with a credential that does not hold, for handlers that check one themselves.
pub const fn bad_credentials() -> ApiError {
    ApiError::Unauthenticated(Denied::Unknown)
}
