//! What a booking sends before or after its start.

use api::{Faults, Field};
use model::reminder::{CheckUrl, Reminder};
use scheduling::Defaults;
use serde_json::Value;

/// Reads a request's `reminders`. A visitor of a page must not choose where requests go to, so theirs are the project's.
pub(super) fn reminders(
    faults: &mut Faults,
    sent: Field<Vec<Value>>,
    defaults: &Defaults<'_>,
    (is_public, check_url): (bool, &CheckUrl<'_>),
) -> Vec<Reminder> {
    if is_public {
        return defaults.reminders(None);
    }
    let sent = faults.optional("reminders", sent);
    let read = sent.map(|sent| Reminder::parse_all(&sent, "reminders", check_url));
    match read.transpose() {
        Ok(read) => defaults.reminders(read),
        Err(found) => {
            faults.append(found);
            Vec::new()
        }
    }
}
