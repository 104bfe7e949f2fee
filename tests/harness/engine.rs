//! The embedded store's engine without a connection, for simulations. Nothing waits for a socket, so the runtime's time can
//! be paused: waits between retries cost nothing, and the order in which callers get their turn follows from a seed.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dynoxide::actions::scan::{self, ScanRequest};
use dynoxide::storage::Storage;
use dynoxide::types::AttributeValue;
use local::connections::Connections;
use local::tables;
use serde_json::{Map, Value};
use store::{Table, Tables};

use crate::Random;

/// The engine. Clones are the same one.
#[derive(Clone)]
pub struct Engine {
    engine: local::engine::Engine,
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
        Self::over(Storage::memory().expect("an engine"))
    }

    fn over(storage: Storage) -> Self {
        Self {
            engine: local::engine::Engine::of(Connections::one(storage), None),
            latency: None,
        }
    }

    /// The same one, to which and from which a call takes a random time, so that calls of several callers interleave.
    #[must_use]
    pub fn with_latency(&self, random: Arc<Random>) -> Self {
        Self {
            engine: self.engine.clone(),
            latency: Some(random),
        }
    }

    /// Another one that holds what this one holds now.
    pub fn copy(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("copy.db");
        let path = path.to_str().expect("a path");
        let connections = self.engine.connections();
        let copied = connections.writing(async |storage| storage.vacuum_into(path));
        copied.expect("a copy");
        let mut storage = Storage::memory().expect("an engine");
        storage.restore_from(path).expect("a copy");
        Self {
            latency: self.latency.clone(),
            ..Self::over(storage)
        }
    }

    /// Every item of a table as plain JSON, its record included.
    pub fn items(&self, table: Table) -> Vec<Value> {
        let table_name = Tables::with_prefix(tables::PREFIX).name(table);
        let mut items = Vec::new();
        let mut exclusive_start_key = None;
        loop {
            let request = ScanRequest {
                table_name: table_name.clone(),
                exclusive_start_key,
                ..ScanRequest::default()
            };
            let connections = self.engine.connections();
            let page = connections.reading(async |storage| scan::execute(storage, request).await);
            let page = page.expect("a page");
            items.extend(page.items.into_iter().flatten().map(plain_item));
            exclusive_start_key = page.last_evaluated_key;
            if exclusive_start_key.is_none() {
                return items;
            }
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
            let answer = engine.engine.answer(Some(action(&request)), body(&request));
            let (status, body) = answer.await;
            engine.wait().await;
            Ok(local::engine::response(status, body))
        })
    }
}

/// The action that a request of the SDK is for.
pub(crate) fn action(request: &HttpRequest) -> &str {
    local::engine::action(request).expect("a target")
}

/// The body of a request of the SDK.
pub(crate) fn body(request: &HttpRequest) -> &[u8] {
    request.body().bytes().expect("a body that is all there")
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

/// A whole item. Its record is text in the store.
fn plain_item(fields: HashMap<String, AttributeValue>) -> Value {
    let mut item = plain_map(fields);
    if let Value::String(text) = &item["record"] {
        item["record"] = serde_json::from_str(text).expect("JSON");
    }
    item
}

fn plain_map(fields: HashMap<String, AttributeValue>) -> Value {
    let fields = fields.into_iter().map(|(name, value)| (name, plain(value)));
    fields.collect::<Map<_, _>>().into()
}
