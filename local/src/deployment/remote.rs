//! The API of a running deployment, called with a key.

use std::error::Error as StdError;
use std::time::Duration;

use axum::body::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::table::clean;

/// How long an answer may take. The gateway gives up sooner.
const PATIENCE: Duration = Duration::from_secs(60);

/// The largest answer that is read, in bytes: more than Lambda sends.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// A deployment, and the key to call it with. Without `Debug`: the key is in it.
pub(crate) struct Remote {
    /// Without a slash at the end.
    base: String,
    is_https: bool,
    authorization: HeaderValue,
}

/// The server's answer, a success.
pub(crate) struct Answer {
    /// Its body, as it came.
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn read<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.text)
    }
}

/// The server could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// There is no key to call with.
    #[error(
        "Put the key to call with into the variable LATCHKEY_KEY. It is not taken as an argument: other users of this machine can read those."
    )]
    NoKey,
    /// The variable cannot be a key.
    #[error("LATCHKEY_KEY holds a character that no key has.")]
    MalformedKey,
    /// The address is none. It is not repeated: it may hold a password.
    #[error(
        "The address of the server must look like https://api.example.com or http://127.0.0.1:8080."
    )]
    InvalidUrl,
    /// The key would cross a network in clear.
    #[error(
        "{base} is another machine, and plain http would show the key to everybody on the way. Use https, or add --allow-http."
    )]
    InClear {
        /// Where the API is reached.
        base: String,
    },
    /// This machine cannot check who a server is.
    #[error(
        "No root certificates are found on this machine, so no https server can be trusted: {0}"
    )]
    NoRoots(std::io::Error),
    /// Nobody answered.
    #[error(
        "{base} cannot be reached: {reason}. Does the server run there, and is the address right?"
    )]
    Unreachable {
        /// Where the API should be.
        base: String,
        /// Why.
        reason: String,
    },
    /// The answer did not arrive.
    #[error(
        "{base} did not answer: {reason}. What was asked may have been done; `latchkey keys list` tells."
    )]
    NoAnswer {
        /// Where the API is reached.
        base: String,
        /// Why.
        reason: String,
    },
    /// The key does not hold.
    #[error(
        "The server refused the key in LATCHKEY_KEY: {sentence}. `latchkey keys check` tells whether it is mistyped.\n  (request id: {request_id})"
    )]
    KeyRefused {
        /// The API's own.
        sentence: String,
        /// Names the request.
        request_id: String,
    },
    /// The API refused.
    #[error("{sentence}\n  (request id: {request_id})")]
    Refused {
        /// The API's own, one or more.
        sentence: String,
        /// Names the request.
        request_id: String,
    },
    /// Something answered that is not Latchkey, or stands before it.
    #[error("{base} answered {status}, and not as Latchkey does. Is the address right?")]
    NotLatchkey {
        /// Where the API should be.
        base: String,
        /// What it answered.
        status: StatusCode,
    },
}

impl Remote {
    /// The deployment at `url`, to be called with `key`.
    pub(crate) fn new(url: &str, allow_http: bool, key: Option<&str>) -> Result<Self, RemoteError> {
        let uri: Uri = url.parse().map_err(|_| RemoteError::InvalidUrl)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(RemoteError::InvalidUrl);
        };
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(RemoteError::InvalidUrl);
        }
        let is_https = *scheme == Scheme::HTTPS;
        if !is_https && *scheme != Scheme::HTTP {
            return Err(RemoteError::InvalidUrl);
        }
        let base = format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/'));
        if !is_https && !allow_http && !is_this_machine(authority) {
            return Err(RemoteError::InClear { base });
        }
        let key = key.map(str::trim).filter(|key| !key.is_empty());
        let key = key.ok_or(RemoteError::NoKey)?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {key}"))
            .map_err(|_| RemoteError::MalformedKey)?;
        authorization.set_sensitive(true);
        Ok(Self {
            base,
            is_https,
            authorization,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer, RemoteError> {
        self.call(Method::GET, path, Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answer, RemoteError> {
        self.call(Method::POST, path, body.to_string().into()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Answer, RemoteError> {
        self.call(Method::DELETE, path, Bytes::new()).await
    }

    async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Answer, RemoteError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("latchkey/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))
            .map_err(|_| RemoteError::InvalidUrl)?;
        let answered = async {
            if self.is_https {
                let connector = HttpsConnectorBuilder::new()
                    .with_native_roots()
                    .map_err(RemoteError::NoRoots)?
                    .https_only()
                    .enable_http1()
                    .build();
                self.send(connector, request).await
            } else {
                self.send(HttpConnector::new(), request).await
            }
        };
        let (status, text) = tokio::time::timeout(PATIENCE, answered)
            .await
            .map_err(|_| self.no_answer(&"it took too long"))??;
        if status.is_success() {
            Ok(Answer { text })
        } else {
            Err(self.refusal(status, &text))
        }
    }

    /// Redirects are not followed: the key goes where it was told to go, and nowhere else.
    async fn send<C>(
        &self,
        connector: C,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, String), RemoteError>
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let response: Response<_> = client
            .request(request)
            .await
            .map_err(|error| self.failure(&error))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER)
            .collect()
            .await
            .map_err(|error| self.no_answer(&error))?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok((parts.status, text))
    }

    fn failure(&self, error: &ClientError) -> RemoteError {
        let mut cause: &dyn StdError = error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        if error.is_connect() {
            RemoteError::Unreachable {
                base: self.base.clone(),
                reason: cause.to_string(),
            }
        } else {
            self.no_answer(&cause)
        }
    }

    fn no_answer(&self, reason: &dyn std::fmt::Display) -> RemoteError {
        RemoteError::NoAnswer {
            base: self.base.clone(),
            reason: reason.to_string(),
        }
    }

    fn refusal(&self, status: StatusCode, text: &str) -> RemoteError {
        let body: Value = serde_json::from_str(text).unwrap_or_default();
        let Some((sentence, request_id)) = sentence(&body).zip(body["request_id"].as_str()) else {
            return RemoteError::NotLatchkey {
                base: self.base.clone(),
                status,
            };
        };
        let request_id = clean(request_id);
        if status == StatusCode::UNAUTHORIZED {
            RemoteError::KeyRefused {
                sentence,
                request_id,
            }
        } else {
            RemoteError::Refused {
                sentence,
                request_id,
            }
        }
    }
}

/// What the API says is wrong: one sentence, or each field's on a line of its own.
fn sentence(body: &Value) -> Option<String> {
    if let Some(sentence) = body["error"].as_str() {
        return Some(match body["model"].as_str() {
            Some(model) => format!("{} ({})", clean(sentence), clean(model)),
            None => clean(sentence),
        });
    }
    let fields = body["errors"].as_object()?;
    let faults = fields.iter().flat_map(|(field, sentences)| {
        let sentences = sentences.as_array().into_iter().flatten();
        sentences
            .filter_map(move |sentence| Some(clean(&format!("{field} {}", sentence.as_str()?))))
    });
    Some(faults.collect::<Vec<_>>().join("\n  "))
}

/// Whether a host is this machine, so that what is sent there crosses no network.
fn is_this_machine(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}
