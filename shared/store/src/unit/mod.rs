//! The unit of work: what a decision reads and changes, in one transaction.

pub(crate) mod decision;
pub(crate) mod sheets;
