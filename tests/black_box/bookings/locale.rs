//! A booking's language: the page's on which it was made, kept with it and with what takes its place.

use local::demo::ROOM;
use serde_json::{Value, json};
use tests::{TestServer, booking, with};

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";

fn body(locale: Value) -> Value {
    with(
        booking(&ROOM.to_string(), "instant", TEN, ELEVEN),
        "locale",
        locale,
    )
}

#[tokio::test]
async fn a_bookings_language_is_kept_shown_and_goes_along_when_it_is_rescheduled() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = app
        .post("/v2/bookings", body(json!("PT-br")))
        .await
        .expecting(201);
    assert_eq!(made.body["data"]["locale"], "pt-BR");
    let id = made.id();
    assert_eq!(app.see(&id).await.data["locale"], "pt-BR");
    let moved = app
        .reschedule(&id, json!({ "start": ELEVEN, "end": NOON }))
        .await
        .expecting(200);
    assert_ne!(moved.id(), id);
    assert_eq!(moved.body["data"]["locale"], "pt-BR");
    assert_eq!(app.see(&moved.id()).await.data["locale"], "pt-BR");
}

#[tokio::test]
async fn a_booking_without_a_language_says_nothing_of_it() {
    let server = TestServer::start().await;
    let app = server.app();
    for body in [
        body(Value::Null),
        booking(&ROOM.to_string(), "instant", TEN, ELEVEN),
    ] {
        let made = app.post("/v2/bookings", body).await.expecting(201);
        assert!(made.body["data"].get("locale").is_none());
        app.act(&made.id(), "cancel").await.expecting(200);
    }
}

#[tokio::test]
async fn a_language_that_is_no_bcp_47_tag_is_refused_and_books_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    for bad in [
        json!(""),
        json!("two words"),
        json!("xx_XX"),
        json!("de-"),
        json!("x".repeat(65)),
        json!(["de"]),
    ] {
        let reply = app.post("/v2/bookings", body(bad.clone())).await;
        assert_eq!(reply.expecting(422).faults(), ["locale"], "{bad}");
    }
    app.post("/v2/bookings", body(json!("de")))
        .await
        .expecting(201);
}

#[tokio::test]
async fn a_page_does_not_read_back_a_customers_language() {
    let server = TestServer::start().await;
    let app = server.app();
    let project = json!({ "name": "Page", "resources": [ROOM.to_string()] });
    let project = app.post("/v2/projects", project).await.expecting(201).id();
    let page = server.with_key(server.demo.test.widget_key.expose());
    let search = json!({ "project_id": project });
    let free = page.post("/v2/availability", search).await.expecting(200);
    let slot = &free.body["data"][0];
    let body = json!({
        "project_id": project, "resource_id": ROOM.to_string(), "graph": "instant", "start": slot["start"], "end": slot["end"],
        "locale": "de", "customer": { "name": "Marty", "email": "marty@hillvalley.example" },
    });
    let made = page.post("/v2/bookings", body).await.expecting(201);
    assert!(made.body["data"].get("locale").is_none());
    assert_eq!(app.see(&made.id()).await.data["locale"], "de");
}
