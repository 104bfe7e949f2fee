//! What happens to a key, for the audit log.

use api::State;
use api::caller::Address;
use auth::Principal;
use model::audit::{AuditAction, AuditEvent};
use model::ids::{AppId, KeyId};

/// What `principal` does to one of its app's keys, from `address`, now.
pub(crate) fn by_caller(
    state: &State,
    principal: &Principal,
    address: Address,
    action: AuditAction,
    key: KeyId,
) -> AuditEvent {
    by(
        state,
        principal.app,
        principal.actor(),
        address,
        action,
        key,
    )
}

/// What somebody does to an app's key, from `address`, now.
pub(crate) fn by(
    state: &State,
    app: AppId,
    by: String,
    Address(address): Address,
    action: AuditAction,
    key: KeyId,
) -> AuditEvent {
    AuditEvent {
        id: state.random().text(b"abcdefghijkmnpqrstuvwxyz23456789", 26),
        app,
        action,
        key,
        by,
        source: address.map(|address| address.to_string()),
        detail: None,
        at: state.now(),
    }
}
