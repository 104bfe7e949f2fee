//! How long a booking waits for its payment: five minutes, or what the request or its project says, and a page can only
//! shorten that.

use chrono::TimeDelta;
use local::demo::ROOM;
use serde_json::{Value, json};
use tests::{Client, NOW, Reply, TestServer, booking, group, instant, seat, with};

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";

fn room() -> Value {
    let body = booking(&ROOM.to_string(), "instant_payment", TEN, ELEVEN);
    with(body, "action", Value::Null)
}

fn timeout(time: u32, unit: &str) -> Value {
    json!({ "time": time, "unit": unit })
}

/// In how many seconds after the start of the test its payment is due.
fn due_in(view: &Value) -> i64 {
    let due = view["attributes"]["payment_due_at"]
        .as_str()
        .expect("a due time");
    (instant(due) - instant(NOW)).num_seconds()
}

async fn book(client: &Client, body: Value) -> (String, i64) {
    let reply = client.post("/v2/bookings", body).await.expecting(201);
    (reply.id(), due_in(&reply.body["data"]))
}

async fn project(app: &Client, booking: Value) -> String {
    let body = json!({ "name": "Shop", "resources": [ROOM.to_string()], "booking": booking, "allow_double_bookings": true });
    app.post("/v2/projects", body).await.expecting(201).id()
}

fn is_taken(reply: &Reply) -> bool {
    reply.status == 409 && reply.body["code"] == "slot_taken"
}

#[tokio::test]
async fn a_booking_waits_for_its_payment_exactly_as_long_as_its_timeout_says() {
    let server = TestServer::start().await;
    let app = server.app();
    for (sent, seconds) in [
        (Value::Null, 300),
        (json!([]), 300),
        (timeout(25, "min"), 1_500),
        (timeout(90, "secs"), 90),
        (timeout(24, "hours"), 86_400),
        (timeout(1, "day"), 86_400),
    ] {
        server.clock.set(instant(NOW));
        let (id, due) = book(&app, with(room(), "timeout", sent.clone())).await;
        assert_eq!(due, seconds, "{sent}");
        server
            .clock
            .set(instant(NOW) + TimeDelta::seconds(seconds - 1));
        assert_eq!(app.see(&id).await.state(), "tentative", "{sent}");
        assert!(is_taken(&app.post("/v2/bookings", room()).await), "{sent}");
        server.clock.set(instant(NOW) + TimeDelta::seconds(seconds));
        let lapsed = app.see(&id).await;
        assert_eq!(lapsed.state(), "unpaid", "{sent}");
        assert_eq!(due_in(&lapsed.data), seconds);
        app.act(&id, "pay").await.expecting(409);
        // Two seconds later others can have the time, and the next of these does.
        server.clock.advance(TimeDelta::seconds(2));
        let other = app.post("/v2/bookings", room()).await.expecting(201).id();
        app.act(&other, "timeout").await.expecting(200);
        app.delete(&format!("/v2/bookings/{id}"))
            .await
            .expecting(204);
    }
    server.clock.set(instant(NOW));
    let (id, _) = book(&app, with(room(), "timeout", timeout(25, "min"))).await;
    server.clock.set(instant(NOW) + TimeDelta::minutes(24));
    app.act(&id, "pay").await.expecting(200);
    server.clock.set(instant(NOW) + TimeDelta::hours(24));
    assert_eq!(app.see(&id).await.state(), "paid");
}

#[tokio::test]
async fn a_projects_timeout_is_its_bookings_and_a_page_can_only_shorten_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let page = server.with_key(server.demo.test.widget_key.expose());
    let (_, _, token) = token(&server, &app).await;
    let long = project(
        &app,
        json!({ "graph": "instant_payment", "timeout": timeout(25, "min") }),
    )
    .await;
    let usual = project(&app, json!({ "graph": "instant_payment" })).await;
    let at = |project: &str, sent: Value| {
        json!({
            "resource_id": ROOM.to_string(), "project_id": project, "start": TEN, "end": ELEVEN, "timeout": sent,
            "customer": { "name": "Marty", "email": "marty@example.com" },
        })
    };
    for (project, sent, by_page, by_key) in [
        (&long, Value::Null, 1_500, 1_500),
        (&long, timeout(10, "min"), 600, 600),
        (&long, timeout(2, "hours"), 1_500, 7_200),
        (&usual, Value::Null, 300, 300),
        (&usual, timeout(25, "min"), 300, 1_500),
        (&usual, timeout(30, "sec"), 30, 30),
    ] {
        for (caller, expected) in [(&page, by_page), (&token, by_page), (&app, by_key)] {
            let (_, due) = book(caller, at(project, sent.clone())).await;
            assert_eq!(due, expected, "{sent}");
        }
    }
}

/// A client with the room's public token.
async fn token(server: &TestServer, app: &Client) -> (String, String, Client) {
    let body = json!({ "resource_id": ROOM.to_string(), "type": "client-token", "description": "", "scopes": ["widget"] });
    let made = app.post("/v2/credentials", body).await.expecting(201);
    let text = |name: &str| made.body["data"][name].as_str().expect("text").to_owned();
    let pair = (text("user"), text("token"));
    let client = server.with_token(local::demo::TEST_SLUG, &pair);
    (pair.0, pair.1, client)
}

#[tokio::test]
async fn seats_reservations_and_many_at_once_have_a_timeout_too() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(group(&ROOM.to_string(), TEN, ELEVEN, 1)).await;
    let paid_seat = || seat("group_customer_payment", &owner);
    let (_, due) = book(&app, with(paid_seat(), "timeout", timeout(25, "min"))).await;
    assert_eq!(due, 1_500);
    server.clock.set(instant(NOW) + TimeDelta::seconds(1_501));
    let full = app.post("/v2/bookings", paid_seat()).await;
    assert_eq!(full.expecting(409).body["code"], "group_full");
    server.clock.set(instant(NOW) + TimeDelta::seconds(1_502));
    app.post("/v2/bookings", paid_seat()).await.expecting(201);
    server.clock.set(instant(NOW));

    let later = |hour: u32| {
        let (start, end) = (
            format!("2026-12-02T{hour}:00:00Z"),
            format!("2026-12-02T{hour}:30:00Z"),
        );
        booking(&ROOM.to_string(), "instant_payment", &start, &end)
    };
    // Held for a minute, and from then on as long as the payment may take.
    for (hour, held, sent, expected) in [
        (10, Value::Null, Value::Null, 300),
        (11, timeout(10, "min"), Value::Null, 600),
        (12, timeout(10, "min"), timeout(20, "min"), 1_200),
    ] {
        let held = with(
            with(later(hour), "reservation_time", json!(60)),
            "timeout",
            held,
        );
        let held = app
            .post("/v2/bookings/reserve", held)
            .await
            .expecting(201)
            .id();
        let body = json!({ "reservation_id": held, "graph": "instant_payment", "timeout": sent });
        assert_eq!(book(&app, body).await.1, expected);
    }
    for (hour, all_or_nothing) in [(13, false), (14, true)] {
        let body = json!({
            "bookings": [with(later(hour), "timeout", timeout(25, "mins"))], "delete_all_on_error": all_or_nothing,
        });
        let many = app.post("/v2/bookings/bulk", body).await.expecting(201);
        assert_eq!(due_in(&many.body["data"][0]), 1_500);
    }
}

#[tokio::test]
async fn a_timeout_that_cannot_be_meant_is_refused_where_it_would_count() {
    let server = TestServer::start().await;
    let app = server.app();
    for (wrong, field) in [
        (json!("25 min"), "timeout"),
        (timeout(25, "hours"), "timeout"),
        (timeout(0, "min"), "timeout"),
        (timeout(25, "weeks"), "timeout.unit"),
        (json!({ "unit": "min" }), "timeout.time"),
    ] {
        let reply = app
            .post("/v2/bookings", with(room(), "timeout", wrong.clone()))
            .await;
        assert_eq!(reply.expecting(422).faults(), [field], "{wrong}");
        let body = json!({ "name": "Shop", "resources": [], "booking": { "timeout": wrong } });
        let reply = app.post("/v2/projects", body).await.expecting(422);
        assert_eq!(reply.faults(), [format!("booking.{field}")]);
        // Nothing waits for a payment there.
        let other = booking(&ROOM.to_string(), "confirm_decline", TEN, ELEVEN);
        let made = app
            .post("/v2/bookings", with(other, "timeout", wrong))
            .await
            .expecting(201);
        assert!(made.body["data"]["attributes"]["payment_due_at"].is_null());
    }
}
