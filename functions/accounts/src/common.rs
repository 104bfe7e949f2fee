//! What several operations of this function do.

pub(crate) mod no_providers;
pub(crate) mod own_app;
pub(crate) mod session_cookie;
