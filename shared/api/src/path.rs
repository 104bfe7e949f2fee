//! Path parameters, as text. A path that is no text is a path that nothing has.

use axum::extract::{FromRequestParts, Path as AxumPath};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The parameters in a path.
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let path = AxumPath::from_request_parts(parts, state).await;
        path.map(|AxumPath(parameters)| Self(parameters))
            .map_err(|_| ApiError::NoSuchPath)
    }
}
