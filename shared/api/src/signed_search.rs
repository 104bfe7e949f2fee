//! `?search=…&signed_search=<token>`: a search that an app has signed for somebody who has no key. The token names
//! the app and what must be searched for.

use auth::principal::Who;
use auth::signature::{self, APP_SLUG, Claims};
use auth::{Caller, Denied, Principal};
use axum::http::header;
use axum::http::request::Parts;
use model::scope::Scopes;
use model::text::is_same;
use serde_json::Value;

use crate::error::ApiError;
use crate::query::Query;
use crate::search::Search;
use crate::state::State;

/// Claims that say something about the token itself, and are no criteria.
const ABOUT_THE_TOKEN: [&str; 8] = [APP_SLUG, "exp", "nbf", "iat", "iss", "sub", "aud", "jti"];

/// A search that somebody says an app has signed.
pub(crate) struct SignedSearch {
    token: String,
    search: Search,
}

impl SignedSearch {
    /// What a request without a credential brings, if it brings any.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return None;
        }
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let token = query.get("signed_search")?.to_owned();
        // What can be searched for is the handler's to say. Here only what was signed is compared.
        let (search, _) = Search::read(&query, &["*"]);
        Some(Self { token, search })
    }

    /// Whoever brings it, if the app has signed it and it asks for no more than was signed.
    pub(crate) async fn caller(self, state: &State) -> Result<Caller, ApiError> {
        let forged = || ApiError::Forbidden(Denied::SearchForged);
        let slug = signature::named_app(&self.token).ok_or_else(forged)?;
        let app = state.store().find_app(&slug).await?.ok_or_else(forged)?;
        let secrets = state.master_secret().await?.signing_secrets(app.app)?;
        let claims = signature::verify(&self.token, &secrets).map_err(|_| forged())?;
        if claims.is_out_of_time(state.now()) {
            return Err(forged());
        }
        if !covers(&claims, &self.search) {
            return Err(ApiError::Forbidden(Denied::SearchNotSigned));
        }
        Ok(Caller::App(Principal {
            app: app.app,
            app_created_at: app.created_at,
            mode: app.mode,
            who: Who::SignedSearch,
            scopes: Scopes::default(),
        }))
    }
}

/// Whether `search` asks for everything that was signed, and that leaves out other people's.
fn covers(claims: &Claims, search: &Search) -> bool {
    let mut signed = claims
        .iter()
        .filter(|(name, _)| !ABOUT_THE_TOKEN.contains(name));
    let names_somebody = claims
        .iter()
        .any(|(name, _)| name == "customer.email" || name.starts_with("meta."));
    names_somebody
        && signed.all(|(name, value)| {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => return false,
            };
            search
                .iter()
                .any(|(key, asked)| key == name && is_same(asked, &value))
        })
}
