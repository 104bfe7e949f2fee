//! A receiver of webhooks on this machine, which keeps what it gets and answers as a test wants.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A request that it got.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its path.
    pub path: String,
    /// The message's id.
    pub id: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Value,
}

/// A receiver. It stops when it is dropped.
pub struct Receiver {
    base: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    received: Mutex<Vec<Received>>,
    count: watch::Sender<usize>,
    answers: Mutex<HashMap<String, u16>>,
}

/// Long enough for everything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

impl Receiver {
    /// Starts one that accepts everything.
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            count: watch::Sender::new(0),
            answers: Mutex::default(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let routes = Router::new().fallback(receive).with_state(shared.clone());
        let task = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("a server");
        });
        Self { base, shared, task }
    }

    /// The URL of a path here.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Answers requests for this path with `status` from now on; 0 means never.
    pub fn answer(&self, path: &str, status: u16) {
        let mut answers = self.shared.answers.lock().expect("no panic in here");
        answers.insert(path.to_owned(), status);
    }

    /// What it has got so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared
            .received
            .lock()
            .expect("no panic in here")
            .clone()
    }

    /// What it has got so far at this path.
    pub fn received_at(&self, path: &str) -> Vec<Received> {
        let mut all = self.received();
        all.retain(|one| one.path == path);
        all
    }

    /// Waits until it has got `many` at this path.
    pub async fn wait_for(&self, path: &str, many: usize) -> Vec<Received> {
        let mut count = self.shared.count.subscribe();
        let enough = async {
            while self.received_at(path).len() < many {
                count.changed().await.expect("it is there");
            }
        };
        let enough = tokio::time::timeout(PATIENCE, enough).await;
        let received = self.received_at(path);
        assert!(enough.is_ok(), "{path} got {} of {many}", received.len());
        received
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let path = uri.path().to_owned();
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
    let received = Received {
        path: path.clone(),
        id: id.unwrap_or_default().to_owned(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        headers,
    };
    shared
        .received
        .lock()
        .expect("no panic in here")
        .push(received);
    shared.count.send_modify(|count| *count += 1);
    let status = {
        let answers = shared.answers.lock().expect("no panic in here");
        answers.get(&path).copied().unwrap_or(200)
    };
    if status == 0 {
        std::future::pending::<()>().await;
    }
    StatusCode::from_u16(status).expect("a status")
}
