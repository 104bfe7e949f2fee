//! What responses show.

pub(crate) mod places;
pub(crate) mod project;
pub(crate) mod template;
