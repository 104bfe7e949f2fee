//! `?include=a,b.c`: what an answer shows beside its base fields. Unknown names are ignored, as clients expect.

use std::collections::BTreeSet;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::query::Query;

/// The includes that were asked for.
#[derive(Clone, Debug, Default)]
pub struct Include(BTreeSet<String>);

impl Include {
    /// Reads `include` and its other spelling `includes`, each as often as it is there.
    pub fn of(query: &Query) -> Self {
        let names = query.all("include").chain(query.all("includes"));
        Self(
            names
                .flat_map(|parameter| parameter.value.split(','))
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect(),
        )
    }

    /// The same and these.
    #[must_use]
    pub fn and(mut self, names: &[&str]) -> Self {
        self.0.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Whether `name` was asked for.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

impl<S: Sync> FromRequestParts<S> for Include {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&Query::parse(
            parts.uri.query().unwrap_or_default(),
        )))
    }
}
