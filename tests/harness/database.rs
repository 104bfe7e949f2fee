//! The database behind a server under test: the embedded store in memory or, where a run names one, another DynamoDB, such
//! as Amazon's own DynamoDB Local, which `make test-dynamodb` starts.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedHttpClient};
use aws_sdk_dynamodb::types::AttributeValue;
use local::embedded::EmbeddedStore;
use local::tables;
use serde_json::{Map, Value};
use store::{Connection, Table, Tables};

/// Names another DynamoDB for every server of the run.
const VARIABLE: &str = "LATCHKEY_TEST_DYNAMODB";

/// Where the other DynamoDB is that this run is to use, if it is to use one.
pub fn other_endpoint() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

/// A server's database.
pub(crate) enum Database {
    /// The embedded store, until it is stopped.
    Embedded(Option<EmbeddedStore>),
    /// Another DynamoDB. DynamoDB Local keeps a database for each access key, so each server has a key of its own.
    Other {
        endpoint: String,
        access_key: String,
    },
}

impl Database {
    /// A new one, with nothing in it.
    pub(crate) async fn start() -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        match other_endpoint() {
            None => Self::of(EmbeddedStore::in_memory().await.expect("a store in memory")),
            Some(endpoint) => {
                let number = STARTED.fetch_add(1, Ordering::Relaxed);
                let access_key = format!("TEST{}N{number}", std::process::id());
                Self::Other {
                    endpoint,
                    access_key,
                }
            }
        }
    }

    pub(crate) fn of(embedded: EmbeddedStore) -> Self {
        Self::Embedded(Some(embedded))
    }

    pub(crate) fn embedded(&self) -> &EmbeddedStore {
        match self {
            Self::Embedded(embedded) => embedded.as_ref().expect("the store has not been stopped"),
            Self::Other { .. } => {
                panic!("this test needs the embedded store: run it without {VARIABLE}")
            }
        }
    }

    /// The access key that names it, if it is another DynamoDB.
    pub(crate) fn access_key(&self) -> Option<&str> {
        match self {
            Self::Embedded(_) => None,
            Self::Other { access_key, .. } => Some(access_key),
        }
    }

    /// Where other processes reach it.
    pub(crate) fn endpoint(&self) -> String {
        match self {
            Self::Embedded(_) => self.embedded().endpoint().expect("a port"),
            Self::Other { endpoint, .. } => endpoint.clone(),
        }
    }

    /// The way to it: within this process where there is one, unless it is to be apart.
    pub(crate) fn way(&self, apart: bool) -> Connection {
        match self {
            Self::Embedded(_) if !apart => self.embedded().connection(),
            Self::Embedded(_) | Self::Other { .. } => Connection::Endpoint(self.endpoint()),
        }
    }

    /// A client of this database by this way.
    pub(crate) async fn client_over(&self, way: &Connection, http: SharedHttpClient) -> Client {
        let client = way.client_over(http).await;
        match self {
            Self::Embedded(_) => client,
            Self::Other { access_key, .. } => {
                let own = Credentials::new(access_key.as_str(), "secret", None, None, "test");
                let config = client.config().to_builder().credentials_provider(own);
                Client::from_conf(config.build())
            }
        }
    }

    /// Takes it away.
    pub(crate) async fn stop(&mut self) {
        let Self::Embedded(embedded) = self else {
            panic!("this test stops its store: run it without {VARIABLE}");
        };
        if let Some(embedded) = embedded.take() {
            embedded.stop().await;
        }
    }
}

/// Every item of a table as plain JSON, its record included.
pub(crate) async fn items_of(client: &Client, table: Table) -> Vec<Value> {
    let table = Tables::with_prefix(tables::PREFIX).name(table);
    let mut pages = client
        .scan()
        .table_name(table)
        .consistent_read(true)
        .into_paginator()
        .send();
    let mut items = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.expect("a page").items.unwrap_or_default();
        items.extend(page.into_iter().map(|item| {
            let mut item: Map<String, Value> = item
                .into_iter()
                .map(|(name, value)| (name, plain(value)))
                .collect();
            if let Some(Value::String(text)) = item.get("record") {
                let record = serde_json::from_str(text).expect("JSON");
                item.insert("record".to_owned(), record);
            }
            Value::Object(item)
        }));
    }
    items
}

fn plain(attribute: AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => text.into(),
        AttributeValue::N(number) => serde_json::from_str(&number).expect("a number"),
        AttributeValue::Bool(flag) => flag.into(),
        AttributeValue::L(values) => values.into_iter().map(plain).collect(),
        AttributeValue::M(members) => {
            let members = members.into_iter();
            members.map(|(name, value)| (name, plain(value))).collect()
        }
        AttributeValue::Null(_) => Value::Null,
        other => panic!("{other:?} is not read by any test yet"),
    }
}
