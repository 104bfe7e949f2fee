//! What responses show.

pub(crate) mod calendar_feed;
pub(crate) mod coming_events;
pub(crate) mod resource;
