//! Reminders: each is told once, when it is due, and only if its booking takes place then.

use chrono::TimeDelta;
use http::Method;
use local::demo::{ROOM, TEST_APP};
use scheduling::clock::tick;
use serde_json::{Value, json};
use store::Due;
use tests::invariants::Snapshot;
use tests::{Client, Options, Receiver, Simulation, TestServer, booking, instant, with};
use workers::Jobs;

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";

async fn ticks_at(server: &TestServer, at: &str) {
    server.clock.set(instant(at));
    let ticked = tick(server.state.store(), server.state.now(), || true).await;
    assert_eq!(ticked.expect("the index is read").failed, 0);
    let snapshot = Snapshot::read(&server.dynamodb().await, TEST_APP).await;
    snapshot.check(server.state.now(), at);
}

fn reminder(kind: &str, unit: &str, time: u32) -> Value {
    json!({
        "type": "webhook",
        "settings": { "url": "https://example.com/reminders", "method": "post" },
        "when": { "type": kind, "unit": unit, "time": time },
    })
}

/// The hour of the room, with reminders a day and an hour before it, and half an hour after its start.
fn hour(graph: &str) -> Value {
    let reminders = json!([
        reminder("before", "hours", 24),
        reminder("before", "mins", 60),
        reminder("after", "mins", 30),
    ]);
    with(
        booking(&ROOM.to_string(), graph, TEN, ELEVEN),
        "reminders",
        reminders,
    )
}

/// The numbers of the reminders that were told of a booking, each with when it was due.
async fn reminded(client: &Client, id: &str) -> Vec<(u64, String)> {
    let log = "/v2/webhooks/events?since=2026-11-01T00:00:00Z&limit=1000&type=booking.reminder";
    let reply = client.get(log).await.expecting(200);
    let rows = reply.body["data"].as_array().expect("events").clone();
    let own = rows.iter().filter(|row| row["data"]["id"] == id);
    own.map(|row| {
        assert_eq!(row["by"], json!({ "type": "automatic" }));
        let at = row["data"]["effective_at"].as_str().expect("an instant");
        let number = row["data"]["reminder"].as_u64().expect("a number");
        (number, at.to_owned())
    })
    .collect()
}

#[tokio::test]
async fn each_reminder_is_told_once_when_it_is_due() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(hour("instant")).await;
    ticks_at(&server, "2026-11-30T09:59:59Z").await;
    assert_eq!(reminded(&app, &id).await, []);
    ticks_at(&server, "2026-11-30T10:00:00Z").await;
    ticks_at(&server, "2026-11-30T10:00:01Z").await;
    let day = (0, "2026-11-30T10:00:00+00:00".to_owned());
    assert_eq!(reminded(&app, &id).await, std::slice::from_ref(&day));
    ticks_at(&server, "2026-12-01T09:01:00Z").await;
    ticks_at(&server, "2026-12-01T10:30:00Z").await;
    ticks_at(&server, "2026-12-01T13:00:00Z").await;
    let hour = (1, "2026-12-01T09:00:00+00:00".to_owned());
    let after = (2, "2026-12-01T10:30:00+00:00".to_owned());
    assert_eq!(reminded(&app, &id).await, [day, hour, after]);
}

#[tokio::test]
async fn a_booking_that_does_not_take_place_is_not_reminded_of() {
    for (graph, act) in [("instant", "cancel"), ("confirm_decline", "decline")] {
        let server = TestServer::start().await;
        let app = server.app();
        let id = app.book(hour(graph)).await;
        ticks_at(&server, "2026-11-30T10:00:00Z").await;
        app.act(&id, act).await.expecting(200);
        for at in ["2026-12-01T09:00:00Z", "2026-12-01T10:30:00Z"] {
            ticks_at(&server, at).await;
        }
        assert_eq!(reminded(&app, &id).await.len(), 1, "only before the {act}");
    }
    let server = TestServer::start().await;
    let app = server.app();
    let unpaid = app.book(hour("instant_payment")).await;
    // It is unpaid from five minutes on, whether a clock has written that or not.
    ticks_at(&server, "2026-12-01T09:00:00Z").await;
    assert_eq!(reminded(&app, &unpaid).await, []);
}

#[tokio::test]
async fn a_moved_booking_is_reminded_of_at_its_new_time_only() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(hour("instant")).await;
    ticks_at(&server, "2026-11-30T10:00:00Z").await;
    let to = json!({ "start": "2026-12-03T10:00:00Z", "end": "2026-12-03T11:00:00Z" });
    let moved = app.reschedule(&id, to).await.expecting(200);
    let moved = moved.body["data"]["id"].as_str().expect("an id").to_owned();
    for at in [
        "2026-12-01T09:00:00Z",
        "2026-12-02T10:00:00Z",
        "2026-12-03T09:00:00Z",
        "2026-12-03T10:30:00Z",
    ] {
        ticks_at(&server, at).await;
    }
    assert_eq!(reminded(&app, &id).await.len(), 1, "before it was moved");
    let numbers: Vec<u64> = reminded(&app, &moved)
        .await
        .iter()
        .map(|one| one.0)
        .collect();
    assert_eq!(numbers, [0, 1, 2]);
}

#[tokio::test]
async fn what_should_have_been_sent_before_the_booking_was_made_is_left_out() {
    let server = TestServer::start().await;
    let app = server.app();
    server.clock.set(instant("2026-12-01T08:00:00Z"));
    let id = app.book(hour("instant")).await;
    for at in ["2026-12-01T08:00:01Z", "2026-12-01T09:00:00Z"] {
        ticks_at(&server, at).await;
    }
    assert_eq!(reminded(&app, &id).await.len(), 1, "the hour before");
}

#[tokio::test]
async fn a_clock_that_comes_after_the_start_sends_nothing_that_was_to_come_before() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(hour("instant")).await;
    ticks_at(&server, "2026-12-01T10:31:00Z").await;
    let after = (2, "2026-12-01T10:30:00+00:00".to_owned());
    assert_eq!(reminded(&app, &id).await, [after]);
}

#[tokio::test]
async fn a_booking_has_its_projects_reminders_unless_it_says_so_itself() {
    let server = TestServer::start().await;
    let app = server.app();
    let project = json!({
        "name": "Reminded", "resources": [ROOM.to_string()],
        "reminders": [reminder("before", "hours", 2)],
    });
    let project = app.post("/v2/projects", project).await.expecting(201).id();
    let of_project = |start: &str, end: &str| {
        let own = booking(&ROOM.to_string(), "instant", start, end);
        with(own, "project_id", project.as_str().into())
    };
    let plain = app.book(of_project(TEN, ELEVEN)).await;
    let none = with(
        of_project("2026-12-01T12:00:00Z", "2026-12-01T13:00:00Z"),
        "reminders",
        json!([]),
    );
    let none = app.book(none).await;
    ticks_at(&server, "2026-12-01T10:00:00Z").await;
    assert_eq!(reminded(&app, &none).await, []);
    assert_eq!(
        reminded(&app, &plain).await.len(),
        0,
        "2 hours before is 08:00, and it has begun"
    );
    let late = app
        .book(of_project("2026-12-02T12:00:00Z", "2026-12-02T13:00:00Z"))
        .await;
    server
        .clock
        .set(instant("2026-12-02T10:00:00Z") + TimeDelta::seconds(1));
    ticks_at(&server, "2026-12-02T10:00:01Z").await;
    assert_eq!(reminded(&app, &late).await.len(), 1);
}

#[tokio::test]
async fn a_visitor_does_not_choose_where_reminders_go_to() {
    let server = TestServer::start().await;
    let public = server.with_key(server.demo.test.widget_key.expose());
    let project = json!({ "name": "Open", "resources": [ROOM.to_string()] });
    let project = server.app().post("/v2/projects", project).await;
    let project = project.expecting(201).id();
    let own = with(hour("instant"), "project_id", project.into());
    let reply = public.post("/v2/bookings", own).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    ticks_at(&server, "2026-12-01T09:00:00Z").await;
    assert_eq!(reminded(&server.app(), &reply.id()).await, []);
}

#[tokio::test]
async fn reminders_that_could_never_be_sent_are_refused_by_their_field() {
    let server = TestServer::start().await;
    let app = server.app();
    let at = |url: &str| {
        let settings = json!({ "url": url });
        with(reminder("before", "hours", 1), "settings", settings)
    };
    for (wrong, field) in [
        (
            with(reminder("before", "hours", 1), "settings", json!({})),
            "reminders.1.settings.url",
        ),
        (
            at("http://example.com/reminders"),
            "reminders.1.settings.url",
        ),
        (at("https://10.0.0.1/"), "reminders.1.settings.url"),
        (at("https://doc@example.com/"), "reminders.1.settings.url"),
        (reminder("before", "moons", 1), "reminders.1.when.unit"),
        (reminder("during", "hours", 1), "reminders.1.when.type"),
    ] {
        let reminders = json!([reminder("before", "hours", 2), wrong]);
        let body = with(
            booking(&ROOM.to_string(), "instant", TEN, ELEVEN),
            "reminders",
            reminders.clone(),
        );
        let project = json!({ "name": "P", "resources": [], "reminders": reminders });
        for (path, body) in [("/v2/bookings", body), ("/v2/projects", project)] {
            let reply = app.post(path, body).await;
            assert_eq!(reply.status, 422, "{path}: {}", reply.body);
            assert!(
                reply.body["errors"].get(field).is_some(),
                "{path}: {}",
                reply.body
            );
        }
    }
    let many = vec![reminder("before", "hours", 1); 11];
    let body = with(
        booking(&ROOM.to_string(), "instant", TEN, ELEVEN),
        "reminders",
        json!(many),
    );
    let reply = app.post("/v2/bookings", body).await;
    assert_eq!(reply.status, 422, "{}", reply.body);
}

/// Works on everything that is due now.
async fn drain(jobs: &Jobs) {
    jobs.carry_out(|| true).await.expect("the index is read");
    loop {
        let found = jobs.find_due(TimeDelta::zero(), 100).await.expect("rows");
        if found.due.is_empty() {
            return;
        }
        for due in found.due {
            match due {
                Due::Told { app, id } => {
                    jobs.hand_on(app, id).await.expect("handed on");
                }
                Due::Delivery { app, id } => {
                    jobs.attempt(app, id).await.expect("attempted");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_reminder_of_type_webhook_is_sent_to_its_own_address_until_that_accepts_it() {
    let options = Options {
        allow_local_webhooks: true,
        ..Options::default()
    };
    let simulation = Simulation::start_with(1, options).await;
    let (jobs, client) = (
        simulation.worker().await.0,
        simulation.instance().await.client,
    );
    let receiver = Receiver::start().await;
    receiver.answer("/reminders", 500);
    let room = json!({ "name": "Room", "timezone": "UTC" });
    let room = client.post("/v2/resources", room).await.expecting(201).id();
    let mut reminder = reminder("before", "mins", 60);
    reminder["settings"]["url"] = receiver.url("/reminders").into();
    let wanted = with(
        booking(&room, "instant", TEN, ELEVEN),
        "reminders",
        json!([reminder]),
    );
    let made = client.post("/v2/bookings", wanted).await.expecting(201);
    simulation.clock.set(instant("2026-12-01T08:59:00Z"));
    drain(&jobs).await;
    assert_eq!(receiver.received().len(), 0);
    simulation.clock.set(instant("2026-12-01T09:00:00Z"));
    drain(&jobs).await;
    assert_eq!(receiver.received().len(), 1);
    receiver.answer("/reminders", 204);
    simulation.clock.advance(TimeDelta::seconds(10));
    drain(&jobs).await;
    simulation.clock.advance(TimeDelta::minutes(40));
    drain(&jobs).await;
    let received = receiver.received();
    assert_eq!(received.len(), 2, "refused once, and then accepted");
    for one in &received {
        assert_eq!(one.body["id"], made.id(), "{}", one.body);
        assert_eq!(one.body["state"], "confirmed");
        assert_eq!(one.id, received[0].id);
        assert!(one.headers.contains_key("x-timekit-signature"));
        assert!(!one.headers.contains_key("webhook-signature"));
    }
}

#[tokio::test]
async fn who_may_not_read_bookings_has_none_sent_by_a_reminder() {
    let server = TestServer::start().await;
    let app = server.app();
    let reminders = json!([reminder("before", "hours", 1)]);
    let mine = booking(&ROOM.to_string(), "instant", TEN, ELEVEN);
    let project = json!({ "name": "P", "resources": [] });
    let made = app.post("/v2/projects", project.clone()).await;
    let own = format!("/v2/projects/{}", made.expecting(201).id());
    for (method, path, body, scope) in [
        (Method::POST, "/v2/bookings", mine, "bookings.write"),
        (
            Method::POST,
            "/v2/projects",
            project.clone(),
            "projects.write",
        ),
        (Method::PUT, &own, project, "projects.write"),
    ] {
        let wanted = json!({ "name": "Writer", "scopes": [scope] });
        let (_, writer) = server.make_key(&app, wanted).await;
        let body = with(body, "reminders", reminders.clone()).to_string();
        let refused = writer.send(method, path, &body).await;
        assert_eq!(refused.status, 422, "{path}: {}", refused.body);
        assert_eq!(refused.faults(), ["reminders.0.settings.url"], "{path}");
    }
}
