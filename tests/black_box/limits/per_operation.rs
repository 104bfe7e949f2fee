//! Every operation has a bound, stated in docs/API-DESIGN.md and held by the largest request that it accepts: the longest
//! lists and texts, all includes, and a body filled up to its own bound. Counts are compared, and never times.

use api::answer_size::{MAX_BODY, escaped_length};
use chrono::TimeDelta;
use http::Method;
use local::demo::{DOC_BROWN, ROOM, TEST_PROJECT, TEST_SLUG};
use scheduling::rescheduling::MAX_MOVES;
use serde_json::{Value, json};
use tests::dossier::Dossier;
use tests::events::{Event, send, sound_event};
use tests::walk::every_operation;
use tests::{Client, Log, NOW, TestServer, instant};

use crate::contract::operations::{operations, read};
use crate::limits::per_request::fill_with_large_bookings;

/// The most bytes that a request's body may have.
const LARGEST_BODY: usize = api::body::MAX_BODY;

/// What bounds an operation besides the body of its request and that of its answer.
const KINDS: [&str; 7] = ["fixed", "list", "search", "many", "hash", "sweep", "page"];

/// Everything that an answer can show, in one list: each operation takes what it knows.
const INCLUDES: &str = "attributes,available_actions,calendar,calendars,credentials,customer_action_links,customers,\
    event,events,history,locations,meta,participants,project,provider_accounts,related,resource,resources,services,user,\
    vouchers";

#[test]
fn every_operation_has_a_bound_of_a_kind_that_the_documents_explain() {
    for operation in operations() {
        let kind = Dossier::of(&operation.id).bound.kind;
        let advice = "the kinds are in docs/API-DESIGN.md, What one request may take";
        assert!(
            KINDS.contains(&kind.as_str()),
            "{}: {kind}; {advice}",
            operation.id
        );
    }
}

#[tokio::test]
async fn the_largest_request_that_an_operation_accepts_keeps_to_its_bound() {
    let mut broken = Vec::new();
    every_operation(
        |_| true,
        async |server, operations| {
            for operation in operations {
                broken.extend(beyond_its_bound(server, &operation.id).await);
            }
        },
    )
    .await;
    let advice = "see bound in events/*/operation.json";
    assert!(broken.is_empty(), "{advice}\n{}", broken.join("\n"));
}

/// What is wrong if the largest request of an operation is refused or takes more than its bound.
async fn beyond_its_bound(server: &TestServer, id: &str) -> Option<String> {
    let Event(event) = largest(server, id).await;
    // Past the life of every lease of permits, so that its renewals are counted.
    server.clock.advance(TimeDelta::seconds(10));
    let log = Log::start();
    let response = send(server, &event).await;
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
    let size = escaped_length(&body.expect("a body"));
    let lines = log.requests();
    let line = lines.first().expect("a line");
    let calls = line["StoreCalls"].as_u64().expect("a number");
    let dossier = Dossier::of(id);
    let is_done =
        status < 400 || dossier.never_done.is_some() || dossier.bound.may_be_too_large_to_show;
    let most = dossier.bound.store_calls;
    let is_within = is_done && size <= MAX_BODY && calls <= most;
    (!is_within)
        .then(|| format!("{id}: {status}, {size} bytes, {calls} calls, {most} stated: {line}"))
}

/// The largest request of an operation that is accepted, after whatever must be there for it to be the largest.
async fn largest(server: &TestServer, operation: &str) -> Event {
    let app = server.app();
    let event = sound_event(server, operation).await;
    let event = match operation {
        "list_bookings" | "list_groups" => {
            fill_with_large_bookings(server, 400).await;
            event
        }
        "list_available_slots" | "list_available_dates" | "count_available_slots"
        | "list_unavailable_slots" => {
            let resources = resources(server, 40).await;
            event.with(json!({
                "project_id": null, "resources": resources, "mode": "exclusive", "to": "6 weeks",
                "length": "1 hour", "from": null, "timeslot_increments": "1 hour", "constraints": constraints(),
            }))
        }
        "find_time" => event.with(json!({
            "emails": null, "resource_ids": resources(server, 100).await, "future": "6 months",
            "filters": { "and": filters() },
        })),
        "find_time_bulk" | "find_time_team" => {
            let users: Vec<_> = resources(server, 100).await.into_iter()
                .map(|id| json!({ "resource_ids": [id], "filters": { "and": filters() } }))
                .collect();
            event.with(json!({ "users": users, "emails": null, "future": "2 days", "length": "1 hour" }))
        }
        "create_booking" | "reserve_slot" => event.with(json!({
            "start": "2026-12-01T00:00:00Z", "end": "2027-01-01T00:00:00Z", "description": "a".repeat(2_000),
        })),
        "create_bookings" => {
            let bookings: Vec<_> = (0..100).map(booking_of_a_day).collect();
            event.with(json!({ "bookings": bookings }))
        }
        "act_on_bookings" => {
            let bookings: Vec<_> = (0..100).map(booking_of_a_day).collect();
            let made = app.post("/v2/bookings/bulk", json!({ "bookings": bookings })).await.expecting(201);
            enlarge(&app, &ROOM.to_string()).await;
            let made = made.body["data"].as_array().expect("bookings").iter();
            let actions: Vec<_> = made
                .map(|booking| json!({ "id": booking["id"], "action": "cancel", "cancel": { "message": "a".repeat(2_000) } }))
                .collect();
            event.with(json!({ "bookings": actions }))
        }
        "replay_webhook" => {
            let bookings: Vec<_> = (0..100).map(booking_of_a_day).collect();
            app.post("/v2/bookings/bulk", json!({ "bookings": bookings })).await.expecting(201);
            event.with(json!({ "until": null, "only": "all" }))
        }
        "create_event" => event.with(json!({ "start": "2026-12-01", "end": "2027-02-28" })),
        "create_resource" | "update_resource" | "create_user" | "update_user" => event.with(json!({
            "meta": meta(), "availability_constraints": constraints(),
        })),
        "create_project" | "update_project" => {
            let resources = resources(server, 100).await;
            event.with(json!({ "resources": resources, "availability_constraints": constraints(), "meta": meta() }))
        }
        "set_project_resources" => {
            let Event(mut event) = event;
            event["body"] = json!(resources(server, 100).await).to_string().into();
            Event(event)
        }
        "create_location" | "update_location" | "create_service" | "update_service" => event.with(json!({ "meta": meta() })),
        "create_filter_collection" | "update_filter_collection" => {
            event.with(json!({ "filters": { "and": filters(), "or": filters() } }))
        }
        "report_leaked_keys" => {
            let keys: Vec<_> = (0..100).map(|number| format!("not a key {number}")).collect();
            event.with(json!({ "keys": keys }))
        }
        "create_account" => event.with(json!({ "name": "a".repeat(100), "password": "a".repeat(200) })),
        "show_booking_page" | "submit_booking_page" => {
            // The form's time is offered; the page finds none in its month and looks for the next.
            let begins = if operation == "show_booking_page" { "3 months" } else { "now" };
            let resources = resources(server, 40).await;
            let availability = json!({ "mode": "roundrobin_prioritized", "length": "1 hour", "from": begins, "to": "6 months" });
            let project = format!("/v2/projects/{TEST_PROJECT}");
            let body = json!({ "resources": resources, "availability": availability });
            app.put(&project, body).await.expecting(200);
            event
        }
        "show_menu_page" => {
            server.clock.advance(TimeDelta::minutes(1));
            for number in 0..100 {
                let body = json!({ "name": format!("Page {number}"), "resources": [ROOM] });
                app.post("/v2/projects", body).await.expecting(201);
            }
            event
        }
        "list_resources" | "list_calendars" | "list_credentials" => {
            resources(server, 100).await;
            event
        }
        _ => event,
    };
    filled(operation, event)
}

/// With every include, the longest page and a body up to its bound.
fn filled(operation: &str, Event(mut event): Event) -> Event {
    let query = event["rawQueryString"].as_str().unwrap_or_default();
    let mut query = query.to_owned();
    for (name, value) in [("include", INCLUDES), ("limit", "1000")] {
        if takes(operation, name) && !query.contains(name) {
            query = format!("{query}&{name}={value}");
        }
    }
    event["rawQueryString"] = query.trim_start_matches('&').into();
    if let Some(body) = event["body"].as_str() {
        // Nothing is between two of these in a form.
        let is_form = event["headers"]["content-type"] == "application/x-www-form-urlencoded";
        let blank = if is_form { "&" } else { " " };
        let blanks = blank.repeat(LARGEST_BODY.saturating_sub(body.len()));
        event["body"] = format!("{body}{blanks}").into();
    }
    Event(event)
}

/// Whether the OpenAPI document says that an operation has this parameter in its query.
fn takes(operation: &str, parameter: &str) -> bool {
    let document: Value = serde_json::from_str(&read("docs/openapi.json")).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").values();
    let described = paths
        .filter_map(Value::as_object)
        .flat_map(|path| path.values());
    let mut own = described.filter(|one| one["operationId"] == operation);
    own.any(|one| {
        let parameters = one["parameters"].as_array().into_iter().flatten();
        parameters.into_iter().any(|one| one["name"] == parameter)
    })
}

/// The page after booking and the pages behind links, which only a booking leads to: one that was moved as often as they follow.
#[tokio::test]
async fn what_a_booking_leads_to_keeps_to_its_bound_however_often_it_was_moved() {
    let server = TestServer::start().await;
    let (app, anybody) = (server.app(), server.anonymous());
    let path = format!("/book/{TEST_SLUG}");
    let done = crate::pages::book(&anybody, &path).await;
    let token = done.trim_start_matches("/book/done/").to_owned();
    let links = "/v2/bookings?limit=1&include=customer_action_links";
    let shown = app.get(links).await.expecting(200).body["data"][0].clone();
    let cancel = shown["customer_action_links"]["cancel_by_customer"].as_str();
    let cancel = cancel.expect("a link").to_owned();
    let moving = shown["customer_action_links"]["reschedule_by_customer"].as_str();
    let moving = moving.expect("a link").to_owned();
    let mut id = shown["id"].as_str().expect("an id").to_owned();
    for day in 0..MAX_MOVES {
        let start = instant(NOW) + TimeDelta::days(10 + i64::try_from(day).expect("small"));
        let place =
            json!({ "resource_id": DOC_BROWN, "start": start, "end": start + TimeDelta::hours(1) });
        let moved = app
            .post(&format!("/v2/bookings/{id}/reschedule"), place)
            .await;
        id = moved.expecting(200).id();
    }
    for (operation, method, path) in [
        ("show_booked_page", Method::GET, done.as_str()),
        (
            "get_booked_calendar",
            Method::GET,
            &format!("/book/calendar/{token}"),
        ),
        ("show_booking_page", Method::GET, &moving),
        ("show_external_action", Method::GET, &cancel),
        ("perform_external_action", Method::POST, &cancel),
    ] {
        server.clock.advance(TimeDelta::minutes(1));
        let before = server.store_calls();
        let reply = anybody.send(method, path, "").await;
        let (calls, most) = (
            server.store_calls() - before,
            Dossier::of(operation).bound.store_calls,
        );
        assert_eq!(reply.status, 200, "{operation}");
        assert!(calls <= most, "{operation}: {calls} calls, {most} stated");
        println!("{operation}: {calls} calls, {most} stated");
    }
}

fn booking_of_a_day(day: i64) -> Value {
    let start = instant(NOW) + TimeDelta::days(day + 1);
    json!({
        "resource_id": ROOM, "graph": "instant", "start": start, "end": start + TimeDelta::hours(1), "what": "A",
        "where": "B", "description": "a".repeat(2_000),
        "customer": { "name": "Marty", "email": "marty@example.com" },
    })
}

/// Free-form JSON up to its bound, as deep as JSON is read.
fn meta() -> Value {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    json!({ "notes": "a".repeat(60_000), "deep": deep })
}

fn constraints() -> Vec<Value> {
    let piece = |number: usize| {
        let day = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"][number % 5];
        let at = |minute: usize| format!("{:02}:{:02}", minute / 60, minute % 60);
        let minute = number / 5 * 8;
        json!({ "allow_day_and_time": { "day": day, "start": at(minute), "end": at(minute + 5) } })
    };
    (0..700).map(piece).collect()
}

fn filters() -> Vec<Value> {
    (0..20).map(|_| json!({ "business_hours": {} })).collect()
}

async fn enlarge(app: &Client, resource: &str) {
    let body = json!({ "meta": meta() });
    app.put(&format!("/v2/resources/{resource}"), body)
        .await
        .expecting(200);
}

async fn resources(server: &TestServer, count: usize) -> Vec<String> {
    // A key makes no more than 600 a minute.
    server.clock.advance(TimeDelta::minutes(1));
    let app = server.app();
    let mut made = vec![DOC_BROWN.to_string()];
    for number in 1..count {
        let body = json!({ "name": format!("Resource {number}"), "timezone": "Etc/UTC" });
        made.push(app.post("/v2/resources", body).await.expecting(201).id());
    }
    made
}
