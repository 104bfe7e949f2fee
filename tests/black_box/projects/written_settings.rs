//! What can never work is refused when it is written, with the path of the field, and not when a customer meets it.

use serde_json::{Value, json};
use tests::{Client, TestServer, with};

/// A body with `value` at `path`, e.g. `availability.to`.
fn at(path: &str, value: Value) -> Value {
    let mut names: Vec<&str> = path.split('.').collect();
    names.reverse();
    names
        .into_iter()
        .fold(value, |value, name| json!({ (name): value }))
}

/// `body` with everything of `more` within it.
fn merged(mut body: Value, more: Value) -> Value {
    match (&mut body, more) {
        (Value::Object(own), Value::Object(more)) => {
            for (name, value) in more {
                let old = own.remove(&name).unwrap_or_default();
                own.insert(name, merged(old, value));
            }
            body
        }
        (_, more) => more,
    }
}

async fn room(app: &Client) -> String {
    let body = json!({ "name": "Room", "timezone": "Europe/Copenhagen" });
    app.post("/v2/resources", body).await.expecting(201).id()
}

/// The field, what it is set to, and the field that is told, if it is another. Each is refused by the operation that reads
/// it: a search, a booking, a reservation.
fn of_projects() -> Vec<(&'static str, Value, &'static str)> {
    let mut rows = Vec::new();
    for (path, values) in [
        ("availability.mode", vec![json!("random"), json!(1)]),
        (
            "availability.length",
            vec![
                json!("0 minutes"),
                json!("32 days"),
                json!("1 month"),
                json!("an hour"),
                json!([]),
            ],
        ),
        (
            "availability.from",
            vec![
                json!("7 months"),
                json!("27 weeks"),
                json!("5 weeks"),
                json!({}),
            ],
        ),
        (
            "availability.to",
            vec![
                json!("52 weeks"),
                json!("7 months"),
                json!("2026-11-20T00:00:00Z"),
                json!("now"),
                json!("never"),
            ],
        ),
        (
            "availability.buffer",
            vec![json!("25 hours"), json!("-5 minutes")],
        ),
        (
            "availability.buffer_before",
            vec![json!("25 hours"), json!(true)],
        ),
        (
            "availability.buffer_after",
            vec![json!("2 days"), json!("x")],
        ),
        (
            "availability.timeslot_increments",
            vec![json!("30 seconds"), json!("32 days")],
        ),
        (
            "availability.round_to_nearest_hour",
            vec![json!("perhaps"), json!([])],
        ),
        (
            "availability.ignore_all_day_events",
            vec![json!("perhaps"), json!([])],
        ),
        (
            "availability.minimum_notice",
            vec![json!("367 days"), json!("28 days"), json!("soon")],
        ),
        (
            "availability.max_bookings_per_day",
            vec![json!(0), json!(-1), json!("many")],
        ),
        (
            "availability.max_bookings_per_week",
            vec![json!(0), json!(1.5)],
        ),
        ("availability.output_timezone", vec![json!("Mars/Olympus")]),
        (
            "booking.graph",
            vec![json!("group_owner"), json!("later"), json!(1)],
        ),
        (
            "booking.rescheduling_url",
            vec![json!("javascript:alert(1)"), json!([])],
        ),
        ("booking.only_offered", vec![json!("yes"), json!([])]),
        ("booking.what", vec![json!([]), json!("x".repeat(1_001))]),
        (
            "reservation_time",
            vec![
                json!(0),
                json!(86_401),
                json!("2 days"),
                json!("1 month"),
                json!(-1),
                json!("0 seconds"),
            ],
        ),
    ] {
        rows.extend(values.into_iter().map(|value| (path, value, path)));
    }
    for (block, fault) in [
        (
            json!({ "allow_hours": { "start": 17, "end": 9 } }),
            "availability_constraints.0.allow_hours.end",
        ),
        (
            json!({ "allow_day": { "day": "Moonday" } }),
            "availability_constraints.0.allow_day.day",
        ),
        (
            json!({ "block_period": { "start": "2026-12-24" } }),
            "availability_constraints.0.block_period.end",
        ),
        (
            json!({ "allow_everything": {} }),
            "availability_constraints.0.allow_everything",
        ),
    ] {
        rows.push(("availability_constraints", json!([block]), fault));
    }
    rows
}

#[tokio::test]
async fn every_setting_of_a_project_that_can_never_work_is_refused_at_creation_and_change_by_its_path()
 {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let sound =
        json!({ "name": "Visit", "resources": [room], "availability": { "mode": "exclusive" } });
    let kept = app
        .post("/v2/projects", sound.clone())
        .await
        .expecting(201)
        .id();
    let path = format!("/v2/projects/{kept}");
    let before = app.get(&path).await.body["data"].clone();
    for (field, value, fault) in of_projects() {
        let wrong = at(field, value.clone());
        let made = app
            .post("/v2/projects", merged(sound.clone(), wrong.clone()))
            .await;
        assert_eq!(
            (made.status, made.faults()),
            (422, vec![fault]),
            "POST {field}: {value}"
        );
        let changed = app.put(&path, wrong).await;
        assert_eq!(
            (changed.status, changed.faults()),
            (422, vec![fault]),
            "PUT {field}: {value}"
        );
    }
    assert_eq!(app.get(&path).await.body["data"], before);
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_refused_and_those_that_will_work_later_are_kept() {
    let server = TestServer::start().await;
    let app = server.app();
    let page = server.with_key(server.demo.test.widget_key.expose());
    let room = room(&app).await;
    for (availability, fault) in [
        (
            json!({ "from": "3 weeks", "to": "2 weeks" }),
            Some("availability.to"),
        ),
        (
            json!({ "from": "2027-01-02T00:00:00Z", "to": "2027-01-01T00:00:00Z" }),
            Some("availability.to"),
        ),
        (
            json!({ "from": "3 weeks", "to": "2026-11-30T00:00:00Z" }),
            Some("availability.to"),
        ),
        (
            json!({ "to": "30 minutes", "length": "1 hour" }),
            Some("availability.length"),
        ),
        (
            json!({ "from": "3 days", "to": "4 days", "length": "25 hours" }),
            Some("availability.length"),
        ),
        (
            json!({ "to": "2 weeks", "minimum_notice": "14 days" }),
            Some("availability.minimum_notice"),
        ),
        (
            json!({ "to": "2026-12-01T00:00:00Z", "minimum_notice": "10 days" }),
            Some("availability.minimum_notice"),
        ),
        (json!({ "from": "tomorrow", "to": "1 day" }), None),
        (json!({ "to": "6 months" }), None),
        (
            json!({ "to": "2 weeks", "minimum_notice": "13 days" }),
            None,
        ),
        // A season to come, and one that is longer than anybody can look ahead.
        (
            json!({ "from": "2028-01-01T00:00:00Z", "to": "2028-06-01T00:00:00Z" }),
            None,
        ),
        (json!({ "from": "2028-01-01T00:00:00Z" }), None),
        (
            json!({ "from": "2026-12-01T00:00:00Z", "to": "2028-06-01T00:00:00Z" }),
            None,
        ),
    ] {
        let availability = with(availability, "mode", "exclusive".into());
        let body = json!({ "name": "Visit", "resources": [room], "availability": availability });
        let made = app.post("/v2/projects", body).await;
        match fault {
            Some(fault) => assert_eq!(
                (made.status, made.faults()),
                (422, vec![fault]),
                "{availability}"
            ),
            // Its page is answered, if only that nothing is offered yet.
            None => {
                let search = json!({ "project_id": made.expecting(201).id() });
                page.post("/v2/availability", search).await.expecting(200);
            }
        }
    }
}

#[tokio::test]
async fn a_change_of_other_fields_is_taken_though_the_range_that_is_stored_is_over() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let body = json!({
        "name": "Visit", "resources": [room], "availability": { "mode": "exclusive", "to": "2026-11-30T00:00:00Z" },
    });
    let path = format!(
        "/v2/projects/{}",
        app.post("/v2/projects", body).await.expecting(201).id()
    );
    server.clock.advance(chrono::TimeDelta::days(30));
    app.put(&path, json!({ "name": "Last year's visit" }))
        .await
        .expecting(200);
}

#[tokio::test]
async fn every_setting_of_a_resource_that_can_never_work_is_refused_by_its_path() {
    let server = TestServer::start().await;
    let app = server.app();
    let kept = room(&app).await;
    let path = format!("/v2/resources/{kept}");
    for (field, value, fault) in [
        ("timezone", json!("Mars/Olympus"), "timezone"),
        ("capacity", json!(0), "capacity"),
        ("capacity", json!(1_001), "capacity"),
        ("max_public_length", json!("32 days"), "max_public_length"),
        (
            "max_public_length",
            json!("30 seconds"),
            "max_public_length",
        ),
        (
            "availability_constraints",
            json!([{ "allow_hours": { "start": 9, "end": 25 } }]),
            "availability_constraints.0.allow_hours.end",
        ),
        (
            "availability_constraints",
            json!([{ "allow_weekdays": {} }, { "block_period": { "start": "2026-12-26", "end": "2026-12-24" } }]),
            "availability_constraints.1.block_period.end",
        ),
    ] {
        let body = json!({ "name": "Room", "timezone": "UTC" });
        let made = app
            .post("/v2/resources", merged(body, at(field, value.clone())))
            .await;
        assert_eq!(
            (made.status, made.faults()),
            (422, vec![fault]),
            "POST {field}: {value}"
        );
        let changed = app.put(&path, at(field, value.clone())).await;
        assert_eq!(
            (changed.status, changed.faults()),
            (422, vec![fault]),
            "PUT {field}: {value}"
        );
    }
}

#[tokio::test]
async fn every_setting_of_a_widget_that_its_page_would_be_refused_with_is_refused_by_its_path() {
    let server = TestServer::start().await;
    let app = server.app();
    let kept = app.post("/v2/widgets", json!({ "name": "Kept" })).await;
    let kept = format!("/v2/widgets/{}", kept.expecting(201).id());
    for (config, fault) in [
        (json!({ "bookingGraph": "later" }), "config.bookingGraph"),
        (
            json!({ "timekitFindTime": { "length": "an hour" } }),
            "config.timekitFindTime.length",
        ),
        (
            json!({ "timekitFindTime": { "future": "52 weeks" } }),
            "config.timekitFindTime.future",
        ),
        (
            json!({ "timekitFindTime": { "start": "7 months" } }),
            "config.timekitFindTime.start",
        ),
        (
            json!({ "timekitFindTime": { "start": "3 weeks", "future": "2 weeks" } }),
            "config.timekitFindTime.future",
        ),
        (
            json!({ "timekitFindTime": { "start": "5 weeks" } }),
            "config.timekitFindTime.start",
        ),
        (
            json!({ "timekitFindTime": { "future": "2 hours", "length": "3 hours" } }),
            "config.timekitFindTime.length",
        ),
        (
            json!({ "timekitFindTime": { "future": "2026-11-20T00:00:00Z" } }),
            "config.timekitFindTime.future",
        ),
        (
            json!({ "availability": { "mode": "exclusive", "from": "2 days", "to": "1 day" } }),
            "config.availability.to",
        ),
        (
            json!({ "availability": { "to": "2 weeks", "minimum_notice": "14 days" } }),
            "config.availability.minimum_notice",
        ),
        (
            json!({ "availability": { "mode": "exclusive", "to": "1 hour", "length": "2 hours" } }),
            "config.availability.length",
        ),
        (
            json!({ "timekitFindTime": { "start": "whenever" } }),
            "config.timekitFindTime.start",
        ),
        (
            json!({ "timekitFindTime": { "buffer": "3 days" } }),
            "config.timekitFindTime.buffer",
        ),
        (
            json!({ "timekitFindTime": { "filters": { "and": [{ "specific_time": { "start": 12, "end": 8 } }] } } }),
            "config.timekitFindTime.filters.and.0.specific_time.end",
        ),
        (
            json!({ "timekitFindTimeTeam": { "users": [{ "_email": "a@example.com", "length": "x" }] } }),
            "config.timekitFindTimeTeam.users.0.length",
        ),
        (
            json!({ "availability": { "length": "an hour" } }),
            "config.availability.length",
        ),
        (
            json!({ "availability": { "mode": "exclusive", "to": "52 weeks" } }),
            "config.availability.to",
        ),
        (
            json!({ "availability_constraints": [{ "allow_noon": {} }] }),
            "config.availability_constraints.0.allow_noon",
        ),
        (
            json!({ "booking": { "graph": "later" } }),
            "config.booking.graph",
        ),
    ] {
        let body = json!({ "name": "Front desk", "config": config });
        let refused = app.post("/v2/widgets", body.clone()).await;
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec![fault]),
            "{config}"
        );
        let changed = app.put(&kept, json!({ "config": config })).await;
        assert_eq!(
            (changed.status, changed.faults()),
            (422, vec![fault]),
            "PUT {config}"
        );
    }
    let sound = json!({
        "bookingGraph": "confirm_decline", "debug": true,
        "timekitFindTime": { "length": "30 minutes", "future": "4 weeks", "filters": { "and": [{ "business_hours": {} }] } },
        "availability": { "mode": "exclusive", "length": "1 hour", "from": "tomorrow" },
    });
    let body = json!({ "name": "Front desk", "config": sound });
    app.post("/v2/widgets", body).await.expecting(201);
}

#[tokio::test]
async fn every_bound_of_a_key_that_no_request_could_meet_is_refused_or_read_as_what_requests_have()
{
    let server = TestServer::start().await;
    let app = server.app();
    for (field, value, fault) in [
        ("allowed_cidrs", json!(["10.0.0.0/33"]), "allowed_cidrs"),
        ("allowed_cidrs", json!(["localhost"]), "allowed_cidrs"),
        ("expires_at", json!("2026-11-20T00:00:00Z"), "expires_at"),
        (
            "rate_limit",
            json!({ "limit": 0, "window": "1 minute" }),
            "rate_limit.limit",
        ),
        (
            "rate_limit",
            json!({ "limit": 1, "window": "2 days" }),
            "rate_limit.window",
        ),
        (
            "allowed_origins",
            json!(["https://clinic.example"]),
            "allowed_origins",
        ),
    ] {
        let body = with(json!({ "name": "Key" }), field, value.clone());
        let refused = app.post("/v2/keys", body).await;
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec![fault]),
            "{field}: {value}"
        );
    }
    for wrong in [
        "https://clinic.example/book",
        "clinic.example",
        "ftp://clinic.example",
        "https://*.example",
    ] {
        let body = json!({ "name": "Page", "kind": "widget", "allowed_origins": [wrong] });
        let refused = app.post("/v2/keys", body).await;
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec!["allowed_origins"]),
            "{wrong}"
        );
    }
    // An address that is written as IPv6 and is none, and a port that browsers leave out.
    let own =
        json!({ "name": "Key", "allowed_cidrs": ["::ffff:127.0.0.0/104", "::ffff:10.1.2.3"] });
    let (_, key) = server.make_key(&app, own).await;
    key.get("/v2/resources").await.expecting(200);
    for (written, sent) in [
        ("https://clinic.example:443", "https://clinic.example"),
        ("http://clinic.example:80", "http://clinic.example"),
    ] {
        let body = json!({ "name": "Page", "kind": "widget", "allowed_origins": [written] });
        let (_, page) = server.make_key(&app, body).await;
        page.header("origin", sent)
            .get("/v2/bookings/groups")
            .await
            .expecting(200);
    }
}

#[tokio::test]
async fn a_project_whose_widest_search_would_be_refused_is_refused_however_it_comes_to_be() {
    let server = TestServer::start().await;
    let app = server.live_app();
    let mut resources = Vec::new();
    for number in 0..11 {
        let resource = json!({ "name": format!("Room {number}"), "timezone": "UTC" });
        resources.push(
            app.post("/v2/resources", resource)
                .await
                .expecting(201)
                .id(),
        );
    }
    let minutes = json!({ "mode": "exclusive", "length": "1 minute", "to": "24 weeks" });
    let project = |resources: &[String]| {
        json!({
            "name": "Rooms", "resources": resources, "availability": minutes, "booking": { "graph": "instant" },
        })
    };
    // A week of one resource has 10,080 minutes, so ten resources stay below 2.5 million and eleven do not.
    let refused = app
        .post("/v2/projects", project(&resources))
        .await
        .expecting(422);
    assert_eq!(refused.faults(), ["availability.to"]);
    let made = app.post("/v2/projects", project(&resources[..10])).await;
    let path = format!("/v2/projects/{}", made.expecting(201).id());
    let refused = app
        .put(&path, json!({ "resources": resources }))
        .await
        .expecting(422);
    assert_eq!(refused.faults(), ["availability.to"]);
    let of_it = format!("{path}/resources");
    let refused = app.put(&of_it, json!(resources)).await.expecting(422);
    assert_eq!(refused.faults(), ["resources"]);
    let one_more = json!({ "resource_id": resources[10] });
    let refused = app.post(&of_it, one_more.clone()).await.expecting(422);
    assert_eq!(refused.faults(), ["resource_id"]);
    let sooner = json!({ "mode": "exclusive", "length": "1 minute", "to": "20 weeks" });
    app.put(&path, json!({ "availability": sooner }))
        .await
        .expecting(200);
    app.post(&of_it, one_more).await.expecting(200);
}
