//! How long a reservation is to last.

use api::{Faults, Field};
use model::duration::CalendarSpan;
use model::reservation::parse_hold;
use serde_json::Value;
pub(crate) use views::ReservationView;

/// For how long a slot is to be held, as the request says: seconds, or a duration.
pub(crate) fn reservation_time(faults: &mut Faults, field: Field<Value>) -> Option<CalendarSpan> {
    let name = "reservation_time";
    let text = match faults.optional(name, field)? {
        Value::String(text) => text,
        other => other.to_string(),
    };
    faults.parsed(name, Some(&text), parse_hold)
}
