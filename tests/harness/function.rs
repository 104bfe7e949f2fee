//! A function in a process of its own, below a Lambda Runtime API of ours: what it is handed are events, and what comes back
//! are answers and its log.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use api::answer_size::MAX_ANSWER;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

/// Whoever waits this long waits for something that will not happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Says in the process of a function that it is one.
const AS_FUNCTION: &str = "LATCHKEY_TEST_AS_FUNCTION";

/// Whether this process is a function's: then the test serves its part instead of testing.
pub fn is_function() -> bool {
    std::env::var_os(AS_FUNCTION).is_some()
}

/// Serves events as a function does, with its log to standard error. It does not end by itself.
pub async fn serve_as_function(routes: Router) {
    let log = api::log::subscriber("info", None, std::io::stderr);
    tracing::subscriber::set_global_default(log).expect("no log yet");
    let ended = api::invocations::serve(routes).await;
    panic!("the function ended: {ended:?}");
}

/// A function that runs.
pub struct Function {
    process: Child,
    events: mpsc::Sender<String>,
    answers: mpsc::Receiver<Outcome>,
    log: Lines<BufReader<ChildStderr>>,
}

/// What a function tells the Runtime API of one event.
#[derive(Debug)]
enum Outcome {
    Answer(Bytes),
    Error(Bytes),
}

/// What the gateway would send to the caller.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: u64,
    /// The headers, by their names in lower case.
    pub headers: Value,
    /// The body as JSON; a string if it is something else.
    pub body: Value,
    /// How large the whole answer was on its way, in bytes.
    pub size: usize,
}

impl Answered {
    /// Reads an answer as the gateway does.
    pub fn read(answer: &[u8]) -> Self {
        let size = answer.len();
        let mut answer: Value = serde_json::from_slice(answer).expect("JSON");
        let mut headers = answer["headers"].take();
        // Version 1.0 has lists of values.
        for (name, values) in answer["multiValueHeaders"]
            .as_object()
            .into_iter()
            .flatten()
        {
            headers[name.as_str()] = values[0].clone();
        }
        let body = answer["body"].as_str().unwrap_or_default();
        Self {
            status: answer["statusCode"].as_u64().expect("a status"),
            headers,
            body: serde_json::from_str(body).unwrap_or_else(|_| body.into()),
            size,
        }
    }

    /// The request's id, which the header and the body of an error must agree on.
    #[track_caller]
    pub fn request_id(&self) -> &str {
        let id = self.headers["x-request-id"].as_str();
        let id = id.unwrap_or_else(|| panic!("no request id: {self:?}"));
        let in_body = &self.body["request_id"];
        assert!(in_body.is_null() || in_body == id, "{self:?}");
        id
    }
}

impl Function {
    /// Starts one. The process is this very test, by its full name, and must call [`serve_as_function`] first thing.
    pub async fn start(test: &str) -> Self {
        let (events, waiting) = mpsc::channel(1);
        let (told, answers) = mpsc::channel(1);
        let runtime = Arc::new(Runtime {
            waiting: Mutex::new(waiting),
            told,
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .layer(DefaultBodyLimit::disable())
            .with_state(runtime);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async { axum::serve(listener, routes).await });

        let mut process = Command::new(std::env::current_exe().expect("a test is a program too"))
            .args(["--exact", test, "--nocapture"])
            .env(AS_FUNCTION, "1")
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "latchkey-test")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_REGION", "us-east-1")
            // A developer's own credentials are none of the function's, and nobody is asked for any.
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env_remove("AWS_PROFILE")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let log = process.stderr.take().expect("a pipe");
        Self {
            process,
            events,
            answers,
            log: BufReader::new(log).lines(),
        }
    }

    /// Hands it an event and waits for the answer.
    pub async fn invoke(&mut self, event: &Value) -> Answered {
        match self.outcome(event.to_string()).await {
            Outcome::Answer(answer) => Answered::read(&answer),
            Outcome::Error(error) => panic!(
                "{event} ended in what the gateway answers with a bare 500: {}",
                String::from_utf8_lossy(&error)
            ),
        }
    }

    async fn outcome(&mut self, event: String) -> Outcome {
        self.events.send(event).await.expect("a Runtime API");
        tokio::select! {
            outcome = timeout(PATIENCE, self.answers.recv()) => outcome.expect("in time").expect("an outcome"),
            ended = self.process.wait() => panic!("the function ended: {ended:?}"),
        }
    }

    /// What it has logged since it was last asked, up to the line about the request that got this answer.
    pub async fn log_of(&mut self, answered: &Answered) -> Vec<Value> {
        self.log_until(|line| {
            line["message"] == "answered" && line.to_string().contains(answered.request_id())
        })
        .await
    }

    /// What it has logged since it was last asked, up to a line.
    pub async fn log_until(&mut self, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut lines = Vec::new();
        loop {
            let line = timeout(PATIENCE, self.log.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no such line after {lines:#?}"));
            let line = line.expect("a line").expect("the function goes on");
            // The test harness speaks too, but not in JSON.
            let Ok(line) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            let is_last = is_last(&line);
            lines.push(line);
            if is_last {
                return lines;
            }
        }
    }
}

struct Runtime {
    waiting: Mutex<mpsc::Receiver<String>>,
    told: mpsc::Sender<Outcome>,
}

async fn next(Extract(runtime): Extract<Arc<Runtime>>) -> (HeaderMap, String) {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        ),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:test",
        ),
    ] {
        headers.insert(name, value.parse().expect("a value"));
    }
    let event = runtime.waiting.lock().await.recv().await;
    (headers, event.unwrap_or_default())
}

/// As Lambda, it takes no more than 6 MB and a little.
async fn response(
    Extract(runtime): Extract<Arc<Runtime>>,
    _: Path<String>,
    answer: Bytes,
) -> StatusCode {
    let (status, outcome) = if answer.len() > MAX_ANSWER {
        let error = format!("{} bytes are too many", answer.len());
        (StatusCode::PAYLOAD_TOO_LARGE, Outcome::Error(error.into()))
    } else {
        (StatusCode::ACCEPTED, Outcome::Answer(answer))
    };
    // Whoever does not listen any more has failed already.
    let _ = runtime.told.send(outcome).await;
    status
}

async fn error(
    Extract(runtime): Extract<Arc<Runtime>>,
    _: Path<String>,
    error: Bytes,
) -> StatusCode {
    let _ = runtime.told.send(Outcome::Error(error)).await;
    StatusCode::ACCEPTED
}
