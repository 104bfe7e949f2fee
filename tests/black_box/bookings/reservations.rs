//! Reservations: a slot that is held for a while, and becomes a booking or lapses.

use chrono::{DateTime, TimeDelta, Utc};
use local::demo::{DOC_BROWN, ROOM};
use serde_json::{Value, json};
use tests::{Client, NOW, Reply, TestServer, booking, group, instant, seat, with};
use uuid::Uuid;

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";

/// A request to hold an hour of the meeting room for a minute.
fn wanted() -> Value {
    json!({
        "reservation_time": 60,
        "resource_id": ROOM.to_string(),
        "start": TEN,
        "end": ELEVEN,
        "what": "Clock tower",
        "where": "Hill Valley",
        "description": "Bring a cable.",
    })
}

/// A booking of what is held, which leaves out whatever it can.
fn of(reservation: &str) -> Value {
    json!({
        "graph": "instant",
        "reservation_id": reservation,
        "customer": { "name": "Marty McFly", "email": "marty.mcfly@timekit.io" },
    })
}

fn hour() -> Value {
    booking(&ROOM.to_string(), "instant", TEN, ELEVEN)
}

async fn reserve(client: &Client, body: Value) -> String {
    client
        .post("/v2/bookings/reserve", body)
        .await
        .expecting(201)
        .id()
}

async fn extend(client: &Client, id: &str, seconds: u32) -> Reply {
    let body = json!({ "reservation_id": id, "reservation_time": seconds });
    client.put("/v2/bookings/reserve/extend", body).await
}

fn until() -> DateTime<Utc> {
    instant(NOW) + TimeDelta::seconds(60)
}

#[track_caller]
fn assert_taken(reply: &Reply) {
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert_eq!(reply.body["code"], "slot_taken");
}

#[track_caller]
fn assert_lapsed(reply: &Reply) {
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert_eq!(reply.body["code"], "reservation_lapsed");
    assert!(
        reply.body["errors"]["event"][0].is_string(),
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn a_reservation_extended_answers_in_the_zone_that_it_was_made_in() {
    let server = TestServer::start().await;
    let app = server.app();
    let new = json!({ "name": "Room in Auckland", "timezone": "Pacific/Auckland" });
    let room = app.post("/v2/resources", new).await.expecting(201).id();
    let wanted = with(wanted(), "resource_id", json!(room));
    let made = app
        .post("/v2/bookings/reserve", wanted)
        .await
        .expecting(201);
    assert_eq!(made.body["data"]["start"], "2026-12-01T23:00:00+13:00");
    // It keeps the zone that its resource had, as a booking does.
    let moves = json!({ "timezone": "Asia/Tokyo" });
    app.put(&format!("/v2/resources/{room}"), moves)
        .await
        .expecting(200);
    let extended = extend(&app, &made.id(), 60).await.expecting(200);
    for field in ["start", "end", "expires_at", "created_at"] {
        let same = (&made.body["data"][field], &extended.body["data"][field]);
        assert_eq!(same.0, same.1, "{field}");
    }
    let other = app.header("timekit-timezone", "UTC");
    let extended = extend(&other, &made.id(), 60).await.expecting(200);
    assert_eq!(extended.body["data"]["start"], "2026-12-01T10:00:00+00:00");
}

#[tokio::test]
async fn a_reservation_says_what_it_holds_and_until_when() {
    let server = TestServer::start().await;
    let app = server.app().header("timekit-timezone", "UTC");
    let made = app
        .post("/v2/bookings/reserve", wanted())
        .await
        .expecting(201);
    let mut shown = made.body["data"].clone();
    let id = shown
        .as_object_mut()
        .and_then(|shown| shown.remove("id"))
        .expect("an id");
    assert!(id.as_str().is_some_and(|id| Uuid::parse_str(id).is_ok()));
    let expected = json!({
        "resource_id": ROOM.to_string(),
        "start": "2026-12-01T10:00:00+00:00",
        "end": "2026-12-01T11:00:00+00:00",
        "expires_at": "2026-11-21T12:01:00+00:00",
        "created_at": "2026-11-21T12:00:00+00:00",
    });
    assert_eq!(shown, expected);
    let mut body = with(wanted(), "start", ELEVEN.into());
    body["end"] = NOON.into();
    body.as_object_mut()
        .expect("an object")
        .remove("reservation_time");
    let made = app.post("/v2/bookings/reserve", body).await.expecting(201);
    assert_eq!(
        made.body["data"]["expires_at"], "2026-11-21T12:00:30+00:00",
        "30 seconds unless said"
    );
}

#[tokio::test]
async fn what_is_held_is_nobody_elses_until_two_seconds_after_it_lapsed() {
    let server = TestServer::start().await;
    let app = server.app();
    reserve(&app, wanted()).await;
    for seconds in [-60, -1, 0, 1] {
        server.clock.set(until() + TimeDelta::seconds(seconds));
        assert_taken(&app.post("/v2/bookings", hour()).await);
        assert_taken(
            &app.post(
                "/v2/bookings",
                with(hour(), "graph", "confirm_decline".into()),
            )
            .await,
        );
        assert_taken(&app.post("/v2/bookings/reserve", wanted()).await);
    }
    server.clock.set(until() + TimeDelta::seconds(2));
    app.book(hour()).await;
}

#[tokio::test]
async fn taken_time_cannot_be_reserved() {
    let server = TestServer::start().await;
    let app = server.app();
    app.book(hour()).await;
    let refused = app.post("/v2/bookings/reserve", wanted()).await;
    assert_taken(&refused);
    assert!(refused.body["errors"]["event"][0].is_string());
}

#[tokio::test]
async fn an_extended_reservation_holds_from_then_on_for_as_long_as_was_asked() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(&app, wanted()).await;
    server.clock.set(until() - TimeDelta::seconds(1));
    let extended = extend(&app, &id, 120).await.expecting(200);
    assert_eq!(extended.id(), id);
    assert_eq!(
        extended.body["data"]["expires_at"],
        "2026-11-21T13:02:59+01:00"
    );
    let until = until() - TimeDelta::seconds(1) + TimeDelta::seconds(120);
    server.clock.set(until + TimeDelta::seconds(1));
    assert_taken(&app.post("/v2/bookings", hour()).await);
    server.clock.set(until + TimeDelta::seconds(2));
    app.book(hour()).await;
}

#[tokio::test]
async fn a_reservation_can_be_shortened_and_then_lapses_earlier() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(&app, wanted()).await;
    extend(&app, &id, 1).await.expecting(200);
    server.clock.advance(TimeDelta::seconds(3));
    app.book(hour()).await;
}

#[tokio::test]
async fn what_lapsed_can_be_neither_extended_nor_booked_from_its_very_second_on() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(&app, wanted()).await;
    server.clock.set(until());
    assert_lapsed(&extend(&app, &id, 60).await);
    assert_lapsed(&app.post("/v2/bookings", of(&id)).await);
    server.clock.set(until() - TimeDelta::seconds(1));
    app.book(of(&id)).await;
}

#[tokio::test]
async fn a_booking_takes_over_whatever_the_reservation_says_and_it_does_not() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut body = wanted();
    body["graph"] = "confirm_decline".into();
    body["customer"] = json!({ "name": "Doc", "email": "doc@timekit.io", "shoe_size": 44 });
    let id = reserve(&app, body).await;
    let made = app.book(json!({ "reservation_id": id })).await;
    let seen = app.see(&made).await.data;
    assert_eq!(seen["graph"], "confirm_decline");
    assert_eq!(seen["resource_id"], ROOM.to_string());
    assert_eq!(seen["customers"][0]["name"], "Doc");
    assert_eq!(seen["customers"][0]["shoe_size"], 44);
    let event = &seen["attributes"]["event_info"];
    assert_eq!(event["start"], "2026-12-01T11:00:00+01:00");
    assert_eq!(event["end"], "2026-12-01T12:00:00+01:00");
    assert_eq!(event["what"], "Clock tower");
    assert_eq!(event["where"], "Hill Valley");
    assert_eq!(event["description"], "Bring a cable.");

    let id = reserve(&app, wanted()).await;
    let mut body = of(&id);
    body["what"] = "Something else".into();
    body["resource_id"] = ROOM.to_string().into();
    body["start"] = "2026-12-01T11:00:00+01:00".into();
    body["end"] = ELEVEN.into();
    let made = app.book(body).await;
    let event = app.see(&made).await.data["attributes"]["event_info"].take();
    assert_eq!(
        (&event["what"], &event["where"]),
        (&json!("Something else"), &json!("Hill Valley"))
    );
}

#[tokio::test]
async fn a_booking_of_a_reservation_takes_its_time_in_one_step() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(&app, wanted()).await;
    let made = app.book(of(&id)).await;
    server.clock.advance(TimeDelta::hours(1));
    assert_taken(&app.post("/v2/bookings", hour()).await);
    // Nothing of the hold is left once the booking goes.
    app.act(&made, "cancel").await.expecting(200);
    app.book(hour()).await;
}

#[tokio::test]
async fn a_booking_of_a_reservation_cannot_be_of_another_time_or_resource() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(&app, wanted()).await;
    for (fields, fault) in [
        (
            json!({ "resource_id": DOC_BROWN.to_string() }),
            "resource_id",
        ),
        (json!({ "start": TEN, "end": NOON }), "start"),
        (json!({ "start": ELEVEN, "end": NOON }), "start"),
        (json!({ "start": TEN }), "end"),
    ] {
        let mut body = of(&id);
        for (name, value) in fields.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let reply = app.post("/v2/bookings", body).await.expecting(422);
        assert_eq!(reply.faults(), [fault], "{fields}");
    }
    app.book(of(&id)).await;
}

#[tokio::test]
async fn a_reservation_is_used_once() {
    let server = TestServer::start().await;
    let app = server.app();
    app.put(&format!("/v2/resources/{ROOM}"), json!({ "capacity": 2 }))
        .await
        .expecting(200);
    let id = reserve(&app, wanted()).await;
    app.book(of(&id)).await;
    for reply in [
        app.post("/v2/bookings", of(&id)).await,
        extend(&app, &id, 60).await,
    ] {
        assert_eq!(reply.expecting(404).body["model"], "Reservation");
    }
    // Nor twice in one transaction.
    let mut other = wanted();
    (other["start"], other["end"]) = (ELEVEN.into(), NOON.into());
    let id = reserve(&app, other).await;
    let body = json!({ "bookings": [of(&id), of(&id)], "delete_all_on_error": true });
    let refused = app.post("/v2/bookings/bulk", body).await.expecting(404);
    assert_eq!(
        (&refused.body["model"], &refused.body["index"]),
        (&json!("Reservation"), &json!(1))
    );
    app.book(of(&id)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_who_book_one_reservation_at_once_exactly_one_does() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(&app, wanted()).await;
    let sent: Vec<_> = (0..10)
        .map(|_| {
            let (client, body) = (app.clone(), of(&id));
            tokio::spawn(async move { client.post("/v2/bookings", body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for status in sent {
        statuses.push(status.await.expect("an answer"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[404; 9]].concat());
}

#[tokio::test]
async fn a_reservation_of_another_app_or_resource_is_not_there() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(&app, wanted()).await;
    let token = server
        .token(&app, &DOC_BROWN.to_string(), "server-token")
        .await;
    let other_resource = server.with_token("demo-test", &token);
    for caller in [server.live_app(), other_resource] {
        let random = Uuid::from_u128(7).to_string();
        let foreign = caller.post("/v2/bookings", of(&id)).await.expecting(404);
        assert_eq!(
            foreign.comparable(),
            caller.post("/v2/bookings", of(&random)).await.comparable()
        );
        let foreign = extend(&caller, &id, 60).await.expecting(404);
        assert_eq!(
            foreign.comparable(),
            extend(&caller, &random, 60).await.comparable()
        );
    }
    let token = server.token(&app, &ROOM.to_string(), "server-token").await;
    server.with_token("demo-test", &token).book(of(&id)).await;
}

#[tokio::test]
async fn a_resources_own_token_reserves_its_own_time_without_naming_itself() {
    let server = TestServer::start().await;
    let app = server.app();
    let token = server.token(&app, &ROOM.to_string(), "server-token").await;
    let resource = server.with_token("demo-test", &token);
    let mut body = wanted();
    body.as_object_mut()
        .expect("an object")
        .remove("resource_id");
    let made = resource
        .post("/v2/bookings/reserve", body)
        .await
        .expecting(201);
    assert_eq!(made.body["data"]["resource_id"], ROOM.to_string());
    let body = with(wanted(), "resource_id", DOC_BROWN.to_string().into());
    let foreign = resource.post("/v2/bookings/reserve", body).await;
    assert_eq!(foreign.expecting(404).body["model"], "Resource");
}

#[tokio::test]
async fn a_booking_that_cannot_be_made_leaves_the_hold_as_it_was() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(&app, wanted()).await;
    for (field, value, status) in [
        ("customer", json!({ "email": "nobody" }), 422),
        ("graph", json!("group_customer"), 422),
        ("graph", json!("none"), 422),
        ("calendar_id", json!(Uuid::from_u128(7).to_string()), 422),
        ("settings", json!({ "min_booking_time": "60 days" }), 409),
    ] {
        let reply = app.post("/v2/bookings", with(of(&id), field, value)).await;
        assert_eq!(reply.status, status, "{field}: {}", reply.body);
        assert_taken(&app.post("/v2/bookings", hour()).await);
    }
    extend(&app, &id, 90).await.expecting(200);
    app.book(of(&id)).await;
}

#[tokio::test]
async fn a_seat_in_a_group_needs_no_reservation() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app
        .book(group(&DOC_BROWN.to_string(), TEN, ELEVEN, 3))
        .await;
    let id = reserve(&app, wanted()).await;
    let body = with(
        seat("group_customer", &owner),
        "reservation_id",
        id.clone().into(),
    );
    let refused = app.post("/v2/bookings", body).await.expecting(422);
    assert_eq!(refused.faults(), ["reservation_id"]);
    let refused = app
        .post(
            "/v2/bookings/reserve",
            with(wanted(), "graph", "group_customer".into()),
        )
        .await;
    assert_eq!(refused.expecting(422).faults(), ["graph"]);
    app.book(of(&id)).await;
}

#[tokio::test]
async fn a_group_can_be_made_of_a_reservation() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(&app, wanted()).await;
    let body =
        json!({ "graph": "group_owner", "reservation_id": id, "settings": { "max_seats": 2 } });
    let owner = app.book(body).await;
    app.book(seat("group_customer", &owner)).await;
}

#[tokio::test]
async fn who_may_overlap_a_reservation_does_not_keep_it_from_being_extended_and_booked() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(&app, wanted()).await;
    app.book(with(
        hour(),
        "settings",
        json!({ "allow_double_bookings": true }),
    ))
    .await;
    extend(&app, &id, 90).await.expecting(200);
    app.book(of(&id)).await;
    assert_taken(&app.post("/v2/bookings", hour()).await);
}

#[tokio::test]
async fn a_reservations_buffers_hold_too_and_stay_with_its_booking() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = reserve(
        &app,
        with(wanted(), "settings", json!({ "buffer": "15 minutes" })),
    )
    .await;
    let close = booking(&ROOM.to_string(), "instant", ELEVEN, NOON);
    assert_taken(&app.post("/v2/bookings", close.clone()).await);
    // Settings that say nothing of buffers leave them as they are.
    let body = with(of(&id), "settings", json!({ "min_cancel_time": "1 hour" }));
    let made = app.book(body).await;
    server.clock.advance(TimeDelta::hours(1));
    assert_taken(&app.post("/v2/bookings", close.clone()).await);
    app.act(&made, "cancel").await.expecting(200);
    app.book(close).await;
}

#[tokio::test]
async fn a_reservation_with_faults_is_refused_field_by_field() {
    let server = TestServer::start().await;
    let app = server.app();
    for (field, wrong, fault) in [
        ("reservation_time", json!(0), "reservation_time"),
        ("reservation_time", json!(86_401), "reservation_time"),
        ("reservation_time", json!(-1), "reservation_time"),
        ("reservation_time", json!("soon"), "reservation_time"),
        ("reservation_time", json!("30 moments"), "reservation_time"),
        ("reservation_time", json!("1 month"), "reservation_time"),
        ("reservation_time", json!(1.5), "reservation_time"),
        ("resource_id", json!("room"), "resource_id"),
        ("resource_id", Value::Null, "resource_id"),
        ("start", json!("tomorrow"), "start"),
        ("end", json!(TEN), "end"),
        ("end", json!("2027-01-01T10:00:01Z"), "end"),
        ("what", Value::Null, "what"),
        ("where", json!(true), "where"),
        ("graph", json!("none"), "graph"),
        ("project_id", json!("x"), "project_id"),
        ("calendar_id", json!("x"), "calendar_id"),
        ("customer", json!({}), "customer.name"),
        (
            "settings",
            json!({ "buffer": "25 hours" }),
            "settings.buffer",
        ),
    ] {
        let reply = app
            .post("/v2/bookings/reserve", with(wanted(), field, wrong.clone()))
            .await;
        assert_eq!(reply.expecting(422).faults(), [fault], "{field}: {wrong}");
    }
    let reply = app
        .post("/v2/bookings/reserve", json!({}))
        .await
        .expecting(422);
    assert_eq!(
        reply.faults(),
        ["end", "resource_id", "start", "what", "where"]
    );
    let id = reserve(&app, wanted()).await;
    for (body, faults) in [
        (json!({}), &["reservation_id"][..]),
        (json!({ "reservation_id": "x" }), &["reservation_id"]),
        (
            json!({ "reservation_id": id, "reservation_time": 0 }),
            &["reservation_time"],
        ),
        (
            json!({ "reservation_time": "x" }),
            &["reservation_id", "reservation_time"],
        ),
    ] {
        let reply = app.put("/v2/bookings/reserve/extend", body.clone()).await;
        assert_eq!(reply.expecting(422).faults(), faults, "{body}");
    }
    let reply = app.post("/v2/bookings", of("x")).await.expecting(422);
    assert_eq!(reply.faults(), ["reservation_id"]);
}

#[tokio::test]
async fn a_reservation_is_made_once_under_one_idempotency_key() {
    let server = TestServer::start().await;
    let app = server.app().header("idempotency-key", "hold");
    let first = app
        .post("/v2/bookings/reserve", wanted())
        .await
        .expecting(201);
    let again = app
        .post("/v2/bookings/reserve", wanted())
        .await
        .expecting(201);
    assert_eq!(first.id(), again.id());
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}
