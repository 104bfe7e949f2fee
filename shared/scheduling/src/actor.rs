//! Who books, acts or reserves, as far as the rules ask.

use auth::Principal;
use model::ids::AppId;
use store::Tenant;

/// Who books, acts or reserves.
#[derive(Clone, Debug)]
pub struct Actor {
    /// What it reaches.
    pub tenant: Tenant,
    /// Whether it is a booking page: it books what is offered, and chooses neither settings nor how a booking comes about.
    pub is_public: bool,
    /// Its name in the log of a booking.
    pub name: String,
}

impl Actor {
    /// The holder of a customer's link of `app`.
    pub fn link(app: AppId) -> Self {
        Self {
            tenant: Tenant {
                app,
                only_resource: None,
            },
            is_public: false,
            name: "link".to_owned(),
        }
    }
}

impl From<&Principal> for Actor {
    fn from(principal: &Principal) -> Self {
        Self {
            tenant: principal.tenant(),
            is_public: principal.is_public(),
            name: principal.actor(),
        }
    }
}
