//! The outermost layer: ids, headers, the shape of errors, and the one log line of a request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State as Extract};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use store::{Cost, Meter};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use crate::answer_size;
use crate::authorize::{Called, answer_no_operation};
use crate::error::ApiError;
use crate::state::State;

/// Names the request in answers and logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The lines that say what became of a request have this target.
pub const REQUESTS: &str = "latchkey::requests";

/// What others call the request in their own logs, as far as they have told.
#[derive(Clone, Debug, Default)]
pub struct KnownAs {
    /// The gateway's id of it.
    pub gateway_request_id: Option<String>,
    /// Lambda's id of it.
    pub function_request_id: Option<String>,
    /// The id of its X-Ray trace.
    pub trace_id: Option<String>,
}

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

/// Puts the edge around a router of operations. CORS lies inside it, so that preflights carry the edge's headers too.
/// Where `knows_callers` is false, no operation asks who calls, so the function may have no right to find out.
pub(crate) fn around(
    operations: Router<State>,
    state: &State,
    with_cors: bool,
    knows_callers: bool,
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
        inner.layer(from_fn(crate::invocations::refuse))
    };
    // The edge must see the path before it is matched, so the operations hang below a router that matches nothing.
    Router::new()
        .fallback_service(inner)
        .layer(from_fn_with_state(state.clone(), edge))
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

async fn edge(Extract(state): Extract<State>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let request_id = uuid_text(&state);
    let method = request.method().clone();
    let known_as = request.extensions_mut().remove().unwrap_or_default();
    *request.uri_mut() = without_trailing_slash(request.uri());
    // Every line that is written on the way carries the request's id.
    let span = tracing::info_span!("request", request_id);
    let meter = Meter::default();
    let mut response = meter.measure(next.run(request)).instrument(span).await;

    let error = response.extensions_mut().remove::<Arc<ApiError>>();
    if let Some(error) = &error {
        response = error_response(response, error, &request_id);
    }
    for (name, value) in SECURITY_HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }

    let called = response.extensions_mut().remove::<Called>();
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

/// What the log says of a request when it is over.
struct Line<'a> {
    request_id: &'a str,
    known_as: KnownAs,
    method: &'a str,
    status: StatusCode,
    error: Option<&'a ApiError>,
    called: Option<&'a Called>,
    duration: Duration,
    cost: Cost,
}

impl Line<'_> {
    fn write(&self) {
        let Self {
            request_id,
            status,
            called,
            ..
        } = self;
        let code = self.error.map(ApiError::code);
        let cause = self.error.and_then(ApiError::cause);
        // That this server never does what was asked for is no failure.
        let has_failed = status.is_server_error() && *status != StatusCode::NOT_IMPLEMENTED;
        if has_failed {
            tracing::error!(request_id, code, cause, "request failed");
        }
        // What did not happen is left out: a metric without a value costs nothing.
        let count_if = |happened: bool| happened.then_some(1_u64);
        tracing::info!(
            target: REQUESTS,
            request_id,
            gateway_request_id = self.known_as.gateway_request_id,
            function_request_id = self.known_as.function_request_id,
            trace_id = self.known_as.trace_id,
            operation = called.map(|called| called.operation.as_str()),
            method = self.method,
            status = status.as_u16(),
            code,
            reason = cause.filter(|_| status.is_client_error()),
            app_id = called.and_then(|called| called.app.as_deref()),
            key_id = called.and_then(|called| called.key.as_deref()),
            caller = called.and_then(|called| called.caller.as_deref()),
            Duration = self.duration.as_micros() as f64 / 1_000.0,
            StoreCalls = self.cost.calls,
            ReadUnits = self.cost.read_units,
            WriteUnits = self.cost.write_units,
            Requests = 1_u64,
            ServerErrors = count_if(has_failed),
            Contended = count_if(code == Some(ApiError::Contended.code())),
            Conflicts = count_if(*status == StatusCode::CONFLICT),
            AuthRefusals = count_if(matches!(
                *status,
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
            )),
            RateLimited = count_if(*status == StatusCode::TOO_MANY_REQUESTS),
            MetersAway = count_if(called.is_some_and(|called| called.meters_are_away)),
            "answered"
        );
    }
}

fn uuid_text(state: &State) -> String {
    // A request's id is nothing's key: any id type will do to write sixteen random bytes as a UUID.
    model::ids::BookingId::random(state.random()).to_string()
}

fn error_response(mut response: Response, error: &ApiError, request_id: &str) -> Response {
    let headers = std::mem::take(response.headers_mut());
    let called = response.extensions_mut().remove::<Called>();
    let mut answer = (error.status(), axum::Json(error.body(request_id))).into_response();
    for (name, value) in headers
        .iter()
        .filter(|(name, _)| *name != header::CONTENT_LENGTH && *name != header::CONTENT_TYPE)
    {
        answer.headers_mut().insert(name, value.clone());
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
