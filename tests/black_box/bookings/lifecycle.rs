//! Bookings: how they come about, what may be done to them, and what they take of their resource's time.

use chrono::TimeDelta;
use http::Method;
use local::demo::{CONFIRMED, DOC_BROWN, ROOM, TENTATIVE};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking, field_names, instant};
use uuid::Uuid;

const NINE: &str = "2026-12-01T09:00:00Z";
const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";

/// What is always shown of a booking.
const BASE_FIELDS: [&str; 8] = [
    "attributes",
    "completed",
    "created_at",
    "graph",
    "id",
    "resource_id",
    "state",
    "updated_at",
];

/// A request for the meeting room.
fn room(graph: &str, start: &str, end: &str) -> Value {
    booking(&ROOM.to_string(), graph, start, end)
}

/// A request for an hour of the meeting room.
fn hour(graph: &str) -> Value {
    room(graph, TEN, ELEVEN)
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

async fn book(client: &Client, body: Value) -> String {
    client.post("/v2/bookings", body).await.expecting(201).id()
}

async fn act(client: &Client, id: &str, action: &str) -> Reply {
    let path = format!("/v2/bookings/{id}/{action}?include=available_actions,logs");
    client.put(&path, json!({})).await
}

/// Everything there is to see of a booking.
async fn all_of(client: &Client, id: &str) -> Value {
    let path = format!(
        "/v2/bookings/{id}?include=available_actions,logs,meta,customers,event,calendar,resource"
    );
    client.get(&path).await.expecting(200).body["data"].clone()
}

#[track_caller]
fn assert_taken(reply: &Reply) {
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert_eq!(reply.body["code"], "slot_taken");
    let sentences = reply.body["errors"]["event"].as_array();
    assert!(sentences.is_some_and(|s| !s.is_empty()), "{}", reply.body);
}

#[tokio::test]
async fn an_instant_booking_is_confirmed_at_once_and_ends_by_any_of_its_actions() {
    let server = TestServer::start().await;
    let app = server.app();
    for (action, state) in [
        ("cancel", "cancelled"),
        ("cancel_by_customer", "cancelled_by_customer"),
        ("complete", "completed"),
    ] {
        let made = app
            .post("/v2/bookings?include=available_actions", hour("instant"))
            .await
            .expecting(201);
        let shown = &made.body["data"];
        assert_eq!(shown["state"], "confirmed");
        assert_eq!(shown["completed"], false);
        assert_eq!(
            shown["available_actions"],
            json!([
                "cancel",
                "cancel_by_customer",
                "complete",
                "reschedule_by_customer"
            ])
        );
        let ended = act(&app, &made.id(), action).await.expecting(200);
        let shown = &ended.body["data"];
        assert_eq!(shown["id"], made.id());
        assert_eq!(shown["state"], state);
        assert_eq!(shown["completed"], true);
        assert_eq!(shown["available_actions"], json!([]));
    }
}

#[tokio::test]
async fn a_confirm_decline_booking_waits_until_its_resource_agrees_or_not() {
    let server = TestServer::start().await;
    let app = server.app();
    let asked = book(&app, hour("confirm_decline")).await;
    let shown = all_of(&app, &asked).await;
    assert_eq!(shown["state"], "tentative");
    assert_eq!(shown["completed"], false);
    assert_eq!(shown["available_actions"], json!(["confirm", "decline"]));

    let declined = act(&app, &asked, "decline").await.expecting(200);
    assert_eq!(declined.body["data"]["state"], "declined");
    assert_eq!(declined.body["data"]["completed"], true);

    for (action, state) in [
        ("cancel", "cancelled"),
        ("cancel_by_customer", "cancelled_by_customer"),
        ("complete", "completed"),
    ] {
        let asked = book(&app, hour("confirm_decline")).await;
        let agreed = act(&app, &asked, "confirm").await.expecting(200);
        assert_eq!(agreed.body["data"]["state"], "confirmed");
        assert_eq!(agreed.body["data"]["completed"], false);
        let ended = act(&app, &asked, action).await.expecting(200);
        assert_eq!(ended.body["data"]["state"], state);
        assert_eq!(ended.body["data"]["completed"], true);
    }
}

#[tokio::test]
async fn taken_time_is_refused_however_it_is_overlapped() {
    let server = TestServer::start().await;
    let app = server.app();
    book(&app, hour("instant")).await;
    for (start, end) in [
        (TEN, ELEVEN),
        (NINE, NOON),
        ("2026-12-01T10:15:00Z", "2026-12-01T10:45:00Z"),
        (NINE, "2026-12-01T10:00:01Z"),
        ("2026-12-01T10:59:59Z", NOON),
        ("2026-11-20T00:00:00Z", "2026-12-20T00:00:00Z"),
        ("2026-12-01T13:30:00+03:00", "2026-12-01T13:45:00+03:00"),
    ] {
        for graph in ["instant", "confirm_decline"] {
            assert_taken(&app.post("/v2/bookings", room(graph, start, end)).await);
        }
    }
    let list = app
        .get(&format!("/v2/bookings?search=resource.id:{ROOM}"))
        .await;
    assert_eq!(list.body["total"], 1);
}

#[tokio::test]
async fn slots_that_touch_are_both_free() {
    let server = TestServer::start().await;
    let app = server.app();
    for (start, end) in [(TEN, ELEVEN), (NINE, TEN), (ELEVEN, NOON)] {
        book(&app, room("instant", start, end)).await;
    }
}

#[tokio::test]
async fn one_resources_time_says_nothing_of_anothers() {
    let server = TestServer::start().await;
    let app = server.app();
    book(&app, hour("instant")).await;
    book(
        &app,
        booking(&DOC_BROWN.to_string(), "instant", TEN, ELEVEN),
    )
    .await;
}

#[tokio::test]
async fn a_tentative_booking_does_not_hold_its_time() {
    let server = TestServer::start().await;
    let app = server.app();
    book(&app, hour("confirm_decline")).await;
    book(&app, hour("confirm_decline")).await;
    book(&app, hour("instant")).await;
}

#[tokio::test]
async fn a_confirmation_is_refused_once_its_time_is_taken_and_changes_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    let late = book(&app, hour("confirm_decline")).await;
    let first = book(&app, hour("instant")).await;
    let before = all_of(&app, &late).await;
    assert_taken(&act(&app, &late, "confirm").await);
    assert_eq!(all_of(&app, &late).await, before);

    act(&app, &first, "cancel").await.expecting(200);
    let agreed = act(&app, &late, "confirm").await.expecting(200);
    assert_eq!(agreed.body["data"]["state"], "confirmed");
    assert_taken(&app.post("/v2/bookings", hour("instant")).await);
}

#[tokio::test]
async fn a_booking_that_is_called_off_gives_its_time_back() {
    let server = TestServer::start().await;
    let app = server.app();
    for graph in ["instant", "confirm_decline"] {
        for action in ["cancel", "cancel_by_customer"] {
            let id = book(&app, hour(graph)).await;
            if graph == "confirm_decline" {
                act(&app, &id, "confirm").await.expecting(200);
            }
            assert_taken(&app.post("/v2/bookings", hour("instant")).await);
            act(&app, &id, action).await.expecting(200);
        }
    }
    book(&app, hour("instant")).await;
}

#[tokio::test]
async fn a_booking_over_many_days_takes_and_gives_back_every_one_of_them() {
    let server = TestServer::start().await;
    let app = server.app();
    let long = room("instant", "2026-12-01T12:00:00Z", "2026-12-04T12:00:00Z");
    let id = book(&app, long).await;
    let days = ["01T23", "02T00", "02T12", "03T05", "04T11"];
    let inside = |day: &str| {
        let at = |minute| format!("2026-12-{day}:{minute}:00Z");
        room("instant", &at("10"), &at("20"))
    };
    for day in days {
        assert_taken(&app.post("/v2/bookings", inside(day)).await);
    }
    act(&app, &id, "cancel").await.expecting(200);
    for day in days {
        book(&app, inside(day)).await;
    }
}

#[tokio::test]
async fn a_buffer_keeps_others_away_on_both_sides() {
    let server = TestServer::start().await;
    let app = server.app();
    let settings = json!({ "buffer": "15 minutes" });
    book(&app, with(hour("instant"), "settings", settings)).await;
    for (start, end) in [
        (NINE, "2026-12-01T09:45:01Z"),
        ("2026-12-01T11:14:59Z", NOON),
    ] {
        assert_taken(&app.post("/v2/bookings", room("instant", start, end)).await);
    }
    for (start, end) in [
        (NINE, "2026-12-01T09:45:00Z"),
        ("2026-12-01T11:15:00Z", NOON),
    ] {
        book(&app, room("instant", start, end)).await;
    }
}

#[tokio::test]
async fn a_buffer_may_lie_on_one_side_only() {
    let server = TestServer::start().await;
    let app = server.app();
    let settings = json!({ "buffer_before": "30 minutes", "buffer_after": "0 minutes" });
    book(&app, with(hour("instant"), "settings", settings)).await;
    assert_taken(
        &app.post(
            "/v2/bookings",
            room("instant", NINE, "2026-12-01T09:31:00Z"),
        )
        .await,
    );
    book(&app, room("instant", ELEVEN, NOON)).await;

    let settings = json!({ "buffer_after": "1 hour" });
    let evening = room("instant", "2026-12-01T20:00:00Z", "2026-12-01T23:30:00Z");
    book(&app, with(evening, "settings", settings)).await;
    assert_taken(
        &app.post(
            "/v2/bookings",
            room("instant", "2026-12-02T00:29:59Z", "2026-12-02T01:00:00Z"),
        )
        .await,
    );
    book(
        &app,
        room("instant", "2026-12-02T00:30:00Z", "2026-12-02T01:00:00Z"),
    )
    .await;
}

#[tokio::test]
async fn the_newcomers_own_buffer_counts_as_much() {
    let server = TestServer::start().await;
    let app = server.app();
    book(&app, hour("instant")).await;
    let close = room("instant", "2026-12-01T11:10:00Z", NOON);
    let careful = with(
        close.clone(),
        "settings",
        json!({ "buffer_before": "15 minutes" }),
    );
    assert_taken(&app.post("/v2/bookings", careful).await);
    book(&app, close).await;
}

#[tokio::test]
async fn a_buffer_that_cannot_be_is_refused() {
    let server = TestServer::start().await;
    for field in ["buffer", "buffer_before", "buffer_after"] {
        for wrong in [
            json!("soon"),
            json!("-5 minutes"),
            json!("25 hours"),
            json!("4294967295 weeks"),
            json!("4294967295 weeks 4294967295 weeks 4294967295 weeks 4294967295 weeks"),
            json!(15),
        ] {
            let body = with(hour("instant"), "settings", json!({ field: wrong }));
            let reply = server.app().post("/v2/bookings", body).await;
            assert_eq!(reply.status, 422, "{field}: {wrong}: {}", reply.body);
            assert_eq!(reply.faults(), [format!("settings.{field}")]);
        }
    }
}

#[tokio::test]
async fn a_booking_may_overlap_others_if_it_says_so_and_others_may_not_in_turn() {
    let server = TestServer::start().await;
    let app = server.app();
    let double = json!({ "allow_double_bookings": true });
    book(&app, hour("instant")).await;
    let second = book(&app, with(hour("instant"), "settings", double.clone())).await;
    let third = book(&app, with(hour("confirm_decline"), "settings", double)).await;
    act(&app, &third, "confirm").await.expecting(200);
    assert_taken(&app.post("/v2/bookings", hour("instant")).await);

    // Each gives back its own time and nobody else's.
    act(&app, &second, "cancel").await.expecting(200);
    act(&app, &third, "cancel").await.expecting(200);
    assert_taken(&app.post("/v2/bookings", hour("instant")).await);
}

#[tokio::test]
async fn a_page_cannot_choose_a_bookings_settings() {
    let server = TestServer::start().await;
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let token = server
        .token(&server.app(), &ROOM.to_string(), "client-token")
        .await;
    let token = server.with_token("demo-test", &token);
    for caller in [widget, token] {
        for settings in [
            json!({ "allow_double_bookings": true }),
            json!({ "buffer": "0 minutes" }),
            json!({}),
        ] {
            let body = with(hour("instant"), "settings", settings);
            let reply = caller.post("/v2/bookings", body).await.expecting(422);
            assert_eq!(reply.faults(), ["settings"]);
        }
    }
}

#[tokio::test]
async fn a_confirmed_booking_completes_itself_exactly_one_hour_after_its_end() {
    let server = TestServer::start().await;
    let app = server.app();
    let instant_one = book(&app, hour("instant")).await;
    let agreed = book(&app, room("confirm_decline", NINE, TEN)).await;
    act(&app, &agreed, "confirm").await.expecting(200);
    for (id, due) in [(agreed, ELEVEN), (instant_one, NOON)] {
        server.clock.set(instant(due) - TimeDelta::seconds(1));
        let shown = all_of(&app.header("timekit-timezone", "UTC"), &id).await;
        assert_eq!(shown["state"], "confirmed");
        assert_eq!(shown["completed"], false);

        server.clock.set(instant(due));
        let shown = all_of(&app.header("timekit-timezone", "UTC"), &id).await;
        assert_eq!(shown["state"], "completed");
        assert_eq!(shown["completed"], true);
        assert_eq!(shown["available_actions"], json!([]));
        let due = due.replace('Z', "+00:00");
        assert_eq!(shown["updated_at"], due);
        let last = shown["logs"].as_array().and_then(|logs| logs.last());
        let expected = json!({
            "from": "confirmed", "to": "completed", "action": "complete",
            "by": "automatic", "at": due, "message": null,
        });
        assert_eq!(last, Some(&expected));
    }
}

#[tokio::test]
async fn a_tentative_booking_never_completes_itself() {
    let server = TestServer::start().await;
    server.clock.advance(TimeDelta::days(400));
    let shown = all_of(&server.app(), &TENTATIVE.to_string()).await;
    assert_eq!(shown["state"], "tentative");
    assert_eq!(shown["completed"], false);
}

#[tokio::test]
async fn an_action_on_a_booking_that_time_has_completed_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, hour("instant")).await;
    let before = all_of(&app, &id).await;
    server.clock.set(instant(NOON));
    let refused = act(&app, &id, "cancel").await.expecting(409);
    assert_eq!(refused.body["code"], "illegal_action");
    assert_eq!(
        all_of(&app, &id).await["state"],
        "completed",
        "as time would have it"
    );
    // Back in time, the booking is as it was written last.
    server.clock.set(instant(ELEVEN));
    assert_eq!(all_of(&app, &id).await, before);
}

#[tokio::test]
async fn a_booking_in_the_past_is_taken_down_and_complete_at_once() {
    let server = TestServer::start().await;
    let app = server.app().header("timekit-timezone", "UTC");
    let past = room("instant", "1985-10-26T08:15:00Z", "1985-10-26T08:20:00Z");
    let id = book(&app, past).await;
    let shown = all_of(&app, &id).await;
    assert_eq!(shown["state"], "completed");
    let order: Vec<_> = shown["logs"]
        .as_array()
        .expect("a history")
        .iter()
        .map(|entry| entry["at"].as_str().expect("an instant"))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[tokio::test]
async fn posting_an_action_is_the_same_as_putting_it() {
    let server = TestServer::start().await;
    let app = server.app();
    for path in ["cancel", "cancel/"] {
        let id = book(&app, hour("instant")).await;
        let path = format!("/v2/bookings/{id}/{path}");
        let done = app.post(&path, json!({})).await.expecting(200);
        assert_eq!(done.body["data"]["state"], "cancelled");
        app.post(&path, json!({})).await.expecting(409);
    }
}

#[tokio::test]
async fn an_action_needs_no_body() {
    let server = TestServer::start().await;
    for method in [Method::PUT, Method::POST] {
        let id = book(&server.app(), hour("instant")).await;
        let path = format!("/v2/bookings/{id}/cancel");
        let done = server.app().send(method, &path, "").await;
        assert_eq!(done.status, 200, "{}", done.body);
    }
}

#[tokio::test]
async fn what_was_said_with_an_action_is_kept_in_the_history() {
    let server = TestServer::start().await;
    let app = server.app();
    for (body, kept) in [
        (
            json!({ "decline": { "message": "We are full." } }),
            json!("We are full."),
        ),
        (
            json!({ "notify_customer_declined_by_email": { "message": "Sorry!" } }),
            json!("Sorry!"),
        ),
        (json!({ "decline": { "message": null } }), Value::Null),
        (json!({ "decline": {} }), Value::Null),
        (json!({ "apply_to_bulked_bookings": false }), Value::Null),
    ] {
        let id = book(&app, hour("confirm_decline")).await;
        let path = format!("/v2/bookings/{id}/decline?include=logs");
        let done = app.put(&path, body).await.expecting(200);
        let logs = &done.body["data"]["logs"];
        assert_eq!(logs[0]["action"], "create");
        assert_eq!(logs[1]["action"], "decline");
        assert_eq!(logs[1]["from"], "tentative");
        assert_eq!(logs[1]["to"], "declined");
        assert_eq!(logs[1]["message"], kept);
        assert!(
            logs[1]["by"]
                .as_str()
                .is_some_and(|by| by.starts_with("key:"))
        );
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_kept_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = TENTATIVE.to_string();
    let before = all_of(&app, &id).await;
    for message in [json!("x".repeat(10_001)), json!(true), json!(["a"])] {
        let body = json!({ "decline": { "message": message } });
        let reply = app.put(&format!("/v2/bookings/{id}/decline"), body).await;
        assert_eq!(reply.expecting(422).faults(), ["decline.message"]);
    }
    assert_eq!(all_of(&app, &id).await, before);
}

#[tokio::test]
async fn an_action_that_the_state_does_not_allow_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    let every_action = [
        "create",
        "confirm",
        "decline",
        "cancel",
        "cancel_by_customer",
        "complete",
    ];
    // Each booking is brought to its state by the actions before it.
    for (graph, steps) in [
        ("instant", &[][..]),
        ("instant", &["cancel"]),
        ("instant", &["cancel_by_customer"]),
        ("confirm_decline", &[]),
        ("confirm_decline", &["decline"]),
        ("confirm_decline", &["confirm"]),
        ("confirm_decline", &["confirm", "cancel"]),
        ("confirm_decline", &["confirm", "cancel_by_customer"]),
        ("confirm_decline", &["confirm", "complete"]),
    ] {
        let id = book(
            &app,
            with(
                hour(graph),
                "settings",
                json!({ "allow_double_bookings": true }),
            ),
        )
        .await;
        for step in steps {
            act(&app, &id, step).await.expecting(200);
        }
        let before = all_of(&app, &id).await;
        let possible = before["available_actions"].as_array().expect("a list");
        for action in every_action {
            if possible.contains(&action.into()) {
                continue;
            }
            let refused = act(&app, &id, action).await;
            assert_eq!(refused.status, 409, "{graph} {steps:?} {action}");
            assert_eq!(refused.body["code"], "illegal_action");
            let sentence = refused.body["error"].as_str().expect("a sentence");
            for action in possible.iter().filter_map(Value::as_str) {
                assert!(sentence.contains(action), "{sentence}");
            }
        }
        assert_eq!(all_of(&app, &id).await, before, "{graph} {steps:?}");
    }
}

#[tokio::test]
async fn an_unknown_action_is_not_found() {
    let server = TestServer::start().await;
    let reply = act(&server.app(), &CONFIRMED.to_string(), "explode")
        .await
        .expecting(404);
    assert_eq!(reply.body["code"], "not_found");
    assert_eq!(reply.body["model"], "Action");
}

#[tokio::test]
async fn a_booking_that_is_not_there_is_not_found_by_any_operation() {
    let server = TestServer::start().await;
    let app = server.app();
    for id in [Uuid::from_u128(7).to_string(), "none".to_owned()] {
        let path = format!("/v2/bookings/{id}");
        for reply in [
            app.get(&path).await,
            app.put(&path, json!({ "meta": {} })).await,
            app.put(&format!("{path}/cancel"), json!({})).await,
            app.post(&format!("{path}/cancel"), json!({})).await,
            app.delete(&path).await,
        ] {
            let reply = reply.expecting(404);
            assert_eq!(reply.body["error"], "Resource does not exist");
            assert_eq!(reply.body["model"], "Booking");
        }
    }
}

#[tokio::test]
async fn an_update_replaces_the_meta_data_and_nothing_else() {
    let server = TestServer::start().await;
    let app = server.app();
    let meta = json!({ "order": "A-1", "seats": 2 });
    let id = book(&app, with(hour("instant"), "meta", meta.clone())).await;
    let mut expected = all_of(&app, &id).await;
    assert_eq!(expected["meta"], meta);

    server.clock.advance(TimeDelta::minutes(5));
    let meta = json!({ "order": "A-2", "nested": { "list": [1, null, "x"] } });
    let body = json!({ "meta": meta, "state": "cancelled", "start": NOON, "what": "Else" });
    let path = format!("/v2/bookings/{id}?include=meta");
    let updated = app.put(&path, body).await.expecting(200);
    assert_eq!(updated.body["data"]["meta"], meta);

    expected["meta"] = meta;
    // Noon in UTC is one o'clock where the room is.
    expected["updated_at"] = "2026-11-21T13:05:00+01:00".into();
    expected["event"]["updated_at"] = expected["updated_at"].clone();
    assert_eq!(all_of(&app, &id).await, expected);
}

#[tokio::test]
async fn an_update_without_sound_meta_data_is_refused() {
    let server = TestServer::start().await;
    let path = format!("/v2/bookings/{CONFIRMED}");
    for body in [
        json!({}),
        json!({ "meta": null }),
        json!({ "meta": "text" }),
        json!({ "meta": ["a"] }),
        json!({ "meta": 5 }),
    ] {
        let reply = server.app().put(&path, body).await;
        assert_eq!(reply.expecting(422).faults(), ["meta"]);
    }
}

#[tokio::test]
async fn only_a_booking_that_is_over_can_be_deleted_and_then_it_is_gone() {
    let server = TestServer::start().await;
    let app = server.app();
    for id in [CONFIRMED, TENTATIVE] {
        let path = format!("/v2/bookings/{id}");
        let refused = app.delete(&path).await.expecting(409);
        assert_eq!(refused.body["code"], "conflict");
        app.get(&path).await.expecting(200);
    }
    let path = format!("/v2/bookings/{TENTATIVE}");
    act(&app, &TENTATIVE.to_string(), "decline")
        .await
        .expecting(200);
    assert_eq!(app.delete(&path).await.expecting(204).body, Value::Null);
    app.get(&path).await.expecting(404);
    app.delete(&path).await.expecting(404);
    act(&app, &TENTATIVE.to_string(), "confirm")
        .await
        .expecting(404);
    let list = app.get("/v2/bookings").await;
    assert_eq!(list.body["total"], 2);
}

#[tokio::test]
async fn a_booking_that_completed_itself_can_be_deleted_and_gives_its_time_back() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, hour("instant")).await;
    let path = format!("/v2/bookings/{id}");
    server.clock.set(instant(NOON) - TimeDelta::seconds(1));
    app.delete(&path).await.expecting(409);
    server.clock.set(instant(NOON));
    assert_taken(&app.post("/v2/bookings", hour("instant")).await);
    app.delete(&path).await.expecting(204);
    book(&app, hour("instant")).await;
}

#[tokio::test]
async fn the_older_form_of_a_booking_is_understood_and_the_newer_one_wins() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut body = json!({
        "resource_id": ROOM.to_string(),
        "graph": "instant",
        "customer": { "name": "Marty McFly", "email": "marty.mcfly@timekit.io" },
        "event": {
            "start": TEN, "end": ELEVEN, "what": "Old", "where": "There",
            "description": "As it was", "participants": ["doc@timekit.io"],
        },
    });
    let old = app.post("/v2/bookings", body.clone()).await.expecting(201);
    let event = &old.body["data"]["attributes"]["event_info"];
    assert_eq!(event["start"], "2026-12-01T11:00:00+01:00");
    assert_eq!(event["end"], "2026-12-01T12:00:00+01:00");
    assert_eq!(event["what"], "Old");
    assert_eq!(event["where"], "There");
    assert_eq!(event["description"], "As it was");
    assert_eq!(event["participants"], json!(["doc@timekit.io"]));

    body["start"] = ELEVEN.into();
    body["end"] = NOON.into();
    body["what"] = "New".into();
    let new = app.post("/v2/bookings", body).await.expecting(201);
    let event = &new.body["data"]["attributes"]["event_info"];
    assert_eq!(event["start"], "2026-12-01T12:00:00+01:00");
    assert_eq!(event["what"], "New");
    assert_eq!(event["where"], "There");
}

#[tokio::test]
async fn given_and_family_name_make_the_customers_name_unless_it_is_sent() {
    let server = TestServer::start().await;
    for (customer, name) in [
        (
            json!({ "first_name": "Emmett", "last_name": "Brown" }),
            "Emmett Brown",
        ),
        (
            json!({ "first_name": "Emmett", "last_name": " " }),
            "Emmett",
        ),
        (json!({ "last_name": "Brown", "name": "" }), "Brown"),
        (json!({ "name": "Doc", "first_name": "Emmett" }), "Doc"),
    ] {
        let body = with(hour("confirm_decline"), "customer", customer.clone());
        let made = server
            .app()
            .post("/v2/bookings?include=customers", body)
            .await;
        let shown = &made.expecting(201).body["data"]["customers"][0];
        assert_eq!(shown["name"], name);
        assert_eq!(
            shown["first_name"],
            customer.get("first_name").cloned().unwrap_or_default()
        );
    }
}

#[tokio::test]
async fn a_customer_needs_no_address() {
    let server = TestServer::start().await;
    for customer in [
        json!({ "name": "Biff" }),
        json!({ "name": "Biff", "email": "" }),
        json!({ "name": "Biff", "email": null, "phone": null }),
    ] {
        let body = with(hour("confirm_decline"), "customer", customer);
        let made = server
            .app()
            .post("/v2/bookings?include=customers", body)
            .await;
        assert_eq!(
            made.expecting(201).body["data"]["customers"][0]["email"],
            Value::Null
        );
    }
}

#[tokio::test]
async fn every_field_of_a_booking_form_is_kept() {
    let server = TestServer::start().await;
    let app = server.app();
    let customer = json!({
        "name": "Marty McFly", "email": "Marty.McFly@Timekit.io", "phone": "(916) 555-4385", "voip": "McFly",
        "timezone": "America/Los_Angeles", "where": "At the clock tower", "comment": "Be quick",
        "company_name": "Acme", "terms": ["true"], "newsletter": false, "age": 17,
        "address": { "street": "Lyon Estates", "lines": [1, 2] }, "nothing": null,
    });
    let id = book(&app, with(hour("instant"), "customer", customer.clone())).await;
    let mut shown = all_of(&app, &id).await["customers"][0].take();
    let own = shown.as_object_mut().and_then(|shown| shown.remove("id"));
    let own = own.expect("an id");
    assert!(own.as_str().is_some_and(|id| Uuid::parse_str(id).is_ok()));
    assert_eq!(shown, customer);
}

#[tokio::test]
async fn naming_the_graphs_own_first_action_is_allowed_and_another_is_not() {
    let server = TestServer::start().await;
    for (graph, action, allowed) in [
        ("instant", "confirm", true),
        ("instant", "create", true),
        ("instant", "cancel", false),
        ("instant", "decline", false),
        ("confirm_decline", "create", true),
        ("confirm_decline", "confirm", false),
        ("confirm_decline", "jump", false),
    ] {
        let mut body = with(hour(graph), "action", action.into());
        body["settings"] = json!({ "allow_double_bookings": true });
        let reply = server.app().post("/v2/bookings", body).await;
        assert_eq!(
            reply.status == 201,
            allowed,
            "{graph} {action}: {}",
            reply.body
        );
        if !allowed {
            assert_eq!(reply.expecting(422).faults(), ["action"]);
        }
    }
}

#[tokio::test]
async fn times_are_shown_in_the_zone_asked_for_or_else_in_the_resources_own() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, hour("instant")).await;
    let path = format!("/v2/bookings/{id}?include=event");
    for (zone, start) in [
        (None, "2026-12-01T11:00:00+01:00"),
        (Some("UTC"), "2026-12-01T10:00:00+00:00"),
        (Some("America/Los_Angeles"), "2026-12-01T02:00:00-08:00"),
        (Some("Asia/Kolkata"), "2026-12-01T15:30:00+05:30"),
        (Some("Asia/Calcutta"), "2026-12-01T15:30:00+05:30"),
        (Some("Europe/Kyiv"), "2026-12-01T12:00:00+02:00"),
        (Some("Etc/GMT"), "2026-12-01T10:00:00+00:00"),
        (Some("Pacific/Kiritimati"), "2026-12-02T00:00:00+14:00"),
        (Some(""), "2026-12-01T11:00:00+01:00"),
    ] {
        let caller = match zone {
            Some(zone) => app.header("timekit-timezone", zone),
            None => app.clone(),
        };
        let shown = caller.get(&path).await.expecting(200).body["data"].take();
        assert_eq!(
            shown["attributes"]["event_info"]["start"], start,
            "{zone:?}"
        );
        assert_eq!(shown["event"]["start"], start);
        let list = caller
            .get(&format!("/v2/bookings?search=resource.id:{ROOM}"))
            .await;
        let listed = &list.expecting(200).body["data"][0];
        assert_eq!(
            listed["attributes"]["event_info"]["start"], start,
            "{zone:?}"
        );
        assert_eq!(listed["created_at"], shown["created_at"]);
    }
    let summer = room("instant", "2027-07-01T10:00:00Z", "2027-07-01T11:00:00Z");
    let made = app.post("/v2/bookings", summer).await.expecting(201);
    let event = &made.body["data"]["attributes"]["event_info"];
    assert_eq!(event["start"], "2027-07-01T12:00:00+02:00");
}

#[tokio::test]
async fn an_unknown_zone_is_refused_before_anything_is_done() {
    let server = TestServer::start().await;
    let lost = server.app().header("timekit-timezone", "Mars/Olympus");
    let path = format!("/v2/bookings/{CONFIRMED}");
    for reply in [
        lost.get("/v2/bookings").await,
        lost.get(&path).await,
        lost.post("/v2/bookings", hour("instant")).await,
        lost.put(&format!("{path}/cancel"), json!({})).await,
        lost.put(&path, json!({ "meta": {} })).await,
    ] {
        assert_eq!(reply.expecting(422).faults(), ["Timekit-Timezone"]);
    }
    let shown = all_of(&server.app(), &CONFIRMED.to_string()).await;
    assert_eq!(shown["state"], "confirmed");
    assert_eq!(shown["meta"], json!({ "demo": true }));
    book(&server.app(), hour("instant")).await;
}

#[tokio::test]
async fn a_booking_spans_31_days_and_not_a_second_more() {
    let server = TestServer::start().await;
    let app = server.app();
    let over = room("instant", "2026-12-01T10:00:00Z", "2027-01-01T10:00:01Z");
    assert_eq!(
        app.post("/v2/bookings", over).await.expecting(422).faults(),
        ["end"]
    );
    // The widest there is: with its buffers it touches 34 days.
    let whole = room("instant", "2026-12-01T10:00:00Z", "2027-01-01T10:00:00Z");
    let id = book(
        &app,
        with(whole, "settings", json!({ "buffer": "24 hours" })),
    )
    .await;
    assert_taken(
        &app.post(
            "/v2/bookings",
            room("instant", "2027-01-02T09:00:00Z", "2027-01-02T10:00:00Z"),
        )
        .await,
    );
    act(&app, &id, "cancel").await.expecting(200);
}

#[tokio::test]
async fn includes_are_shown_when_asked_for_and_unknown_ones_are_ignored() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = format!("/v2/bookings/{CONFIRMED}");
    let shown = app.get(&path).await.expecting(200);
    assert_eq!(field_names(&shown.body["data"]), BASE_FIELDS);

    for (asked, is_sound) in [
        (
            "event",
            (|v| v["what"] == "Catch the lightning" && v["allDay"] == false) as fn(&Value) -> bool,
        ),
        ("user", |v| {
            v["id"] == DOC_BROWN.to_string() && v["email"] == "doc.brown@latchkey.example"
        }),
        ("resource", |v| {
            v["name"] == "Doc Brown" && v["timezone"] == "America/Los_Angeles"
        }),
        ("customers", |v| v[0]["name"] == "Marty McFly"),
        ("calendar", |v| v["name"] == "Bookings"),
        ("meta", |v| *v == json!({ "demo": true })),
        ("logs", |v| v[0]["to"] == "confirmed"),
        ("available_actions", |v| v[0] == "cancel"),
    ] {
        for query in [
            format!("include={asked}"),
            format!("includes={asked}"),
            format!("include=nonsense,{asked},a.b.c,,attributes"),
        ] {
            let shown = app.get(&format!("{path}?{query}")).await.expecting(200);
            let mut expected = BASE_FIELDS.to_vec();
            expected.push(asked);
            expected.sort_unstable();
            assert_eq!(field_names(&shown.body["data"]), expected, "{query}");
            assert!(is_sound(&shown.body["data"][asked]), "{}", shown.body);
        }
    }
    let all = "event,user,resource,customers,calendar,meta,logs,available_actions";
    let one = app
        .get(&format!("{path}?include={all}"))
        .await
        .expecting(200);
    let list = app
        .get(&format!("/v2/bookings?include={all}"))
        .await
        .expecting(200);
    let listed = list.body["data"].as_array().expect("rows");
    assert!(listed.contains(&one.body["data"]));
}

#[tokio::test]
async fn a_page_books_for_its_visitor_and_reads_nothing_back_about_anybody() {
    let server = TestServer::start().await;
    let widget = server
        .with_key(server.demo.test.widget_key.expose())
        .header("timekit-context", "widget");
    let token = server
        .token(&server.app(), &ROOM.to_string(), "client-token")
        .await;
    let token = server.with_token("demo-test", &token);
    let all = "attributes,event,user,resource,customers,calendar,meta,logs,available_actions";
    for (index, page) in [widget, token].iter().enumerate() {
        let start = format!("2026-12-0{}T10:00:00Z", index + 1);
        let end = format!("2026-12-0{}T11:00:00Z", index + 1);
        let body = room("instant", &start, &end);
        let made = page
            .post(&format!("/v2/bookings?include={all}"), body)
            .await;
        let shown = &made.expecting(201).body["data"];
        let mut expected = BASE_FIELDS.to_vec();
        expected.extend(["event", "resource", "user"]);
        expected.sort_unstable();
        assert_eq!(field_names(shown), expected);
        for resource in [&shown["resource"], &shown["user"]] {
            assert_eq!(field_names(resource), ["id", "name", "timezone"]);
        }
        let own = format!("/v2/bookings/{}", shown["id"].as_str().expect("an id"));
        for refused in [
            page.get(&own).await,
            page.get("/v2/bookings").await,
            page.put(&format!("{own}/cancel"), json!({})).await,
            page.put(&own, json!({ "meta": {} })).await,
            page.delete(&own).await,
        ] {
            assert_eq!(refused.expecting(403).body["code"], "forbidden");
        }
    }
}

#[tokio::test]
async fn a_server_token_acts_for_its_own_resource_only() {
    let server = TestServer::start().await;
    let app = server.app();
    let own = book(&app, hour("confirm_decline")).await;
    let token = server.token(&app, &ROOM.to_string(), "server-token").await;
    let resource = server.with_token("demo-test", &token);

    let list = resource.get("/v2/bookings").await.expecting(200);
    assert_eq!(list.body["total"], 1);
    assert_eq!(list.body["data"][0]["id"], own);
    let foreign = format!("/v2/bookings?search=resource.id:{DOC_BROWN}");
    assert_eq!(resource.get(&foreign).await.expecting(200).body["total"], 0);
    act(&resource, &own, "confirm").await.expecting(200);
    let meta = json!({ "meta": { "own": true } });
    let path = format!("/v2/bookings/{own}");
    resource.put(&path, meta.clone()).await.expecting(200);
    let shown = all_of(&resource, &own).await;
    assert_eq!(shown["customers"][0]["name"], "Marty McFly");
    assert_eq!(shown["logs"][1]["by"], format!("resource:{ROOM}"));

    // What is another resource's looks just like what is not there.
    let random = Uuid::from_u128(7);
    for (method, suffix, body) in [
        (Method::GET, "", "{}"),
        (Method::PUT, "", r#"{"meta":{}}"#),
        (Method::DELETE, "", "{}"),
        (Method::PUT, "/cancel", "{}"),
        (Method::POST, "/cancel", "{}"),
    ] {
        let ask = async |id: Uuid| {
            let path = format!("/v2/bookings/{id}{suffix}");
            resource.send(method.clone(), &path, body).await
        };
        let foreign = ask(CONFIRMED.uuid()).await.expecting(404);
        assert_eq!(foreign.comparable(), ask(random).await.comparable());
    }
    let shown = all_of(&app, &CONFIRMED.to_string()).await;
    assert_eq!(shown["state"], "confirmed");
}

#[tokio::test]
async fn a_server_token_books_its_own_resource_without_naming_it_and_no_other() {
    let server = TestServer::start().await;
    let token = server
        .token(&server.app(), &ROOM.to_string(), "server-token")
        .await;
    let resource = server.with_token("demo-test", &token);
    let mut body = hour("instant");
    body.as_object_mut()
        .and_then(|body| body.remove("resource_id"));
    let made = resource.post("/v2/bookings", body).await.expecting(201);
    assert_eq!(made.body["data"]["resource_id"], ROOM.to_string());
    let named = room("instant", ELEVEN, NOON);
    resource.post("/v2/bookings", named).await.expecting(201);

    let of = |id: Uuid| booking(&id.to_string(), "instant", TEN, ELEVEN);
    let foreign = resource.post("/v2/bookings", of(DOC_BROWN.uuid())).await;
    let random = resource.post("/v2/bookings", of(Uuid::from_u128(7))).await;
    let foreign = foreign.expecting(404);
    assert_eq!(foreign.body["model"], "Resource");
    assert_eq!(foreign.comparable(), random.comparable());
}

#[tokio::test]
async fn a_booking_goes_to_the_calendar_it_names_which_must_be_its_resources() {
    let server = TestServer::start().await;
    let app = server.app();
    let calendar = async |resource: String| {
        let reply = app.get(&format!("/v2/resources/{resource}")).await;
        reply.expecting(200).body["data"]["calendars"][0]["id"].take()
    };
    let own = calendar(ROOM.to_string()).await;
    let unnamed = app
        .post("/v2/bookings", hour("instant"))
        .await
        .expecting(201);
    assert_eq!(
        unnamed.body["data"]["attributes"]["event_info"]["calendar_id"],
        own
    );
    let named = with(room("instant", NINE, TEN), "calendar_id", own.clone());
    let named = app.post("/v2/bookings", named).await.expecting(201);
    assert_eq!(
        named.body["data"]["attributes"]["event_info"]["calendar_id"],
        own
    );

    let foreign = calendar(DOC_BROWN.to_string()).await;
    for wrong in [
        foreign,
        json!(Uuid::from_u128(7).to_string()),
        json!("first"),
    ] {
        let body = with(room("instant", ELEVEN, NOON), "calendar_id", wrong);
        let reply = app.post("/v2/bookings", body).await;
        assert_eq!(reply.expecting(422).faults(), ["calendar_id"]);
    }
}
