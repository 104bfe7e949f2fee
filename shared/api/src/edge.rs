//! The outermost layer: ids, headers, the shape of errors, and the one log line of a request.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State as Extract};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use model::ids::RequestId;
use store::Meter;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use crate::answer_size;
use crate::authorize::answer_no_operation;
use crate::error::{ApiError, ShownByHandler};
use crate::error_page::ErrorPages;
use crate::headers::{REQUEST_ID, SECURITY_HEADERS};
use crate::request_log::{CallerOfRequest, Line};
use crate::state::State;

/// Puts the edge around a router of operations. CORS lies inside it, so that preflights carry the edge's headers too.
/// Where `knows_callers` is false, no operation asks who calls, so the function may have no right to find out. Browsers are shown
/// errors by `error_pages`.
pub(crate) fn around(
    operations: Router<State>,
    state: &State,
    (with_cors, knows_callers): (bool, bool),
    error_pages: Vec<ErrorPages>,
) -> Router {
    let operations = if knows_callers {
        operations
            .fallback(no_such_path)
            .method_not_allowed_fallback(method_not_allowed)
    } else {
        operations
            .fallback(async || ApiError::NoSuchPath)
            .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
    };
    let inner = operations
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(state.clone());
    let inner = inner.layer(from_fn(answer_size::within_bounds));
    let inner = if with_cors {
        inner.layer(crate::cors::layer())
    } else {
        inner
    };
    #[cfg(feature = "gateway")]
    let inner = if with_cors {
        inner
    } else {
        inner.layer(from_fn(crate::refused::refuse))
    };
    // The edge must see the path before it is matched, so the operations hang below a router that matches nothing.
    Router::new()
        .fallback_service(inner)
        .layer(from_fn_with_state(
            (state.clone(), Arc::from(error_pages)),
            edge,
        ))
}

async fn no_such_path(Extract(state): Extract<State>, request: Request) -> Response {
    answer_no_operation(&state, request, ApiError::NoSuchPath).await
}

async fn method_not_allowed(Extract(state): Extract<State>, request: Request) -> Response {
    answer_no_operation(&state, request, ApiError::MethodNotAllowed).await
}

/// Whatever panicked has left its own line in the log. The answer says nothing, and the process goes on.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    ApiError::Internal("a handler panicked".into()).into_response()
}

async fn edge(
    Extract((state, error_pages)): Extract<(State, Arc<[ErrorPages]>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let request_id = RequestId::random(state.random()).to_string();
    let method = request.method().clone();
    let known_as = request.extensions_mut().remove().unwrap_or_default();
    *request.uri_mut() = without_trailing_slash(request.uri());
    let pages = ErrorPages::find(&error_pages, request.uri().path());
    let pages = pages.map(|pages| (pages, (request.uri().clone(), request.headers().clone())));
    // Every line that is written on the way carries the request's id.
    let span = tracing::info_span!("request", request_id);
    let meter = Meter::default();
    let mut response = meter.measure(next.run(request)).instrument(span).await;

    let mut error = response.extensions_mut().remove::<Arc<ApiError>>();
    if let Some(error) = &error {
        let page = pages.and_then(|(pages, asked)| pages.page(error, &asked));
        let answer = page.unwrap_or_else(|| {
            (error.status(), axum::Json(error.body(&request_id))).into_response()
        });
        response = error_response(response, error, answer);
    } else if let Some(ShownByHandler(shown)) = response.extensions_mut().remove() {
        error = Some(shown);
    }
    add_headers(response.headers_mut(), &request_id);

    let called = response.extensions_mut().remove::<CallerOfRequest>();
    let line = Line {
        request_id: &request_id,
        known_as,
        method: method.as_str(),
        status: response.status(),
        error: error.as_deref(),
        called: called.as_ref(),
        duration: begun.elapsed(),
        cost: meter.cost(),
    };
    line.write();
    response
}

/// The headers of every response.
fn add_headers(headers: &mut HeaderMap, request_id: &str) {
    for (name, value) in SECURITY_HEADERS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
}

/// `answer` with the headers of the error, and with those of the `response` that it is given for.
fn error_response(mut response: Response, error: &ApiError, mut answer: Response) -> Response {
    let headers = std::mem::take(response.headers_mut());
    let called = response.extensions_mut().remove::<CallerOfRequest>();
    for (name, value) in headers
        .iter()
        .filter(|(name, _)| *name != header::CONTENT_LENGTH && *name != header::CONTENT_TYPE)
    {
        match *name {
            header::VARY => answer.headers_mut().append(name, value.clone()),
            _ => answer.headers_mut().insert(name, value.clone()).is_some(),
        };
    }
    for (name, value) in error.headers() {
        answer.headers_mut().insert(name, value);
    }
    if let Some(called) = called {
        answer.extensions_mut().insert(called);
    }
    answer
}

/// `/v2/bookings/` and `/v2/bookings` are the same: one of the clients sends the slash, and a redirect would lose its body.
fn without_trailing_slash(uri: &Uri) -> Uri {
    let path = uri.path().trim_end_matches('/');
    if path.len() == uri.path().len() || path.is_empty() {
        return uri.clone();
    }
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    match path_and_query.parse() {
        Ok(path_and_query) => parts.path_and_query = Some(path_and_query),
        Err(_) => return uri.clone(),
    }
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}
