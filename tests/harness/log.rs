//! The log as a function on AWS writes it, for tests to read.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use api::log::{self, Metrics};
use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;

/// A second subscriber beside any test's own. As long as there is only one, tracing asks the thread that first reaches a line
/// whether anybody wants it, and takes the answer of a thread without a subscriber for everybody's.
static NOBODYS: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(log::subscriber("error", None, std::io::sink)));

/// What is logged in a test's own thread while this lives. A test with one thread serves its requests there.
pub struct Log {
    written: Arc<Mutex<Vec<u8>>>,
    _here: DefaultGuard,
}

impl Log {
    /// Begins to keep what functions log of themselves, with their metrics.
    pub fn start() -> Self {
        let metrics = Metrics {
            namespace: "latchkey".into(),
            function: "latchkey-bookings".into(),
        };
        Self::start_with("info", Some(metrics))
    }

    /// As [`Log::start`], from a level on and with these metrics.
    pub fn start_with(level: &str, metrics: Option<Metrics>) -> Self {
        LazyLock::force(&NOBODYS);
        let written: Arc<Mutex<Vec<u8>>> = Arc::default();
        let writer = written.clone();
        let subscriber = log::subscriber(level, metrics, move || Writer(writer.clone()));
        Self {
            written,
            _here: tracing::subscriber::set_default(subscriber),
        }
    }

    /// All of it.
    pub fn text(&self) -> String {
        let written = self.written.lock().expect("no test panicked in here");
        String::from_utf8(written.clone()).expect("text")
    }

    /// Each line, which must be JSON.
    pub fn lines(&self) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// The lines that say what became of a request.
    pub fn requests(&self) -> Vec<Value> {
        let mut lines = self.lines();
        lines.retain(|line| line["message"] == "answered");
        lines
    }
}

struct Writer(Arc<Mutex<Vec<u8>>>);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .expect("no test panicked in here")
            .write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
