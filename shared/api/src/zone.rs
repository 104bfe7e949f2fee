//! `Timekit-Timezone`: the zone that an answer's times are shown in.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use model::time::{Tz, parse_zone};

use crate::error::ApiError;
use model::fault::Faults;

/// The zone asked for, if any.
#[derive(Clone, Copy, Debug)]
pub struct OutputZone(pub Option<Tz>);

impl OutputZone {
    /// The zone asked for, or else this one.
    pub fn or(self, zone: Tz) -> Tz {
        self.0.unwrap_or(zone)
    }
}

impl<S: Sync> FromRequestParts<S> for OutputZone {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let Some(name) = parts.headers.get("timekit-timezone") else {
            return Ok(Self(None));
        };
        let zone = name
            .to_str()
            .ok()
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(parse_zone);
        match zone {
            None => Ok(Self(None)),
            Some(Ok(zone)) => Ok(Self(Some(zone))),
            Some(Err(error)) => Err(ApiError::Invalid(Faults::one(
                "Timekit-Timezone",
                error.to_string(),
            ))),
        }
    }
}
