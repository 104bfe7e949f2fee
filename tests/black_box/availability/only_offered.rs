//! Only what is offered: a secret key that asks for it is held to what a page is held to.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer};

async fn room(app: &Client) -> String {
    let body = json!({
        "name": "Room", "timezone": "UTC",
        "availability_constraints": [{ "allow_hours": { "start": 9, "end": 17 } }, { "allow_weekdays": [] }],
    });
    app.post("/v2/resources", body).await.expecting(201).id()
}

async fn project(app: &Client, room: &str, booking: Value) -> String {
    let body = json!({
        "name": "Visit", "resources": [room], "booking": booking,
        "availability": {
            "mode": "exclusive", "length": "1 hour", "to": "1 week", "minimum_notice": "2 days", "max_bookings_per_day": 2,
            "buffer": "15 minutes", "timeslot_increments": "15 minutes",
        },
    });
    app.post("/v2/projects", body).await.expecting(201).id()
}

fn booking(room: &str, project: &str, (start, end): (&str, &str), settings: Value) -> Value {
    json!({
        "resource_id": room, "project_id": project, "graph": "instant", "start": start, "end": end, "what": "A visit",
        "where": "Here", "customer": { "name": "Marty", "email": "marty@example.com" }, "settings": settings,
    })
}

fn code(reply: &Reply) -> &str {
    let body = &reply.body;
    let of_one = body["errors"][0]["code"].as_str();
    body["code"].as_str().or(of_one).unwrap_or_default()
}

const CLOSED: (&str, &str) = ("2026-11-24T20:00:00Z", "2026-11-24T21:00:00Z");
const OFF_THE_GRID: (&str, &str) = ("2026-11-24T10:10:00Z", "2026-11-24T11:10:00Z");
const LONG: (&str, &str) = ("2026-11-24T10:00:00Z", "2026-11-24T12:00:00Z");
const SOON: (&str, &str) = ("2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z");
const FAR: (&str, &str) = ("2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z");
const FINE: (&str, &str) = ("2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z");

#[tokio::test]
async fn whoever_asks_for_it_books_reserves_and_moves_only_what_is_offered_by_every_operation() {
    let server = TestServer::start().await;
    let app = server.app();
    let page = server.with_key(server.demo.test.widget_key.expose());
    let room = room(&app).await;
    let project = project(&app, &room, json!({ "graph": "instant" })).await;
    let held = json!({ "only_offered": true });
    let moved = app.book(booking(&room, &project, FINE, json!({}))).await;
    let path = format!("/v2/bookings/{moved}/reschedule");
    for wrong in [CLOSED, OFF_THE_GRID, LONG, SOON, FAR] {
        let body = booking(&room, &project, wrong, held.clone());
        let bulk = |more: Value| {
            let mut bulk = json!({ "bookings": [body.clone()] });
            for (name, value) in more.as_object().expect("fields") {
                bulk[name] = value.clone();
            }
            bulk
        };
        let mut of_page = body.clone();
        of_page.as_object_mut().expect("fields").remove("settings");
        let asked = page.post("/v2/bookings", of_page).await;
        let place = json!({ "start": wrong.0, "end": wrong.1, "settings": held });
        for (what, reply) in [
            ("a page", asked),
            ("a booking", app.post("/v2/bookings", body.clone()).await),
            (
                "a reservation",
                app.post("/v2/bookings/reserve", body.clone()).await,
            ),
            (
                "one of many",
                app.post("/v2/bookings/bulk", bulk(json!({}))).await,
            ),
            (
                "all of many",
                app.post(
                    "/v2/bookings/bulk",
                    bulk(json!({ "delete_all_on_error": true })),
                )
                .await,
            ),
            ("a move", app.post(&path, place).await),
        ] {
            assert!(
                reply.body.to_string().contains("not_offered"),
                "{what} {wrong:?}: {}",
                reply.body
            );
            assert_ne!(reply.status, 201, "{what} {wrong:?}");
        }
        // A secret key that does not ask books it.
        let free = app
            .post("/v2/bookings", booking(&room, &project, wrong, json!({})))
            .await;
        app.act(&free.expecting(201).id(), "cancel")
            .await
            .expecting(200);
    }
    // What is offered is booked, and a booking remembers that it was held to that.
    let fine = ("2026-11-26T10:00:00Z", "2026-11-26T11:00:00Z");
    let id = app.book(booking(&room, &project, fine, held)).await;
    let closed = json!({ "start": CLOSED.0, "end": CLOSED.1 });
    let refused = app.reschedule(&id, closed.clone()).await;
    assert_eq!((refused.status, code(&refused)), (409, "not_offered"));
    let mut free = closed;
    free["settings"] = json!({ "only_offered": false });
    app.reschedule(&id, free).await.expecting(200);
}

#[tokio::test]
async fn a_project_holds_every_booking_to_it_unless_a_secret_key_says_otherwise() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let project = project(
        &app,
        &room,
        json!({ "graph": "instant", "only_offered": true }),
    )
    .await;
    let sent = |settings: Value| booking(&room, &project, CLOSED, settings);
    for path in ["/v2/bookings", "/v2/bookings/reserve"] {
        let refused = app.post(path, sent(json!({}))).await;
        assert_eq!(
            (refused.status, code(&refused)),
            (409, "not_offered"),
            "{path}"
        );
    }
    let id = app.book(sent(json!({ "only_offered": false }))).await;
    let to = json!({ "start": OFF_THE_GRID.0, "end": OFF_THE_GRID.1 });
    let refused = app.reschedule(&id, to).await;
    assert_eq!((refused.status, code(&refused)), (409, "not_offered"));
    let wrong =
        json!({ "name": "Visit", "resources": [room], "booking": { "only_offered": "yes" } });
    let refused = app.post("/v2/projects", wrong).await.expecting(422);
    assert_eq!(refused.faults(), ["booking.only_offered"]);
}

#[tokio::test]
async fn neither_smaller_buffers_nor_double_bookings_get_past_what_is_offered() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let project = project(&app, &room, json!({ "graph": "instant" })).await;
    app.book(booking(&room, &project, FINE, json!({}))).await;
    let beside = ("2026-11-25T11:00:00Z", "2026-11-25T12:00:00Z");
    for (time, mut settings) in [
        (beside, json!({ "buffer": "0 minutes" })),
        (
            beside,
            json!({ "buffer_before": "0 minutes", "buffer_after": "2 hours" }),
        ),
        (FINE, json!({ "allow_double_bookings": true })),
        (
            beside,
            json!({ "allow_double_bookings": true, "buffer": "15 minutes" }),
        ),
    ] {
        settings["only_offered"] = true.into();
        for path in ["/v2/bookings", "/v2/bookings/reserve"] {
            let body = booking(&room, &project, time, settings.clone());
            let refused = app.post(path, body).await;
            assert_eq!(
                (refused.status, code(&refused)),
                (409, "slot_taken"),
                "{path} {settings}: {}",
                refused.body
            );
        }
    }
}

#[tokio::test]
async fn bookings_that_are_made_together_count_against_a_cap_one_after_the_other() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    for graph in ["instant", "confirm_decline"] {
        let project = project(
            &app,
            &room,
            json!({ "graph": "instant", "only_offered": true }),
        )
        .await;
        let day = if graph == "instant" { "25" } else { "26" };
        let times = ["10", "12", "14"].map(|hour| {
            let next = hour.parse::<u32>().expect("an hour") + 1;
            (
                format!("2026-11-{day}T{hour}:00:00Z"),
                format!("2026-11-{day}T{next}:00:00Z"),
            )
        });
        let bookings = times.each_ref().map(|(start, end)| {
            let mut body = booking(&room, &project, (start, end), json!({}));
            body["graph"] = graph.into();
            body
        });
        let together = json!({ "bookings": bookings, "delete_all_on_error": true });
        let reply = app.post("/v2/bookings/bulk", together).await;
        if graph == "instant" {
            assert_eq!(
                (reply.status, code(&reply)),
                (409, "not_offered"),
                "{}",
                reply.body
            );
            assert_eq!(reply.body["index"], 2, "{}", reply.body);
            let two = json!({ "bookings": bookings[..2], "delete_all_on_error": true });
            app.post("/v2/bookings/bulk", two).await.expecting(201);
        } else {
            // What is only asked for takes no time yet, and counts when it is confirmed.
            reply.expecting(201);
        }
    }
}

#[tokio::test]
async fn a_time_that_was_reserved_as_offered_is_booked_though_the_notice_has_passed() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let project = project(
        &app,
        &room,
        json!({ "graph": "instant", "only_offered": true }),
    )
    .await;
    let soon = ("2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z");
    let mut reserved = booking(&room, &project, soon, json!({}));
    reserved["reservation_time"] = 600.into();
    let held = app
        .post("/v2/bookings/reserve", reserved)
        .await
        .expecting(201)
        .id();
    server.clock.advance(TimeDelta::minutes(5));
    let body = json!({ "reservation_id": held });
    let id = app
        .post("/v2/bookings", with_customer(body))
        .await
        .expecting(201)
        .id();
    // It is held to the offer when it moves.
    let refused = app
        .reschedule(&id, json!({ "start": CLOSED.0, "end": CLOSED.1 }))
        .await;
    assert_eq!((refused.status, code(&refused)), (409, "not_offered"));
    // What was not reserved as offered is judged when it is booked.
    let anyhow = booking(&room, &project, CLOSED, json!({ "only_offered": false }));
    let held = app
        .post("/v2/bookings/reserve", anyhow)
        .await
        .expecting(201)
        .id();
    let refused = app
        .post(
            "/v2/bookings",
            with_customer(json!({ "reservation_id": held })),
        )
        .await;
    assert_eq!((refused.status, code(&refused)), (409, "not_offered"));
}

fn with_customer(mut body: Value) -> Value {
    body["customer"] = json!({ "name": "Marty", "email": "marty@example.com" });
    body
}
