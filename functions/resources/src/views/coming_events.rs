//! Events that are shown beside the calendars that they are in.

use std::collections::HashMap;

use api::{ApiError, State};
use auth::Principal;
use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::ResourceId;
use store::EventWindow;

/// How far ahead events are shown, in days.
const AHEAD_DAYS: i64 = 366;

/// The most events shown of one resource.
const MOST: usize = 100;

/// The most events shown in one answer.
const MOST_IN_ALL: usize = 5_000;

/// The next events of each of these resources, those included that go on now.
pub(crate) async fn coming_events(
    state: &State,
    principal: &Principal,
    resources: &[ResourceId],
) -> Result<HashMap<ResourceId, Vec<Event>>, ApiError> {
    let window = window(state.now());
    let most = MOST.min(MOST_IN_ALL / resources.len().max(1));
    let store = state.store();
    let events = store
        .events_of(principal.tenant(), resources, window, most)
        .await?;
    Ok(resources.iter().copied().zip(events).collect())
}

fn window(now: DateTime<Utc>) -> EventWindow {
    EventWindow {
        from: now,
        to: now + TimeDelta::days(AHEAD_DAYS),
    }
}
