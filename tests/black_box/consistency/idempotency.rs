//! `Idempotency-Key`: what is sent again is done once and answered as the first time, to the same caller, for a day.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use http::Method;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use local::demo::{DOC_BROWN, EMAIL, LIVE_DOC_BROWN, LIVE_SLUG, NAMED_KEY, ROOM, TEST_SLUG};
use serde_json::{Value, json};
use store::{IdempotencyKey, KeptAnswer, PendingAnswer, RecordOwner, Seed, StoreError};
use tests::dossier::Dossier;
use tests::events::sound_event;
use tests::{Client, NOW, Options, Reply, TestServer, instant};

const HEADER: &str = "idempotency-key";
const KEY: &str = "5f0b2c8e-6f5a-4b5e-9c55-0a1f0f1f9f10";
const RESOURCES: &str = "/v2/resources";

fn resource() -> Value {
    json!({ "name": "Emmett Brown", "timezone": "America/Los_Angeles", "meta": { "b": 1, "a": [0.1, "ü"] } })
}

fn is_replay(reply: &Reply) -> bool {
    reply.header("idempotency-replayed") == Some("true")
}

#[track_caller]
fn assert_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{}", reply.body);
    assert_eq!(reply.body["code"], code, "{}", reply.body);
    assert!(!is_replay(reply));
}

async fn total(client: &Client) -> u64 {
    let reply = client.get("/v2/resources?limit=1000").await.expecting(200);
    reply.body["total"].as_u64().expect("a number")
}

async fn with_imports() -> TestServer {
    TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await
}

/// A request that succeeds: who sends it, its path and its body. One whose example names something that is not there is what
/// `events/` says of how it succeeds.
async fn sound_request(server: &TestServer, id: &str) -> (Client, String, String) {
    if Dossier::of(id).status == 404 {
        let event = sound_event(server, id).await;
        let (_, path, body) = event.request();
        return (server.app(), path, body);
    }
    let mut asked = server.sound_requests().into_iter();
    let asked = asked.find(|asked| asked.id == id).expect("a sound request");
    (asked.caller, asked.path, asked.body.to_string())
}

#[tokio::test]
async fn every_post_that_writes_is_done_once_under_one_key() {
    let operations = local::operations();
    let writing = operations
        .list()
        .iter()
        .filter(|operation| operation.takes_idempotency_key());
    let writing: BTreeSet<&str> = writing.map(|operation| operation.id.as_str()).collect();
    for id in writing {
        let server = with_imports().await;
        let (caller, path, body) = sound_request(&server, id).await;
        let caller = caller.header(HEADER, KEY);
        let first = caller.send(Method::POST, &path, &body).await;
        assert!((200..300).contains(&first.status), "{id}: {}", first.body);
        assert!(!is_replay(&first), "{id}");
        let again = caller.send(Method::POST, &path, &body).await;
        let advice = "let its handler take Idempotency, keep its answer and write with its store";
        assert!(is_replay(&again), "{id}: {advice}");
        assert_eq!(again.status, first.status, "{id}");
        // What is shown once is null the second time, and a notice says what to do; all else is the same.
        let without_secret = |reply: &Reply| {
            let mut body = reply.body.clone();
            let shown = match body.get_mut("data") {
                Some(data) => data,
                None => &mut body,
            };
            if let Some(shown) = shown.as_object_mut() {
                for name in [
                    "key",
                    "api_key",
                    "api_token",
                    "token",
                    "url",
                    "secret",
                    "notice",
                ] {
                    shown.remove(name);
                }
            }
            body
        };
        assert_eq!(without_secret(&again), without_secret(&first), "{id}");
    }
}

#[tokio::test]
async fn where_nothing_is_written_or_nobody_known_the_key_has_no_effect() {
    let server = TestServer::start().await;
    let operations = local::operations();
    for operation in operations.list() {
        let takes = operation.takes_idempotency_key();
        if operation.method == Method::POST
            && (operation.access.is_anonymous() || !operation.writes)
        {
            assert!(!takes, "{}", operation.id);
        }
        if operation.method != Method::POST {
            assert!(!takes, "{}", operation.id);
        }
    }
    for asked in server.sound_requests() {
        let found = operations.list().iter().find(|found| found.id == asked.id);
        if found.expect("an operation").takes_idempotency_key() {
            continue;
        }
        server.clock.advance(TimeDelta::minutes(16));
        // Not even one that could not be a key is refused.
        for key in [KEY, "", &"x".repeat(300)] {
            let caller = asked.caller.header(HEADER, key);
            let reply = caller
                .send(asked.method.clone(), &asked.path, &asked.body.to_string())
                .await;
            assert!(!is_replay(&reply), "{}", asked.id);
            assert_ne!(reply.body["code"], "invalid_header", "{}", asked.id);
        }
    }
    // Signing in twice makes two sessions.
    let nobody = server.anonymous().header(HEADER, KEY);
    let body = json!({ "email": EMAIL, "password": server.demo.password });
    let first = nobody
        .post("/v2/sessions", body.clone())
        .await
        .expecting(201);
    let second = nobody.post("/v2/sessions", body).await.expecting(201);
    assert_ne!(
        first.body["data"]["csrf_token"],
        second.body["data"]["csrf_token"]
    );
}

#[tokio::test]
async fn a_replay_is_byte_for_byte_the_first_answer_and_says_so() {
    let mut server = TestServer::start().await;
    let elsewhere = server.another_instance().await;
    // A caller who is shown no token: that would be the one difference.
    let scopes = json!({ "name": "Narrow", "scopes": ["resources.read", "resources.write"] });
    let (_, narrow) = server.make_key(&server.app(), scopes).await;
    let app = narrow.header(HEADER, KEY);
    let path = "/v2/resources?include=availability_constraints";
    let first = app.post(path, resource()).await.expecting(201);
    server.clock.advance(TimeDelta::hours(5));
    // The thing may have changed or gone meanwhile: the answer is what it was.
    let own = format!("{RESOURCES}/{}", first.id());
    let renamed = json!({ "name": "Doc" });
    server.app().put(&own, renamed).await.expecting(200);
    server.app().delete(&own).await.expecting(204);
    for caller in [&app, &app.at(&elsewhere)] {
        let again = caller.post(path, resource()).await;
        assert!(is_replay(&again));
        assert_eq!(again.bytes, first.bytes);
        let comparable = |reply: &Reply| {
            let (status, mut headers, body) = reply.comparable();
            headers.retain(|(name, _)| name != "idempotency-replayed");
            (status, headers, body)
        };
        assert_eq!(comparable(&again), comparable(&first));
        assert!(first.header("etag").is_some());
    }
    assert_eq!(total(&server.app()).await, 2);
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused_and_does_nothing() {
    let server = TestServer::start().await;
    let app = server.app().header(HEADER, KEY);
    app.post(RESOURCES, resource()).await.expecting(201);
    let other = json!({ "name": "Emmett Brown", "timezone": "UTC" });
    let spaced = resource().to_string() + " ";
    for reply in [
        app.post(RESOURCES, other).await,
        app.post(&format!("{RESOURCES}?include=credentials"), resource())
            .await,
        app.send(Method::POST, RESOURCES, &spaced).await,
        app.send(Method::POST, RESOURCES, "{").await,
        app.send(Method::POST, RESOURCES, "").await,
    ] {
        assert_refused(&reply, 422, "idempotency_key_reused");
        let sentence = reply.body["error"].as_str().expect("a sentence");
        assert!(sentence.contains("Idempotency-Key"), "{sentence}");
    }
    assert_eq!(total(&server.app()).await, 3);
    // The path is part of what was asked for.
    let (one, _) = server
        .make_key(&server.app(), json!({ "name": "One" }))
        .await;
    let rotate = |id: String| format!("/v2/keys/{id}/rotate");
    app.post(&rotate(one), json!({})).await.expecting(201);
    let reply = app.post(&rotate(NAMED_KEY.to_string()), json!({})).await;
    assert_refused(&reply, 422, "idempotency_key_reused");
    let untouched = server.app().get(&format!("/v2/keys/{NAMED_KEY}")).await;
    assert_eq!(untouched.body["data"]["replaced_by"], Value::Null);
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let server = with_imports().await;
    let app = server.app().header(HEADER, KEY);
    // 422, for a reason that goes away: the first with this address is deleted.
    let mut wanted = resource();
    wanted["email"] = "clara@example.com".into();
    let first = server.app().post(RESOURCES, wanted.clone()).await.id();
    for _ in 0..2 {
        assert_refused(&app.post(RESOURCES, wanted.clone()).await, 422, "invalid");
    }
    let own = format!("{RESOURCES}/{first}");
    server.app().delete(&own).await.expecting(204);
    let made = app.post(RESOURCES, wanted.clone()).await.expecting(201);
    assert!(!is_replay(&made));
    assert!(is_replay(&app.post(RESOURCES, wanted).await));

    // 409, and then another body under the key that was refused.
    let hash = json!({ "name": "A", "sha256": "0123456789abcdef".repeat(4) });
    let import = "/v2/keys/import";
    server.app().post(import, hash.clone()).await.expecting(201);
    assert_refused(&app.post(import, hash).await, 409, "conflict");
    let hash = json!({ "name": "A", "sha256": "0123456789abcdee".repeat(4) });
    app.post(import, hash).await.expecting(201);

    // 429.
    let rate = json!({ "limit": 1, "window": "1 minute" });
    let wanted = json!({ "name": "Limited", "rate_limit": rate });
    let (_, limited) = server.make_key(&server.app(), wanted).await;
    limited.get("/v2/me").await.expecting(200);
    let limited = limited.header(HEADER, KEY);
    assert_refused(
        &limited.post(RESOURCES, resource()).await,
        429,
        "too_many_requests",
    );
    server.clock.advance(TimeDelta::minutes(2));
    let made = limited.post(RESOURCES, resource()).await.expecting(201);
    assert!(!is_replay(&made));
    // A replay is a request like others: it takes a permit, and comes without touching anything.
    assert_refused(
        &limited.post(RESOURCES, resource()).await,
        429,
        "too_many_requests",
    );
    server.clock.advance(TimeDelta::minutes(2));
    assert!(is_replay(&limited.post(RESOURCES, resource()).await));
}

#[tokio::test]
async fn a_record_holds_for_exactly_24_hours() {
    let server = TestServer::start().await;
    let app = server.app().header(HEADER, KEY);
    let first = app.post(RESOURCES, resource()).await.expecting(201);
    server
        .clock
        .set(instant(NOW) + TimeDelta::hours(24) - TimeDelta::seconds(1));
    let again = app.post(RESOURCES, resource()).await;
    assert!(is_replay(&again));
    assert_eq!(again.id(), first.id());
    // Replays do not prolong it.
    server.clock.set(instant(NOW) + TimeDelta::hours(24));
    let anew = app.post(RESOURCES, resource()).await.expecting(201);
    assert!(!is_replay(&anew));
    assert_ne!(anew.id(), first.id());
    // The new record holds for a day of its own, whatever else is asked for under the key.
    server
        .clock
        .set(instant(NOW) + TimeDelta::hours(48) - TimeDelta::seconds(1));
    let again = app.post(RESOURCES, resource()).await;
    assert_eq!((is_replay(&again), again.id()), (true, anew.id()));
    let reply = app.post(RESOURCES, json!({ "name": "Other" })).await;
    assert_refused(&reply, 422, "idempotency_key_reused");
}

#[tokio::test]
async fn keys_of_other_apps_callers_and_routes_do_not_meet() {
    let server = TestServer::start().await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let (_, named) = server
        .make_key(&server.app(), json!({ "name": "Other" }))
        .await;
    let token = async |resource: String| {
        let token = server.token(&server.app(), &resource, "server-token").await;
        server.with_token(TEST_SLUG, &token)
    };
    let tokens = [
        token(DOC_BROWN.to_string()).await,
        token(ROOM.to_string()).await,
    ];
    let in_test = session.header("timekit-app", TEST_SLUG);
    let in_live = session.header("timekit-app", LIVE_SLUG);
    let mut made = BTreeSet::new();
    for caller in [server.app(), server.live_app(), named, in_test, in_live] {
        let caller = caller.header(HEADER, KEY);
        let reply = caller.post(RESOURCES, resource()).await.expecting(201);
        assert!(!is_replay(&reply));
        made.insert(reply.id());
        let key = caller.post("/v2/keys", json!({ "name": "Emmett" })).await;
        assert!(!is_replay(&key.expecting(201)));
        assert!(is_replay(&caller.post(RESOURCES, resource()).await));
    }
    for caller in tokens {
        let caller = caller.header(HEADER, KEY);
        let body = json!({ "type": "client-token" });
        let reply = caller.post("/v2/credentials", body).await.expecting(201);
        assert!(!is_replay(&reply));
        made.insert(reply.id());
    }
    let nameless = session.header(HEADER, KEY);
    let app = nameless.post("/v2/apps", json!({ "name": "A" })).await;
    made.insert(app.expecting(201).id());
    assert_eq!(made.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_100_who_send_one_request_at_once_one_makes_the_thing_and_all_hear_of_it() {
    let mut server = TestServer::start().await;
    let elsewhere = server.another_instance().await;
    let mut with_email = resource();
    with_email["email"] = "clara@example.com".into();
    let doc_brown = LIVE_DOC_BROWN.to_string();
    let (ten, eleven) = ("2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z");
    let hour = tests::booking(&doc_brown, "instant", ten, eleven);
    for (path, body) in [
        (RESOURCES, with_email),
        ("/v2/keys", json!({ "name": "Emmett" })),
        ("/v2/bookings", hour),
        (
            "/v2/keys/00000000-0000-4000-8000-000000000000/rotate",
            json!({}),
        ),
    ] {
        let path = path.replace(
            "00000000-0000-4000-8000-000000000000",
            &NAMED_KEY.to_string(),
        );
        let live = path == "/v2/keys" || path == "/v2/bookings";
        let owner = if live {
            server.live_app()
        } else {
            server.app()
        };
        let count = async |path: &str| {
            let path = format!("{path}?limit=1000");
            owner.get(&path).await.body["total"].as_u64()
        };
        let list = path.split("/rotate").next().expect("a path");
        let list = if path.contains("rotate") {
            "/v2/keys"
        } else {
            list
        };
        let before = count(list).await.expect("a number");
        let caller = owner.header(HEADER, KEY);
        let sent: Vec<_> = (0..100)
            .map(|number| {
                let caller = match number % 2 {
                    0 => caller.clone(),
                    _ => caller.at(&elsewhere),
                };
                let (path, body) = (path.clone(), body.clone());
                tokio::spawn(async move {
                    // On a busy machine a read may time out: whoever hears 503 sends it again.
                    loop {
                        let reply = caller.post(&path, body.clone()).await;
                        if reply.status != 503 {
                            return reply;
                        }
                    }
                })
            })
            .collect();
        let mut firsts = 0;
        let mut ids = BTreeSet::new();
        let mut replays = BTreeSet::new();
        for reply in sent {
            let reply = reply.await.expect("an answer").expecting(201);
            ids.insert(reply.id());
            if is_replay(&reply) {
                replays.insert(reply.bytes.clone());
            } else {
                firsts += 1;
            }
        }
        assert_eq!((firsts, ids.len(), replays.len()), (1, 1, 1), "{path}");
        assert_eq!(count(list).await, Some(before + 1), "{path}");
    }
}

/// Every text in every table.
async fn everything_stored(server: &TestServer) -> String {
    let client = server.dynamodb().await;
    let tables = client.list_tables().send().await.expect("tables");
    let mut all = String::new();
    for table in tables.table_names() {
        let mut pages = client
            .scan()
            .table_name(table)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            all += &format!("{:?}\n", item.expect("an item"));
        }
    }
    all
}

#[tokio::test]
async fn what_is_shown_once_is_neither_kept_nor_replayed() {
    let server = with_imports().await;
    let app = server.app().header(HEADER, KEY);
    let mut with_password = resource();
    with_password["password"] = "great scott 1955".into();
    let credential = json!({ "type": "server-token", "resource_id": ROOM.to_string() });
    let mut secrets = vec![KEY.to_owned(), "great scott 1955".to_owned()];
    for (path, body, pointer) in [
        ("/v2/keys", json!({ "name": "A" }), "/data/key"),
        (
            "/v2/keys",
            json!({ "name": "A", "kind": "api" }),
            "/data/key",
        ),
        (
            &*format!("/v2/keys/{NAMED_KEY}/rotate"),
            json!({}),
            "/data/key",
        ),
        ("/v1/api-keys", json!({ "name": "A" }), "/key"),
        ("/v2/apps", json!({ "name": "A" }), "/data/api_key"),
        ("/v2/credentials", credential, "/data/token"),
        (
            &*format!("{RESOURCES}/{ROOM}/calendar_feed"),
            json!({}),
            "/data/url",
        ),
        (
            "/v2/resources?include=credentials",
            with_password,
            "/data/credentials/0/token",
        ),
    ] {
        let key = format!("{KEY}-{}", secrets.len());
        let caller = app.header(HEADER, &key);
        let first = caller.post(path, body.clone()).await.expecting(201);
        let secret = first.body.pointer(pointer).and_then(Value::as_str);
        secrets.push(
            secret
                .unwrap_or_else(|| panic!("{}", first.body))
                .to_owned(),
        );
        secrets.push(key);
        let again = caller.post(path, body).await.expecting(201);
        assert!(is_replay(&again), "{path}");
        assert_eq!(again.body.pointer(pointer), Some(&Value::Null), "{path}");
        let (shown, _) = pointer.rsplit_once('/').expect("a pointer");
        let notice = again.body.pointer(&format!("{shown}/notice"));
        let notice = notice.and_then(Value::as_str);
        assert!(notice.is_some_and(|text| text.contains("first answer")));
        assert_eq!(first.body.pointer(&format!("{shown}/notice")), None);
        let id = |reply: &Reply| {
            reply
                .body
                .pointer("/data/id")
                .or(reply.body.get("id"))
                .cloned()
        };
        assert_eq!(id(&again), id(&first), "{path}");
    }
    let stored = everything_stored(&server).await;
    for secret in secrets {
        assert!(!stored.contains(&secret), "{secret} is in the store");
    }
    // A widget key is public, and is shown again.
    let widget = json!({ "name": "A", "kind": "widget" });
    let first = app.post("/v2/keys", widget.clone()).await.expecting(201);
    let again = app.post("/v2/keys", widget).await;
    assert_eq!((is_replay(&again), &again.bytes), (true, &first.bytes));
}

#[tokio::test]
async fn a_key_has_1_to_255_printable_characters() {
    let server = TestServer::start().await;
    let longest = "~".repeat(255);
    for key in ["0", "a key of words!", "\"quoted\"", &longest] {
        let app = server.app().header(HEADER, key);
        app.post(RESOURCES, resource()).await.expecting(201);
        assert!(is_replay(&app.post(RESOURCES, resource()).await), "{key}");
    }
    let before = total(&server.app()).await;
    for key in ["", "ü", "a\tb", &(longest + "~")] {
        let app = server.app().header(HEADER, key);
        let reply = app.post(RESOURCES, resource()).await;
        assert_refused(&reply, 422, "invalid_header");
        let sentence = reply.body["error"].as_str().expect("a sentence");
        assert!(sentence.contains("Idempotency-Key"), "{sentence}");
    }
    let twice = server.app().header(HEADER, "a").and_header(HEADER, "b");
    let reply = twice.post(RESOURCES, resource()).await;
    assert_refused(&reply, 422, "invalid_header");
    assert_eq!(total(&server.app()).await, before);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_a_key_as_without() {
    let server = TestServer::start().await;
    let large = "x".repeat(api::body::MAX_BODY + 1);
    let app = server.app().header(HEADER, KEY);
    let reply = app.send(Method::POST, RESOURCES, &large).await;
    assert_refused(&reply, 413, "too_large");
}

#[tokio::test]
async fn a_key_costs_one_read_and_a_replay_nothing_but_that_and_the_callers() {
    let server = TestServer::start().await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let session = session.header("timekit-app", TEST_SLUG);
    // Enough for a lease that holds on, so that no renewal is counted too.
    for _ in 0..16 {
        session.get("/v2/me").await.expecting(200);
    }
    let cost = async |caller: &Client, path: &str, body: Option<Value>| {
        let before = server.store_calls();
        match body {
            Some(body) => caller.post(path, body).await.expecting(201),
            None => caller.get(path).await.expecting(200),
        };
        server.store_calls() - before
    };
    // It is shown with its credentials' newest token, which is one read beside its own.
    let read_one = cost(&session, &format!("{RESOURCES}/{ROOM}"), None).await - 1;
    let plain = cost(&session, RESOURCES, Some(resource())).await;
    let keyed = session.header(HEADER, KEY);
    assert_eq!(cost(&keyed, RESOURCES, Some(resource())).await, plain + 1);
    assert_eq!(cost(&keyed, RESOURCES, Some(resource())).await, read_one);
}

// When something is amiss.

/// What becomes of transactions on the way to the store.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Way {
    Sound = 0,
    LosesAnswers = 1,
    LosesRequests = 2,
}

/// A way to the store that loses transactions or their answers, as networks do, for as long as it is told to.
async fn lossy_way(server: &TestServer) -> (String, Arc<AtomicU8>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let target = server.store_endpoint();
    let way = Arc::new(AtomicU8::new(Way::Sound as u8));
    let http = HttpClient::builder(TokioExecutor::new()).build_http::<Body>();
    let losing = way.clone();
    let carry = async move |mut request: Request| -> Response {
        let writes = request
            .headers()
            .get("x-amz-target")
            .is_some_and(|target| target.as_bytes().ends_with(b"TransactWriteItems"));
        let way = losing.load(Ordering::SeqCst);
        let lost = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        if writes && way == Way::LosesRequests as u8 {
            return lost;
        }
        *request.uri_mut() = format!("{target}/").parse().expect("an address");
        let answer = http.request(request).await.expect("an answer");
        if writes && way == Way::LosesAnswers as u8 {
            return lost;
        }
        answer.map(Body::new)
    };
    let carry = Router::new().fallback(carry);
    tokio::spawn(async move { axum::serve(listener, carry).await });
    (endpoint, way)
}

#[tokio::test]
async fn whoever_never_hears_that_it_was_done_is_answered_from_the_record() {
    let mut server = TestServer::start().await;
    let (endpoint, way) = lossy_way(&server).await;
    let base = server.another_instance_by(endpoint).await;
    let app = server.app().at(&base);
    way.store(Way::LosesAnswers as u8, Ordering::SeqCst);
    let keyed = app.header(HEADER, KEY);
    let reply = keyed.post(RESOURCES, resource()).await.expecting(201);
    assert!(is_replay(&reply));
    assert_eq!(total(&app).await, 3);
}

#[tokio::test]
async fn if_nobody_knows_whether_it_was_done_it_is_409_and_sending_it_again_does_it_once() {
    let mut server = TestServer::start().await;
    let (endpoint, way) = lossy_way(&server).await;
    let base = server.another_instance_by(endpoint).await;
    let app = server.app().at(&base);
    way.store(Way::LosesRequests as u8, Ordering::SeqCst);
    let keyed = app.header(HEADER, KEY);
    let reply = keyed.post(RESOURCES, resource()).await;
    assert_refused(&reply, 409, "outcome_unknown");
    assert_eq!(reply.header("retry-after"), Some("1"));
    let sentence = reply.body["error"].as_str().expect("a sentence");
    assert!(sentence.contains("same Idempotency-Key"), "{sentence}");
    way.store(Way::Sound as u8, Ordering::SeqCst);
    let made = keyed.post(RESOURCES, resource()).await.expecting(201);
    assert!(!is_replay(&made));
    assert!(is_replay(&keyed.post(RESOURCES, resource()).await));
    assert_eq!(total(&app).await, 3);
}

// Requests that make many things.

fn bulk(server: &TestServer, request: &str) -> PendingAnswer {
    let hash = auth::plain_key::hash_secret(KEY);
    let owner = RecordOwner::App(local::demo::TEST_APP);
    let key = IdempotencyKey::new(owner, ROOM.uuid(), "POST /v2/many", hash);
    let seed = Seed::random(server.state.random());
    PendingAnswer::new(key, request.to_owned(), seed, server.state.now())
}

fn answer(body: &str) -> KeptAnswer {
    KeptAnswer {
        status: 201,
        headers: Default::default(),
        body: body.to_owned(),
    }
}

#[tokio::test]
async fn what_was_begun_is_taken_up_with_the_same_seed_and_ended_once() {
    let server = TestServer::start().await;
    let (writer, now) = (server.state.writer(), server.state.now());
    let (one, twin) = (bulk(&server, "a"), bulk(&server, "a"));
    let begun = writer.begin_idempotent(&one, now).await.expect("begun");
    assert_eq!(begun.answer, None);
    let taken_up = writer.begin_idempotent(&twin, now).await.expect("taken up");
    assert_eq!(taken_up, begun);
    assert!(twin.is_same_request(&taken_up));
    assert!(!bulk(&server, "b").is_same_request(&taken_up));

    one.set(answer("first"));
    twin.set(answer("second"));
    let first = writer.finish_idempotent(&one, &begun, now).await;
    first.expect("ended");
    let second = writer.finish_idempotent(&twin, &taken_up, now).await;
    assert!(matches!(second, Err(StoreError::Replayed)), "{second:?}");
    assert!(one.is_committed() && !twin.is_committed());
    let ended = writer.begin_idempotent(&twin, now).await.expect("ended");
    assert_eq!(ended.answer, Some(answer("first")));
    assert_eq!(ended.seed, begun.seed);
    let tomorrow = now + TimeDelta::hours(24);
    let anew = writer.begin_idempotent(&twin, tomorrow).await;
    let anew = anew.expect("begun");
    assert_eq!(anew.answer, None);
    assert_ne!(anew.seed, begun.seed);
}
