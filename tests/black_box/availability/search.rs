//! Availability: what is offered can be booked, what cannot be booked is not offered, and nothing of a resource shows but
//! its name and zone.

use chrono::{DateTime, TimeDelta};
use local::demo::{LIVE_PROJECT, TEST_PROJECT, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, NOW, Reply, TestServer, booking, instant};

/// Somebody to book: works from 9 to 17 on weekdays in Copenhagen, unless `more` says otherwise.
async fn somebody(app: &Client, name: &str, more: Value) -> String {
    let mut body = json!({
        "name": name, "timezone": "Europe/Copenhagen", "email": format!("{name}@clinic.example"),
        "availability_constraints": [{ "allow_hours": { "start": 9, "end": 17 } }, { "allow_weekdays": [] }],
    });
    for (field, value) in more.as_object().expect("fields") {
        body[field] = value.clone();
    }
    app.post("/v2/resources", body).await.expecting(201).id()
}

async fn project(app: &Client, resources: &[&str], availability: Value, more: Value) -> String {
    let mut body =
        json!({ "name": "Consultation", "resources": resources, "availability": availability });
    for (field, value) in more.as_object().expect("fields") {
        body[field] = value.clone();
    }
    app.post("/v2/projects", body).await.expecting(201).id()
}

/// A search on Monday, two days from now, of these resources.
fn on_monday(resources: &[&str], mode: &str) -> Value {
    json!({
        "resources": resources, "mode": mode, "from": "2026-11-23T00:00:00+01:00", "to": "2026-11-24T00:00:00+01:00",
        "output_timezone": "Europe/Copenhagen",
    })
}

async fn search(caller: &Client, body: Value) -> Reply {
    caller.post("/v2/availability", body).await.expecting(200)
}

/// The starts, as hours and minutes where all are on one day.
fn hours(reply: &Reply) -> Vec<&str> {
    slots(reply)
        .iter()
        .map(|slot| &slot["start"].as_str().expect("a start")[11..16])
        .collect()
}

fn slots(reply: &Reply) -> &Vec<Value> {
    reply.body["data"].as_array().expect("slots")
}

fn names(slot: &Value) -> Vec<&str> {
    let resources = slot["resources"].as_array().expect("resources");
    let name = |resource: &'_ Value| resource["name"].as_str().map(str::len);
    assert!(resources.iter().all(|resource| name(resource).is_some()));
    resources
        .iter()
        .map(|resource| resource["name"].as_str().expect("a name"))
        .collect()
}

fn widget(server: &TestServer) -> Client {
    server.with_key(server.demo.test.widget_key.expose())
}

/// What the booking widget sends for a slot.
fn of_widget(project: &str, slot: &Value) -> Value {
    json!({
        "start": slot["start"], "end": slot["end"], "description": "", "project_id": project, "graph": "instant",
        "resource_id": slot["resources"][0]["id"], "customer": { "name": "Marty", "email": "marty@example.com" },
    })
}

#[tokio::test]
async fn a_slot_shows_its_time_in_the_zone_asked_for_and_of_a_resource_name_and_zone_alone() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = somebody(&app, "doc", json!({ "meta": { "secret": "secret" } })).await;
    let mut body = on_monday(&[&doc], "mutual");
    body["output_timezone"] = "america/los_angeles".into();
    let reply = search(&app, body).await;
    let expected = json!({
        "start": "2026-11-23T00:00:00-08:00",
        "end": "2026-11-23T01:00:00-08:00",
        "resources": [{ "id": doc, "name": "doc", "timezone": "Europe/Copenhagen" }],
    });
    assert_eq!(slots(&reply)[0], expected);
    assert_eq!(slots(&reply).len(), 8);
}

#[tokio::test]
async fn slots_are_answered_in_the_resources_own_zone_or_in_utc_for_several_unless_a_zone_is_asked_for()
 {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = somebody(&app, "doc", json!({})).await;
    let marty = somebody(&app, "marty", json!({ "timezone": "America/New_York" })).await;
    let mut body = on_monday(&[&doc], "exclusive");
    body["output_timezone"] = Value::Null;
    for (resources, caller, start) in [
        (vec![&doc], app.clone(), "2026-11-23T09:00:00+01:00"),
        (
            vec![&doc],
            app.header("timekit-timezone", "Asia/Kolkata"),
            "2026-11-23T13:30:00+05:30",
        ),
        (vec![&doc, &marty], app.clone(), "2026-11-23T08:00:00+00:00"),
    ] {
        body["resources"] = json!(resources);
        assert_eq!(
            slots(&search(&caller, body.clone()).await)[0]["start"],
            start
        );
    }
}

#[tokio::test]
async fn an_offset_is_the_one_of_its_instant_on_both_sides_of_a_change() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = somebody(&app, "doc", json!({ "availability_constraints": [] })).await;
    let body = json!({
        "resources": [doc], "mode": "mutual", "from": "2027-03-27T22:00:00Z", "to": "2027-03-28T04:00:00Z",
    });
    let reply = search(&app, body).await;
    let starts: Vec<&str> = slots(&reply)
        .iter()
        .filter_map(|slot| slot["start"].as_str())
        .collect();
    assert_eq!(
        starts,
        [
            "2027-03-27T23:00:00+01:00",
            "2027-03-28T00:00:00+01:00",
            "2027-03-28T01:00:00+01:00",
            "2027-03-28T03:00:00+02:00",
            "2027-03-28T04:00:00+02:00",
            "2027-03-28T05:00:00+02:00",
        ]
    );
}

#[tokio::test]
async fn constraints_of_resource_project_and_request_must_all_hold() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = somebody(&app, "doc", json!({})).await;
    let holidays = json!({ "availability_constraints": [
        { "block_period": { "start": "2026-11-25", "end": "2026-11-26" } },
        { "block_hours": { "start": 12, "end": "13:00" } },
    ] });
    let availability = json!({ "mode": "mutual", "length": "1 hour", "to": "1 week" });
    let project = project(&app, &[&doc], availability, holidays).await;
    let body = json!({
        "project_id": project, "constraints": [
            { "allow_day": { "day": "monday" } },
            { "allow_day": { "day": "Wednesday" } },
            { "block_day_and_time": { "day": "MONDAY", "start": "15:00", "end": 17 } },
        ],
    });
    let reply = search(&app, body).await;
    assert_eq!(hours(&reply), ["09:00", "10:00", "11:00", "13:00", "14:00"]);
    assert!(slots(&reply).iter().all(|slot| {
        slot["start"]
            .as_str()
            .is_some_and(|s| s.starts_with("2026-11-23"))
    }));
}

#[tokio::test]
async fn each_mode_says_who_shares_a_slot() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = somebody(&app, "doc", json!({})).await;
    let marty = somebody(&app, "marty", json!({})).await;
    let taken = booking(
        &doc,
        "instant",
        "2026-11-23T09:00:00+01:00",
        "2026-11-23T10:00:00+01:00",
    );
    app.post("/v2/bookings", taken).await.expecting(201);
    let of = async |mode: &str| search(&app, on_monday(&[&doc, &marty], mode)).await;

    let mutual = of("mutual").await;
    assert_eq!(hours(&mutual)[0], "10:00");
    assert!(
        slots(&mutual)
            .iter()
            .all(|slot| names(slot) == ["doc", "marty"])
    );
    let exclusive = of("exclusive").await;
    assert_eq!(names(&slots(&exclusive)[0]), ["marty"]);
    assert_eq!(names(&slots(&exclusive)[1]), ["doc", "marty"]);
    let prioritized = of("roundrobin_prioritized").await;
    assert_eq!(names(&slots(&prioritized)[0]), ["marty"]);
    assert!(
        slots(&prioritized)[1..]
            .iter()
            .all(|slot| names(slot) == ["doc"])
    );

    let mut first = Vec::new();
    for _ in 0..40 {
        let random = of("roundrobin_random").await;
        assert_eq!(names(&slots(&random)[0]), ["marty"]);
        let who: Vec<&str> = slots(&random)[1..].iter().flat_map(names).collect();
        assert!(
            who.len() == 7 && who.iter().all(|name| *name == who[0]),
            "shuffled once: {who:?}"
        );
        first.push(who[0].to_owned());
    }
    assert!(first.contains(&"doc".to_owned()) && first.contains(&"marty".to_owned()));
}

#[tokio::test]
async fn starts_are_on_full_hours_or_on_increments_from_midnight_or_from_the_opening() {
    let server = TestServer::start().await;
    let app = server.app();
    let open = json!({ "availability_constraints": [{ "allow_hours": { "start": "09:40", "end": "12:20" } }] });
    let doc = somebody(&app, "doc", open).await;
    for (settings, expected) in [
        (json!({}), &["10:00", "11:00"][..]),
        (
            json!({ "length": "30 minutes" }),
            &["10:00", "10:30", "11:00", "11:30"],
        ),
        (
            json!({ "timeslot_increments": "25 minutes" }),
            &["10:00", "10:25", "10:50", "11:15"],
        ),
        (
            json!({ "round_to_nearest_hour": false }),
            &["09:40", "10:40"],
        ),
        (
            json!({ "round_to_nearest_hour": false, "timeslot_increments": "45 minutes" }),
            &["09:40", "10:25", "11:10"],
        ),
    ] {
        let mut body = on_monday(&[&doc], "mutual");
        for (name, value) in settings.as_object().expect("settings") {
            body[name] = value.clone();
        }
        assert_eq!(hours(&search(&app, body).await), expected, "{settings}");
    }
}

#[tokio::test]
async fn a_widget_books_what_it_is_offered_and_nothing_else() {
    let server = TestServer::start().await;
    let (app, page) = (server.app(), widget(&server));
    let doc = somebody(&app, "doc", json!({})).await;
    let mut taken = booking(
        &doc,
        "instant",
        "2026-11-24T13:10:00+01:00",
        "2026-11-24T13:40:00+01:00",
    );
    taken["settings"] = json!({ "buffer_after": "45 minutes" });
    app.post("/v2/bookings", taken).await.expecting(201);
    let availability = json!({
        "mode": "roundrobin_random", "length": "30 minutes", "to": "4 days", "minimum_notice": "46 hours",
        "buffer_before": "20 minutes", "max_bookings_per_day": 3,
    });
    let project = project(&app, &[&doc], availability, json!({})).await;
    let offered = async || {
        let body = json!({ "project_id": project, "output_timezone": "Asia/Kathmandu" });
        let reply = search(&page, body).await;
        slots(&reply).clone()
    };

    // Every quarter of an hour of three days from 8 to 18, booked or refused, and given back.
    let listed = offered().await;
    let is_listed = |at: DateTime<_>| {
        let start = |slot: &Value| slot["start"].as_str().map(instant);
        listed.iter().any(|slot| start(slot) == Some(at))
    };
    let mut booked = 0;
    for quarter in (0..3 * 96).filter(|quarter| (32..72).contains(&(quarter % 96))) {
        let start = instant("2026-11-22T23:00:00Z") + TimeDelta::minutes(15 * quarter);
        let slot = json!({
            "start": start.to_rfc3339(), "end": (start + TimeDelta::minutes(30)).to_rfc3339(), "resources": [{ "id": doc }],
        });
        // Pages are limited by the minute, each visitor apart.
        let visitor = format!("198.51.100.{}", quarter % 200);
        let page = server.calling_from(&visitor, &page);
        let reply = page.post("/v2/bookings", of_widget(&project, &slot)).await;
        let expected = if is_listed(start) { 201 } else { 409 };
        assert_eq!(reply.status, expected, "{start}: {}", reply.body);
        if reply.status == 201 {
            booked += 1;
            let path = format!("/v2/bookings/{}", reply.id());
            app.put(&format!("{path}/cancel"), json!({}))
                .await
                .expecting(200);
        }
    }
    assert_eq!(booked, listed.len());

    // Whatever a page says of the slots it wants, those that can be booked are the project's.
    let wishful = json!({
        "project_id": project, "output_timezone": "Asia/Kathmandu", "timeslot_increments": "10 minutes",
        "round_to_nearest_hour": false, "length": "10 minutes", "buffer_after": "1 minute",
        "minimum_notice": "0 minutes", "max_bookings_per_week": 50, "ignore_all_day_events": true,
    });
    assert_eq!(slots(&search(&page, wishful).await), &listed);

    // The cap of the day: with one there already, two more, and then the day is gone.
    let tuesday = |slot: &&Value| {
        slot["start"]
            .as_str()
            .is_some_and(|s| s.starts_with("2026-11-24"))
    };
    for left in [2, 1, 0] {
        let slots = offered().await;
        let next = slots.iter().find(tuesday);
        assert_eq!(next.is_some(), left > 0, "{left} left");
        if let Some(slot) = next {
            page.post("/v2/bookings", of_widget(&project, slot))
                .await
                .expecting(201);
        }
    }
}

#[tokio::test]
async fn a_widget_only_narrows_what_its_project_offers_and_an_app_key_says_anything() {
    let server = TestServer::start().await;
    let (app, page) = (server.app(), widget(&server));
    let doc = somebody(&app, "doc", json!({})).await;
    let other = somebody(&app, "other", json!({})).await;
    let availability = json!({
        "mode": "mutual", "length": "2 hours", "from": "2026-11-23T00:00:00+01:00", "to": "2026-11-25T00:00:00+01:00",
    });
    let project = project(&app, &[&doc], availability, json!({})).await;
    let asked = |more: Value| {
        let mut body = json!({ "project_id": project });
        for (name, value) in more.as_object().expect("fields") {
            body[name] = value.clone();
        }
        body
    };
    let wider =
        asked(json!({ "length": "1 hour", "from": "now", "to": "3 months", "mode": "exclusive" }));
    assert_eq!(slots(&search(&page, asked(json!({}))).await).len(), 8);
    assert_eq!(slots(&search(&page, wider.clone()).await).len(), 8);
    assert!(slots(&search(&app, wider).await).len() > 400);
    let narrower = asked(json!({
        "to": "2026-11-23T13:00:00+01:00", "constraints": [{ "block_hours": { "start": 9, "end": 10 } }],
    }));
    assert_eq!(hours(&search(&page, narrower).await), ["10:00"]);
    let others = asked(json!({ "resources": [other] }));
    let refused = page.post("/v2/availability", others.clone()).await;
    assert_eq!((refused.status, refused.faults()), (422, vec!["resources"]));
    search(&app, others).await;

    // A resource of a project is booked through it, and so is offered through it; any other is offered as it is.
    let alone = page
        .post("/v2/availability", on_monday(&[&doc], "mutual"))
        .await;
    assert_eq!((alone.status, alone.faults()), (422, vec!["project_id"]));
    assert_eq!(
        slots(&search(&page, on_monday(&[&other], "mutual")).await).len(),
        8
    );
}

#[tokio::test]
async fn an_app_key_books_any_free_time_and_a_widget_key_only_what_is_offered() {
    let server = TestServer::start().await;
    let (app, page) = (server.app(), widget(&server));
    let doc = somebody(&app, "doc", json!({})).await;
    let availability = json!({
        "mode": "mutual", "length": "1 hour", "to": "1 week", "minimum_notice": "1 day", "max_bookings_per_week": 4,
    });
    let holiday = json!({ "availability_constraints": [
        { "block_period": { "start": "2026-11-25", "end": "2026-11-26" } },
    ] });
    let project = project(&app, &[&doc], availability, holiday).await;
    let slot = |start: &str, end: &str| json!({ "start": start, "end": end, "resources": [{ "id": doc }] });
    for (why, start, end) in [
        (
            "closed",
            "2026-11-23T20:00:00+01:00",
            "2026-11-23T21:00:00+01:00",
        ),
        (
            "a holiday",
            "2026-11-25T10:00:00+01:00",
            "2026-11-25T11:00:00+01:00",
        ),
        (
            "off the grid",
            "2026-11-23T10:10:00+01:00",
            "2026-11-23T11:10:00+01:00",
        ),
        (
            "another length",
            "2026-11-24T10:00:00+01:00",
            "2026-11-24T10:30:00+01:00",
        ),
        (
            "too soon",
            "2026-11-21T14:00:00+01:00",
            "2026-11-21T15:00:00+01:00",
        ),
        (
            "too far ahead",
            "2026-12-01T10:00:00+01:00",
            "2026-12-01T11:00:00+01:00",
        ),
        // The first four were in this week.
        (
            "a full week",
            "2026-11-26T10:00:00+01:00",
            "2026-11-26T11:00:00+01:00",
        ),
    ] {
        let wanted = of_widget(&project, &slot(start, end));
        let refused = page.post("/v2/bookings", wanted.clone()).await;
        assert_eq!(
            (refused.status, refused.faults()),
            (409, vec!["event"]),
            "{why}"
        );
        assert_eq!(refused.body["code"], "not_offered", "{why}");
        app.post("/v2/bookings", wanted.clone())
            .await
            .expecting(201);
        // Free is the one thing that it must be.
        let taken = app.post("/v2/bookings", wanted).await.expecting(409);
        assert_eq!(taken.body["code"], "slot_taken", "{why}");
    }
}

#[tokio::test]
async fn a_hold_hides_its_time_until_it_lapses() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = somebody(&app, "doc", json!({})).await;
    let mut hold = booking(
        &doc,
        "instant",
        "2026-11-23T09:00:00+01:00",
        "2026-11-23T10:00:00+01:00",
    );
    hold["reservation_time"] = 60.into();
    app.post("/v2/bookings/reserve", hold).await.expecting(201);
    for (seconds, first) in [(0, "10:00"), (61, "10:00"), (62, "09:00")] {
        server.clock.set(instant(NOW) + TimeDelta::seconds(seconds));
        let reply = search(&app, on_monday(&[&doc], "mutual")).await;
        assert_eq!(hours(&reply)[0], first, "after {seconds} s");
    }
}

#[tokio::test]
async fn what_bears_two_bookings_is_free_until_there_are_two() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "room", json!({ "capacity": 2 })).await;
    for left in [2, 1, 0] {
        let reply = search(&app, on_monday(&[&room], "mutual")).await;
        assert_eq!(hours(&reply).contains(&"09:00"), left > 0, "{left} left");
        let one = booking(
            &room,
            "instant",
            "2026-11-23T09:30:00+01:00",
            "2026-11-23T10:00:00+01:00",
        );
        let status = if left > 0 { 201 } else { 409 };
        app.post("/v2/bookings", one).await.expecting(status);
    }
}

#[tokio::test]
async fn dates_counts_and_what_is_taken_agree_with_the_slots() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = somebody(&app, "doc", json!({})).await;
    let marty = somebody(
        &app,
        "marty",
        json!({ "availability_constraints": [
        { "allow_day_and_time": { "day": "Friday", "start": 10, "end": 12 } },
    ] }),
    )
    .await;
    let taken = booking(
        &doc,
        "instant",
        "2026-11-24T08:00:00+01:00",
        "2026-11-24T17:00:00+01:00",
    );
    app.post("/v2/bookings", taken).await.expecting(201);
    let body = json!({
        "resources": [doc, marty], "mode": "roundrobin_prioritized", "to": "1 week", "output_timezone": "Europe/Copenhagen",
    });
    let listed = search(&app, body.clone()).await;
    let counted = app
        .post("/v2/availability/count", body.clone())
        .await
        .expecting(200);
    assert_eq!(
        counted.body,
        json!({ "data": { "total": slots(&listed).len() } })
    );
    assert_eq!(slots(&listed).len(), 4 * 8);
    let dates = app
        .post("/v2/availability/dates", body.clone())
        .await
        .expecting(200);
    assert_eq!(
        dates.body["data"],
        json!([
            { "date": "2026-11-23", "resources": [doc] },
            { "date": "2026-11-25", "resources": [doc] },
            { "date": "2026-11-26", "resources": [doc] },
            { "date": "2026-11-27", "resources": [doc, marty] },
        ])
    );
    let missing = app.post("/v2/unavailable/slots", body).await.expecting(200);
    assert_eq!(
        hours(&missing),
        [
            "09:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00"
        ]
    );
    assert_eq!(slots(&missing)[0]["start"], "2026-11-24T09:00:00+01:00");
    assert!(slots(&missing).iter().all(|slot| names(slot) == ["doc"]));
}

#[tokio::test]
async fn a_resources_token_searches_that_resource_alone() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = somebody(&app, "doc", json!({})).await;
    let other = somebody(&app, "other", json!({})).await;
    let client_token = json!({ "resource_id": doc, "type": "client-token", "description": "", "scopes": ["widget"] });
    app.post("/v2/credentials", client_token)
        .await
        .expecting(201);
    for token_type in ["server-token", "client-token"] {
        let token = server.token(&app, &doc, token_type).await;
        let own = server.with_token(TEST_SLUG, &token);
        let mut body = on_monday(&[&doc], "mutual");
        assert_eq!(
            slots(&search(&own, body.clone()).await).len(),
            8,
            "{token_type}"
        );
        body["resources"] = Value::Null;
        assert_eq!(
            slots(&search(&own, body.clone()).await).len(),
            8,
            "{token_type}"
        );
        body["resources"] = json!([doc, other]);
        let refused = own.post("/v2/availability", body).await.expecting(404);
        assert_eq!(refused.body["model"], "Resource");
    }
}

#[tokio::test]
async fn a_search_that_cannot_be_meant_is_told_by_field() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = somebody(&app, "doc", json!({})).await;
    for (field, value, fault) in [
        ("mode", json!("round"), "mode"),
        ("mode", Value::Null, "mode"),
        ("resources", Value::Null, "resources"),
        ("resources", json!([]), "resources"),
        ("resources", json!(["doc"]), "resources"),
        ("resources", json!("doc"), "resources"),
        ("project_id", json!("page"), "project_id"),
        (
            "output_timezone",
            json!("Europe/Nowhere"),
            "output_timezone",
        ),
        ("output_timezone", json!(1), "output_timezone"),
        ("length", json!("1 fortnight"), "length"),
        ("length", json!("0 minutes"), "length"),
        ("length", json!("-1 hour"), "length"),
        ("length", json!("32 days"), "length"),
        ("length", json!(60), "length"),
        (
            "timeslot_increments",
            json!("0 minutes"),
            "timeslot_increments",
        ),
        ("buffer", json!("25 hours"), "buffer"),
        ("buffer_before", json!("-5 minutes"), "buffer_before"),
        ("buffer_after", json!("soon"), "buffer_after"),
        ("minimum_notice", json!("later"), "minimum_notice"),
        ("max_bookings_per_day", json!(0), "max_bookings_per_day"),
        (
            "max_bookings_per_week",
            json!("many"),
            "max_bookings_per_week",
        ),
        (
            "round_to_nearest_hour",
            json!("yes"),
            "round_to_nearest_hour",
        ),
        ("ignore_all_day_events", json!(2), "ignore_all_day_events"),
        ("from", json!("last week"), "from"),
        ("from", json!("2026-11-25T00:00:00"), "from"),
        ("from", json!("5 weeks"), "to"),
        ("to", json!("7 months"), "to"),
        ("to", json!("2026-11-20T00:00:00Z"), "to"),
        ("constraints", json!({}), "constraints"),
        (
            "constraints",
            json!([{ "allow_month": {} }]),
            "constraints.0.allow_month",
        ),
        (
            "constraints",
            json!([{ "block_weekends": {} }, { "allow_hours": { "start": 9, "end": "17:75" } }]),
            "constraints.1.allow_hours.end",
        ),
        (
            "constraints",
            json!(vec![json!({ "block_weekends": {} }); 4_000]),
            "constraints",
        ),
    ] {
        let mut body = on_monday(&[&doc], "mutual");
        body[field] = value.clone();
        for path in [
            "/v2/availability",
            "/v2/availability/dates",
            "/v2/availability/count",
            "/v2/unavailable/slots",
        ] {
            let refused = app.post(path, body.clone()).await;
            assert_eq!(
                (refused.status, refused.faults()),
                (422, vec![fault]),
                "{field}: {value}"
            );
        }
    }
    // Only a start, and it is after the end that nobody sent.
    let body = json!({ "resources": [doc], "mode": "mutual", "from": "5 weeks" });
    let refused = app.post("/v2/availability", body).await;
    assert_eq!((refused.status, refused.faults()), (422, vec!["from"]));
    let all = json!({ "mode": 5, "length": 5, "constraints": [5], "output_timezone": "x", "project_id": "x" });
    let refused = app.post("/v2/availability", all).await;
    assert_eq!(
        refused.faults(),
        [
            "constraints.0",
            "length",
            "mode",
            "output_timezone",
            "project_id"
        ]
    );
}

#[tokio::test]
async fn a_search_that_would_never_end_is_refused() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut resources = Vec::new();
    for number in 0..10 {
        resources.push(
            somebody(
                &app,
                &format!("n{number}"),
                json!({ "availability_constraints": [] }),
            )
            .await,
        );
    }
    let mut body = json!({
        "resources": resources, "mode": "exclusive", "to": "6 months", "length": "1 minute",
    });
    let too_many = app.post("/v2/availability", body.clone()).await;
    assert_eq!((too_many.status, too_many.faults()), (422, vec!["to"]));
    body["to"] = "1 week".into();
    let too_large = app.post("/v2/availability", body.clone()).await;
    assert_eq!((too_large.status, too_large.faults()), (422, vec!["to"]));
    let counted = app
        .post("/v2/availability/count", body)
        .await
        .expecting(200);
    assert_eq!(counted.body["data"]["total"], 7 * 24 * 60);
}

#[tokio::test]
async fn projects_and_resources_of_others_do_not_exist() {
    let server = TestServer::start().await;
    let app = server.app();
    let (_, others) = server.sign_up("other@clinic.example").await;
    let theirs = somebody(&server.with_key(&others.api_key), "theirs", json!({})).await;
    let doc = somebody(&app, "doc", json!({})).await;
    for resources in [vec![&theirs], vec![&doc, &theirs]] {
        let resources: Vec<&str> = resources.into_iter().map(String::as_str).collect();
        let refused = app
            .post("/v2/availability", on_monday(&resources, "exclusive"))
            .await;
        assert_eq!(
            (refused.status, &refused.body["model"]),
            (404, &json!("Resource"))
        );
    }
    for caller in [app, widget(&server)] {
        for project in [LIVE_PROJECT.to_string(), doc.clone()] {
            let refused = caller
                .post("/v2/availability", json!({ "project_id": project }))
                .await;
            assert_eq!(
                (refused.status, &refused.body["model"]),
                (404, &json!("Project"))
            );
        }
    }
}

#[tokio::test]
async fn a_page_can_read_why_its_key_is_refused() {
    let server = TestServer::start().await;
    let wrong = server
        .with_key("test_widget_key_cHiN4hGUtjs0ayycDT4XiIXcLQun65jE")
        .header("origin", "https://clinic.example");
    let refused = wrong
        .post(
            "/v2/availability",
            json!({ "project_id": TEST_PROJECT.to_string() }),
        )
        .await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    assert!(refused.body["error"].is_string(), "{}", refused.body);
}

#[tokio::test]
async fn a_search_reads_the_sheets_of_each_resource_once() {
    let server = TestServer::start().await;
    let app = server.live_app();
    let mut resources = Vec::new();
    for number in 0..30 {
        resources.push(somebody(&app, &format!("n{number}"), json!({})).await);
    }
    let ids: Vec<&str> = resources.iter().map(String::as_str).collect();
    let project = project(&app, &ids, json!({ "mode": "exclusive" }), json!({})).await;
    let body = json!({ "project_id": project });
    // The first takes a permit of the key's limit.
    search(&app, body.clone()).await;
    let calls = server.store_calls();
    search(&app, body).await;
    let calls = server.store_calls() - calls;
    // The key, at most a permit, the project, the resources, and a query for each.
    assert!((33..=34).contains(&calls), "{calls} calls");
}
