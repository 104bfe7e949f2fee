use api::caller::{Address, Public};
use api::{ApiError, Body, Data, Faults, Field, State};
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::ReportLeak;
use crate::common::leaked;

/// Texts that may be secrets, or have some in them.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ReportLeakedKeysRequest {
    /// At most 100 of them.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required, max_items = 100)]
    keys: Field<Vec<String>>,
}

/// What was received. It says nothing of what the texts were.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportReceived {
    /// How many texts.
    received: usize,
}

/// The most texts in one report.
const MAX_KEYS: usize = 100;

/// Takes a report of secrets found where they should not be. Real ones are ended at once: secret keys are revoked,
/// `server-token`s and the private addresses of calendars deleted, sessions ended.
///
/// A text may be the secret, or what it was found in: a header, an address, a line of code. Widget keys and
/// `client-token`s are public, and stay. The answer is the same whatever they were; the owner finds it in the audit log.
#[utoipa::path(
    post,
    path = "/v2/keys/leaked",
    tag = "keys",
    request_body = ReportLeakedKeysRequest,
    responses(
        (status = 202, description = "Received.", body = ReportReceived),
        (status = 422, description = "`keys` is no list of at most 100 texts."),
        (status = 429, description = "Too many reports from this address."),
    )
)]
pub(crate) async fn report_leaked_keys(
    _: Public<ReportLeak>,
    Extract(state): Extract<State>,
    address: Address,
    Body(request): Body<ReportLeakedKeysRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let mut faults = Faults::none();
    let keys = faults.required("keys", request.keys);
    if keys.as_ref().is_some_and(|keys| keys.len() > MAX_KEYS) {
        faults.add("keys", format!("must have at most {MAX_KEYS} entries"));
    }
    let keys = faults.finish(keys)?;
    let mut left = MAX_KEYS;
    for text in &keys {
        left -= leaked::end_all(&state, address, text, left).await?;
    }
    Ok((
        StatusCode::ACCEPTED,
        Data {
            data: ReportReceived {
                received: keys.len(),
            },
        },
    ))
}
