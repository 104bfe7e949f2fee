//! What a function on AWS does with whatever it is handed: the real loop around the real routes, below a Lambda Runtime API
//! that the test holds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::ambient::SystemRandom;
use api::{Operations, Secrets, State, answer_size, invocations, routes};
use auth::MasterSecret;
use axum::Router;
use lambda_http::lambda_runtime::{Context, LambdaEvent};
use model::Random;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::{Connection, Store, Table, Tables};
use tests::TestServer;
use tests::dossier::Dossier;
use tests::events::Event;
use tests::function::{Answered, Function, is_function, serve_as_function};

use crate::contract::operations::operations;

/// What the full names of these tests begin with.
const HERE: &str = "platform::invocations::";

/// An event of events/, of payload version 2.0.
fn event(operation: &str) -> Value {
    let Event(event) = Event::of(operation);
    event
}

/// A sound event, for another path and query.
fn get(path: &str, query: &str) -> Value {
    let mut event = event("list_bookings");
    event["rawPath"] = path.into();
    event["requestContext"]["http"]["path"] = path.into();
    event["rawQueryString"] = query.into();
    event
}

/// The event that a REST API with a stage `prod` sends for the same request, which is payload version 1.0.
fn as_version_1(event: &Value) -> Value {
    let context = &event["requestContext"];
    let mut queries: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let raw = event["rawQueryString"].as_str().expect("a query");
    for (name, value) in form_urlencoded::parse(raw.as_bytes()).into_owned() {
        queries.entry(name).or_default().push(value);
    }
    let last: BTreeMap<_, _> = queries
        .iter()
        .map(|(name, all)| (name, all.last()))
        .collect();
    let headers = event["headers"].as_object().expect("headers");
    let lists: BTreeMap<_, _> = headers
        .iter()
        .map(|(name, value)| (name, [value]))
        .collect();
    let path = event["rawPath"].as_str().expect("a path");
    json!({
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": context["http"]["method"],
        "headers": headers,
        "multiValueHeaders": lists,
        "queryStringParameters": (!queries.is_empty()).then_some(last),
        "multiValueQueryStringParameters": (!queries.is_empty()).then_some(&queries),
        "pathParameters": { "proxy": path.trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": {
            "accountId": context["accountId"],
            "apiId": context["apiId"],
            "domainName": context["domainName"],
            "domainPrefix": context["domainPrefix"],
            "httpMethod": context["http"]["method"],
            "identity": { "sourceIp": context["http"]["sourceIp"], "userAgent": context["http"]["userAgent"] },
            "path": format!("/prod{path}"),
            "protocol": "HTTP/1.1",
            "requestId": context["requestId"],
            "requestTimeEpoch": context["timeEpoch"],
            "resourceId": "proxy",
            "resourcePath": "/{proxy+}",
            "stage": "prod",
        },
        "body": event.get("body"),
        "isBase64Encoded": event["isBase64Encoded"],
    })
}

async fn answer(router: &Router, event: &Value) -> Answered {
    let payload = RawValue::from_string(event.to_string()).expect("JSON");
    let answer = invocations::answer(router, LambdaEvent::new(payload, Context::default())).await;
    Answered::read(answer.expect("an answer").get().as_bytes())
}

/// Each event as an HTTP API sends it and as a REST API does. What writes needs a fresh demo each time, which is slow, so
/// there it is the REST API's alone: the test in contract.rs has the other.
#[tokio::test]
async fn every_event_gets_its_status_in_both_payload_versions() {
    let server = TestServer::start().await;
    for operation in operations() {
        let version_2 = event(&operation.id);
        let version_1 = as_version_1(&version_2);
        let answers = if operation.writes {
            let server = TestServer::start().await;
            let router = local::operations().into_router(&server.state);
            vec![answer(&router, &version_1).await]
        } else {
            let router = local::operations().into_router(&server.state);
            vec![
                answer(&router, &version_1).await,
                answer(&router, &version_2).await,
            ]
        };
        for answered in answers {
            assert_eq!(
                answered.status,
                u64::from(Dossier::of(&operation.id).status),
                "events/{}: {answered:?}",
                operation.id
            );
        }
    }
}

/// How many of the next requests panic in the edge, where each gets its id.
static UNSOUND: AtomicUsize = AtomicUsize::new(0);

struct UnsoundRandom;

impl Random for UnsoundRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let is_unsound = UNSOUND.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
        assert!(is_unsound.is_err(), "the edge gave up");
        SystemRandom.fill(bytes);
    }
}

/// Operations that do what none should.
mod wrong {
    use std::sync::atomic::Ordering;

    use api::caller::Public;
    use api::{ApiError, Query};
    use auth::{Access, Anonymous};
    use axum::response::IntoResponse;
    use http::header::CONTENT_TYPE;

    api::access! {
        /// Everybody.
        pub(super) enum Anybody: Anonymous = Access::anonymous();
    }

    #[utoipa::path(get, path = "/v2/panic", responses((status = 200)))]
    pub(super) async fn panic_in_handler(_: Public<Anybody>) -> ApiError {
        panic!("the handler gave up")
    }

    /// Makes the edge panic over as many requests as asked for.
    #[utoipa::path(get, path = "/v2/unsound", responses((status = 200)))]
    pub(super) async fn make_edge_unsound(_: Public<Anybody>, query: Query) -> &'static str {
        let times = query.get("times").and_then(|times| times.parse().ok());
        super::UNSOUND.store(times.expect("times"), Ordering::SeqCst);
        "so be it"
    }

    /// An answer of a type and as many bytes as asked for, each of them a letter or a quotation mark.
    #[utoipa::path(get, path = "/v2/large", responses((status = 200)))]
    pub(super) async fn answer_at_length(_: Public<Anybody>, query: Query) -> impl IntoResponse {
        let bytes = query.get("bytes").and_then(|bytes| bytes.parse().ok());
        let is_quotes = query.get("quotes").is_some();
        let letter = if is_quotes { "\"" } else { "a" };
        let media_type = query.get("type").expect("a type").to_owned();
        let body = letter.repeat(bytes.expect("bytes"));
        ([(CONTENT_TYPE, media_type)], body)
    }
}

fn with_operations_that_go_wrong() -> Operations {
    local::operations()
        .add(routes!(wrong::panic_in_handler))
        .add(routes!(wrong::make_edge_unsound))
        .add(routes!(wrong::answer_at_length))
}

/// As a function has it: with the store given, and a randomness that gives up when it is told to.
fn state(server: &TestServer, store: Store) -> State {
    let secret = MasterSecret::parse(&tests::master_secret().to_string()).expect("a secret");
    let config = server.state.config().clone();
    let (clock, random) = (server.clock.clone(), Arc::new(UnsoundRandom));
    State::new(store, clock, random, Secrets::Here(secret), config)
}

async fn serve_what_goes_wrong() {
    let server = TestServer::start().await;
    let state = state(&server, server.state.store().clone());
    serve_as_function(with_operations_that_go_wrong().into_router(&state)).await;
}

/// The event is answered with a 500 in our shape, the log says why, and the next event is served.
async fn assert_fails(function: &mut Function, event: &Value, cause: &str) -> Vec<Value> {
    let answered = function.invoke(event).await;
    assert_eq!(answered.status, 500, "{event}: {answered:?}");
    assert_eq!(answered.body["code"], "internal", "{event}: {answered:?}");
    let media_type = answered.headers["content-type"].as_str();
    assert_eq!(media_type, Some("application/json"), "{answered:?}");
    assert_eq!(
        answered.headers["cache-control"], "no-store",
        "{answered:?}"
    );
    let log = function.log_of(&answered).await;
    let failure = log.iter().find(|line| {
        line["message"] == "request failed" && line.to_string().contains(answered.request_id())
    });
    let failure = failure.unwrap_or_else(|| panic!("{event}: no line about it in {log:#?}"));
    assert_eq!(failure["level"], "ERROR", "{failure}");
    let said = failure["cause"].as_str().expect("a cause");
    assert!(said.contains(cause), "{event}: {said}");
    assert_serves(function).await;
    log
}

async fn assert_serves(function: &mut Function) {
    let answered = function.invoke(&event("get_openapi_document")).await;
    assert_eq!(answered.status, 200, "{answered:?}");
    function.log_of(&answered).await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_a_500_with_a_reason_in_the_log_and_the_next_is_served() {
    if is_function() {
        return serve_what_goes_wrong().await;
    }
    let mut function = Function::start(&format!(
        "{HERE}an_event_that_cannot_be_read_is_a_500_with_a_reason_in_the_log_and_the_next_is_served"
    ))
    .await;
    let version_2 = event("list_bookings");
    let version_1 = as_version_1(&version_2);
    let with = |event: &Value, name: &str, value: Value| tests::with(event.clone(), name, value);
    let without = |event: &Value, name: &str| {
        let mut event = event.clone();
        event.as_object_mut().expect("an object").remove(name);
        event
    };
    let no_context = "has no requestContext";
    let mut no_http = version_2.clone();
    no_http["requestContext"]
        .as_object_mut()
        .expect("a context")
        .remove("http");
    let not_base64 = |event: &Value| {
        with(
            &with(event, "isBase64Encoded", true.into()),
            "body",
            "{}".into(),
        )
    };
    let secret = version_2["headers"]["authorization"]
        .as_str()
        .expect("a key");
    let cases = [
        (
            with(&version_2, "version", "3.0".into()),
            "payload version \"3.0\"",
        ),
        (with(&version_2, "version", 2.into()), "payload version 2,"),
        (
            with(&version_1, "version", "1.1".into()),
            "payload version \"1.1\"",
        ),
        (without(&version_2, "requestContext"), no_context),
        (with(&version_2, "requestContext", Value::Null), no_context),
        (without(&version_1, "requestContext"), no_context),
        (
            json!({ "Records": [{ "eventSource": "aws:sqs", "body": "" }] }),
            no_context,
        ),
        (json!({}), no_context),
        (json!([]), no_context),
        (json!("good morning"), no_context),
        (Value::Null, no_context),
        (no_http, "missing field `http`"),
        (
            with(&version_2, "headers", secret.into()),
            "shape of payload version 2.0: line 1",
        ),
        (
            with(&version_1, "headers", json!({ "a\nb": secret })),
            "shape of payload version 1.0: line 1",
        ),
        (not_base64(&version_2), "marked as Base64 and is not"),
        (not_base64(&version_1), "marked as Base64 and is not"),
    ];
    for (event, cause) in cases {
        let log = assert_fails(&mut function, &event, cause).await;
        assert!(!format!("{log:?}").contains(secret), "{log:#?}");
    }
}

#[tokio::test]
async fn wherever_it_panics_the_answer_is_a_500_the_log_says_where_and_the_next_event_is_served() {
    if is_function() {
        return serve_what_goes_wrong().await;
    }
    let mut function = Function::start(&format!(
        "{HERE}wherever_it_panics_the_answer_is_a_500_the_log_says_where_and_the_next_event_is_served"
    ))
    .await;
    let panicked = |log: &[Value], reason: &str| {
        let line = log.iter().find(|line| line["message"] == "panicked");
        let line = line.unwrap_or_else(|| panic!("no panic in {log:#?}"));
        assert_eq!(line["reason"], reason, "{line}");
        assert!(
            line["place"]
                .as_str()
                .is_some_and(|place| place.contains(".rs:")),
            "{line}"
        );
    };

    let log = assert_fails(&mut function, &get("/v2/panic", ""), "a handler panicked").await;
    panicked(&log, "the handler gave up");

    // Where lambda_http makes a request of the event.
    let mut nowhere = get("/v2/bookings", "");
    nowhere["headers"]["host"] = "a b".into();
    let log = assert_fails(&mut function, &nowhere, "panicked outside of a handler").await;
    assert!(
        log.iter().any(|line| line["message"] == "panicked"),
        "{log:#?}"
    );

    let once = function.invoke(&get("/v2/unsound", "times=1")).await;
    assert_eq!(once.status, 200, "{once:?}");
    let log = assert_fails(
        &mut function,
        &get("/v2/bookings", ""),
        "panicked outside of a handler",
    )
    .await;
    panicked(&log, "the edge gave up");

    // Then the answer to that fails too, and what comes is Lambda's own id.
    for event in [
        get("/v2/bookings", ""),
        as_version_1(&get("/v2/bookings", "")),
    ] {
        let twice = function.invoke(&get("/v2/unsound", "times=2")).await;
        assert_eq!(twice.status, 200, "{twice:?}");
        let answered = function.invoke(&event).await;
        assert_eq!(answered.status, 500, "{answered:?}");
        assert_eq!(answered.body["code"], "internal", "{answered:?}");
        assert_eq!(answered.headers["content-type"], "application/json");
        let id = answered.request_id().to_owned();
        function
            .log_until(|line| {
                line["message"] == "request failed at the edge" && line.to_string().contains(&id)
            })
            .await;
        assert_serves(&mut function).await;
    }
}

#[tokio::test]
async fn an_answer_that_lambda_would_not_take_is_an_error_that_says_what_to_do() {
    if is_function() {
        return serve_what_goes_wrong().await;
    }
    let mut function = Function::start(&format!(
        "{HERE}an_answer_that_lambda_would_not_take_is_an_error_that_says_what_to_do"
    ))
    .await;
    let most = answer_size::MAX_ANSWER;
    for (query, fits) in [
        // As it is, with a letter for each byte.
        (
            format!("type=application/json&bytes={}", most - 20_000),
            true,
        ),
        (format!("type=application/json&bytes={most}"), false),
        (format!("type=text/calendar&bytes={}", 7 * most), false),
        // Escaped: two for each.
        (
            format!("type=application/json&quotes=1&bytes={}", most / 2 - 10_000),
            true,
        ),
        (
            format!("type=application/json&quotes=1&bytes={}", most / 2),
            false,
        ),
        // Base64: four for three.
        (
            format!("type=image/png&bytes={}", most / 4 * 3 - 15_000),
            true,
        ),
        (format!("type=image/png&bytes={}", most / 4 * 3), false),
    ] {
        for event in [
            get("/v2/large", &query),
            as_version_1(&get("/v2/large", &query)),
        ] {
            let answered = function.invoke(&event).await;
            let log = function.log_of(&answered).await;
            let line = log.last().expect("a line");
            if fits {
                assert_eq!(answered.status, 200, "{query}: {}", answered.size);
                assert!(answered.size > most - 50_000, "{query}: {}", answered.size);
            } else {
                assert_eq!(answered.status, 422, "{query}: {}", answered.size);
                assert_eq!(answered.body["code"], "answer_too_large");
                let sentence = answered.body["error"].as_str().expect("a sentence");
                assert!(sentence.contains("smaller limit"), "{sentence}");
                assert_eq!(line["code"], "answer_too_large", "{line}");
            }
        }
    }
    assert_serves(&mut function).await;
}

/// Callers come to it: by a long list of bookings that hold a lot.
#[tokio::test]
async fn a_page_of_bookings_that_is_too_large_to_send_is_shorter_and_the_next_goes_on_behind_it() {
    let server = TestServer::start().await;
    let filled = crate::limits::per_request::fill_with_large_bookings(&server, 400).await;
    let router = local::operations().into_router(&server.state);
    let mut query = "limit=1000&include=meta,customers,resource&search=meta.kind:large".to_owned();
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let answered = answer(&router, &get("/v2/bookings", &query)).await;
        assert_eq!(answered.status, 200);
        assert!(
            answered.size <= answer_size::MAX_ANSWER,
            "{}",
            answered.size
        );
        let rows = answered.body["data"].as_array().expect("rows");
        let ids = rows.iter().map(|row| row["id"].as_str().expect("an id"));
        seen.extend(ids.map(str::to_owned));
        pages += 1;
        let Some(next) = answered.body["next_page_url"].as_str() else {
            break;
        };
        query = next.split_once('?').expect("a query").1.to_owned();
    }
    assert!(pages > 1);
    let mut expected: Vec<String> = filled.iter().map(ToString::to_string).collect();
    expected.sort();
    seen.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_table_that_is_missing_is_named_in_the_log() {
    if is_function() {
        let server = TestServer::start().await;
        let store = server.state.store().clone();
        let dynamodb = server.dynamodb().await;
        for table in [Table::Data, Table::Audit] {
            let name = format!("latchkey-{}", table.suffix());
            let deleted = dynamodb.delete_table().table_name(name).send().await;
            deleted.expect("deleted");
        }
        let state = state(&server, store);
        return serve_as_function(local::operations().into_router(&state)).await;
    }
    let mut function = Function::start(&format!(
        "{HERE}a_table_that_is_missing_is_named_in_the_log"
    ))
    .await;
    for (operation, table) in [
        // A Query, a GetItem and a transaction.
        (
            "list_bookings",
            "there is no table latchkey-data: deploy the template",
        ),
        (
            "get_resource",
            "there is no table latchkey-data: deploy the template",
        ),
        ("create_key", "latchkey-audit"),
    ] {
        for event in [event(operation), as_version_1(&event(operation))] {
            assert_fails(&mut function, &event, table).await;
        }
    }
}

#[tokio::test]
async fn credentials_that_are_missing_are_told_of_in_the_log() {
    if is_function() {
        let server = TestServer::start().await;
        let client = Connection::from_function().await.client().await;
        let store = Store::new(
            client,
            Tables::with_prefix("latchkey-"),
            Arc::new(SystemRandom),
            server.clock.clone(),
        );
        let state = state(&server, store);
        return serve_as_function(local::operations().into_router(&state)).await;
    }
    let mut function = Function::start(&format!(
        "{HERE}credentials_that_are_missing_are_told_of_in_the_log"
    ))
    .await;
    for operation in ["list_bookings", "create_booking", "create_account"] {
        let cause = "there are no AWS credentials: give the function a role";
        assert_fails(&mut function, &event(operation), cause).await;
    }
}
