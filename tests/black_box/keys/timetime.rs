//! TimeTime's own three calls: its clients find what they know, in the shape they know.

use auth::PlainKey;
use chrono::TimeDelta;
use local::demo::{LIVE_SLUG, TEST_APP, TEST_SLUG};
use model::key::{KeyKind, Mode};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, field_names};

/// Somebody with this key, as TimeTime's clients send it.
fn bearer(server: &TestServer, key: &str) -> Client {
    let value = format!("Bearer {key}");
    server.anonymous().header("authorization", &value)
}

async fn make(client: &Client, wanted: Value) -> Reply {
    client.post("/v1/api-keys", wanted).await.expecting(201)
}

fn key_in(reply: &Reply) -> &str {
    reply.body["key"].as_str().expect("shown once")
}

async fn record(server: &TestServer, made: &Reply) -> Value {
    let id = made.body["id"].as_str().expect("an id");
    let shown = server.app().get(&format!("/v2/keys/{id}")).await;
    shown.expecting(200).body["data"].clone()
}

#[tokio::test]
async fn a_new_key_is_answered_with_its_id_and_in_full_once() {
    let server = TestServer::start().await;
    let made = make(&server.app(), json!({ "name": "Production App" })).await;
    assert_eq!(field_names(&made.body), ["id", "key"], "and no envelope");
    let key = key_in(&made);
    assert!(key.starts_with("tt1.") && key.len() == 68);
    let listed = server.app().get("/v1/api-keys").await.expecting(200);
    assert!(!listed.body.to_string().contains(&key[..12]));
    let me = bearer(&server, key).get("/v1/me").await.expecting(200);
    assert_eq!(field_names(&me.body), ["id", "key_name", "name"]);
    assert_eq!(me.body["id"], TEST_APP.to_string());
    assert_eq!(me.body["key_name"], "Production App");
}

#[tokio::test]
async fn keys_are_listed_masked_by_id_and_name() {
    let server = TestServer::start().await;
    let made = make(&server.app(), json!({ "name": "Production App" })).await;
    let listed = server.app().get("/v1/api-keys").await.expecting(200);
    let rows = listed.body.as_array().expect("a list without envelope");
    let row = rows.iter().find(|row| row["id"] == made.body["id"]);
    let row = row.expect("it is in the list");
    assert_eq!(field_names(row), ["id", "key", "name"]);
    assert_eq!(row["name"], "Production App");
    assert_eq!(row["key"], format!("{}[...]", &key_in(&made)[..8]));
}

#[tokio::test]
async fn only_named_keys_that_still_work_are_listed() {
    let server = TestServer::start().await;
    let owner = server.app();
    let ids = async || {
        let listed = owner.get("/v1/api-keys").await.expecting(200);
        let rows = listed.body.as_array().expect("a list").clone();
        rows.iter()
            .map(|row| row["id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    let before = ids().await;
    let (revoked, _) = server.make_key(&owner, json!({ "name": "Revoked" })).await;
    let soon = json!({ "name": "Expired", "expires_at": "2026-11-21T13:00:00Z" });
    let (expired, _) = server.make_key(&owner, soon).await;
    let api = json!({ "name": "Another kind", "kind": "api" });
    let (api, _) = server.make_key(&owner, api).await;
    assert!(ids().await.contains(&revoked) && ids().await.contains(&expired));
    assert!(!ids().await.contains(&api));
    let path = format!("/v2/keys/{revoked}");
    owner.delete(&path).await.expecting(204);
    server.clock.advance(TimeDelta::hours(1));
    assert_eq!(ids().await, before);
}

#[tokio::test]
async fn a_key_needs_no_name() {
    let server = TestServer::start().await;
    for (wanted, name) in [
        (json!({}), "API key"),
        (json!({ "name": " Mine " }), "Mine"),
    ] {
        let made = make(&server.app(), wanted).await;
        assert_eq!(record(&server, &made).await["name"], name);
    }
    for name in [json!("x".repeat(101)), json!(true), json!(["Mine"])] {
        let reply = server
            .app()
            .post("/v1/api-keys", json!({ "name": name }))
            .await;
        assert_eq!(
            (reply.status, reply.faults()),
            (422, vec!["name"]),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_new_key_has_the_rights_of_its_maker_and_its_bounds_too() {
    let server = TestServer::start().await;
    let made = make(&server.app(), json!({ "name": "All" })).await;
    let all = record(&server, &made).await;
    assert_eq!(
        (&all["scopes"], &all["kind"]),
        (&json!(["*"]), &json!("named"))
    );
    assert_eq!(
        (&all["expires_at"], &all["allowed_cidrs"]),
        (&Value::Null, &json!([]))
    );

    let own = json!({
        "name": "Maker",
        "scopes": ["keys.write", "keys.read", "bookings.read"],
        "expires_at": "2026-12-01T00:00:00Z",
        "allowed_cidrs": ["127.0.0.0/8", "203.0.113.0/24"],
        "rate_limit": { "limit": 50, "window": "1 minute" },
    });
    let (id, maker) = server.make_key(&server.app(), own).await;
    let maker_record = server.app().get(&format!("/v2/keys/{id}")).await;
    let made = make(&maker, json!({ "name": "Made" })).await;
    let bounded = record(&server, &made).await;
    for bound in ["scopes", "expires_at", "allowed_cidrs", "rate_limit"] {
        assert_eq!(bounded[bound], maker_record.body["data"][bound], "{bound}");
    }
    assert_eq!(bounded["created_by"], format!("key:{id}"));
    let key = bearer(&server, key_in(&made));
    assert_eq!(key.get("/v2/bookings").await.status, 200);
    assert_eq!(key.get("/v2/resources").await.status, 403);
    let elsewhere = server.calling_from("198.51.100.7", &key);
    assert_eq!(elsewhere.get("/v1/me").await.status, 401);
    server.clock.set(tests::instant("2026-12-01T00:00:00Z"));
    assert_eq!(key.get("/v1/me").await.status, 401);
}

#[tokio::test]
async fn a_key_that_uses_its_kinds_limit_makes_one_that_does_too() {
    let server = TestServer::start().await;
    let (_, api) = server
        .make_key(&server.app(), json!({ "name": "Maker", "kind": "api" }))
        .await;
    let made = make(&api, json!({})).await;
    assert_eq!(record(&server, &made).await["rate_limit"]["limit"], 600);
}

#[tokio::test]
async fn a_person_at_the_console_makes_a_key_of_timetimes_way_too() {
    let server = TestServer::start().await;
    let session = server
        .sign_in(local::demo::EMAIL, &server.demo.password)
        .await
        .header("timekit-app", TEST_SLUG);
    let made = make(&session, json!({ "name": "From the console" })).await;
    let key = bearer(&server, key_in(&made));
    assert_eq!(key.get("/v1/me").await.status, 200);
    let me = session.get("/v1/me").await.expecting(200);
    assert_eq!(me.body["key_name"], Value::Null);
}

#[tokio::test]
async fn a_timetime_call_needs_what_the_same_call_of_ours_needs() {
    let server = TestServer::start().await;
    let wanted = json!({ "name": "Narrow", "scopes": ["bookings.read"] });
    let (_, narrow) = server.make_key(&server.app(), wanted).await;
    assert_eq!(narrow.get("/v1/me").await.status, 200, "any key will do");
    assert_eq!(narrow.get("/v1/api-keys").await.status, 403);
    let reply = narrow.post("/v1/api-keys", json!({})).await;
    assert_eq!(reply.status, 403);
    let widget = server.with_key(server.demo.test.widget_key.expose());
    for path in ["/v1/me", "/v1/api-keys"] {
        assert_eq!(widget.get(path).await.status, 403, "{path}");
        assert_eq!(server.anonymous().get(path).await.status, 401, "{path}");
        let unknown = PlainKey::generate(KeyKind::Named, Mode::Live, server.state.random());
        let unknown = bearer(&server, unknown.expose());
        assert_eq!(unknown.get(path).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn another_apps_keys_are_never_listed() {
    let server = TestServer::start().await;
    make(&server.app(), json!({ "name": "Ours" })).await;
    let live = server.with_key(server.demo.live.api_key.expose());
    let listed = live.get("/v1/api-keys").await.expecting(200);
    assert_eq!(listed.body, json!([]));
    let me = live.get("/v2/me").await;
    assert_eq!(me.body["data"]["app"]["slug"], LIVE_SLUG);
}
