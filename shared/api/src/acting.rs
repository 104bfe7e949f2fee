//! Pages act as a widget key of their app: they may do what that key may, as often as it may, and nothing else.

use std::net::IpAddr;

use auth::Principal;
use auth::plain_key::hash_secret;
use model::app::App;
use model::key::ApiKey;
use model::origin::Origin;

use crate::error::ApiError;
use crate::state::State;

/// Whom a handler has acted as that asks nobody who they are. It goes with the response, so that the answer counts for the
/// key and the log names it.
#[derive(Clone, Debug)]
pub struct ActedAs(pub Principal);

/// An app's widget keys that hold now.
#[derive(Clone, Debug)]
pub struct WidgetKeys {
    keys: Vec<(String, ApiKey)>,
}

impl WidgetKeys {
    /// Reads those of `app`, each by a read of its own, up to the first that may be used from any page and address: with
    /// that one no other matters.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn of(state: &State, app: &App) -> Result<Self, ApiError> {
        let mut keys = Vec::new();
        for widget in &app.widget_keys {
            let Some(key) = state.store().find_key(hash_secret(&widget.key)).await? else {
                continue;
            };
            if !key.works_at(state.now()) {
                continue;
            }
            if is_unbound(&key) {
                keys = vec![(widget.key.clone(), key)];
                break;
            }
            keys.push((widget.key.clone(), key));
        }
        Ok(Self { keys })
    }

    /// One of them in clear; none if the app has none that holds.
    pub fn any(self) -> Option<String> {
        self.keys.into_iter().next().map(|(plain, _)| plain)
    }

    /// Whom a page acts as for a visitor at `address`; nobody if no key may be used from there.
    pub fn acting_for(&self, address: Option<IpAddr>) -> Option<Principal> {
        let is_allowed = |key: &ApiKey| {
            let within = |address: IpAddr| {
                let mut cidrs = key.allowed_cidrs.iter();
                cidrs.any(|cidr| cidr.contains(&address.to_canonical()))
            };
            key.allowed_cidrs.is_empty() || address.is_some_and(within)
        };
        let found = self.keys.iter().find(|(_, key)| is_allowed(key));
        found.map(|(_, key)| Principal::of_key(key.clone()))
    }

    /// The origins whose pages may use one of them; `None` if any may.
    pub fn origins(&self) -> Option<Vec<&Origin>> {
        let is_open = self
            .keys
            .iter()
            .any(|(_, key)| key.allowed_origins.is_empty());
        let bound = self.keys.iter().flat_map(|(_, key)| &key.allowed_origins);
        (!is_open).then(|| bound.collect())
    }
}

fn is_unbound(key: &ApiKey) -> bool {
    key.allowed_origins.is_empty() && key.allowed_cidrs.is_empty()
}
