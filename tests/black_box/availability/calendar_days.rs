//! Days and weeks are those of the resource's calendar, from one reading of its clock to the same reading of another date:
//! 23 to 25 hours where the clock changes. `24 hours` is exact.

use local::demo::ROOM;
use serde_json::{Value, json};
use tests::{Client, NOW, Reply, TestServer, booking, instant, with};

async fn somebody(app: &Client, zone: &str, constraints: Value) -> String {
    let body = json!({ "name": zone, "timezone": zone, "availability_constraints": constraints });
    app.post("/v2/resources", body).await.expecting(201).id()
}

async fn project(app: &Client, resources: &[&str], availability: Value) -> String {
    let body = json!({ "name": "Flat", "resources": resources, "availability": availability });
    app.post("/v2/projects", body).await.expecting(201).id()
}

async fn search(caller: &Client, body: Value) -> Vec<Value> {
    let reply = caller.post("/v2/availability", body).await.expecting(200);
    reply.body["data"].as_array().expect("slots").clone()
}

fn times(slots: &[Value]) -> Vec<(&str, &str)> {
    let text = |slot: &'_ Value, name: &str| slot[name].as_str().map(str::len).expect("a time");
    slots
        .iter()
        .map(|slot| {
            assert_eq!((text(slot, "start"), text(slot, "end")), (25, 25));
            let time = |name: &str| slot[name].as_str().unwrap_or_default();
            (time("start"), time("end"))
        })
        .collect()
}

fn go_to(server: &TestServer, text: &str) {
    server.clock.set(instant(text));
}

fn refused(reply: &Reply, code: &str) {
    assert_eq!(
        (reply.status, &reply.body["code"]),
        (409, &json!(code)),
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn a_slot_of_a_day_lasts_from_midnight_to_midnight_and_neighbouring_days_can_all_be_booked() {
    let server = TestServer::start().await;
    let app = server.app();
    let page = server.with_key(server.demo.test.widget_key.expose());
    // A Saturday, the Sunday on which the clock changes, and the Monday.
    for (now, zone, midnights) in [
        (
            "2027-03-20T00:00:00Z",
            "Europe/Berlin",
            [
                "2027-03-27T00:00:00+01:00",
                "2027-03-28T00:00:00+01:00",
                "2027-03-29T00:00:00+02:00",
                "2027-03-30T00:00:00+02:00",
            ],
        ),
        // The midnight is skipped, so the day begins at one o'clock.
        (
            "2027-03-20T00:00:00Z",
            "Asia/Beirut",
            [
                "2027-03-27T00:00:00+02:00",
                "2027-03-28T01:00:00+03:00",
                "2027-03-29T00:00:00+03:00",
                "2027-03-30T00:00:00+03:00",
            ],
        ),
        (
            "2027-03-20T00:00:00Z",
            "Australia/Lord_Howe",
            [
                "2027-04-03T00:00:00+11:00",
                "2027-04-04T00:00:00+11:00",
                "2027-04-05T00:00:00+10:30",
                "2027-04-06T00:00:00+10:30",
            ],
        ),
        (
            "2027-09-20T00:00:00Z",
            "Australia/Lord_Howe",
            [
                "2027-10-02T00:00:00+10:30",
                "2027-10-03T00:00:00+10:30",
                "2027-10-04T00:00:00+11:00",
                "2027-10-05T00:00:00+11:00",
            ],
        ),
        (
            "2027-10-20T00:00:00Z",
            "Europe/Berlin",
            [
                "2027-10-30T00:00:00+02:00",
                "2027-10-31T00:00:00+02:00",
                "2027-11-01T00:00:00+01:00",
                "2027-11-02T00:00:00+01:00",
            ],
        ),
    ] {
        go_to(&server, now);
        let days = ["Saturday", "Sunday", "Monday"];
        let own = days.map(|day| json!({ "allow_day": { "day": day } }));
        let doc = somebody(&app, zone, json!(own)).await;
        let length = json!({ "mode": "exclusive", "length": "1 day" });
        let project = project(&app, &[&doc], length).await;
        let wanted = json!({ "project_id": project, "from": midnights[0], "to": midnights[3] });
        let slots = search(&page, wanted.clone()).await;
        let expected: Vec<_> = midnights
            .windows(2)
            .map(|pair| (pair[0], pair[1]))
            .collect();
        assert_eq!(times(&slots), expected, "{zone}");
        // The middle one first, so that both neighbours must do beside it.
        for slot in [&slots[1], &slots[0], &slots[2]] {
            let body = json!({
                "resource_id": doc, "project_id": project, "start": slot["start"], "end": slot["end"],
                "customer": { "name": "Marty", "email": "marty@example.com" },
            });
            page.post("/v2/bookings", body).await.expecting(201);
            assert!(
                !search(&page, wanted.clone()).await.contains(slot),
                "{zone}"
            );
        }
    }
}

#[tokio::test]
async fn a_page_is_refused_24_hours_where_the_project_offers_days_of_25_and_the_other_way_round() {
    let server = TestServer::start().await;
    go_to(&server, "2027-10-20T00:00:00Z");
    let app = server.app();
    let page = server.with_key(server.demo.test.widget_key.expose());
    let (day, exact) = ("2027-11-01T00:00:00+01:00", "2027-10-31T23:00:00+01:00");
    for (length, offered, not) in [("1 day", day, exact), ("24 hours", exact, day)] {
        let doc = somebody(&app, "Europe/Berlin", json!([])).await;
        let project = project(
            &app,
            &[&doc],
            json!({ "mode": "exclusive", "length": length }),
        )
        .await;
        let body = |end: &str| {
            json!({
                "resource_id": doc, "project_id": project, "start": "2027-10-31T00:00:00+02:00", "end": end,
                "customer": { "name": "Marty", "email": "marty@example.com" },
            })
        };
        refused(&page.post("/v2/bookings", body(not)).await, "not_offered");
        page.post("/v2/bookings", body(offered))
            .await
            .expecting(201);
    }
}

#[tokio::test]
async fn resources_of_several_zones_have_days_of_their_own_but_the_first_ones_where_they_share_a_slot()
 {
    let server = TestServer::start().await;
    go_to(&server, "2027-03-20T00:00:00Z");
    let app = server.app();
    let berlin = somebody(&app, "Europe/Berlin", json!([])).await;
    let nairobi = somebody(&app, "Africa/Nairobi", json!([])).await;
    let asked = |resources: [&str; 2], mode: &str| {
        json!({
            "resources": resources, "mode": mode, "length": "1 day", "output_timezone": "UTC",
            "from": "2027-03-27T20:00:00Z", "to": "2027-03-29T12:00:00Z",
        })
    };
    let slots = search(&app, asked([&berlin, &nairobi], "exclusive")).await;
    let expected = [
        ("2027-03-27T21:00:00+00:00", "2027-03-28T21:00:00+00:00"),
        ("2027-03-27T23:00:00+00:00", "2027-03-28T22:00:00+00:00"),
    ];
    assert_eq!(times(&slots), expected);
    // What they share is 23 hours long where Berlin is the first.
    let shared = search(&app, asked([&berlin, &nairobi], "mutual")).await;
    assert_eq!(times(&shared), [expected[1]]);
    let shared = search(&app, asked([&nairobi, &berlin], "mutual")).await;
    assert_eq!(times(&shared), [expected[0]]);
}

#[tokio::test]
async fn a_search_reaches_as_many_dates_of_each_resource_as_it_says() {
    let server = TestServer::start().await;
    go_to(&server, "2027-03-20T09:00:00Z");
    let app = server.app();
    let berlin = somebody(&app, "Europe/Berlin", json!([])).await;
    let nairobi = somebody(&app, "Africa/Nairobi", json!([])).await;
    for (to, resource, last) in [
        ("2 weeks", &berlin, "2027-04-03T10:00:00+02:00"),
        ("14 days", &berlin, "2027-04-03T10:00:00+02:00"),
        ("336 hours", &berlin, "2027-04-03T11:00:00+02:00"),
        ("1 month", &berlin, "2027-04-20T10:00:00+02:00"),
        ("2 weeks", &nairobi, "2027-04-03T12:00:00+03:00"),
    ] {
        // Each by its own calendar, whoever is first.
        let both = [&berlin, &nairobi];
        let body = json!({ "resources": both, "mode": "exclusive", "from": "2 days", "to": to });
        let mut slots = search(&app, with(body, "output_timezone", json!("UTC"))).await;
        slots.retain(|slot| {
            let who = slot["resources"].as_array().expect("resources");
            who.iter().any(|one| one["id"] == **resource)
        });
        let end = slots.last().expect("slots")["end"].as_str();
        assert_eq!(end.map(instant), Some(instant(last)), "{to}");
    }
}

#[tokio::test]
async fn a_notice_of_a_day_ends_at_the_same_time_of_day_and_one_of_24_hours_does_not() {
    let server = TestServer::start().await;
    let app = server.app();
    let berlin = somebody(&app, "Europe/Berlin", json!([])).await;
    let (start, end) = ("2027-03-28T12:00:00+02:00", "2027-03-28T13:00:00+02:00");
    let noticed = |setting: &str, notice: &str| {
        with(
            booking(&berlin, "instant", start, end),
            "settings",
            json!({ setting: notice }),
        )
    };
    go_to(&server, "2027-03-27T11:30:00+01:00");
    refused(
        &app.post("/v2/bookings", noticed("min_booking_time", "24 hours"))
            .await,
        "booking_closed",
    );
    for setting in ["min_booking_time", "min_cancel_time"] {
        let id = app.book(noticed(setting, "1 day")).await;
        app.act(&id, "cancel_by_customer").await.expecting(200);
    }
    let id = app.book(noticed("min_cancel_time", "1 day")).await;
    // One that was made and is read again keeps its days.
    go_to(&server, "2027-03-27T12:00:01+01:00");
    refused(
        &app.act(&id, "cancel_by_customer").await,
        "too_late_to_cancel",
    );
    app.act(&id, "cancel").await.expecting(200);
    refused(
        &app.post("/v2/bookings", noticed("min_booking_time", "1 day"))
            .await,
        "booking_closed",
    );

    // In a search, as for a page.
    let asked = |notice: &str| {
        json!({
            "resources": [berlin], "mode": "exclusive", "minimum_notice": notice,
            "from": "2027-03-28T10:00:00+02:00", "to": "2027-03-28T16:00:00+02:00",
        })
    };
    let first = |slots: &[Value]| slots[0]["start"].as_str().map(str::to_owned);
    let slots = search(&app, asked("1 day")).await;
    assert_eq!(first(&slots).as_deref(), Some("2027-03-28T13:00:00+02:00"));
    let slots = search(&app, asked("24 hours")).await;
    assert_eq!(first(&slots).as_deref(), Some("2027-03-28T14:00:00+02:00"));
}

#[tokio::test]
async fn the_longest_booking_and_event_are_counted_in_dates() {
    let server = TestServer::start().await;
    let app = server.app();
    let berlin = somebody(&app, "Europe/Berlin", json!([])).await;
    // The clock is put forward in between, or back: the same dates are an hour less or more, and as many times 24 hours
    // are allowed as well.
    for (start, end, later) in [
        (
            "2027-03-10T09:00:00+01:00",
            "2027-04-10T09:00:00+02:00",
            "2027-04-10T10:00:01+02:00",
        ),
        (
            "2027-10-10T09:00:00+02:00",
            "2027-11-10T09:00:00+01:00",
            "2027-11-10T09:00:01+01:00",
        ),
    ] {
        for path in ["/v2/bookings", "/v2/bookings/reserve"] {
            let reply = app
                .post(path, booking(&berlin, "instant", start, later))
                .await;
            assert_eq!(reply.expecting(422).faults(), ["end"], "{path}");
        }
        let id = app.book(booking(&berlin, "instant", start, end)).await;
        app.act(&id, "cancel").await.expecting(200);
        let id = app
            .book(booking(
                &berlin,
                "instant",
                start,
                &start.replace("T09", "T10"),
            ))
            .await;
        let to = |end: &str| json!({ "start": start, "end": end });
        assert_eq!(
            app.reschedule(&id, to(later)).await.expecting(422).faults(),
            ["end"]
        );
        app.reschedule(&id, to(end)).await.expecting(200);
    }
    let event = |start: &str, end: &str| json!({ "resource_id": berlin, "start": start, "end": end, "what": "Away", "where": "" });
    for (start, end, later) in [
        (
            "2027-09-01T09:00:00+02:00",
            "2027-11-30T09:00:00+01:00",
            "2027-11-30T09:00:01+01:00",
        ),
        (
            "2027-03-01T09:00:00+01:00",
            "2027-05-30T09:00:00+02:00",
            "2027-05-30T10:00:01+02:00",
        ),
    ] {
        app.post("/v2/events", event(start, end))
            .await
            .expecting(201);
        assert_eq!(
            app.post("/v2/events", event(start, later))
                .await
                .expecting(422)
                .faults(),
            ["end"]
        );
    }
}

#[tokio::test]
async fn a_slot_is_held_for_a_day_of_its_resources_calendar_and_the_projects_word_counts() {
    let server = TestServer::start().await;
    go_to(&server, "2027-03-27T12:00:00+01:00");
    let app = server.app();
    let berlin = somebody(&app, "Europe/Berlin", json!([])).await;
    let project = json!({ "name": "Flat", "resources": [berlin], "reservation_time": "1 day" });
    let project = app.post("/v2/projects", project).await.expecting(201).id();
    let held = booking(
        &berlin,
        "instant",
        "2027-04-01T09:00:00Z",
        "2027-04-01T10:00:00Z",
    );
    for (day, (held, expires_at)) in [
        (
            with(held.clone(), "reservation_time", json!("1 day")),
            "2027-03-28T12:00:00+02:00",
        ),
        (
            with(held.clone(), "reservation_time", json!("24 hours")),
            "2027-03-28T13:00:00+02:00",
        ),
        (
            with(held.clone(), "reservation_time", json!(86_400)),
            "2027-03-28T13:00:00+02:00",
        ),
        (
            with(held.clone(), "project_id", json!(project)),
            "2027-03-28T12:00:00+02:00",
        ),
        (held.clone(), "2027-03-27T12:00:30+01:00"),
    ]
    .into_iter()
    .enumerate()
    {
        let (start, end) = (
            format!("2027-04-1{day}T09:00:00Z"),
            format!("2027-04-1{day}T10:00:00Z"),
        );
        let held = with(with(held, "start", json!(start)), "end", json!(end));
        let made = app.post("/v2/bookings/reserve", held).await.expecting(201);
        assert_eq!(made.body["data"]["expires_at"], expires_at);
        let body = json!({ "reservation_id": made.id(), "reservation_time": "1 day" });
        let longer = app
            .put("/v2/bookings/reserve/extend", body)
            .await
            .expecting(200);
        assert_eq!(
            longer.body["data"]["expires_at"],
            "2027-03-28T12:00:00+02:00"
        );
    }
    let long = with(held, "reservation_time", json!("25 hours"));
    let reply = app.post("/v2/bookings/reserve", long).await.expecting(422);
    assert_eq!(reply.faults(), ["reservation_time"]);
}

#[tokio::test]
async fn a_length_or_buffer_in_months_is_refused_because_months_have_no_one_length() {
    let server = TestServer::start().await;
    let app = server.app();
    for field in [
        "length",
        "buffer",
        "buffer_before",
        "minimum_notice",
        "timeslot_increments",
    ] {
        let availability = json!({ "mode": "exclusive", field: "1 month" });
        let project = json!({ "name": "Flat", "resources": [], "availability": availability });
        let reply = app.post("/v2/projects", project).await.expecting(422);
        assert_eq!(reply.faults(), [format!("availability.{field}")]);
    }
    let body = booking(
        &ROOM.to_string(),
        "instant",
        "2026-12-01T09:00:00Z",
        "2026-12-01T10:00:00Z",
    );
    let body = with(body, "settings", json!({ "buffer": "1 month" }));
    let reply = app.post("/v2/bookings", body).await.expecting(422);
    assert_eq!(reply.faults(), ["settings.buffer"]);
}

#[tokio::test]
async fn a_day_is_24_hours_where_no_resource_is_meant() {
    let server = TestServer::start().await;
    let app = server.app();
    let (id, _) = server.make_key(&app, json!({ "name": "shop" })).await;
    let path = format!("/v2/keys/{id}/rotate");
    let rotated = app
        .post(&path, json!({ "overlap": "7 days" }))
        .await
        .expecting(201);
    assert!(rotated.body["data"]["key"].is_string());
    let old = app.get(&format!("/v2/keys/{id}")).await.expecting(200);
    let ends = old.body["data"]["expires_at"].as_str().map(instant);
    assert_eq!(ends, Some(instant(NOW) + chrono::TimeDelta::hours(7 * 24)));
}
