//! Whose booking, event or credential a request is about, and which of a resource's calendars.

use model::fault::{Faults, Input};
use model::ids::{CalendarId, ResourceId};
use model::resource::{Calendar, Resource};
use store::Tenant;

use crate::error::SchedulingError;

/// The resource that a request is about: the one that its `resource_id` names, or else the caller's own, because a resource's
/// token acts for that resource. `null` is the same as not sent, as for every field that may be missing.
pub fn resource_id(
    faults: &mut Faults,
    field: impl Input<Value = String>,
    tenant: Tenant,
) -> Option<ResourceId> {
    match (field.input(), tenant.only_resource) {
        (None, Some(own)) => Some(own),
        (None, None) => {
            faults.missing("resource_id");
            None
        }
        (Some(Ok(text)), _) => faults.parsed_id("resource_id", Some(&text)),
        (Some(Err(kind)), _) => {
            faults.add("resource_id", kind);
            None
        }
    }
}

/// A calendar of `resource`: the one that is named, or else its first.
///
/// # Errors
///
/// [`SchedulingError::CalendarElsewhere`] if the named one does not belong to the resource.
pub fn calendar_of(
    resource: &Resource,
    named: Option<CalendarId>,
) -> Result<&Calendar, SchedulingError> {
    let calendar = resource.calendar(named);
    calendar.ok_or(SchedulingError::CalendarElsewhere {
        resource: resource.id,
    })
}
