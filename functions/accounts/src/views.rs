//! What responses show.

pub(crate) mod app;
