//! Secrets brought along by their hash: keys and resource tokens that an app already uses elsewhere.

use auth::plain_key::hash_secret;
use chrono::TimeDelta;
use local::demo::{DOC_BROWN, ROOM, TEST_SLUG};
use model::ids::ResourceId;
use serde_json::{Value, json};
use tests::{Client, Options, Reply, TestServer};

const TOKEN: &str = "a token from elsewhere";

async fn importing_server() -> TestServer {
    TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await
}

fn token(token_type: &str, secret: &str) -> Value {
    json!({
        "type": token_type,
        "resource_id": DOC_BROWN.to_string(),
        "sha256": hash_secret(secret).to_hex(),
    })
}

async fn import(client: &Client, wanted: Value) -> Reply {
    client.post("/v2/credentials/import", wanted).await
}

/// Whoever calls with the token and the user part that came with its credential.
fn with_imported(server: &TestServer, made: &Reply, secret: &str) -> Client {
    let user = made.body["data"]["user"].as_str().expect("a user");
    server.with_token(TEST_SLUG, &(user.to_owned(), secret.to_owned()))
}

#[tokio::test]
async fn an_imported_token_acts_as_its_resource_and_no_other() {
    let server = importing_server().await;
    let made = import(&server.app(), token("server-token", TOKEN))
        .await
        .expecting(201);
    let doc_brown = with_imported(&server, &made, TOKEN);
    let me = doc_brown.get("/v2/me").await.expecting(200);
    assert_eq!(me.body["data"]["kind"], "server-token");
    assert_eq!(me.body["data"]["resource_id"], DOC_BROWN.to_string());
    assert_eq!(me.id(), made.id());
    let listed = doc_brown.get("/v2/resources").await.expecting(200);
    assert_eq!(listed.body["total"], 1);
    assert_eq!(listed.body["data"][0]["id"], DOC_BROWN.to_string());
    let room = doc_brown.get(&format!("/v2/resources/{ROOM}")).await;
    assert_eq!(room.status, 404, "{}", room.body);
    let credentials = doc_brown.get("/v2/credentials").await.expecting(200);
    for row in credentials.body["data"].as_array().expect("credentials") {
        assert_eq!(row["resource_id"], DOC_BROWN.to_string());
    }
    assert_eq!(doc_brown.get("/v2/keys").await.status, 403);
}

#[tokio::test]
async fn an_imported_client_token_does_only_what_client_tokens_do() {
    let server = importing_server().await;
    let made = import(&server.app(), token("client-token", TOKEN))
        .await
        .expecting(201);
    let page = with_imported(&server, &made, TOKEN);
    let me = page.get("/v2/me").await.expecting(200);
    assert_eq!(me.body["data"]["kind"], "client-token");
    for path in ["/v2/bookings", "/v2/resources", "/v2/credentials"] {
        assert_eq!(page.get(path).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn an_imported_token_is_listed_with_none_and_its_hash_never() {
    let server = importing_server().await;
    let owner = server.app();
    let wanted = token("client-token", TOKEN);
    let hash = wanted["sha256"].as_str().expect("a hash").to_owned();
    let made = import(&owner, wanted).await.expecting(201);
    assert_eq!(made.body["data"]["token"], Value::Null);
    let itself = with_imported(&server, &made, TOKEN);
    assert_eq!(itself.get("/v2/me").await.status, 200);
    let path = format!("/v2/credentials?search=resource.id:{DOC_BROWN}");
    let listed = owner.get(&path).await.expecting(200);
    let rows = listed.body["data"].as_array().expect("credentials");
    let row = rows.iter().find(|row| row["id"] == made.id());
    assert_eq!(row.expect("it is in the list")["token"], Value::Null);
    for text in [listed.body.to_string(), made.body.to_string()] {
        assert!(!text.contains(&hash) && !text.contains(TOKEN), "{text}");
    }
}

#[tokio::test]
async fn an_imported_token_needs_its_user_and_its_app() {
    let server = importing_server().await;
    let made = import(&server.app(), token("server-token", TOKEN))
        .await
        .expecting(201);
    let user = made.body["data"]["user"].as_str().expect("a user");
    for (slug, user) in [
        (TEST_SLUG, "somebody@clinic.example"),
        (TEST_SLUG, ""),
        (local::demo::LIVE_SLUG, user),
        ("no-such-app", user),
    ] {
        let caller = server.with_token(slug, &(user.to_owned(), TOKEN.to_owned()));
        assert_eq!(caller.get("/v2/me").await.status, 401, "{user} of {slug}");
    }
}

#[tokio::test]
async fn an_imported_token_is_deleted_and_expires_as_others_do() {
    let server = importing_server().await;
    let made = import(&server.app(), token("server-token", TOKEN))
        .await
        .expecting(201);
    let mut short = token("server-token", "a short-lived one");
    short["expires"] = json!("2026-11-21T13:00:00Z");
    let short = import(&server.app(), short).await.expecting(201);
    let expiring = with_imported(&server, &short, "a short-lived one");
    assert_eq!(expiring.get("/v2/me").await.status, 200);
    server.clock.advance(TimeDelta::hours(1));
    assert_eq!(expiring.get("/v2/me").await.status, 401);
    let caller = with_imported(&server, &made, TOKEN);
    let path = format!("/v2/credentials/{}", made.id());
    server.app().delete(&path).await.expecting(204);
    assert_eq!(caller.get("/v2/me").await.status, 401);
}

#[tokio::test]
async fn a_token_for_a_resource_that_is_not_there_is_not_imported() {
    let server = importing_server().await;
    let (stranger, _) = server.sign_up("stranger@clinic.example").await;
    let stranger = server.with_key(&stranger.api_key);
    let nobody = ResourceId::random(server.state.random()).to_string();
    let mut of_nobody = token("client-token", TOKEN);
    of_nobody["resource_id"] = json!(nobody);
    for (caller, wanted) in [
        (server.app(), of_nobody),
        (stranger, token("client-token", TOKEN)),
    ] {
        let reply = import(&caller, wanted).await;
        assert_eq!(
            (reply.status, &reply.body["model"]),
            (404, &json!("Resource"))
        );
    }
}

#[tokio::test]
async fn a_token_that_is_in_use_cannot_be_imported_by_anybody() {
    let server = importing_server().await;
    let owner = server.app();
    let (user, ours) = server
        .token(&owner, &DOC_BROWN.to_string(), "server-token")
        .await;
    import(&owner, token("server-token", TOKEN))
        .await
        .expecting(201);
    let (stranger, _) = server.sign_up("stranger@clinic.example").await;
    let stranger = server.with_key(&stranger.api_key);
    let room = json!({ "name": "Room", "timezone": "UTC" });
    let room = stranger.post("/v2/resources", room).await.id();
    for secret in [TOKEN, ours.as_str()] {
        let mut theirs = token("server-token", secret);
        theirs["resource_id"] = json!(room);
        for reply in [
            import(&owner, token("server-token", secret)).await,
            import(&stranger, theirs).await,
        ] {
            assert_eq!(
                (reply.status, &reply.body["code"]),
                (409, &json!("conflict"))
            );
        }
    }
    let still = server.with_token(TEST_SLUG, &(user, ours));
    let me = still.get("/v2/me").await.expecting(200);
    assert_eq!(me.body["data"]["resource_id"], DOC_BROWN.to_string());
}

#[tokio::test]
async fn nobody_imports_a_token_wider_than_their_own_key() {
    let server = importing_server().await;
    let make = async |wanted| server.make_key(&server.app(), wanted).await.1;
    let narrow = make(json!({ "name": "Maker", "scopes": ["credentials.write"] })).await;
    let booking = make(json!({
        "name": "Maker", "scopes": ["credentials.write", "bookings.write", "availability.read"],
    }))
    .await;
    let short = make(json!({ "name": "Maker", "expires_at": "2026-12-01T00:00:00Z" })).await;
    let bound = make(json!({ "name": "Maker", "allowed_cidrs": ["127.0.0.0/8"] })).await;
    let slow =
        make(json!({ "name": "Maker", "rate_limit": { "limit": 100, "window": "1 minute" } }))
            .await;
    for (maker, token_type) in [
        (&narrow, "client-token"),
        (&narrow, "server-token"),
        (&booking, "server-token"),
        (&short, "client-token"),
        (&bound, "client-token"),
        (&slow, "client-token"),
    ] {
        let reply = import(maker, token(token_type, TOKEN)).await;
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (403, &json!("wider_than_caller")),
            "{}",
            reply.body
        );
    }
    import(&booking, token("client-token", TOKEN))
        .await
        .expecting(201);
    let mut within = token("client-token", "another");
    within["expires"] = json!("2026-11-30T00:00:00Z");
    import(&short, within).await.expecting(201);
}

#[tokio::test]
async fn an_import_of_a_token_takes_a_hash_and_a_type() {
    let server = importing_server().await;
    let reply = import(&server.app(), json!({})).await;
    assert_eq!(
        (reply.status, reply.faults()),
        (422, vec!["resource_id", "sha256", "type"])
    );
    for sha256 in [json!("abc"), json!("zz".repeat(32)), json!(7), json!(null)] {
        let mut wanted = token("client-token", TOKEN);
        wanted["sha256"] = sha256.clone();
        let reply = import(&server.app(), wanted).await;
        assert_eq!(
            (reply.status, reply.faults()),
            (422, vec!["sha256"]),
            "{sha256}"
        );
    }
}

#[tokio::test]
async fn a_resources_own_token_imports_nothing() {
    let server = importing_server().await;
    let own = server
        .token(&server.app(), &DOC_BROWN.to_string(), "server-token")
        .await;
    let resource = server.with_token(TEST_SLUG, &own);
    let reply = import(&resource, token("server-token", TOKEN)).await;
    assert_eq!(
        (reply.status, &reply.body["code"]),
        (403, &json!("forbidden"))
    );
}

#[tokio::test]
async fn a_deployment_that_takes_no_imported_secrets_neither_imports_nor_looks_them_up() {
    let server = TestServer::start().await;
    let sha256 = hash_secret("a key from elsewhere").to_hex();
    for reply in [
        import(&server.app(), token("client-token", TOKEN)).await,
        server
            .app()
            .post(
                "/v2/keys/import",
                json!({ "name": "Mine", "sha256": sha256 }),
            )
            .await,
    ] {
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (409, &json!("conflict"))
        );
    }
    let token = ("doc.brown@timekit.io".to_owned(), TOKEN.to_owned());
    for caller in [
        server.with_key("a key from elsewhere"),
        server.with_token(TEST_SLUG, &token),
    ] {
        let before = server.state.store().calls();
        assert_eq!(caller.get("/v2/me").await.status, 401);
        assert_eq!(server.state.store().calls(), before);
    }
}

#[tokio::test]
async fn an_imported_key_has_the_settings_it_was_given_and_keeps_to_them() {
    let server = importing_server().await;
    let wanted = json!({
        "name": "From elsewhere",
        "sha256": hash_secret("a key from elsewhere").to_hex(),
        "kind": "api",
        "scopes": ["bookings.read"],
        "expires_at": "2026-11-21T13:00:00Z",
        "allowed_cidrs": ["127.0.0.0/8"],
        "rate_limit": { "limit": 3, "window": "1 minute" },
    });
    let made = server.app().post("/v2/keys/import", wanted).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let shown = &made.body["data"];
    assert_eq!(
        (&shown["kind"], &shown["imported"]),
        (&json!("api"), &json!(true))
    );
    let key = server.with_key("a key from elsewhere");
    assert_eq!(key.get("/v2/bookings").await.status, 200);
    assert_eq!(key.get("/v2/keys").await.status, 403);
    let elsewhere = server.calling_from("203.0.113.7", &key);
    assert_eq!(elsewhere.get("/v2/bookings").await.status, 401);
    key.get("/v2/bookings").await.expecting(200);
    key.get("/v2/bookings").await.expecting(200);
    key.get("/v2/bookings").await.expecting(429);
    server.clock.advance(TimeDelta::hours(1));
    assert_eq!(key.get("/v2/bookings").await.status, 401);
}

#[tokio::test]
async fn an_imported_key_is_replaced_by_one_of_ours() {
    let server = importing_server().await;
    let sha256 = hash_secret("a key from elsewhere").to_hex();
    let wanted = json!({ "name": "From elsewhere", "sha256": sha256 });
    let made = server.app().post("/v2/keys/import", wanted).await;
    let path = format!("/v2/keys/{}/rotate", made.id());
    let new = server.app().post(&path, json!({})).await.expecting(201);
    let key = new.body["data"]["key"].as_str().expect("shown once");
    assert!(key.starts_with("tt1."));
    assert_eq!(new.body["data"]["imported"], false);
    assert_eq!(server.with_key(key).get("/v2/me").await.status, 200);
    let old = server.with_key("a key from elsewhere");
    assert_eq!(old.get("/v2/me").await.status, 200);
    server.clock.advance(TimeDelta::hours(24));
    assert_eq!(old.get("/v2/me").await.status, 401);
}
