//! Lambda's Runtime API, as far as one function that answers one event at a time needs it. Unlike the emulator it tells
//! when the function was ready, and adds next to nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::rig::binaries::{Running, in_function_environment};

/// What the Runtime API hears from the function.
enum Heard {
    /// It asks for an event.
    Ready(Instant),
    /// It has answered.
    Answered(Instant, Bytes),
    /// It says that it could not.
    Failed(Bytes),
}

struct Api {
    events: Mutex<mpsc::Receiver<Bytes>>,
    heard: mpsc::Sender<Heard>,
}

/// A function that runs, and waits for an event.
pub(crate) struct Function {
    process: Running,
    events: mpsc::Sender<Bytes>,
    heard: mpsc::Receiver<Heard>,
    serving: JoinHandle<()>,
    /// From the start of its process until it asked for its first event.
    pub(crate) start: Duration,
}

impl Function {
    /// Starts one, and waits until it asks for its first event.
    pub(crate) async fn start(program: &Path, environment: &[(&str, &str)]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (events, next_event) = mpsc::channel(1);
        let (tell, mut heard) = mpsc::channel(4);
        let api = Arc::new(Api {
            events: Mutex::new(next_event),
            heard: tell,
        });
        let below = "/2018-06-01/runtime";
        let routes = Router::new()
            .route(&format!("{below}/invocation/next"), get(next))
            .route(
                &format!("{below}/invocation/{{id}}/response"),
                post(answered),
            )
            .route(&format!("{below}/invocation/{{id}}/error"), post(failed))
            .route(&format!("{below}/init/error"), post(failed))
            .with_state(api);
        let serving = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("it serves");
        });
        let mut command = in_function_environment(program, environment);
        command.env("AWS_LAMBDA_RUNTIME_API", address);
        let begun = Instant::now();
        let process = Running(command.spawn().expect("the function starts"));
        let start = match heard.recv().await {
            Some(Heard::Ready(at)) => at - begun,
            _ => panic!("{} did not start", program.display()),
        };
        Self {
            process,
            events,
            heard,
            serving,
            start,
        }
    }

    /// Hands it an event. Answers how long it took, and what it said.
    pub(crate) async fn call(&mut self, event: &Bytes) -> (Duration, Bytes) {
        let begun = Instant::now();
        self.events.send(event.clone()).await.expect("it runs");
        let (answered, body) = match self.heard.recv().await {
            Some(Heard::Answered(at, body)) => (at, body),
            Some(Heard::Failed(why)) => panic!("{}", String::from_utf8_lossy(&why)),
            Some(Heard::Ready(_)) | None => panic!("the function did not answer"),
        };
        match self.heard.recv().await {
            Some(Heard::Ready(_)) => (answered - begun, body),
            _ => panic!("the function ended"),
        }
    }

    /// As [`Function::call`], if the answer has this status.
    pub(crate) async fn call_expecting(&mut self, status: u64, event: &Bytes) -> Duration {
        let (took, body) = self.call(event).await;
        expect_status(status, &body);
        took
    }

    /// The most memory that it has had, in megabytes.
    pub(crate) fn peak_mb(&self) -> f64 {
        self.process.peak_mb()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// # Panics
///
/// If what a function said has another status.
pub(crate) fn expect_status(status: u64, body: &[u8]) {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    assert_eq!(
        said["statusCode"],
        status,
        "{}",
        String::from_utf8_lossy(body)
    );
}

async fn next(State(api): State<Arc<Api>>) -> (HeaderMap, Bytes) {
    let _ = api.heard.send(Heard::Ready(Instant::now())).await;
    let event = api.events.lock().await.recv().await;
    let headers = [
        ("lambda-runtime-aws-request-id", "bench"),
        ("lambda-runtime-deadline-ms", "9999999999999"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:bench",
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e;Sampled=0",
        ),
    ];
    let headers = headers.map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    });
    (HeaderMap::from_iter(headers), event.unwrap_or_default())
}

async fn answered(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let _ = api.heard.send(Heard::Answered(Instant::now(), body)).await;
    StatusCode::ACCEPTED
}

async fn failed(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let _ = api.heard.send(Heard::Failed(body)).await;
    StatusCode::ACCEPTED
}
