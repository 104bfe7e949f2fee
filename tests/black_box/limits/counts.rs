//! How many of a kind a tenant may have: keys that work, and apps. Creations at once do not pass a bound together.

use chrono::TimeDelta;
use local::demo::{EMAIL, LIVE_SLUG};
use serde_json::{Value, json};
use tests::{Client, Options, TestServer};

use crate::platform::process::{FIRST, Running, word_after};

/// A server whose apps may have few keys; the demo's live app has two already.
const FEW: u32 = 6;

async fn server() -> TestServer {
    TestServer::start_with(Options {
        allow_imported_keys: true,
        max_keys: FEW,
        ..Options::default()
    })
    .await
}

fn named(number: u32) -> Value {
    json!({ "name": format!("Number {number}") })
}

/// Makes keys until there are as many as there may be, and answers their ids.
async fn fill(server: &TestServer, owner: &Client) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 2..FEW {
        ids.push(server.make_key(owner, named(number)).await.0);
    }
    ids
}

#[tokio::test]
async fn an_app_has_a_bounded_number_of_keys_however_they_are_made() {
    let server = server().await;
    let owner = server.live_app();
    fill(&server, &owner).await;
    for (path, body) in [
        ("/v2/keys", named(0)),
        ("/v2/keys", json!({ "name": "Page", "kind": "widget" })),
        (
            "/v2/keys/import",
            json!({ "name": "Old", "sha256": "0123456789abcdef".repeat(4) }),
        ),
        ("/v1/api-keys", json!({ "name": "TimeTime's" })),
    ] {
        let refused = owner.post(path, body).await.expecting(409);
        assert_eq!(refused.body["code"], "too_many_keys", "{path}");
        let said = refused.body["error"].as_str().expect("a sentence");
        assert!(
            said.contains("has 6 keys") && said.contains("Revoke"),
            "{said}"
        );
    }
    // Another app is not concerned.
    server.make_key(&server.app(), named(0)).await;
}

#[tokio::test]
async fn keys_that_are_revoked_or_expired_make_room() {
    let server = server().await;
    let owner = server.live_app();
    let soon = server.state.now() + TimeDelta::minutes(5);
    let ids = fill(&server, &owner).await;
    owner.post("/v2/keys", named(7)).await.expecting(409);
    owner
        .delete(&format!("/v2/keys/{}", ids[0]))
        .await
        .expecting(204);
    let wanted = json!({ "name": "Short", "expires_at": soon.to_rfc3339() });
    owner.post("/v2/keys", wanted).await.expecting(201);
    owner.post("/v2/keys", named(8)).await.expecting(409);
    server.clock.advance(TimeDelta::minutes(6));
    owner.post("/v2/keys", named(9)).await.expecting(201);
    owner.post("/v2/keys", named(10)).await.expecting(409);
}

#[tokio::test]
async fn a_rotation_counts_while_both_keys_work() {
    let server = server().await;
    let owner = server.live_app();
    let ids = fill(&server, &owner).await;
    let path = format!("/v2/keys/{}/rotate", ids[0]);
    let refused = owner.post(&path, json!({})).await.expecting(409);
    assert_eq!(refused.body["code"], "too_many_keys");
    let said = refused.body["error"].as_str().expect("a sentence");
    assert!(said.contains("\"0 hours\""), "{said}");
    // A leaked key can be replaced all the same.
    let at_once = json!({ "overlap": "0 hours" });
    let new = owner.post(&path, at_once).await.expecting(201);
    owner.post("/v2/keys", named(7)).await.expecting(409);
    owner
        .delete(&format!("/v2/keys/{}", new.id()))
        .await
        .expecting(204);
    owner.post("/v2/keys", named(8)).await.expecting(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn creations_at_once_do_not_pass_the_bound_together() {
    let mut server = server().await;
    let owner = server.live_app();
    let there = owner.at(&server.another_instance().await);
    let sent: Vec<_> = (0..20)
        .map(|number| {
            let owner = if number % 2 == 0 {
                owner.clone()
            } else {
                there.clone()
            };
            let body = named(number);
            tokio::spawn(async move { owner.post("/v2/keys", body).await.status })
        })
        .collect();
    let mut made = 0;
    for status in sent {
        match status.await.expect("an answer") {
            201 => made += 1,
            409 => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(made, FEW - 2);
}

/// The app's public record is read for every page, and must not grow with every key that a page ever had.
#[tokio::test]
async fn expired_widget_keys_do_not_pile_up_in_the_apps_record() {
    let server = server().await;
    let owner = server.live_app();
    for _ in 0..12 {
        let soon = server.state.now() + TimeDelta::minutes(1);
        let wanted = json!({ "name": "Page", "kind": "widget", "expires_at": soon.to_rfc3339() });
        owner.post("/v2/keys", wanted).await.expecting(201);
        server.clock.advance(TimeDelta::minutes(2));
    }
    let app = server.state.store().get_app(local::demo::LIVE_APP).await;
    let kept = app.expect("a store").expect("the app").widget_keys.len();
    assert!(kept <= FEW as usize, "{kept}");
}

#[tokio::test]
async fn an_account_has_at_most_fifty_apps() {
    let server = TestServer::start().await;
    let person = server.sign_in(EMAIL, &server.demo.password).await;
    let mut made = 0;
    let refused = loop {
        let reply = person.post("/v2/apps", json!({ "name": "One more" })).await;
        if reply.status != 201 {
            break reply.expecting(409);
        }
        made += 1;
        assert!(made <= 50, "there is no bound");
    };
    assert_eq!(refused.body["code"], "too_many_apps");
    let apps = person.get("/v2/apps").await.expecting(200);
    let apps = apps.body["data"].as_array().expect("apps").clone();
    assert_eq!(apps.len(), 50);
    let slug = apps[10]["slug"].as_str().expect("a slug");
    assert_ne!(slug, LIVE_SLUG);
    let acting = person.header("timekit-app", slug);
    let path = format!("/v2/apps/{slug}");
    acting.delete(&path).await.expecting(204);
    person
        .post("/v2/apps", json!({ "name": "Again" }))
        .await
        .expecting(201);
    person
        .post("/v2/apps", json!({ "name": "Over" }))
        .await
        .expecting(409);
}

#[tokio::test]
async fn who_serves_decides_what_an_app_may_have() {
    let data = tempfile::tempdir().expect("a folder");
    let options = ["--max-keys-per-app", "2", "--app-rate-per-minute", "7000"];
    let server = Running::start(data.path(), &options, FIRST).await;
    let key = word_after(&server.printed, "API key ");
    let key = auth::presented::basic_with_key(&key);
    let live = server.anonymous().header("authorization", &key);
    let refused = live.post("/v2/keys", named(2)).await.expecting(409);
    assert_eq!(refused.body["code"], "too_many_keys");
    let policy = refused.header("ratelimit-policy");
    assert_eq!(policy, Some("\"key\";q=600;w=60, \"app\";q=7000;w=60"));
}
