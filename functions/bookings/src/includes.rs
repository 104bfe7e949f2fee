//! What is asked to be shown of bookings beside their base fields, and what it takes to show it.

use api::caller::{BaseUrl, principal};
use api::{ApiError, Include, State};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::customer_links::CustomerLinks;

/// The includes of a request for bookings.
pub(crate) struct Includes {
    names: Include,
    links: Option<CustomerLinks>,
}

impl Includes {
    /// These, and `others` whether or not they were asked for.
    pub(crate) fn and(self, others: &[&str]) -> Self {
        Self {
            names: self.names.and(others),
            ..self
        }
    }

    /// Whether `name` was asked for.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.has(name)
    }

    /// What makes customers' links, if they were asked for by somebody who may have them.
    pub(crate) const fn links(&self) -> Option<&CustomerLinks> {
        self.links.as_ref()
    }
}

impl FromRequestParts<State> for Includes {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Self::Rejection> {
        let Ok(names) = Include::from_request_parts(parts, state).await;
        let links = if names.has("customer_action_links") {
            let BaseUrl(base) = BaseUrl::from_request_parts(parts, state).await?;
            CustomerLinks::for_caller(state, principal(parts)?, base).await?
        } else {
            None
        };
        Ok(Self { names, links })
    }
}
