//! What stands between the router and every handler: find out who calls, and let only those through whom
//! the operation's access names.

use std::net::IpAddr;
use std::sync::Arc;

use auth::limiter::Standing;
use auth::token::PlainToken;
use auth::{
    AuthError, Authenticated, Caller, Denied, KeyCache, Principal, Request as AuthRequest, Who,
    authenticate,
};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use model::key::{ApiKey, Mode};
use model::origin::Origin;

use crate::address::{base_url, caller_address, is_own_origin};
use crate::error::ApiError;
use crate::limits;
use crate::operations::Operation;
use crate::signed_search::SignedSearch;
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

/// How the caller stands with its limits, for the handler that tells it in words.
#[derive(Clone, Debug, Default)]
pub struct Standings(pub Vec<Standing>);

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
    let caller = known.caller;
    let mut response = match (caller, admitted) {
        (Err(error), _) | (Ok(_), Err(error)) => error.into_response(),
        (Ok(caller), Ok(())) => {
            parts.extensions.insert(caller);
            parts.extensions.insert(Standings(standings.clone()));
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

/// Whether the caller got its permits, and how it stands with its limits.
struct Admission {
    result: Result<(), ApiError>,
    standings: Vec<Standing>,
}

/// Takes the caller's permits. How it stands with its limits is told whether or not it got them.
async fn admit(state: &State, known: &Known, parts: &Parts) -> Admission {
    let Some(principal) = known.principal() else {
        return Admission {
            result: Ok(()),
            standings: Vec::new(),
        };
    };
    let now = state.now();
    let mut address = String::new();
    if principal.is_public() {
        match limits::disguised_address(state, address_of(state, parts)).await {
            Ok(disguised) => address = disguised,
            Err(error) => {
                return Admission {
                    result: Err(error),
                    standings: Vec::new(),
                };
            }
        }
    }
    match state
        .limiter()
        .admit(state.store(), &principal.limits(&address), now)
        .await
    {
        Ok(standings) => Admission {
            result: Ok(()),
            standings,
        },
        Err(reached) => {
            if let Some(key) = &known.key {
                state.keys().block(key, reached.retry_at, now);
            }
            let wait_ms = (reached.retry_at - now).num_milliseconds().unsigned_abs();
            let retry_after_s = wait_ms.div_ceil(1_000).max(1);
            Admission {
                result: Err(ApiError::TooMany { retry_after_s }),
                standings: reached.standings,
            }
        }
    }
}

/// What is known of a request's caller.
struct Known {
    caller: Result<Caller, ApiError>,
    key: Option<ApiKey>,
    may_open: bool,
}

impl Known {
    fn principal(&self) -> Option<Principal> {
        match &self.caller {
            Ok(Caller::App(principal)) => Some(principal.clone()),
            Ok(Caller::Account(_) | Caller::Anonymous) | Err(_) => None,
        }
    }
}

fn address_of(state: &State, parts: &Parts) -> Option<IpAddr> {
    caller_address(
        &parts.extensions,
        &parts.headers,
        &state.config().trusted_proxies,
    )
}

async fn identify(
    state: &State,
    operation: &Operation,
    parts: &Parts,
    keys: Option<&KeyCache>,
) -> Known {
    let address = address_of(state, parts);
    if operation.access.anonymous {
        let caller = count_anonymous(state, operation, address)
            .await
            .map(|()| Caller::Anonymous);
        return Known {
            caller,
            key: None,
            may_open: true,
        };
    }
    if operation.access.signed_search
        && let Some(signed) = SignedSearch::of(parts)
    {
        let caller = match count_anonymous(state, operation, address).await {
            Ok(()) => signed.caller(state).await,
            Err(error) => Err(error),
        };
        return Known {
            caller,
            key: None,
            may_open: true,
        };
    }
    let headers = &parts.headers;
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
    let (policy, now) = (state.config().policy, state.now());
    let Authenticated {
        caller,
        key,
        may_open,
    } = authenticate(
        state.store(),
        keys,
        policy,
        &presented,
        operation.access,
        now,
    )
    .await;
    if let (Err(AuthError::Denied(denied)), Some(key)) = (&caller, &key) {
        let source = address.map(|address| address.to_string());
        state
            .refusals()
            .count(state.store(), key, *denied, source, now)
            .await;
    }
    Known {
        caller: caller.map_err(ApiError::from),
        key,
        may_open,
    }
}

async fn count_anonymous(
    state: &State,
    operation: &Operation,
    address: Option<IpAddr>,
) -> Result<(), ApiError> {
    let who = limits::disguised_address(state, address).await?;
    limits::count(
        state,
        &operation.id,
        &who,
        operation.access.anonymous_window(),
    )
    .await
    .map(|_| ())
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
        Who::Session { .. } | Who::SignedSearch => None,
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
