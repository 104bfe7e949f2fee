//! Headers of responses that several modules write.

use axum::http::{HeaderName, header};

/// Names the request in responses and logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers that every answer carries, unless the handler has set its own.
pub const SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
];
