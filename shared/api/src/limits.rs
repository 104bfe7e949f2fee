//! Limits that are counted before anybody is known: per address, exact over a sliding window.

use std::net::IpAddr;

use chrono::TimeDelta;
use store::{CountedAttempt, Window};

use crate::address::counted_as;
use crate::error::ApiError;
use crate::state::State;

/// How many wrong passwords there may be, for an account and for an address alike.
pub const WRONG_PASSWORDS: Window = Window {
    limit: 10,
    length: TimeDelta::minutes(15),
};

/// Counts an attempt and refuses it past the limit.
///
/// # Errors
///
/// [`ApiError::TooMany`] past the limit.
pub async fn count(
    state: &State,
    what: &str,
    who: &str,
    window: Window,
) -> Result<CountedAttempt, ApiError> {
    let attempt = state
        .counters()
        .count_attempt(what, who, window, state.now())
        .await?;
    if attempt.count > window.limit {
        Err(too_many(window))
    } else {
        Ok(attempt)
    }
}

/// The refusal past a limit.
pub fn too_many(window: Window) -> ApiError {
    ApiError::TooMany {
        retry_after_s: window.length.num_seconds().unsigned_abs().max(1),
    }
}

/// Names an address or an e-mail address in a counter without keeping it: a code that only this deployment can make.
///
/// # Errors
///
/// Only if the master secret cannot be read.
pub async fn disguised(state: &State, text: &str) -> Result<String, ApiError> {
    use base64::Engine as _;
    let code = state.master_secret().await?.mac("limit", text.as_bytes())?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&code[..16]))
}

/// [`disguised`] for an address; requests without a known one are counted together.
///
/// # Errors
///
/// Only if the master secret cannot be read.
pub async fn disguised_address(state: &State, address: Option<IpAddr>) -> Result<String, ApiError> {
    disguised(
        state,
        &address.map_or_else(|| "unknown".to_owned(), counted_as),
    )
    .await
}
