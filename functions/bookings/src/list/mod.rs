//! What the lists of bookings and of groups have in common.

pub(crate) mod rows;

use api::search::Search;
use api::{Faults, Query};
use store::SlotWindow;

/// The id that is searched for as `name`.
pub(crate) fn searched_id<T: std::str::FromStr>(
    faults: &mut Faults,
    search: &Search,
    name: &str,
) -> Option<T> {
    faults.parsed("search", search.get(name), |id| {
        id.parse()
            .map_err(|_| format!("{name} must be a valid UUID"))
    })
}

/// The time that is asked for: from `start` until `end`, open where they are not sent.
pub(crate) fn window(faults: &mut Faults, query: &Query) -> SlotWindow {
    SlotWindow {
        from: query.instant(faults, "start"),
        to: query.instant(faults, "end"),
    }
}
