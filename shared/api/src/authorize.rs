//! What stands between the router and every handler: find out who calls, and let only those through whom
//! the operation's access names.

use std::sync::Arc;

use auth::limiter::Standing;
use auth::token::PlainToken;
use auth::{
    Access, AuthError, Caller, Denied, Principal, Request as AuthRequest, Who, authenticate,
};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use model::key::Mode;
use model::origin::Origin;

use crate::address::{base_url, caller_address, is_own_origin};
use crate::error::ApiError;
use crate::limits;
use crate::operations::Operation;
use crate::state::State;

/// Says on every answer of a test app that it is one. Live apps never send it: clients take any value for yes.
pub const TEST_MODE: HeaderName = HeaderName::from_static("timekit-testmode");

/// When the key expires, on answers to a key that soon does.
pub const KEY_EXPIRES: HeaderName = HeaderName::from_static("latchkey-key-expires");

/// How long before its expiry a key's answers begin to say so.
pub const EXPIRY_NOTICE: TimeDelta = TimeDelta::days(7);

/// The session cookie's name: with the prefix that browsers guard where cookies are for HTTPS only.
pub const fn cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-latchkey_session"
    } else {
        "latchkey_session"
    }
}

/// Who called which operation, for the log line at the edge.
#[derive(Clone, Debug)]
pub(crate) struct Called {
    pub(crate) operation: String,
    pub(crate) app: Option<String>,
    pub(crate) actor: Option<String>,
}

/// Lets a request through to its handler if `operation` is open to its caller.
pub(crate) async fn authorize(
    axum::extract::State((state, operation)): axum::extract::State<(State, Arc<Operation>)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = identify(&state, &operation, &parts).await;
    let principal = match &caller {
        Ok(Caller::App(principal)) => Some(principal.clone()),
        Ok(Caller::Account(_) | Caller::Anonymous) | Err(_) => None,
    };
    let (admitted, standings) = match &principal {
        Some(principal) => admit(&state, principal, &parts).await,
        None => (Ok(()), Vec::new()),
    };
    let mut response = match (caller, admitted) {
        (Err(error), _) | (Ok(_), Err(error)) => error.into_response(),
        (Ok(caller), Ok(())) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
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
        tell_limits(response.headers_mut(), &standings, state.now());
    }
    response.extensions_mut().insert(Called {
        operation: operation.id.clone(),
        app: principal
            .as_ref()
            .map(|principal| principal.app.to_string()),
        actor: principal.as_ref().map(Principal::actor),
    });
    response
}

/// Takes the caller's permits. How it stands with its limits is told whether or not it got them.
async fn admit(
    state: &State,
    principal: &Principal,
    parts: &Parts,
) -> (Result<(), ApiError>, Vec<Standing>) {
    let now = state.now();
    let address = if principal.is_public() {
        let address = caller_address(
            &parts.extensions,
            &parts.headers,
            &state.config().trusted_proxies,
        );
        match limits::disguised_address(state, address).await {
            Ok(address) => address,
            Err(error) => return (Err(error), Vec::new()),
        }
    } else {
        String::new()
    };
    match state
        .limiter()
        .admit(state.store(), &principal.limits(&address), now)
        .await
    {
        Ok(standings) => (Ok(()), standings),
        Err(reached) => {
            let wait_ms = (reached.retry_at - now).num_milliseconds().unsigned_abs();
            let retry_after_s = wait_ms.div_ceil(1_000).max(1);
            (Err(ApiError::TooMany { retry_after_s }), reached.standings)
        }
    }
}

async fn identify(state: &State, operation: &Operation, parts: &Parts) -> Result<Caller, ApiError> {
    let headers = &parts.headers;
    let address = caller_address(&parts.extensions, headers, &state.config().trusted_proxies);
    if operation.access.anonymous {
        let who = limits::disguised_address(state, address).await?;
        limits::count(state, &operation.id, &who, limits::ANONYMOUS).await?;
        return Ok(Caller::Anonymous);
    }
    let origin = headers.get(header::ORIGIN);
    let origin = origin.map(|origin| {
        origin
            .to_str()
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(Origin::opaque)
    });
    let own = base_url(state, &parts.extensions);
    let is_own_origin = origin
        .as_ref()
        .is_some_and(|origin| is_own_origin(origin, &own, headers));
    let presented = AuthRequest {
        authorization: headers
            .get_all(header::AUTHORIZATION)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect(),
        session: session_token(headers, state.config().secure_cookies),
        app: text(headers, &HeaderName::from_static("timekit-app")),
        csrf: text(headers, &HeaderName::from_static("x-csrf-token")),
        is_safe: parts.method.is_safe(),
        origin,
        is_own_origin,
        address,
    };
    let access: Access = operation.access;
    let caller = authenticate(
        state.store(),
        state.config().policy,
        &presented,
        access,
        state.now(),
    )
    .await;
    caller.map_err(|error: AuthError| error.into())
}

/// The session cookie's value.
pub fn session_token(headers: &HeaderMap, secure: bool) -> Option<PlainToken> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == cookie_name(secure))
        .map(|(_, value)| PlainToken::presented(value))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Adds the headers that stand only on answers to an accepted caller.
fn tell_about_caller(headers: &mut HeaderMap, principal: &Principal, state: &State) {
    if principal.mode == Mode::Test {
        headers.insert(TEST_MODE, HeaderValue::from_static("true"));
    }
    let expires_at = match &principal.who {
        Who::Key { expires_at, .. } | Who::Resource { expires_at, .. } => *expires_at,
        Who::Session { .. } => None,
    };
    if let Some(expires_at) = expires_at.filter(|at| *at - state.now() <= EXPIRY_NOTICE)
        && let Ok(value) = HeaderValue::from_str(&expires_at.to_rfc3339())
    {
        headers.insert(KEY_EXPIRES, value);
    }
}

/// How the caller stands with its limits: by the IETF's draft, and in the common form for the tightest of them.
fn tell_limits(headers: &mut HeaderMap, standings: &[Standing], now: DateTime<Utc>) {
    let Some(tightest) = standings.iter().min_by_key(|standing| standing.remaining) else {
        return;
    };
    let list = |write: &dyn Fn(&Standing) -> String| {
        standings.iter().map(write).collect::<Vec<_>>().join(", ")
    };
    let seconds = |standing: &Standing| {
        (standing.frees_at - now)
            .num_milliseconds()
            .unsigned_abs()
            .div_ceil(1_000)
    };
    let policies = list(&|standing| {
        format!(
            "\"{}\";q={};w={}",
            standing.policy, standing.rate.limit, standing.rate.window_s
        )
    });
    let rates = list(&|standing| {
        format!(
            "\"{}\";r={};t={}",
            standing.policy,
            standing.remaining,
            seconds(standing)
        )
    });
    let reset_s = now.timestamp().unsigned_abs() + seconds(tightest);
    let numbers = [
        ("x-ratelimit-limit", u64::from(tightest.rate.limit)),
        ("x-ratelimit-remaining", tightest.remaining.into()),
        ("x-ratelimit-reset", reset_s),
    ];
    for (name, text) in [("ratelimit-policy", policies), ("ratelimit", rates)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    for (name, number) in numbers {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(number));
    }
}

/// The answer to a caller with a credential that does not hold, for handlers that check one themselves.
pub const fn bad_credentials() -> ApiError {
    ApiError::Unauthenticated(Denied::Unknown)
}
