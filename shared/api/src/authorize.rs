//! What stands between the router and every handler: find out who calls, and let only those through whom
//! the operation's access names.

mod admit;
mod identify;
mod tell;

use std::sync::Arc;

use auth::Denied;
use auth::limiter::Standing;
use axum::extract::Request;
use axum::http::HeaderName;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;

use self::admit::{Admission, admit};
use self::identify::identify;
pub use self::identify::{cookie_name, session_token};
use self::tell::{tell_about_caller, tell_limits};
use crate::error::ApiError;
use crate::idempotency::answer_once;
use crate::operations::Operation;
use crate::state::State;

/// Says on every answer of a test app that it is one. Live apps never send it: clients take any value for yes.
pub const TEST_MODE: HeaderName = HeaderName::from_static("timekit-testmode");

/// When the key expires, on answers to a key that soon does.
pub const KEY_EXPIRES: HeaderName = HeaderName::from_static("latchkey-key-expires");

/// How long before its expiry a key's answers begin to say so.
pub const EXPIRY_NOTICE: TimeDelta = TimeDelta::days(7);

/// How the caller stands with its limits, for the handler that tells it in words.
#[derive(Clone, Debug, Default)]
pub struct Standings(pub Vec<Standing>);

/// Who called which operation, for the log line at the edge. Of a refused caller it is the key that was found.
#[derive(Clone, Debug)]
pub(crate) struct Called {
    pub(crate) operation: String,
    pub(crate) app: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) caller: Option<String>,
    pub(crate) meters_are_away: bool,
}

/// Lets a request through to its handler if `operation` is open to its caller.
pub(crate) async fn authorize(
    axum::extract::State((state, operation)): axum::extract::State<(State, Arc<Operation>)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut known = identify(&state, &operation, &parts, Some(state.keys())).await;
    let mut admission = admit(&state, &known, &parts).await;
    if admission.result.is_ok() && !known.may_open {
        // The key was only kept because it was over its limit. It no longer is, so it must be read.
        known = identify(&state, &operation, &parts, None).await;
        if known.caller.is_err() {
            admission.standings.clear();
        }
    }
    let principal = known.principal();
    let Admission {
        result: admitted,
        standings,
    } = admission;
    let called = Called {
        operation: operation.id.clone(),
        app: known.app().map(|app| app.to_string()),
        key: known.key.as_ref().map(|key| key.id.to_string()),
        caller: known.actor(),
        meters_are_away: standings.iter().any(|standing| standing.is_away),
    };
    let caller = known.caller;
    let mut response = match (caller, admitted) {
        (Err(error), _) | (Ok(_), Err(error)) => error.into_response(),
        (Ok(caller), Ok(())) => {
            parts.extensions.insert(caller.clone());
            parts.extensions.insert(Standings(standings.clone()));
            let request = Request::from_parts(parts, body);
            answer_once(&state, &operation, &caller, request, next).await
        }
    };
    if let Some(principal) = &principal {
        if let Some(ledger) = principal.usage_ledger() {
            state
                .limiter()
                .count(&ledger, response.status().as_u16(), state.now())
                .await;
        }
        tell_about_caller(response.headers_mut(), principal, &state);
    }
    tell_limits(response.headers_mut(), &standings, state.now());
    response.extensions_mut().insert(called);
    response
}

/// The answer to a caller with a credential that does not hold, for handlers that check one themselves.
pub const fn bad_credentials() -> ApiError {
    ApiError::Unauthenticated(Denied::Unknown)
}
