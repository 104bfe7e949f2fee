//! Customers' links for whoever has just booked: shown to a page in the one answer that creates a booking, kept nowhere, and
//! made again when the request is sent again.

use chrono::TimeDelta;
use http::Method;
use local::demo::{ROOM, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking};

const INCLUDE: &str = "include=customer_action_links";
const CANCEL: &str = "cancel_by_customer";
const RESCHEDULE: &str = "reschedule_by_customer";

fn links(reply: &Reply) -> &Value {
    &reply.body["data"]["customer_action_links"]
}

fn at(hour: u32) -> String {
    format!("2026-12-01T{hour:02}:00:00Z")
}

/// A project with a resource of its own, and the body of a page that books it at an hour.
async fn page(app: &Client) -> (String, impl Fn(u32) -> Value + use<>) {
    let resource = json!({ "name": "Chair", "timezone": "UTC" });
    let resource = app
        .post("/v2/resources", resource)
        .await
        .expecting(201)
        .id();
    let body = json!({ "name": "Haircut", "resources": [resource] });
    let project = app.post("/v2/projects", body).await.expecting(201).id();
    let of = project.clone();
    let body = move |hour: u32| {
        let mut body = booking(&resource, "instant", &at(hour), &at(hour + 1));
        body["project_id"] = of.clone().into();
        body
    };
    (project, body)
}

async fn state_of(app: &Client, id: &str) -> String {
    let shown = app.get(&format!("/v2/bookings/{id}")).await.expecting(200);
    shown.body["data"]["state"].as_str().expect("text").into()
}

#[tokio::test]
async fn a_page_gets_the_links_of_the_booking_it_has_just_made_and_they_work() {
    let server = TestServer::start().await;
    let app = server.app();
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let (_, body) = page(&app).await;
    let made = widget
        .post(&format!("/v2/bookings?{INCLUDE}"), body(10))
        .await
        .expecting(201);
    let reschedule = links(&made)[RESCHEDULE].as_str().expect("a link");
    assert!(reschedule.starts_with("/book/haircut-"), "{reschedule}");
    assert!(reschedule.contains(&format!("uuid={}&action=reschedule", made.id())));
    let cancel = links(&made)[CANCEL].as_str().expect("a link").to_owned();
    let form = server
        .anonymous()
        .header("content-type", "application/x-www-form-urlencoded");
    form.send(Method::POST, &cancel, "").await.expecting(200);
    assert_eq!(state_of(&app, &made.id()).await, "cancelled_by_customer");

    // Not unless it asks for them.
    let made = widget.post("/v2/bookings", body(12)).await.expecting(201);
    assert!(links(&made).is_null());
}

#[tokio::test]
async fn a_client_token_gets_the_links_of_the_booking_it_has_just_made() {
    let server = TestServer::start().await;
    let app = server.app();
    let resource = json!({ "name": "Jules", "timezone": "UTC", "email": "jules@example.com" });
    let resource = app
        .post("/v2/resources", resource)
        .await
        .expecting(201)
        .id();
    let token = server.token(&app, &resource, "client-token").await;
    let client = server.with_token(TEST_SLUG, &token);
    let body = booking(&resource, "instant", &at(10), &at(11));
    let made = client
        .post(&format!("/v2/bookings?{INCLUDE}"), body)
        .await
        .expecting(201);
    // Without a project there is no page to choose another time on.
    assert_eq!(links(&made).as_object().expect("links").len(), 1);
    assert!(links(&made)[CANCEL].is_string());
}

#[tokio::test]
async fn a_page_gets_no_links_of_a_booking_that_it_reschedules_or_lists() {
    let server = TestServer::start().await;
    let app = server.app();
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let (project, body) = page(&app).await;
    let id = app.book(body(10)).await;
    let path = format!("/v2/bookings/{id}/reschedule?{INCLUDE}");
    let to = |hour| json!({ "start": at(hour), "end": at(hour + 1) });
    let moved = widget.post(&path, to(14)).await.expecting(200);
    assert_ne!(moved.id(), id);
    assert!(links(&moved).is_null(), "{}", moved.body);
    // Nor when it stays where it is.
    let path = format!("/v2/bookings/{}/reschedule?{INCLUDE}", moved.id());
    let same = widget.post(&path, to(14)).await.expecting(200);
    assert!(links(&same).is_null());
    let keyed = widget.header("idempotency-key", "moved twice");
    for _ in 0..2 {
        let again = keyed.post(&path, to(16)).await.expecting(200);
        assert!(links(&again).is_null());
    }
    let groups = format!("/v2/bookings/groups?{INCLUDE}&search=project.id:{project}");
    let groups = widget.get(&groups).await;
    assert!(
        !groups.body.to_string().contains("signature"),
        "{}",
        groups.body
    );
}

/// Every text in every table.
async fn everything_stored(server: &TestServer) -> String {
    let client = server.dynamodb().await;
    let tables = client.list_tables().send().await.expect("tables");
    let mut all = String::new();
    for table in tables.table_names() {
        let mut pages = client
            .scan()
            .table_name(table)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            all += &format!("{:?}\n", item.expect("an item"));
        }
    }
    all
}

/// Every request that is kept and can show links, by a caller that may have them: its path and body.
async fn requests(app: &Client) -> Vec<(String, Value)> {
    let (_, body) = page(app).await;
    let to_move = app.book(body(8)).await;
    let room = |hour| {
        booking(
            &ROOM.to_string(),
            "confirm_decline",
            &at(hour),
            &at(hour + 1),
        )
    };
    let to_confirm = app.book(room(8)).await;
    let each = json!({ "bookings": [body(12), body(13)] });
    let all = json!({ "bookings": [body(14), body(15)], "delete_all_on_error": true });
    vec![
        ("/v2/bookings".to_owned(), body(10)),
        ("/v2/bookings/bulk".to_owned(), each),
        ("/v2/bookings/bulk".to_owned(), all),
        (
            format!("/v2/bookings/{to_move}/reschedule"),
            json!({ "start": at(17), "end": at(18) }),
        ),
        (format!("/v2/bookings/{to_confirm}/confirm"), json!({})),
    ]
}

#[tokio::test]
async fn no_answer_is_kept_with_a_signature_and_each_is_replayed_with_its_links() {
    let server = TestServer::start().await;
    let app = server.app();
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let mut sent: Vec<(Client, String, Value)> = Vec::new();
    for (number, (path, body)) in requests(&app).await.into_iter().enumerate() {
        let app = app.header("idempotency-key", &format!("request {number}"));
        sent.push((app, format!("{path}?{INCLUDE}"), body));
    }
    let (_, body) = page(&app).await;
    let page = widget.header("idempotency-key", "of a page");
    sent.push((page, format!("/v2/bookings?{INCLUDE}"), body(10)));
    for (caller, path, body) in sent {
        let first = caller.post(&path, body.clone()).await;
        assert!(first.status < 300, "{path}: {}", first.body);
        assert!(first.body.to_string().contains("signature="), "{path}");
        assert!(
            !everything_stored(&server).await.contains("signature="),
            "{path}"
        );

        let again = caller.post(&path, body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{path}");
        assert_eq!(
            (again.status, &again.body),
            (first.status, &first.body),
            "{path}"
        );
        assert_eq!(again.header("etag"), first.header("etag"), "{path}");
    }
}

#[tokio::test]
async fn a_replayed_answer_has_the_links_of_the_booking_as_it_is_now() {
    let server = TestServer::start().await;
    let app = server.app();
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let (_, body) = page(&app).await;
    let keyed = widget.header("idempotency-key", "once");
    let path = format!("/v2/bookings?{INCLUDE}");
    let first = keyed.post(&path, body(10)).await.expecting(201);
    assert!(links(&first)[CANCEL].is_string());
    app.act(&first.id(), "cancel").await.expecting(200);
    let again = keyed.post(&path, body(10)).await.expecting(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.id(), first.id());
    assert_eq!(links(&again), &json!({}));
    app.delete(&format!("/v2/bookings/{}", first.id()))
        .await
        .expecting(204);
    server.clock.advance(TimeDelta::minutes(1));
    let gone = keyed.post(&path, body(10)).await.expecting(201);
    assert_eq!(links(&gone), &json!({}));
}
