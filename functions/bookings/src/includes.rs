//! What is asked to be shown of bookings beside their base fields, and what it takes to show it.

use api::caller::{BaseUrl, principal};
use api::{ApiError, Include, State};
use auth::Principal;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use model::scope::Scope;
use views::CustomerLinks;

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
            links_for(state, principal(parts)?, base).await?
        } else {
            None
        };
        Ok(Self { names, links })
    }
}

/// What makes links for a caller that could take the actions itself; others get none, because a link acts for whoever has it.
async fn links_for(
    state: &State,
    principal: &Principal,
    base: String,
) -> Result<Option<CustomerLinks>, ApiError> {
    if principal.is_public() || !principal.may(Scope::BookingsWrite) {
        return Ok(None);
    }
    let app = state.store().get_app(principal.app).await?;
    let app = app.ok_or(ApiError::NotFound("App"))?;
    let secret = state.master_secret().await?.signing_secret(app.id)?;
    let ends_at = principal.reach().expires_at;
    Ok(Some(CustomerLinks::new(base, app.slug, secret, ends_at)))
}
