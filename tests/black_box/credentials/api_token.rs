//! `api_token`: the newest server-token of a resource, where older clients look for it, for callers who may have it.

use local::demo::{DOC_BROWN, ROOM, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer};

fn token(reply: &Reply) -> &Value {
    reply.body["data"].get("api_token").expect("an api_token")
}

fn room() -> Value {
    json!({ "name": "Room", "timezone": "UTC" })
}

async fn get(client: &Client, id: &str) -> Reply {
    client
        .get(&format!("/v2/resources/{id}"))
        .await
        .expecting(200)
}

#[tokio::test]
async fn a_resource_shows_its_newest_server_token_at_creation_and_by_itself() {
    let server = TestServer::start().await;
    let app = server.app();
    for path in ["/v2/resources", "/v2/users"] {
        let made = app.post(path, room()).await.expecting(201);
        let (id, first) = (
            made.id(),
            token(&made).as_str().expect("a token").to_owned(),
        );
        assert_eq!(token(&get(&app, &id).await), &json!(first));
        // It is what a resource calls with.
        let own = server.with_token(TEST_SLUG, &(id.clone(), first.clone()));
        let me = own.get("/v2/users/me").await.expecting(200);
        assert_eq!((me.id(), token(&me)), (id.clone(), &json!(first)));

        server.clock.advance(chrono::TimeDelta::seconds(1));
        let body = json!({ "type": "server-token", "resource_id": id });
        let newer = app.post("/v2/credentials", body).await.expecting(201);
        assert_eq!(token(&get(&app, &id).await), &newer.body["data"]["token"]);
        app.delete(&format!("/v2/credentials/{}", newer.id()))
            .await
            .expecting(204);
        assert_eq!(token(&get(&app, &id).await), &json!(first));
    }
    let invited = app
        .post("/v2/app/invite", json!({ "email": "new@example.com" }))
        .await
        .expecting(201);
    assert!(token(&invited).is_string());
}

#[tokio::test]
async fn an_expired_server_token_is_not_shown_and_a_resource_without_one_has_null() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.post("/v2/resources", room()).await.expecting(201).id();
    let of_it = format!("/v2/credentials?search=resource.id:{id}");
    let rows = app.get(&of_it).await.expecting(200).body["data"].clone();
    for row in rows.as_array().expect("rows") {
        let path = format!("/v2/credentials/{}", row["id"].as_str().expect("an id"));
        app.delete(&path).await.expecting(204);
    }
    assert_eq!(token(&get(&app, &id).await), &Value::Null);
    let body =
        json!({ "type": "server-token", "resource_id": id, "expires": "2026-11-21T13:00:00Z" });
    let made = app.post("/v2/credentials", body).await.expecting(201);
    assert_eq!(token(&get(&app, &id).await), &made.body["data"]["token"]);
    server.clock.advance(chrono::TimeDelta::hours(2));
    assert_eq!(token(&get(&app, &id).await), &Value::Null);
}

#[tokio::test]
async fn a_caller_who_would_get_more_than_it_has_gets_null_and_costs_no_call_for_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = ROOM.to_string();
    for wanted in [
        json!({ "name": "Reader", "scopes": ["resources.read", "credentials.read"] }),
        json!({ "name": "Soon over", "expires_at": "2026-11-22T12:00:00Z" }),
        json!({ "name": "From here", "allowed_cidrs": ["127.0.0.0/8"] }),
    ] {
        let (_, narrow) = server.make_key(&app, wanted.clone()).await;
        assert_eq!(token(&get(&narrow, &room).await), &Value::Null, "{wanted}");
    }
    let reader = json!({ "name": "Reader", "scopes": ["resources.read"] });
    let (_, reader) = server.make_key(&app, reader).await;
    let counted = async |client: &Client| {
        // Until the lease lasts for a while.
        for _ in 0..20 {
            get(client, &room).await;
        }
        let before = server.store_calls();
        get(client, &room).await;
        server.store_calls() - before
    };
    let (of_reader, of_owner) = (counted(&reader).await, counted(&app).await);
    assert_eq!(of_reader + 1, of_owner, "one query reads the credentials");
}

#[tokio::test]
async fn lists_and_changes_show_it_only_where_credentials_are_asked_for() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = format!("/v2/resources/{DOC_BROWN}");
    let changed = app
        .put(&path, json!({ "tags": ["x"] }))
        .await
        .expecting(200);
    assert!(changed.body["data"].get("api_token").is_none());
    let list = app.get("/v2/resources").await.expecting(200);
    assert!(list.body["data"][0].get("api_token").is_none());
    let list = app
        .get("/v2/resources?include=credentials")
        .await
        .expecting(200);
    for row in list.body["data"].as_array().expect("rows") {
        assert!(row["api_token"].is_string(), "{row}");
    }
    let scopes = ["resources.read", "credentials.read"];
    let (_, reader) = server
        .make_key(&app, json!({ "name": "Reader", "scopes": scopes }))
        .await;
    let list = reader
        .get("/v2/resources?include=credentials")
        .await
        .expecting(200);
    assert_eq!(list.body["data"][0]["api_token"], Value::Null);
}

#[tokio::test]
async fn a_replay_keeps_no_token_and_says_where_it_is() {
    let server = TestServer::start().await;
    let app = server.app().header("idempotency-key", "once");
    let first = app.post("/v2/resources", room()).await.expecting(201);
    assert!(token(&first).is_string());
    let again = app.post("/v2/resources", room()).await.expecting(201);
    assert_eq!(token(&again), &Value::Null);
    assert!(again.body["data"]["notice"].is_string());
}

#[tokio::test]
async fn included_credentials_come_newest_first_as_their_own_list_does() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = app
        .post("/v2/resources?include=credentials", room())
        .await
        .expecting(201);
    let id = made.id();
    for _ in 0..3 {
        server.clock.advance(chrono::TimeDelta::seconds(1));
        let body = json!({ "type": "client-token", "resource_id": id });
        app.post("/v2/credentials", body).await.expecting(201);
    }
    let ids = |rows: &Value| -> Vec<String> {
        let rows = rows.as_array().expect("rows");
        rows.iter()
            .map(|row| row["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let list = format!("/v2/credentials?search=resource.id:{id}");
    let list = ids(&app.get(&list).await.expecting(200).body["data"]);
    assert_eq!(list.len(), 5);
    let path = format!("/v2/resources/{id}?include=credentials");
    let shown = app.get(&path).await.expecting(200);
    assert_eq!(ids(&shown.body["data"]["credentials"]), list);
    assert_eq!(ids(&made.body["data"]["credentials"]), list[3..]);
    let all = app.get("/v2/credentials").await.expecting(200);
    let of_it: Vec<_> = ids(&all.body["data"])
        .into_iter()
        .filter(|id| list.contains(id))
        .collect();
    assert_eq!(of_it, list);
}
