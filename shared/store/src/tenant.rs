//! For whom a store function acts.

use model::ids::{AppId, ResourceId};

/// For whom a store function acts: an app, or one resource of it. What lies outside does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The app.
    pub app: AppId,
    /// The one resource the caller may act for; none means all of the app's.
    pub only_resource: Option<ResourceId>,
}

impl Tenant {
    /// All of one app.
    pub const fn app(app: AppId) -> Self {
        Self {
            app,
            only_resource: None,
        }
    }

    /// Whether `resource` lies inside.
    pub fn includes(&self, resource: ResourceId) -> bool {
        self.only_resource.is_none_or(|only| only == resource)
    }
}
