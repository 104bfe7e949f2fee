//! Keys replaced, changed and revoked: what works when, also while others are calling.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use auth::plain_key::hash_secret;
use chrono::TimeDelta;
use http::Method;
use local::demo::{DEVELOPMENT_KEY_ID, TEST_APP};
use model::ids::KeyId;
use serde_json::{Value, json};
use tests::{Client, Options, Reply, TestServer, instant};

async fn rotate(client: &Client, id: &str, overlap: &str) -> Reply {
    let wanted = json!({ "overlap": overlap });
    client.post(&format!("/v2/keys/{id}/rotate"), wanted).await
}

async fn update(client: &Client, id: &str, changes: Value) -> Reply {
    let path = format!("/v2/keys/{id}");
    client
        .send(Method::PATCH, &path, &changes.to_string())
        .await
}

async fn show(client: &Client, id: &str) -> Value {
    let shown = client.get(&format!("/v2/keys/{id}")).await.expecting(200);
    shown.body["data"].clone()
}

fn key_in(reply: &Reply) -> &str {
    reply.body["data"]["key"].as_str().expect("shown once")
}

async fn status_of(client: &Client) -> u16 {
    client.get("/v2/me").await.status
}

fn is_wider_than_caller(what: &str, reply: &Reply) {
    let code = &reply.body["code"];
    assert_eq!(
        (reply.status, code),
        (403, &json!("wider_than_caller")),
        "{what}: {}",
        reply.body
    );
}

/// Keys that may change keys, and lack something that the app's own keys have.
async fn narrow_makers(server: &TestServer) -> Vec<(&'static str, Client)> {
    let mut makers = Vec::new();
    for (what, wanted) in [
        (
            "a scope",
            json!({ "name": "Maker", "scopes": ["keys.write"] }),
        ),
        (
            "an expiry",
            json!({ "name": "Maker", "expires_at": "2026-12-01T00:00:00Z" }),
        ),
        (
            "a limit",
            json!({ "name": "Maker", "rate_limit": { "limit": 100, "window": "1 minute" } }),
        ),
        (
            "an address",
            json!({ "name": "Maker", "allowed_cidrs": ["127.0.0.0/8"] }),
        ),
    ] {
        makers.push((what, server.make_key(&server.app(), wanted).await.1));
    }
    makers
}

#[tokio::test]
async fn a_rotated_key_has_the_same_settings_and_works_at_once() {
    let server = TestServer::start().await;
    let owner = server.app();
    for wanted in [
        json!({
            "name": "Production", "scopes": ["bookings.read", "keys.read"], "expires_at": "2027-01-01T00:00:00Z",
            "allowed_cidrs": ["127.0.0.0/8"], "rate_limit": { "limit": 77, "window": "2 minutes" },
        }),
        json!({ "name": "All", "kind": "api" }),
        json!({ "name": "Page", "kind": "widget", "allowed_origins": ["https://clinic.example"] }),
    ] {
        let (id, _) = server.make_key(&owner, wanted).await;
        let mut old = show(&owner, &id).await;
        server.clock.advance(TimeDelta::seconds(1));
        let new = rotate(&owner, &id, "1 hour").await.expecting(201);
        assert_ne!(new.id(), id);
        assert_eq!(status_of(&server.with_key(key_in(&new))).await, 200);
        let mut new = new.body["data"].clone();
        for own in ["id", "key", "start", "created_at"] {
            assert_ne!(old[own], new[own], "{own} is the new key's own");
            old[own] = Value::Null;
            new[own] = Value::Null;
        }
        assert_eq!(old, new);
    }
}

#[tokio::test]
async fn the_old_key_works_until_the_overlap_ends_and_not_at_that_second() {
    let server = TestServer::start().await;
    let (id, old) = server
        .make_key(&server.app(), json!({ "name": "Production" }))
        .await;
    let new = rotate(&server.app(), &id, "24 hours").await.expecting(201);
    let new = server.with_key(key_in(&new));
    let shown = show(&server.app(), &id).await;
    assert_eq!(shown["expires_at"], "2026-11-22T12:00:00+00:00");
    assert_eq!(shown["expires_soon"], true);
    server.clock.set(instant("2026-11-22T11:59:59Z"));
    assert_eq!((status_of(&old).await, status_of(&new).await), (200, 200));
    server.clock.set(instant("2026-11-22T12:00:00Z"));
    assert_eq!((status_of(&old).await, status_of(&new).await), (401, 200));
}

#[tokio::test]
async fn an_overlap_is_a_day_unless_said_and_may_be_nothing_at_all() {
    let server = TestServer::start().await;
    let owner = server.app();
    let (id, _) = server.make_key(&owner, json!({ "name": "Usual" })).await;
    let path = format!("/v2/keys/{id}/rotate");
    owner.post(&path, json!({})).await.expecting(201);
    assert_eq!(
        show(&owner, &id).await["expires_at"],
        "2026-11-22T12:00:00+00:00"
    );
    let (id, old) = server.make_key(&owner, json!({ "name": "Leaked" })).await;
    let new = rotate(&owner, &id, "0 seconds").await.expecting(201);
    assert_eq!(status_of(&old).await, 401, "at once");
    assert_eq!(status_of(&server.with_key(key_in(&new))).await, 200);
}

#[tokio::test]
async fn an_overlap_never_outlives_the_old_keys_own_expiry() {
    let server = TestServer::start().await;
    let wanted = json!({ "name": "Until one", "expires_at": "2026-11-21T13:00:00Z" });
    let (id, old) = server.make_key(&server.app(), wanted).await;
    let new = rotate(&server.app(), &id, "7 days").await.expecting(201);
    let one = json!("2026-11-21T13:00:00+00:00");
    assert_eq!(new.body["data"]["expires_at"], one);
    assert_eq!(show(&server.app(), &id).await["expires_at"], one);
    server.clock.set(instant("2026-11-21T13:00:00Z"));
    assert_eq!(status_of(&old).await, 401);
}

#[tokio::test]
async fn an_overlap_is_from_nothing_to_seven_days() {
    let server = TestServer::start().await;
    let owner = server.app();
    let (id, old) = server
        .make_key(&owner, json!({ "name": "Production" }))
        .await;
    let path = format!("/v2/keys/{id}/rotate");
    for overlap in [
        json!("8 days"),
        json!("7 days 1 second"),
        json!("1000000 weeks"),
        json!("-1 hour"),
        json!("soon"),
        json!(""),
        json!(24),
        json!(["24 hours"]),
    ] {
        let reply = owner.post(&path, json!({ "overlap": overlap })).await;
        assert_eq!(
            (reply.status, reply.faults()),
            (422, vec!["overlap"]),
            "{overlap}"
        );
    }
    assert_eq!(show(&owner, &id).await["expires_at"], Value::Null);
    assert_eq!(status_of(&old).await, 200);
    rotate(&owner, &id, "7 days").await.expecting(201);
}

#[tokio::test]
async fn a_revoked_or_expired_key_is_neither_replaced_nor_changed() {
    let server = TestServer::start().await;
    let owner = server.app();
    let (revoked, _) = server.make_key(&owner, json!({ "name": "Revoked" })).await;
    owner
        .delete(&format!("/v2/keys/{revoked}"))
        .await
        .expecting(204);
    let wanted = json!({ "name": "Expired", "expires_at": "2026-11-21T13:00:00Z" });
    let (expired, _) = server.make_key(&owner, wanted).await;
    server.clock.set(instant("2026-11-21T13:00:00Z"));
    let before = owner.get("/v2/keys").await.body["total"].clone();
    for id in [&revoked, &expired] {
        for reply in [
            rotate(&owner, id, "1 hour").await,
            update(&owner, id, json!({ "name": "Again" })).await,
        ] {
            assert_eq!(
                (reply.status, &reply.body["code"]),
                (409, &json!("conflict"))
            );
        }
        assert_ne!(show(&owner, id).await["name"], "Again");
    }
    assert_eq!(owner.get("/v2/keys").await.body["total"], before);
}

#[tokio::test]
async fn a_key_that_is_not_there_is_neither_replaced_nor_changed() {
    let server = TestServer::start().await;
    let (stranger, _) = server.sign_up("stranger@clinic.example").await;
    let stranger = server.with_key(&stranger.api_key);
    let (id, _) = server
        .make_key(&server.app(), json!({ "name": "Ours" }))
        .await;
    let nobody = KeyId::random(server.state.random()).to_string();
    for (caller, id) in [
        (&stranger, id.as_str()),
        (&server.app(), nobody.as_str()),
        (&server.app(), "nope"),
    ] {
        for reply in [
            rotate(caller, id, "1 hour").await,
            update(caller, id, json!({ "name": "Theirs" })).await,
        ] {
            assert_eq!((reply.status, &reply.body["model"]), (404, &json!("Key")));
        }
    }
    assert_eq!(show(&server.app(), &id).await["name"], "Ours");
}

#[tokio::test]
async fn nobody_rotates_a_key_wider_than_their_own() {
    let server = TestServer::start().await;
    let (id, wide) = server
        .make_key(&server.app(), json!({ "name": "Wide" }))
        .await;
    for (lacking, maker) in narrow_makers(&server).await {
        is_wider_than_caller(lacking, &rotate(&maker, &id, "0 seconds").await);
    }
    assert_eq!(status_of(&wide).await, 200, "and nothing has happened");
    assert_eq!(show(&server.app(), &id).await["expires_at"], Value::Null);
}

#[tokio::test]
async fn a_key_may_rotate_itself() {
    let server = TestServer::start().await;
    for (lacking, maker) in narrow_makers(&server).await {
        let id = maker.get("/v2/me").await.id();
        let new = rotate(&maker, &id, "1 hour").await;
        assert_eq!(new.status, 201, "{lacking}: {}", new.body);
        assert_eq!(status_of(&server.with_key(key_in(&new))).await, 200);
    }
}

#[tokio::test]
async fn a_rotated_widget_key_gives_its_place_to_the_new_one() {
    let server = TestServer::start().await;
    let owner = server.app();
    let shown = async || owner.get("/v2/app").await.body["data"]["widget_key"].clone();
    let old_key = server.demo.test.widget_key.expose();
    let old = server.with_key(old_key);
    let id = old.get("/v2/me").await.id();
    let later = json!({ "name": "Another page", "kind": "widget" });
    server.make_key(&owner, later).await;
    assert_eq!(shown().await, old_key);

    let new = rotate(&owner, &id, "1 hour").await.expecting(201);
    assert_eq!(shown().await, key_in(&new), "pages get the new one");
    assert_eq!(show(&owner, &id).await["key"], old_key);
    assert_eq!(show(&owner, &new.id()).await["key"], key_in(&new));
    let listed = owner.get("/v2/keys?search=kind:widget").await;
    let keys: Vec<_> = listed.body["data"].as_array().expect("keys").to_vec();
    for key in [old_key, key_in(&new)] {
        assert!(keys.iter().any(|row| row["key"] == key), "{keys:?}");
    }
    assert_eq!(status_of(&old).await, 200);
    server.clock.advance(TimeDelta::hours(1));
    assert_eq!(status_of(&old).await, 401);
    assert_eq!(status_of(&server.with_key(key_in(&new))).await, 200);
    assert_eq!(shown().await, key_in(&new));
}

/// What stands at any moment: the old key without an end and no new one, or both with the old one's end.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_seen_whole_or_not_at_all() {
    let server = TestServer::start().await;
    let owner = server.app();
    for _ in 0..5 {
        let (id, _) = server.make_key(&owner, json!({ "name": "Rotating" })).await;
        let id: KeyId = id.parse().expect("an id");
        let store = server.state.store().clone();
        let before = store.list_keys(TEST_APP).await.expect("keys").len();
        let done = Arc::new(AtomicBool::new(false));
        let is_done = done.clone();
        let watching = tokio::spawn(async move {
            let mut looks = 0;
            while !is_done.load(Ordering::SeqCst) || looks < 3 {
                let old = store.get_key(TEST_APP, id).await.expect("an answer");
                let has_end = old.expect("the old key").expires_at.is_some();
                let count = store.list_keys(TEST_APP).await.expect("keys").len();
                assert!(
                    !has_end || count == before + 1,
                    "the old key ends and there is no new one"
                );
                let old = store.get_key(TEST_APP, id).await.expect("an answer");
                let has_end = old.expect("the old key").expires_at.is_some();
                assert!(
                    count == before || has_end,
                    "there is a new key and the old one has no end"
                );
                looks += 1;
            }
        });
        rotate(&owner, &id.to_string(), "1 hour")
            .await
            .expecting(201);
        done.store(true, Ordering::SeqCst);
        watching.await.expect("no torn rotation");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_switch_inside_the_overlap_see_no_failure() {
    let mut server = TestServer::start().await;
    let owner = server.with_key(server.demo.live.api_key.expose());
    let rate = json!({ "limit": 100_000, "window": "1 minute" });
    // Who makes a key of so many requests must have as many: a person at the console has no limit.
    let session = server
        .sign_in(local::demo::EMAIL, &server.demo.password)
        .await
        .header("timekit-app", local::demo::LIVE_SLUG);
    let wanted = json!({ "name": "Production", "rate_limit": rate });
    let (id, old) = server.make_key(&session, wanted).await;
    let (switch, new_key) = tokio::sync::watch::channel(None::<Client>);
    let called = Arc::new(AtomicUsize::new(0));
    let mut callers = Vec::new();
    for number in 0..8 {
        let base = server.another_instance().await;
        let (old, new_key, called) = (old.at(&base), new_key.clone(), called.clone());
        callers.push(tokio::spawn(async move {
            let mut after = 0;
            // Each keeps the old key for a while of its own before it switches.
            while after < 20 {
                let new = new_key.borrow().clone();
                let caller = match new {
                    Some(new) if after > number => new.at(&base),
                    _ => old.clone(),
                };
                let reply = caller.get("/v2/me").await;
                assert_eq!(reply.status, 200, "{}", reply.body);
                called.fetch_add(1, Ordering::SeqCst);
                if new_key.borrow().is_some() {
                    after += 1;
                }
            }
        }));
    }
    while called.load(Ordering::SeqCst) < 40 {
        tokio::task::yield_now().await;
    }
    is_wider_than_caller("a higher limit", &rotate(&owner, &id, "1 hour").await);
    let new = rotate(&session, &id, "1 hour").await.expecting(201);
    switch
        .send(Some(server.with_key(key_in(&new))))
        .expect("somebody listens");
    for caller in callers {
        caller.await.expect("no failure");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_requests_started_after_a_revocation_was_answered_none_is_accepted() {
    let mut server = TestServer::start().await;
    let session = server
        .sign_in(local::demo::EMAIL, &server.demo.password)
        .await
        .header("timekit-app", local::demo::LIVE_SLUG);
    let rate = json!({ "limit": 100_000, "window": "1 minute" });
    let wanted = json!({ "name": "Hammered", "rate_limit": rate });
    let (id, key) = server.make_key(&session, wanted).await;
    let (revoked, is_revoked) = tokio::sync::watch::channel(false);
    let accepted = Arc::new(AtomicUsize::new(0));
    let mut instances = Vec::new();
    for _ in 0..8 {
        let key = key.at(&server.another_instance().await);
        let (is_revoked, accepted) = (is_revoked.clone(), accepted.clone());
        instances.push(tokio::spawn(async move {
            let mut answers = Vec::new();
            let mut after = 0;
            while after < 20 {
                after += usize::from(*is_revoked.borrow());
                let started = Instant::now();
                let status = key.get("/v2/bookings").await.status;
                answers.push((started, status));
                if status == 200 {
                    accepted.fetch_add(1, Ordering::SeqCst);
                }
            }
            answers
        }));
    }
    while accepted.load(Ordering::SeqCst) < 80 {
        tokio::task::yield_now().await;
    }
    session
        .delete(&format!("/v2/keys/{id}"))
        .await
        .expecting(204);
    let answered = Instant::now();
    revoked.send(true).expect("somebody listens");
    let mut answers = Vec::new();
    for instance in instances {
        answers.extend(instance.await.expect("an instance"));
    }
    let (after, before): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|(started, _)| *started > answered);
    assert!(after.len() >= 8 * 19 && before.len() >= 80);
    for (_, status) in after {
        assert_eq!(status, 401);
    }
}

#[tokio::test]
async fn every_field_that_may_change_changes_and_what_is_not_sent_stays() {
    let server = TestServer::start().await;
    let owner = server.app();
    let (id, _) = server.make_key(&owner, json!({ "name": "Before" })).await;
    let mut expected = show(&owner, &id).await;
    for (field, sent, shown) in [
        ("name", json!(" After "), json!("After")),
        (
            "scopes",
            json!(["keys.read", "bookings.read"]),
            json!(["bookings.read", "keys.read"]),
        ),
        (
            "rate_limit",
            json!({ "limit": 50, "window": "2 minutes" }),
            json!({ "limit": 50, "window": "120 seconds" }),
        ),
        (
            "rate_limit",
            json!(null),
            json!({ "limit": 600, "window": "60 seconds" }),
        ),
        (
            "allowed_cidrs",
            json!(["203.0.113.0/24", "127.0.0.1"]),
            json!(["203.0.113.0/24", "127.0.0.1/32"]),
        ),
        ("allowed_cidrs", json!([]), json!([])),
        ("scopes", json!([]), json!([])),
    ] {
        let reply = update(&owner, &id, json!({ field: sent })).await;
        expected[field] = shown;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.body["data"], expected, "{field}");
        assert_eq!(show(&owner, &id).await, expected, "{field}");
    }
    let page = json!({ "name": "Page", "kind": "widget" });
    let (id, _) = server.make_key(&owner, page).await;
    let origins = json!(["https://clinic.example", "https://www.clinic.example"]);
    let reply = update(&owner, &id, json!({ "allowed_origins": origins })).await;
    assert_eq!(reply.body["data"]["allowed_origins"], origins);
    let reply = update(&owner, &id, json!({ "allowed_origins": [] })).await;
    assert_eq!(reply.body["data"]["allowed_origins"], json!([]));
    assert!(reply.body["data"]["key"].is_string(), "it is public");
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_by_name() {
    let server = TestServer::start().await;
    let owner = server.app();
    let (id, _) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    let before = show(&owner, &id).await;
    for field in [
        "app",
        "app_id",
        "created_at",
        "created_by",
        "expires_at",
        "hash",
        "id",
        "imported",
        "key",
        "kind",
        "last_used_at",
        "mode",
        "owner",
        "requests_24h",
        "revoked_at",
        "sha256",
        "start",
        "colour",
    ] {
        let reply = update(&owner, &id, json!({ "name": "Other", field: "x" })).await;
        assert_eq!(
            (reply.status, reply.faults()),
            (422, vec![field]),
            "{}",
            reply.body
        );
    }
    let odd = json!({ "expires_at": null });
    assert_eq!(update(&owner, &id, odd).await.faults(), ["expires_at"]);
    assert_eq!(show(&owner, &id).await, before);
}

#[tokio::test]
async fn a_change_that_makes_no_sense_is_refused() {
    let server = TestServer::start().await;
    let owner = server.app();
    let (id, _) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    let page = json!({ "name": "Page", "kind": "widget" });
    let (widget, _) = server.make_key(&owner, page).await;
    for (id, field, value, at_fault) in [
        (&id, "name", json!(" "), "name"),
        (&id, "name", json!("x".repeat(101)), "name"),
        (&id, "scopes", json!(["bookings.admin"]), "scopes"),
        (&id, "scopes", json!("bookings.read"), "scopes"),
        (
            &id,
            "rate_limit",
            json!({ "limit": 0, "window": "1 minute" }),
            "rate_limit.limit",
        ),
        (
            &id,
            "rate_limit",
            json!({ "limit": 100_001, "window": "1 minute" }),
            "rate_limit.limit",
        ),
        (
            &id,
            "rate_limit",
            json!({ "limit": 9, "window": "2 days" }),
            "rate_limit.window",
        ),
        (
            &id,
            "rate_limit",
            json!({ "limit": 9 }),
            "rate_limit.window",
        ),
        (&id, "rate_limit", json!(600), "rate_limit"),
        (&id, "allowed_cidrs", json!(["banana"]), "allowed_cidrs"),
        (
            &id,
            "allowed_origins",
            json!(["https://clinic.example"]),
            "allowed_origins",
        ),
        (
            &widget,
            "allowed_origins",
            json!(["https://clinic.example/page"]),
            "allowed_origins",
        ),
        (&widget, "scopes", json!(["bookings.write"]), "scopes"),
    ] {
        let reply = update(&owner, id, json!({ field: value })).await;
        assert_eq!(
            (reply.status, reply.faults()),
            (422, vec![at_fault]),
            "{field} {value}"
        );
    }
}

#[tokio::test]
async fn nobody_changes_a_key_that_is_or_would_be_wider_than_their_own() {
    let server = TestServer::start().await;
    let (wide, _) = server
        .make_key(&server.app(), json!({ "name": "Wide" }))
        .await;
    for (lacking, maker) in narrow_makers(&server).await {
        for changes in [json!({ "name": "Mine now" }), json!({ "scopes": [] })] {
            is_wider_than_caller(lacking, &update(&maker, &wide, changes).await);
        }
        let own = maker.get("/v2/me").await.id();
        let further = match lacking {
            "a scope" => json!({ "scopes": ["*"] }),
            "a limit" => json!({ "rate_limit": { "limit": 101, "window": "1 minute" } }),
            "an address" => json!({ "allowed_cidrs": ["127.0.0.0/7"] }),
            _ => continue,
        };
        is_wider_than_caller(lacking, &update(&maker, &own, further).await);
        let reset = match lacking {
            "a limit" => json!({ "rate_limit": null }),
            "an address" => json!({ "allowed_cidrs": [] }),
            _ => continue,
        };
        is_wider_than_caller(lacking, &update(&maker, &own, reset).await);
    }
    assert_eq!(show(&server.app(), &wide).await["name"], "Wide");
}

#[tokio::test]
async fn what_was_changed_counts_on_the_next_request_on_every_instance() {
    let mut server = TestServer::start().await;
    let owner = server.app();
    let (id, key) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    let elsewhere = key.at(&server.another_instance().await);
    assert_eq!(elsewhere.get("/v2/bookings").await.status, 200);
    let set = async |changes| update(&owner, &id, changes).await.expecting(200);
    set(json!({ "scopes": ["keys.read"] })).await;
    assert_eq!(elsewhere.get("/v2/bookings").await.status, 403);
    assert_eq!(elsewhere.get("/v2/keys").await.status, 200);
    set(json!({ "allowed_cidrs": ["203.0.113.0/24"] })).await;
    assert_eq!(elsewhere.get("/v2/keys").await.status, 401);
    set(json!({ "allowed_cidrs": [] })).await;
    set(json!({ "rate_limit": { "limit": 9, "window": "1 minute" } })).await;
    let me = elsewhere.get("/v2/me").await;
    assert!(
        me.header("ratelimit-policy")
            .is_some_and(|policy| policy.contains("\"key\";q=9;w=60")),
        "{:?}",
        me.headers
    );
}

#[tokio::test]
async fn by_default_a_revocation_counts_on_the_next_request() {
    let mut server = TestServer::start().await;
    let (id, key) = server
        .make_key(&server.app(), json!({ "name": "Short-lived" }))
        .await;
    let elsewhere = key.at(&server.another_instance().await);
    assert_eq!(
        (status_of(&key).await, status_of(&elsewhere).await),
        (200, 200)
    );
    let path = format!("/v2/keys/{id}");
    server.app().delete(&path).await.expecting(204);
    assert_eq!(
        (status_of(&key).await, status_of(&elsewhere).await),
        (401, 401)
    );
}

async fn caching_server() -> TestServer {
    TestServer::start_with(Options {
        auth_cache_s: 5,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn with_a_cache_a_revoked_key_works_for_five_seconds_at_most_however_busy_it_is() {
    let server = caching_server().await;
    let (id, key) = server
        .make_key(&server.app(), json!({ "name": "Short-lived" }))
        .await;
    assert_eq!(status_of(&key).await, 200);
    let path = format!("/v2/keys/{id}");
    server.app().delete(&path).await.expecting(204);
    // It is used all the time: that must not keep it alive.
    for passed in 1..5 {
        server.clock.advance(TimeDelta::seconds(1));
        assert_eq!(status_of(&key).await, 200, "after {passed} seconds");
    }
    server.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        status_of(&key).await,
        401,
        "see shared/auth/src/authenticate.rs: only what was read just now may be kept"
    );
}

#[tokio::test]
async fn with_a_cache_a_key_never_outlives_its_expiry() {
    let server = caching_server().await;
    let wanted = json!({ "name": "Short-lived", "expires_at": "2026-11-21T12:00:02Z" });
    let (_, key) = server.make_key(&server.app(), wanted).await;
    assert_eq!(status_of(&key).await, 200);
    server.clock.advance(TimeDelta::seconds(2));
    assert_eq!(status_of(&key).await, 401);
}

#[tokio::test]
async fn with_a_cache_a_key_is_read_once_in_five_seconds() {
    let server = caching_server().await;
    let live = server.with_key(server.demo.live.api_key.expose());
    let cost = async || {
        let before = server.state.store().calls();
        let path = format!("/v2/bookings/{DEVELOPMENT_KEY_ID}");
        assert_eq!(live.get(&path).await.status, 404);
        server.state.store().calls() - before
    };
    let mut costs = Vec::new();
    for _ in 0..8 {
        costs.push(cost().await);
    }
    assert_eq!(costs.iter().min(), Some(&1), "the booking only: {costs:?}");
}

#[tokio::test]
async fn a_rotated_key_is_kept_as_its_hash_only() {
    let server = TestServer::start().await;
    let (id, _) = server
        .make_key(&server.app(), json!({ "name": "Mine" }))
        .await;
    let new = rotate(&server.app(), &id, "1 hour").await.expecting(201);
    let found = server.state.store().find_key(hash_secret(key_in(&new)));
    let record = found.await.expect("an answer").expect("the new key");
    assert_eq!(record.id.to_string(), new.id());
    assert_eq!(record.created_at, instant(tests::NOW));
    for reply in [
        server.app().get("/v2/keys").await,
        server.app().get(&format!("/v2/keys/{}", new.id())).await,
        server.app().get("/v2/audit").await,
    ] {
        let text = reply.expecting(200).body.to_string();
        assert!(!text.contains(&key_in(&new)[8..]));
        assert!(!text.contains(&record.hash.to_hex()));
    }
}
