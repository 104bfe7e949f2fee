//! Lists: pages that add up, searches that never show more than was asked for, and orders.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use local::demo::{CONFIRMED, DECLINED, DOC_BROWN, ROOM, TENTATIVE, TEST_PROJECT};
use model::time::{Tz, format_instant};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking, field_names, instant};
use uuid::Uuid;

/// The fields of a page, and no others.
const PAGE_FIELDS: [&str; 10] = [
    "current_page",
    "data",
    "from",
    "last_page",
    "next_page_url",
    "per_page",
    "prev_page_url",
    "to",
    "total",
    "total_is_exact",
];

/// A request for the room on the `number`th hour of December.
fn hour(number: i64) -> Value {
    let start = instant("2026-12-01T00:00:00Z") + TimeDelta::hours(number);
    let text = |at| format_instant(at, Tz::UTC);
    let end = start + TimeDelta::hours(1);
    booking(&ROOM.to_string(), "instant", &text(start), &text(end))
}

/// Makes so many bookings of the room, a second apart, and answers their ids from the oldest on.
async fn book_hours(server: &TestServer, count: i64) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        server.clock.advance(TimeDelta::seconds(1));
        let made = server.app().post("/v2/bookings", hour(number)).await;
        ids.push(made.expecting(201).id());
    }
    ids
}

/// Makes a booking of the room with these fields in place of the usual ones.
async fn book_with(server: &TestServer, number: i64, fields: Value) -> String {
    let mut body = hour(number);
    for (name, value) in fields.as_object().expect("fields") {
        body[name] = value.clone();
    }
    let made = server.app().post("/v2/bookings", body).await;
    made.expecting(201).id()
}

fn ids(page: &Reply) -> Vec<String> {
    let rows = page.body["data"].as_array();
    let rows = rows.unwrap_or_else(|| panic!("no rows in {}", page.body));
    let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    rows.iter().map(id).collect()
}

/// What stands behind the host in an address of another page.
fn path_of(page: &Reply, field: &str) -> Option<String> {
    let url = page.body[field].as_str()?;
    let path = url.find("/v2/").expect("an address of this API");
    Some(url[path..].to_owned())
}

/// The ids on all pages from `path` on, page by page.
async fn follow(client: &Client, path: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = client.get(&path).await.expecting(200);
        pages.push(ids(&page));
        assert_eq!(page.body["current_page"], pages.len(), "{path}");
        assert!(pages.len() < 100, "the pages have no end");
        next = path_of(&page, "next_page_url");
    }
    pages
}

async fn numbered(client: &Client, path: &str, pages: usize) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for number in 1..=pages {
        let page = client.get(&format!("{path}&page={number}")).await;
        found.push(ids(&page.expecting(200)));
    }
    found
}

/// The ids that a search for bookings finds, in no order.
async fn found(client: &Client, search: &str) -> BTreeSet<String> {
    let path = format!("/v2/bookings?search={search}");
    let page = client.get(&path).await.expecting(200);
    ids(&page).into_iter().collect()
}

fn set<const N: usize>(ids: [&str; N]) -> BTreeSet<String> {
    ids.map(str::to_owned).into()
}

#[track_caller]
fn assert_page(page: &Reply, expected: &Value) {
    assert_eq!(field_names(&page.body), PAGE_FIELDS);
    for (name, value) in expected.as_object().expect("fields") {
        assert_eq!(&page.body[name], value, "{name} of {}", page.body);
    }
}

#[tokio::test]
async fn a_page_tells_where_it_stands_in_the_list() {
    let server = TestServer::start().await;
    book_hours(&server, 2).await;
    let app = server.app();
    let first = app.get("/v2/bookings?limit=3").await;
    assert_page(
        &first,
        &json!({
            "total": 5, "total_is_exact": true, "per_page": 3, "current_page": 1, "last_page": 2,
            "prev_page_url": null, "from": 1, "to": 3,
        }),
    );
    let next = path_of(&first, "next_page_url").expect("there is more");
    assert!(next.starts_with("/v2/bookings?limit=3&page=2"), "{next}");

    for path in [next.as_str(), "/v2/bookings?limit=3&page=2"] {
        let second = app.get(path).await;
        assert_page(
            &second,
            &json!({
                "total": 5, "total_is_exact": true, "per_page": 3, "current_page": 2, "last_page": 2,
                "next_page_url": null, "from": 4, "to": 5,
            }),
        );
        let previous = path_of(&second, "prev_page_url").expect("there is one before");
        assert_eq!(previous, "/v2/bookings?limit=3&page=1");
        assert_eq!(ids(&app.get(&previous).await), ids(&first));
    }
}

#[tokio::test]
async fn an_empty_list_is_a_page_too() {
    let server = TestServer::start().await;
    let (live, _) = server.sign_up("empty@example.com").await;
    let app = server.with_key(&live.api_key);
    for path in ["/v2/bookings", "/v2/resources", "/v2/credentials"] {
        let page = app.get(path).await.expecting(200);
        assert_page(
            &page,
            &json!({
                "total": 0, "total_is_exact": true, "per_page": 50, "current_page": 1, "last_page": 1,
                "next_page_url": null, "prev_page_url": null, "from": null, "to": null, "data": [],
            }),
        );
    }
}

#[tokio::test]
async fn a_page_behind_the_last_one_is_empty_and_leads_back() {
    let server = TestServer::start().await;
    let page = server.app().get("/v2/bookings?limit=2&page=3").await;
    assert_page(
        &page,
        &json!({
            "total": 3, "current_page": 3, "last_page": 2, "next_page_url": null,
            "from": null, "to": null, "data": [],
        }),
    );
    let previous = path_of(&page, "prev_page_url");
    assert_eq!(previous.as_deref(), Some("/v2/bookings?limit=2&page=2"));
}

#[tokio::test]
async fn following_the_pages_visits_every_row_once_newest_first() {
    let server = TestServer::start().await;
    let mut expected = book_hours(&server, 25).await;
    expected.reverse();
    let app = server.app();
    let pages = follow(&app, "/v2/bookings?limit=4").await;
    assert_eq!(pages.len(), 7, "28 rows, the demo's three among them");
    let mut walked = pages.concat();
    let oldest: BTreeSet<String> = walked.split_off(25).into_iter().collect();
    assert_eq!(walked, expected);
    assert_eq!(
        oldest,
        [CONFIRMED, TENTATIVE, DECLINED]
            .map(|id| id.to_string())
            .into()
    );
    assert_eq!(numbered(&app, "/v2/bookings?limit=4", 7).await, pages);
}

#[tokio::test]
async fn rows_of_one_instant_are_all_visited_once() {
    let server = TestServer::start().await;
    for number in 0..25 {
        let made = server.app().post("/v2/bookings", hour(number)).await;
        made.expecting(201);
    }
    let pages = follow(&server.app(), "/v2/bookings?limit=4").await.concat();
    assert_eq!(pages.len(), 28);
    assert_eq!(pages.into_iter().collect::<BTreeSet<_>>().len(), 28);
}

#[tokio::test]
async fn a_filtered_list_pages_as_well_in_either_direction() {
    let server = TestServer::start().await;
    let made = book_hours(&server, 11).await;
    let app = server.app();
    for (filter, ascending) in [
        (format!("search=resource.id:{ROOM}"), made.clone()),
        (
            format!("search=resource.id:{ROOM};graph:instant"),
            made.clone(),
        ),
        (
            "search=customer.email:marty.mcfly@timekit.io".to_owned(),
            made.clone(),
        ),
        (
            "search=customer.name:marty*&start=2026-12-01T00:00:00Z".to_owned(),
            made.clone(),
        ),
    ] {
        for (direction, mut expected) in [("asc", ascending.clone()), ("desc", ascending.clone())] {
            if direction == "desc" {
                expected.reverse();
            }
            let path = format!("/v2/bookings?{filter}&sortedBy={direction}&limit=4");
            let pages = follow(&app, &path).await;
            assert_eq!(pages.len(), 3, "{path}");
            assert_eq!(pages.concat(), expected, "{path}");
            assert_eq!(numbered(&app, &path, 3).await, pages, "{path}");
        }
    }
}

#[tokio::test]
async fn a_list_goes_on_across_months_with_nothing_in_them() {
    let server = TestServer::start().await;
    let mut made = Vec::new();
    for number in 0..6 {
        server.clock.advance(TimeDelta::days(50));
        made.push(
            book_with(
                &server,
                number,
                json!({ "project_id": TEST_PROJECT.to_string() }),
            )
            .await,
        );
    }
    let app = server.app();
    let project = TEST_PROJECT;
    let path = format!("/v2/bookings?search=project.id:{project}&limit=4&sortedBy=asc");
    assert_eq!(follow(&app, &path).await.concat(), made);
    made.reverse();
    let all = follow(&app, "/v2/bookings?limit=4").await.concat();
    assert_eq!(all[..6], made);
    assert_eq!(all.len(), 9);
}

#[tokio::test]
async fn a_list_of_large_rows_is_whole() {
    let server = TestServer::start().await;
    for number in 0..30 {
        let meta = json!({ "large": "x".repeat(60_000) });
        book_with(&server, number, json!({ "meta": meta })).await;
    }
    let path = format!("/v2/bookings?search=resource.id:{ROOM}&include=resource");
    let page = server.app().get(&path).await.expecting(200);
    assert_eq!(ids(&page).len(), 30);
}

#[tokio::test]
async fn what_is_made_while_somebody_pages_moves_no_row_to_another_page() {
    let server = TestServer::start().await;
    let mut expected = book_hours(&server, 8).await;
    expected.reverse();
    let app = server.app();
    let first = app.get("/v2/bookings?limit=4").await.expecting(200);
    server.clock.advance(TimeDelta::seconds(1));
    app.post("/v2/bookings", hour(20)).await.expecting(201);
    let next = path_of(&first, "next_page_url").expect("there is more");
    let second = app.get(&next).await.expecting(200);
    assert_eq!([ids(&first), ids(&second)].concat(), expected);
}

#[tokio::test]
async fn a_cursor_belongs_to_one_list_of_one_app() {
    let server = TestServer::start().await;
    book_hours(&server, 5).await;
    let app = server.app();
    let first = app.get("/v2/bookings?limit=2").await.expecting(200);
    let next = path_of(&first, "next_page_url").expect("there is more");
    let cursor = next.split("cursor=").nth(1).expect("a cursor");
    let (payload, code) = cursor.split_once('.').expect("a payload and its code");

    let refused = async |client: &Client, path: String| {
        let reply = client.get(&path).await;
        assert_eq!(reply.status, 422, "{path}: {}", reply.body);
        assert_eq!(reply.faults(), ["cursor"], "{path}");
    };
    for other in [
        "/v2/resources?limit=2".to_owned(),
        "/v2/credentials?limit=2".to_owned(),
        "/v2/bookings?limit=2&search=graph:instant".to_owned(),
        format!("/v2/bookings?limit=2&search=resource.id:{ROOM}"),
        "/v2/bookings?limit=2&sortedBy=asc".to_owned(),
        "/v2/bookings?limit=2&orderBy=state".to_owned(),
        "/v2/bookings?limit=2&start=2026-12-01T00:00:00Z".to_owned(),
        "/v2/bookings?limit=2&end=2026-12-01T00:00:00Z".to_owned(),
    ] {
        refused(&app, format!("{other}&cursor={cursor}")).await;
    }
    let other_app = server.with_key(server.demo.live.api_key.expose());
    refused(&other_app, next.clone()).await;
    let token = server.token(&app, &ROOM.to_string(), "server-token").await;
    refused(&server.with_token("demo-test", &token), next.clone()).await;

    let turned: String = payload.chars().rev().collect();
    for tampered in [
        format!("{turned}.{code}"),
        format!("{payload}.{}", code.to_lowercase()),
        format!("{payload}."),
        format!("{payload}AAAA.{code}"),
        format!(".{code}"),
        payload.to_owned(),
        "1".to_owned(),
        "%00".to_owned(),
        "%F0%9F%95%B0".to_owned(),
    ] {
        refused(&app, format!("/v2/bookings?limit=2&cursor={tampered}")).await;
    }
    let kept = app.get(&next).await.expecting(200);
    assert_eq!(ids(&kept).len(), 2);
}

#[tokio::test]
async fn a_limit_or_page_that_is_no_sound_number_is_refused() {
    let server = TestServer::start().await;
    for path in [
        "/v2/bookings",
        "/v2/resources",
        "/v2/credentials",
        "/v2/keys",
    ] {
        for wrong in [
            "0",
            "1001",
            "abc",
            "-1",
            "1.5",
            "1e2",
            "99999999999999999999",
            "%20",
        ] {
            let reply = server.app().get(&format!("{path}?limit={wrong}")).await;
            assert_eq!(reply.expecting(422).faults(), ["limit"], "{path} {wrong}");
        }
        for wrong in [
            "0",
            "abc",
            "-1",
            "99999999999999999999",
            "18446744073709551615",
        ] {
            let reply = server.app().get(&format!("{path}?page={wrong}")).await;
            assert_eq!(reply.expecting(422).faults(), ["page"], "{path} {wrong}");
        }
        for sound in ["limit=1", "limit=1000", "limit=", "page=", "page=1", ""] {
            let reply = server.app().get(&format!("{path}?{sound}")).await;
            assert_eq!(reply.status, 200, "{path} {sound}: {}", reply.body);
        }
    }
    let reply = server.app().get("/v2/bookings?limit=0&page=0").await;
    assert_eq!(reply.expecting(422).faults(), ["limit", "page"]);
}

#[tokio::test]
async fn no_page_is_numbered_beyond_row_10000() {
    let server = TestServer::start().await;
    for (query, sound) in [
        ("limit=1000&page=10", true),
        ("limit=1000&page=11", false),
        ("limit=1&page=10000", true),
        ("limit=1&page=10001", false),
        ("limit=3&page=3334", false),
        ("page=200", true),
        ("page=201", false),
    ] {
        let reply = server.app().get(&format!("/v2/bookings?{query}")).await;
        if sound {
            reply.expecting(200);
        } else {
            let reply = reply.expecting(422);
            assert_eq!(reply.faults(), ["page"], "{query}");
            let sentence = reply.body["errors"]["page"][0]
                .as_str()
                .expect("a sentence");
            assert!(sentence.contains("next_page_url"), "{sentence}");
        }
    }
}

#[tokio::test]
async fn criteria_are_separated_by_a_semicolon_raw_or_encoded() {
    let server = TestServer::start().await;
    let app = server.app();
    let wanted = book_with(&server, 0, json!({ "meta": { "kind": "x" } })).await;
    book_with(&server, 1, json!({ "meta": { "kind": "y" } })).await;
    for separator in [";", "%3B", "%3b", "; ", ";;", "%20%3B%20"] {
        let separator = separator.replace(' ', "%20");
        let search = format!("resource.id:{ROOM}{separator}meta.kind:x");
        assert_eq!(found(&app, &search).await, set([&wanted]), "{search}");
    }
    assert_eq!(
        found(&app, &format!("resource.id:{DOC_BROWN};meta.kind:x")).await,
        set([])
    );
}

#[tokio::test]
async fn a_value_may_contain_colons() {
    let server = TestServer::start().await;
    let at = "2026-12-01T10:00:00Z";
    let wanted = book_with(&server, 0, json!({ "meta": { "at": at } })).await;
    let customer = json!({ "name": "Doc: Emmett: Brown", "site": "https://x.example:8080/a" });
    let other = book_with(&server, 1, json!({ "customer": customer })).await;
    let app = server.app();
    assert_eq!(found(&app, &format!("meta.at:{at}")).await, set([&wanted]));
    assert_eq!(
        found(&app, "customer.name:doc:%20emmett:%20brown").await,
        set([&other])
    );
    assert_eq!(
        found(&app, "customer.site:https://x.example:8080/a").await,
        set([&other])
    );
}

#[tokio::test]
async fn a_customers_name_is_found_by_its_beginning_end_or_middle_in_any_letter_case() {
    let server = TestServer::start().await;
    let names = ["Marty McFly", "Marty Klein", "George McFly", "Ærø Ünal"];
    let mut made = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let customer = json!({ "name": name });
        made.push(book_with(&server, number as i64, json!({ "customer": customer })).await);
    }
    let app = server.app();
    for (wanted, expected) in [
        ("Marty%20McFly", &[0][..]),
        ("marty%20mcfly", &[0]),
        ("MARTY*", &[0, 1]),
        ("*mcfly", &[0, 2]),
        ("*rty%20*", &[0, 1]),
        ("*E*", &[1, 2]),
        ("*%C3%BCNAL", &[3]),
        ("%C3%86*", &[3]),
        ("marty", &[]),
        ("mcfly*", &[]),
        ("*", &[0, 1, 2, 3]),
    ] {
        let search = format!("resource.id:{ROOM};customer.name:{wanted}");
        let expected: BTreeSet<String> =
            expected.iter().map(|index| made[*index].clone()).collect();
        assert_eq!(found(&app, &search).await, expected, "{wanted}");
    }
}

#[tokio::test]
async fn a_customers_address_is_found_in_any_letter_case() {
    let server = TestServer::start().await;
    let customer = json!({ "name": "Doc", "email": "Emmett.Brown@Example.com" });
    let doc = book_with(&server, 0, json!({ "customer": customer })).await;
    let customer = json!({ "name": "Zoë", "email": "ZOË@example.com" });
    let zoe = book_with(&server, 1, json!({ "customer": customer })).await;
    let app = server.app();
    for (search, expected) in [
        ("customer.email:emmett.brown@example.com", set([&doc])),
        ("customer.email:EMMETT.BROWN@EXAMPLE.COM", set([&doc])),
        (
            "customer.email:emmett.brown%40example.com;graph:instant",
            set([&doc]),
        ),
        ("customer.email:zo%C3%AB@example.com", set([&zoe])),
        ("customer.email:ZO%C3%8B@EXAMPLE.COM", set([&zoe])),
        ("customer.email:emmett.brown", set([])),
        ("customer.email:*@example.com", set([])),
    ] {
        assert_eq!(found(&app, search).await, expected, "{search}");
    }
}

#[tokio::test]
async fn any_field_of_a_customer_can_be_searched() {
    let server = TestServer::start().await;
    let customer = json!({
        "name": "Marty", "phone": "(916) 555-4385", "voip": "McFly", "timezone": "America/Los_Angeles",
        "company_name": "Acme", "age": 17, "vip": true, "sizes": ["S", "M"],
    });
    let marty = book_with(&server, 0, json!({ "customer": customer })).await;
    let customer =
        json!({ "name": "Doc", "company_name": "Acme Ltd", "age": 65, "vip": false, "sizes": [] });
    book_with(&server, 1, json!({ "customer": customer })).await;
    let app = server.app();
    for field in [
        "phone:(916)%20555-4385",
        "voip:McFly",
        "timezone:America/Los_Angeles",
        "company_name:Acme",
        "age:17",
        "vip:true",
        "sizes:M",
        "sizes:S",
    ] {
        let search = format!("resource.id:{ROOM};customer.{field}");
        assert_eq!(found(&app, &search).await, set([&marty]), "{search}");
    }
    for field in [
        "company_name:acme",
        "age:170",
        "sizes:L",
        "unheard_of:1",
        "vip:yes",
    ] {
        let search = format!("resource.id:{ROOM};customer.{field}");
        assert_eq!(found(&app, &search).await, set([]), "{search}");
    }
}

#[tokio::test]
async fn meta_data_can_be_searched_whether_text_number_or_truth() {
    let server = TestServer::start().await;
    let meta = json!({ "text": "blue", "number": 42, "half": 0.5, "flag": true, "none": null, "deep": { "k": "v" }, "a.b": "dot" });
    let wanted = book_with(&server, 0, json!({ "meta": meta })).await;
    book_with(
        &server,
        1,
        json!({ "meta": { "text": "red", "number": 420, "half": 5, "flag": false } }),
    )
    .await;
    let app = server.app();
    for criterion in ["text:blue", "number:42", "half:0.5", "flag:true", "a.b:dot"] {
        assert_eq!(
            found(&app, &format!("meta.{criterion}")).await,
            set([&wanted]),
            "{criterion}"
        );
    }
    for criterion in [
        "text:Blue",
        "text:blu*",
        "number:4",
        "flag:1",
        "none:null",
        "deep:v",
        "deep.k:v",
        "absent:",
    ] {
        assert_eq!(
            found(&app, &format!("meta.{criterion}")).await,
            set([]),
            "{criterion}"
        );
    }
    assert_eq!(
        found(&app, "meta.text:blue;meta.number:42;meta.flag:true").await,
        set([&wanted])
    );
    assert_eq!(found(&app, "meta.text:blue;meta.flag:false").await, set([]));
}

#[tokio::test]
async fn state_and_completion_are_those_of_this_instant() {
    let server = TestServer::start().await;
    let app = server.app();
    let sure = book_with(&server, 0, json!({})).await;
    let asked = book_with(&server, 1, json!({ "graph": "confirm_decline" })).await;
    let find =
        async |criterion: &str| found(&app, &format!("resource.id:{ROOM};{criterion}")).await;
    let due = instant("2026-12-01T02:00:00Z");

    server.clock.set(due - TimeDelta::seconds(1));
    assert_eq!(find("state:confirmed").await, set([&sure]));
    assert_eq!(find("state:completed").await, set([]));
    assert_eq!(find("completed:true").await, set([]));
    assert_eq!(find("completed:false").await, set([&sure, &asked]));

    server.clock.set(due);
    assert_eq!(find("state:confirmed").await, set([]));
    assert_eq!(find("state:completed").await, set([&sure]));
    assert_eq!(find("completed:true").await, set([&sure]));
    assert_eq!(find("completed:1").await, set([&sure]));
    assert_eq!(find("completed:false").await, set([&asked]));
    assert_eq!(find("state:tentative").await, set([&asked]));
    assert_eq!(find("state:tentative;completed:true").await, set([]));
}

#[tokio::test]
async fn bookings_are_found_by_graph_calendar_and_project() {
    let server = TestServer::start().await;
    let app = server.app();
    let project = TEST_PROJECT.to_string();
    let one = book_with(&server, 0, json!({ "project_id": project })).await;
    let other = book_with(&server, 1, json!({ "graph": "confirm_decline" })).await;
    let resource = app.get(&format!("/v2/resources/{ROOM}")).await;
    let calendar = resource.body["data"]["calendars"][0]["id"]
        .as_str()
        .expect("a calendar");
    let room = format!("resource.id:{ROOM}");
    for (search, expected) in [
        (format!("{room};graph:instant"), set([&one])),
        (format!("{room};graph:confirm_decline"), set([&other])),
        (format!("calendar.id:{calendar}"), set([&one, &other])),
        (format!("calendar.id:{}", Uuid::from_u128(8)), set([])),
        (format!("project.id:{project}"), set([&one])),
        (
            format!("project.id:{};graph:instant", project.to_uppercase()),
            set([&one]),
        ),
        (format!("project.id:{}", Uuid::from_u128(8)), set([])),
        (format!("{room};project.id:{project}"), set([&one])),
        (format!("resource.id:{}", Uuid::from_u128(8)), set([])),
    ] {
        assert_eq!(found(&app, &search).await, expected, "{search}");
    }
}

#[tokio::test]
async fn two_values_for_one_attribute_are_refused_rather_than_one_of_them_passed_over() {
    let server = TestServer::start().await;
    book_hours(&server, 2).await;
    let app = server.app();
    for search in [
        format!("resource.id:{ROOM};resource.id:{DOC_BROWN}"),
        "graph:instant;graph:confirm_decline".to_owned(),
        "state:confirmed;state:declined".to_owned(),
        "completed:true;completed:false".to_owned(),
    ] {
        let reply = app.get(&format!("/v2/bookings?search={search}")).await;
        assert_eq!(reply.expecting(422).faults(), ["search"], "{search}");
    }
    let same = format!("resource.id:{ROOM};resource.id:{ROOM}");
    assert_eq!(found(&app, &same).await.len(), 2);
    // A form's fields may hold several values and take wildcards: there all that is asked for must hold.
    let both = format!("resource.id:{ROOM};customer.name:marty*;customer.name:*mcfly");
    assert_eq!(found(&app, &both).await.len(), 2);
    let neither = "customer.email:marty.mcfly@timekit.io;customer.email:doc@timekit.io";
    assert_eq!(found(&app, neither).await.len(), 0);
}

#[tokio::test]
async fn an_unknown_attribute_is_refused_with_the_known_ones() {
    let server = TestServer::start().await;
    let bookings = [
        "resource.id",
        "graph",
        "state",
        "completed",
        "customer.",
        "calendar.id",
        "project.id",
        "meta.",
    ];
    for (path, known) in [
        ("/v2/bookings", &bookings[..]),
        ("/v2/resources", &["id", "name", "email", "tags", "meta."]),
        ("/v2/credentials", &["resource.id"]),
    ] {
        for search in [
            "colour:red",
            "Resource.Id:x",
            "resource:x",
            "meta:x",
            ":x",
            "meta.:x",
            "a:b;resource.id:c",
        ] {
            let reply = server.app().get(&format!("{path}?search={search}")).await;
            let reply = reply.expecting(422);
            assert_eq!(reply.faults(), ["search"], "{path} {search}");
            let sentence = reply.body["errors"]["search"][0]
                .as_str()
                .expect("a sentence");
            for known in known {
                assert!(sentence.contains(known), "{sentence}");
            }
        }
        let reply = server.app().get(&format!("{path}?search=nonsense")).await;
        assert_eq!(reply.expecting(422).faults(), ["search"]);
    }
}

#[tokio::test]
async fn a_value_that_an_attribute_cannot_have_is_refused() {
    let server = TestServer::start().await;
    for search in [
        "resource.id:doc",
        "calendar.id:1",
        "project.id:",
        "graph:ballet",
        "state:happy",
        "completed:maybe",
    ] {
        let reply = server
            .app()
            .get(&format!("/v2/bookings?search={search}"))
            .await;
        assert_eq!(reply.expecting(422).faults(), ["search"], "{search}");
    }
    let reply = server
        .app()
        .get("/v2/credentials?search=resource.id:doc")
        .await;
    assert_eq!(reply.expecting(422).faults(), ["search"]);
}

#[tokio::test]
async fn everything_wrong_with_a_lists_address_is_told_at_once() {
    let server = TestServer::start().await;
    let path = "/v2/bookings?search=graph:ballet&start=noon&end=night&orderBy=x&sortedBy=y";
    let reply = server.app().get(path).await.expecting(422);
    assert_eq!(
        reply.faults(),
        ["end", "orderBy", "search", "sortedBy", "start"]
    );
    let reply = server
        .app()
        .get("/v2/bookings?limit=0&page=x&search=colour:red&orderBy=x")
        .await;
    assert_eq!(
        reply.expecting(422).faults(),
        ["limit", "orderBy", "page", "search"]
    );
}

#[tokio::test]
async fn a_window_shows_what_lies_in_it_at_least_in_part() {
    let server = TestServer::start().await;
    let made = book_hours(&server, 4).await;
    let app = server.app();
    // The bookings begin at 0, 1, 2 and 3 o'clock of the first of December, an hour each.
    let at = |hour: &str| format!("2026-12-01T{hour}:00Z");
    for (start, end, expected) in [
        (Some("01:00"), Some("03:00"), &[1, 2][..]),
        (Some("01:30"), Some("02:30"), &[1, 2]),
        (Some("00:59"), Some("01:00"), &[0]),
        (Some("03:00"), None, &[3]),
        (None, Some("01:00"), &[0]),
        (Some("04:00"), None, &[]),
        (Some("03:00"), Some("01:00"), &[]),
    ] {
        let mut path = format!("/v2/bookings?search=resource.id:{ROOM}");
        if let Some(start) = start {
            path += &format!("&start={}", at(start));
        }
        if let Some(end) = end {
            path += &format!("&end={}", at(end).replace('Z', "%2B00:00"));
        }
        let page = app.get(&path).await.expecting(200);
        let expected: BTreeSet<_> = expected
            .iter()
            .map(|index: &usize| made[*index].clone())
            .collect();
        assert_eq!(
            ids(&page).into_iter().collect::<BTreeSet<_>>(),
            expected,
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_order_sorts_up_and_down() {
    let server = TestServer::start().await;
    let app = server.app().header("timekit-timezone", "UTC");
    // Made in another order than they begin, end and change.
    let mut made = Vec::new();
    for (number, graph) in [
        (5, "instant"),
        (3, "confirm_decline"),
        (9, "instant"),
        (1, "confirm_decline"),
        (7, "instant"),
    ] {
        server.clock.advance(TimeDelta::seconds(1));
        made.push(book_with(&server, number, json!({ "graph": graph })).await);
    }
    for (index, action) in [(0, "cancel"), (1, "decline"), (4, "complete")] {
        server.clock.advance(TimeDelta::seconds(1));
        let path = format!("/v2/bookings/{}/{action}", made[index]);
        app.put(&path, json!({})).await.expecting(200);
    }
    let event = |row: &Value, name: &str| row["attributes"]["event_info"][name].to_string();
    type Key<'a> = &'a dyn Fn(&Value) -> String;
    let orders: [(&str, Key<'_>); 7] = [
        ("created_at", &|row| row["created_at"].to_string()),
        ("updated_at", &|row| row["updated_at"].to_string()),
        ("completed", &|row| row["completed"].to_string()),
        ("graph", &|row| row["graph"].to_string()),
        ("state", &|row| row["state"].to_string()),
        ("event.start", &|row| event(row, "start")),
        ("event.end", &|row| event(row, "end")),
    ];
    for filter in ["".to_owned(), format!("search=resource.id:{ROOM}&")] {
        for (order, key) in orders {
            let path =
                |direction| format!("/v2/bookings?{filter}orderBy={order}&sortedBy={direction}");
            let up = app.get(&path("asc")).await.expecting(200);
            let keys: Vec<String> = up.body["data"]
                .as_array()
                .expect("rows")
                .iter()
                .map(key)
                .collect();
            assert!(keys.is_sorted(), "{order}: {keys:?}");
            assert!(
                keys.first() != keys.last(),
                "{order} tells no rows apart here"
            );

            let down = app.get(&path("desc")).await.expecting(200);
            let mut reversed = ids(&down);
            reversed.reverse();
            assert_eq!(ids(&up), reversed, "{order}");
            let unsaid = app
                .get(&format!("/v2/bookings?{filter}orderBy={order}"))
                .await;
            assert_eq!(ids(&unsaid), ids(&down), "{order}");

            let pages = follow(&app, &format!("{}&limit=3", path("asc"))).await;
            assert_eq!(pages.concat(), ids(&up), "{order}");
        }
    }
}

#[tokio::test]
async fn an_unknown_order_or_direction_is_refused_with_the_known_ones() {
    let server = TestServer::start().await;
    let app = server.app();
    for order in ["start", "id", "customer.name", "created_at%20desc"] {
        let reply = app
            .get(&format!("/v2/bookings?orderBy={order}"))
            .await
            .expecting(422);
        assert_eq!(reply.faults(), ["orderBy"]);
        let sentence = reply.body["errors"]["orderBy"][0]
            .as_str()
            .expect("a sentence");
        assert!(sentence.contains("event.start"), "{sentence}");
    }
    for direction in ["up", "ASC", "-1"] {
        let reply = app.get(&format!("/v2/bookings?sortedBy={direction}")).await;
        assert_eq!(reply.expecting(422).faults(), ["sortedBy"]);
    }
}

#[tokio::test]
async fn resources_page_and_are_searched() {
    let server = TestServer::start().await;
    let app = server.app();
    for number in 0..7 {
        server.clock.advance(TimeDelta::seconds(1));
        let body = json!({
            "name": format!("Desk {number}"), "timezone": "Europe/Copenhagen",
            "email": format!("Desk.{number}@example.com"),
            "tags": ["desk", if number < 3 { "low" } else { "high" }],
            "meta": { "floor": number, "seat": "window" },
        });
        app.post("/v2/resources", body).await.expecting(201);
    }
    let pages = follow(&app, "/v2/resources?limit=4").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 1]);
    assert_eq!(pages.concat().into_iter().collect::<BTreeSet<_>>().len(), 9);
    assert_eq!(numbered(&app, "/v2/resources?limit=4", 3).await, pages);
    for (search, total) in [
        ("name:desk*", 7),
        ("name:*3", 1),
        ("name:Desk%203", 1),
        ("email:desk.3@EXAMPLE.com", 1),
        ("tags:low", 3),
        ("meta.floor:5", 1),
        ("meta.seat:window;tags:high", 4),
        ("name:nobody", 0),
        (&format!("id:{ROOM}"), 1),
    ] {
        let page = app.get(&format!("/v2/resources?search={search}")).await;
        assert_eq!(page.expecting(200).body["total"], total, "{search}");
    }
}

#[tokio::test]
async fn credentials_page_those_of_all_resources_and_those_of_one() {
    let server = TestServer::start().await;
    let app = server.app();
    let all = follow(&app, "/v2/credentials?limit=2").await;
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(all.concat().into_iter().collect::<BTreeSet<_>>().len(), 5);
    assert_eq!(numbered(&app, "/v2/credentials?limit=2", 3).await, all);

    let path = format!("/v2/credentials?search=resource.id:{DOC_BROWN}&limit=1");
    let one = follow(&app, &path).await;
    assert_eq!(one.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(numbered(&app, &path, 3).await, one);
    let second = app.get(&format!("{path}&page=2")).await;
    assert_page(
        &second,
        &json!({ "total": 3, "total_is_exact": true, "per_page": 1, "current_page": 2, "last_page": 3, "from": 2, "to": 2 }),
    );
    let of_all: BTreeSet<String> = all.concat().into_iter().collect();
    assert!(one.concat().into_iter().all(|id| of_all.contains(&id)));
    let older = format!("/v2/credentials?search=resource_id:{DOC_BROWN}");
    assert_eq!(app.get(&older).await.expecting(200).body["total"], 3);
}

#[tokio::test]
async fn a_search_by_state_answers_the_state_at_the_very_second_of_each_step_that_time_takes() {
    let server = TestServer::start().await;
    let app = server.app();
    let now = instant(tests::NOW);
    let made = async |body: Value| app.post("/v2/bookings", body).await.expecting(201).id();
    let of_graph = |graph: &str, number: i64| {
        let mut body = hour(number);
        body["graph"] = graph.into();
        body
    };
    let mut group = of_graph("group_owner", 0);
    group["settings"] = json!({ "max_seats": 5 });
    let group = made(group).await;
    let seat_of_group = |graph: &str| {
        json!({
            "graph": graph,
            "related": { "owner_booking_id": group },
            "customer": { "name": "Marty McFly" },
        })
    };
    let instant_one = made(of_graph("instant", 1)).await;
    let unpaid = made(of_graph("instant_payment", 2)).await;
    let paid = made(of_graph("instant_payment", 3)).await;
    let unpaid_seat = made(seat_of_group("group_customer_payment")).await;
    let seat = made(seat_of_group("group_customer")).await;
    let ours = [&group, &instant_one, &unpaid, &paid, &unpaid_seat, &seat];
    app.put(&format!("/v2/bookings/{paid}/pay"), json!({}))
        .await
        .expecting(200);
    let in_state = async |criterion: &str| {
        let all = found(&app, criterion).await;
        ours.into_iter()
            .filter(|id| all.contains(*id))
            .cloned()
            .collect::<Vec<_>>()
    };
    let ids = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>();

    // Five minutes after they were made, the unpaid ones lapse.
    let lapse = now + TimeDelta::minutes(5);
    server.clock.set(lapse - TimeDelta::seconds(1));
    assert_eq!(in_state("state:unpaid").await, ids(&[]));
    assert_eq!(
        in_state("state:tentative").await,
        ids(&[&group, &unpaid, &unpaid_seat])
    );
    server.clock.set(lapse);
    assert_eq!(
        in_state("state:unpaid").await,
        ids(&[&unpaid, &unpaid_seat])
    );
    assert_eq!(in_state("state:tentative").await, ids(&[&group]));
    assert_eq!(
        in_state("completed:true").await,
        ids(&[&unpaid, &unpaid_seat])
    );

    // One hour after their end the others are completed: the group and its seat first, then one by one.
    let first_end = instant("2026-12-01T01:00:00Z");
    for (hours, completed) in [
        (1, vec![&group, &seat]),
        (2, vec![&group, &instant_one, &seat]),
        (4, vec![&group, &instant_one, &paid, &seat]),
    ] {
        let due = first_end + TimeDelta::hours(hours);
        server.clock.set(due - TimeDelta::seconds(1));
        assert!(in_state("state:completed").await.len() < completed.len());
        server.clock.set(due);
        assert_eq!(in_state("state:completed").await, ids(&completed));
    }
    assert_eq!(in_state("completed:false").await, ids(&[]));
}

#[tokio::test]
async fn whoever_follows_the_pages_while_bookings_are_made_and_change_sees_what_was_there_once() {
    let room = format!("search=resource.id:{ROOM}&orderBy=created_at");
    let email = "search=customer.email:marty.mcfly@timekit.io";
    for query in [
        "sortedBy=asc".to_owned(),
        "orderBy=event.start&sortedBy=desc".to_owned(),
        room,
        format!("{email}&orderBy=event.start"),
        "start=2026-12-01T00:00:00Z&sortedBy=asc".to_owned(),
    ] {
        let server = TestServer::start().await;
        let app = server.app();
        let before: BTreeSet<String> = book_hours(&server, 16)
            .await
            .into_iter()
            .step_by(2)
            .collect();
        // Every other booking is deleted later on, the rest is there throughout.
        let everything = found(&app, &format!("resource.id:{ROOM}")).await;
        let mut goes: Vec<_> = everything.difference(&before).cloned().collect();
        let mut seen = Vec::new();
        let mut next = Some(format!("/v2/bookings?limit=3&{query}"));
        let mut number = 100;
        while let Some(path) = next {
            let page = app.get(&path).await.expecting(200);
            seen.extend(ids(&page));
            next = path_of(&page, "next_page_url");
            // One more before, one more behind, one changed, one gone.
            for place in [-number, number] {
                server.clock.advance(TimeDelta::seconds(1));
                app.post("/v2/bookings", hour(place)).await.expecting(201);
            }
            let changed = before
                .iter()
                .nth((number as usize) % before.len())
                .expect("one");
            app.put(
                &format!("/v2/bookings/{changed}"),
                json!({ "meta": { "n": number } }),
            )
            .await
            .expecting(200);
            if let Some(id) = goes.pop() {
                app.put(&format!("/v2/bookings/{id}/cancel"), json!({}))
                    .await
                    .expecting(200);
                app.delete(&format!("/v2/bookings/{id}"))
                    .await
                    .expecting(204);
            }
            number += 1;
            assert!(number < 160, "the pages have no end: {query}");
        }
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "a row came twice: {query}");
        assert!(before.is_subset(&once), "a row was left out: {query}");
    }
}

#[tokio::test]
async fn an_order_by_start_holds_however_far_off_bookings_are() {
    let server = TestServer::start().await;
    let mut expected = Vec::new();
    for start in [
        "0003-01-01T00:00:00Z",
        "1999-05-01T00:00:00Z",
        "2025-11-30T23:00:00Z",
        "2026-12-01T00:00:00Z",
        "2028-11-01T00:00:00Z",
        "2028-12-01T00:00:00Z",
        "2040-01-01T00:00:00Z",
        "9998-01-01T00:00:00Z",
    ] {
        let end = format_instant(instant(start) + TimeDelta::hours(1), Tz::UTC);
        let body = booking(&ROOM.to_string(), "instant", start, &end);
        let made = server.app().post("/v2/bookings", body).await;
        expected.push(made.expecting(201).id());
    }
    let app = server.app();
    let demos: BTreeSet<_> = [CONFIRMED, TENTATIVE, DECLINED]
        .map(|id| id.to_string())
        .into();
    let walked = async |query: &str| {
        let path = format!("/v2/bookings?orderBy=event.start&limit=2&{query}");
        let mut ids = follow(&app, &path).await.concat();
        ids.retain(|id| !demos.contains(id));
        ids
    };
    assert_eq!(walked("sortedBy=asc").await, expected);
    expected.reverse();
    assert_eq!(walked("sortedBy=desc").await, expected);
    expected.reverse();
    let window = "start=1999-05-01T00:30:00Z&end=2028-12-01T00:00:00Z&sortedBy=asc";
    assert_eq!(walked(window).await, expected[1..5]);
}

#[tokio::test]
async fn a_window_finds_a_booking_of_31_days_on_its_last() {
    let server = TestServer::start().await;
    let body = booking(
        &ROOM.to_string(),
        "instant",
        "2026-12-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
    );
    let id = server
        .app()
        .post("/v2/bookings", body)
        .await
        .expecting(201)
        .id();
    for list in ["", &format!("&search=resource.id:{ROOM}")] {
        for (window, is_in) in [
            ("start=2026-12-31T23:59:59Z", true),
            ("start=2027-01-01T00:00:00Z", false),
            ("end=2026-12-01T00:00:01Z", true),
            ("end=2026-12-01T00:00:00Z", false),
        ] {
            let page = server
                .app()
                .get(&format!("/v2/bookings?{window}{list}"))
                .await;
            assert_eq!(
                ids(&page.expecting(200)).contains(&id),
                is_in,
                "{window}{list}"
            );
        }
    }
}
