//! What requests may say, at a creation and later.

pub(crate) mod calendar;
pub(crate) mod event;
pub(crate) mod resource;
