//! What a project's bookings send before or after their start.

use api::{Faults, Field};
use model::reminder::{CheckUrl, Reminder};
use serde_json::Value;

use super::objects;

/// The most bytes of a project's reminders.
const MOST_BYTES: usize = 24 * 1024;

/// Reads a project's `reminders`: those of known types must be such that they can be sent, and others are kept.
pub(crate) fn reminders(
    faults: &mut Faults,
    sent: Field<Vec<Value>>,
    check_url: &CheckUrl<'_>,
) -> Option<Vec<Value>> {
    let sent = objects(faults, "reminders", sent, MOST_BYTES)?;
    if let Err(found) = Reminder::parse_all(&sent, "reminders", check_url) {
        faults.append(found);
    }
    Some(sent)
}
