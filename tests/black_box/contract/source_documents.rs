//! The requests printed in the four documents that this project implements, one test each.

use local::demo::DOC_BROWN;
use serde_json::json;
use tests::{Options, TestServer, booking};

#[tokio::test]
async fn get_bookings_answers_all_of_the_apps_bookings() {
    let server = TestServer::start().await;
    let client = server.app().header("content-type", "application/json");
    let reply = client.get("/v2/bookings").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["total"], 3);
    assert_eq!(reply.header("timekit-testmode"), Some("true"));
}

#[tokio::test]
async fn get_bookings_is_narrowed_by_a_search_for_a_resource() {
    let server = TestServer::start().await;
    let room = json!({ "name": "Clock tower", "timezone": "America/Los_Angeles" });
    let room = server.app().post("/v2/resources", room).await.id();
    let wanted = booking(
        &room,
        "instant",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    let wanted = server.app().post("/v2/bookings", wanted).await.id();
    let reply = server
        .app()
        .get(&format!("/v2/bookings?search=resource.id:{room}"))
        .await;
    assert_eq!(reply.body["total"], 1);
    assert_eq!(reply.body["data"][0]["id"], wanted);
}

#[tokio::test]
async fn post_bookings_takes_the_documents_own_json() {
    let server = TestServer::start().await;
    let body = json!({
        "resource_id": DOC_BROWN.to_string(),
        "graph": "confirm_decline",
        "start": "1955-11-12T21:30:00-07:00",
        "end": "1955-11-12T22:15:00-07:00",
        "what": "Catch the lightning",
        "where": "Courthouse, Hill Valley, CA 95420, USA",
        "description": "The lightning strikes at 10:04 PM exactly! I need you to be there Doc!",
        "customer": {
            "name": "Marty McFly",
            "email": "marty.mcfly@timekit.io",
            "phone": "(916) 555-4385",
            "voip": "McFly",
            "timezone": "America/Los_Angeles"
        }
    });
    let reply = server
        .app()
        .post("/v2/bookings?include=customers,available_actions", body)
        .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let made = &reply.body["data"];
    assert_eq!(made["state"], "tentative");
    assert_eq!(made["graph"], "confirm_decline");
    assert_eq!(made["completed"], false);
    assert_eq!(made["available_actions"], json!(["confirm", "decline"]));
    assert_eq!(made["customers"][0]["voip"], "McFly");
    // The instant that was asked for, written with the offset that Los Angeles really had then.
    assert_eq!(
        made["attributes"]["event_info"]["start"],
        "1955-11-12T20:30:00-08:00"
    );
}

#[tokio::test]
async fn get_credentials_answers_one_resources_tokens() {
    let server = TestServer::start().await;
    let reply = server
        .app()
        .get(&format!("/v2/credentials?search=resource.id:{DOC_BROWN}"))
        .await;
    assert_eq!(reply.status, 200);
    let credentials = reply.body["data"].as_array().expect("credentials");
    assert!(
        credentials
            .iter()
            .all(|credential| credential["resource_id"] == DOC_BROWN.to_string())
    );
    for token_type in ["client-token", "server-token"] {
        let found = credentials
            .iter()
            .find(|credential| credential["type"] == token_type)
            .expect("of both types");
        assert_eq!(found["token"].as_str().map(str::len), Some(32));
    }
}

#[tokio::test]
async fn get_resource_includes_its_credentials() {
    let server = TestServer::start().await;
    let reply = server
        .app()
        .get(&format!("/v2/resources/{DOC_BROWN}?include=credentials"))
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["data"]["name"], "Doc Brown");
    assert!(reply.body["data"]["credentials"][0]["token"].is_string());
    let without = server
        .app()
        .get(&format!("/v2/resources/{DOC_BROWN}"))
        .await;
    assert!(without.body["data"].get("credentials").is_none());
}

#[tokio::test]
async fn a_named_key_is_sent_as_bearer() {
    let server = TestServer::start().await;
    let made = server
        .app()
        .post("/v2/keys", json!({ "name": "Production App" }))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.body["data"]["key"].as_str().expect("shown once");
    assert!(key.starts_with("tt1.") && key.len() == 68);
    let reply = server
        .anonymous()
        .header("authorization", &format!("Bearer {key}"))
        .get("/v2/bookings")
        .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn the_first_documents_own_key_works_with_its_own_header_value_once_imported() {
    let server = TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await;
    let printed = server
        .anonymous()
        .header("authorization", "Basic OnRlc3RfYXBpX2tleV9mb29iYXI=");
    assert_eq!(printed.get("/v2/bookings").await.status, 401);
    let sha256 = auth::plain_key::hash_secret("test_api_key_foobar").to_hex();
    let import = json!({ "name": "From Timekit", "kind": "api", "sha256": sha256 });
    let imported = server.app().post("/v2/keys/import", import).await;
    assert_eq!(imported.status, 201, "{}", imported.body);
    assert!(imported.body["data"].get("key").is_none());
    assert_eq!(printed.get("/v2/bookings").await.status, 200);
}

#[tokio::test]
async fn a_client_token_acts_as_its_resource_in_a_page() {
    let server = TestServer::start().await;
    let token = server
        .token(&server.app(), &DOC_BROWN.to_string(), "client-token")
        .await;
    let page = server.with_token("demo-test", &token);
    let mut body = booking(
        "",
        "instant",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    body.as_object_mut()
        .expect("an object")
        .remove("resource_id");
    let reply = page.post("/v2/bookings", body).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(reply.body["data"]["resource_id"], DOC_BROWN.to_string());
    assert_eq!(page.get("/v2/bookings").await.status, 403);
}
