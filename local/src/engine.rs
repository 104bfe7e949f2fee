//! The engine of the embedded store without a connection: within this process, what the SDK would send is answered where
//! it is, and nothing is signed. What comes from other processes (`embedded.rs`) is answered by the same one.

use std::sync::Arc;
use std::time::Instant;
use std::{fmt, thread};

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use dynoxide::DynoxideError;
use dynoxide::actions::transact_write_items::{
    TransactWriteItemsRequest, TransactWriteItemsResponse,
};
use dynoxide::actions::vector_lifecycle::VectorIndexLifecycle;
use dynoxide::actions::{
    batch_get_item, batch_write_item, create_table, delete_item, delete_table, describe_table,
    describe_time_to_live, get_item, list_tables, put_item, query, scan, transact_get_items,
    transact_write_items, update_item, update_table, update_time_to_live,
};
use dynoxide::storage::Storage;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connections::Connections;
use crate::damage::{self, Damage, Look, is_damage};
use crate::group_commit::{DiskError, GroupCommit};
use crate::tokens::Tokens;

/// The engine, as a way to DynamoDB. Clones are the same one.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    remembers_tokens: bool,
}

struct Shared {
    connections: Connections,
    commit: Option<GroupCommit>,
    damage: Damage,
    look: Look,
    tokens: Tokens,
    /// What the engine keeps of indexes that we do not have.
    vectors: VectorIndexLifecycle,
}

/// Why nothing was done.
enum Refused {
    /// The database is known to be damaged.
    Damaged,
    /// The engine says why.
    Engine(DynoxideError),
}

impl From<DynoxideError> for Refused {
    fn from(error: DynoxideError) -> Self {
        Self::Engine(error)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// That of this database. If it writes to a disk, it does so through `commit`.
    pub fn of(connections: Connections, commit: Option<GroupCommit>) -> Self {
        Self {
            shared: Arc::new(Shared {
                connections,
                commit,
                damage: Damage::default(),
                look: Look::default(),
                tokens: Tokens::default(),
                vectors: VectorIndexLifecycle::new(),
            }),
            remembers_tokens: true,
        }
    }

    /// The database itself, for filling and copying it.
    pub fn connections(&self) -> &Connections {
        &self.shared.connections
    }

    /// The same engine for callers whom every answer reaches, which need no `ClientRequestToken`: each one would be kept for
    /// ten minutes.
    #[must_use]
    pub fn without_tokens(&self) -> Self {
        Self {
            remembers_tokens: false,
            ..self.clone()
        }
    }

    /// What it answers to a request for this action, and with which status, once what it wrote is on the disk.
    pub async fn answer(&self, action: Option<&str>, body: &[u8]) -> (u16, String) {
        let action = action.unwrap_or("a request without a target");
        let answer = match self.read(action, body) {
            Some(answer) => answer.map_err(Refused::Engine),
            None => self.write_through(action, body).await,
        };
        match answer {
            Ok(body) => (200, body),
            Err(Refused::Damaged) => damage::answer(),
            Err(Refused::Engine(error)) if is_damage(&error) => {
                self.shared.damage.note(&error.to_string());
                damage::answer()
            }
            Err(Refused::Engine(error)) => (error.status_code(), error.to_json()),
        }
    }

    /// Reads the whole database at `path` beside everybody else, and stops all writing if a part of it is damaged.
    pub fn look_for_damage(&self, path: String) {
        let shared = self.shared.clone();
        let look = move || match shared.look.run(&path) {
            Ok(None) => {}
            Ok(Some(found)) => shared.damage.note(&found),
            Err(error) if is_damage(&error) => shared.damage.note(&error.to_string()),
            Err(error) => tracing::warn!(%error, "the database could not be looked through"),
        };
        // Not on a thread of the runtime, whose end would wait for it.
        let thread = thread::Builder::new().name("look-for-damage".to_owned());
        if let Err(error) = thread.spawn(look) {
            tracing::warn!(%error, "the database is not looked through: there is no thread for it");
        }
    }

    /// Takes all that was written into the database's own file, which then is whole without SQLite's log. It waits for the disk.
    pub fn close(&self) {
        self.shared.look.break_off();
        if let Err(error) = self.shared.connections.checkpoint_all() {
            tracing::warn!(%error, "SQLite's log was not taken into the database: keep the file latchkey.db-wal with it");
        }
    }

    async fn write_through(&self, action: &str, body: &[u8]) -> Result<String, Refused> {
        if self.shared.damage.is_known() {
            return Err(Refused::Damaged);
        }
        let Some(commit) = &self.shared.commit else {
            return Ok(self.write(action, body)?);
        };
        let refused = |error: DiskError| DynoxideError::InternalServerError(error.to_string());
        commit.check().map_err(refused)?;
        let answer = self.write(action, body)?;
        commit.durable().await.map_err(refused)?;
        if self.shared.connections.is_checkpoint_due() {
            let shared = self.shared.clone();
            tokio::task::spawn_blocking(move || {
                if let Err(error) = shared.connections.checkpoint() {
                    if is_damage(&error) {
                        shared.damage.note(&error.to_string());
                    }
                    tracing::warn!(%error, "SQLite's log was not taken into the database");
                }
            });
        }
        Ok(answer)
    }

    /// Nothing if the action is none that only reads.
    fn read(&self, action: &str, body: &[u8]) -> Option<Result<String, DynoxideError>> {
        let vectors = &self.shared.vectors;
        Some(match action {
            "GetItem" => self.reading_once(body, get_item::execute),
            "BatchGetItem" => self.reading(body, batch_get_item::execute),
            "TransactGetItems" => self.reading(body, transact_get_items::execute),
            "Query" => self.reading(body, query::execute),
            "Scan" => self.reading(body, scan::execute),
            "DescribeTable" => self.reading(body, async |storage: &Storage, request| {
                describe_table::execute(storage, request, vectors).await
            }),
            "ListTables" => self.reading(body, list_tables::execute),
            "DescribeTimeToLive" => self.reading(body, describe_time_to_live::execute),
            _ => return None,
        })
    }

    fn write(&self, action: &str, body: &[u8]) -> Result<String, DynoxideError> {
        let Shared {
            connections,
            vectors,
            ..
        } = &*self.shared;
        match action {
            "PutItem" => self.writing(body, put_item::execute),
            "UpdateItem" => self.writing(body, update_item::execute),
            "DeleteItem" => self.writing(body, delete_item::execute),
            "BatchWriteItem" => self.writing(body, batch_write_item::execute),
            "TransactWriteItems" => with(body, |request| self.transact(request)),
            "CreateTable" => self.writing(body, create_table::execute),
            "DeleteTable" => {
                let deleted = self.writing(body, async |storage: &Storage, request| {
                    delete_table::execute(storage, request, vectors).await
                })?;
                connections.forget_tables()?;
                Ok(deleted)
            }
            "UpdateTable" => {
                let updated = self.writing(body, async |storage: &Storage, request| {
                    update_table::execute(storage, request, vectors).await
                })?;
                connections.forget_tables()?;
                Ok(updated)
            }
            "UpdateTimeToLive" => {
                let updated = self.writing(body, update_time_to_live::execute)?;
                connections.forget_tables()?;
                Ok(updated)
            }
            other => Err(unknown(other)),
        }
    }

    fn reading<Q: DeserializeOwned, A: Serialize>(
        &self,
        body: &[u8],
        action: impl AsyncFnOnce(&Storage, Q) -> Result<A, DynoxideError>,
    ) -> Result<String, DynoxideError> {
        let on = self.connections();
        with(body, |request| {
            on.reading(async |storage| action(storage, request).await)
        })
    }

    fn reading_once<Q: DeserializeOwned, A: Serialize>(
        &self,
        body: &[u8],
        action: impl AsyncFnOnce(&Storage, Q) -> Result<A, DynoxideError>,
    ) -> Result<String, DynoxideError> {
        let on = self.connections();
        with(body, |request| {
            on.reading_once(async |storage| action(storage, request).await)
        })
    }

    fn writing<Q: DeserializeOwned, A: Serialize>(
        &self,
        body: &[u8],
        action: impl AsyncFnOnce(&Storage, Q) -> Result<A, DynoxideError>,
    ) -> Result<String, DynoxideError> {
        let on = self.connections();
        with(body, |request| {
            on.writing(async |storage| action(storage, request).await)
        })
    }

    fn transact(
        &self,
        request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsResponse, DynoxideError> {
        let token = request.client_request_token.clone();
        let work = |request| {
            let on = self.connections();
            on.writing(async |storage| transact_write_items::execute(storage, request).await)
        };
        match token.filter(|_| self.remembers_tokens) {
            Some(token) => self
                .shared
                .tokens
                .once(token, Instant::now(), request, work),
            None => work(request),
        }
    }
}

fn with<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    action: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    serde_json::to_string(&action(request)?)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

fn unknown(what: &str) -> DynoxideError {
    DynoxideError::SerializationException(format!("{what} is not passed on to the engine"))
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
            let body = request.body().bytes().unwrap_or_default();
            let (status, body) = engine.answer(action(&request), body).await;
            Ok(response(status, body))
        })
    }
}

/// The action that a request of the SDK is for.
pub fn action(request: &HttpRequest) -> Option<&str> {
    request.headers().get(TARGET).map(action_of)
}

/// The header that names the action of a request.
pub const TARGET: &str = "x-amz-target";

/// What a body is, to and from DynamoDB.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// The action that a target names: the API's version comes first.
pub fn action_of(target: &str) -> &str {
    target.rsplit('.').next().unwrap_or(target)
}

/// An answer as DynamoDB gives it.
///
/// # Panics
///
/// If `status` is none of HTTP's.
#[expect(clippy::expect_used, reason = "the engine knows HTTP's statuses")]
pub fn response(status: u16, body: String) -> HttpResponse {
    let status = status.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", CONTENT_TYPE);
    response
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::config::SharedHttpClient;
    use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
    use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
    use serde_json::json;
    use store::Connection;

    use super::*;
    use crate::embedded::EmbeddedStore;
    use crate::tables;

    const TABLE: &str = "latchkey-keys";

    async fn client(engine: &Engine) -> Client {
        let http = SharedHttpClient::new(engine.clone());
        Connection::Here(http).client().await
    }

    /// What calls of every kind are answered with, one after another.
    async fn answers(client: &Client, pk: &str) -> Vec<String> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let put = || {
            client
                .put_item()
                .table_name(TABLE)
                .item("pk", text(pk))
                .item("sk", text("a"))
                .item("number", AttributeValue::N("1.50".to_owned()))
                .condition_expression("attribute_not_exists(pk)")
        };
        let transaction = || {
            let put = Put::builder()
                .table_name(TABLE)
                .item("pk", text(pk))
                .item("sk", text("b"));
            let delete = Delete::builder()
                .table_name(TABLE)
                .key("pk", text(pk))
                .key("sk", text("a"))
                .condition_expression("attribute_not_exists(pk)");
            client
                .transact_write_items()
                .transact_items(
                    TransactWriteItem::builder()
                        .put(put.build().expect("a put"))
                        .build(),
                )
                .transact_items(
                    TransactWriteItem::builder()
                        .delete(delete.build().expect("a delete"))
                        .build(),
                )
        };
        let get = |table: &str| {
            client
                .get_item()
                .table_name(table)
                .key("pk", text(pk))
                .key("sk", text("a"))
        };
        let mut answers = Vec::new();
        let made = put().send().await;
        answers.push(format!("{:?}", made.map(|put| put.attributes)));
        let again = put().send().await.expect_err("it is there");
        answers.push(format!("{:?} {:?}", again.code(), again.message()));
        let got = get(TABLE).send().await.expect("an item");
        answers.push(format!("{:?}", got.item().expect("an item")["number"]));
        let nowhere = get("none").send().await.expect_err("no table");
        answers.push(format!("{:?} {:?}", nowhere.code(), nowhere.message()));
        let cancelled = transaction().send().await.expect_err("a condition fails");
        let reasons = format!("{:?}", cancelled.as_service_error());
        answers.push(reasons.split("meta:").next().expect("a part").to_owned());
        let unnamed = client.query().table_name(TABLE).send().await;
        let unnamed = unnamed.expect_err("no condition");
        answers.push(format!("{:?} {:?}", unnamed.code(), unnamed.message()));
        answers
    }

    #[tokio::test]
    async fn the_engine_answers_within_the_process_as_over_a_connection() {
        let embedded = EmbeddedStore::in_memory().await.expect("a store");
        let here = embedded.connection().client().await;
        let apart = Connection::Endpoint(embedded.endpoint().expect("a port"))
            .client()
            .await;
        tables::create(&here, tables::PREFIX).await.expect("tables");
        assert_eq!(answers(&here, "1").await, answers(&apart, "2").await);
    }

    #[tokio::test]
    async fn what_the_disk_refused_is_not_confirmed_and_reading_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("latchkey.db");
        let connections = || Connections::open(path.to_str().expect("a path")).expect("a store");
        let client = client(&Engine::of(connections(), None)).await;
        tables::create(&client, tables::PREFIX)
            .await
            .expect("tables");
        let commit = GroupCommit::over(|| Err(io::ErrorKind::StorageFull.into()));
        let engine = Engine::of(connections(), Some(commit));
        let put = |sk| {
            let item = json!({ "pk": { "S": "1" }, "sk": { "S": sk } });
            json!({ "TableName": TABLE, "Item": item }).to_string()
        };
        for sk in ["unconfirmed", "refused"] {
            let (status, said) = engine.answer(Some("PutItem"), put(sk).as_bytes()).await;
            assert_eq!(status, 500, "{said}");
            assert!(said.contains("the disk did not take"), "{said}");
        }
        let scan = json!({ "TableName": TABLE }).to_string();
        let (status, said) = engine.answer(Some("Scan"), scan.as_bytes()).await;
        assert_eq!(status, 200, "{said}");
        assert!(!said.contains("refused"), "{said}");
    }

    #[tokio::test]
    async fn a_transaction_sent_twice_is_done_once_where_its_answer_can_be_lost() {
        let engine = Engine::of(Connections::in_memory().expect("a store"), None);
        tables::create(&client(&engine).await, tables::PREFIX)
            .await
            .expect("tables");
        let put = json!({
            "TableName": TABLE, "Item": { "pk": { "S": "1" }, "sk": { "S": "a" } },
            "ConditionExpression": "attribute_not_exists(pk)",
        });
        let twice = json!({ "TransactItems": [{ "Put": put }], "ClientRequestToken": "1" });
        let twice = twice.to_string();
        let action = Some("TransactWriteItems");
        for _ in 0..2 {
            let (status, said) = engine.answer(action, twice.as_bytes()).await;
            assert_eq!(status, 200, "{said}");
        }
        let here = engine.without_tokens();
        let (status, said) = here.answer(action, twice.as_bytes()).await;
        assert_eq!(status, 400, "{said}");
        let longer = twice.replace(r#""1"}"#, &format!(r#""{}"}}"#, "1".repeat(37)));
        let (status, said) = engine.answer(action, longer.as_bytes()).await;
        assert_eq!(status, 400, "{said}");
        assert!(said.contains("clientRequestToken"), "{said}");
    }

    fn on_disk(folder: &Path) -> Engine {
        let path = folder.join("latchkey.db");
        let connections = Connections::open(path.to_str().expect("a path"));
        Engine::of(connections.expect("a store"), None)
    }

    #[tokio::test]
    async fn who_reads_beside_a_writer_is_answered_as_by_the_only_connection() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = json!({ "pk": { "S": "1" }, "sk": { "S": "a" } });
        let reads = [
            ("GetItem", json!({ "TableName": TABLE, "Key": key })),
            (
                "BatchGetItem",
                json!({ "RequestItems": { TABLE: { "Keys": [key] } } }),
            ),
            (
                "TransactGetItems",
                json!({ "TransactItems": [{ "Get": { "TableName": TABLE, "Key": key } }] }),
            ),
            (
                "Query",
                json!({
                    "TableName": TABLE, "KeyConditionExpression": "pk = :pk",
                    "ExpressionAttributeValues": { ":pk": { "S": "1" } },
                }),
            ),
            ("Scan", json!({ "TableName": TABLE })),
            ("ListTables", json!({})),
            ("DescribeTimeToLive", json!({ "TableName": TABLE })),
        ];
        let mut answers = Vec::new();
        let only = Engine::of(Connections::in_memory().expect("a store"), None);
        for engine in [only, on_disk(folder.path())] {
            tables::create(&client(&engine).await, tables::PREFIX)
                .await
                .expect("tables");
            let put = json!({ "TableName": TABLE, "Item": key }).to_string();
            let (status, said) = engine.answer(Some("PutItem"), put.as_bytes()).await;
            assert_eq!(status, 200, "{said}");
            let mut its = Vec::new();
            for (action, request) in &reads {
                let request = request.to_string();
                let (status, said) = engine.answer(Some(action), request.as_bytes()).await;
                assert_eq!(status, 200, "{action}: {said}");
                let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
                its.push((*action, said));
            }
            answers.push(its);
        }
        assert_eq!(answers[0], answers[1]);
    }

    #[tokio::test]
    async fn a_table_that_was_deleted_is_there_for_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        let client = client(&on_disk(folder.path())).await;
        tables::create(&client, tables::PREFIX)
            .await
            .expect("tables");
        let scan = || client.scan().table_name(TABLE).send();
        scan().await.expect("it is there");
        let deleted = client.delete_table().table_name(TABLE).send().await;
        deleted.expect("it is deleted");
        let gone = scan().await.expect_err("it is gone");
        assert_eq!(gone.code(), Some("ResourceNotFoundException"));
    }

    #[tokio::test]
    async fn what_the_engine_is_not_asked_for_is_refused_by_name() {
        let embedded = EmbeddedStore::in_memory().await.expect("a store");
        let here = embedded.connection().client().await;
        let refused = here.list_backups().send().await.expect_err("no such thing");
        let said = refused.message().expect("a reason").to_owned();
        assert!(said.contains("ListBackups"), "{said}");
    }
}
