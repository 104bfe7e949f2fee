//! Lines for the audit log, as handlers write them.

use auth::Principal;
use model::audit::{AuditAction, AuditEvent};
use model::ids::{AppId, KeyId};

use crate::caller::Address;
use crate::state::State;

/// What `principal` does to one of its app's keys, from `address`, now.
pub fn event(
    state: &State,
    principal: &Principal,
    address: Address,
    action: AuditAction,
    key: KeyId,
) -> AuditEvent {
    event_by(
        state,
        principal.app,
        principal.actor(),
        address,
        action,
        key,
    )
}

/// What somebody does to an app's key, from `address`, now.
pub fn event_by(
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
