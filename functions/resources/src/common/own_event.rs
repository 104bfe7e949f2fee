//! An event that is there for its caller.

use api::ApiError;
use model::event::Event;
use model::ids::EventId;
use model::resource::Resource;
use store::{Decision, Store, Tenant, Versioned};

/// The event that a path names.
pub(crate) fn event_id(text: &str) -> Result<EventId, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound("Event"))
}

/// An event that is to be changed, and its resource, which it is there as long as.
pub(crate) async fn own_event(
    store: &Store,
    decision: &mut Decision<'_>,
    tenant: Tenant,
    id: EventId,
) -> Result<(Event, Versioned<Resource>), ApiError> {
    let event = decision.event(id).await?;
    with_resource(store, tenant, event).await
}

/// An event as long as its resource is there, and the resource.
pub(crate) async fn with_resource(
    store: &Store,
    tenant: Tenant,
    event: Option<Event>,
) -> Result<(Event, Versioned<Resource>), ApiError> {
    let none = || ApiError::NotFound("Event");
    let event = event.ok_or_else(none)?;
    let resource = store
        .get_versioned_resource(tenant, event.resource_id)
        .await?;
    Ok((event, resource.ok_or_else(none)?))
}
