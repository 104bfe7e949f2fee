//! What a caller hears whose credential does not hold: the same for every reason, and nothing about any key.

use auth::PlainKey;
use auth::development::DEVELOPMENT_KEY;
use auth::presented::basic_with_key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use local::demo::{DOC_BROWN, EMAIL, LIVE_SLUG, TEST_SLUG};
use model::ids::BookingId;
use model::key::{KeyKind, Mode};
use serde_json::json;
use tests::{Client, Options, Reply, TestServer, instant};

/// Checks that this is the one 401.
fn is_the_401(why: &str, reply: &Reply) {
    let (status, headers, body) = reply.comparable();
    assert_eq!(status, 401, "{why}: {body}");
    assert_eq!(
        body,
        json!({ "error": "Invalid credentials supplied", "code": "unauthenticated" }),
        "{why}"
    );
    let request_id = reply.body["request_id"].as_str().expect("a request id");
    assert_eq!(reply.header("x-request-id"), Some(request_id), "{why}");
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Bearer realm=\"latchkey\""),
        "{why}"
    );
    for (name, _) in headers {
        let tells = [
            "ratelimit",
            "x-ratelimit",
            "timekit-",
            "latchkey-",
            "set-cookie",
        ];
        assert!(
            !tells.iter().any(|start| name.starts_with(start)),
            "{why}: {name}"
        );
    }
}

fn basic(user: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{secret}")))
}

/// Callers whose credential never had the form of one.
fn malformed(server: &TestServer) -> Vec<(&'static str, Client)> {
    let sends = |value: &str| server.anonymous().header("authorization", value);
    let key = server.demo.test.api_key.expose();
    let other = if key.ends_with('x') { 'y' } else { 'x' };
    let mistyped = format!("{}{other}", &key[..key.len() - 1]);
    vec![
        ("nothing", server.anonymous()),
        ("an empty header", sends("")),
        ("no secret", sends("Bearer")),
        ("no base64", sends("Basic !!!")),
        (
            "no colon",
            sends(&format!("Basic {}", STANDARD.encode("x"))),
        ),
        ("nothing we know", sends("abc")),
        ("another scheme", sends("Digest abc")),
        (
            "another system's key in base64",
            sends(&STANDARD.encode(":foobar")),
        ),
        ("a mistyped key", server.with_key(&mistyped)),
        (
            "another system's key",
            server.with_key("test_api_key_foobar"),
        ),
        (
            "another system's token",
            sends(&basic("doc.brown@timekit.io", "abc")),
        ),
        (
            "a key as a resource's token",
            sends(&basic("doc.brown@timekit.io", key)),
        ),
        (
            "two headers",
            sends(&basic_with_key(key)).and_header("authorization", &basic_with_key(key)),
        ),
        (
            "a good header and a bad one",
            sends("Bearer x").and_header("authorization", &basic_with_key(key)),
        ),
    ]
}

/// Callers whose credential has the right form and does not hold.
async fn not_holding(server: &TestServer) -> Vec<(&'static str, Client)> {
    let owner = server.app();
    let unknown = |kind, mode| {
        server.with_key(PlainKey::generate(kind, mode, server.state.random()).expose())
    };
    let make = async |wanted| server.make_key(&owner, wanted).await;
    let (id, revoked) = make(json!({ "name": "Revoked" })).await;
    assert_eq!(owner.delete(&format!("/v2/keys/{id}")).await.status, 204);
    let soon = "2026-11-21T13:00:00Z";
    let (_, expired) = make(json!({ "name": "Expired", "expires_at": soon })).await;
    let wrong_address =
        json!({ "name": "Elsewhere", "allowed_cidrs": ["203.0.113.0/24", "2001:db8::/32"] });
    let (_, elsewhere) = make(wrong_address).await;

    let resource = DOC_BROWN.to_string();
    let token = server.token(&owner, &resource, "server-token").await;
    let other_user = ("einstein@latchkey.example".to_owned(), token.1.clone());
    let (deleted_id, deleted) = make_token(server, &owner, None).await;
    assert_eq!(
        owner
            .delete(&format!("/v2/credentials/{deleted_id}"))
            .await
            .status,
        204
    );
    let (_, expired_token) = make_token(server, &owner, Some(soon)).await;
    let no_token = PlainKey::token_from([7; 32]);

    let (gone, _) = server.sign_up("gone@clinic.example").await;
    let app = server.with_key(&gone.api_key);
    let new = json!({ "name": "Room", "timezone": "UTC" });
    let room = app.post("/v2/resources", new).await.id();
    let token_of_gone = server.token(&app, &room, "server-token").await;
    let (_, named_of_gone) = server.make_key(&app, json!({ "name": "Named" })).await;
    assert_eq!(
        app.delete(&format!("/v2/apps/{}", gone.slug)).await.status,
        204
    );

    let ended = server.sign_in(EMAIL, &server.demo.password).await;
    assert_eq!(ended.delete("/v2/sessions").await.status, 204);
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    server.clock.advance(TimeDelta::hours(12));
    vec![
        ("an unknown live key", unknown(KeyKind::Api, Mode::Live)),
        ("an unknown test key", unknown(KeyKind::Api, Mode::Test)),
        (
            "an unknown widget key",
            unknown(KeyKind::Widget, Mode::Live),
        ),
        ("an unknown named key", unknown(KeyKind::Named, Mode::Live)),
        ("a revoked key", revoked),
        ("an expired key", expired),
        ("a key bound to other addresses", elsewhere),
        (
            "a token of nobody",
            server.with_token(TEST_SLUG, &(token.0.clone(), no_token.expose().to_owned())),
        ),
        (
            "a token with another's address",
            server.with_token(TEST_SLUG, &other_user),
        ),
        (
            "a token with another app's name",
            server.with_token(LIVE_SLUG, &token),
        ),
        (
            "a token with no app's name",
            server.with_token("no-such-app", &token),
        ),
        (
            "a token without an app",
            server.with_token("", &token).without("timekit-app"),
        ),
        (
            "a deleted credential",
            server.with_token(TEST_SLUG, &deleted),
        ),
        (
            "an expired credential",
            server.with_token(TEST_SLUG, &expired_token),
        ),
        ("a deleted app's key", app),
        (
            "a deleted app's widget key",
            server.with_key(&gone.widget_key),
        ),
        ("a deleted app's named key", named_of_gone),
        (
            "a deleted app's token",
            server.with_token(&gone.slug, &token_of_gone),
        ),
        (
            "a session that was ended",
            ended.header("timekit-app", TEST_SLUG),
        ),
        (
            "a session that expired",
            session.header("timekit-app", TEST_SLUG),
        ),
        (
            "a session of nobody",
            session.header("cookie", "latchkey_session=x"),
        ),
    ]
}

/// Makes a credential of Doc Brown and answers its id, and what it is called with.
async fn make_token(
    server: &TestServer,
    owner: &Client,
    expires: Option<&str>,
) -> (String, (String, String)) {
    let body =
        json!({ "type": "client-token", "resource_id": DOC_BROWN.to_string(), "expires": expires });
    let made = owner.post("/v2/credentials", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let text = |name: &str| made.body["data"][name].as_str().expect("text").to_owned();
    let token = (text("user"), text("token"));
    let works = server.with_token(TEST_SLUG, &token).get("/v2/me").await;
    assert_eq!(works.status, 200, "{}", works.body);
    (made.id(), token)
}

#[tokio::test]
async fn whatever_is_wrong_with_a_credential_the_answer_is_the_same() {
    let server = TestServer::start().await;
    let mut callers = malformed(&server);
    callers.extend(not_holding(&server).await);
    for (why, caller) in callers {
        is_the_401(why, &caller.get("/v2/bookings").await);
        // What may not be done anyway, or does not exist, is no different to somebody who is not known.
        let reset = caller.post("/v2/resources/resetpassword", json!({})).await;
        is_the_401(why, &reset);
        is_the_401(why, &caller.delete("/v2/credentials/nope").await);
    }
}

#[tokio::test]
async fn the_published_development_key_is_nobodys_on_a_deployed_function() {
    let deployed = TestServer::start_with(Options {
        is_development: false,
        ..Options::default()
    })
    .await;
    is_the_401(
        "deployed",
        &deployed.with_key(DEVELOPMENT_KEY).get("/v2/bookings").await,
    );
    assert_eq!(deployed.app().get("/v2/bookings").await.status, 200);
}

#[tokio::test]
async fn the_published_development_key_opens_the_demo_on_a_laptop() {
    let server = TestServer::start().await;
    assert_eq!(
        server
            .with_key(DEVELOPMENT_KEY)
            .get("/v2/bookings")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_credential_in_the_wrong_form_is_told_the_right_one_and_not_whether_it_holds() {
    let server = TestServer::start().await;
    let good = server.demo.test.api_key.expose().to_owned();
    let unknown = PlainKey::generate(KeyKind::Named, Mode::Live, server.state.random());
    for key in [good.as_str(), unknown.expose()] {
        let encoded = STANDARD.encode(format!(":{key}"));
        for (value, hint) in [
            (key.to_owned(), "without its scheme"),
            (format!(":{key}"), "without its scheme"),
            (encoded.clone(), "without its scheme"),
            (format!("Token {key}"), "without its scheme"),
            (format!("Basic {key}"), "in base64: curl --user :KEY"),
            (format!("Basic :{key}"), "in base64: curl --user :KEY"),
            (format!("Basic: {encoded}"), "Remove the colon after Basic"),
            (format!("Bearer: {key}"), "Remove the colon after Bearer"),
            (format!("Bearer {encoded}"), "Bearer takes the key as it is"),
        ] {
            let caller = server.anonymous().header("authorization", &value);
            let told = caller.get("/v2/bookings").await.expecting(401);
            let sentence = told.body["error"].as_str().expect("a sentence");
            assert!(sentence.contains(hint), "{value}: {sentence}");
            assert!(!sentence.contains(key), "{sentence}");
            assert_eq!(told.body["code"], "unauthenticated");
            // It is a refusal like any other.
            assert_eq!(told.header("timekit-testmode"), None);
            assert_eq!(told.header("ratelimit"), None);
        }
    }
}

#[tokio::test]
async fn a_key_before_the_colon_is_told_where_it_belongs() {
    let server = TestServer::start().await;
    let key = server.demo.test.api_key.expose();
    for value in [
        basic(key, ""),
        basic(key, "x"),
        basic("test_api_key_mistyped", ""),
    ] {
        let caller = server.anonymous().header("authorization", &value);
        let reply = caller.get("/v2/bookings").await;
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (401, &json!("unauthenticated"))
        );
        let sentence = reply.body["error"].as_str().expect("a sentence");
        assert!(sentence.contains("after the colon"), "{sentence}");
        assert!(!reply.body.to_string().contains(key));
    }
}

#[tokio::test]
async fn a_colon_behind_bearer_is_told_to_go() {
    let server = TestServer::start().await;
    let key = server.demo.test.api_key.expose();
    let caller = server
        .anonymous()
        .header("authorization", &format!("Bearer: {key}"));
    let reply = caller.get("/v2/bookings").await;
    assert_eq!(
        (reply.status, &reply.body["code"]),
        (401, &json!("unauthenticated"))
    );
    let sentence = reply.body["error"].as_str().expect("a sentence");
    assert!(sentence.contains("colon after Bearer"), "{sentence}");
    assert!(!reply.body.to_string().contains(key));
}

#[tokio::test]
async fn what_has_not_the_form_of_a_credential_costs_no_store_call() {
    let server = TestServer::start().await;
    for (why, caller) in malformed(&server) {
        let before = server.state.store().calls();
        is_the_401(why, &caller.get("/v2/bookings").await);
        assert_eq!(server.state.store().calls(), before, "{why}");
    }
}

#[tokio::test]
async fn knowing_a_key_takes_one_store_call() {
    let server = TestServer::start().await;
    let nothing = format!("/v2/bookings/{}", BookingId::random(server.state.random()));
    let cost = async |caller: &Client, status: u16| {
        let before = server.state.store().calls();
        assert_eq!(caller.get(&nothing).await.status, status);
        server.state.store().calls() - before
    };
    let mut costs = Vec::new();
    for _ in 0..20 {
        costs.push(cost(&server.app(), 404).await);
    }
    // The key and the booking. Some requests also take a lease on the key's limit, for themselves and the next ones.
    assert_eq!(costs.iter().min(), Some(&2), "{costs:?}");
    assert!(
        costs.iter().filter(|cost| **cost > 2).count() <= 6,
        "{costs:?}"
    );
    let unknown = PlainKey::generate(KeyKind::Named, Mode::Test, server.state.random());
    assert_eq!(
        cost(&server.with_key(unknown.expose()), 401).await,
        1,
        "and nothing is written"
    );
}

#[tokio::test]
async fn a_key_is_taken_from_basic_and_bearer_alike() {
    let server = TestServer::start().await;
    let (_, named) = server
        .make_key(&server.app(), json!({ "name": "Named" }))
        .await;
    assert_eq!(named.get("/v2/bookings").await.status, 200);
    let key = server.demo.test.api_key.expose();
    let bearer = server
        .anonymous()
        .header("authorization", &format!("Bearer {key}"));
    assert_eq!(bearer.get("/v2/bookings").await.status, 200);
    // What comes with a key names no other app: the key decides.
    let elsewhere = server
        .app()
        .header("timekit-app", LIVE_SLUG)
        .get("/v2/me")
        .await;
    assert_eq!(elsewhere.body["data"]["app"]["slug"], TEST_SLUG);
}

#[tokio::test]
async fn a_revoked_key_is_refused_on_the_very_next_request() {
    let server = TestServer::start().await;
    let (id, key) = server
        .make_key(&server.app(), json!({ "name": "Short-lived" }))
        .await;
    assert_eq!(key.get("/v2/bookings").await.status, 200);
    assert_eq!(
        server.app().delete(&format!("/v2/keys/{id}")).await.status,
        204
    );
    is_the_401("revoked", &key.get("/v2/bookings").await);
}

#[tokio::test]
async fn a_deleted_credential_is_refused_on_the_very_next_request() {
    let server = TestServer::start().await;
    let token = server
        .token(&server.app(), &DOC_BROWN.to_string(), "client-token")
        .await;
    let resource = server.with_token(TEST_SLUG, &token);
    assert_eq!(resource.get("/v2/me").await.status, 200);
    let id = resource.get("/v2/me").await.id();
    assert_eq!(
        server
            .app()
            .delete(&format!("/v2/credentials/{id}"))
            .await
            .status,
        204
    );
    is_the_401("deleted", &resource.get("/v2/me").await);
}

#[tokio::test]
async fn a_deleted_resources_tokens_are_refused_on_the_very_next_request() {
    let server = TestServer::start().await;
    let token = server
        .token(&server.app(), &DOC_BROWN.to_string(), "server-token")
        .await;
    let resource = server.with_token(TEST_SLUG, &token);
    assert_eq!(resource.get("/v2/bookings").await.status, 200);
    assert_eq!(
        server
            .app()
            .delete(&format!("/v2/resources/{DOC_BROWN}?bookings=keep"))
            .await
            .status,
        204
    );
    is_the_401("deleted", &resource.get("/v2/bookings").await);
}

#[tokio::test]
async fn a_key_expires_at_its_second_and_not_before() {
    let server = TestServer::start().await;
    let wanted = json!({ "name": "Until nine", "expires_at": "2026-11-21T22:00:00+01:00" });
    let (_, key) = server.make_key(&server.app(), wanted).await;
    server.clock.set(instant("2026-11-21T20:59:59Z"));
    assert_eq!(key.get("/v2/bookings").await.status, 200);
    server.clock.set(instant("2026-11-21T21:00:00Z"));
    is_the_401("expired", &key.get("/v2/bookings").await);
}

#[tokio::test]
async fn a_key_within_seven_days_of_its_expiry_says_so_on_every_answer() {
    let server = TestServer::start().await;
    let wanted = json!({ "name": "Until December", "expires_at": "2026-12-01T00:00:00Z" });
    let (id, key) = server.make_key(&server.app(), wanted).await;
    for (now, says, soon) in [
        ("2026-11-23T23:59:59Z", None, false),
        (
            "2026-11-24T00:00:00Z",
            Some("2026-12-01T00:00:00+00:00"),
            true,
        ),
        (
            "2026-11-30T23:59:59Z",
            Some("2026-12-01T00:00:00+00:00"),
            true,
        ),
    ] {
        server.clock.set(instant(now));
        for reply in [
            key.get("/v2/me").await,
            key.get("/v2/bookings/nope").await,
            key.post("/v2/bookings", json!({})).await,
        ] {
            assert_eq!(
                reply.header("latchkey-key-expires"),
                says,
                "{now}: {}",
                reply.status
            );
        }
        let me = key.get("/v2/me").await;
        assert_eq!(me.body["data"]["expires_soon"], soon, "{now}");
        let shown = server.app().get(&format!("/v2/keys/{id}")).await;
        assert_eq!(shown.body["data"]["expires_soon"], soon, "{now}");
        // It is this key's own matter.
        assert_eq!(shown.header("latchkey-key-expires"), None);
    }
    server.clock.set(instant("2026-12-01T00:00:00Z"));
    is_the_401("expired", &key.get("/v2/me").await);
}

#[tokio::test]
async fn a_key_bound_to_addresses_works_from_these_and_no_others() {
    let server = TestServer::start().await;
    let wanted = json!({ "name": "Office", "allowed_cidrs": ["203.0.113.0/24", "2001:db8::7"] });
    let (_, key) = server.make_key(&server.app(), wanted).await;
    for address in ["203.0.113.7", "203.0.113.255", "2001:db8::7"] {
        let reply = server.calling_from(address, &key).get("/v2/bookings").await;
        assert_eq!(reply.status, 200, "{address}");
    }
    for address in ["203.0.114.0", "198.51.100.7", "2001:db8::8", "::1"] {
        is_the_401(
            address,
            &server.calling_from(address, &key).get("/v2/bookings").await,
        );
    }
    // An address is where the connection comes from, and nothing that a caller writes.
    let claims = key.header("x-forwarded-for", "203.0.113.7");
    let claims = claims.header("forwarded", "for=203.0.113.7");
    is_the_401("claimed", &claims.get("/v2/bookings").await);
}

#[tokio::test]
async fn a_widget_key_bound_to_a_page_is_refused_from_any_other_and_says_why() {
    let server = TestServer::start().await;
    let wanted = json!({
        "name": "Clinic's page",
        "kind": "widget",
        "allowed_origins": ["https://clinic.example", "http://localhost:3000"],
    });
    let (_, key) = server.make_key(&server.app(), wanted).await;
    for origin in [
        "https://clinic.example",
        "HTTPS://Clinic.Example",
        "http://localhost:3000",
    ] {
        let reply = key.header("origin", origin).get("/v2/me").await;
        assert_eq!(reply.status, 200, "{origin}: {}", reply.body);
    }
    for origin in [
        "https://evil.example",
        "http://clinic.example",
        "https://clinic.example:8443",
        "https://clinic.example.evil.example",
        "http://localhost",
    ] {
        let reply = key.header("origin", origin).get("/v2/me").await;
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (403, &json!("forbidden")),
            "{origin}"
        );
        let sentence = reply.body["error"].as_str().expect("a sentence");
        assert!(sentence.contains("origin"), "{sentence}");
    }
    // A request without an origin is no page's.
    assert_eq!(key.get("/v2/me").await.status, 200);
}

#[tokio::test]
async fn a_page_that_hides_its_origin_is_none_of_those_a_widget_key_is_bound_to() {
    let server = TestServer::start().await;
    let wanted =
        json!({ "name": "Page", "kind": "widget", "allowed_origins": ["https://clinic.example"] });
    let (_, key) = server.make_key(&server.app(), wanted).await;
    // Browsers send `null` from sandboxed frames and from files.
    for origin in ["null", "file://", "chrome-extension://abc"] {
        let reply = key.header("origin", origin).get("/v2/me").await;
        assert_eq!(reply.status, 403, "{origin}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_client_token_bound_to_a_page_is_refused_from_any_other() {
    let server = TestServer::start().await;
    let body = json!({
        "type": "client-token",
        "resource_id": DOC_BROWN.to_string(),
        "referrer": ["https://clinic.example"],
    });
    let made = server.app().post("/v2/credentials", body).await;
    let text = |name: &str| made.body["data"][name].as_str().expect("text").to_owned();
    let page = server.with_token(TEST_SLUG, &(text("user"), text("token")));
    let from = async |origin: &str| page.header("origin", origin).get("/v2/me").await.status;
    assert_eq!(from("https://clinic.example").await, 200);
    assert_eq!(from("https://evil.example").await, 403);
}

#[tokio::test]
async fn a_key_without_the_scope_hears_which_one_it_lacks() {
    let server = TestServer::start().await;
    let wanted = json!({ "name": "Reader", "scopes": ["bookings.read"] });
    let (_, key) = server.make_key(&server.app(), wanted).await;
    assert_eq!(key.get("/v2/bookings").await.status, 200);
    let reply = key.post("/v2/bookings", json!({})).await;
    assert_eq!(
        (reply.status, &reply.body["code"]),
        (403, &json!("forbidden"))
    );
    let sentence = reply.body["error"].as_str().expect("a sentence");
    assert!(sentence.contains("bookings.write"), "{sentence}");
}

#[tokio::test]
async fn an_outage_is_never_a_bad_key() {
    let mut server = TestServer::start_with(Options {
        store_is_apart: true,
        ..Options::default()
    })
    .await;
    server.stop_store().await;
    let reply = server.app().get("/v2/bookings").await;
    assert_eq!(
        (reply.status, &reply.body["code"]),
        (503, &json!("unavailable"))
    );
    assert_eq!(reply.header("retry-after"), Some("1"));
}
