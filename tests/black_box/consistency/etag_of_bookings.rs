//! `ETag` and `If-Match` of bookings: whoever changes one can say which of its states they decided on.

use chrono::TimeDelta;
use http::Method;
use local::demo::ROOM;
use serde_json::{Value, json};
use tests::{Client, NOW, Reply, TestServer, booking, group, instant, seat};

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";

fn hour(graph: &str) -> Value {
    booking(&ROOM.to_string(), graph, TEN, ELEVEN)
}

/// Every way to change a booking: method, what follows its path, and a sound body.
fn changes() -> [(Method, &'static str, Value); 5] {
    [
        (Method::PUT, "", json!({ "meta": { "changed": true } })),
        (Method::PUT, "/confirm", json!({})),
        (Method::POST, "/confirm", json!({})),
        (
            Method::POST,
            "/reschedule",
            json!({ "start": ELEVEN, "end": NOON }),
        ),
        (Method::DELETE, "", json!({})),
    ]
}

async fn send(client: &Client, id: &str, (method, suffix, body): &(Method, &str, Value)) -> Reply {
    let path = format!("/v2/bookings/{id}{suffix}");
    client.send(method.clone(), &path, &body.to_string()).await
}

#[track_caller]
fn assert_stale(reply: &Reply) {
    assert_eq!(reply.status, 412, "{}", reply.body);
    assert_eq!(reply.body["code"], "stale");
    assert!(reply.body["error"].is_string());
}

#[tokio::test]
async fn every_answer_that_shows_a_booking_names_its_state() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = app
        .post("/v2/bookings", hour("confirm_decline"))
        .await
        .expecting(201);
    let id = made.id();
    let mut tags = vec![made.etag()];
    assert_eq!(app.see(&id).await.etag, made.etag());
    for (method, suffix, body) in [
        (Method::PUT, "", json!({ "meta": { "a": 1 } })),
        (Method::PUT, "/confirm", json!({})),
        (Method::PUT, "", json!({ "meta": { "a": 2 } })),
        (Method::PUT, "/cancel", json!({})),
    ] {
        let done = send(&app, &id, &(method, suffix, body))
            .await
            .expecting(200);
        let tag = done.etag();
        assert!(!tags.contains(&tag), "each change makes another state");
        assert_eq!(app.see(&id).await.etag, tag);
        tags.push(tag);
    }
    // What is made anew is not what was seen before, whatever it looks like.
    let twin = app.post("/v2/bookings", hour("confirm_decline")).await;
    assert!(!tags.contains(&twin.etag()));
}

#[tokio::test]
async fn a_change_decided_on_an_older_state_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(hour("confirm_decline")).await;
    let old = app.see(&id).await.etag;
    app.put(
        &format!("/v2/bookings/{id}"),
        json!({ "meta": { "first": true } }),
    )
    .await
    .expecting(200);
    let now = app.see(&id).await;
    for stale in [old.as_str(), "\"x\"", "W/\"x\"", &format!("W/{}", now.etag)] {
        for change in &changes() {
            assert_stale(&send(&app.header("if-match", stale), &id, change).await);
        }
    }
    assert_eq!(app.see(&id).await, now);
    let list = format!("{old}, {}", now.etag);
    let done = send(&app.header("if-match", &list), &id, &changes()[1]).await;
    assert_eq!(done.expecting(200).body["data"]["state"], "confirmed");
}

#[tokio::test]
async fn the_state_that_was_seen_or_a_star_lets_any_change_through() {
    let server = TestServer::start().await;
    let app = server.app();
    for seen in [true, false] {
        let id = app.book(hour("confirm_decline")).await;
        for (method, suffix, body) in [
            (Method::PUT, "", json!({ "meta": { "a": 3 } })),
            (Method::PUT, "/confirm", json!({})),
            (
                Method::POST,
                "/reschedule",
                json!({ "start": ELEVEN, "end": NOON }),
            ),
            (Method::DELETE, "", json!({})),
        ] {
            let tag = if seen {
                app.see(&id).await.etag
            } else {
                "*".to_owned()
            };
            let reply = send(&app.header("if-match", &tag), &id, &(method, suffix, body)).await;
            assert!(reply.status < 300, "{suffix}: {}", reply.body);
            if suffix == "/reschedule" {
                app.act(&reply.id(), "cancel").await.expecting(200);
            }
        }
    }
    let malformed = app
        .header("if-match", "x")
        .put("/v2/bookings/x/cancel", json!({}))
        .await;
    assert!([404, 422].contains(&malformed.status), "{}", malformed.body);
}

#[tokio::test]
async fn a_step_of_time_makes_what_was_seen_before_it_stale() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(hour("instant_payment")).await;
    let held = app.see(&id).await;
    server
        .clock
        .set(instant(NOW) + TimeDelta::minutes(5) - TimeDelta::seconds(1));
    assert_eq!(app.see(&id).await.etag, held.etag);
    server.clock.set(instant(NOW) + TimeDelta::minutes(5));
    let lapsed = app.see(&id).await;
    assert_ne!(lapsed.etag, held.etag);
    for change in &changes() {
        assert_stale(&send(&app.header("if-match", &held.etag), &id, change).await);
    }
    assert_eq!(app.see(&id).await, lapsed);
    let change = (Method::PUT, "", json!({ "meta": {} }));
    send(&app.header("if-match", &lapsed.etag), &id, &change)
        .await
        .expecting(200);
}

#[tokio::test]
async fn what_becomes_of_its_seats_makes_another_state_of_a_group() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(group(&ROOM.to_string(), TEN, ELEVEN, 5)).await;
    let empty = app.see(&owner).await.etag;
    let customer = app.book(seat("group_customer", &owner)).await;
    let joined = app.see(&owner).await.etag;
    assert_ne!(joined, empty);
    let cancel = (Method::PUT, "/cancel", json!({}));
    assert_stale(&send(&app.header("if-match", &empty), &owner, &cancel).await);
    assert_eq!(app.see(&customer).await.state(), "confirmed");
    let done = send(&app.header("if-match", &joined), &owner, &cancel)
        .await
        .expecting(200);
    assert_eq!(done.etag(), app.see(&owner).await.etag);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_count_on_one_state_exactly_one_changes_it() {
    let mut server = TestServer::start().await;
    let other = server.another_instance().await;
    let app = server.app();
    let made = app
        .post("/v2/bookings", hour("instant"))
        .await
        .expecting(201);
    let caller = app.header("if-match", &made.etag());
    let sent: Vec<_> = (0..20)
        .map(|number| {
            let client = if number % 2 == 0 {
                caller.clone()
            } else {
                caller.at(&other)
            };
            let path = format!("/v2/bookings/{}", made.id());
            tokio::spawn(async move {
                client
                    .put(&path, json!({ "meta": { "number": number } }))
                    .await
                    .status
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for status in sent {
        statuses.push(status.await.expect("an answer"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [&[200][..], &[412; 19]].concat());
}
