use api::audit;
use api::caller::Address;
use api::{ApiError, Body, Data, Faults, Field, State};
use auth::PlainKey;
use auth::development::is_development_key;
use auth::plain_key::hash_secret;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use model::audit::AuditAction;
use model::key::{HashedKey, KeyKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Texts that may be keys.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ReportLeakedKeysRequest {
    /// At most 100 of them.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required)]
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

/// Takes a report of keys found where they should not be. Those that are real secret keys are revoked at once.
///
/// The answer is the same whatever they were; the owner finds it in the audit log.
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
    for text in &keys {
        if let Some(hash) = hash_of(text, &state) {
            revoke_if_real(&state, address, hash).await?;
        }
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

/// What a text would be looked up by; none if it cannot be a key here.
fn hash_of(text: &str, state: &State) -> Option<HashedKey> {
    let text = text.trim();
    match PlainKey::parse_key(text) {
        Ok(key) => Some(key.hashed()),
        Err(_) if state.config().policy.allow_imported_keys => Some(hash_secret(text)),
        Err(_) => None,
    }
}

async fn revoke_if_real(state: &State, address: Address, hash: HashedKey) -> Result<(), ApiError> {
    let Some(key) = state.store().find_key(hash).await? else {
        return Ok(());
    };
    // A widget key is public, and so is the development key: nothing has leaked.
    if key.kind == KeyKind::Widget || key.revoked_at.is_some() || is_development_key(hash) {
        return Ok(());
    }
    let event = audit::event_by(
        state,
        key.app,
        "leak report".to_owned(),
        address,
        AuditAction::Leaked,
        key.id,
    );
    state.store().revoke_key(&event, event.at).await?;
    Ok(())
}
