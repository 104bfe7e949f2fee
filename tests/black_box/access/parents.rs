//! Whoever acts on a thing is asked whether what it belongs to is still there: a resource, a project, a calendar, an app.

use chrono::TimeDelta;
use local::demo::{DOC_BROWN, ROOM, TEST_APP, TEST_PROJECT};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking, group, instant, seat, with};

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const GROUPS: &str = "/v2/bookings/groups";

async fn room(app: &Client) -> String {
    let wanted = json!({ "name": "Room", "timezone": "UTC" });
    let made = app.post("/v2/resources", wanted).await;
    made.expecting(201).id()
}

/// A request for an hour of `room` on a day of December.
fn on(room: &str, day: u32, graph: &str) -> Value {
    let start = format!("2026-12-{day:02}T10:00:00Z");
    let end = format!("2026-12-{day:02}T11:00:00Z");
    match graph {
        "group_owner" => group(room, &start, &end, 3),
        graph => booking(room, graph, &start, &end),
    }
}

async fn delete(app: &Client, room: &str, bookings: &str) -> Reply {
    let path = format!("/v2/resources/{room}?bookings={bookings}");
    app.delete(&path).await
}

async fn state(app: &Client, id: &str) -> String {
    app.see(id).await.state().to_owned()
}

async fn listed(caller: &Client) -> Vec<Value> {
    let list = caller.get(GROUPS).await.expecting(200);
    let rows = list.body["data"].as_array().expect("rows").iter();
    rows.map(|row| row["id"].clone()).collect()
}

/// A booking of every kind, and what each is waiting for.
struct Bookings {
    confirmed: String,
    tentative: String,
    unpaid: String,
    group: String,
    seat: String,
    held: String,
}

impl Bookings {
    async fn of(app: &Client, room: &str) -> Self {
        let group = app.book(on(room, 4, "group_owner")).await;
        let held = with(on(room, 5, "instant"), "reservation_time", json!(3_600));
        let held = app.post("/v2/bookings/reserve", held).await;
        Self {
            confirmed: app.book(on(room, 1, "instant")).await,
            tentative: app.book(on(room, 2, "confirm_decline")).await,
            unpaid: app.book(on(room, 3, "instant_payment")).await,
            seat: app.book(seat("group_customer", &group)).await,
            group,
            held: held.expecting(201).id(),
        }
    }
}

#[tokio::test]
async fn a_resource_with_bookings_to_come_is_deleted_only_by_whoever_says_what_becomes_of_them() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let path = format!("/v2/resources/{room}");
    for (count, graph) in ["instant", "confirm_decline", "group_owner"]
        .iter()
        .enumerate()
    {
        let day = u32::try_from(count).expect("few") + 1;
        app.book(on(&room, day, graph)).await;
        let refused = app.delete(&path).await.expecting(409);
        assert_eq!(refused.body["code"], "has_bookings");
        assert_eq!(refused.body["count"], count + 1);
        assert!(
            refused.body["error"]
                .as_str()
                .is_some_and(|it| it.contains("?bookings=cancel"))
        );
    }
    let odd = delete(&app, &room, "forget").await;
    assert_eq!((odd.status, odd.faults()), (422, vec!["bookings"]));
    app.get(&path).await.expecting(200);
    // Nothing is to come of what is over or called off.
    server.clock.set(instant("2026-12-03T12:00:00Z"));
    app.delete(&path).await.expecting(204);
}

#[tokio::test]
async fn a_resource_deleted_with_cancel_leaves_nothing_to_come() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let past = booking(
        &room,
        "instant",
        "2026-11-20T10:00:00Z",
        "2026-11-20T11:00:00Z",
    );
    let past = app.book(past).await;
    let of = Bookings::of(&app, &room).await;
    // Booked together with another resource's, which stays.
    let other = ROOM.to_string();
    let both = json!({
        "relate_bookings": true,
        "bookings": [on(&room, 7, "instant"), on(&other, 7, "instant")],
    });
    let both = app.post("/v2/bookings/bulk", both).await.expecting(201);
    let id = |at: usize| {
        both.body["data"][at]["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    delete(&app, &room, "cancel").await.expecting(204);
    for (booking, expected) in [
        (&past, "completed"),
        (&of.confirmed, "cancelled"),
        (&of.tentative, "declined"),
        (&of.unpaid, "unpaid"),
        (&of.group, "cancelled"),
        (&of.seat, "cancelled_by_owner"),
        (&id(0), "cancelled"),
        (&id(1), "confirmed"),
    ] {
        assert_eq!(state(&app, booking).await, expected);
    }
    let by = app
        .see(&of.confirmed)
        .await
        .logs()
        .last()
        .map(|log| log["by"].clone());
    assert!(by.is_some_and(|by| by.as_str().is_some_and(|by| by.starts_with("key:"))));
    delete(&app, &room, "cancel").await.expecting(404);
}

#[tokio::test]
async fn a_group_of_more_customers_than_a_transaction_takes_is_called_off_with_its_resource() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let owner = app.book(group(&room, TEN, ELEVEN, 150)).await;
    let seats: Vec<Value> = (0..75).map(|_| seat("group_customer", &owner)).collect();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let made = app
            .post("/v2/bookings/bulk", json!({ "bookings": seats }))
            .await;
        let made = made.expecting(201);
        let rows = made.body["data"].as_array().expect("seats").iter();
        ids.extend(rows.map(|row| row["id"].as_str().expect("an id").to_owned()));
    }
    delete(&app, &room, "cancel").await.expecting(204);
    assert_eq!(state(&app, &owner).await, "cancelled");
    for id in ids {
        assert_eq!(state(&app, &id).await, "cancelled_by_owner");
    }
}

#[tokio::test]
async fn what_was_kept_can_be_read_and_ended_and_nothing_else() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let of = Bookings::of(&app, &room).await;
    let to_decline = app.book(on(&room, 6, "confirm_decline")).await;
    let to_complete = app.book(on(&room, 7, "instant")).await;
    delete(&app, &room, "keep").await.expecting(204);

    for (id, action) in [(&of.tentative, "confirm"), (&of.unpaid, "pay")] {
        let before = state(&app, id).await;
        let refused = app.act(id, action).await.expecting(409);
        assert_eq!(refused.body["code"], "conflict", "{action}");
        assert_eq!(state(&app, id).await, before);
        let many = json!({ "bookings": [{ "id": id, "action": action }] });
        app.put("/v2/bookings/bulk", many).await.expecting(409);
        assert!(!app.see(id).await.available_actions().contains(&action));
    }
    let (start, end) = ("2026-12-20T10:00:00Z", "2026-12-20T11:00:00Z");
    let times = json!({ "start": start, "end": end });
    for to in [None, Some(ROOM.to_string())] {
        let mut wanted = times.clone();
        wanted["resource_id"] = json!(to);
        app.reschedule(&of.confirmed, wanted).await.expecting(409);
    }
    let path = format!("/v2/bookings/{}", of.confirmed);
    let changed = app.put(&path, json!({ "meta": { "room": 1 } })).await;
    changed.expecting(409);
    let joined = app
        .post("/v2/bookings", seat("group_customer", &of.group))
        .await;
    assert_eq!(joined.expecting(404).body["model"], "Resource");
    let on_hold = json!({ "reservation_id": of.held, "reservation_time": 60 });
    let on_hold = app.put("/v2/bookings/reserve/extend", on_hold).await;
    assert_eq!(on_hold.expecting(404).body["model"], "Resource");

    let group = app
        .get(&format!("{GROUPS}/{}", of.group))
        .await
        .expecting(200);
    assert_eq!(
        group.body["data"]["available_actions"],
        json!(["cancel", "complete"])
    );
    for (id, action, expected) in [
        (&of.confirmed, "cancel", "cancelled"),
        (&to_decline, "decline", "declined"),
        (&to_complete, "complete", "completed"),
        (&of.seat, "cancel_by_customer", "cancelled_by_customer"),
        (&of.group, "cancel", "cancelled"),
        (&of.unpaid, "timeout", "unpaid"),
    ] {
        app.act(id, action).await.expecting(200);
        assert_eq!(state(&app, id).await, expected);
    }
    // What is over may be deleted.
    app.delete(&path).await.expecting(204);
}

#[tokio::test]
async fn the_groups_of_a_deleted_resource_are_listed_for_nobody() {
    let server = TestServer::start().await;
    let app = server.app();
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let room = room(&app).await;
    let gone = app.book(on(&room, 1, "group_owner")).await;
    let there = app.book(on(&ROOM.to_string(), 2, "group_owner")).await;
    for caller in [&app, &widget] {
        assert_eq!(listed(caller).await, [gone.as_str(), &there]);
    }
    delete(&app, &room, "keep").await.expecting(204);
    for caller in [&app, &widget] {
        assert_eq!(listed(caller).await, [there.as_str()]);
    }
    let search = "/v2/bookings?search=graph:group_owner;resource.id:";
    let kept = app.get(&format!("{search}{room}")).await.expecting(200);
    assert_eq!(kept.body["data"][0]["id"], gone);
}

#[tokio::test]
async fn the_groups_of_a_deleted_project_are_offered_on_no_page() {
    let server = TestServer::start().await;
    let app = server.app();
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let wanted = json!({ "name": "Classes", "resources": [ROOM.to_string()] });
    let project = app.post("/v2/projects", wanted).await.expecting(201).id();
    let wanted = with(
        on(&ROOM.to_string(), 1, "group_owner"),
        "project_id",
        json!(project),
    );
    let id = app.book(wanted).await;
    assert_eq!(listed(&widget).await, [id.as_str()]);
    let path = format!("/v2/projects/{project}");
    app.delete(&path).await.expecting(204);
    assert_eq!(listed(&widget).await, [Value::Null; 0]);
    assert_eq!(listed(&app).await, [id.as_str()]);
}

#[tokio::test]
async fn a_hold_for_a_project_or_calendar_that_is_gone_leads_no_further_than_a_booking_does() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let wanted = json!({ "name": "Page", "resources": [room] });
    let project = app.post("/v2/projects", wanted).await.expecting(201).id();
    let wanted = json!({ "resource_id": room, "name": "Evenings" });
    let calendar = app.post("/v2/calendars", wanted).await.expecting(201).id();
    let hold = async |day, field: &str, value: &str| {
        let wanted = with(on(&room, day, "instant"), "reservation_time", json!(3_600));
        let made = app.post("/v2/bookings/reserve", with(wanted, field, json!(value)));
        made.await.expecting(201).id()
    };
    let of_project = hold(1, "project_id", &project).await;
    let of_calendar = hold(2, "calendar_id", &calendar).await;
    app.delete(&format!("/v2/projects/{project}"))
        .await
        .expecting(204);
    app.delete(&format!("/v2/calendars/{calendar}"))
        .await
        .expecting(204);
    let extend = async |id: &str| {
        let wanted = json!({ "reservation_id": id, "reservation_time": 60 });
        app.put("/v2/bookings/reserve/extend", wanted).await
    };
    let refused = extend(&of_project).await.expecting(404);
    assert_eq!(refused.body["model"], "Project");
    // A calendar that is gone has left its bookings to the default one, and so its holds.
    extend(&of_calendar).await.expecting(200);
    let wanted = json!({ "reservation_id": of_calendar, "graph": "instant" });
    app.post("/v2/bookings", wanted).await.expecting(201);
}

#[tokio::test]
async fn a_customers_links_to_what_a_deleted_resource_has_left_can_only_end_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let project = TEST_PROJECT.to_string();
    let wanted = with(
        on(&DOC_BROWN.to_string(), 1, "instant"),
        "project_id",
        json!(project),
    );
    let id = app.book(wanted).await;
    let path = format!("/v2/bookings/{id}?include=customer_action_links");
    let links = async || {
        let shown = app.get(&path).await.expecting(200);
        shown.body["data"]["customer_action_links"].clone()
    };
    assert!(links().await["reschedule_by_customer"].is_string());
    delete(&app, &DOC_BROWN.to_string(), "keep")
        .await
        .expecting(204);
    let links = links().await;
    assert!(links.get("reschedule_by_customer").is_none(), "{links}");
    let link = links["cancel_by_customer"].as_str().expect("a link");
    let at = link.find("/v2/").expect("a path");
    let done = server.anonymous().post(&link[at..], json!({})).await;
    done.expecting(200);
    assert_eq!(state(&app, &id).await, "cancelled_by_customer");
}

#[tokio::test]
async fn nothing_new_is_made_for_a_deleted_resource() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    delete(&app, &room, "keep").await.expecting(204);
    let event =
        json!({ "resource_id": room, "start": TEN, "end": ELEVEN, "what": "A", "where": "B" });
    for (path, body) in [
        ("/v2/bookings".to_owned(), on(&room, 1, "instant")),
        ("/v2/bookings".to_owned(), on(&room, 1, "group_owner")),
        ("/v2/bookings/reserve".to_owned(), on(&room, 1, "instant")),
        ("/v2/events".to_owned(), event),
        (
            "/v2/calendars".to_owned(),
            json!({ "resource_id": room, "name": "Holidays" }),
        ),
        (
            "/v2/credentials".to_owned(),
            json!({ "resource_id": room, "type": "client-token" }),
        ),
        (format!("/v2/resources/{room}/calendar_feed"), json!({})),
    ] {
        let refused = app.post(&path, body).await;
        let names_it = refused.status == 404 && refused.body["model"] == "Resource";
        let faults =
            refused.status == 422 && refused.body["errors"].to_string().contains("resource");
        assert!(
            names_it || faults,
            "{path}: {} {}",
            refused.status,
            refused.body
        );
    }
    let wanted = json!({ "name": "Page", "resources": [room] });
    let refused = app.post("/v2/projects", wanted).await;
    assert_eq!((refused.status, refused.faults()), (422, vec!["resources"]));
}

#[tokio::test]
async fn a_deleted_apps_widgets_and_feeds_are_gone() {
    let server = TestServer::start().await;
    let (live, _) = server.sign_up("somebody@clinic.example").await;
    let app = server.with_key(&live.api_key);
    let room = room(&app).await;
    let widget = json!({ "name": "Front desk", "config": {} });
    let widget = app.post("/v2/widgets", widget).await.expecting(201);
    let slug = widget.body["data"]["slug"].as_str().expect("a slug");
    let path = format!("/v2/resources/{room}/calendar_feed");
    let feed = app.post(&path, json!({})).await.expecting(201);
    let feed = feed.body["data"]["url"].clone();
    let feed = feed.as_str().expect("an address");
    let paths = [
        format!("/v2/widgets/embed/{}", widget.id()),
        format!("/v2/widgets/hosted/{slug}"),
        feed[feed.find("/v2/").expect("a path")..].to_owned(),
    ];
    for path in &paths {
        server.anonymous().get(path).await.expecting(200);
    }
    app.delete(&format!("/v2/apps/{}", live.slug))
        .await
        .expecting(204);
    for path in &paths {
        server.anonymous().get(path).await.expecting(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_books_while_a_resource_is_deleted_with_cancel_is_refused_or_called_off() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app).await;
    let booking = |number: i64| {
        let start = instant(TEN) + TimeDelta::hours(number);
        let at = |time| model::time::format_instant(time, model::time::Tz::UTC);
        let body = self::booking(
            &room,
            "instant",
            &at(start),
            &at(start + TimeDelta::hours(1)),
        );
        let app = app.clone();
        tokio::spawn(async move { app.post("/v2/bookings", body).await.status })
    };
    let mut sent: Vec<_> = (0..20).map(booking).collect();
    let deleting = tokio::spawn({
        let (app, room) = (app.clone(), room.clone());
        async move { delete(&app, &room, "cancel").await.status }
    });
    sent.extend((20..60).map(booking));
    assert_eq!(deleting.await.expect("an answer"), 204);
    for sent in sent {
        let status = sent.await.expect("an answer");
        assert!(matches!(status, 201 | 404), "{status}");
    }
    let search = format!("/v2/bookings?search=state:confirmed;resource.id:{room}");
    let left = app.get(&search).await.expecting(200);
    assert_eq!(left.body["total"], 0, "{TEST_APP}: {}", left.body);
}
