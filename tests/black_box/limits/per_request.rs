//! What one request may take, and that nobody's heavy work keeps others waiting. Counts are compared, and never times.

use std::num::NonZero;
use std::thread::available_parallelism;

use api::answer_size::{MAX_BODY, escaped_length};
use auth::Owner;
use local::demo::{DOC_BROWN, TEST_APP, TEST_SLUG};
use model::ids::{BookingId, ResourceId};
use model::occupancy::{Buffers, Claim, ClaimKind};
use model::time::TimeSlot;
use serde_json::{Value, json};
use store::Tenant;
use tests::{Client, NOW, Reply, TestServer, instant};
use uuid::Uuid;

/// So many confirmed bookings of the demo's test app that a few hundred do not fit into an answer, and no others that
/// `search=meta.kind:large` finds.
pub(crate) async fn fill_with_large_bookings(server: &TestServer, count: i32) -> Vec<BookingId> {
    let bookings: Vec<_> = (0..count)
        .map(|number| {
            let mut booking = crate::lists::scale::block_booking(9, number);
            booking.created_at = instant(NOW);
            let meta = &mut booking.meta;
            meta.insert("kind".to_owned(), "large".into());
            meta.insert("notes".to_owned(), "a".repeat(20_000).into());
            booking
        })
        .collect();
    server.fill(TEST_APP, &bookings);
    bookings.iter().map(|booking| booking.id).collect()
}

/// The rows of a list from page to page, as `next_page_url` leads, and how many pages there were.
async fn all_pages(client: &Client, path: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut pages) = (Vec::new(), 0);
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = client.get(&path).await.expecting(200);
        let size = escaped_length(&page.bytes);
        assert!(size <= MAX_BODY, "{path}: {size} bytes");
        let from = page.body["from"].as_u64();
        let before = u64::try_from(rows.len()).expect("a number");
        let found = page.body["data"].as_array().expect("rows").clone();
        assert!(
            found.is_empty() || from == Some(before + 1),
            "{path}: {from:?}"
        );
        rows.extend(found);
        pages += 1;
        let url = page.body["next_page_url"].as_str();
        next = url.map(|url| url[url.find("/v2/").expect("a path")..].to_owned());
        if next.is_some() {
            let last = page.body["last_page"].as_u64();
            assert!(
                last > page.body["current_page"].as_u64(),
                "{path}: {last:?}"
            );
        }
    }
    (rows, pages)
}

fn ids(rows: &[Value]) -> Vec<String> {
    let ids = rows.iter().map(|row| row["id"].as_str().expect("an id"));
    let mut ids: Vec<String> = ids.map(str::to_owned).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_list_that_is_too_large_for_an_answer_comes_in_shorter_pages_and_loses_no_row() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut filled: Vec<String> = fill_with_large_bookings(&server, 700)
        .await
        .iter()
        .map(ToString::to_string)
        .collect();
    filled.sort();
    // In the order of an index, sorted at each request, and found one by one among others.
    for order in ["created_at", "state", "updated_at&sortedBy=asc"] {
        let path =
            format!("/v2/bookings?search=meta.kind:large&include=meta&limit=1000&orderBy={order}");
        let (rows, pages) = all_pages(&app, &path).await;
        assert_eq!(ids(&rows), filled, "{order}");
        assert!((3..10).contains(&pages), "{order}: {pages} pages");
    }
    // By another limit, from the second page on.
    let path = "/v2/bookings?search=meta.kind:large&include=meta&limit=350&page=2";
    let second = app.get(path).await.expecting(200);
    assert_eq!(second.body["from"], 351);
    let to = second.body["to"].as_u64().expect("a row");
    assert!((352..700).contains(&to), "{to}");
    assert!(second.body["next_page_url"].is_string());
}

#[tokio::test]
async fn every_kind_of_list_is_cut_where_it_no_longer_fits() {
    let server = TestServer::start().await;
    let app = server.app();
    let large = "a".repeat(60_000);
    let mut made = Vec::new();
    for number in 0..120 {
        let body = json!({ "name": format!("Large {number}"), "timezone": "Etc/UTC", "meta": { "notes": large } });
        made.push(app.post("/v2/resources", body).await.expecting(201).id());
    }
    made.sort();
    let (rows, pages) = all_pages(&app, "/v2/resources?search=name:Large*&limit=1000").await;
    assert_eq!((ids(&rows), pages), (made.clone(), 2));
    for number in 0..110 {
        let body = json!({ "name": format!("Large {number}"), "meta": { "notes": large } });
        app.post("/v2/locations", body).await.expecting(201);
    }
    let (rows, pages) = all_pages(&app, "/v2/locations?search=name:Large*&limit=1000").await;
    assert_eq!((rows.len(), pages), (110, 2));
}

/// A search over six months, by the minute.
fn by_the_minute(more: Value) -> Value {
    let mut body = json!({ "future": "6 months", "length": "1 minute" });
    for (field, value) in more.as_object().expect("fields") {
        body[field] = value.clone();
    }
    body
}

async fn resources(app: &Client, count: usize) -> Vec<String> {
    let mut made = Vec::new();
    for number in 0..count {
        let body = json!({ "name": format!("R{number}"), "timezone": "Etc/UTC",
            "email": format!("r{number}@clinic.example") });
        made.push(app.post("/v2/resources", body).await.expecting(201).id());
    }
    made
}

fn fault(reply: &Reply, field: &str) -> String {
    let faults = &reply.body["errors"];
    let sentence = faults[field][0].as_str();
    sentence
        .unwrap_or_else(|| panic!("{}", reply.body))
        .to_owned()
}

#[tokio::test]
async fn all_searches_of_a_request_share_one_budget_and_are_refused_before_any_is_made() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = resources(&app, 10).await;
    for path in ["/v2/findtime/bulk", "/v2/findtime/team"] {
        let users: Vec<_> = made
            .iter()
            .map(|id| json!({ "resource_ids": [id] }))
            .collect();
        for body in [
            by_the_minute(json!({ "users": users })),
            by_the_minute(json!({ "resource_ids": made })),
        ] {
            let before = server.store_calls();
            let refused = app.post(path, body).await.expecting(422);
            let sentence = fault(&refused, "future");
            assert!(
                sentence.contains("more than 2500000 slots"),
                "{path}: {sentence}"
            );
            // The key, its lease and the resources: nothing of what is taken.
            let calls = server.store_calls() - before;
            assert!(calls <= 2 + 10, "{path}: {calls}");
        }
    }
    let refused = app
        .post(
            "/v2/findtime",
            by_the_minute(json!({ "resource_ids": made })),
        )
        .await;
    assert!(fault(&refused.expecting(422), "future").contains("slots"));
    let search =
        json!({ "resources": made, "mode": "exclusive", "to": "6 months", "length": "1 minute" });
    for path in [
        "/v2/availability",
        "/v2/availability/dates",
        "/v2/availability/count",
        "/v2/unavailable/slots",
    ] {
        let refused = app.post(path, search.clone()).await.expecting(422);
        assert!(fault(&refused, "to").contains("slots"), "{path}");
    }
}

#[tokio::test]
async fn a_resource_that_is_named_twice_counts_once_and_is_answered_once() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = DOC_BROWN.to_string();
    let email = app
        .get(&format!("/v2/resources/{doc}"))
        .await
        .expecting(200);
    let email = email.body["data"]["email"].clone();
    let mut users: Vec<_> = (0..99).map(|_| json!({ "resource_ids": [doc] })).collect();
    users.push(json!({ "_email": email }));
    let body = json!({ "users": users, "future": "2 days", "length": "1 hour" });
    let alone = json!({ "resource_ids": [doc], "future": "2 days", "length": "1 hour" });
    let times = |reply: &Reply| reply.body["data"][0]["timeslots"].clone();

    let all = app
        .post("/v2/findtime/bulk", body.clone())
        .await
        .expecting(200);
    let one = app
        .post("/v2/findtime/bulk", alone.clone())
        .await
        .expecting(200);
    assert_eq!(all.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(times(&all), times(&one));
    let before = server.store_calls();
    let all = app.post("/v2/findtime/team", body).await.expecting(200);
    // The key and its leases, the resource by both its names, its credentials and what is taken of it: each once.
    let calls = server.store_calls() - before;
    assert!(calls <= 12, "{calls}");
    assert_eq!(
        all.body,
        app.post("/v2/findtime/team", alone)
            .await
            .expecting(200)
            .body
    );
    for time in all.body["data"].as_array().expect("times") {
        assert_eq!(time["users"].as_array().map(Vec::len), Some(1));
    }

    // Another search of the same resource is another search.
    let body = json!({ "future": "2 days", "users": [
        { "resource_ids": [doc], "length": "1 hour" }, { "resource_ids": [doc], "length": "2 hours" },
    ] });
    let both = app
        .post("/v2/findtime/bulk", body.clone())
        .await
        .expecting(200);
    assert_eq!(both.body["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_page_that_names_one_resource_a_hundred_times_by_the_minute_gets_a_short_answer() {
    let server = TestServer::start().await;
    let app = server.app();
    let token = server
        .token(&app, &DOC_BROWN.to_string(), "client-token")
        .await;
    let page = server.with_token(TEST_SLUG, &token);
    let users: Vec<_> = (0..100)
        .map(|_| json!({ "resource_ids": [DOC_BROWN.to_string()] }))
        .collect();
    for path in ["/v2/findtime/team", "/v2/findtime/bulk"] {
        let refused = page
            .post(path, by_the_minute(json!({ "users": users })))
            .await
            .expecting(422);
        assert!(
            fault(&refused, "future").contains("the answer too large"),
            "{path}"
        );
        assert!(refused.bytes.len() < 1_000);
    }
    let refused = page
        .post("/v2/findtime", by_the_minute(json!({})))
        .await
        .expecting(422);
    assert!(fault(&refused, "future").contains("the answer too large"));
}

#[tokio::test]
async fn what_constraints_and_filters_cut_is_bounded_too() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = resources(&app, 4).await;
    let piece = |number: usize| {
        let day = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"][number % 5];
        let at = |minute: usize| format!("{:02}:{:02}", minute / 60, minute % 60);
        let minute = number / 5 * 8;
        json!({ "allow_day_and_time": { "day": day, "start": at(minute), "end": at(minute + 5) } })
    };
    let constraints: Vec<_> = (0..700).map(piece).collect();
    let search = |constraints: &[Value]| json!({ "resources": made, "mode": "mutual", "to": "6 months", "constraints": constraints });
    app.post("/v2/availability", search(&constraints))
        .await
        .expecting(200);
    for id in &made {
        let body = json!({ "availability_constraints": constraints });
        app.put(&format!("/v2/resources/{id}"), body)
            .await
            .expecting(200);
    }
    let mut many = search(&constraints);
    many["resources"] = json!(resources_more(&app, 50).await);
    let refused = app.post("/v2/availability", many).await.expecting(422);
    assert!(
        fault(&refused, "to").contains("openings"),
        "{}",
        refused.body
    );

    // A filter is looked at for each search of a request.
    let filters: Vec<_> = (0..2_000)
        .map(|_| json!({ "business_hours": {} }))
        .collect();
    let body = json!({ "resource_ids": made, "future": "6 months", "filters": { "and": filters } });
    let refused = app.post("/v2/findtime/bulk", body).await.expecting(422);
    assert!(
        fault(&refused, "future").contains("openings"),
        "{}",
        refused.body
    );
}

async fn resources_more(app: &Client, count: usize) -> Vec<String> {
    let mut made = Vec::new();
    for number in 0..count {
        let body = json!({ "name": format!("More {number}"), "timezone": "Etc/UTC" });
        made.push(app.post("/v2/resources", body).await.expecting(201).id());
    }
    made
}

/// Taking some of many at random once took time that grew with their square.
#[tokio::test]
async fn one_of_a_quarter_of_a_million_times_is_taken_at_random_in_one_pass() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = resources(&app, 1).await;
    for number in [1, 3] {
        let body = by_the_minute(json!({
            "resource_ids": made, "filters": { "after": [{ "take_random": { "number": number } }] },
        }));
        let found = app.post("/v2/findtime", body).await.expecting(200);
        assert_eq!(found.body["data"].as_array().map(Vec::len), Some(number));
    }
}

#[tokio::test]
async fn reading_ends_where_there_is_more_than_a_search_may_look_at() {
    let server = TestServer::start().await;
    let (store, tenant) = (server.state.store(), Tenant::app(TEST_APP));
    let ids: Vec<ResourceId> = (0..200)
        .map(|id| ResourceId::new(Uuid::from_u128(id)))
        .collect();
    let start = instant("2026-12-01T00:00:00Z");
    let claim = |number: i64| {
        let start = start + chrono::TimeDelta::minutes(number);
        Claim {
            id: Uuid::from_u128(number.unsigned_abs().into()),
            slot: TimeSlot::new(start, start + chrono::TimeDelta::minutes(1)).expect("a slot"),
            buffers: Buffers::default(),
            until: None,
            kind: ClaimKind::Booking,
        }
    };
    let claims: Vec<Claim> = (0..100).map(claim).collect();
    for id in &ids {
        server.fill_sheets(TEST_APP, *id, &claims);
    }
    let range = TimeSlot::new(start, start + chrono::TimeDelta::days(30)).expect("a slot");
    let read = async |most: usize| {
        let before = server.store_calls();
        let found = store.claims_within(tenant, &ids, range, most).await;
        (found.expect("a store"), server.store_calls() - before)
    };
    let (all, calls) = read(20_000).await;
    assert_eq!(
        all.map(|all| all.iter().map(Vec::len).sum()),
        Some(20_000_usize)
    );
    assert_eq!(calls, 200);
    let (none, calls) = read(19_999).await;
    assert!(none.is_none());
    let (none, fewer) = read(150).await;
    assert!(none.is_none());
    assert!(fewer < calls / 2, "{fewer} of {calls}");
}

/// As many turns as an app can have, taken.
async fn all_turns(server: &TestServer, owner: Owner) -> Vec<auth::shares::Turn> {
    let share = available_parallelism().map_or(1, NonZero::get).max(2) / 2;
    let mut turns = Vec::new();
    for _ in 0..share {
        turns.push(server.state.heavy().turn(owner).await.expect("a turn"));
    }
    turns
}

#[tokio::test]
async fn heavy_work_of_one_app_waits_for_its_own_turn_and_nobody_elses_does() {
    let server = TestServer::start().await;
    let (app, other) = (server.app(), server.live_app());
    fill_with_large_bookings(&server, 400).await;
    let busy = resources(&app, 3).await;
    let theirs = resources(&other, 3).await;
    let wide = |ids: &[String]| json!({ "resources": ids, "mode": "exclusive", "to": "6 months", "timeslot_increments": "10 minutes" });
    let count = "/v2/availability/count";

    let turns = all_turns(&server, Owner::App(TEST_APP)).await;
    let waiting = {
        let (app, body) = (app.clone(), wide(&busy));
        tokio::spawn(async move { app.post(count, body).await.status })
    };
    let listing = {
        let app = app.clone();
        tokio::spawn(async move { app.get("/v2/bookings?search=meta.kind:large").await.status })
    };
    // What is not heavy is answered meanwhile, and so is another app's heavy work.
    let mut narrow = wide(&busy);
    narrow["to"] = "1 day".into();
    app.post(count, narrow).await.expecting(200);
    app.get("/v2/bookings?limit=10&search=resource.id:00000000-0000-0000-0000-000000000000")
        .await
        .expecting(200);
    for _ in 0..3 {
        other.post(count, wide(&theirs)).await.expecting(200);
    }
    assert!(!waiting.is_finished() && !listing.is_finished());
    drop(turns);
    assert_eq!(waiting.await.expect("answered"), 200);
    assert_eq!(listing.await.expect("answered"), 200);
}
