//! The pointers that find a calendar by its id, which are written with its resource.

use model::ids::{AppId, CalendarId, ResourceId};
use model::resource::{Calendar, Resource};
use serde::{Deserialize, Serialize};

use crate::dynamo::list::month;
use crate::dynamo::{Item, StoreError, Transaction};
use crate::places::{self, CREATED};

/// Finds a calendar by its id alone.
#[derive(Serialize, Deserialize)]
pub(super) struct CalendarPointer {
    pub(super) calendar: CalendarId,
    pub(super) resource: ResourceId,
}

/// Adds the pointers of a resource's calendars to the transaction that writes it: those that it has not yet, and the
/// removal of those that it had `before` and has no more.
pub(crate) fn name_in<G: Clone>(
    transaction: &mut Transaction<'_, G>,
    guard: G,
    app: AppId,
    before: &[Calendar],
    resource: &mut Resource,
) -> Result<(), StoreError> {
    let id = resource.id;
    for calendar in &mut resource.calendars {
        if calendar.is_named {
            continue;
        }
        let pointer = CalendarPointer {
            calendar: calendar.id,
            resource: id,
        };
        let pointer = Item::new(&places::calendar(app, calendar.id), &pointer)?
            .with(CREATED, places::by_time(calendar.created_at, calendar.id))
            .listed(places::calendars_by_month(app).of(&month(calendar.created_at)));
        transaction.put_unconditionally(guard.clone(), pointer)?;
        calendar.is_named = true;
    }
    let is_gone = |calendar: &&Calendar| resource.calendar(Some(calendar.id)).is_none();
    for gone in before.iter().filter(is_gone) {
        transaction.delete(guard.clone(), &places::calendar(app, gone.id), None)?;
    }
    Ok(())
}
