use api::caller::{Address, App};
use api::{ApiError, Body, Created, Faults, Idempotency, State};
use auth::PlainKey;
use auth::issue::{self, Secret};
use axum::extract::State as Extract;
use model::audit::AuditAction;
use model::key::KeyKind;

use crate::access::Write;
use crate::common::audit_event;
use crate::fields;
use crate::fields::key::KeyRequest;
use crate::views::key::KeyView;

/// Makes a key. The answer shows it, and no later answer does.
#[utoipa::path(
    post,
    path = "/v2/keys",
    tag = "keys",
    request_body = KeyRequest,
    responses(
        (status = 201, description = "The key's record, with `key`: store it now.", body = KeyView),
        (status = 403, description = "It would reach further than your own key."),
        (status = 409, description = "The app has as many keys that work as it may have."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn create_key(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    address: Address,
    once: Idempotency,
    Body(request): Body<KeyRequest>,
) -> Result<Created<KeyView>, ApiError> {
    let now = state.now();
    let mut faults = Faults::none();
    let new = fields::key::read(
        request,
        &principal,
        state.config().max_rate,
        now,
        &mut faults,
    );
    let new = faults.finish(new)?;
    let plain = PlainKey::generate(new.kind, principal.mode, state.random());
    let public = (new.kind == KeyKind::Widget).then(|| plain.expose());
    let key = issue::key(
        new,
        Secret::Ours(&plain),
        &principal.issuer(),
        state.random(),
        now,
    );
    fields::key::refuse_wider(&key, &principal)?;
    let event = audit_event::by_caller(&state, &principal, address, AuditAction::Created, key.id);
    once.keep(&Created(KeyView::to_keep(&key, public, now)))?;
    once.writer(&state)
        .create_key(&key, public, &event, state.config().max_keys)
        .await?;
    Ok(Created(KeyView::with_key(&key, plain.expose(), now)))
}
