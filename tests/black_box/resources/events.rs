//! Calendars and events: an event takes its resource's time, for availability and for bookings alike, and gives it back
//! when it moves or goes.

use std::collections::BTreeSet;

use http::Method;
use local::demo::{DOC_BROWN, ROOM, TEST_SLUG};
use model::ids::ResourceId;
use serde_json::{Value, json};
use tests::{Client, Instance, Reply, Simulation, TestServer, booking, with};
use uuid::Uuid;

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";

/// A resource without an address.
async fn somebody(app: &Client, timezone: &str, more: Value) -> String {
    let mut body = json!({ "name": "Somebody", "timezone": timezone });
    for (field, value) in more.as_object().expect("fields") {
        body[field] = value.clone();
    }
    app.post("/v2/resources", body).await.expecting(201).id()
}

fn event(resource: &str, start: &str, end: &str) -> Value {
    json!({ "resource_id": resource, "start": start, "end": end, "what": "Dentist", "where": "Town" })
}

fn all_day(resource: &str, start: &str, end: &str) -> Value {
    with(event(resource, start, end), "all_day", true.into())
}

async fn made(app: &Client, body: Value) -> String {
    app.post("/v2/events", body).await.expecting(201).id()
}

async fn book(app: &Client, resource: &str, start: &str, end: &str) -> Reply {
    let body = booking(resource, "instant", start, end);
    app.post("/v2/bookings", body).await
}

async fn default_calendar(app: &Client, resource: &str) -> String {
    let found = app.get(&format!("/v2/resources/{resource}")).await;
    let id = found.body["data"]["calendars"][0]["id"].as_str();
    id.expect("a calendar").to_owned()
}

async fn another_calendar(app: &Client, resource: &str) -> String {
    let body = json!({ "resource_id": resource, "name": "Holidays" });
    app.post("/v2/calendars/", body).await.expecting(201).id()
}

/// The hours of 1 December that are offered, in UTC.
async fn offered(app: &Client, resource: &str, more: Value) -> Vec<String> {
    let mut body = json!({
        "resources": [resource], "mode": "mutual", "from": "2026-12-01T08:00:00Z", "to": "2026-12-01T14:00:00Z",
        "output_timezone": "UTC",
    });
    for (field, value) in more.as_object().expect("fields") {
        body[field] = value.clone();
    }
    let found = app.post("/v2/availability", body).await.expecting(200);
    let slots = found.body["data"].as_array().expect("slots").iter();
    let start = |slot: &Value| slot["start"].as_str().expect("a start")[11..13].to_owned();
    slots.map(start).collect()
}

/// What a list of these events' window shows, by id.
async fn listed(app: &Client, start: &str, end: &str, search: &str) -> Vec<String> {
    let path = format!("/v2/events?start={start}&end={end}&search={search}");
    let found = app.get(&path).await.expecting(200);
    let rows = found.body["data"].as_array().expect("events").iter();
    rows.map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect()
}

async fn delete(app: &Client, what: &str, id: &str) -> Reply {
    app.delete(&format!("/v2/{what}/{id}")).await
}

fn of_resources(reply: &Reply) -> BTreeSet<String> {
    let rows = reply.body["data"].as_array().expect("a list").iter();
    rows.map(|row| row["resource_id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn an_event_blocks_its_time_in_availability_and_for_bookings_and_gives_it_back() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "UTC", json!({})).await;
    let id = made(&app, event(&room, TEN, ELEVEN)).await;
    let without_ten = ["08", "09", "11", "12", "13"];
    assert_eq!(offered(&app, &room, json!({})).await, without_ten);
    let refused = book(&app, &room, TEN, ELEVEN).await.expecting(409);
    assert_eq!(refused.body["code"], "slot_taken");
    let tentative = booking(&room, "confirm_decline", TEN, ELEVEN);
    app.post("/v2/bookings", tentative).await.expecting(409);
    app.post(
        "/v2/bookings/reserve",
        booking(&room, "instant", TEN, ELEVEN),
    )
    .await
    .expecting(409);

    // It moves: what it had is free, what it has is not.
    let path = format!("/v2/events/{id}");
    let moved = json!({ "start": ELEVEN, "end": NOON });
    let seen = app.put(&path, moved).await.expecting(200);
    assert_eq!(seen.body["data"]["start"], "2026-12-01T11:00:00+00:00");
    assert_eq!(
        seen.body["data"]["what"], "Dentist",
        "what is not sent stays"
    );
    let without_eleven = ["08", "09", "10", "12", "13"];
    assert_eq!(offered(&app, &room, json!({})).await, without_eleven);
    book(&app, &room, TEN, ELEVEN).await.expecting(201);
    book(&app, &room, ELEVEN, NOON).await.expecting(409);

    delete(&app, "events", &id).await.expecting(204);
    delete(&app, "events", &id).await.expecting(404);
    app.get(&path).await.expecting(404);
    book(&app, &room, ELEVEN, NOON).await.expecting(201);
}

#[tokio::test]
async fn an_event_may_overlap_events_and_bookings_that_are_there_and_blocks_all_of_the_capacity() {
    let server = TestServer::start().await;
    let app = server.app();
    let class = somebody(&app, "UTC", json!({ "capacity": 3 })).await;
    book(&app, &class, TEN, ELEVEN).await.expecting(201);
    made(&app, event(&class, TEN, ELEVEN)).await;
    made(&app, event(&class, TEN, NOON)).await;
    for (start, end) in [(TEN, ELEVEN), (ELEVEN, NOON)] {
        book(&app, &class, start, end).await.expecting(409);
    }
    // A buffer reaches into an event as into a booking.
    let buffered = with(
        booking(&class, "instant", "2026-12-01T09:00:00Z", TEN),
        "settings",
        json!({ "buffer": "1 minute" }),
    );
    app.post("/v2/bookings", buffered).await.expecting(409);
    book(&app, &class, "2026-12-01T09:00:00Z", TEN)
        .await
        .expecting(201);
    let hours = ["08", "09", "12", "13"];
    assert_eq!(offered(&app, &class, json!({})).await, hours);
    // Who may overlap anything may overlap an event too.
    let over = with(
        booking(&class, "instant", TEN, ELEVEN),
        "settings",
        json!({ "allow_double_bookings": true }),
    );
    app.post("/v2/bookings", over).await.expecting(201);
}

#[tokio::test]
async fn what_was_tentative_or_held_before_an_event_came_is_decided_by_who_had_the_time_first() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "UTC", json!({})).await;
    let waiting = app
        .book(booking(&room, "confirm_decline", TEN, ELEVEN))
        .await;
    let paying = app
        .book(booking(&room, "instant_payment", ELEVEN, NOON))
        .await;
    made(&app, event(&room, TEN, NOON)).await;
    // The first had no time, the second had.
    assert_eq!(app.act(&waiting, "confirm").await.status, 409);
    assert_eq!(app.act(&paying, "pay").await.status, 200);
}

#[tokio::test]
async fn an_event_of_whole_days_lasts_the_days_of_its_resources_zone() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = somebody(&app, "America/Los_Angeles", json!({})).await;
    for (start, end) in [
        ("2026-12-01", "2026-12-02"),
        ("2026-12-01", "2026-12-01"),
        ("2026-12-01T10:00:00-08:00", "2026-12-01T11:00:00-08:00"),
    ] {
        let made = app.post("/v2/events", all_day(&doc, start, end)).await;
        let made = made.expecting(201).body["data"].clone();
        assert_eq!(made["allDay"], true);
        assert_eq!(made["start"], "2026-12-01T00:00:00-08:00", "{start} {end}");
        assert_eq!(made["end"], "2026-12-02T00:00:00-08:00", "{start} {end}");
        let id = made["id"].as_str().expect("an id");
        // The hour before its first and behind its last is free.
        for (hour, status) in [
            ("2026-12-01T07:00:00Z", 201),
            ("2026-12-01T08:00:00Z", 409),
            ("2026-12-02T07:00:00Z", 409),
            ("2026-12-02T08:00:00Z", 201),
        ] {
            let end = hour.replace(":00:00Z", ":30:00Z");
            let reply = book(&app, &doc, hour, &end).await;
            assert_eq!(reply.status, status, "{hour}: {}", reply.body);
            if status == 201 {
                app.act(&reply.id(), "cancel").await.expecting(200);
            }
        }
        delete(&app, "events", id).await.expecting(204);
    }
    let camel = with(
        event(&doc, "2026-12-01", "2026-12-02"),
        "allDay",
        true.into(),
    );
    app.post("/v2/events", camel).await.expecting(201);
}

#[tokio::test]
async fn events_of_whole_days_are_passed_over_where_the_project_or_the_request_says_so() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "UTC", json!({})).await;
    let project = json!({
        "name": "Page", "resources": [room],
        "availability": { "mode": "mutual", "length": "1 hour", "ignore_all_day_events": true },
    });
    let project = app.post("/v2/projects", project).await.expecting(201).id();
    let strict = json!({
        "name": "Strict", "resources": [room], "availability": { "mode": "mutual", "length": "1 hour" },
    });
    let strict = app.post("/v2/projects", strict).await.expecting(201).id();
    made(&app, all_day(&room, "2026-12-01", "2026-12-01")).await;
    made(&app, event(&room, TEN, ELEVEN)).await;
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let but_ten = ["08", "09", "11", "12", "13"];
    let nothing: [&str; 0] = [];
    let ask = async |caller: &Client, project: Option<&str>, ignore: Option<bool>| {
        let mut more = json!({ "project_id": project });
        if let Some(ignore) = ignore {
            more["ignore_all_day_events"] = ignore.into();
        }
        offered(caller, &room, more).await
    };
    assert_eq!(ask(&app, None, None).await, nothing);
    assert_eq!(ask(&app, None, Some(true)).await, but_ten);
    assert_eq!(ask(&app, Some(&project), None).await, but_ten);
    assert_eq!(ask(&app, Some(&project), Some(false)).await, nothing);
    assert_eq!(ask(&widget, Some(&project), None).await, but_ten);
    // A page cannot say otherwise than its project, in neither direction.
    assert_eq!(ask(&widget, Some(&project), Some(false)).await, but_ten);
    assert_eq!(ask(&widget, Some(&strict), Some(true)).await, nothing);

    // What is offered is booked with the same request, and what is not is refused.
    let page = |project: &str, start: &str, end: &str| {
        json!({
            "start": start, "end": end, "project_id": project, "resource_id": room,
            "customer": { "name": "Marty", "email": "marty@example.com" },
        })
    };
    let nine = "2026-12-01T09:00:00Z";
    let refused = |reply: Reply| reply.expecting(409);
    refused(widget.post("/v2/bookings", page(&strict, nine, TEN)).await);
    refused(
        widget
            .post("/v2/bookings", page(&project, TEN, ELEVEN))
            .await,
    );
    let booked = widget.post("/v2/bookings", page(&project, nine, TEN)).await;
    let booked = booked.expecting(201).id();
    // It keeps this when it moves, by the page and by a key.
    let place = |start: &str, end: &str| json!({ "start": start, "end": end, "resource_id": room });
    let path = format!("/v2/bookings/{booked}/reschedule");
    let moved = widget
        .post(&path, place(ELEVEN, NOON))
        .await
        .expecting(200)
        .id();
    let path = format!("/v2/bookings/{moved}/reschedule");
    app.post(&path, place(TEN, ELEVEN)).await.expecting(409);
    app.post(&path, place(nine, TEN)).await.expecting(200);

    refused(book(&app, &room, NOON, "2026-12-01T13:00:00Z").await);
    let says = |ignore: bool| {
        let body = booking(&room, "instant", NOON, "2026-12-01T13:00:00Z");
        with(body, "settings", json!({ "ignore_all_day_events": ignore }))
    };
    let by_project = |ignore| with(says(ignore), "project_id", project.clone().into());
    refused(app.post("/v2/bookings", by_project(false)).await);
    let held = app.post("/v2/bookings/reserve", says(true)).await;
    let reserved = held.expecting(201).id();
    let last = json!({
        "reservation_id": reserved, "graph": "instant", "customer": { "name": "Marty", "email": "m@example.com" },
    });
    app.post("/v2/bookings", last).await.expecting(201);
}

#[tokio::test]
async fn an_event_of_ninety_days_is_made_moved_a_little_and_deleted_and_one_day_more_is_refused() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "UTC", json!({})).await;
    let start = "2026-12-01T12:00:00Z";
    let body = event(&room, start, "2027-03-01T12:00:00Z");
    let with_key = app.header("idempotency-key", "ninety days");
    let id = with_key.post("/v2/events", body).await.expecting(201).id();
    let last = ("2027-03-01T11:00:00Z", "2027-03-01T12:00:00Z");
    book(&app, &room, last.0, last.1).await.expecting(409);
    let too_long = event(&room, start, "2027-03-01T12:00:01Z");
    let refused = app.post("/v2/events", too_long).await.expecting(422);
    assert_eq!(refused.faults(), ["end"]);
    let too_long = all_day(&room, "2026-12-01", "2027-03-02");
    let refused = app.post("/v2/events", too_long).await.expecting(422);
    assert_eq!(refused.faults(), ["end"]);

    let path = format!("/v2/events/{id}");
    let a_day_later = json!({ "start": "2026-12-02T12:00:00Z", "end": "2027-03-02T12:00:00Z" });
    app.put(&path, a_day_later).await.expecting(200);
    book(&app, &room, start, "2026-12-01T13:00:00Z")
        .await
        .expecting(201);
    book(&app, &room, last.0, last.1).await.expecting(409);
    // Old and new time together would be more than one transaction holds: nothing is moved, and it says what to do.
    let far = json!({ "start": "2027-06-01T12:00:00Z", "end": "2027-08-30T12:00:00Z" });
    let refused = app.put(&path, far).await.expecting(422);
    assert_eq!(refused.faults(), ["end"]);
    let sentence = refused.body["errors"]["end"][0]
        .as_str()
        .expect("a sentence");
    assert!(sentence.contains("make another"), "{sentence}");
    book(&app, &room, last.0, last.1).await.expecting(409);
    book(&app, &room, "2027-06-01T12:00:00Z", "2027-06-01T13:00:00Z")
        .await
        .expecting(201);

    delete(&app, "events", &id).await.expecting(204);
    book(&app, &room, last.0, last.1).await.expecting(201);
    let days = all_day(&room, "2027-03-10", "2027-06-08");
    app.post("/v2/events", days).await.expecting(201);
}

#[tokio::test]
async fn events_are_listed_by_start_within_a_window_that_is_required_and_bounded() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "UTC", json!({})).await;
    let other = somebody(&app, "UTC", json!({})).await;
    let holidays = another_calendar(&app, &room).await;
    let long = made(
        &app,
        event(&room, "2026-09-15T00:00:00Z", "2026-12-01T10:30:00Z"),
    )
    .await;
    let second = made(&app, event(&other, ELEVEN, NOON)).await;
    let mut body = event(&room, TEN, ELEVEN);
    body["calendar_id"] = holidays.clone().into();
    let first = made(&app, body).await;
    let all = [long.clone(), first.clone(), second.clone()];
    assert_eq!(listed(&app, TEN, NOON, "").await, all);
    assert_eq!(listed(&app, TEN, ELEVEN, "").await, all[..2]);
    // Half open, like slots.
    assert_eq!(
        listed(&app, "2026-12-01T10:30:00Z", NOON, "").await,
        all[1..]
    );
    let of_room = format!("resource.id:{room}");
    assert_eq!(listed(&app, TEN, NOON, &of_room).await, all[..2]);
    let old_form = format!("?resource_id:{room}");
    assert_eq!(listed(&app, TEN, NOON, &old_form).await, all[..2]);
    let of_calendar = format!("calendar.id:{holidays}");
    assert_eq!(listed(&app, TEN, NOON, &of_calendar).await, all[1..2]);
    let both = format!("{of_calendar};resource.id:{other}");
    let none: [String; 0] = [];
    assert_eq!(listed(&app, TEN, NOON, &both).await, none);
    let unknown = format!("calendar.id:{}", Uuid::from_u128(7));
    assert_eq!(listed(&app, TEN, NOON, &unknown).await, none);
    // Page by page, it is the same.
    let mut next = Some(format!("/v2/events?start={TEN}&end={NOON}&limit=1"));
    let mut found = Vec::new();
    while let Some(path) = next {
        let page = app.get(&path).await.expecting(200);
        assert_eq!(page.body["total"], 3);
        let rows = page.body["data"].as_array().expect("events").iter();
        found.extend(rows.map(|row| row["id"].as_str().expect("an id").to_owned()));
        let url = page.body["next_page_url"].as_str();
        next = url.map(|url| url[url.find("/v2").expect("a path")..].to_owned());
    }
    assert_eq!(found, all);

    for (query, faults) in [
        (String::new(), &["end", "start"][..]),
        (format!("start={TEN}"), &["end"]),
        (format!("start={NOON}&end={TEN}"), &["end"]),
        (format!("start={TEN}&end=2027-12-03T10:00:00Z"), &["end"]),
        (format!("start=tomorrow&end={NOON}"), &["start"]),
        (format!("start={TEN}&end={NOON}&search=what:x"), &["search"]),
        (
            format!("start={TEN}&end={NOON}&search=resource.id:x&limit=0"),
            &["limit", "search"],
        ),
    ] {
        let reply = app.get(&format!("/v2/events?{query}")).await.expecting(422);
        assert_eq!(reply.faults(), faults, "{query}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_event_or_a_calendar_is_told_by_field() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "UTC", json!({})).await;
    let other = somebody(&app, "UTC", json!({})).await;
    let others = default_calendar(&app, &other).await;
    let all = ["end", "resource_id", "start", "what", "where"];
    let mut of_other = event(&room, TEN, ELEVEN);
    of_other["calendar_id"] = others.into();
    let field = |name: &str, value: Value| with(event(&room, TEN, ELEVEN), name, value);
    for (body, faults) in [
        (json!({}), &all[..]),
        (of_other, &["calendar_id"]),
        (event(&room, ELEVEN, TEN), &["end"]),
        (event(&room, TEN, TEN), &["end"]),
        (event(&room, "2026-12-01", "2026-12-02"), &["start"]),
        (event(&room, TEN, "2026-12-02"), &["end"]),
        (
            event(&room, "noon", "2026-12-01T11:00:00"),
            &["end", "start"],
        ),
        (all_day(&room, "2026-12-02", "2026-12-01"), &["end"]),
        (all_day(&room, "2026-02-30", "2026-03-01"), &["start"]),
        (field("all_day", "yes".into()), &["all_day"]),
        (field("my_rsvp", "x".repeat(201).into()), &["my_rsvp"]),
        (
            field("participants", "a@b.example".into()),
            &["participants"],
        ),
        (field("what", "x".repeat(1_001).into()), &["what"]),
        (field("calendar_id", "mine".into()), &["calendar_id"]),
    ] {
        let reply = app.post("/v2/events", body.clone()).await.expecting(422);
        assert_eq!(reply.faults(), faults, "{body}");
    }
    let mut unknown = event(&room, TEN, ELEVEN);
    unknown["resource_id"] = Uuid::from_u128(7).to_string().into();
    let reply = app.post("/v2/events", unknown).await.expecting(404);
    assert_eq!(reply.body["model"], "Resource");
    let id = made(&app, event(&room, TEN, ELEVEN)).await;
    let path = format!("/v2/events/{id}");
    let reply = app
        .put(&path, json!({ "start": NOON }))
        .await
        .expecting(422);
    assert_eq!(reply.faults(), ["end"]);

    for (body, faults) in [
        (json!({}), &["name", "resource_id"][..]),
        (
            json!({ "resource_id": "x", "name": "", "description": [], "backgroundcolor": "x".repeat(33), "primary": 2 }),
            &[
                "backgroundcolor",
                "description",
                "name",
                "primary",
                "resource_id",
            ],
        ),
    ] {
        let reply = app.post("/v2/calendars", body).await.expecting(422);
        assert_eq!(reply.faults(), faults);
    }
    for _ in 1..20 {
        another_calendar(&app, &room).await;
    }
    let body = json!({ "resource_id": room, "name": "One too many" });
    let reply = app.post("/v2/calendars", body).await.expecting(422);
    assert_eq!(reply.faults(), ["resource_id"]);
}

#[tokio::test]
async fn every_resource_has_a_default_calendar_and_may_have_others() {
    let server = TestServer::start().await;
    let app = server.app();
    // One that was there before, and one that is new.
    let new = somebody(&app, "UTC", json!({})).await;
    for resource in [ROOM.to_string(), new] {
        let id = default_calendar(&app, &resource).await;
        let seen = app
            .get(&format!("/v2/calendars/{id}/"))
            .await
            .expecting(200);
        let calendar = &seen.body["data"];
        assert_eq!(calendar["name"], "Bookings");
        assert_eq!(calendar["resource_id"], resource.as_str());
        assert_eq!(calendar["provider"], "timekit");
        assert_eq!(calendar["provider_access"], "owner");
        assert_eq!(calendar["provider_primary"], true);
        assert_eq!(calendar["provider_sync"], false);
        let refused = delete(&app, "calendars", &id).await.expecting(409);
        assert_eq!(refused.body["code"], "conflict");

        let holidays = another_calendar(&app, &resource).await;
        let path = format!("/v2/calendars/{holidays}");
        let body = json!({ "description": "Away", "backgroundcolor": "#fbe983" });
        let seen = app.put(&path, body).await.expecting(200).body["data"].clone();
        assert_eq!(seen["name"], "Holidays", "what is not sent stays");
        assert_eq!(seen["description"], "Away");
        assert_eq!(seen["backgroundcolor"], "#fbe983");
        assert_eq!(seen["provider_primary"], false);
        let search = format!("/v2/calendars?search=resource.id:{resource}");
        let list = app.get(&search).await;
        assert_eq!(list.body["total"], 2);
        assert_eq!(
            list.body["data"][0]["id"],
            id.as_str(),
            "the default one first"
        );

        // A booking goes to the default one, or to the one that it names.
        let mut body = booking(&resource, "instant", TEN, ELEVEN);
        let shows = "/v2/bookings?include=calendar,event";
        let booked = app.post(shows, body.clone()).await.expecting(201);
        assert_eq!(booked.body["data"]["calendar"]["id"], id.as_str());
        assert_eq!(booked.body["data"]["event"]["allDay"], false);
        body["calendar_id"] = holidays.clone().into();
        body["start"] = ELEVEN.into();
        body["end"] = NOON.into();
        let booked = app.post(shows, body).await.expecting(201);
        assert_eq!(booked.body["data"]["calendar"]["name"], "Holidays");
        let of_calendar = format!("/v2/bookings?search=calendar.id:{holidays}");
        assert_eq!(app.get(&of_calendar).await.body["total"], 1);

        // Another one becomes the default one; then this one can go.
        app.put(&path, json!({ "primary": true }))
            .await
            .expecting(200);
        assert_eq!(default_calendar(&app, &resource).await, holidays);
        delete(&app, "calendars", &id).await.expecting(204);
        app.get(&format!("/v2/calendars/{id}")).await.expecting(404);
        delete(&app, "calendars", &id).await.expecting(404);
        let all = format!("/v2/bookings?include=calendar&search=resource.id:{resource}");
        let list = app.get(&all).await.expecting(200);
        let rows = list.body["data"].as_array().expect("bookings");
        let shown: Vec<_> = rows.iter().map(|row| &row["calendar"]["id"]).collect();
        assert_eq!(shown, [&json!(holidays); 2], "its bookings stay");
    }
    let all = app.get("/v2/calendars?limit=1000").await.expecting(200);
    assert_eq!(all.body["total"], 3);
    let first = app.get("/v2/calendars?limit=1").await;
    assert_eq!(first.body["last_page"], 3);
}

#[tokio::test]
async fn a_deleted_calendar_takes_its_events_with_it_and_gives_back_their_time() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "UTC", json!({})).await;
    let holidays = another_calendar(&app, &room).await;
    let kept = made(&app, event(&room, NOON, "2026-12-01T13:00:00Z")).await;
    let in_it = |start: &str, end: &str| {
        let body = event(&room, start, end);
        with(body, "calendar_id", holidays.clone().into())
    };
    let mut events = vec![made(&app, in_it("2027-01-01T12:00:00Z", "2027-04-01T12:00:00Z")).await];
    for hour in 0..60 {
        let day = 1 + hour % 20;
        let start = format!("2026-12-{day:02}T{:02}:00:00Z", hour / 20);
        let end = format!("2026-12-{day:02}T{:02}:30:00Z", hour / 20);
        events.push(made(&app, in_it(&start, &end)).await);
    }
    let moved = made(&app, event(&room, TEN, ELEVEN)).await;
    let path = format!("/v2/events/{moved}");
    app.put(&path, json!({ "calendar_id": holidays }))
        .await
        .expecting(200);
    events.push(moved);
    let included = format!("/v2/calendars/{holidays}?include=events");
    let seen = app.get(&included).await.expecting(200);
    assert_eq!(
        seen.body["data"]["events"].as_array().map(Vec::len),
        Some(62)
    );
    let included = format!("/v2/resources/{room}?include=calendars,calendars.events,accounts");
    let seen = app.get(&included).await.expecting(200).body["data"].clone();
    assert_eq!(seen["calendars"][0]["events"][0]["id"], kept.as_str());
    assert_eq!(seen["calendars"][1]["name"], "Holidays");
    assert_eq!(seen["accounts"], json!([]));

    book(&app, &room, "2027-02-01T10:00:00Z", "2027-02-01T11:00:00Z")
        .await
        .expecting(409);
    delete(&app, "calendars", &holidays).await.expecting(204);
    for id in &events {
        app.get(&format!("/v2/events/{id}")).await.expecting(404);
    }
    assert_eq!(listed(&app, TEN, "2027-11-01T00:00:00Z", "").await, [kept]);
    for (start, end) in [
        ("2027-02-01T10:00:00Z", "2027-02-01T11:00:00Z"),
        ("2026-12-01T00:00:00Z", ELEVEN),
    ] {
        book(&app, &room, start, end).await.expecting(201);
    }
    book(&app, &room, NOON, "2026-12-01T13:00:00Z")
        .await
        .expecting(409);
    app.post("/v2/events", in_it(TEN, ELEVEN))
        .await
        .expecting(422);
}

#[tokio::test]
async fn a_deleted_resources_calendars_and_events_are_there_no_more() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "UTC", json!({})).await;
    let calendar = default_calendar(&app, &room).await;
    let mut events = Vec::new();
    for day in 1..=60 {
        let day = 1 + day % 28;
        let start = format!("2026-12-{day:02}T10:00:00Z");
        let end = format!("2026-12-{day:02}T11:00:00Z");
        events.push(made(&app, event(&room, &start, &end)).await);
    }
    delete(&app, "resources", &room).await.expecting(204);
    for path in [
        format!("calendars/{calendar}"),
        format!("events/{}", events[0]),
    ] {
        app.get(&format!("/v2/{path}")).await.expecting(404);
        app.put(&format!("/v2/{path}"), json!({}))
            .await
            .expecting(404);
        app.delete(&format!("/v2/{path}")).await.expecting(404);
    }
    let none: [String; 0] = [];
    assert_eq!(listed(&app, TEN, "2027-01-01T00:00:00Z", "").await, none);
    let calendars = app.get("/v2/calendars").await;
    assert!(!of_resources(&calendars).contains(&room));
    app.post("/v2/events", event(&room, TEN, ELEVEN))
        .await
        .expecting(404);
}

#[tokio::test]
async fn tenants_do_not_meet_in_their_calendars_and_events() {
    let server = TestServer::start().await;
    let app = server.app();
    let (_, others) = server.sign_up("other@clinic.example").await;
    let other = server.with_key(&others.api_key);
    let room = somebody(&app, "UTC", json!({})).await;
    let calendar = another_calendar(&app, &room).await;
    let id = made(&app, event(&room, TEN, ELEVEN)).await;
    let nobodys = Uuid::from_u128(7).to_string();
    for (what, own) in [("calendars", &calendar), ("events", &id)] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let body = "{\"name\":\"Mine\",\"what\":\"Mine\"}";
            let (theirs, none) = (format!("/v2/{what}/{own}"), format!("/v2/{what}/{nobodys}"));
            let theirs = other.send(method.clone(), &theirs, body).await;
            let none = other.send(method, &none, body).await;
            assert_eq!(theirs.status, 404, "{}", theirs.body);
            assert_eq!(theirs.comparable(), none.comparable());
        }
    }
    other
        .post("/v2/events", event(&room, TEN, ELEVEN))
        .await
        .expecting(404);
    let mut by_calendar = event(&room, TEN, ELEVEN);
    by_calendar["calendar_id"] = calendar.clone().into();
    by_calendar["resource_id"] = Value::Null;
    let reply = other.post("/v2/events", by_calendar).await.expecting(422);
    assert_eq!(reply.faults(), ["calendar_id"]);
    let body = json!({ "resource_id": room, "name": "Mine" });
    other.post("/v2/calendars", body).await.expecting(404);
    let none: [String; 0] = [];
    for search in [
        String::new(),
        format!("resource.id:{room}"),
        format!("calendar.id:{calendar}"),
    ] {
        assert_eq!(listed(&other, TEN, NOON, &search).await, none);
    }
    let list = other
        .get(&format!("/v2/calendars?search=resource.id:{room}"))
        .await;
    assert_eq!(list.body["total"], 0);
    assert_eq!(listed(&app, TEN, NOON, "").await, [id]);
}

#[tokio::test]
async fn a_server_token_reaches_its_own_calendars_and_events_only_and_public_callers_none() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = DOC_BROWN.to_string();
    let token = async |resource: ResourceId, kind: &str| {
        let token = server.token(&app, &resource.to_string(), kind).await;
        server.with_token(TEST_SLUG, &token)
    };
    let own = token(DOC_BROWN, "server-token").await;
    let room = ROOM.to_string();
    let rooms = another_calendar(&app, &room).await;
    let rooms_event = made(&app, event(&room, TEN, ELEVEN)).await;

    // It need not say whose they are.
    let calendar = own.post("/v2/calendars", json!({ "name": "Own" })).await;
    let calendar = calendar.expecting(201).id();
    let body = json!({ "start": TEN, "end": ELEVEN, "what": "A", "where": "B" });
    let made = own.post("/v2/events", body.clone()).await.expecting(201);
    assert_eq!(made.body["data"]["resource_id"], doc.as_str());
    let in_own = with(body.clone(), "calendar_id", calendar.clone().into());
    own.post("/v2/events", in_own).await.expecting(201);
    let list = own.get("/v2/calendars").await.expecting(200);
    assert_eq!(of_resources(&list), BTreeSet::from([doc.clone()]));
    let list = own
        .get(&format!("/v2/events?start={TEN}&end={NOON}"))
        .await
        .expecting(200);
    assert_eq!(of_resources(&list), BTreeSet::from([doc]));

    for (what, id) in [("calendars", &rooms), ("events", &rooms_event)] {
        let path = format!("/v2/{what}/{id}");
        own.get(&path).await.expecting(404);
        own.put(&path, json!({})).await.expecting(404);
        own.delete(&path).await.expecting(404);
    }
    own.post("/v2/events", event(&room, TEN, ELEVEN))
        .await
        .expecting(404);
    let in_rooms = with(body, "calendar_id", rooms.into());
    own.post("/v2/events", in_rooms).await.expecting(422);
    let search = format!("/v2/events?start={TEN}&end={NOON}&search=resource.id:{room}");
    assert_eq!(own.get(&search).await.expecting(200).body["total"], 0);

    let widget = server.with_key(server.demo.test.widget_key.expose());
    let client = token(DOC_BROWN, "client-token").await;
    for public in [widget, client] {
        for path in [
            "/v2/calendars".to_owned(),
            format!("/v2/calendars/{calendar}"),
            format!("/v2/events?start={TEN}&end={NOON}"),
            "/v2/accounts".to_owned(),
        ] {
            public.get(&path).await.expecting(403);
        }
        public.post("/v2/events", json!({})).await.expecting(403);
        public.post("/v2/calendars", json!({})).await.expecting(403);
    }
    let (_, reads) = server
        .make_key(
            &app,
            json!({ "name": "Reads", "scopes": ["resources.read"] }),
        )
        .await;
    reads.get("/v2/calendars").await.expecting(200);
    reads.post("/v2/calendars", json!({})).await.expecting(403);
}

#[tokio::test]
async fn an_event_and_a_calendar_are_changed_only_in_the_state_that_was_seen() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "UTC", json!({})).await;
    let calendar = another_calendar(&app, &room).await;
    let event = made(&app, event(&room, TEN, ELEVEN)).await;
    for (path, change) in [
        (
            format!("/v2/calendars/{calendar}"),
            json!({ "name": "New" }),
        ),
        (format!("/v2/events/{event}"), json!({ "what": "New" })),
    ] {
        let seen = app.get(&path).await.expecting(200).etag();
        let careful = app.header("if-match", &seen);
        let changed = careful.put(&path, change.clone()).await.expecting(200);
        assert_eq!(app.get(&path).await.etag(), changed.etag());
        assert_ne!(changed.etag(), seen);
        careful.put(&path, change).await.expecting(412);
        careful.delete(&path).await.expecting(412);
        let now = app.header("if-match", &changed.etag());
        now.delete(&path).await.expecting(204);
    }
}

#[tokio::test]
async fn an_event_that_is_sent_again_is_made_once() {
    let server = TestServer::start().await;
    let app = server.app().header("idempotency-key", "one and the same");
    let room = somebody(&server.app(), "UTC", json!({})).await;
    let first = app.post("/v2/events", event(&room, TEN, ELEVEN)).await;
    let again = app.post("/v2/events", event(&room, TEN, ELEVEN)).await;
    assert_eq!(first.clone().expecting(201).body, again.body);
    assert!(again.header("idempotency-replayed").is_some());
    let body = json!({ "resource_id": room, "name": "Holidays" });
    let first = app.post("/v2/calendars", body.clone()).await.expecting(201);
    let again = app.post("/v2/calendars", body).await;
    assert_eq!((first.id(), first.etag()), (again.id(), again.etag()));
    let found = listed(&server.app(), TEN, NOON, "").await;
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn providers_are_answered_with_an_empty_list_and_501() {
    let server = TestServer::start().await;
    let app = server.app();
    let list = app.get("/v2/accounts").await.expecting(200);
    assert_eq!(
        (&list.body["data"], &list.body["total"]),
        (&json!([]), &json!(0))
    );
    for provider in ["google", "microsoft"] {
        let path = format!(
            "/v2/accounts/{provider}/signup?Timekit-App={TEST_SLUG}&callback=https://a.example"
        );
        let reply = server.anonymous().get(&path).await.expecting(501);
        assert_eq!(reply.body["code"], "not_implemented");
        assert!(reply.body["error"].is_string());
    }
    for reply in [
        app.get("/v2/accounts/sync").await,
        app.post("/v2/accounts/sync", json!({})).await,
        app.post("/v2/accounts/microsoft/sync", json!({})).await,
    ] {
        assert_eq!(reply.expecting(501).body["code"], "not_implemented");
    }
    let anybody = server.anonymous();
    anybody.get("/v2/accounts").await.expecting(401);
    anybody
        .post("/v2/accounts/sync", json!({}))
        .await
        .expecting(401);
}

/// Ten bookings and an event over them all, each by an instance of its own; and when the event has been answered, whether
/// or not they have been, more. Those are refused, and whatever came of the others, all that is kept agrees.
#[tokio::test(start_paused = true)]
async fn no_booking_is_accepted_that_is_asked_for_when_the_event_is_made() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..4 {
        let simulation = Simulation::start(seed).await;
        let Instance { client, .. } = simulation.instance().await;
        let room = somebody(&client, "UTC", json!({})).await;
        let hour = |n: usize| {
            let at = |minute: &str| format!("2026-12-{:02}T{:02}:{minute}:00Z", 1 + n / 10, n % 10);
            booking(&room, "instant", &at("00"), &at("30"))
        };
        let days = event(&room, "2026-12-01T00:00:00Z", "2026-12-05T00:00:00Z");
        let caller = async || simulation.distant_instance().await.client;
        let send = |client: Client, path: &'static str, body: Value| {
            tokio::spawn(async move { client.post(path, body).await })
        };
        let mut early = Vec::new();
        for n in 0..10 {
            early.push(send(caller().await, "/v2/bookings", hour(n)));
        }
        let made = send(caller().await, "/v2/events", days);
        made.await.expect("an answer").expecting(201);
        let mut late = Vec::new();
        for n in 0..12 {
            late.push(send(caller().await, "/v2/bookings", hour(n)));
        }
        for reply in late {
            reply.await.expect("an answer").expecting(409);
        }
        for reply in early {
            match reply.await.expect("an answer").status {
                201 => accepted += 1,
                409 => refused += 1,
                other => panic!("{other}"),
            }
        }
        let snapshot = simulation.snapshot();
        snapshot.check(simulation.now(), "after the race");
        assert_eq!(snapshot.events.len(), 1);
    }
    assert!(
        accepted > 0 && refused > 0,
        "no race: {accepted}, {refused}"
    );
}
