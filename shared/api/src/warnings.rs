//! What a request said in vain: fields that nobody reads, told beside the answer to callers who can mend it.
//!
//! A field that is not known is ignored, or kept with the others of a project's, because booking pages send their whole
//! configuration. A misspelt one looks just the same. So an answer that went well carries a `warnings` list beside `data`
//! for whoever called with a secret key, a server-token or a session. Visitors of a page cannot mend what it sends: public
//! callers get none.

use std::sync::{Arc, Mutex, PoisonError};

use auth::{Caller, Principal};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Serialize;

use crate::error::ApiError;
use crate::shape::{Shape, Unknown};

/// The most warnings of one answer.
const MOST: usize = 50;

/// The most characters of a field's name that are repeated.
const MOST_OF_NAME: usize = 100;

/// What is told of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    /// The path of the field in the body.
    pub(crate) field: String,
    /// The field that was probably meant; `null` if none is near.
    pub(crate) nearest: Option<String>,
    /// What is wrong with it, for people.
    pub(crate) message: String,
}

/// The warnings of one request. Cheap to clone: all clones are the same list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings(Arc<Mutex<Vec<Warning>>>);

impl Warnings {
    /// An empty list, for a caller who is told.
    pub(crate) fn of(caller: &Caller) -> Option<Self> {
        match caller {
            Caller::App(principal) => (!Principal::is_public(principal)).then(Self::default),
            Caller::Account(_) => Some(Self::default()),
            Caller::Anonymous => None,
        }
    }

    /// Notes what of `body` a request of this shape does not read.
    pub(crate) fn note(&self, body: &serde_json::Value, shape: &Shape) {
        let unknown = shape.unknown_in(body);
        let mut warnings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = MOST.saturating_sub(warnings.len());
        warnings.extend(unknown.into_iter().take(left).map(Warning::from));
    }

    /// The body of an answer with what was noted beside its `data`.
    ///
    /// # Errors
    ///
    /// Only if the warnings cannot be written as JSON, which is a mistake of ours.
    pub(crate) fn beside(&self, body: String) -> Result<String, ApiError> {
        let warnings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // `data` comes first where it is alone, and last of a page.
        match body.strip_suffix('}') {
            Some(fields) if !warnings.is_empty() && body.contains("\"data\":") => {
                let list = serde_json::to_string(&*warnings)
                    .map_err(|error| ApiError::Internal(error.into()))?;
                Ok(format!("{fields},\"warnings\":{list}}}"))
            }
            _ => Ok(body),
        }
    }

    /// The answer with what was noted beside its `data`, if it went well.
    pub(crate) async fn add_to(&self, response: Response) -> Response {
        let is_empty = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty();
        if is_empty || !response.status().is_success() || !is_json(response.headers()) {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        // Every body here is whole already.
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let body = match String::from_utf8(bytes.to_vec()) {
            Ok(text) => match self.beside(text) {
                Ok(text) => Bytes::from(text),
                Err(_) => bytes,
            },
            Err(_) => bytes,
        };
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(body))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

impl From<Unknown> for Warning {
    fn from(unknown: Unknown) -> Self {
        let field: String = unknown.path.chars().take(MOST_OF_NAME).collect();
        let message = match &unknown.nearest {
            Some(nearest) => {
                format!("is not a field of this request and has no effect; did you mean {nearest}?")
            }
            None => "is not a field of this request and has no effect".to_owned(),
        };
        Self {
            field,
            nearest: unknown.nearest,
            message,
        }
    }
}
