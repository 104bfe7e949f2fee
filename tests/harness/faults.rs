//! A layer between the store and DynamoDB that makes calls fail: before they arrive, after they were carried
//! out, or by an answer of DynamoDB's own that says "not now"; and that lets secondary indexes lag.

use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use local::engine::response;
use serde_json::{Value, json};

use crate::engine::{action, body};

/// How a call to the store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is refused. Nothing was done.
    Refused,
    /// It is carried out, and the answer does not arrive in time.
    Unheard,
    /// Another transaction is at work on the same items. Only writes meet it.
    Conflict,
    /// There is no capacity left.
    Throttled,
    /// There is none for a part of a transaction or of a batch. Only those meet it.
    ThrottledInPart,
    /// The request itself is refused for good, as one is that breaks a rule of DynamoDB's.
    Rejected,
}

impl Fault {
    /// All of them that pass by themselves.
    pub const ALL: [Self; 5] = [
        Self::Refused,
        Self::Unheard,
        Self::Conflict,
        Self::Throttled,
        Self::ThrottledInPart,
    ];

    /// Whether a call for `action` can fail so.
    pub fn can_strike(self, action: &str) -> bool {
        match self {
            Self::Refused | Self::Unheard | Self::Throttled | Self::Rejected => true,
            Self::Conflict => is_write(action),
            Self::ThrottledInPart => matches!(action, "TransactWriteItems" | "BatchGetItem"),
        }
    }
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// That call alone.
    Once,
    /// That call and every later one. Of calls that go unheard only the first is carried out: then the store is away.
    FromThere,
}

/// Says what happens to the calls of one client, and what they were. Clones steer the same client.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    calls: Vec<String>,
    bytes_read: u64,
    injected: Option<(usize, Fault, Lasting)>,
    injected_at: Option<(String, Fault)>,
    has_struck: bool,
    meeting: Option<Meeting>,
    lagging_indexes: Option<SharedHttpClient>,
    death: Option<Death>,
}

/// When whoever calls is to die.
#[derive(Clone, Debug)]
struct Death {
    call: usize,
    is_carried_out: bool,
    died: Arc<tokio::sync::Notify>,
}

/// Calls that wait for one another.
#[derive(Clone, Debug)]
pub struct Meeting {
    barrier: Arc<tokio::sync::Barrier>,
    met: Arc<std::sync::atomic::AtomicUsize>,
}

impl Meeting {
    /// How many calls have met.
    pub fn met(&self) -> usize {
        self.met.load(std::sync::atomic::Ordering::SeqCst)
    }

    async fn wait(self) {
        // Whoever waits this long waits for a call that is never sent.
        let patience = std::time::Duration::from_secs(1);
        if tokio::time::timeout(patience, self.barrier.wait())
            .await
            .is_ok()
        {
            self.met.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
}

/// What becomes of one call.
enum Fate {
    PassedOn,
    PassedToLaggingIndexes(SharedHttpClient),
    Struck(Fault),
    Dead(Death),
}

impl Faults {
    /// From now on, of the calls counted from 0, lets `call` fail.
    pub fn inject(&self, call: usize, fault: Fault, lasting: Lasting) {
        let mut plan = self.plan();
        plan.calls.clear();
        plan.injected = Some((call, fault, lasting));
        plan.has_struck = false;
    }

    /// From now on, lets every call fail that names this text, such as an item's key.
    pub fn inject_at(&self, text: &str, fault: Fault) {
        self.plan().injected_at = Some((text.to_owned(), fault));
    }

    /// From now on, holds every update until so many of them wait at the same time.
    pub fn hold_updates_until(&self, many: usize) -> Meeting {
        let meeting = Meeting {
            barrier: Arc::new(tokio::sync::Barrier::new(many)),
            met: Arc::default(),
        };
        self.plan().meeting = Some(meeting.clone());
        meeting
    }

    /// From now on, answers every query of a secondary index from `then`, which knows nothing of later writes.
    pub fn lag_indexes(&self, then: impl HttpClient + 'static) {
        self.plan().lagging_indexes = Some(SharedHttpClient::new(then));
    }

    /// Lets whoever calls die at the call with this number, counted from now on, once it was carried out or before: it is never
    /// answered. What is returned is notified then, and whoever waits for the answer is to be dropped.
    pub fn die_at(&self, call: usize, is_carried_out: bool) -> Arc<tokio::sync::Notify> {
        let mut plan = self.plan();
        plan.calls.clear();
        let died = Arc::new(tokio::sync::Notify::new());
        plan.death = Some(Death {
            call,
            is_carried_out,
            died: died.clone(),
        });
        died
    }

    /// Lets everything succeed again, and counts from 0.
    pub fn heal(&self) {
        *self.plan() = Plan::default();
    }

    /// The actions called since the count began.
    pub fn calls(&self) -> Vec<String> {
        self.plan().calls.clone()
    }

    /// The bytes of the answers to those calls, as far as their headers say.
    pub fn bytes_read(&self) -> u64 {
        self.plan().bytes_read
    }

    /// Whether the injected fault has struck.
    pub fn has_struck(&self) -> bool {
        self.plan().has_struck
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().expect("no test panicked in here")
    }

    fn fate(&self, request: &HttpRequest) -> Fate {
        let mut plan = self.plan();
        let (number, action) = (plan.calls.len(), action(request));
        plan.calls.push(action.to_owned());
        if let Some(death) = plan.death.clone().filter(|death| number >= death.call) {
            plan.has_struck = true;
            return Fate::Dead(death);
        }
        if let Some((call, fault, lasting)) = plan.injected {
            let strikes = number == call || number > call && lasting == Lasting::FromThere;
            let fault = match fault {
                Fault::Unheard if number > call => Fault::Refused,
                fault => fault,
            };
            if strikes && fault.can_strike(action) {
                plan.has_struck = true;
                return Fate::Struck(fault);
            }
        }
        if let Some((text, fault)) = plan.injected_at.clone()
            && fault.can_strike(action)
            && String::from_utf8_lossy(body(request)).contains(&text)
        {
            plan.has_struck = true;
            return Fate::Struck(fault);
        }
        match &plan.lagging_indexes {
            Some(then) if json_body(request).get("IndexName").is_some() => {
                Fate::PassedToLaggingIndexes(then.clone())
            }
            _ => Fate::PassedOn,
        }
    }
}

/// The layer.
#[derive(Clone, Debug)]
pub struct FaultyHttpClient {
    inner: SharedHttpClient,
    faults: Faults,
}

impl FaultyHttpClient {
    /// A layer over `inner`, and what steers it.
    pub fn over(inner: impl HttpClient + 'static) -> (SharedHttpClient, Faults) {
        let faults = Faults::default();
        let layer = Self {
            inner: SharedHttpClient::new(inner),
            faults: faults.clone(),
        };
        (SharedHttpClient::new(layer), faults)
    }
}

impl HttpClient for FaultyHttpClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(FaultyConnector {
            inner: self.inner.http_connector(settings, components),
            faults: self.faults.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

#[derive(Debug)]
struct FaultyConnector {
    inner: SharedHttpConnector,
    faults: Faults,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let fault = match self.faults.fate(&request) {
            Fate::PassedOn => {
                let meeting = self.faults.plan().meeting.clone();
                let meeting = meeting.filter(|_| action(&request) == "UpdateItem");
                let (answer, faults) = (self.inner.call(request), self.faults.clone());
                return HttpConnectorFuture::new(async move {
                    if let Some(meeting) = meeting {
                        meeting.wait().await;
                    }
                    let answer = answer.await?;
                    let length = answer.headers().get("content-length");
                    let length = length.and_then(|length| length.parse::<u64>().ok());
                    faults.plan().bytes_read += length.unwrap_or(0);
                    Ok(answer)
                });
            }
            Fate::PassedToLaggingIndexes(then) => {
                let then = then.http_connector(&self.settings, &self.components);
                return then.call(request);
            }
            Fate::Dead(death) => {
                let carried_out = (death.is_carried_out).then(|| self.inner.call(request));
                return HttpConnectorFuture::new(async move {
                    if let Some(carried_out) = carried_out {
                        carried_out.await?;
                    }
                    death.died.notify_one();
                    std::future::pending().await
                });
            }
            Fate::Struck(fault) => fault,
        };
        match fault {
            Fault::Refused => {
                let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
                HttpConnectorFuture::ready(Err(ConnectorError::io(refused.into())))
            }
            Fault::Unheard => {
                let carried_out = self.inner.call(request);
                HttpConnectorFuture::new(async move {
                    carried_out.await?;
                    Err(ConnectorError::timeout("the answer was lost".into()))
                })
            }
            Fault::Conflict => not_now(
                &request,
                "TransactionConflict",
                "TransactionConflictException",
            ),
            Fault::ThrottledInPart if action(&request) == "BatchGetItem" => {
                let keys = json_body(&request)["RequestItems"].clone();
                answered(200, json!({ "Responses": {}, "UnprocessedKeys": keys }))
            }
            Fault::ThrottledInPart => not_now(&request, "ThrottlingError", "ThrottlingException"),
            Fault::Rejected => error("ValidationException", &json!({})),
            Fault::Throttled => error("ProvisionedThroughputExceededException", &json!({})),
        }
    }
}

fn is_write(action: &str) -> bool {
    matches!(
        action,
        "TransactWriteItems" | "PutItem" | "UpdateItem" | "DeleteItem"
    )
}

fn json_body(request: &HttpRequest) -> Value {
    serde_json::from_slice(body(request)).expect("JSON")
}

fn answered(status: u16, body: Value) -> HttpConnectorFuture {
    HttpConnectorFuture::ready(Ok::<HttpResponse, _>(response(status, body.to_string())))
}

fn error(name: &str, more: &Value) -> HttpConnectorFuture {
    let mut body = more.clone();
    body["__type"] = format!("com.amazonaws.dynamodb.v20120810#{name}").into();
    body["Message"] = "Not now.".into();
    answered(400, body)
}

/// A transaction is cancelled for a reason at its first item; a single write meets an error of its own.
fn not_now(request: &HttpRequest, reason: &str, of_single_write: &str) -> HttpConnectorFuture {
    let Some(items) = json_body(request)["TransactItems"].as_array().map(Vec::len) else {
        return error(of_single_write, &json!({}));
    };
    let mut reasons = vec![json!({ "Code": "None" }); items];
    reasons[0] = json!({ "Code": reason, "Message": "Not now." });
    let reasons = json!({ "CancellationReasons": reasons });
    error("TransactionCanceledException", &reasons)
}
