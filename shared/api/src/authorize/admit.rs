//! How often: the caller's permits.

use auth::Caller;
use auth::limiter::{Limit, LimitStatus};
use auth::principal::session_limit;
use axum::http::request::Parts;

use super::identify::{Identified, address_of};
use crate::error::ApiError;
use crate::limits;
use crate::state::State;

/// Whether the caller got its permits, and how it stands with its limits.
pub(super) struct Admission {
    pub(super) result: Result<(), ApiError>,
    pub(super) standings: Vec<LimitStatus>,
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
            let wait_ms = (reached.retry_at - now).num_milliseconds().unsigned_abs();
            let retry_after_s = wait_ms.div_ceil(1_000).max(1);
            Admission {
                result: Err(ApiError::TooMany { retry_after_s }),
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
