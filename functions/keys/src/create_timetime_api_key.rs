use api::caller::{Address, App};
use api::{ApiError, Body, Faults, Field, Idempotency, PublicTexts, State};
use auth::PlainKey;
use auth::issue::{self, NewKey, Secret};
use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use model::audit::AuditAction;
use model::key::KeyKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Write;
use crate::common::audit_event;
use crate::fields;
use crate::views::key::SHOWN_ONCE;

/// A key to make, as TimeTime asks for one.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateTimetimeApiKeyRequest {
    /// What to call it.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"\S")]
    name: Field<String>,
}

/// A new key, as TimeTime answers it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewTimetimeApiKey {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// The key: store it now. `null` if it is asked for again.
    key: Option<String>,
    /// In an answer that was kept without the key: what to do without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
}

/// Makes a named key with all of your own rights, in TimeTime's way. The answer shows it, and no later answer does.
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    tag = "timetime",
    request_body = CreateTimetimeApiKeyRequest,
    responses(
        (status = 201, description = "The key.", body = NewTimetimeApiKey),
        (status = 409, description = "The app has as many keys that work as it may have."),
        (status = 422, description = "The name is too long."),
    )
)]
pub(crate) async fn create_timetime_api_key(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    address: Address,
    once: Idempotency,
    Body(request): Body<CreateTimetimeApiKeyRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let mut faults = Faults::none();
    let name = faults
        .optional("name", request.name)
        .unwrap_or_else(|| "API key".to_owned());
    let name = faults.text("name", Some(name), 1..=100);
    PublicTexts::default().check_text(&mut faults, "name", name.as_deref());
    let name = faults.finish(name)?;
    // "All of your own rights", bounds included: it is never wider than the key that makes it.
    let own = principal.reach();
    let new = NewKey {
        name,
        kind: KeyKind::Named,
        scopes: own.scopes,
        expires_at: own.expires_at,
        allowed_cidrs: own.allowed_cidrs,
        allowed_origins: Vec::new(),
        rate_limit: principal.own_rate_limit(),
        address_rate_limit: None,
    };
    let plain = PlainKey::generate(KeyKind::Named, principal.mode, state.random());
    let key = issue::key(
        new,
        Secret::Ours(&plain),
        &principal.issuer(),
        state.random(),
        state.now(),
    );
    fields::key::refuse_wider(&key, &principal)?;
    let event = audit_event::by_caller(&state, &principal, address, AuditAction::Created, key.id);
    let answer = |shown: Option<&str>| {
        let answer = NewTimetimeApiKey {
            id: key.id.to_string(),
            key: shown.map(str::to_owned),
            notice: shown.is_none().then_some(SHOWN_ONCE),
        };
        (StatusCode::CREATED, Json(answer))
    };
    once.keep(&answer(None))?;
    once.writer(&state)
        .create_key(&key, None, &event, state.config().max_keys)
        .await?;
    Ok(answer(Some(plain.expose())))
}
