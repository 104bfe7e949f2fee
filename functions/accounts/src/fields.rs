//! Kinds of field that requests have.

pub(crate) mod brand;
