//! What the operations here share: what a request may say, the search that it makes, and how it is shown.

pub(crate) mod find_time_body;
pub(crate) mod find_time_fields;
pub(crate) mod find_time_request;
pub(crate) mod moving;
pub(crate) mod request;
pub(crate) mod view;
