//! The embedded store's engine without a connection: the SDK calls it within this process. Nothing then waits
//! for a socket, so the runtime's time can be paused: waits between retries cost nothing, and the order in
//! which callers get their turn follows from a seed.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::types::AttributeValue;
use local::tables;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use store::{Table, Tables};

use crate::Random;

/// The engine. Clones are the same one.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    latency: Option<Arc<Random>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// An empty one.
    pub fn in_memory() -> Self {
        Self {
            database: Database::memory().expect("an engine"),
            latency: None,
        }
    }

    /// The same one, to which and from which a call takes a random time, so that calls of several callers interleave.
    #[must_use]
    pub fn with_latency(&self, random: Arc<Random>) -> Self {
        Self {
            database: self.database.clone(),
            latency: Some(random),
        }
    }

    /// Another one that holds what this one holds now.
    pub fn copy(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("copy.db");
        let path = path.to_str().expect("a path");
        self.database.vacuum_into(path).expect("a copy");
        let database = Database::memory().expect("an engine");
        database.restore_from(path).expect("a copy");
        Self {
            database,
            latency: self.latency.clone(),
        }
    }

    /// Every item of a table as plain JSON.
    pub fn items(&self, table: Table) -> Vec<Value> {
        let table_name = Tables::with_prefix(tables::PREFIX).name(table);
        let mut items = Vec::new();
        let mut exclusive_start_key = None;
        loop {
            let page = self.database.scan(ScanRequest {
                table_name: table_name.clone(),
                exclusive_start_key,
                ..ScanRequest::default()
            });
            let page = page.expect("a page");
            items.extend(page.items.into_iter().flatten().map(plain_map));
            exclusive_start_key = page.last_evaluated_key;
            if exclusive_start_key.is_none() {
                return items;
            }
        }
    }

    fn answer(&self, action: &str, body: &str) -> Result<String, dynoxide::DynoxideError> {
        fn run<Q: DeserializeOwned, A: Serialize>(
            body: &str,
            action: impl FnOnce(Q) -> Result<A, dynoxide::DynoxideError>,
        ) -> Result<String, dynoxide::DynoxideError> {
            let request = serde_json::from_str(body).expect("a request");
            Ok(serde_json::to_string(&action(request)?).expect("an answer"))
        }
        let database = &self.database;
        match action {
            "GetItem" => run(body, |request| database.get_item(request)),
            "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
            "Query" => run(body, |request| database.query(request)),
            "Scan" => run(body, |request| database.scan(request)),
            "PutItem" => run(body, |request| database.put_item(request)),
            "UpdateItem" => run(body, |request| database.update_item(request)),
            "DeleteItem" => run(body, |request| database.delete_item(request)),
            "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
            "CreateTable" => run(body, |request| database.create_table(request)),
            "UpdateTimeToLive" => run(body, |request| database.update_time_to_live(request)),
            other => panic!("{other} is not passed on to the engine: add it here"),
        }
    }

    async fn wait(&self) {
        if let Some(random) = &self.latency {
            tokio::time::sleep(Duration::from_millis(random.below(8) + 1)).await;
        }
    }
}

impl HttpClient for Engine {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Engine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.clone();
        HttpConnectorFuture::new(async move {
            engine.wait().await;
            let body = std::str::from_utf8(body(&request)).expect("text");
            let answer = match engine.answer(action(&request), body) {
                Ok(body) => response(200, body),
                Err(error) => response(error.status_code(), error.to_json()),
            };
            engine.wait().await;
            Ok(answer)
        })
    }
}

/// The action that a request of the SDK is for.
pub(crate) fn action(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").expect("a target");
    target.rsplit('.').next().expect("an action")
}

/// The body of a request of the SDK.
pub(crate) fn body(request: &HttpRequest) -> &[u8] {
    request.body().bytes().expect("a body that is all there")
}

/// An answer as DynamoDB gives it.
pub(crate) fn response(status: u16, body: String) -> HttpResponse {
    let status = status.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    let headers = response.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.0");
    response
}

/// An attribute as plain JSON: numbers as numbers, maps and lists as what they are.
fn plain(attribute: AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => text.into(),
        AttributeValue::N(number) => serde_json::from_str(&number).expect("a number"),
        AttributeValue::BOOL(value) => value.into(),
        AttributeValue::L(values) => values.into_iter().map(plain).collect(),
        AttributeValue::M(fields) => plain_map(fields),
        AttributeValue::NULL(_) => Value::Null,
        other => panic!("{other:?} is not read by any test yet"),
    }
}

fn plain_map(fields: HashMap<String, AttributeValue>) -> Value {
    let fields = fields.into_iter().map(|(name, value)| (name, plain(value)));
    fields.collect::<Map<_, _>>().into()
}
