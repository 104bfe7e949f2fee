//! The engine of the embedded store without a connection: within this process, what the SDK would send is answered where
//! it is, and nothing is signed. The engine's own server answers what comes from elsewhere, and the same.

use std::fmt;

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The engine, as a way to DynamoDB. Clones are the same one.
#[derive(Clone)]
pub struct Engine(Database);

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// That of this database.
    pub const fn of(database: Database) -> Self {
        Self(database)
    }

    /// What it answers to a request of the SDK.
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let answer = action(request).map_or_else(
            || Err(unknown("a request without a target")),
            |action| self.run(action, request.body().bytes().unwrap_or_default()),
        );
        match answer {
            Ok(body) => response(200, body),
            Err(error) => response(error.status_code(), error.to_json()),
        }
    }

    fn run(&self, action: &str, body: &[u8]) -> Result<String, DynoxideError> {
        let database = &self.0;
        match action {
            "GetItem" => with(body, |request| database.get_item(request)),
            "BatchGetItem" => with(body, |request| database.batch_get_item(request)),
            "TransactGetItems" => with(body, |request| database.transact_get_items(request)),
            "Query" => with(body, |request| database.query(request)),
            "Scan" => with(body, |request| database.scan(request)),
            "PutItem" => with(body, |request| database.put_item(request)),
            "UpdateItem" => with(body, |request| database.update_item(request)),
            "DeleteItem" => with(body, |request| database.delete_item(request)),
            "BatchWriteItem" => with(body, |request| database.batch_write_item(request)),
            "TransactWriteItems" => with(body, |request| database.transact_write_items(request)),
            "CreateTable" => with(body, |request| database.create_table(request)),
            "DeleteTable" => with(body, |request| database.delete_table(request)),
            "DescribeTable" => with(body, |request| database.describe_table(request)),
            "ListTables" => with(body, |request| database.list_tables(request)),
            "UpdateTimeToLive" => with(body, |request| database.update_time_to_live(request)),
            "DescribeTimeToLive" => with(body, |request| database.describe_time_to_live(request)),
            other => Err(unknown(other)),
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
        HttpConnectorFuture::ready(Ok(self.answer(&request)))
    }
}

/// The action that a request of the SDK is for.
pub fn action(request: &HttpRequest) -> Option<&str> {
    request.headers().get("x-amz-target")?.rsplit('.').next()
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
    let headers = response.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.0");
    response
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
    use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
    use store::Connection;

    use crate::embedded::EmbeddedStore;
    use crate::tables;

    const TABLE: &str = "latchkey-keys";

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
        let apart = Connection::Endpoint(embedded.endpoint()).client().await;
        tables::create(&here, tables::PREFIX).await.expect("tables");
        assert_eq!(answers(&here, "1").await, answers(&apart, "2").await);
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
