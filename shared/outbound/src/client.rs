//! One attempt to send a request to a target. It follows no redirect, asks no proxy, and is bounded in time and bytes; it always
//! ends in an [`Attempt`].

use std::error::Error as StdError;
use std::fmt;
use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::Error as HyperError;
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector};
use hyper_util::client::legacy::{Client as Pool, Error as PoolError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout};

use crate::connect::{Connector, NotConnected, Resolve};
use crate::reason::Reason;
use crate::retry_after::retry_after;
use crate::schedule::Outcome;
use crate::target::{Reach, Target, TargetFault};

/// How long a whole attempt may take: resolving, connecting, sending, and the response.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// How much of a response's body is kept, in bytes.
pub const EXCERPT: usize = 1_024;

/// How much of a response's body is read, in bytes: small ones whole, so that the connection can be used again.
const MAX_BODY: usize = 20 * 1_024;

/// The largest head of a response, in bytes.
const MAX_HEAD: usize = 16 * 1_024;

/// How long a connection is kept for the next request: shorter than any server keeps it, so that none is lost because the
/// server closes it at that moment.
const IDLE: Duration = Duration::from_secs(1);

/// How many idle connections there are to a host.
const MAX_IDLE: usize = 4;

/// Who sends.
const AGENT: &str = concat!("Latchkey-Webhooks/", env!("CARGO_PKG_VERSION"));

/// The longest detail of an error that is kept, in characters.
const MAX_DETAIL: usize = 200;

/// Sends requests to targets. A clone shares its connections.
#[derive(Clone)]
pub struct Client {
    pool: Pool<HttpsConnector<Connector>, Full<Bytes>>,
}

/// How an attempt ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// Why there was none, or what was wrong with the response beside its status.
    pub reason: Option<Reason>,
    /// What the library said about it, e.g. `invalid peer certificate: Expired`; at most 200 characters, and no address.
    pub detail: Option<String>,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// The beginning of the response's body, at most [`EXCERPT`] bytes; what is not UTF-8 is replaced.
    pub excerpt: String,
    /// How long the receiver asks to wait before the next attempt.
    pub retry_after: Option<Duration>,
}

/// Why an exchange ended early.
struct Fault {
    reason: Reason,
    detail: Option<String>,
}

impl Client {
    /// One that trusts the certificates that this machine trusts. If it trusts none, every HTTPS attempt fails, and says so.
    pub fn new(resolver: Arc<dyn Resolve>, reach: Reach) -> Self {
        let tls = match ClientConfig::builder().with_native_roots() {
            Ok(tls) => tls,
            Err(error) => {
                tracing::warn!(%error, "no root certificates are found, so no HTTPS server can be trusted");
                ClientConfig::builder().with_root_certificates(RootCertStore::empty())
            }
        };
        Self::with(resolver, reach, tls.with_no_client_auth())
    }

    /// One that trusts these certificates and no others.
    pub fn trusting(resolver: Arc<dyn Resolve>, reach: Reach, roots: RootCertStore) -> Self {
        let tls = ClientConfig::builder().with_root_certificates(roots);
        Self::with(resolver, reach, tls.with_no_client_auth())
    }

    fn with(resolver: Arc<dyn Resolve>, reach: Reach, tls: ClientConfig) -> Self {
        let mut https = HttpsConnector::from((Connector { resolver, reach }, tls));
        if reach == Reach::Internet {
            https.enforce_https();
        }
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_IDLE)
            .http1_max_buf_size(MAX_HEAD)
            .build(https);
        Self { pool }
    }

    /// Sends a JSON body by POST. `headers` are added to those that every request has.
    pub async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
        deadline: Duration,
    ) -> Attempt {
        self.send(Method::POST, target, headers, body, deadline)
            .await
    }

    /// Asks by GET, without a body.
    pub async fn get(&self, target: &Target, headers: HeaderMap, deadline: Duration) -> Attempt {
        self.send(Method::GET, target, headers, Bytes::new(), deadline)
            .await
    }

    async fn send(
        &self,
        method: Method,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
        deadline: Duration,
    ) -> Attempt {
        let begun = Instant::now();
        let mut attempt = Attempt::default();
        let request = request(method, target, headers, body);
        let mut kept = Vec::new();
        let exchange = timeout(deadline, self.exchange(request, &mut attempt, &mut kept)).await;
        attempt.excerpt = excerpt(&kept);
        let fault = match exchange {
            Ok(Ok(())) => attempt.redirected(),
            Ok(Err(fault)) => Some(fault),
            Err(_) => Some(Fault {
                reason: Reason::TimedOut,
                detail: attempt.status.map(|_| "in the response's body".to_owned()),
            }),
        };
        if let Some(fault) = fault {
            attempt.reason = Some(fault.reason);
            attempt.detail = fault.detail;
        }
        attempt.millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        attempt
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        attempt: &mut Attempt,
        kept: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let response = self.pool.request(request).await.map_err(Fault::of_pool)?;
        attempt.status = Some(response.status().as_u16());
        attempt.retry_after = retry_after(response.headers());
        read(response.into_body(), kept).await
    }
}

impl Attempt {
    /// An attempt that was not made, because the URL may not be called by the rules of now.
    pub fn not_made(fault: TargetFault) -> Self {
        Self {
            reason: Some(Reason::InvalidTarget),
            detail: Some(fault.to_string()),
            ..Self::default()
        }
    }

    /// What it means for the delivery. The status alone decides whether it arrived: a receiver that answers 2xx and then more
    /// than is read has it.
    pub fn outcome(&self) -> Outcome {
        match (self.status, self.reason) {
            (Some(200..=299), _) => Outcome::Delivered,
            (Some(410), _) => Outcome::Gone,
            (Some(429 | 502 | 504), _) | (None, Some(Reason::TimedOut)) => Outcome::SlowDown,
            _ => Outcome::Failed,
        }
    }

    fn redirected(&self) -> Option<Fault> {
        let is_redirect = matches!(self.status, Some(300..=399));
        is_redirect.then_some(Fault {
            reason: Reason::Redirect,
            detail: None,
        })
    }
}

fn request(
    method: Method,
    target: &Target,
    headers: HeaderMap,
    body: Bytes,
) -> Request<Full<Bytes>> {
    let has_body = !body.is_empty();
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = target.uri().clone();
    let own = request.headers_mut();
    own.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    own.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if has_body {
        own.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    own.extend(headers);
    request
}

/// Reads a body to its end, or to the most that is read. Its beginning is in `kept` even if the time ends meanwhile.
async fn read(mut body: Incoming, kept: &mut Vec<u8>) -> Result<(), Fault> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Fault::of_hyper(&error))?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        length += data.len();
        let room = EXCERPT.saturating_sub(kept.len());
        kept.extend(data.iter().take(room));
        if length > MAX_BODY {
            return Err(Fault::plain(Reason::ResponseTooLarge));
        }
    }
    Ok(())
}

/// What is kept of a body as text, without a character that was cut in two.
fn excerpt(kept: &[u8]) -> String {
    let mut text = String::new();
    let mut chunks = kept.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        text.push_str(chunk.valid());
        if chunks.peek().is_some() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text.truncate(text.floor_char_boundary(EXCERPT));
    text
}

impl Fault {
    const fn plain(reason: Reason) -> Self {
        Self {
            reason,
            detail: None,
        }
    }

    fn of_pool(error: PoolError) -> Self {
        let causes = || successors(error.source(), |cause| (*cause).source());
        if let Some(fault) = causes().find_map(|cause| cause.downcast_ref::<NotConnected>()) {
            let detail = fault.source().map(|cause| shortened(&cause));
            return Self {
                reason: fault.reason(),
                detail,
            };
        }
        if error.is_connect() {
            let last = causes().last().map(|cause| shortened(&cause));
            return Self {
                reason: Reason::TlsFailed,
                detail: last,
            };
        }
        match causes().find_map(|cause| cause.downcast_ref::<HyperError>()) {
            Some(error) => Self::of_hyper(error),
            None => Self::plain(Reason::ConnectionClosed),
        }
    }

    fn of_hyper(error: &HyperError) -> Self {
        let reason = if error.is_parse_too_large() {
            Reason::ResponseTooLarge
        } else if error.is_parse() {
            Reason::InvalidResponse
        } else {
            Reason::ConnectionClosed
        };
        Self {
            reason,
            detail: Some(shortened(error)),
        }
    }
}

fn shortened(error: &dyn fmt::Display) -> String {
    error.to_string().chars().take(MAX_DETAIL).collect()
}

#[cfg(test)]
mod tests;
