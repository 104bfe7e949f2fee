//! How often: the caller's permits.

use std::net::IpAddr;

use auth::limiter::{Limit, LimitReached, LimitStatus};
use auth::principal::session_limit;
use auth::{Caller, Principal};
use axum::http::request::Parts;
use chrono::{DateTime, Utc};

use super::identify::{Identified, address_of};
use crate::error::ApiError;
use crate::limits;
use crate::state::State;

/// Whether the caller got its permits, and how it stands with its limits.
pub(super) struct Admission {
    pub(super) result: Result<(), ApiError>,
    pub(super) standings: Vec<LimitStatus>,
}

/// Takes the permits of a widget key for a visitor at `address` of a page that acts as that key.
///
/// # Errors
///
/// [`ApiError::TooMany`] if one of its limits is reached.
pub async fn admit_visitor(
    state: &State,
    principal: &Principal,
    address: Option<IpAddr>,
) -> Result<(), ApiError> {
    let address = limits::disguised_address(state, address).await?;
    let limits = principal.limits(&address, state.config().app_rate);
    let now = state.now();
    let admitted = state.limiter().admit(state.counters(), &limits, now).await;
    match admitted {
        Ok(_) => Ok(()),
        Err(reached) => Err(too_many(&reached, now)),
    }
}

fn too_many(reached: &LimitReached, now: DateTime<Utc>) -> ApiError {
    let wait_ms = (reached.retry_at - now).num_milliseconds().unsigned_abs();
    ApiError::TooMany {
        retry_after_s: wait_ms.div_ceil(1_000).max(1),
    }
}

/// Takes the caller's permits. How it stands with its limits is told whether or not it got them.
pub(super) async fn admit(state: &State, known: &Identified, parts: &Parts) -> Admission {
    let limits = match limits_of(state, known, parts).await {
        Ok(limits) => limits,
        Err(error) => {
            return Admission {
                result: Err(error),
                standings: Vec::new(),
            };
        }
    };
    let now = state.now();
    match state.limiter().admit(state.counters(), &limits, now).await {
        Ok(standings) => Admission {
            result: Ok(()),
            standings,
        },
        Err(reached) => {
            if let Some(key) = &known.key {
                state.keys().block(key, reached.retry_at, now);
            }
            Admission {
                result: Err(too_many(&reached, now)),
                standings: reached.standings,
            }
        }
    }
}

/// The limits that the caller must keep to; none if it is refused already or nobody knows it.
async fn limits_of(
    state: &State,
    known: &Identified,
    parts: &Parts,
) -> Result<Vec<Limit>, ApiError> {
    let principal = match &known.caller {
        Ok(Caller::App(principal)) => principal,
        Ok(Caller::Account(account)) => return Ok(vec![session_limit(*account)]),
        Ok(Caller::Anonymous) | Err(_) => return Ok(Vec::new()),
    };
    let mut address = String::new();
    if principal.is_public() {
        address = limits::disguised_address(state, address_of(state, parts)).await?;
    }
    Ok(principal.limits(&address, state.config().app_rate))
}
