//! Slots as callers see them: nothing of a resource but its name and zone.

use std::collections::HashMap;

use api::{ApiError, Faults};
use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::availability::Slot;
use model::ids::ResourceId;
use model::resource::Resource;
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;

/// The largest answer, in bytes: what Lambda passes on, less something for headers.
const MAX_ANSWER: usize = 5_900_000;

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

#[derive(Serialize)]
struct Slots<'a> {
    data: Vec<SlotView<'a>>,
}

/// 200 with slots, already as JSON.
#[derive(Debug)]
pub(crate) struct SlotsAnswer(Bytes);

impl SlotsAnswer {
    /// The answer that shows `slots` of `resources` in `zone`.
    pub(crate) fn new(
        slots: &[Slot],
        resources: Vec<Resource>,
        zone: Tz,
    ) -> Result<Self, ApiError> {
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
        let data = slots
            .iter()
            .map(|slot| SlotView {
                start: format_instant(slot.slot.start(), zone),
                end: format_instant(slot.slot.end(), zone),
                resources: slot
                    .resources
                    .iter()
                    .filter_map(|id| shown.get(id))
                    .collect(),
            })
            .collect();
        let json = serde_json::to_vec(&Slots { data })
            .map_err(|error| ApiError::Internal(error.into()))?;
        if json.len() > MAX_ANSWER {
            let sentence = "makes the answer too large; choose an earlier to, longer timeslot_increments or fewer resources";
            return Err(ApiError::Invalid(Faults::one("to", sentence)));
        }
        Ok(Self(json.into()))
    }
}

impl IntoResponse for SlotsAnswer {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}
