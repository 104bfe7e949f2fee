//! Who may call this function's operations, and which events and endpoints they see.

use api::ApiError;
use auth::{Access, Principal, Wider};
use model::delivery::Delivery;
use model::outbox::{Family, ToldEvent};
use model::scope::Scope;
use model::webhook::Webhook;

api::access! {
    /// Reads the event log, endpoints and deliveries.
    pub(crate) enum Read: Principal = Access::scope(Scope::WebhooksRead).and_server_token();

    /// Creates, changes, tests and deletes endpoints, and sends deliveries again.
    pub(crate) enum Write: Principal = Access::scope(Scope::WebhooksWrite).and_server_token();
}

/// Whether a caller sees an event: what it is about must be theirs to read.
pub(crate) fn may_see(principal: &Principal, event: &ToldEvent) -> bool {
    principal.may(Family::scope_of(&event.event.kind))
}

/// Whether a caller sees a delivery: as the event in it. A body has what its endpoint may see, which may be more than the caller
/// may.
pub(crate) fn may_see_delivery(principal: &Principal, delivery: &Delivery) -> bool {
    principal.may(Family::scope_of(&delivery.kind))
}

/// Whether a caller sees who made a change, and from where: those who may read the audit log do.
pub(crate) fn may_see_author(principal: &Principal) -> bool {
    principal.may(Scope::AuditRead) && principal.tenant().only_resource.is_none()
}

/// Refuses a caller that may do less than an endpoint sees: with another address or a new secret it would see what it may not.
pub(crate) fn refuse_narrower(principal: &Principal, webhook: &Webhook) -> Result<(), ApiError> {
    if principal.scopes.covers(&webhook.scopes) {
        Ok(())
    } else {
        Err(Wider::Scope.into())
    }
}
