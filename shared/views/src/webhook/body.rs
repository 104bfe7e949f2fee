//! A body, in the layout and version of its endpoint.

use chrono::{DateTime, Utc};
use model::webhook::Format;

use super::delivered::{Delivered, Subject};
use super::{standard, timekit};

/// The largest body, in bytes: a record and its delivery stay below DynamoDB's 400 KB an item. A larger one is sent thin.
pub(super) const MAX_BODY: usize = 256 * 1024;

/// The JSON of a body. `now` is the time of the first delivery.
///
/// # Errors
///
/// Only if it cannot be written as JSON, which is a mistake in the program.
pub fn body(
    delivered: &Delivered<'_>,
    subject: Subject,
    now: DateTime<Utc>,
) -> serde_json::Result<String> {
    match delivered.webhook.format {
        Format::Standard => {
            let fat = standard::body(delivered, subject, now);
            let text = serde_json::to_string(&fat)?;
            if text.len() <= MAX_BODY {
                return Ok(text);
            }
            serde_json::to_string(&fat.thin())
        }
        Format::Timekit => serde_json::to_string(&timekit::body(delivered, subject, now)),
    }
}
