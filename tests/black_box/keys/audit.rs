//! The audit log: who did what to which key, from where, and who was turned away why and how often.

use auth::PlainKey;
use auth::plain_key::hash_secret;
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use chrono::TimeDelta;
use http::Method;
use local::demo::{ACCOUNT, DOC_BROWN, EMAIL, TEST_APP, TEST_SLUG};
use model::key::{KeyKind, Mode};
use serde_json::{Value, json};
use tests::{Client, Options, TestServer, instant};

/// The log's lines, newest first.
async fn lines(client: &Client, query: &str) -> Vec<Value> {
    let reply = client.get(&format!("/v2/audit{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["data"].as_array().expect("lines").clone()
}

/// The lines about a key.
async fn about(client: &Client, key: &str) -> Vec<Value> {
    lines(client, &format!("?search=key.id:{key}&limit=1000")).await
}

fn refusals(lines: Vec<Value>) -> Vec<Value> {
    let refused = lines.into_iter().filter(|line| line["action"] == "refused");
    refused.collect()
}

/// Everything in a table.
async fn items(server: &TestServer, table: &str) -> ScanOutput {
    let client = server.dynamodb().await;
    let tables = client.list_tables().send().await.expect("tables");
    let name = tables
        .table_names()
        .iter()
        .find(|name| name.ends_with(table))
        .unwrap_or_else(|| panic!("no table {table} in {:?}", tables.table_names()));
    let scan = client.scan().table_name(name).consistent_read(true);
    scan.send().await.expect("items")
}

#[tokio::test]
async fn every_action_leaves_a_line_with_who_what_where_and_when() {
    let server = TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await;
    let owner = server.calling_from("203.0.113.7", &server.app());
    let own = owner.get("/v2/me").await.id();
    let wanted = json!({ "name": "Mine" });
    let id = owner.post("/v2/keys", wanted).await.expecting(201).id();
    let path = format!("/v2/keys/{id}");
    let mut expected = vec![("created", Value::Null)];
    let newest = async |expected: &[(&str, Value)]| {
        // In the same transaction: it is there as soon as the answer is.
        let found = about(&owner, &id).await;
        assert_eq!(found.len(), expected.len(), "{found:?}");
        let (action, detail) = expected.last().expect("one at least");
        let line = found
            .iter()
            .find(|line| line["action"] == *action)
            .expect("the new line");
        assert_eq!(line["key_id"], id);
        assert_eq!(line["by"], format!("key:{own}"), "{action}");
        assert_eq!(line["source"], "203.0.113.7", "{action}");
        assert_eq!(line["at"], "2026-11-21T12:00:00+00:00", "{action}");
        assert_eq!((&line["count"], &line["detail"]), (&json!(1), detail));
    };
    newest(&expected).await;
    let changes = json!({ "name": "Mine", "rate_limit": null, "scopes": ["keys.read"] });
    owner
        .send(Method::PATCH, &path, &changes.to_string())
        .await
        .expecting(200);
    expected.push(("updated", json!("name, scopes, rate_limit")));
    newest(&expected).await;
    let rotate = format!("{path}/rotate");
    owner.post(&rotate, json!({})).await.expecting(201);
    let line = about(&owner, &id).await;
    let line = line.iter().find(|line| line["action"] == "rotated");
    expected.push(("rotated", line.expect("a line")["detail"].clone()));
    newest(&expected).await;
    owner.delete(&path).await.expecting(204);
    expected.push(("revoked", Value::Null));
    newest(&expected).await;
    owner.delete(&path).await.expecting(204);
    newest(&expected).await;

    let sha256 = hash_secret("a key from elsewhere").to_hex();
    let import = json!({ "name": "Imported", "sha256": sha256 });
    let imported = owner.post("/v2/keys/import", import).await.expecting(201);
    let found = about(&owner, &imported.id()).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["action"], "imported");
    let timetime = owner.post("/v1/api-keys", json!({})).await.expecting(201);
    let id = timetime.body["id"].as_str().expect("an id");
    assert_eq!(about(&owner, id).await[0]["action"], "created");
}

#[tokio::test]
async fn a_person_at_the_console_is_named_by_their_account() {
    let server = TestServer::start().await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let session = session.header("timekit-app", TEST_SLUG);
    let (id, _) = server.make_key(&session, json!({ "name": "Mine" })).await;
    let found = about(&session, &id).await;
    assert_eq!(found[0]["by"], format!("account:{ACCOUNT}"));
    assert_eq!(found[0]["source"], "127.0.0.1");
}

#[tokio::test]
async fn what_is_refused_leaves_no_line_of_having_happened() {
    let server = TestServer::start().await;
    let owner = server.app();
    let before = lines(&owner, "?limit=1000").await;
    owner
        .post("/v2/keys", json!({ "name": "" }))
        .await
        .expecting(422);
    let narrow = json!({ "name": "Narrow", "scopes": ["keys.write"] });
    let (id, narrow) = server.make_key(&owner, narrow).await;
    narrow
        .post("/v2/keys", json!({ "name": "Wide", "scopes": ["*"] }))
        .await
        .expecting(403);
    let path = format!("/v2/keys/{id}");
    owner
        .send(Method::PATCH, &path, "{\"kind\":\"api\"}")
        .await
        .expecting(422);
    let rotate = format!("{path}/rotate");
    owner
        .post(&rotate, json!({ "overlap": "8 days" }))
        .await
        .expecting(422);
    assert_eq!(lines(&owner, "?limit=1000").await.len(), before.len() + 1);
}

#[tokio::test]
async fn the_first_keys_of_a_new_app_are_in_its_log() {
    let server = TestServer::start().await;
    let (live, test) = server.sign_up("new@clinic.example").await;
    for app in [&live, &test] {
        let owner = server.with_key(&app.api_key);
        let found = lines(&owner, "").await;
        let mut keys: Vec<_> = found.iter().map(|line| line["key_id"].clone()).collect();
        for line in &found {
            assert_eq!(line["action"], "created");
            let by = line["by"].as_str().expect("somebody");
            assert!(by.starts_with("account:"), "{by}");
        }
        for key in [&app.api_key, &app.widget_key] {
            let id = server.with_key(key).get("/v2/me").await.id();
            keys.retain(|key| *key != id);
        }
        assert_eq!((found.len(), keys.len()), (2, 0), "{found:?}");
    }
    let session = server
        .sign_in("new@clinic.example", "a long password")
        .await;
    let made = session.post("/v2/apps", json!({ "name": "Another" })).await;
    let key = made.expecting(201).body["data"]["api_key"].clone();
    let another = server.with_key(key.as_str().expect("shown once"));
    assert_eq!(lines(&another, "?search=action:created").await.len(), 2);
}

#[tokio::test]
async fn each_reason_to_refuse_a_known_key_has_a_line() {
    let server = TestServer::start().await;
    let owner = server.app();
    let make = async |wanted| server.make_key(&owner, wanted).await;
    let (revoked, revoked_key) = make(json!({ "name": "Revoked" })).await;
    let path = format!("/v2/keys/{revoked}");
    owner.delete(&path).await.expecting(204);
    let soon = json!({ "name": "Expired", "expires_at": "2026-11-21T12:00:30Z" });
    let (expired, expired_key) = make(soon).await;
    let away = json!({ "name": "Elsewhere", "allowed_cidrs": ["203.0.113.0/24"] });
    let (elsewhere, elsewhere_key) = make(away).await;
    let narrow = json!({ "name": "Narrow", "scopes": ["keys.read"] });
    let (narrow, narrow_key) = make(narrow).await;
    let page = json!({
        "name": "Page", "kind": "widget", "allowed_origins": ["https://clinic.example"],
    });
    let (page, page_key) = make(page).await;
    server.clock.advance(TimeDelta::seconds(40));
    for (id, key, status, why) in [
        (&revoked, &revoked_key, 401, "revoked"),
        (&expired, &expired_key, 401, "expired"),
        (&elsewhere, &elsewhere_key, 401, "address"),
        (&narrow, &narrow_key, 403, "bookings.read"),
        (&page, &page_key, 403, "kind"),
    ] {
        key.get("/v2/bookings").await.expecting(status);
        let found = refusals(about(&owner, id).await);
        assert_eq!(found.len(), 1, "{why}: {found:?}");
        let detail = found[0]["detail"].as_str().expect("a reason");
        assert!(detail.contains(why), "{detail}");
        assert_eq!(found[0]["by"], format!("key:{id}"));
        assert_eq!(found[0]["source"], "127.0.0.1");
        assert_eq!(found[0]["count"], 1);
        assert_eq!(found[0]["at"], "2026-11-21T12:00:00+00:00", "its minute");
    }
    let evil = page_key.header("origin", "https://evil.example");
    evil.get("/v2/me").await.expecting(403);
    let found = refusals(about(&owner, &page).await);
    let is_about_origin = |line: &Value| {
        let detail = line["detail"].as_str();
        detail.is_some_and(|detail| detail.contains("origin"))
    };
    assert!(
        found.len() == 2 && found.iter().any(is_about_origin),
        "{found:?}"
    );
}

#[tokio::test]
async fn refusals_of_one_key_reason_source_and_minute_are_one_line_with_how_often() {
    let mut server = TestServer::start().await;
    let owner = server.app();
    let (id, key) = server.make_key(&owner, json!({ "name": "Revoked" })).await;
    let path = format!("/v2/keys/{id}");
    owner.delete(&path).await.expecting(204);
    let mut costs = Vec::new();
    for _ in 0..20 {
        let before = server.state.store().calls();
        key.get("/v2/bookings").await.expecting(401);
        costs.push(server.state.store().calls() - before);
    }
    let found = refusals(about(&owner, &id).await);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0]["count"], 16,
        "a lower bound: written at powers of two"
    );
    // The key is read each time; counts are written with the 1st, 2nd, 4th, 8th and 16th, the line with the 1st.
    assert_eq!(costs[0], 3, "{costs:?}");
    for (at, cost) in costs.iter().enumerate().skip(1) {
        let written = u64::from((at + 1).is_power_of_two());
        assert_eq!(*cost, 1 + written, "request {}: {costs:?}", at + 1);
    }
    // Another instance counts on the same line.
    let elsewhere = key.at(&server.another_instance().await);
    elsewhere.get("/v2/bookings").await.expecting(401);
    let found = refusals(about(&owner, &id).await);
    assert_eq!((found.len(), &found[0]["count"]), (1, &json!(17)));
    // Another source has a line of its own, and so has another minute.
    let moved = server.calling_from("203.0.113.7", &key);
    moved.get("/v2/bookings").await.expecting(401);
    assert_eq!(refusals(about(&owner, &id).await).len(), 2);
    server.clock.set(instant("2026-11-21T12:01:00Z"));
    key.get("/v2/bookings").await.expecting(401);
    let found = refusals(about(&owner, &id).await);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0]["at"], "2026-11-21T12:01:00+00:00", "newest first");
    assert_eq!(found[0]["count"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_on_many_instances_at_once_are_one_line() {
    let mut server = TestServer::start().await;
    let owner = server.app();
    let (id, key) = server.make_key(&owner, json!({ "name": "Revoked" })).await;
    let path = format!("/v2/keys/{id}");
    owner.delete(&path).await.expecting(204);
    let mut knocking = Vec::new();
    for _ in 0..4 {
        let key = key.at(&server.another_instance().await);
        knocking.push(tokio::spawn(async move {
            for _ in 0..8 {
                key.get("/v2/bookings").await.expecting(401);
            }
        }));
    }
    for instance in knocking {
        instance.await.expect("refusals");
    }
    let found = refusals(about(&owner, &id).await);
    assert_eq!((found.len(), &found[0]["count"]), (1, &json!(32)));
}

#[tokio::test]
async fn a_bogus_or_malformed_key_writes_nothing_at_all() {
    let server = TestServer::start().await;
    let sizes = async || {
        let mut sizes = Vec::new();
        for table in ["audit", "meters", "keys"] {
            sizes.push(items(&server, table).await.count());
        }
        sizes
    };
    let before = sizes().await;
    let bogus = |kind, mode| {
        let key = PlainKey::generate(kind, mode, server.state.random());
        server.with_key(key.expose())
    };
    for (key, cost) in [
        (bogus(KeyKind::Api, Mode::Live), 1),
        (bogus(KeyKind::Widget, Mode::Test), 1),
        (bogus(KeyKind::Named, Mode::Live), 1),
        (server.with_key("test_api_key_foobar"), 0),
        (server.with_key("tt1.0000"), 0),
        (server.anonymous(), 0),
    ] {
        for _ in 0..3 {
            let calls = server.state.store().calls();
            key.get("/v2/bookings").await.expecting(401);
            assert_eq!(server.state.store().calls() - calls, cost);
        }
    }
    assert_eq!(sizes().await, before);
}

#[tokio::test]
async fn another_apps_log_is_never_shown() {
    let server = TestServer::start().await;
    let (stranger, _) = server.sign_up("stranger@clinic.example").await;
    let stranger = server.with_key(&stranger.api_key);
    let (id, key) = server
        .make_key(&server.app(), json!({ "name": "Ours" }))
        .await;
    server
        .app()
        .delete(&format!("/v2/keys/{id}"))
        .await
        .expecting(204);
    key.get("/v2/bookings").await.expecting(401);
    assert_eq!(about(&stranger, &id).await, Vec::<Value>::new());
    let theirs = lines(&stranger, "?limit=1000").await;
    assert!(theirs.iter().all(|line| line["key_id"] != id));
    assert_eq!(about(&server.app(), &id).await.len(), 3);
    // Whoever tries to revoke another app's key leaves no line in either log.
    let path = format!("/v2/keys/{id}");
    stranger.delete(&path).await.expecting(404);
    assert_eq!(about(&server.app(), &id).await.len(), 3);
    assert_eq!(lines(&stranger, "?limit=1000").await, theirs);
}

#[tokio::test]
async fn reading_the_log_takes_its_own_scope() {
    let server = TestServer::start().await;
    let owner = server.app();
    for (scopes, status) in [
        (json!(["audit.read"]), 200),
        (json!(["*"]), 200),
        (json!(["keys.read", "keys.write", "app.read"]), 403),
        (json!([]), 403),
    ] {
        let wanted = json!({ "name": "Reader", "scopes": scopes });
        let (_, reader) = server.make_key(&owner, wanted).await;
        assert_eq!(reader.get("/v2/audit").await.status, status, "{scopes}");
    }
    let token = server
        .token(&owner, &DOC_BROWN.to_string(), "server-token")
        .await;
    let widget = server.with_key(server.demo.test.widget_key.expose());
    for caller in [server.with_token(TEST_SLUG, &token), widget] {
        assert_eq!(caller.get("/v2/audit").await.status, 403);
    }
    assert_eq!(server.anonymous().get("/v2/audit").await.status, 401);
}

#[tokio::test]
async fn the_log_is_searched_by_action_key_actor_and_source() {
    let server = TestServer::start().await;
    let owner = server.app();
    let maker = owner.get("/v2/me").await.id();
    let (first, key) = server.make_key(&owner, json!({ "name": "First" })).await;
    let away = server.calling_from("2001:db8::7", &key);
    let (second, _) = server.make_key(&away, json!({ "name": "Second" })).await;
    owner
        .delete(&format!("/v2/keys/{first}"))
        .await
        .expecting(204);
    key.get("/v2/bookings").await.expecting(401);
    let found = async |search: String| {
        let found = lines(&owner, &format!("?search={search}&limit=1000")).await;
        let mut found: Vec<(String, String)> = found
            .iter()
            .map(|line| {
                let text = |name: &str| line[name].as_str().expect("text").to_owned();
                (text("action"), text("key_id"))
            })
            .collect();
        found.sort();
        found
    };
    let line = |action: &str, key: &str| (action.to_owned(), key.to_owned());
    assert_eq!(
        found(format!("key.id:{first}")).await,
        [
            line("created", &first),
            line("refused", &first),
            line("revoked", &first)
        ]
    );
    assert_eq!(
        found("action:revoked".into()).await,
        [line("revoked", &first)]
    );
    assert_eq!(
        found(format!("by:key:{first}")).await,
        [line("created", &second), line("refused", &first)]
    );
    assert_eq!(
        found("source:2001:db8::7".into()).await,
        [line("created", &second)]
    );
    assert_eq!(
        found(format!("by:key:{maker};action:revoked")).await,
        [line("revoked", &first)]
    );
    assert_eq!(found("action:nothing".into()).await, []);
    let odd = owner.get("/v2/audit?search=colour:blue").await;
    assert_eq!(odd.status, 422, "{}", odd.body);
}

#[tokio::test]
async fn the_log_comes_in_pages_newest_first_also_across_months() {
    let server = TestServer::start().await;
    let owner = server.app();
    let mut made = Vec::new();
    for number in 0..7 {
        server.clock.advance(TimeDelta::days(12));
        let wanted = json!({ "name": format!("Key {number}") });
        made.insert(0, server.make_key(&owner, wanted).await.0);
    }
    let mut seen = Vec::new();
    let mut next = Some("/v2/audit?limit=3&search=action:created".to_owned());
    while let Some(path) = next {
        let page = owner.get(&path).await.expecting(200);
        let rows = page.body["data"].as_array().expect("lines");
        assert!(rows.len() <= 3);
        seen.extend(rows.iter().map(|row| row["key_id"].clone()));
        next = page.body["next_page_url"]
            .as_str()
            .map(|url| url.trim_start_matches(server.base()).to_owned());
    }
    assert_eq!(&seen[..7], made.as_slice());
    let mut once = seen.clone();
    once.sort_by_key(ToString::to_string);
    once.dedup();
    assert_eq!(once.len(), seen.len(), "no line twice");
}

#[tokio::test]
async fn no_line_holds_a_secret_or_its_hash() {
    let server = TestServer::start().await;
    let owner = server.app();
    let (id, _) = server.make_key(&owner, json!({ "name": "First" })).await;
    let path = format!("/v2/keys/{id}/rotate");
    let new = owner.post(&path, json!({})).await.expecting(201);
    let key = new.body["data"]["key"].as_str().expect("shown once");
    let report = json!({ "keys": [key] });
    server
        .anonymous()
        .post("/v2/keys/leaked", report)
        .await
        .expecting(202);
    server
        .with_key(key)
        .get("/v2/bookings")
        .await
        .expecting(401);
    let shown = owner.get("/v2/audit?limit=1000").await.body.to_string();
    let hash = hash_secret(key).to_hex();
    for text in [
        shown,
        format!("{:?}", items(&server, "audit").await.items()),
        format!("{:?}", items(&server, "meters").await.items()),
    ] {
        assert!(!text.contains(&key[8..]) && !text.contains(&hash));
    }
    let kept = server.state.store().list_keys(TEST_APP).await;
    assert!(
        kept.expect("keys")
            .iter()
            .any(|kept| kept.id.to_string() == new.id())
    );
}

#[tokio::test]
async fn lines_are_only_ever_added() {
    let server = TestServer::start().await;
    let owner = server.app();
    let (id, key) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    let mut before = about(&owner, &id).await;
    let path = format!("/v2/keys/{id}");
    for step in 0..3 {
        server.clock.advance(TimeDelta::seconds(61));
        match step {
            0 => owner
                .send(Method::PATCH, &path, "{\"name\":\"Ours\"}")
                .await
                .expecting(200),
            1 => owner.delete(&path).await.expecting(204),
            _ => key.get("/v2/bookings").await.expecting(401),
        };
        let after = about(&owner, &id).await;
        assert_eq!(after.len(), before.len() + 1);
        assert_eq!(&after[1..], before.as_slice());
        before = after;
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
        let reply = owner.send(method, "/v2/audit", "{}").await;
        assert_eq!(reply.status, 405);
    }
}
