//! What a replay did.

use serde::Serialize;
use utoipa::ToSchema;

/// What a replay did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayView {
    /// How many deliveries are sent again, or for the first time.
    pub(crate) replayed: usize,
    /// The `since` with which to ask again, if there is more than one request replays; `null` if that was all.
    #[schema(format = DateTime)]
    pub(crate) next_since: Option<String>,
}
