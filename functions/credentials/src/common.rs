//! What several operations of this function do.

pub(crate) mod issue;
