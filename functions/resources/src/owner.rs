//! Whose a calendar or event is to be.

use api::{Faults, Field};
use auth::Principal;
use model::ids::ResourceId;

/// The resource that a request names. A resource's own token stands for that resource, whether or not the request says so.
pub(crate) fn resource_id(
    faults: &mut Faults,
    field: Field<String>,
    principal: &Principal,
) -> Option<ResourceId> {
    match principal.tenant().only_resource {
        Some(own) if !names_one(&field) => Some(own),
        _ => {
            let text = faults.required("resource_id", field);
            id(faults, "resource_id", text.as_deref())
        }
    }
}

/// Whether a field says anything.
pub(crate) const fn names_one(field: &Field<String>) -> bool {
    !matches!(field, Field::Absent | Field::Null)
}

/// An id that may be left out.
pub(crate) fn id<T: std::str::FromStr>(
    faults: &mut Faults,
    name: &str,
    text: Option<&str>,
) -> Option<T> {
    faults.parsed(name, text, |id| {
        id.parse().map_err(|_| "must be a valid UUID")
    })
}
