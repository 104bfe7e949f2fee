//! Events of API Gateway: made of an operation's facts, sent, and changed so that the operation succeeds.

use std::collections::BTreeMap;

use api::operations::Operation;
use auth::development::DEVELOPMENT_KEY;
use auth::token::{PlainToken, RESET_LINK_MINUTES};
use axum::body::Body;
use axum::response::Response;
use chrono::TimeDelta;
use http::Method;
use local::demo::{DOC_BROWN, EMAIL, TEST_SLUG};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::dossier::{Dossier, Sender, Step, folder};
use crate::roles::{routes, served_by_route};
use crate::{Client, TestServer};

/// The host that examples are sent to.
const HOST: &str = "api.latchkey.example";

/// An event of API Gateway.
#[derive(Clone, Debug)]
pub struct Event(pub Value);

impl Event {
    /// The one that is committed as an operation's `event.json`.
    pub fn of(operation: &str) -> Self {
        let path = folder().join(operation).join("event.json");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; run make describe", path.display()));
        Self(serde_json::from_str(&text).expect("JSON"))
    }

    /// The one that an operation's facts describe, as an HTTP API sends it.
    pub fn described(operation: &Operation) -> Self {
        let request = Dossier::of(&operation.id).request;
        let (path, query) = split(&request.path);
        let routes = routes();
        let route = served_by_route(path, &routes);
        let mut headers = BTreeMap::from([("accept", "application/json"), ("host", HOST)]);
        let authorization = auth::presented::basic_with_key(DEVELOPMENT_KEY);
        if request.by == Sender::App {
            headers.insert("authorization", &authorization);
        }
        if request.body.is_some() {
            headers.insert("content-type", "application/json");
        }
        for (name, value) in &request.headers {
            headers.insert(name, value);
        }
        let mut event = json!({
            "version": "2.0",
            "routeKey": format!("ANY {route}"),
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "latchkey",
                "domainName": HOST,
                "domainPrefix": "api",
                "http": {
                    "method": operation.method.as_str(),
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.7",
                    "userAgent": "latchkey-example",
                },
                "requestId": "example",
                "routeKey": format!("ANY {route}"),
                "stage": "$default",
                "time": "21/Nov/2026:12:00:00 +0000",
                "timeEpoch": 1_795_262_400_000_u64,
            },
        });
        let greedy = route.strip_suffix("{proxy+}");
        if let Some(proxy) = greedy.and_then(|prefix| path.strip_prefix(prefix)) {
            event["pathParameters"] = json!({ "proxy": proxy });
        }
        match request.body {
            Some(Value::String(text)) => event["body"] = text.into(),
            Some(body) => event["body"] = body.to_string().into(),
            None => {}
        }
        event["isBase64Encoded"] = false.into();
        Self(event)
    }

    /// To another path, with its query.
    fn to(mut self, path_and_query: &str) -> Self {
        let (path, query) = split(path_and_query);
        self.0["rawPath"] = path.into();
        self.0["rawQueryString"] = query.into();
        self.0["requestContext"]["http"]["path"] = path.into();
        self
    }

    /// Itself.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The method, the path with its query, and the body, as a client sends them.
    pub fn request(&self) -> (Method, String, String) {
        let method = self.0["requestContext"]["http"]["method"].as_str();
        let text = |name: &str| self.0[name].as_str().unwrap_or_default().to_owned();
        let (path, query) = (text("rawPath"), text("rawQueryString"));
        let path = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let method = method.and_then(|method| method.parse().ok());
        (method.expect("a method"), path, text("body"))
    }

    /// A client with its headers.
    pub fn sender(&self, server: &TestServer) -> Client {
        let headers = self.0["headers"].as_object().into_iter().flatten();
        headers
            .filter(|(name, _)| *name != "host")
            .fold(server.anonymous(), |client, (name, value)| {
                client.header(name, value.as_str().unwrap_or_default())
            })
    }

    /// With the credentials of another caller.
    #[must_use]
    pub fn by(mut self, caller: &Client) -> Self {
        for (name, value) in caller.headers() {
            self.0["headers"][name] = value.as_str().into();
        }
        self
    }

    /// With other values of some fields; those that are null are removed.
    #[must_use]
    pub fn with(mut self, fields: Value) -> Self {
        let body = self.0["body"].as_str().unwrap_or("{}");
        let mut body: Value = serde_json::from_str(body).expect("JSON");
        for (name, value) in fields.as_object().expect("fields") {
            match value {
                Value::Null => {
                    body.as_object_mut().map(|body| body.shift_remove(name));
                }
                value => body[name] = value.clone(),
            }
        }
        self.0["body"] = body.to_string().into();
        self
    }
}

fn split(path_and_query: &str) -> (&str, &str) {
    path_and_query
        .split_once('?')
        .unwrap_or((path_and_query, ""))
}

/// What is answered to an event of API Gateway.
pub async fn send(server: &TestServer, event: &Value) -> Response {
    let Ok(response) = server
        .router()
        .oneshot(function_request(request(event)))
        .await;
    response
}

/// The request that an event of API Gateway is to the function that it is handed to.
pub fn request(event: &Value) -> lambda_http::Request {
    lambda_http::request::from_str(&event.to_string()).expect("an event of API Gateway")
}

/// As a function's router receives it.
pub fn function_request(request: lambda_http::Request) -> axum::extract::Request {
    let (parts, body) = api::gateway::with_context(request).into_parts();
    let body = match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    };
    http::Request::from_parts(parts, body)
}

/// Puts what is known by name in the place of `{name}`, in every text of a value.
pub fn filled(value: &Value, known: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => filled_text(text, known).into(),
        Value::Array(values) => values.iter().map(|value| filled(value, known)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let filled = fields.map(|(name, value)| (name.clone(), filled(value, known)));
            Value::Object(filled.collect())
        }
        _ => value.clone(),
    }
}

/// Puts what is known by name in the place of `{name}`.
pub fn filled_text(text: &str, known: &BTreeMap<String, String>) -> String {
    let names = known.iter();
    names.fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

/// The event of an operation that succeeds, after what must be there first.
pub async fn sound_event(server: &TestServer, operation: &str) -> Event {
    let done = Dossier::of(operation).done;
    let mut known = server.known();
    for step in &done.first {
        let (name, kept) = take(server, step, &known).await;
        known.extend(kept.map(|kept| (name, kept)));
    }
    let mut event = Event::of(operation);
    match done.by {
        Some(Sender::Person) => event = event.by(&server.person().await),
        Some(Sender::Resource) => event = event.by(&server.resource().await),
        Some(Sender::App | Sender::Nobody) | None => {}
    }
    if let Some(path) = &done.path {
        event = event.to(&filled_text(path, &known));
    }
    match &done.body {
        Some(fields) => event.with(filled(fields, &known)),
        None => event,
    }
}

/// Takes a step, and answers the name and the value of what is kept of it.
async fn take(
    server: &TestServer,
    step: &Step,
    known: &BTreeMap<String, String>,
) -> (String, Option<String>) {
    let call = match step {
        Step::Named { setup } if setup == "reset_link" => {
            return (setup.clone(), Some(reset_link(server).await));
        }
        Step::Named { setup } => panic!("tests/harness/events.rs knows no setup {setup}"),
        Step::Call(call) => call,
    };
    let mut event = Event::of(&call.operation);
    if let Some(path) = &call.path {
        event = event.to(&filled_text(path, known));
    }
    if let Some(fields) = &call.body {
        event = event.with(filled(fields, known));
    }
    let (method, path, body) = event.request();
    let reply = server.app().send(method, &path, &body).await;
    assert!(
        reply.status < 300,
        "{} as a first step: {}",
        call.operation,
        reply.body
    );
    let kept = reply.body.pointer(&call.keep).and_then(Value::as_str);
    // Of an address of ours its path.
    let kept = kept.map(|kept| kept.find("/v2/").map_or(kept, |at| &kept[at..]));
    (call.operation.clone(), kept.map(str::to_owned))
}

async fn reset_link(server: &TestServer) -> String {
    let token = PlainToken::generate(server.state.random());
    let until = server.state.now() + TimeDelta::minutes(RESET_LINK_MINUTES);
    let store = server.state.store();
    let made = store
        .writer()
        .create_reset(EMAIL, token.hashed(), until)
        .await;
    assert!(made.expect("a store"));
    token.expose().to_owned()
}

impl TestServer {
    /// What facts may name: of a server that is new, the password of the demo's person.
    fn known(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("password".to_owned(), self.demo.password.clone())])
    }

    /// The demo's person, signed in at the address that the events are sent to.
    pub async fn person(&self) -> Client {
        let session = self.sign_in(EMAIL, &self.demo.password).await;
        session.header("origin", &format!("https://{HOST}"))
    }

    /// A resource of the test app, by its `server-token`.
    pub async fn resource(&self) -> Client {
        let (app, doc) = (self.app(), DOC_BROWN.to_string());
        let token = self.token(&app, &doc, "server-token").await;
        self.with_token(TEST_SLUG, &token)
    }

    /// Every operation that has a sound body, asked for with it by the caller of its example, who may.
    pub fn sound_requests(&self) -> Vec<SoundRequest> {
        let operations = local::operations();
        let operations = operations.list().iter();
        operations
            .filter_map(|one| self.sound_request(one))
            .collect()
    }

    fn sound_request(&self, operation: &Operation) -> Option<SoundRequest> {
        if [Method::GET, Method::DELETE].contains(&operation.method) {
            return None;
        }
        let dossier = Dossier::of(&operation.id);
        let caller = match dossier.request.by {
            Sender::App => self.app(),
            _ => self.anonymous(),
        };
        let headers = dossier.request.headers.iter();
        let caller = headers.fold(caller, |caller, (name, value)| caller.header(name, value));
        Some(SoundRequest {
            id: operation.id.clone(),
            method: operation.method.clone(),
            path: split(&dossier.request.path).0.to_owned(),
            caller,
            body: filled(dossier.sound_body()?, &self.known()),
        })
    }
}

/// A request that is sound, for tests to spoil.
#[derive(Debug)]
pub struct SoundRequest {
    /// The operation.
    pub id: String,
    /// Its method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// Somebody who may.
    pub caller: Client,
    /// The body, with every field that the operation reads.
    pub body: Value,
}
