//! The event log: what each change tells, who sees it, and how it is read.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use local::demo::{DOC_BROWN, ROOM, TEST_APP};
use model::outbox::ToldId;
use serde_json::{Value, json};
use tests::graphs::{GRAPHS, GraphRow, RESCHEDULE};
use tests::{Client, TestServer, booking, group, seat};

const LOG: &str = "/v2/webhooks/events";
const SINCE: &str = "2026-11-01T00:00:00Z";
const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";

async fn rows(client: &Client, query: &str) -> Vec<Value> {
    let reply = client.get(&format!("{LOG}?{query}")).await.expecting(200);
    reply.body["data"].as_array().expect("events").clone()
}

/// The types of events, oldest first.
async fn types(client: &Client, query: &str) -> Vec<String> {
    let rows = rows(client, &format!("since={SINCE}&limit=1000&{query}")).await;
    rows.iter().map(|row| text(&row["type"])).collect()
}

/// What was told of a thing, by sequence: at one instant of a clock that stands still, the log has no order.
async fn told_of(client: &Client, id: &str) -> Vec<Value> {
    let rows = rows(client, &format!("since={SINCE}&limit=1000")).await;
    let mut own: Vec<Value> = rows
        .into_iter()
        .filter(|row| row["data"]["id"] == id)
        .collect();
    own.sort_by_key(|row| row["data"]["sequence"].as_u64());
    own
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A way from a graph's first state to `state`: actions.
fn way_to(graph: &GraphRow, state: &str) -> Vec<&'static str> {
    if state == graph.start.0 {
        return Vec::new();
    }
    let into = graph.steps.iter().find(|(_, _, to)| *to == state);
    let (from, action, _) = into.expect("a step into it");
    let mut way = way_to(graph, from);
    way.push(action);
    way
}

async fn make(app: &Client, graph: &GraphRow) -> String {
    let room = ROOM.to_string();
    match graph.name {
        "group_owner" => app.book(group(&room, TEN, ELEVEN, 2)).await,
        seats if graph.takes_a_seat => {
            let owner = app.book(group(&room, TEN, ELEVEN, 2)).await;
            app.book(seat(seats, &owner)).await
        }
        own_time => app.book(booking(&room, own_time, TEN, ELEVEN)).await,
    }
}

async fn take(app: &Client, id: &str, action: &str) {
    let reply = if action == RESCHEDULE {
        let to = json!({ "start": "2026-12-02T10:00:00Z", "end": "2026-12-02T11:00:00Z" });
        app.reschedule(id, to).await
    } else {
        app.act(id, action).await
    };
    assert_eq!(reply.status, 200, "{action}: {}", reply.body);
}

fn name_of_state(state: &str) -> String {
    format!("booking.{state}")
}

#[tokio::test]
async fn every_step_of_every_graph_tells_exactly_the_event_of_the_state_it_leads_to() {
    for graph in GRAPHS {
        for (from, action, to) in graph.steps {
            let server = TestServer::start().await;
            let app = server.app();
            let id = make(&app, graph).await;
            let mut states = vec![graph.start.0];
            for action in way_to(graph, from).iter().chain([action]) {
                take(&app, &id, action).await;
                let state = graph.after(states[states.len() - 1], action);
                states.push(state.expect("a step"));
            }
            assert_eq!(states.last(), Some(to));
            let told = told_of(&app, &id).await;
            // Of a group only what happens to itself.
            let told: Vec<&Value> = told
                .iter()
                .filter(|event| text(&event["type"]).starts_with("booking."))
                .collect();
            let context = format!("{} {from} {action}: {told:?}", graph.name);
            assert_eq!(told.len(), states.len(), "{context}");
            for (index, state) in states.iter().enumerate() {
                let (event, data) = (told[index], &told[index]["data"]);
                assert_eq!(event["type"], name_of_state(state), "{context}");
                assert_eq!(data["state"], *state, "{context}");
                let before = index.checked_sub(1).map(|before| states[before]);
                assert_eq!(data["previous_state"].as_str(), before, "{context}");
                assert_eq!(data["sequence"], index + 1, "{context}");
                assert_eq!(data["graph"], graph.name, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_step_that_time_took_is_told_when_it_is_written_and_says_when_it_took_effect() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app
        .book(booking(&ROOM.to_string(), "instant_payment", TEN, ELEVEN))
        .await;
    server.clock.advance(TimeDelta::minutes(9));
    assert_eq!(app.see(&id).await.state(), "unpaid");
    assert_eq!(told_of(&app, &id).await.len(), 1, "nobody has written it");
    let meta = json!({ "meta": { "t_noted": 1 } });
    let path = format!("/v2/bookings/{id}");
    app.put(&path, meta).await.expecting(200);
    let told = told_of(&app, &id).await;
    let kinds: Vec<String> = told.iter().map(|event| text(&event["type"])).collect();
    assert_eq!(
        kinds,
        ["booking.tentative", "booking.unpaid", "booking.updated"]
    );
    let unpaid = &told[1];
    assert_eq!(unpaid["data"]["effective_at"], "2026-11-21T12:05:00+00:00");
    assert_eq!(unpaid["timestamp"], "2026-11-21T12:09:00+00:00");
    assert_eq!(unpaid["by"], json!({ "type": "automatic" }));
    assert_eq!(told[2]["by"]["type"], "key");
}

#[tokio::test]
async fn what_replaces_reserves_joins_and_deletes_is_told_with_the_ids_of_both_sides() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = ROOM.to_string();
    let id = app.book(booking(&room, "instant", TEN, ELEVEN)).await;
    take(&app, &id, RESCHEDULE).await;
    let left = told_of(&app, &id).await;
    let taken = text(&left[1]["data"]["rescheduled_to"]);
    let new = told_of(&app, &taken).await;
    assert_eq!(new[0]["data"]["rescheduled_from"], id);
    assert_eq!(new[0]["type"], "booking.confirmed");
    app.act(&taken, "cancel").await.expecting(200);
    let path = format!("/v2/bookings/{taken}");
    app.delete(&path).await.expecting(204);
    let told = told_of(&app, &taken).await;
    let last = &told[2];
    assert_eq!(last["type"], "booking.deleted");
    assert_eq!(last["data"]["previous_state"], "cancelled");
    assert!(last["data"].get("state").is_none(), "{last}");

    let mut wanted = booking(&room, "instant", TEN, ELEVEN);
    wanted["reservation_time"] = 60.into();
    let held = app.post("/v2/bookings/reserve", wanted).await;
    let held = held.expecting(201).id();
    let extension = json!({ "reservation_id": held, "reservation_time": 600 });
    app.put("/v2/bookings/reserve/extend", extension)
        .await
        .expecting(200);
    let customer = json!({ "name": "Marty McFly", "email": "marty@example.com" });
    let wanted = json!({ "reservation_id": held, "graph": "instant", "customer": customer });
    app.book(wanted).await;
    let told = told_of(&app, &held).await;
    let kinds: BTreeSet<String> = told.iter().map(|event| text(&event["type"])).collect();
    let expected = [
        "reservation.booked",
        "reservation.extended",
        "reservation.reserved",
    ];
    assert!(
        kinds.iter().eq(expected.iter()) && told.len() == 3,
        "{told:?}"
    );

    let start = ("2026-12-03T10:00:00Z", "2026-12-03T11:00:00Z");
    let owner = app.book(group(&room, start.0, start.1, 2)).await;
    let one = app.book(seat("group_customer", &owner)).await;
    let two = app.book(seat("group_customer", &owner)).await;
    take(&app, &one, "cancel_by_customer").await;
    let told = told_of(&app, &owner).await;
    let kinds: Vec<String> = told.iter().map(|event| text(&event["type"])).collect();
    let expected = [
        "booking.tentative",
        "group.seat_taken",
        "group.seat_taken",
        "group.full",
        "group.seat_released",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(told[2]["data"]["seats"], json!([two]));
    assert_eq!(told[4]["data"]["seats"], json!([one]));
}

#[tokio::test]
async fn an_event_is_seen_with_the_scope_of_what_it_is_about_and_its_author_with_that_of_the_audit_log()
 {
    let server = TestServer::start().await;
    let app = server.calling_from("203.0.113.7", &server.app());
    let id = app
        .book(booking(&ROOM.to_string(), "instant", TEN, ELEVEN))
        .await;
    let event =
        json!({ "resource_id": ROOM, "start": TEN, "end": ELEVEN, "what": "A", "where": "B" });
    app.post("/v2/events", event).await.expecting(201);
    let told = told_of(&app, &id).await;
    let own = app.get("/v2/me").await.id();
    assert_eq!(told[0]["by"], json!({ "type": "key", "id": own }));
    assert_eq!(told[0]["from"], "203.0.113.7");
    let event_id = text(&told[0]["id"]);
    let one = app.get(&format!("{LOG}/{event_id}")).await.expecting(200);
    assert_eq!(one.body["data"], told[0]);
    for (scopes, families) in [
        (json!(["webhooks.read"]), vec![]),
        (json!(["webhooks.read", "audit.read"]), vec![]),
        (json!(["webhooks.read", "bookings.read"]), vec!["booking"]),
        (
            json!(["webhooks.read", "resources.read"]),
            vec!["event", "resource"],
        ),
        (
            json!([
                "webhooks.read",
                "bookings.read",
                "resources.read",
                "audit.read"
            ]),
            vec!["booking", "event", "resource"],
        ),
    ] {
        let wanted = json!({ "name": "Reader", "scopes": scopes });
        let (_, reader) = server.make_key(&app, wanted).await;
        let rows = rows(&reader, &format!("since={SINCE}&limit=1000")).await;
        let seen: BTreeSet<String> = rows
            .iter()
            .filter_map(|row| {
                text(&row["type"])
                    .split_once('.')
                    .map(|(of, _)| of.to_owned())
            })
            .collect();
        assert!(seen.iter().eq(families.iter()), "{scopes}: {seen:?}");
        let sees_authors = scopes.to_string().contains("audit.read");
        let shown = |name: &str| rows.iter().any(|row| row.get(name).is_some());
        let expected = sees_authors && !rows.is_empty();
        assert_eq!(
            (shown("by"), shown("from")),
            (expected, expected),
            "{scopes}"
        );
        let one = reader.get(&format!("{LOG}/{event_id}")).await;
        let status = if families.contains(&"booking") {
            200
        } else {
            404
        };
        assert_eq!(one.status, status, "{scopes}");
    }
    let (_, without) = server
        .make_key(&app, json!({ "name": "None", "scopes": ["bookings.read"] }))
        .await;
    without.get(LOG).await.expecting(403);
}

#[tokio::test]
async fn a_resource_s_token_sees_what_is_told_of_its_resource_alone_and_never_by_whom() {
    let server = TestServer::start().await;
    let app = server.app();
    let (room, doc) = (ROOM.to_string(), DOC_BROWN.to_string());
    let in_room = app.book(booking(&room, "instant", TEN, ELEVEN)).await;
    let of_doc = app.book(booking(&doc, "instant", TEN, ELEVEN)).await;
    let resource = server.resource().await;
    let seen = rows(&resource, &format!("since={SINCE}&limit=1000")).await;
    assert!(!seen.is_empty());
    for row in &seen {
        assert_eq!(row["data"]["resource_id"], doc);
        assert!(
            row.get("by").is_none() && row.get("from").is_none(),
            "{row}"
        );
    }
    assert_eq!(told_of(&resource, &of_doc).await.len(), 1);
    let foreign = text(&told_of(&app, &in_room).await[0]["id"]);
    let path = format!("{LOG}/{foreign}");
    resource.get(&path).await.expecting(404);
    app.get(&path).await.expecting(200);
}

#[tokio::test]
async fn pages_of_one_event_in_either_direction_are_the_whole_list_and_nothing_is_told_twice() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = ROOM.to_string();
    for day in 3..6 {
        let (start, end) = (
            format!("2026-12-0{day}T10:00:00Z"),
            format!("2026-12-0{day}T11:00:00Z"),
        );
        // A seat is told with its group: three events of one transaction.
        let owner = app.book(group(&room, &start, &end, 1)).await;
        app.book(seat("group_customer", &owner)).await;
        server.clock.advance(TimeDelta::days(4));
    }
    let ids = |rows: &[Value]| -> Vec<String> { rows.iter().map(|row| text(&row["id"])).collect() };
    for (query, limit) in [
        (format!("since={SINCE}"), 1),
        (format!("since={SINCE}"), 2),
        (String::new(), 1),
        (String::new(), 2),
        (format!("since={SINCE}&type=group.*"), 1),
    ] {
        let whole = ids(&rows(&app, &format!("{query}&limit=1000")).await);
        assert!(whole.len() >= 6, "{whole:?}");
        let distinct: BTreeSet<&String> = whole.iter().collect();
        assert_eq!(distinct.len(), whole.len());
        let mut paged = Vec::new();
        let mut next = Some(format!("{LOG}?{query}&limit={limit}"));
        while let Some(path) = next {
            let reply = app.get(&path).await.expecting(200);
            paged.extend(ids(reply.body["data"].as_array().expect("events")));
            let url = reply.body["next_page_url"].as_str();
            next = url.map(|url| url[url.find("/v2/").expect("a path")..].to_owned());
        }
        assert_eq!(paged, whole, "{query} {limit}");
    }
    let oldest = ids(&rows(&app, &format!("since={SINCE}&limit=1000")).await);
    let mut newest = ids(&rows(&app, "limit=1000").await);
    newest.reverse();
    assert_eq!(oldest, newest);
}

#[tokio::test]
async fn the_log_is_filtered_by_type_family_project_and_resource_and_says_what_it_does_not_know() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = app
        .post(
            "/v2/projects",
            json!({ "name": "Repairs", "resources": [] }),
        )
        .await;
    let project = made.expecting(201).id();
    let mut wanted = booking(&ROOM.to_string(), "confirm_decline", TEN, ELEVEN);
    wanted["project_id"] = project.clone().into();
    let id = app.book(wanted).await;
    app.act(&id, "decline").await.expecting(200);
    let own = format!("project={project}");
    assert_eq!(types(&app, &own).await.len(), 3);
    let declined = format!("type=booking.declined&{own}");
    assert_eq!(types(&app, &declined).await, ["booking.declined"]);
    let both = format!("type=group.*,%20booking.tentative&{own}&resource={ROOM}");
    assert_eq!(types(&app, &both).await, ["booking.tentative"]);
    let other = format!("type=booking.*&{own}&resource={DOC_BROWN}");
    assert!(types(&app, &other).await.is_empty());
    server.clock.advance(TimeDelta::minutes(1));
    let later = format!("{LOG}?since=2026-11-21T12:00:01Z");
    let later = app.get(&later).await.expecting(200);
    assert_eq!(later.body["data"], json!([]));
    for (query, field) in [
        ("type=booking.exploded", "type"),
        ("type=rocket.*", "type"),
        ("since=yesterday", "since"),
        ("project=1", "project"),
        ("resource=1", "resource"),
        ("orderBy=type", "orderBy"),
    ] {
        let refused = app.get(&format!("{LOG}?{query}")).await.expecting(422);
        assert_eq!(refused.faults(), [field], "{query}");
    }
}

#[tokio::test]
async fn what_a_customer_does_by_a_link_is_told_as_the_link_s() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app
        .book(booking(&ROOM.to_string(), "instant", TEN, ELEVEN))
        .await;
    let path = format!("/v2/bookings/{id}?include=customer_action_links");
    let shown = app.get(&path).await.expecting(200);
    let links = &shown.body["data"]["customer_action_links"];
    let link = text(&links["cancel_by_customer"]);
    let link = &link[link.find("/v2/").expect("a path")..];
    let form = "application/x-www-form-urlencoded";
    let customer = server.anonymous().header("content-type", form);
    let pressed = customer.send(http::Method::POST, link, "").await;
    pressed.expecting(200);
    let told = told_of(&app, &id).await;
    assert_eq!(told[1]["type"], "booking.cancelled_by_customer");
    assert_eq!(told[1]["by"], json!({ "type": "link" }));
    assert_eq!(told[1]["from"], "127.0.0.1");
}

#[tokio::test]
async fn what_was_told_30_days_ago_is_gone_whether_or_not_it_was_tidied_away() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app
        .book(booking(&ROOM.to_string(), "instant", TEN, ELEVEN))
        .await;
    let event = text(&told_of(&app, &id).await[0]["id"]);
    let path = format!("{LOG}/{event}");
    server.clock.advance(TimeDelta::days(30));
    app.get(&path).await.expecting(200);
    assert_eq!(told_of(&app, &id).await.len(), 1);
    server.clock.advance(TimeDelta::seconds(1));
    app.get(&path).await.expecting(404);
    assert!(told_of(&app, &id).await.is_empty());
}

#[tokio::test]
async fn what_a_newer_version_told_is_listed_as_it_is() {
    let server = TestServer::start().await;
    let app = server.app();
    let at = server.state.now();
    let id = ToldId::new(at, server.state.random());
    let told = json!({
        "by": "satellite:7", "way": "laser",
        "events": [
            { "type": "booking.teleported", "id": ROOM, "sequence": 1, "state": "elsewhere", "to": "mars" },
            { "type": "rocket.launched", "id": ROOM },
        ],
    });
    let item = [
        (
            "pk",
            AttributeValue::S(format!("app#{TEST_APP}#events#2026-11")),
        ),
        (
            "sk",
            AttributeValue::S(format!("2026-11-21T12:00:00.000Z#{}", id.uuid())),
        ),
        ("v", AttributeValue::N("7".to_owned())),
        ("record", AttributeValue::S(told.to_string())),
    ];
    let item = item.map(|(name, value)| (name.to_owned(), value));
    let client = server.dynamodb().await;
    let put = client.put_item().table_name("latchkey-outbox");
    put.set_item(Some(item.into())).send().await.expect("put");
    let told = told_of(&app, &ROOM.to_string()).await;
    let of = |kind: &str| told.iter().find(|event| event["type"] == kind);
    let (teleported, launched) = (of("booking.teleported"), of("rocket.launched"));
    let (teleported, launched) = (teleported.expect("told"), launched.expect("told"));
    assert_eq!(teleported["data"]["state"], "elsewhere");
    assert_eq!(teleported["by"], json!({ "type": "satellite", "id": "7" }));
    assert_eq!(launched["data"]["id"], ROOM.to_string());
    // Nobody knows what is needed to see it but those who may see all.
    let scopes = ["webhooks.read", "bookings.read", "resources.read"];
    let wanted = json!({ "name": "Reader", "scopes": scopes });
    let (_, reader) = server.make_key(&app, wanted).await;
    let seen = told_of(&reader, &ROOM.to_string()).await;
    let mut seen: Vec<String> = seen.iter().map(|event| text(&event["type"])).collect();
    seen.sort();
    assert_eq!(seen, ["booking.teleported", "resource.created"]);
}
