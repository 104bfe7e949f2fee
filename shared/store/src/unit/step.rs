//! One step of a decision on the time of a resource.

use model::occupancy::{Claim, Tolerance};

/// What becomes of a claim.
#[derive(Debug)]
pub(crate) enum Move {
    /// It goes.
    Go(Claim),
    /// It comes; what it may be placed over.
    Come(Claim, Tolerance),
    /// It must be free, but for what it may be placed over, and is not taken yet.
    Want(Claim, Tolerance),
}

impl Move {
    pub(super) const fn claim(&self) -> &Claim {
        match self {
            Self::Go(claim) | Self::Come(claim, _) | Self::Want(claim, _) => claim,
        }
    }
}
