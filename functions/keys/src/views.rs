//! What responses show.

pub(crate) mod key;
