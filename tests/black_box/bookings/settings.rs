//! How a booking's settings and its resource's capacity bound what can be booked: when, and how many at once.

use chrono::TimeDelta;
use local::demo::ROOM;
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking, instant, with};

const NINE: &str = "2026-12-01T09:00:00Z";
const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";

fn room(graph: &str, start: &str, end: &str) -> Value {
    booking(&ROOM.to_string(), graph, start, end)
}

#[track_caller]
fn assert_taken(reply: &Reply) {
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert_eq!(reply.body["code"], "slot_taken");
}

async fn with_capacity(client: &Client, capacity: u32) {
    let body = json!({ "capacity": capacity });
    client
        .put(&format!("/v2/resources/{ROOM}"), body)
        .await
        .expecting(200);
}

#[tokio::test]
async fn a_resource_takes_as_many_at_once_as_its_capacity_and_not_one_more() {
    let server = TestServer::start().await;
    let app = server.app();
    with_capacity(&app, 3).await;
    let mut made = Vec::new();
    for graph in ["instant", "instant_payment", "instant"] {
        made.push(app.book(room(graph, TEN, ELEVEN)).await);
    }
    for graph in ["instant", "instant_payment", "confirm_decline"] {
        assert_taken(&app.post("/v2/bookings", room(graph, TEN, ELEVEN)).await);
    }
    let reservation = with(room("instant", TEN, ELEVEN), "reservation_time", json!(60));
    assert_taken(&app.post("/v2/bookings/reserve", reservation).await);
    app.act(&made[0], "cancel").await.expecting(200);
    app.book(room("instant", TEN, ELEVEN)).await;
}

#[tokio::test]
async fn what_counts_is_how_many_stand_at_one_instant() {
    let server = TestServer::start().await;
    let app = server.app();
    with_capacity(&app, 2).await;
    app.book(room("instant", NINE, TEN)).await;
    app.book(room("instant", TEN, ELEVEN)).await;
    app.book(room("instant", ELEVEN, NOON)).await;
    // Three are met, but never two at once.
    app.book(room("instant", NINE, NOON)).await;
    assert_taken(
        &app.post(
            "/v2/bookings",
            room("instant", "2026-12-01T10:59:59Z", "2026-12-01T11:00:01Z"),
        )
        .await,
    );
    app.book(room("instant", NOON, "2026-12-01T13:00:00Z"))
        .await;
}

#[tokio::test]
async fn buffers_count_towards_the_capacity() {
    let server = TestServer::start().await;
    let app = server.app();
    with_capacity(&app, 2).await;
    let careful = |start, end| {
        with(
            room("instant", start, end),
            "settings",
            json!({ "buffer": "15 minutes" }),
        )
    };
    app.book(careful(TEN, ELEVEN)).await;
    app.book(careful(TEN, ELEVEN)).await;
    assert_taken(
        &app.post("/v2/bookings", room("instant", ELEVEN, NOON))
            .await,
    );
    assert_taken(
        &app.post(
            "/v2/bookings",
            room("instant", NINE, "2026-12-01T09:45:01Z"),
        )
        .await,
    );
    app.book(room("instant", NINE, "2026-12-01T09:45:00Z"))
        .await;
    app.book(room("instant", "2026-12-01T11:15:00Z", NOON))
        .await;
}

#[tokio::test]
async fn a_smaller_capacity_leaves_what_stands_and_bounds_what_comes() {
    let server = TestServer::start().await;
    let app = server.app();
    with_capacity(&app, 2).await;
    let first = app.book(room("instant", TEN, ELEVEN)).await;
    let held = app.book(room("instant_payment", TEN, ELEVEN)).await;
    let asked = with(
        room("confirm_decline", TEN, ELEVEN),
        "settings",
        json!({ "allow_double_bookings": true }),
    );
    app.book(asked).await;
    with_capacity(&app, 1).await;
    // Who holds the time already may pay for it.
    app.act(&held, "pay").await.expecting(200);
    app.act(&first, "cancel").await.expecting(200);
    assert_taken(&app.post("/v2/bookings", room("instant", TEN, ELEVEN)).await);
    app.act(&held, "cancel").await.expecting(200);
    app.book(room("instant", TEN, ELEVEN)).await;
}

#[tokio::test]
async fn a_confirmation_and_a_move_obey_the_capacity() {
    let server = TestServer::start().await;
    let app = server.app();
    with_capacity(&app, 2).await;
    let mut asked = Vec::new();
    for _ in 0..3 {
        asked.push(app.book(room("confirm_decline", TEN, ELEVEN)).await);
    }
    app.act(&asked[0], "confirm").await.expecting(200);
    app.act(&asked[1], "confirm").await.expecting(200);
    assert_taken(&app.act(&asked[2], "confirm").await);
    let other = app.book(room("instant", ELEVEN, NOON)).await;
    assert_taken(
        &app.reschedule(&other, json!({ "start": TEN, "end": ELEVEN }))
            .await,
    );
    // Its own place is not in its way.
    let body = json!({ "start": "2026-12-01T09:30:00Z", "end": "2026-12-01T10:30:00Z" });
    app.reschedule(&asked[0], body).await.expecting(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_20_who_want_a_place_of_five_at_two_instances_at_once_exactly_five_get_one() {
    let mut server = TestServer::start().await;
    let other = server.another_instance().await;
    let app = server.app();
    with_capacity(&app, 5).await;
    let sent: Vec<_> = (0..20)
        .map(|number| {
            let client = if number % 2 == 0 {
                app.clone()
            } else {
                app.at(&other)
            };
            tokio::spawn(async move {
                client
                    .post("/v2/bookings", room("instant", TEN, ELEVEN))
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
    assert_eq!(statuses, [&[201; 5][..], &[409; 15]].concat());
}

#[tokio::test]
async fn a_booking_is_made_from_its_opening_to_its_closing() {
    let server = TestServer::start().await;
    let app = server.app();
    let window = json!({ "min_booking_time": "2 hours", "max_booking_time": "3 days", "allow_double_bookings": true });
    for graph in ["instant", "confirm_decline", "instant_payment"] {
        for (at, code) in [
            ("2026-11-28T09:59:59Z", Some("booking_not_open")),
            ("2026-11-28T10:00:00Z", None),
            ("2026-12-01T08:00:00Z", None),
            ("2026-12-01T08:00:01Z", Some("booking_closed")),
        ] {
            server.clock.set(instant(at));
            let reply = app
                .post(
                    "/v2/bookings",
                    with(room(graph, TEN, ELEVEN), "settings", window.clone()),
                )
                .await;
            let Some(code) = code else {
                assert_eq!(reply.status, 201, "{graph} {at}: {}", reply.body);
                continue;
            };
            assert_eq!(reply.expecting(409).body["code"], code, "{graph} {at}");
        }
    }
    server.clock.set(instant("2026-12-01T09:00:00Z"));
    let late = app
        .post(
            "/v2/bookings",
            with(room("instant", TEN, ELEVEN), "settings", window),
        )
        .await;
    let sentence = late.body["errors"]["event"][0]
        .as_str()
        .expect("a sentence for the page");
    assert!(sentence.contains("2026-12-01T08:00:00"), "{sentence}");
}

#[tokio::test]
async fn a_customer_calls_off_until_the_last_moment_and_the_resource_at_any() {
    let server = TestServer::start().await;
    let app = server.app();
    let settings = json!({ "min_cancel_time": "1 day", "allow_double_bookings": true });
    let body = with(room("instant", TEN, ELEVEN), "settings", settings);
    let (early, late) = (app.book(body.clone()).await, app.book(body).await);
    let last = instant("2026-11-30T10:00:00Z");
    server.clock.set(last);
    app.act(&early, "cancel_by_customer").await.expecting(200);
    server.clock.set(last + TimeDelta::seconds(1));
    let before = app.see(&late).await;
    let refused = app.act(&late, "cancel_by_customer").await.expecting(409);
    assert_eq!(refused.body["code"], "too_late_to_cancel");
    assert_eq!(app.see(&late).await, before);
    app.act(&late, "cancel").await.expecting(200);
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused_by_name() {
    let server = TestServer::start().await;
    let app = server.app();
    for (name, wrong) in [
        ("min_booking_time", json!("soon")),
        ("min_booking_time", json!(2)),
        ("max_booking_time", json!("1 fortnight")),
        ("max_booking_time", json!("4000 days")),
        ("min_cancel_time", json!("-1 day")),
        ("allow_double_bookings", json!("yes")),
    ] {
        let body = with(
            room("instant", TEN, ELEVEN),
            "settings",
            json!({ name: wrong }),
        );
        let reply = app.post("/v2/bookings", body).await.expecting(422);
        assert_eq!(reply.faults(), [format!("settings.{name}")]);
    }
    for wrong in [json!(0), json!(-1), json!("two"), json!(100_000)] {
        let reply = app
            .put(
                &format!("/v2/resources/{ROOM}"),
                json!({ "capacity": wrong }),
            )
            .await;
        assert_eq!(reply.expecting(422).faults(), ["capacity"]);
    }
}
