//! Paths without an operation, and operations without the method: what an accepted caller is told there, and that a bad
//! credential makes no difference.

use auth::PlainKey;
use http::Method;
use local::demo::{DOC_BROWN, EMAIL, TEST_SLUG};
use model::key::{KeyKind, Mode};
use serde_json::json;
use tests::{Client, Reply, TestServer};

/// The answers to what no operation does.
async fn nowhere(caller: &Client) -> [Reply; 5] {
    [
        caller.get("/v2/nope").await.expecting(404),
        caller
            .post("/v2/bookings/a/b/c", json!({}))
            .await
            .expecting(404),
        caller.get("/v3/bookings").await.expecting(404),
        caller
            .send(Method::PATCH, "/v2/bookings", "{}")
            .await
            .expecting(405),
        caller
            .send(Method::DELETE, "/v2/resources", "")
            .await
            .expecting(405),
    ]
}

#[tokio::test]
async fn a_path_without_an_operation_tells_an_accepted_caller_what_any_answer_does() {
    let server = TestServer::start().await;
    let app = server.app();
    let token = server
        .token(&app, &DOC_BROWN.to_string(), "server-token")
        .await;
    let soon = json!({ "name": "Soon over", "expires_at": "2026-11-22T12:00:00Z" });
    let (_, expiring) = server.make_key(&app, soon).await;
    for caller in [
        app,
        expiring.clone(),
        server.with_key(server.demo.test.widget_key.expose()),
        server.with_token(TEST_SLUG, &token),
    ] {
        let usual = caller.get("/v2/me").await.expecting(200);
        for reply in nowhere(&caller).await {
            for name in [
                "timekit-testmode",
                "ratelimit-policy",
                "x-ratelimit-limit",
                "latchkey-key-expires",
            ] {
                assert_eq!(reply.header(name), usual.header(name), "{name}");
            }
        }
    }
    for reply in nowhere(&expiring).await {
        assert!(reply.header("latchkey-key-expires").is_some());
    }
    for reply in nowhere(&server.live_app()).await {
        assert_eq!(reply.header("timekit-testmode"), None);
        assert!(reply.header("ratelimit").is_some());
    }
}

#[tokio::test]
async fn a_bad_credential_changes_nothing_about_a_path_without_an_operation() {
    let server = TestServer::start().await;
    let app = server.app();
    let (id, revoked) = server.make_key(&app, json!({ "name": "Old" })).await;
    app.delete(&format!("/v2/keys/{id}")).await.expecting(204);
    let elsewhere = json!({ "name": "Elsewhere", "allowed_cidrs": ["203.0.113.0/24"] });
    let (_, elsewhere) = server.make_key(&app, elsewhere).await;
    let bound =
        json!({ "name": "Page", "kind": "widget", "allowed_origins": ["https://clinic.example"] });
    let (_, bound) = server.make_key(&app, bound).await;
    let unknown = PlainKey::generate(KeyKind::Api, Mode::Test, server.state.random());
    let usual = nowhere(&server.anonymous()).await;
    let before = audited(&app).await;
    for caller in [
        revoked,
        elsewhere,
        bound.header("origin", "https://evil.example"),
        server.with_key(unknown.expose()),
        server.with_key("test_api_key_x"),
        server.anonymous().header("authorization", "Basic !!!"),
        server.sign_in(EMAIL, &server.demo.password).await,
    ] {
        for (reply, usual) in nowhere(&caller).await.iter().zip(&usual) {
            assert_eq!(reply.comparable(), usual.comparable());
        }
    }
    // Nobody was turned away, so nothing is in the audit log.
    assert_eq!(audited(&app).await, before);
}

async fn audited(app: &Client) -> serde_json::Value {
    app.get("/v2/audit").await.expecting(200).body["total"].clone()
}

#[tokio::test]
async fn a_caller_over_its_limit_is_told_so_where_there_is_no_operation_too() {
    let server = TestServer::start().await;
    let rate = json!({ "limit": 3, "window": "1 minute" });
    let wanted = json!({ "name": "Slow", "rate_limit": rate });
    let (_, slow) = server.make_key(&server.app(), wanted).await;
    for _ in 0..3 {
        slow.get("/v2/nope").await.expecting(404);
    }
    let refused = slow.get("/v2/nope").await.expecting(429);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.header("timekit-testmode"), Some("true"));
    slow.get("/v2/me").await.expecting(429);
}

#[tokio::test]
async fn a_405_names_the_methods_that_there_are() {
    let server = TestServer::start().await;
    let reply = server
        .app()
        .send(Method::PATCH, "/v2/bookings", "{}")
        .await
        .expecting(405);
    let allowed = reply.header("allow").expect("the methods");
    assert!(
        allowed.contains("GET") && allowed.contains("POST"),
        "{allowed}"
    );
}
