//! What is sent: refused by field, read leniently, kept as it was.

pub(crate) mod bad_input;
mod lenient;
mod letters;
mod no_change;
mod warnings;
