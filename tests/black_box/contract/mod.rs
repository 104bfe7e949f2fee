//! What is stated in several places is stated alike, and every operation is as it is stated.

pub(crate) mod circles;
mod costs;
pub(crate) mod described;
pub(crate) mod every_operation;
mod file_sizes;
mod openapi;
pub(crate) mod operations;
mod privileges;
mod source_documents;
pub(crate) mod template;
mod texts;
