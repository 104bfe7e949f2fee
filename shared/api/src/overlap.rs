//! How long what is replaced still works beside what replaces it: a key, or the secret of a webhook endpoint.

use chrono::TimeDelta;
use model::duration::parse_exact;

use crate::{ApiError, Faults, Field};

/// The longest overlap.
const MAX_OVERLAP: TimeDelta = TimeDelta::days(7);

/// The overlap where a request names none.
const DEFAULT_OVERLAP: TimeDelta = TimeDelta::hours(24);

/// Reads a request's `overlap`.
///
/// # Errors
///
/// If it is no duration, or longer than seven days.
pub fn parse_overlap(sent: Field<String>) -> Result<TimeDelta, ApiError> {
    let mut faults = Faults::none();
    let overlap = match faults.optional("overlap", sent) {
        Some(text) => faults.parsed("overlap", Some(&text), parse_exact),
        None => Some(DEFAULT_OVERLAP),
    };
    if overlap.is_some_and(|overlap| overlap > MAX_OVERLAP) {
        faults.add("overlap", "is at most 7 days");
    }
    Ok(faults.finish(overlap)?)
}
