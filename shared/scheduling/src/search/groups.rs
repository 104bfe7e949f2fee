//! Groups that customers can take seats in.

use chrono::{DateTime, Utc};
use model::booking::Booking;
use model::graph::{BookingState, Graph};
use model::ids::ProjectId;
use store::{BookingList, Direction, SlotWindow, Store, StoreError, Tenant, Walk};

/// The most groups of an app that are looked at for one page, those of other projects included.
const MAX_GROUPS: usize = 2_000;

/// How many are read at a time.
const CHUNK: usize = 200;

/// Whether somebody could take a seat in `group` at `now`.
pub fn is_bookable(group: &Booking, now: DateTime<Utc>) -> bool {
    let start = group.slot.start();
    start > now
        && group.clone().settled(now).state == BookingState::Tentative
        && group.check_booking(now).is_ok()
        && group
            .seats
            .as_ref()
            .is_some_and(|seats| seats.current(now) < seats.max as usize)
}

/// The groups of `project` in `window` that have a seat to book at `now`, soonest first. `since` is when the app was created:
/// no list reaches further back. Read off an index, so a group may be listed that is full by now.
///
/// # Errors
///
/// Only if the store fails.
pub async fn open_groups(
    store: &Store,
    (tenant, since): (Tenant, DateTime<Utc>),
    project: ProjectId,
    window: SlotWindow,
    now: DateTime<Utc>,
) -> Result<Vec<Booking>, StoreError> {
    let list = BookingList::Groups { since, window };
    let mut found = Vec::new();
    let (mut after, mut looked_at) = (None, 0);
    while looked_at < MAX_GROUPS {
        let walk = Walk {
            direction: Direction::Ascending,
            after: after.as_ref(),
            limit: CHUNK,
        };
        let chunk = store.list_bookings(tenant, &list, &walk, now).await?;
        let is_last = chunk.is_last || chunk.rows.is_empty();
        looked_at += chunk.rows.len();
        for (position, group) in chunk.rows {
            after = Some(position);
            if group.graph == Graph::GroupOwner
                && group.project_id == Some(project)
                && window.includes(group.slot)
                && is_bookable(&group, now)
            {
                found.push(group);
            }
        }
        if is_last {
            break;
        }
    }
    Ok(found)
}
