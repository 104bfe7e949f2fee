//! Who may call this function's operations.

use auth::{Access, Anonymous, Principal};
use model::scope::Scope;

api::access! {
    /// Reads what an app's own programs read.
    pub(crate) enum Read: Principal = Access::scope(Scope::ProjectsRead);

    /// Reads what booking pages show.
    pub(crate) enum ReadOnPages: Principal = Access::scope(Scope::ProjectsRead).and_widget_key();

    /// Changes projects and what belongs to them.
    pub(crate) enum Write: Principal = Access::scope(Scope::ProjectsWrite);

    /// Reads what a public address shows.
    pub(crate) enum Anybody: Anonymous = Access::anonymous();
}
