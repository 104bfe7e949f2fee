//! Who may call this function's operations, and which events they see.

use auth::{Access, Principal};
use model::outbox::{Family, ToldEvent};
use model::scope::Scope;

api::access! {
    /// Reads the event log.
    pub(crate) enum Read: Principal = Access::scope(Scope::WebhooksRead).and_server_token();
}

/// Whether a caller sees an event: what it is about must be theirs to read. Of what this version does not know, only those
/// who may do everything.
pub(crate) fn may_see(principal: &Principal, event: &ToldEvent) -> bool {
    let needed = Family::of(&event.event.kind).map_or(Scope::Everything, Family::scope);
    principal.may(needed)
}

/// Whether a caller sees who made a change, and from where: those who may read the audit log do.
pub(crate) fn may_see_author(principal: &Principal) -> bool {
    principal.may(Scope::AuditRead) && principal.tenant().only_resource.is_none()
}
