//! Slots as callers see them: nothing of a resource but its name and zone.

use std::collections::HashMap;

use api::{ApiError, Written};
use model::availability::Slot;
use model::ids::ResourceId;
use model::resource::Resource;
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;

/// A slot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SlotView<'a> {
    /// When it begins, in the zone asked for.
    #[schema(value_type = String, format = DateTime)]
    start: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    end: String,
    /// Who can be booked for it; of slots that are taken, who is.
    #[schema(value_type = Vec<SlotResource>)]
    resources: Vec<&'a SlotResource>,
}

/// A resource of a slot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SlotResource {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// What people call it.
    name: String,
    /// Where its hours are counted.
    timezone: &'static str,
}

/// The answer that shows `slots` of `resources` in `zone`.
///
/// # Errors
///
/// [`ApiError::AnswerTooLarge`] at the first that does not fit.
pub(crate) fn show_slots(
    slots: &[Slot],
    resources: Vec<Resource>,
    zone: Tz,
) -> Result<Written, ApiError> {
    let shown: HashMap<ResourceId, SlotResource> = resources
        .into_iter()
        .map(|resource| {
            let shown = SlotResource {
                id: resource.id.to_string(),
                name: resource.name,
                timezone: resource.timezone.name(),
            };
            (resource.id, shown)
        })
        .collect();
    Written::rows(slots.iter().map(|slot| {
        SlotView {
            start: format_instant(slot.slot.start(), zone),
            end: format_instant(slot.slot.end(), zone),
            resources: slot
                .resources
                .iter()
                .filter_map(|id| shown.get(id))
                .collect(),
        }
    }))
}
