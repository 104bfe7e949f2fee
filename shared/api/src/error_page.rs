//! Errors as browsers are shown them, where people and not programs visit an operation's path.

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;

use crate::error::ApiError;
use crate::query::Query;

/// How a function shows errors on paths that people visit. It shows those that none of its handlers has made a page of: the path is
/// unknown, a handler panicked, or what stands before it has refused the request. Programs, which do not ask for HTML, are told
/// in JSON what is wrong with their requests.
#[derive(Clone, Copy, Debug)]
pub struct ErrorPages {
    /// Whether people visit this path.
    pub covers: fn(&str) -> bool,
    /// The page about an error for a visitor who sent this query and these headers.
    pub show: fn(&ApiError, &Query, &HeaderMap) -> Response,
}

impl ErrorPages {
    /// The one among `all` that covers `path`.
    pub(crate) fn find(all: &[Self], path: &str) -> Option<Self> {
        all.iter().find(|pages| (pages.covers)(path)).copied()
    }

    /// The page about `error` for a visitor who asked for `uri` with these headers; none for a program that has to mend its request.
    pub(crate) fn page(
        self,
        error: &ApiError,
        (uri, headers): &(Uri, HeaderMap),
    ) -> Option<Response> {
        let status = error.status();
        let is_about_request = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
        let query = Query::parse(uri.query().unwrap_or_default());
        (!is_about_request || takes_html(headers)).then(|| (self.show)(error, &query, headers))
    }
}

/// Whether HTML is asked for by name, as all browsers do and `*/*` does not.
fn takes_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut accepted = accepted.filter_map(|value| value.to_str().ok());
    accepted.any(|accepted| accepted.to_ascii_lowercase().contains("text/html"))
}
