//! Warnings: what a caller who can mend it is told about fields that nobody reads.

use local::demo::{DOC_BROWN, ROOM, TEST_PROJECT, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking, with};

fn hour(number: u32) -> Value {
    let at = |hour| format!("2026-12-01T{hour:02}:00:00Z");
    booking(&ROOM.to_string(), "instant", &at(number), &at(number + 1))
}

/// The fields that an answer warns of, each with the one that was meant.
fn warned(reply: &Reply) -> Vec<(&str, Option<&str>)> {
    let warnings = reply.body["warnings"].as_array();
    warnings
        .into_iter()
        .flatten()
        .map(|warning| {
            let field = warning["field"].as_str().expect("a field");
            assert!(warning["message"].is_string(), "{warning}");
            (field, warning["nearest"].as_str())
        })
        .collect()
}

#[track_caller]
fn assert_silent(reply: &Reply) {
    assert!(reply.body.get("warnings").is_none(), "{}", reply.body);
}

#[tokio::test]
async fn a_misspelt_setting_is_told_with_the_one_that_was_meant() {
    let server = TestServer::start().await;
    let app = server.app();
    let settings = json!({ "bufer": "15 minutes", "alow_double_bookings": true, "colour": "red" });
    let made = app
        .post("/v2/bookings", with(hour(9), "settings", settings))
        .await
        .expecting(201);
    assert_eq!(
        warned(&made),
        [
            ("settings.bufer", Some("settings.buffer")),
            (
                "settings.alow_double_bookings",
                Some("settings.allow_double_bookings")
            ),
            ("settings.colour", None),
        ]
    );
    // The answer is the usual one otherwise.
    assert_eq!(made.body["data"]["state"], "confirmed");

    let availability = json!({
        "mode": "roundrobin_random", "length": "1 hour", "max_booking_per_day": 3, "bufer_before": "5 minutes",
    });
    let project = json!({ "name": "Page", "resources": [], "availability": availability, "booking": { "wat": "x" } });
    let made = app.post("/v2/projects", project).await.expecting(201);
    assert_eq!(
        warned(&made),
        [
            (
                "availability.max_booking_per_day",
                Some("availability.max_bookings_per_day")
            ),
            (
                "availability.bufer_before",
                Some("availability.buffer_before")
            ),
            ("booking.wat", Some("booking.what")),
        ]
    );
    // What is kept is kept and shown all the same.
    assert_eq!(made.body["data"]["availability"]["max_booking_per_day"], 3);

    let search = json!({ "mode": "mutual", "resources": [ROOM.to_string()], "lenght": "2 hours", "timeslot_increment": "5 minutes" });
    let found = app.post("/v2/availability", search).await.expecting(200);
    assert_eq!(
        warned(&found),
        [
            ("lenght", Some("length")),
            ("timeslot_increment", Some("timeslot_increments"))
        ]
    );
    let search = json!({ "resource_ids": [ROOM.to_string()], "futur": "2 days" });
    let found = app.post("/v2/findtime", search).await.expecting(200);
    assert_eq!(warned(&found), [("futur", Some("future"))]);

    let app_settings = json!({ "settings": { "contact_mail": "a@example.com" } });
    let changed = app
        .put(&format!("/v2/apps/{TEST_SLUG}"), app_settings)
        .await
        .expecting(200);
    assert_eq!(
        warned(&changed),
        [("settings.contact_mail", Some("settings.contact_email"))]
    );
}

#[tokio::test]
async fn a_misspelt_or_misplaced_field_of_a_body_is_told_too() {
    let server = TestServer::start().await;
    let app = server.app();
    let new =
        json!({ "name": "Room", "timezone": "UTC", "capcity": 3, "availabilityConstraints": [] });
    let made = app.post("/v2/resources", new).await.expecting(201);
    assert_eq!(
        warned(&made),
        [
            ("capcity", Some("capacity")),
            ("availabilityConstraints", Some("availability_constraints"))
        ]
    );
    let body = with(hour(9), "buffer", json!("15 minutes"));
    let made = app.post("/v2/bookings", body).await.expecting(201);
    assert_eq!(warned(&made), [("buffer", Some("settings.buffer"))]);
    let many = json!({ "bookings": [hour(11), with(hour(13), "settings", json!({ "bufer": "1 minute" }))] });
    let made = app.post("/v2/bookings/bulk", many).await.expecting(201);
    assert_eq!(
        warned(&made),
        [(
            "bookings.1.settings.bufer",
            Some("bookings.1.settings.buffer")
        )]
    );
}

#[tokio::test]
async fn what_is_free_and_what_is_sent_back_as_it_was_shown_is_never_warned_of() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut body = hour(9);
    body["customer"]["fone"] = "12345".into();
    body["meta"] = json!({ "bufer": 1, "settings": { "bufer": 2 } });
    // A page's whole configuration.
    body["ui"] = json!({ "display_name": "x" });
    body["customer_fields"] = json!({ "nmae": { "title": "x" } });
    assert_silent(&app.post("/v2/bookings", body).await.expecting(201));

    for path in [
        format!("/v2/resources/{DOC_BROWN}?include=credentials,availability_constraints"),
        format!("/v2/projects/{TEST_PROJECT}?include=resources,availability_constraints"),
        format!("/v2/apps/{TEST_SLUG}"),
    ] {
        let shown = match path.starts_with("/v2/apps") {
            true => app.get("/v2/app").await.expecting(200),
            false => app.get(&path).await.expecting(200),
        };
        let path = path.split('?').next().expect("a path");
        let changed = app
            .put(path, shown.body["data"].clone())
            .await
            .expecting(200);
        assert_silent(&changed);
    }
}

/// Who is called with, and whether they are told.
async fn callers(server: &TestServer) -> Vec<(&'static str, Client, bool)> {
    let app = server.app();
    let room = ROOM.to_string();
    let own = server.token(&app, &room, "server-token").await;
    let page = server.token(&app, &room, "client-token").await;
    let session = server
        .sign_in(local::demo::EMAIL, &server.demo.password)
        .await
        .header("timekit-app", TEST_SLUG);
    vec![
        ("a key", app, true),
        ("a server-token", server.with_token(TEST_SLUG, &own), true),
        ("a session", session, true),
        ("a client-token", server.with_token(TEST_SLUG, &page), false),
    ]
}

#[tokio::test]
async fn only_callers_who_can_mend_it_are_warned() {
    let server = TestServer::start().await;
    for (who, caller, is_told) in callers(&server).await {
        let search =
            json!({ "mode": "mutual", "resources": [ROOM.to_string()], "lenght": "2 hours" });
        let found = caller.post("/v2/availability", search).await.expecting(200);
        assert_eq!(found.body.get("warnings").is_some(), is_told, "{who}");
    }
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let search = json!({ "project_id": TEST_PROJECT.to_string(), "lenght": "2 hours" });
    assert_silent(&widget.post("/v2/availability", search).await.expecting(200));
}

#[tokio::test]
async fn an_answer_that_is_replayed_has_the_warnings_of_the_first() {
    let server = TestServer::start().await;
    let app = server.app().header("idempotency-key", "once");
    let body = with(hour(9), "settings", json!({ "bufer": "15 minutes" }));
    let first = app.post("/v2/bookings", body.clone()).await.expecting(201);
    let again = app.post("/v2/bookings", body).await.expecting(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(warned(&first).len(), 1);
    assert_eq!(first.bytes, again.bytes);
}

#[tokio::test]
async fn warnings_are_bounded_and_repeat_no_long_name() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut settings: serde_json::Map<String, Value> =
        (0..200).map(|n| (format!("no{n}"), n.into())).collect();
    settings.insert("x".repeat(5_000), 1.into());
    let made = app
        .post("/v2/bookings", with(hour(9), "settings", settings.into()))
        .await
        .expecting(201);
    assert_eq!(warned(&made).len(), 50);
    let long = json!({ "x".repeat(5_000): 1 });
    let made = app
        .post("/v2/bookings", with(hour(11), "settings", long))
        .await
        .expecting(201);
    assert_eq!(warned(&made)[0].0.len(), 100);
}
