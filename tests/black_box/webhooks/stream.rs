//! The outbox's stream, where the store has one: on Amazon's DynamoDB Local. A small poller turns its records into the event
//! that the dispatcher takes.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, StreamSpecification, StreamViewType, TransactWriteItem,
};
use chrono::TimeDelta;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as Http;
use hyper_util::rt::TokioExecutor;
use local::demo::{ROOM, TEST_APP};
use serde_json::{Value, json};
use store::Due;
use tests::{Options, Receiver, TestServer, booking, other_endpoint, webhook};
use workers::Jobs;
use workers::messages::of_stream;

const TABLE: &str = "latchkey-outbox";

/// Asks DynamoDB Local's streams, which look at the access key alone.
async fn ask(endpoint: &str, authorization: &str, action: &str, body: &Value) -> Value {
    let request = http::Request::post(endpoint)
        .header("x-amz-target", format!("DynamoDBStreams_20120810.{action}"))
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", authorization)
        .body(Full::new(axum::body::Bytes::from(body.to_string())));
    let http = Http::builder(TokioExecutor::new()).build_http();
    let answer = http.request(request.expect("a request")).await;
    let answer = answer.expect("an answer");
    let status = answer.status();
    let body = answer.into_body().collect().await.expect("a body");
    let body: Value = serde_json::from_slice(&body.to_bytes()).expect("JSON");
    assert!(status.is_success(), "{action}: {body}");
    body
}

/// All records of a stream, as Lambda hands them to a function.
async fn poll(endpoint: &str, authorization: &str, stream: &str) -> Value {
    let ask = async |action, body| ask(endpoint, authorization, action, &body).await;
    let described = ask("DescribeStream", json!({ "StreamArn": stream })).await;
    let shards = described["StreamDescription"]["Shards"].as_array();
    let mut records = Vec::new();
    for shard in shards.expect("shards") {
        let from = json!({ "StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON" });
        let from = ask("GetShardIterator", from).await;
        let page = json!({ "ShardIterator": from["ShardIterator"] });
        let page = ask("GetRecords", page).await;
        records.extend(page["Records"].as_array().expect("records").clone());
    }
    json!({ "Records": records })
}

/// Puts a row of the outbox in a transaction that is cancelled.
async fn cancel(client: &Client) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let key = || {
        [
            ("pk".to_owned(), text("app#none")),
            ("sk".to_owned(), text("none")),
        ]
        .into()
    };
    let put = Put::builder().table_name(TABLE).set_item(Some(key()));
    let never = Delete::builder()
        .table_name("latchkey-data")
        .set_key(Some(key()))
        .condition_expression("attribute_exists(pk)");
    let transaction = client
        .transact_write_items()
        .transact_items(
            TransactWriteItem::builder()
                .put(put.build().expect("a put"))
                .build(),
        )
        .transact_items(
            TransactWriteItem::builder()
                .delete(never.build().expect("a delete"))
                .build(),
        );
    transaction.send().await.expect_err("its condition fails");
}

#[tokio::test]
async fn the_stream_says_what_was_committed_and_its_batch_is_delivered_once_however_often_it_comes()
{
    // The embedded store makes the table without a stream.
    let Some(endpoint) = other_endpoint() else {
        return;
    };
    let server = TestServer::start_with(Options {
        allow_local_webhooks: true,
        ..Options::default()
    })
    .await;
    let client = server.dynamodb().await;
    let specification = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage);
    let updated = client
        .update_table()
        .table_name(TABLE)
        .stream_specification(specification.build().expect("a specification"));
    let updated = updated.send().await.expect("a stream").table_description;
    let stream = updated.and_then(|table| table.latest_stream_arn);
    let stream = stream.expect("a stream has a name");

    let jobs = Jobs::new(server.state.clone());
    let before = jobs
        .find_due(TimeDelta::zero(), 100)
        .await
        .expect("rows")
        .due;
    let receiver = Receiver::start().await;
    let endpoint_of_app = webhook(1, receiver.url("/ok"), server.state.now());
    let created = server
        .state
        .writer()
        .create_webhook(TEST_APP, &endpoint_of_app)
        .await;
    created.expect("an endpoint");
    for day in [1, 2] {
        let at = |hour| format!("2026-12-{day:02}T{hour}:00:00Z");
        let body = booking(&ROOM.to_string(), "instant", &at(10), &at(11));
        server.app().post("/v2/bookings", body).await.expecting(201);
    }
    cancel(&client).await;

    let region = client.config().region().map(ToString::to_string);
    let region = region.expect("a region");
    let key = server.store_access_key().expect("a key");
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261121/{region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
    );
    let batch = of_stream(&poll(&endpoint, &authorization, &stream).await);
    let said: Vec<Due> = batch.iter().filter_map(|record| record.due).collect();
    assert_eq!((said.len(), batch.len()), (2, 2), "{batch:?}");
    let mut due = jobs
        .find_due(TimeDelta::zero(), 100)
        .await
        .expect("rows")
        .due;
    due.retain(|due| !before.contains(due));
    assert!(
        due.iter().all(|due| said.contains(due)) && due.len() == 2,
        "{due:?}"
    );
    for _ in 0..2 {
        let worked = jobs.work_on(batch.clone()).await;
        assert_eq!((worked.failed, worked.more), (Vec::new(), Vec::new()));
    }
    assert_eq!(receiver.received_at("/ok").len(), 2);
    // That a row was taken off what is due is no news.
    let again = of_stream(&poll(&endpoint, &authorization, &stream).await);
    assert_eq!(again, batch);
}
