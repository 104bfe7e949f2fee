//! What changes to resources, projects and API keys tell.

use http::Method;
use local::demo::TEST_APP;
use serde_json::{Value, json};
use tests::invariants::Snapshot;
use tests::{Client, TestServer};

async fn told_of(client: &Client, id: &str) -> Vec<String> {
    let log = "/v2/webhooks/events?since=2026-11-01T00:00:00Z&limit=1000";
    let reply = client.get(log).await.expecting(200);
    let rows = reply.body["data"].as_array().expect("events").clone();
    let own = rows.iter().filter(|row| row["data"]["id"] == id);
    let mut kinds: Vec<String> = own
        .map(|row| row["type"].as_str().unwrap_or_default().to_owned())
        .collect();
    // At one instant of a clock that is set, the log has no order.
    let place = |kind: &String| {
        ["created", "updated"]
            .iter()
            .position(|end| kind.ends_with(end))
    };
    kinds.sort_by_key(|kind| place(kind).unwrap_or(2));
    kinds
}

async fn check(server: &TestServer) {
    let snapshot = Snapshot::read(&server.dynamodb().await, TEST_APP).await;
    snapshot.check(server.state.now(), "afterwards");
}

#[tokio::test]
async fn a_resource_tells_when_it_is_created_changed_and_deleted() {
    let server = TestServer::start().await;
    let app = server.app();
    let resource = json!({ "name": "Jules", "timezone": "Europe/Paris" });
    let id = app
        .post("/v2/resources", resource)
        .await
        .expecting(201)
        .id();
    let path = format!("/v2/resources/{id}");
    app.put(&path, json!({ "name": "Verne" }))
        .await
        .expecting(200);
    // No change is none to tell.
    app.put(&path, json!({ "name": "Verne" }))
        .await
        .expecting(200);
    app.delete(&path).await.expecting(204);
    let told = ["resource.created", "resource.updated", "resource.deleted"];
    assert_eq!(told_of(&app, &id).await, told);
    check(&server).await;
}

#[tokio::test]
async fn a_project_tells_when_it_is_created_changed_and_deleted() {
    let server = TestServer::start().await;
    let app = server.app();
    let project = json!({ "name": "Time travel", "resources": [] });
    let id = app.post("/v2/projects", project).await.expecting(201).id();
    let path = format!("/v2/projects/{id}");
    app.put(&path, json!({ "name": "Space travel" }))
        .await
        .expecting(200);
    app.delete(&path).await.expecting(204);
    let told = ["project.created", "project.updated", "project.deleted"];
    assert_eq!(told_of(&app, &id).await, told);
    check(&server).await;
}

#[tokio::test]
async fn a_key_tells_when_it_is_created_changed_rotated_and_revoked_and_never_its_secret() {
    let server = TestServer::start().await;
    let (owner, _) = server.sign_up("emmett@latchkey.example").await;
    let app = server.with_key(&owner.api_key);
    let wanted = json!({ "name": "Till", "scopes": ["bookings.read"] });
    let made = app.post("/v2/keys", wanted).await.expecting(201);
    let (id, secret) = (made.id(), made.body["data"]["key"].clone());
    let path = format!("/v2/keys/{id}");
    app.send(Method::PATCH, &path, "{\"name\":\"Front desk\"}")
        .await
        .expecting(200);
    let rotated = app
        .post(&format!("{path}/rotate"), json!({}))
        .await
        .expecting(201);
    app.delete(&format!("/v2/keys/{}", rotated.id()))
        .await
        .expecting(204);
    let told = ["key.created", "key.updated", "key.rotated"];
    assert_eq!(told_of(&app, &id).await, told);
    let told = ["key.created", "key.revoked"];
    assert_eq!(told_of(&app, &rotated.id()).await, told);
    let log = app
        .get("/v2/webhooks/events?type=key.*&limit=1000")
        .await
        .expecting(200);
    let new = log.body["data"].as_array().expect("events").iter();
    let mut replaced = new.filter(|row| row["type"] == "key.rotated");
    let replaced = replaced.next().expect("a rotation");
    assert_eq!(replaced["data"]["replaced_by"], Value::from(rotated.id()));
    let secret = secret.as_str().expect("a key");
    assert!(!log.body.to_string().contains(secret));
}

#[tokio::test]
async fn who_may_not_read_keys_or_projects_sees_nothing_of_them_in_the_log() {
    let server = TestServer::start().await;
    let app = server.app();
    let project = json!({ "name": "Time travel", "resources": [] });
    app.post("/v2/projects", project).await.expecting(201);
    let scopes = json!({ "name": "r", "scopes": ["webhooks.read", "resources.read"] });
    let (_, reader) = server.make_key(&app, scopes).await;
    let log = "/v2/webhooks/events?limit=1000";
    let seen = reader.get(log).await.expecting(200);
    let kinds = seen.body["data"].as_array().expect("events").iter();
    let kinds: Vec<&str> = kinds.filter_map(|row| row["type"].as_str()).collect();
    assert!(!kinds.is_empty(), "it sees resources");
    for kind in kinds {
        let family = kind.split('.').next().unwrap_or_default();
        assert!(["resource", "event"].contains(&family), "{kind}");
    }
}
