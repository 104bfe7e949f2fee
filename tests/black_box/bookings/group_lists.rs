//! Groups: what a booking page can offer, and what others see of them.

use chrono::{DateTime, TimeDelta, Utc};
use local::demo::{DOC_BROWN, ROOM, TEST_PROJECT};
use model::time::{Tz, format_instant};
use serde_json::{Value, json};
use tests::{Client, NOW, Reply, TestServer, booking, field_names, instant};
use uuid::Uuid;

const GROUPS: &str = "/v2/bookings/groups";

/// A group of the room that starts so many hours from the usual present, with these settings.
async fn open_group(server: &TestServer, hours: i64, settings: Value) -> String {
    let start = instant(NOW) + TimeDelta::hours(hours);
    open_group_of(server, &ROOM.to_string(), start, settings, Value::Null).await
}

async fn open_group_of(
    server: &TestServer,
    resource: &str,
    start: DateTime<Utc>,
    settings: Value,
    project: Value,
) -> String {
    let text = |at| format_instant(at, Tz::UTC);
    let end = start + TimeDelta::hours(1);
    let mut body = booking(resource, "group_owner", &text(start), &text(end));
    body["settings"] = settings;
    body["participants"] = json!(["doc@example.com"]);
    if !project.is_null() {
        body["project_id"] = project;
    }
    let made = server.app().post("/v2/bookings", body).await;
    made.expecting(201).id()
}

async fn take_seat(client: &Client, group: &str) -> Reply {
    let body = json!({
        "graph": "group_customer",
        "related": { "owner_booking_id": group },
        "customer": { "name": "Marty McFly", "email": "marty@example.com" },
    });
    client.post("/v2/bookings", body).await.expecting(201)
}

fn widget(server: &TestServer) -> Client {
    server.with_key(server.demo.test.widget_key.expose())
}

async fn listed(client: &Client, path: &str) -> Vec<String> {
    let page = client.get(path).await.expecting(200);
    let rows = page.body["data"].as_array().expect("rows");
    let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    rows.iter().map(id).collect()
}

#[tokio::test]
async fn a_widget_key_sees_only_groups_that_can_be_booked_now_soonest_first() {
    let server = TestServer::start().await;
    let later = open_group(&server, 48, json!({ "max_seats": 2 })).await;
    let soon = open_group(&server, 24, json!({ "max_seats": 1 })).await;
    let next_year = open_group(&server, 24 * 365 * 3, json!({ "max_seats": 1 })).await;
    let closed = json!({ "max_seats": 5, "min_booking_time": "2 hours" });
    let closing = open_group(&server, 3, closed).await;
    let _cancelled = {
        let id = open_group(&server, 6, json!({ "max_seats": 5 })).await;
        let path = format!("/v2/bookings/{id}/cancel");
        server.app().put(&path, json!({})).await.expecting(200);
        id
    };
    let widget = widget(&server);
    let all = [&closing, &soon, &later, &next_year].map(Clone::clone);
    assert_eq!(listed(&widget, GROUPS).await, all);

    // Its booking window ends two hours before it starts, the last moment included.
    server.clock.set(instant(NOW) + TimeDelta::hours(1));
    assert_eq!(listed(&widget, GROUPS).await, all);
    server.clock.advance(TimeDelta::seconds(1));
    assert_eq!(listed(&widget, GROUPS).await, all[1..]);

    // The only seat is taken, and the group comes back when it is given up.
    let seat = take_seat(&widget, &soon).await.id();
    assert_eq!(listed(&widget, GROUPS).await, all[2..]);
    let path = format!("/v2/bookings/{seat}/cancel_by_customer");
    server.app().put(&path, json!({})).await.expecting(200);
    assert_eq!(listed(&widget, GROUPS).await, all[1..]);

    // What has begun is no longer to come.
    server.clock.set(instant(NOW) + TimeDelta::hours(24));
    assert_eq!(listed(&widget, GROUPS).await, all[2..]);
    // No window shows a widget key what is over.
    let past = format!("{GROUPS}?start=2026-01-01T00:00:00Z");
    assert_eq!(listed(&widget, &past).await, all[2..]);
}

#[tokio::test]
async fn a_group_comes_with_what_a_booking_page_needs_and_nothing_private() {
    let server = TestServer::start().await;
    let project = TEST_PROJECT.to_string();
    let start = instant("2026-12-01T17:00:00Z");
    let settings = json!({ "max_seats": 3 });
    let room = ROOM.to_string();
    let id = open_group_of(&server, &room, start, settings, json!(project)).await;
    take_seat(&server.app(), &id).await;
    let path = format!("{GROUPS}?search=project.id:{project}&include=customers,logs,meta");
    let widget = widget(&server).header("timekit-timezone", "America/Los_Angeles");
    let group = widget.get(&path).await.expecting(200).body["data"][0].take();
    let info = &group["attributes"]["event_info"];
    assert_eq!(info["start"], "2026-12-01T09:00:00-08:00");
    assert_eq!(info["end"], "2026-12-01T10:00:00-08:00");
    assert_eq!(info["what"], "Catch the lightning");
    assert_eq!(info["participants"], json!([]));
    let seats = json!({ "max_seats": 3, "current_seats": 1 });
    assert_eq!(group["attributes"]["group_booking"], seats);
    assert_eq!(group["available_actions"], json!(["cancel", "complete"]));
    let resource = &group["resource"];
    assert_eq!(field_names(resource), ["id", "name", "timezone"]);
    assert_eq!(resource["id"], ROOM.to_string());
    for private in ["customers", "logs", "meta"] {
        assert!(group.get(private).is_none(), "{private} of {group}");
    }

    let app = server.app();
    let group = app.get(&path).await.expecting(200).body["data"][0].take();
    assert!(group["resource"].get("email").is_some(), "{group}");
    let one = app
        .get(&format!("{GROUPS}/{id}?include=customers,logs,meta"))
        .await;
    assert_eq!(one.expecting(200).body["data"], group);
}

#[tokio::test]
async fn a_secret_key_sees_every_group_from_now_on_or_in_a_window() {
    let server = TestServer::start().await;
    let past = open_group(&server, -48, json!({ "max_seats": 1 })).await;
    let under_way = open_group(&server, 0, json!({ "max_seats": 1 })).await;
    let full = open_group(&server, 24, json!({ "max_seats": 1 })).await;
    take_seat(&server.app(), &full).await;
    let doc = DOC_BROWN.to_string();
    let start = instant(NOW) + TimeDelta::hours(30);
    let of_doc = open_group_of(&server, &doc, start, json!({ "max_seats": 1 }), Value::Null).await;
    server.clock.advance(TimeDelta::minutes(30));
    let app = server.app();
    let from_now_on = [&under_way, &full, &of_doc].map(Clone::clone);
    assert_eq!(listed(&app, GROUPS).await, from_now_on);
    let query = format!("{GROUPS}?limit=1&page=2");
    assert_eq!(listed(&app, &query).await, std::slice::from_ref(&full));
    let query = format!("{GROUPS}?end=2026-11-20T00:00:00Z");
    assert_eq!(listed(&app, &query).await, [past]);
    let query = format!("{GROUPS}?search=resource.id:{doc}");
    assert_eq!(listed(&app, &query).await, std::slice::from_ref(&of_doc));
    // A resource's own token sees its own groups.
    let query = "/v2/bookings?search=graph:group_owner&sortedBy=asc&orderBy=event.start";
    assert_eq!(listed(&app, query).await.len(), 4);
    let unknown = app.get(&format!("{GROUPS}?search=state:tentative")).await;
    assert_eq!(unknown.expecting(422).faults(), ["search"]);
}

#[tokio::test]
async fn what_is_no_group_of_the_caller_is_not_found() {
    let server = TestServer::start().await;
    let group = open_group(&server, 24, json!({ "max_seats": 1 })).await;
    let seat = take_seat(&server.app(), &group).await.id();
    let path = |id: &str| format!("{GROUPS}/{id}");
    server.app().get(&path(&group)).await.expecting(200);
    for id in [seat.as_str(), "nope", &Uuid::from_u128(1).to_string()] {
        server.app().get(&path(id)).await.expecting(404);
    }
    server.live_app().get(&path(&group)).await.expecting(404);
    widget(&server).get(&path(&group)).await.expecting(403);
    assert!(listed(&server.live_app(), GROUPS).await.is_empty());
}
