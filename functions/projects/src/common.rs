//! What several operations of this function do.

pub(crate) mod widget_key;
