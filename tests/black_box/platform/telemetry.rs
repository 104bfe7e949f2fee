//! What functions log: one line for each request, which says who did what, what came of it and what it cost, and which
//! CloudWatch reads metrics from. No secret is in it.

use std::collections::BTreeSet;

use api::log::METRICS;
use chrono::TimeDelta;
use http::Method;
use lambda_http::RequestExt as _;
use local::demo::{CONFIRMED, EMAIL, ROOM, TEST_APP, TEST_SLUG};
use serde_json::{Value, json};
use tests::events::{Event, function_request, request};
use tests::{Fault, Lasting, Log, Reply, TestServer, booking, with};
use tower::ServiceExt as _;

use crate::contract::every_operation;

fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field} of {line}"))
}

/// The fields of a line that say how many requests of a kind it is about.
fn counted(line: &Value) -> Vec<&'static str> {
    let counts = METRICS.iter().filter(|(name, unit)| {
        *unit == "Count" && !["StoreCalls", "ReadUnits", "WriteUnits"].contains(name)
    });
    let counts = counts.map(|(name, _)| *name);
    counts
        .filter(|name| line.get(*name).is_some())
        .inspect(|name| assert_eq!(line[*name], 1, "{line}"))
        .collect()
}

#[tokio::test]
async fn every_operation_leaves_one_line_with_its_name_its_caller_and_its_cost() {
    for called in &every_operation::called().await.called {
        let (operation, line) = (&called.operation, called.line());
        let about = &operation.id;
        assert_eq!(text(line, "message"), "answered", "{about}");
        assert_eq!(text(line, "request_id"), called.request_id, "{about}");
        assert_eq!(text(line, "gateway_request_id"), "example", "{about}");
        assert_eq!(text(line, "method"), operation.method, "{about}");
        assert_eq!(line["status"], called.status, "{about}");
        assert_eq!(line.get("code").is_some(), called.status >= 400, "{line}");
        assert_eq!(line["StoreCalls"], called.store_calls, "{about}");
        assert!(
            line["Duration"].as_f64().is_some_and(|ms| ms > 0.0),
            "{line}"
        );
        let units = ["ReadUnits", "WriteUnits"].map(|name| line[name].as_f64().expect("a number"));
        assert_eq!(
            units.iter().sum::<f64>() > 0.0,
            called.store_calls > 0,
            "{line}"
        );
        // An alias by another method is the same operation to the log.
        assert!(
            about.starts_with(text(line, "operation")),
            "{about}: {line}"
        );
        let with_key = called.event["headers"].get("authorization").is_some()
            && called.event["headers"].get("timekit-app").is_none();
        if with_key && !operation.access.is_anonymous() {
            assert_eq!(text(line, "app_id"), TEST_APP.to_string(), "{about}");
            let key = text(line, "key_id");
            assert_eq!(text(line, "caller"), format!("key:{key}"), "{about}");
        }
    }
}

/// By the rules of CloudWatch's "Specification: Embedded metric format".
#[tokio::test]
async fn every_line_about_a_request_is_a_metrics_document() {
    for called in &every_operation::called().await.called {
        let line = called.line();
        let metadata = line["_aws"].as_object().expect("a metadata object");
        assert_eq!(metadata.len(), 2, "{line}");
        let written_at = text(line, "timestamp").parse::<chrono::DateTime<chrono::Utc>>();
        let written_ms = written_at.expect("a time").timestamp_millis();
        assert_eq!(metadata["Timestamp"].as_i64(), Some(written_ms), "{line}");
        let directives = metadata["CloudWatchMetrics"].as_array().expect("a list");
        for directive in directives {
            assert_eq!(text(directive, "Namespace"), "latchkey");
            assert_eq!(directive["Dimensions"], json!([[]]));
            assert_eq!(line["function"], "latchkey-bookings");
            let metrics = directive["Metrics"].as_array().expect("a list");
            assert!((1..=100).contains(&metrics.len()), "{line}");
            for metric in metrics {
                let fields: Vec<&String> = metric.as_object().expect("a metric").keys().collect();
                assert_eq!(fields, ["Name", "Unit"], "{line}");
                assert!(
                    ["Count", "Milliseconds"].contains(&text(metric, "Unit")),
                    "{line}"
                );
                assert!(line[text(metric, "Name")].is_number(), "{metric} in {line}");
            }
            let named: BTreeSet<&str> = metrics.iter().map(|metric| text(metric, "Name")).collect();
            let always = [
                "Requests",
                "Duration",
                "StoreCalls",
                "ReadUnits",
                "WriteUnits",
            ];
            assert!(named.is_superset(&always.into()), "{line}");
        }
    }
}

#[tokio::test]
async fn the_documentation_explains_every_field_and_every_metric() {
    let documented = include_str!("../../../docs/OPERATIONS.md");
    let tables = documented.lines().filter(|line| line.starts_with("| `"));
    let explained: BTreeSet<&str> = tables
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|names| names.split(','))
        .map(|name| name.trim().trim_matches('`'))
        .collect();
    let explains = |name: &str| explained.contains(name);
    let mut unexplained = BTreeSet::new();
    for called in &every_operation::called().await.called {
        for field in called.line().as_object().expect("an object").keys() {
            if !explains(field) {
                unexplained.insert(field.clone());
            }
        }
    }
    assert!(
        unexplained.is_empty(),
        "docs/OPERATIONS.md, Logs: add rows for {unexplained:?}"
    );
    for (metric, _) in METRICS {
        assert!(
            explains(metric),
            "docs/OPERATIONS.md, Metrics: add a row for {metric}"
        );
    }
}

#[tokio::test]
async fn refusals_and_failures_are_counted_by_kind() {
    let mut server = TestServer::start().await;
    let (faulty, faults) = server.faulty_instance().await;
    let (app, nobody) = (server.app(), server.anonymous());
    let other_scope = json!({ "name": "Reader", "scopes": ["resources.read"] });
    let (_, reader) = server.make_key(&app, other_scope).await;
    let slow = json!({
        "name": "Slow", "scopes": ["bookings.read"], "rate_limit": { "limit": 1, "window": "1 minute" },
    });
    let (_, slow) = server.make_key(&app, slow).await;
    slow.get("/v2/bookings").await.expecting(200);
    let path = format!("/v2/bookings/{CONFIRMED}");
    let illegal = format!("{path}/confirm");

    let log = Log::start();
    let counted_of = |reply: Reply, status: u16| {
        assert_eq!(reply.status, status, "{}", reply.body);
        counted(log.requests().last().expect("a line"))
    };
    let refused = vec!["Requests", "AuthRefusals"];
    assert_eq!(counted_of(app.get(&path).await, 200), ["Requests"]);
    assert_eq!(counted_of(nobody.get(&path).await, 401), refused);
    assert_eq!(counted_of(reader.get(&path).await, 403), refused);
    assert_eq!(counted_of(app.get("/v2/nothing").await, 404), ["Requests"]);
    let conflict = app.put(&illegal, json!({})).await;
    assert_eq!(counted_of(conflict, 409), ["Requests", "Conflicts"]);
    let limited = slow.get(&path).await;
    assert_eq!(counted_of(limited, 429), ["Requests", "RateLimited"]);

    faults.inject(0, Fault::Refused, Lasting::FromThere);
    let away = app.at(&faulty).get(&path).await;
    assert_eq!(counted_of(away, 503), ["Requests", "ServerErrors"]);
    let (dynamodb, meters) = (server.dynamodb().await, "latchkey-meters");
    let lost = dynamodb.delete_table().table_name(meters).send().await;
    lost.expect("the meters are gone");
    // Past the life of the lease that the instance holds.
    server.clock.advance(TimeDelta::seconds(10));
    let by_itself = app.get(&path).await;
    assert_eq!(counted_of(by_itself, 200), ["Requests", "MetersAway"]);
}

/// A decision on time that others keep changing is given up at a deadline, which passes at once where time is simulated.
#[tokio::test(start_paused = true)]
async fn what_stayed_contended_until_the_deadline_is_counted() {
    let simulation = tests::Simulation::start(1).await;
    let instance = simulation.instance().await;
    let log = Log::start();
    let booking = booking(
        &ROOM.to_string(),
        "instant",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    let booking = with(
        booking,
        "resource_id",
        local::demo::LIVE_DOC_BROWN.to_string().into(),
    );
    let from = first_transaction(&instance, &booking).await;
    instance
        .faults
        .inject(from, Fault::Conflict, Lasting::FromThere);
    let refused = instance.client.post("/v2/bookings", booking).await;
    assert_eq!(refused.body["code"], "contended", "{}", refused.body);
    let lines = log.requests();
    let line = lines.last().expect("a line");
    assert_eq!(counted(line), ["Requests", "ServerErrors", "Contended"]);
    // Each try is a call.
    assert_eq!(line["StoreCalls"], instance.faults.calls().len(), "{line}");
}

/// The place of the first transaction among the calls of a request like this one.
async fn first_transaction(instance: &tests::Instance, like: &Value) -> usize {
    instance.faults.heal();
    let another_hour = with(like.clone(), "start", "2026-12-02T10:00:00Z".into());
    let another_hour = with(another_hour, "end", "2026-12-02T11:00:00Z".into());
    instance
        .client
        .post("/v2/bookings", another_hour)
        .await
        .expecting(201);
    let calls = instance.faults.calls();
    let first = calls
        .iter()
        .position(|action| action == "TransactWriteItems");
    first.expect("a booking is written in a transaction")
}

/// What a line says that its request cost: calls to the store, and read units.
fn cost(line: &Value) -> (u64, f64) {
    let calls = line["StoreCalls"].as_u64();
    let units = line["ReadUnits"].as_f64();
    calls.zip(units).unwrap_or_else(|| panic!("{line}"))
}

#[tokio::test]
async fn requests_served_at_once_are_each_charged_for_their_own() {
    let server = TestServer::start().await;
    // Enough for a lease that holds for a while: it does not die, because the clock stands still.
    for _ in 0..20 {
        server.live_app().get("/v2/app").await.expecting(200);
    }
    let unknown = server.with_key("test_api_key_foobar");
    let requests = [
        (server.live_app(), "/v2/app"),
        (server.live_app(), "/v2/resources"),
        (unknown, "/v2/app"),
    ];
    let log = Log::start();
    for (caller, path) in &requests {
        caller.get(path).await;
    }
    let alone: Vec<(u64, f64)> = log.requests().iter().map(cost).collect();
    assert!(alone[0] != alone[1] && alone[2].0 == 0, "{alone:?}");

    let before = server.store_calls();
    let (requests, sent) = (requests.iter().cycle(), 30);
    let at_once: Vec<_> = requests
        .take(sent)
        .map(|(caller, path)| {
            let (caller, path) = (caller.clone(), *path);
            tokio::spawn(async move { caller.get(path).await })
        })
        .collect();
    for reply in at_once {
        reply.await.expect("an answer");
    }
    let lines = log.requests().split_off(alone.len());
    let sum: u64 = lines.iter().map(|line| cost(line).0).sum();
    assert_eq!(sum, server.store_calls() - before);
    for (line, cost) in lines.iter().map(|line| (line, cost(line))) {
        let expected = match (line["status"].as_u64(), text(line, "operation")) {
            (Some(401), _) => alone[2],
            (_, "list_resources") => alone[1],
            _ => alone[0],
        };
        // One of them may have renewed the key's lease, by a write.
        let renewals = line["WriteUnits"].as_f64().expect("a number") as u64;
        assert_eq!((cost.0 - renewals, cost.1), expected, "{line}");
    }
    assert_eq!(lines.len(), sent);
}

#[tokio::test]
async fn the_line_names_the_request_as_the_gateway_lambda_and_the_trace_do_and_takes_no_callers_word_for_it()
 {
    let server = TestServer::start().await;
    let Event(mut event) = Event::of("get_booking");
    event["requestContext"]["requestId"] = "IaRLnhDNoAMEVUQ=".into();
    for header in ["x-request-id", "x-amzn-trace-id", "x-amzn-requestid"] {
        event["headers"][header] = "Root=1-forged".into();
    }
    let mut context = lambda_http::Context::default();
    context.request_id = "1f6cb1a5-0a5c-4f1c-8f0a-9d4b8a0f7a11".into();
    context.xray_trace_id =
        Some("Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1".into());
    let log = Log::start();
    let request = api::gateway::with_context(request(&event).with_lambda_context(context));
    let response = server.router().oneshot(function_request(request)).await;
    assert_eq!(response.expect("an answer").status(), 200);
    let lines = log.requests();
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert_eq!(text(line, "gateway_request_id"), "IaRLnhDNoAMEVUQ=");
    assert_eq!(
        text(line, "function_request_id"),
        "1f6cb1a5-0a5c-4f1c-8f0a-9d4b8a0f7a11"
    );
    assert_eq!(
        text(line, "trace_id"),
        "1-67891233-abcdef012345678912345678"
    );
    assert!(!log.text().contains("forged"), "{}", log.text());
}

#[tokio::test]
async fn without_a_namespace_there_are_no_metrics_and_no_level_leaves_a_request_out() {
    let server = TestServer::start().await;
    for level in ["info", "warn", "error", "nonsense=[", ""] {
        let log = Log::start_with(level, None);
        server.app().get("/v2/app").await.expecting(200);
        let lines = log.requests();
        let [line] = lines.as_slice() else {
            panic!("{level}: {lines:?}")
        };
        assert_eq!(line.get("_aws"), None, "{line}");
        assert_eq!(line.get("Function"), None, "{line}");
        assert_eq!(line["Requests"], 1, "{line}");
    }
}

#[tokio::test]
async fn a_refused_key_is_named_by_its_id_and_the_reason_is_told() {
    let server = TestServer::start().await;
    let app = server.app();
    let wanted = json!({ "name": "Short", "scopes": ["bookings.read"], "expires_at": "2026-11-21T13:00:00Z" });
    let (id, key) = server.make_key(&app, wanted).await;
    server.clock.advance(TimeDelta::hours(2));
    let log = Log::start();
    key.get("/v2/bookings").await.expecting(401);
    let lines = log.requests();
    let line = lines.last().expect("a line");
    assert_eq!(
        (text(line, "key_id"), text(line, "app_id")),
        (id.as_str(), &*TEST_APP.to_string())
    );
    assert_eq!(line.get("caller"), None, "{line}");
    assert!(text(line, "reason").contains("expired"), "{line}");
}

#[tokio::test]
async fn no_secret_header_or_body_is_in_the_log() {
    let server = TestServer::start().await;
    let app = server.app();
    let (_, named) = server
        .make_key(&app, json!({ "name": "Partner", "scopes": ["*"] }))
        .await;
    let token = server
        .token(&app, &local::demo::DOC_BROWN.to_string(), "server-token")
        .await;
    let person = server.person().await;
    let session = person
        .header("timekit-app", TEST_SLUG)
        .header("origin", server.base());
    let mut secrets: Vec<String> = vec![
        server.demo.test.api_key.expose().into(),
        server.demo.test.widget_key.expose().into(),
        server.demo.password.clone(),
        token.1.clone(),
        "a-wrong-password".into(),
        "marty.mcfly@timekit.io".into(),
        "Catch the lightning".into(),
        "a-telling-query".into(),
        "a-telling-agent".into(),
        "test_api_key_LatchkeyNoSuchKey0000000000".into(),
    ];
    for client in [&named, &session] {
        secrets.extend(client.headers().iter().map(|(_, value)| value.clone()));
    }
    secrets.retain(|secret| secret != TEST_SLUG && secret != server.base());

    let log = Log::start();
    let callers = [
        app.clone(),
        named,
        session,
        server.with_token(TEST_SLUG, &token),
        server.with_key(server.demo.test.widget_key.expose()),
        server.with_key("test_api_key_LatchkeyNoSuchKey0000000000"),
        server
            .anonymous()
            .header("authorization", "Bearer a-wrong-password"),
    ];
    for caller in &callers {
        let caller = caller.header("user-agent", "a-telling-agent");
        caller
            .get("/v2/bookings?search=customer.email:a-telling-query")
            .await;
        let wanted = booking(
            &ROOM.to_string(),
            "instant",
            "2026-12-01T10:00:00Z",
            "2026-12-01T11:00:00Z",
        );
        caller.post("/v2/bookings", wanted).await;
        caller
            .send(Method::POST, "/v2/keys", "{ Catch the lightning")
            .await;
        caller
            .get("/v2/a-telling-query/marty.mcfly@timekit.io")
            .await;
    }
    let wrong = json!({ "email": EMAIL, "password": "a-wrong-password" });
    server
        .anonymous()
        .post("/v2/sessions", wrong)
        .await
        .expecting(401);
    assert_eq!(log.requests().len(), 4 * callers.len() + 1);
    let text = log.text();
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is in the log");
    }
}
