//! What requests may say.

pub(crate) mod webhook;
