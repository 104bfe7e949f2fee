//! Who may call this function's operations.

use auth::{Access, Anonymous};

api::access! {
    /// Anybody, as often as they like: every response was built into the program.
    pub(crate) enum Anybody: Anonymous = Access::built_in();
}
