//! One operation, as everything around its handler knows it.

use auth::Access;
use axum::http::Method;
use utoipa::openapi::path::HttpMethod;

use crate::replay::CompleteReplay;

/// One thing that can be called.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name: the same in code, events, documents and logs.
    pub id: String,
    /// Its HTTP method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: String,
    /// Who may call it.
    pub access: Access,
    /// Whether it may change anything: not, for reads and for searches by POST.
    pub writes: bool,
    /// Whether it is about one thing that has an `ETag`.
    pub is_versioned: bool,
    /// What adds to an answer that is replayed what was left out when it was kept, if anything ever is.
    pub(crate) completes: Option<CompleteReplay>,
}

impl Operation {
    /// Whether `Idempotency-Key` counts.
    pub fn takes_idempotency_key(&self) -> bool {
        self.takes_idempotency_key_by(&self.method)
    }

    /// As [`Operation::takes_idempotency_key`], when it is called by `method`, its own or an alias.
    pub(crate) fn takes_idempotency_key_by(&self, method: &Method) -> bool {
        *method == Method::POST && self.writes && !self.access.is_anonymous()
    }

    /// Whether `If-Match` counts: it changes one thing that is there.
    pub fn takes_if_match(&self) -> bool {
        let is_there = self.path.contains('{') || self.method == Method::PUT;
        self.is_versioned && self.writes && is_there
    }

    /// Whether its answers carry an `ETag`.
    pub fn shows_etag(&self) -> bool {
        self.is_versioned && self.method != Method::DELETE
    }
}

/// utoipa's name for a method that operations here may have.
pub(crate) fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::PUT => HttpMethod::Put,
        Method::POST => HttpMethod::Post,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
