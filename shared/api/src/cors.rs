//! CORS, for servers that no gateway stands before. On AWS the HTTP API answers preflights and adds these
//! headers, to its own errors too; `template.yaml` repeats the lists, and a test compares them.

use axum::http::{HeaderName, HeaderValue, Method};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Methods that pages may use.
pub const METHODS: [Method; 6] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// Headers that pages may send. A `*` would not cover `Authorization`.
pub const ALLOWED_HEADERS: [&str; 11] = [
    "authorization",
    "content-type",
    "timekit-context",
    "timekit-timezone",
    "timekit-app",
    "timekit-inputtimestampformat",
    "timekit-outputtimestampformat",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-csrf-token",
];

/// Headers that pages may read.
pub const EXPOSED_HEADERS: [&str; 11] = [
    "timekit-testmode",
    "etag",
    "retry-after",
    "ratelimit",
    "ratelimit-policy",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "latchkey-key-expires",
    "idempotency-replayed",
    "x-request-id",
];

/// How long a browser may keep a preflight's answer, in seconds.
pub const MAX_AGE_S: u64 = 600;

/// Answers preflights and adds the headers, never with credentials.
pub fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::from(HeaderValue::from_static("*")))
        .allow_methods(METHODS)
        .allow_headers(ALLOWED_HEADERS.map(HeaderName::from_static))
        .expose_headers(EXPOSED_HEADERS.map(HeaderName::from_static))
        .max_age(Duration::from_secs(MAX_AGE_S))
}
