//! Each function's role allows what the function does, and nothing else. Every test here runs under the roles of
//! `template.yaml`: what one does not grant is refused, so nothing is missing. What is granted is used below, so nothing
//! is too much.

use std::collections::BTreeSet;

use api::operations::Operation;
use auth::Proof;
use axum::Router;
use axum::body::Body;
use chrono::TimeDelta;
use http_body_util::BodyExt as _;
use local::demo::{ACCOUNT, DOC_BROWN, ROOM, TEST_APP, TEST_PROJECT, TEST_SLUG};
use model::delivery::Delivery;
use serde_json::json;
use store::{Due, Table};
use tests::events::send;
use tests::roles::{MASTER_SECRET, Right, Rights, granted, template_functions};
use tests::{Options, Receiver, Roles, Row, TestServer};
use tests::{booking, break_record, change_row, text_of, webhook};
use tower::ServiceExt as _;
use workers::Jobs;
use workers::messages::Record;

use crate::contract::every_operation;

/// What each function uses: for every operation, for every kind of caller, and in the ways that few requests take.
async fn used() -> Rights {
    let mut used = every_operation::called().await.used.clone();
    let server = TestServer::start_with(Options {
        allow_local_webhooks: true,
        ..Options::default()
    })
    .await;
    every_caller(&server).await;
    every_repetition(&server).await;
    rare_ways(&server).await;
    every_job(&server).await;
    for (function, rights) in server.roles.used() {
        used.entry(function).or_default().extend(rights);
    }
    used
}

/// An operation of each function that takes keys.
fn one_of_each() -> Vec<Operation> {
    let functions = local::functions();
    let lists = functions.iter().map(|(_, operations)| operations.list());
    lists
        .filter_map(|list| {
            list.iter()
                .find(|one| one.access.is_open_to(Proof::SecretKey))
                .cloned()
        })
        .collect()
}

/// By a public key, a resource, a person, a key that is refused, and one that was used in the hour before.
async fn every_caller(server: &TestServer) {
    let person = server.person().await.header("origin", server.base());
    let (app, nothing) = (server.app(), json!({ "name": "Nothing", "scopes": [] }));
    let (_, refused) = server.make_key(&app, nothing).await;
    let callers = [
        server.with_key(server.demo.test.widget_key.expose()),
        server.resource().await,
        person.header("timekit-app", TEST_SLUG),
        refused,
        app,
    ];
    for operation in one_of_each() {
        server.clock.advance(TimeDelta::hours(1));
        let path = operation.path.replace("{id}", &DOC_BROWN.to_string());
        for caller in &callers {
            caller.send(operation.method.clone(), &path, "{}").await;
        }
    }
}

/// With an idempotency key, where one counts.
async fn every_repetition(server: &TestServer) {
    let called = &every_operation::called().await.called;
    for (function, operations) in local::functions() {
        let repeatable = called.iter().find(|called| {
            let id = &called.operation.id;
            let is_its = operations.list().iter().any(|own| own.id == *id);
            is_its && called.operation.takes_idempotency_key() && called.status < 400
        });
        if let Some(called) = repeatable {
            let mut event = called.event.clone();
            event["headers"]["idempotency-key"] = "once".into();
            let status = send(server, &event).await.status();
            assert!(
                status.is_success(),
                "{function}, {}: {status}",
                called.operation.id
            );
        }
    }
}

/// What workers do: hand on, attempt, put off what cannot be read, say that an endpoint was disabled, and what the clock does.
async fn every_job(server: &TestServer) {
    let receiver = Receiver::start().await;
    receiver.answer("/gone", 410);
    let state = server.state.clone();
    let store = state.store();
    let mut webhook = webhook(1, receiver.url("/gone"), state.now());
    webhook.events.clear();
    let created = store.writer().create_webhook(TEST_APP, &webhook).await;
    created.expect("an endpoint");
    // One goes on after midnight, so that the clock reads two days when nobody pays for it.
    for (graph, start, end) in [
        ("instant", "2026-12-04T10:00:00Z", "2026-12-04T11:00:00Z"),
        (
            "instant_payment",
            "2026-12-05T23:00:00Z",
            "2026-12-06T01:00:00Z",
        ),
        ("instant", "2026-12-07T10:00:00Z", "2026-12-07T11:00:00Z"),
    ] {
        let body = booking(&ROOM.to_string(), graph, start, end);
        server.app().post("/v2/bookings", body).await.expecting(201);
    }
    let jobs = Jobs::new(state.clone());
    let find = async || Roles::as_worker("clock", jobs.find_due(TimeDelta::zero(), 100)).await;
    let due = find().await.expect("rows").due;
    let record = |due: &Due| Record {
        identifier: String::new(),
        due: Some(*due),
    };
    // One that somebody else has begun on, and one that cannot be read.
    let of_app: Vec<Due> = due
        .iter()
        .copied()
        .filter(|due| due.app() == TEST_APP)
        .collect();
    let (begun, broken) = (of_app[0], of_app[1]);
    let Due::Told { app, id } = begun else {
        panic!("{begun:?}");
    };
    let told = store
        .get_due_told(app, id)
        .await
        .expect("an answer")
        .expect("it is due");
    let begun_with = Delivery::new(webhook.id, told[0].clone(), state.now());
    let created = store.writer().create_delivery(TEST_APP, &begun_with).await;
    created.expect("a delivery");
    let client = server.dynamodb().await;
    let is_broken = |row: &Row| match broken {
        Due::Told { id, .. } => text_of(row, "sk").ends_with(&id.uuid().to_string()),
        Due::Delivery { .. } => false,
    };
    change_row(&client, Table::Outbox, is_broken, break_record).await;
    let batch: Vec<Record> = due.iter().map(record).collect();
    Roles::as_worker("sender", jobs.work_on(batch)).await;
    // A delivery that cannot be read is put off as well.
    let broken = Delivery::new(webhook.id, told[0].clone(), state.now());
    let broken = Delivery {
        event: uuid::Uuid::from_u128(7),
        ..broken
    };
    let created = store.writer().create_delivery(TEST_APP, &broken).await;
    created.expect("a delivery");
    let is_broken = |row: &Row| text_of(row, "sk").ends_with(&broken.event.to_string());
    change_row(&client, Table::Deliveries, is_broken, break_record).await;
    for _ in 0..2 {
        let due = find().await.expect("rows").due;
        let batch: Vec<Record> = due.iter().map(record).collect();
        Roles::as_worker("sender", jobs.work_on(batch)).await;
    }
    server.clock.advance(TimeDelta::days(20));
    let ticked = Roles::as_worker("clock", jobs.carry_out(|| true)).await;
    assert!(ticked.expect("a tick").carried_out > 0);
}

/// What a right is there for that only some requests of an operation use.
async fn rare_ways(server: &TestServer) {
    // Lists by their other indexes.
    for list in [
        "/v2/bookings?search=customer.email:marty.mcfly@timekit.io",
        &format!("/v2/bookings?search=project.id:{TEST_PROJECT}"),
        "/v2/bookings?start=2026-12-01T00:00:00Z",
        "/v2/events?start=2026-12-01T00:00:00Z&end=2026-12-02T00:00:00Z",
    ] {
        server.app().get(list).await.expecting(200);
    }
    // A page that is not the last one has a cursor.
    let body = booking(
        &ROOM.to_string(),
        "instant",
        "2026-12-03T10:00:00Z",
        "2026-12-03T11:00:00Z",
    );
    for _ in 0..2 {
        server.app().post("/v2/bookings", body.clone()).await;
    }
    let log = "/v2/webhooks/events?limit=1";
    server.app().get(log).await.expecting(200);
    // Endpoints are listed with their health.
    let endpoint = json!({ "url": "https://example.com/webhooks" });
    let made = server.app().post("/v2/webhooks", endpoint).await;
    made.expecting(201);
    server.app().get("/v2/webhooks").await.expecting(200);
    // For a page's booking all projects are read: the resource may be booked through one of them only.
    let page = server.with_key(server.demo.test.widget_key.expose());
    let (ten, eleven) = ("2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z");
    let body = booking(&ROOM.to_string(), "instant", ten, eleven);
    page.post("/v2/bookings", body).await;
    pages_in_rare_ways(server).await;
    // Whatever secret is reported as leaked is ended.
    let app = server.app();
    let feed = format!("/v2/resources/{ROOM}/calendar_feed");
    let feed = app.post(&feed, json!({})).await.expecting(201);
    let token = server.token(&app, &ROOM.to_string(), "server-token").await;
    let person = server.person().await;
    let session = person.headers().iter().find(|(name, _)| name == "cookie");
    let leaked =
        json!({ "keys": [feed.body["data"]["url"], token.1, session.map(|(_, cookie)| cookie)] });
    let reported = server.anonymous().post("/v2/keys/leaked", leaked).await;
    reported.expecting(202);
}

/// Pages of groups list those; a booking that is only asked for checks its day without writing it; and what an hour's requests
/// were is put aside when the hour is over.
async fn pages_in_rare_ways(server: &TestServer) {
    let anybody = server.anonymous();
    for (slug, graph) in [("seats", "group_customer"), ("asked", "confirm_decline")] {
        let body = json!({ "name": "Page", "slug": slug, "resources": [ROOM.to_string()], "booking": { "graph": graph, "where": "Here" } });
        server.app().post("/v2/projects", body).await.expecting(201);
        anybody.get(&format!("/book/{slug}")).await.expecting(200);
    }
    let form = anybody.header("content-type", "application/x-www-form-urlencoded");
    let sent = "once=AbCdEfGhIjKlMnOpQrStUw&start=2026-12-02T10%3A00%3A00Z&customer.name=A&customer.email=a%40example.com";
    form.send(http::Method::POST, "/book/asked", sent)
        .await
        .expecting(303);
    for _ in 0..3 {
        server.clock.advance(chrono::TimeDelta::hours(1));
        anybody.get("/book/asked").await.expecting(200);
    }
}

#[tokio::test]
async fn no_role_allows_more_than_its_function_does_and_none_less() {
    let (granted, used) = (granted(), used().await);
    let mut differences = Vec::new();
    for function in granted.keys() {
        let none = BTreeSet::new();
        let used = used.get(function).unwrap_or(&none);
        for right in granted[function].difference(used) {
            differences.push(format!("- {function} may {right}, and never does"));
        }
        for right in used.difference(&granted[function]) {
            differences.push(format!("+ {function} does {right}, and may not"));
        }
    }
    assert!(
        differences.is_empty(),
        "the roles in template.yaml are not what the functions do:\n{}\n\
         For each line with a minus, take the right from the role in template.yaml, or use it in tests/black_box/contract/privileges.rs, \
         rare_ways(), if something does need it. For each with a plus, give it.",
        differences.join("\n")
    );
}

/// The ways between workers are theirs alone, and whoever only passes on what is due reads and writes no table.
#[test]
fn only_workers_use_the_queue_and_the_dispatcher_has_no_table() {
    assert_eq!(granted()["dispatcher"], BTreeSet::new());
    let template: serde_norway::Value =
        serde_norway::from_str(local::tables::TEMPLATE).expect("template.yaml is YAML");
    let resources = template["Resources"].as_mapping().expect("resources");
    for (name, resource) in resources {
        let name = name.as_str().expect("a name");
        let text = serde_norway::to_string(&resource["Properties"]).expect("YAML");
        let is_role = resource["Type"].as_str() == Some("AWS::IAM::Role");
        let of_workers = ["DispatcherRole", "SenderRole", "ClockRole"].contains(&name);
        assert!(!is_role || of_workers == text.contains("sqs:"), "{name}");
        let is_invoking = text.contains("lambda:Invoke");
        assert!(!is_role || !is_invoking, "{name} may invoke a function");
    }
}

/// Whether anybody but these functions has a right on `resource` other than `harmless`.
fn assert_only(granted: &Rights, functions: &[&str], resource: &str, harmless: &[&str]) {
    for (function, rights) in granted {
        for right in rights {
            let is_about = right.resource.split('/').next() == Some(resource);
            let is_harmless = harmless.iter().any(|action| right.action.ends_with(action));
            assert!(
                !is_about || is_harmless || functions.contains(&function.as_str()),
                "{function} must not have: {right}"
            );
        }
    }
}

#[test]
fn only_keys_and_accounts_can_mint_keys_and_only_accounts_can_read_accounts() {
    let granted = granted();
    assert_only(&granted, &["keys", "accounts"], "keys", &["GetItem"]);
    assert_only(&granted, &["accounts"], "accounts", &[]);
    // The function that takes reports of leaks ends what was reported, and makes none.
    assert_only(
        &granted,
        &["accounts"],
        "sessions",
        &["GetItem", "DeleteItem"],
    );
    assert_only(
        &granted,
        &["credentials", "resources"],
        "credentials",
        &["GetItem", "Query", "DeleteItem"],
    );
    assert_only(
        &granted,
        &[],
        "meters",
        &["GetItem", "Query", "PutItem", "UpdateItem"],
    );
}

#[test]
fn nobody_can_change_or_delete_a_line_of_the_audit_log_and_only_keys_can_read_it() {
    let granted = granted();
    assert_only(&granted, &["keys"], "audit", &["PutItem"]);
    for right in &granted["keys"] {
        let is_sound = ["dynamodb:Query", "dynamodb:PutItem"].contains(&right.action.as_str());
        assert!(right.resource != "audit" || is_sound, "{right}");
    }
}

#[test]
fn whoever_writes_bookings_may_only_add_to_the_outbox_and_only_webhooks_and_workers_can_read_it() {
    let granted = granted();
    assert_only(
        &granted,
        &["webhooks", "sender", "clock"],
        "outbox",
        &["PutItem"],
    );
    // The clock finds where to look, and no more.
    let of_clock = granted["clock"]
        .iter()
        .filter(|right| right.resource == "outbox");
    assert!(
        of_clock
            .into_iter()
            .all(|right| right.action == "dynamodb:PutItem")
    );
    let reads = ["dynamodb:GetItem", "dynamodb:Query"];
    for right in &granted["webhooks"] {
        let is_sound = reads.contains(&right.action.as_str());
        assert!(right.resource != "outbox" || is_sound, "{right}");
    }
}

#[test]
fn a_function_that_is_told_where_the_master_secret_is_may_read_it_and_no_other() {
    let granted = granted();
    for (function, resource) in template_functions() {
        let variables = &resource["Properties"]["Environment"]["Variables"];
        let is_told = variables.get("MASTER_SECRET_ID").is_some();
        let right = Right::new("secretsmanager:GetSecretValue", MASTER_SECRET);
        assert_eq!(is_told, granted[&function].contains(&right), "{function}");
    }
}

/// The layer that stands for IAM in every test here does stand there.
#[tokio::test]
async fn what_a_role_does_not_allow_is_refused() {
    let server = TestServer::start().await;
    let state = server.state.clone();
    let tries = move || async move {
        let account = state.store().get_account(ACCOUNT).await.is_ok();
        let secret = state.master_secret().await.is_ok();
        json!([account, secret]).to_string()
    };
    let routes = Roles::apply(Router::new().fallback(tries));
    for (path, may_read_accounts_and_secret) in [
        ("/v2/accounts", "[true,true]"),
        ("/v2/bookings", "[false,true]"),
        ("/console", "[false,false]"),
    ] {
        let request = http::Request::get(path)
            .body(Body::empty())
            .expect("a request");
        let Ok(answer) = routes.clone().oneshot(request).await;
        let answer = answer
            .into_body()
            .collect()
            .await
            .expect("an answer")
            .to_bytes();
        assert_eq!(answer, may_read_accounts_and_secret, "{path}");
    }
}
