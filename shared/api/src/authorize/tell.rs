//! What answers to an accepted caller say besides.

use auth::KeyStatus;
use auth::limiter::LimitStatus;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chrono::{DateTime, TimeDelta, Utc};
use model::key::Mode;

use crate::state::State;

/// Says on every answer of a test app that it is one. Live apps never send it: clients take any value for yes.
pub const TEST_MODE: HeaderName = HeaderName::from_static("timekit-testmode");

/// When the key expires, on answers to a key that soon does.
pub const KEY_EXPIRES: HeaderName = HeaderName::from_static("latchkey-key-expires");

/// How long before its expiry a key's answers begin to say so.
pub const EXPIRY_NOTICE: TimeDelta = TimeDelta::days(7);

/// Adds what stands only on answers to a caller whose credential holds.
pub(super) fn tell_about_caller(headers: &mut HeaderMap, told: KeyStatus, state: &State) {
    if told.mode == Mode::Test {
        headers.insert(TEST_MODE, HeaderValue::from_static("true"));
    }
    let soon = |at: &DateTime<Utc>| *at - state.now() <= EXPIRY_NOTICE;
    if let Some(expires_at) = told.expires_at.filter(soon)
        && let Ok(value) = HeaderValue::from_str(&expires_at.to_rfc3339())
    {
        headers.insert(KEY_EXPIRES, value);
    }
}

/// How the caller stands with its limits: by the IETF's draft, and in the common form for the tightest of them.
pub(super) fn tell_limits(headers: &mut HeaderMap, standings: &[LimitStatus], now: DateTime<Utc>) {
    let Some(tightest) = standings.iter().min_by_key(|standing| standing.remaining) else {
        return;
    };
    let list = |write: &dyn Fn(&LimitStatus) -> String| {
        standings.iter().map(write).collect::<Vec<_>>().join(", ")
    };
    let seconds = |standing: &LimitStatus| {
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
