//! A client over a real connection, or at another address than this machine's.

use std::net::IpAddr;

use api::address::Peer;
use axum::Router;
use axum::body::{Body, Bytes};
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tower::ServiceExt as _;

/// Somebody who calls the server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    headers: Vec<(String, String)>,
    http: hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>,
    elsewhere: Option<(Router, IpAddr)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null if there is none, a string if it is something else.
    pub body: Value,
    /// The body as it came.
    pub bytes: Bytes,
}

impl Reply {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `data.id`.
    pub fn id(&self) -> String {
        self.body["data"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no id in {}", self.body))
            .to_owned()
    }

    /// The fields that are at fault, in order.
    pub fn faults(&self) -> Vec<&str> {
        let errors = &self.body["errors"];
        assert!(errors.is_object(), "no faults in {}", self.body);
        field_names(errors)
    }

    /// The same answer, which must have this status.
    #[track_caller]
    pub fn expecting(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// The body without what differs in every answer, for comparing two of them.
    pub fn comparable(&self) -> (u16, Vec<(String, String)>, Value) {
        let mut body = self.body.clone();
        if let Some(body) = body.as_object_mut() {
            body.remove("request_id");
        }
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .filter(|(name, _)| {
                !["x-request-id", "date"].contains(&name.as_str())
                    && !name.as_str().contains("ratelimit")
            })
            .map(|(name, value)| {
                let name = name.to_string();
                // That a limit is told is compared; what is left of it differs in every answer.
                let value = match name.as_str() {
                    "ratelimit" | "x-ratelimit-remaining" | "x-ratelimit-reset" => "told".into(),
                    _ => String::from_utf8_lossy(value.as_bytes()).into_owned(),
                };
                (name, value)
            })
            .collect();
        headers.sort();
        (self.status, headers, body)
    }
}

impl Client {
    /// Nobody, who calls the server at `base`.
    pub fn new(base: &str) -> Self {
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http();
        Self {
            base: base.to_owned(),
            headers: Vec::new(),
            http,
            elsewhere: None,
        }
    }

    /// The same caller at another address. No connection has such a peer here, so its requests go to `routes` directly.
    #[must_use]
    pub fn calling_from(&self, address: IpAddr, routes: Router) -> Self {
        let host = self.base.trim_start_matches("http://");
        let mut moved = self.header("host", host);
        moved.elsewhere = Some((routes, address));
        moved
    }

    /// The same caller, who calls another instance.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// What it sends besides the body.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The same caller, who sends one more header, or another value of it.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> Self {
        let mut changed = self.without(name);
        changed.headers.push((name.to_owned(), value.to_owned()));
        changed
    }

    /// The same caller, who sends this header beside others of the same name.
    #[must_use]
    pub fn and_header(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.headers.push((name.to_owned(), value.to_owned()));
        changed
    }

    /// The same caller, who does not send this header.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed.headers.retain(|(sent, _)| sent != name);
        changed
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, "").await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, &body.to_string()).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, &body.to_string()).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, "").await
    }

    /// Any method, with any body.
    pub async fn send(&self, method: Method, path: &str, body: &str) -> Reply {
        let reply = self.try_send(method, path, body.to_owned()).await;
        reply.expect("an answer")
    }

    /// As [`Client::send`], to a server that may die meanwhile; none unless the whole answer arrives.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Option<Reply> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Full::new(body.into())).expect("a request");
        let response = match &self.elsewhere {
            None => {
                let response = self.http.request(request).await.ok()?;
                response.map(Body::new)
            }
            Some((routes, address)) => {
                request.extensions_mut().insert(Peer(*address));
                let Ok(response) = routes.clone().oneshot(request).await;
                response
            }
        };
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.ok()?.to_bytes();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into())
        };
        Some(Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            bytes,
        })
    }
}

/// The names of an object's fields, sorted; none of what is no object.
pub fn field_names(value: &Value) -> Vec<&str> {
    let fields = value.as_object().into_iter().flatten();
    let mut names: Vec<&str> = fields.map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}
