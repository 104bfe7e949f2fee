use api::caller::{Address, App};
use api::overlap::parse_overlap;
use api::{ApiError, Body, Created, Field, Idempotency, Path, State};
use auth::PlainKey;
use auth::issue::{self, NewKey, Secret};
use axum::extract::State as Extract;
use model::audit::AuditAction;
use model::key::{ApiKey, KeyKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Write;
use crate::common::audit_event;
use crate::fields::key::{KeyRefused, refuse_wider_or_ended};
use crate::views::key::KeyView;

/// How to replace a key.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RotateKeyRequest {
    /// How long the old key still works, from 0 to 7 days; 24 hours by default.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "24 hours")]
    overlap: Field<String>,
}

/// Replaces a key by a new one with the same settings. The old one works until the overlap ends.
#[utoipa::path(
    post,
    path = "/v2/keys/{id}/rotate",
    tag = "keys",
    params(("id" = String, Path, description = "The key's id, not the key.")),
    request_body = RotateKeyRequest,
    responses(
        (status = 201, description = "The new key's record, with `key`: store it now.", body = KeyView),
        (status = 403, description = "It reaches further than your own key."),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 409, description = "It is revoked or expired, has been replaced already, or the app has as many keys that work as it may have."),
        (status = 422, description = "The overlap is no duration, or longer than seven days."),
    )
)]
pub(crate) async fn rotate_key(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    address: Address,
    Path(id): Path<String>,
    once: Idempotency,
    Body(request): Body<RotateKeyRequest>,
) -> Result<Created<KeyView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Key"))?;
    let overlap = parse_overlap(request.overlap)?;
    let current = state.store().get_key(principal.app, id).await?;
    let current = current.ok_or(ApiError::NotFound("Key"))?;
    let plain = PlainKey::generate(current.kind, current.mode, state.random());
    let (own, issuer, now) = (principal.reach(), principal.issuer(), state.now());
    let public = (current.kind == KeyKind::Widget).then(|| plain.expose());
    let replace = |old: ApiKey| -> Result<_, ApiError> {
        refuse_wider_or_ended(&old, &own, now)?;
        // Its settings are no longer its own: they end with the overlap.
        if old.replaced_by.is_some() {
            return Err(KeyRefused::Replaced.into());
        }
        let new = issue::key(
            settings_of(&old),
            Secret::Ours(&plain),
            &issuer,
            state.random(),
            now,
        );
        once.keep(&Created(KeyView::to_keep(&new, public, now)))?;
        let overlap_ends = now + overlap;
        let ends_at = old
            .expires_at
            .map_or(overlap_ends, |at| at.min(overlap_ends));
        Ok((
            ApiKey {
                expires_at: Some(ends_at),
                replaced_by: Some(new.id),
                ..old
            },
            new,
        ))
    };
    let event = audit_event::by_caller(&state, &principal, address, AuditAction::Rotated, id);
    let new = once
        .writer(&state)
        .rotate_key(&event, public, state.config().max_keys, replace)
        .await?;
    Ok(Created(KeyView::with_key(&new, plain.expose(), now)))
}

/// What the key that replaces `old` takes over from it.
fn settings_of(old: &ApiKey) -> NewKey {
    NewKey {
        name: old.name.clone(),
        kind: old.kind,
        scopes: old.scopes.clone(),
        expires_at: old.expires_at,
        allowed_cidrs: old.allowed_cidrs.clone(),
        allowed_origins: old.allowed_origins.clone(),
        rate_limit: old.rate_limit,
        address_rate_limit: old.address_rate_limit,
    }
}
