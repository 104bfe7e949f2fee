//! What is asked to be shown of bookings beside their base fields, and what it takes to show it.

use api::caller::{BaseUrl, principal};
use api::{ApiError, Include, State};
use auth::Principal;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use model::scope::Scope;
use views::CustomerLinks;
pub(crate) use views::customer_links::CUSTOMER_ACTION_LINKS as LINKS;

/// The includes of a request for bookings.
pub(crate) struct Includes {
    names: Include,
    links: Option<CustomerLinks>,
}

impl Includes {
    async fn read(parts: &mut Parts, state: &State, reader: Reader) -> Result<Self, ApiError> {
        let Ok(names) = Include::from_request_parts(parts, state).await;
        let links = if names.has(LINKS) {
            let BaseUrl(base) = BaseUrl::of(state, parts);
            links_for(state, principal(parts)?, base, reader).await?
        } else {
            None
        };
        Ok(Self { names, links })
    }

    /// Nothing but these links.
    pub(crate) fn only_links(links: CustomerLinks) -> Self {
        Self {
            names: Include::default(),
            links: Some(links),
        }
    }

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

    /// What was asked for, links or not.
    pub(crate) const fn names(&self) -> &Include {
        &self.names
    }

    /// What makes customers' links, if they were asked for by somebody who may have them.
    pub(crate) const fn links(&self) -> Option<&CustomerLinks> {
        self.links.as_ref()
    }
}

impl FromRequestParts<State> for Includes {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Self::Rejection> {
        Self::read(parts, state, Reader::Anybody).await
    }
}

/// The includes of a request to create a booking: a page gets the links of the booking that it has just made, because it
/// shows them to the customer who made it.
pub(crate) struct IncludesOfNew(pub(crate) Includes);

impl FromRequestParts<State> for IncludesOfNew {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Self::Rejection> {
        let includes = Includes::read(parts, state, Reader::ItsMaker).await?;
        Ok(Self(includes))
    }
}

/// For whom a booking is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody who has just created it.
    ItsMaker,
    /// Anybody whom the operation admits.
    Anybody,
}

/// What makes links for a caller that may have them. A link acts for whoever has it, so it is for callers that could take the
/// actions themselves and, among those that cannot, for the one who has just created the booking.
pub(crate) async fn links_for(
    state: &State,
    principal: &Principal,
    base: String,
    reader: Reader,
) -> Result<Option<CustomerLinks>, ApiError> {
    let may_have_them = if principal.is_public() {
        reader == Reader::ItsMaker
    } else {
        principal.may(Scope::BookingsWrite)
    };
    if !may_have_them {
        return Ok(None);
    }
    let app = state.store().get_app(principal.app).await?;
    let app = app.ok_or(ApiError::NotFound("App"))?;
    let secret = state.master_secret().await?.signing_secret(app.id)?;
    let ends_at = principal.reach().expires_at;
    Ok(Some(CustomerLinks::new(base, app.slug, secret, ends_at)))
}
