//! How several resources share a slot.

use serde::{Deserialize, Serialize};

/// How several resources share a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One resource for each slot: the first that is free, in an order shuffled once for each search.
    RoundrobinRandom,
    /// One resource for each slot: the first that is free, in the order given.
    RoundrobinPrioritized,
    /// A slot needs all resources at once.
    Mutual,
    /// A slot needs one resource, and lists all that are free.
    Exclusive,
}

impl Mode {
    /// Every mode with its name on the wire.
    pub const NAMES: [(Self, &'static str); 4] = [
        (Self::RoundrobinRandom, "roundrobin_random"),
        (Self::RoundrobinPrioritized, "roundrobin_prioritized"),
        (Self::Mutual, "mutual"),
        (Self::Exclusive, "exclusive"),
    ];
}
