//! What requests may say, at a creation and later.

pub(crate) mod key;
