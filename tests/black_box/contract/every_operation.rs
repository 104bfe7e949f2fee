//! Every operation, called once with success on a demo of its own: what functions log of it, what it costs, and what
//! their roles must allow for it. The requests are those of `events/`, changed as it says there if they show a refusal.

use api::operations::Operation;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use local::tables;
use model::key::Mode;
use serde_json::Value;
use store::{Table, Tables};
use tests::dossier::Dossier;
use tests::events::{Event, send, sound_event};
use tests::roles::Rights;
use tests::walk::every_operation;
use tests::{Log, TestServer};
use tokio::sync::OnceCell;

/// An operation that was called.
#[derive(Clone, Debug)]
pub(crate) struct Called {
    /// Itself.
    pub(crate) operation: Operation,
    /// What was sent.
    pub(crate) event: Value,
    /// The answer's status.
    pub(crate) status: u16,
    /// The answer's `X-Request-Id`.
    pub(crate) request_id: String,
    /// How many calls the store counted for all requests together meanwhile.
    pub(crate) store_calls: u64,
    /// What was logged.
    pub(crate) lines: Vec<Value>,
}

impl Called {
    /// The line that says what became of the request.
    pub(crate) fn line(&self) -> &Value {
        let [line] = self.lines.as_slice() else {
            panic!("{}: {:?}", self.operation.id, self.lines)
        };
        line
    }
}

/// Every operation, and the rights that all of them used together.
pub(crate) struct Everything {
    pub(crate) called: Vec<Called>,
    pub(crate) used: Rights,
}

/// Calls every operation. All tests share what came of it.
pub(crate) async fn called() -> &'static Everything {
    static EVERYTHING: OnceCell<Everything> = OnceCell::const_new();
    let call = || call_every_operation(Mode::Test);
    EVERYTHING.get_or_init(call).await
}

/// Calls every operation for a live app that has what the demo's test app has.
pub(crate) async fn called_for_a_live_app() -> Everything {
    call_every_operation(Mode::Live).await
}

async fn call_every_operation(mode: Mode) -> Everything {
    let mut everything = Everything {
        called: Vec::new(),
        used: Rights::new(),
    };
    every_operation(
        |_| true,
        async |server, operations| {
            for operation in operations {
                everything.called.push(call(server, operation, mode).await);
            }
            for (function, rights) in server.roles.used() {
                everything.used.entry(function).or_default().extend(rights);
            }
        },
    )
    .await;
    let operations = local::operations();
    let place = |called: &Called| {
        let mut ids = operations.list().iter().map(|operation| &operation.id);
        ids.position(|id| *id == called.operation.id)
    };
    everything.called.sort_by_key(place);
    everything
}

#[tokio::test]
async fn every_operation_can_be_done() {
    for called in &called().await.called {
        let id = called.operation.id.as_str();
        let never_done = Dossier::of(id).never_done;
        assert_eq!(
            called.status >= 400,
            never_done.is_some(),
            "{id}: {}. Make `done` in events/{id}/operation.json say how it succeeds",
            called.line()
        );
    }
}

async fn call(server: &TestServer, operation: &Operation, mode: Mode) -> Called {
    let Event(event) = sound_event(server, &operation.id).await;
    if mode == Mode::Live {
        turn_live(server).await;
    }
    // Past the life of every lease of permits, so that each operation is counted with the renewal of one.
    server.clock.advance(TimeDelta::seconds(10));
    let before = server.store_calls();
    let log = Log::start();
    let response = send(server, &event).await;
    let request_id = response.headers()["x-request-id"].to_str().expect("text");
    Called {
        operation: operation.clone(),
        status: response.status().as_u16(),
        request_id: request_id.to_owned(),
        store_calls: server.store_calls() - before,
        lines: log.lines(),
        event,
    }
}

/// Makes live apps of all test apps, which no operation does: so that a live app has the same data.
async fn turn_live(server: &TestServer) {
    let dynamodb = server.dynamodb().await;
    for table in [Table::Keys, Table::Credentials, Table::Accounts] {
        let table = Tables::with_prefix(tables::PREFIX).name(table);
        let found = dynamodb.scan().table_name(&table).send().await;
        for mut item in found.expect("a table").items.unwrap_or_default() {
            let Some(AttributeValue::S(record)) = item.get_mut("record") else {
                continue;
            };
            let live = record.replace(r#""mode":"test""#, r#""mode":"live""#);
            if *record != live {
                *record = live;
                let put = dynamodb.put_item().table_name(&table).set_item(Some(item));
                put.send().await.expect("written");
            }
        }
    }
}
