//! What several operations of this function do.

pub(crate) mod audit_event;
pub(crate) mod leaked;
