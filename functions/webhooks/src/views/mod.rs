//! How this function's nouns are shown.

pub(crate) mod delivery;
pub(crate) mod event;
pub(crate) mod replay;
pub(crate) mod webhook;
