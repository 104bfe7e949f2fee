use api::caller::{Address, App};
use api::{ApiError, Body, Created, Faults, Field, Idempotency, State};
use auth::issue::{self, Secret};
use auth::plain_key::hash_secret;
use axum::extract::State as Extract;
use model::audit::AuditAction;
use model::key::{HashedKey, KeyKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Write;
use crate::common::audit_event;
use crate::fields;
use crate::fields::key::KeyRequest;
use crate::views::key::KeyView;

/// A key to bring along: the fields of a new one, and what it is known by.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ImportKeyRequest {
    /// SHA-256 of the whole key, in hexadecimal. Required but for a widget key. The key itself is never sent.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^[0-9a-fA-F]{64}$")]
    sha256: Field<String>,
    /// For a widget key, which is public: the key. Required for one.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, pattern = r"\S")]
    key: Field<String>,
    #[serde(flatten)]
    new: KeyRequest,
}

/// Brings along a key that you already use elsewhere, by its hash.
///
/// Only where the deployment allows imported keys. Their strength cannot be checked: import none that a person chose.
#[utoipa::path(
    post,
    path = "/v2/keys/import",
    tag = "keys",
    request_body = ImportKeyRequest,
    responses(
        (status = 201, description = "The key's record.", body = KeyView),
        (status = 403, description = "It would reach further than your own key."),
        (status = 409, description = "It is in use, the deployment does not allow imported keys, or the app has as many keys that work as it may have."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn import_key(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    address: Address,
    once: Idempotency,
    Body(request): Body<ImportKeyRequest>,
) -> Result<Created<KeyView>, ApiError> {
    if !state.config().policy.allow_imported_keys {
        return Err(ApiError::IMPORT_NOT_ALLOWED);
    }
    let now = state.now();
    let mut faults = Faults::none();
    let is_widget = request.new.kind == Field::Value(KeyKind::Widget.name().to_owned());
    let new = fields::key::read(
        request.new,
        &principal,
        state.config().max_rate,
        now,
        &mut faults,
    );
    let sent = (request.key, request.sha256);
    let (hash, public) = imported(&mut faults, sent, is_widget);
    let (new, hash) = faults.finish(new.zip(hash))?;
    let key = issue::key(
        new,
        Secret::Imported(hash),
        &principal.issuer(),
        state.random(),
        now,
    );
    fields::key::refuse_wider(&key, &principal)?;
    let event = audit_event::by_caller(&state, &principal, address, AuditAction::Imported, key.id);
    let answer = Created(match &public {
        Some(public) => KeyView::with_key(&key, public, now),
        None => KeyView::of(&key, None, None, now),
    });
    once.keep(&answer)?;
    once.writer(&state)
        .create_key(&key, public.as_deref(), &event, state.config().max_keys)
        .await?;
    Ok(answer)
}

/// The hash of the key that is imported and, because a widget key is public, such a key itself.
fn imported(
    faults: &mut Faults,
    (key, sha256): (Field<String>, Field<String>),
    is_widget: bool,
) -> (Option<HashedKey>, Option<String>) {
    if is_widget {
        if sha256.is_present() {
            faults.add("sha256", "is for secret keys; send a widget key as key");
        }
        let key = faults.required("key", key);
        let key = faults.text("key", key, 1..=256);
        return (key.as_deref().map(hash_secret), key);
    }
    if key.is_present() {
        faults.add("key", "must not be sent: send its SHA-256 as sha256");
    }
    let hash = faults.required("sha256", sha256);
    let hash = faults.parsed("sha256", hash.as_deref(), HashedKey::parse);
    (hash, None)
}
