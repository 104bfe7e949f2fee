//! Who may call this function's operations.

use auth::{Access, Anonymous};

api::access! {
    /// Anybody who visits an app's page, as often as the app's widget key allows.
    pub(crate) enum Visitor: Anonymous = Access::page();

    /// Anybody, as often as they like: every response was built into the program.
    pub(crate) enum Anybody: Anonymous = Access::built_in();

    /// Whoever has just booked, by the signed address that they were led to.
    pub(crate) enum JustBooked: Anonymous = Access::anonymous();
}
