//! Errors as browsers are shown them, where people and not programs visit an operation's path.

use axum::http::{HeaderMap, header};
use axum::response::Response;

use crate::error::ApiError;

/// How a function shows errors on paths that people visit. It shows those that none of its handlers has made a page of: the path is
/// unknown, a handler panicked, or what stands before it has refused the request. Programs, which do not ask for HTML, get JSON.
#[derive(Clone, Copy, Debug)]
pub struct ErrorPages {
    /// Whether people visit this path.
    pub covers: fn(&str) -> bool,
    /// The page about an error for a visitor who sent these headers.
    pub show: fn(&ApiError, &HeaderMap) -> Response,
}

impl ErrorPages {
    /// The one among `all` for a browser that asks for `path`.
    pub(crate) fn find(all: &[Self], path: &str, headers: &HeaderMap) -> Option<Self> {
        let pages = all.iter().find(|pages| (pages.covers)(path))?;
        takes_html(headers).then_some(*pages)
    }
}

/// Whether HTML is asked for by name, as all browsers do and `*/*` does not.
fn takes_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut accepted = accepted.filter_map(|value| value.to_str().ok());
    accepted.any(|accepted| accepted.to_ascii_lowercase().contains("text/html"))
}
