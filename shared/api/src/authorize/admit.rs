//! How often: the caller's permits.

use auth::limiter::Standing;
use axum::http::request::Parts;

use super::identify::{Known, address_of};
use crate::error::ApiError;
use crate::limits;
use crate::state::State;

/// Whether the caller got its permits, and how it stands with its limits.
pub(super) struct Admission {
    pub(super) result: Result<(), ApiError>,
    pub(super) standings: Vec<Standing>,
}

/// Takes the caller's permits. How it stands with its limits is told whether or not it got them.
pub(super) async fn admit(state: &State, known: &Known, parts: &Parts) -> Admission {
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
