//! What all parts of the demo need.

use std::error::Error;

use api::State;
use auth::Issuer;
use model::ids::AppId;
use model::key::Mode;
use serde_json::{Map, Value};

use super::ids::ACCOUNT;
use crate::error::LocalError;

/// Who creates what is in an app.
pub(super) fn issuer(app: AppId, mode: Mode, state: &State) -> Issuer {
    Issuer {
        app,
        app_created_at: state.now(),
        mode,
        by: format!("account:{ACCOUNT}"),
    }
}

pub(super) fn failed(error: impl Error + 'static) -> LocalError {
    LocalError::store(&error)
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
