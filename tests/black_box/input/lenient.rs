//! What real clients send is read where it can mean one thing only, wherever it stands; and what cannot be read is told in
//! the caller's words, briefly.

use chrono::TimeDelta;
use local::demo::{CALENDAR, CONFIRMED, DOC_BROWN, NAMED_KEY, ROOM, TENTATIVE};
use serde_json::{Value, json};
use tests::events::SoundRequest;
use tests::{Client, Options, Reply, TestServer, booking};

use crate::input::bad_input::places;

/// How many requests are sent before the clock goes on, past the limits of callers that are not known.
const AT_ONCE: usize = 8;

/// Sends bodies one after the other, never too many at a time.
struct Sender<'a> {
    server: &'a TestServer,
    sent: usize,
}

impl Sender<'_> {
    async fn send(&mut self, asked: &SoundRequest, body: &Value) -> Reply {
        if self.sent.is_multiple_of(AT_ONCE) {
            self.server.clock.advance(TimeDelta::minutes(16));
        }
        self.sent += 1;
        let body = body.to_string();
        asked
            .caller
            .send(asked.method.clone(), &asked.path, &body)
            .await
    }

    /// What is wrong with the sound body once `value` stands at `place`.
    async fn faults(&mut self, asked: &SoundRequest, place: &str, value: &Value) -> Vec<String> {
        let mut body = asked.body.clone();
        *body.pointer_mut(place).expect("a place") = value.clone();
        let reply = self.send(asked, &body).await;
        assert!(
            reply.status < 500 || reply.body["code"] == "not_implemented",
            "{} {place} {value}: {}",
            asked.id,
            reply.body
        );
        match reply.status {
            422 if reply.body["errors"].is_object() => {
                reply.faults().iter().map(ToString::to_string).collect()
            }
            422 => vec![reply.body["code"].to_string()],
            _ => Vec::new(),
        }
    }
}

async fn server() -> TestServer {
    TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_forms_of_a_value_are_as_good_as_its_own_in_every_field_of_every_body() {
    let server = server().await;
    let mut sender = Sender {
        server: &server,
        sent: 0,
    };
    let mut differences = Vec::new();
    for asked in server.sound_requests() {
        for place in places(&asked.body) {
            let own = asked.body.pointer(&place).expect("a place");
            // The documented form, and another that must be read as it.
            let pairs: Vec<(Value, Value)> = match own {
                Value::Object(_) => vec![(json!({}), json!([]))],
                Value::Number(number) => vec![(own.clone(), number.to_string().into())],
                Value::Bool(_) => vec![
                    (json!(true), json!(1)),
                    (json!(false), json!("0")),
                    (json!(true), json!("True")),
                ],
                Value::String(_) => vec![(json!("1955"), json!(1955))],
                Value::Null | Value::Array(_) => Vec::new(),
            };
            for (documented, other) in pairs {
                let expected = sender.faults(&asked, &place, &documented).await;
                let found = sender.faults(&asked, &place, &other).await;
                // What was made meanwhile is in the way of the documented form too: an address that is taken.
                if expected != found && sender.faults(&asked, &place, &documented).await != found {
                    let id = &asked.id;
                    differences.push(format!(
                        "{id} {place}: {expected:?} for {documented}, {found:?} for {other}"
                    ));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

/// Words of Rust and of serde, which callers do not know.
const FOREIGN: [&str; 27] = [
    "u8",
    "u16",
    "u32",
    "u64",
    "i8",
    "i16",
    "i32",
    "i64",
    "f32",
    "f64",
    "usize",
    "str",
    "String",
    "bool",
    "Vec",
    "Option",
    "sequence",
    "map",
    "struct",
    "enum",
    "tuple",
    "variant",
    "newtype",
    "serde",
    "expected",
    "invalid",
    "deserialize",
];

fn is_foreign(sentence: &str) -> bool {
    sentence
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| FOREIGN.contains(&word))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_field_is_said_in_the_callers_words_and_briefly() {
    let server = server().await;
    let mut sender = Sender {
        server: &server,
        sent: 0,
    };
    let long = "x".repeat(3_000);
    let wrong = [
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(long),
        json!([1, { "a": 2 }]),
        json!({ "a": [1] }),
    ];
    let mut findings = Vec::new();
    for asked in server.sound_requests() {
        for place in places(&asked.body) {
            for value in &wrong {
                let mut body = asked.body.clone();
                *body.pointer_mut(&place).expect("a place") = value.clone();
                let reply = sender.send(&asked, &body).await;
                let errors = reply.body["errors"].as_object();
                let sentences = errors
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, told)| told.as_array().cloned().unwrap_or_default());
                let foreign: Vec<Value> = sentences
                    .filter(|told| told.as_str().is_none_or(is_foreign))
                    .collect();
                let repeats = reply.status == 422 && reply.body.to_string().contains(&long[..200]);
                if !foreign.is_empty() || repeats {
                    let value: String = value.to_string().chars().take(20).collect();
                    let told: String = reply.body.to_string().chars().take(300).collect();
                    findings.push(format!("{} {place} {value}: {told}", asked.id));
                }
            }
        }
    }
    assert!(findings.is_empty(), "{findings:#?}");
}

#[tokio::test]
async fn a_number_out_of_bounds_is_told_the_bounds_however_far_out_it_is() {
    let server = TestServer::start().await;
    let app = server.app();
    let told = |reply: Reply, field: &str| {
        let sentence = reply.expecting(422).body["errors"][field][0].clone();
        sentence.as_str().unwrap_or_default().to_owned()
    };
    for far in [
        json!(-1),
        json!(0),
        json!(1_001),
        json!(1e300),
        json!("-5"),
        json!("x"),
    ] {
        let resource = json!({ "name": "A", "timezone": "UTC", "capacity": far });
        let sentence = told(app.post("/v2/resources", resource).await, "capacity");
        assert_eq!(sentence, "must be a whole number from 1 to 1000", "{far}");
        let mut group = hour("group_owner");
        group["settings"] = json!({ "max_seats": far });
        let sentence = told(app.post("/v2/bookings", group).await, "settings.max_seats");
        assert_eq!(sentence, "must be a whole number from 1 to 1000", "{far}");
        let mut held = hour("instant");
        held["reservation_time"] = if far == json!(1_001) {
            json!(1e9)
        } else {
            far.clone()
        };
        let sentence = told(
            app.post("/v2/bookings/reserve", held).await,
            "reservation_time",
        );
        assert!(
            sentence.starts_with("must be from 1 to "),
            "{far}: {sentence}"
        );
    }
    for (start, part) in [
        ("9999-12-31T23:59:59Z", "in the years 0002 to 9998"),
        (
            "2026-12-01T10:00:00",
            "must say its offset from UTC, e.g. 2026-11-24T08:30:00+01:00",
        ),
        ("soon", "e.g. 2026-11-24T08:30:00+01:00"),
        ("2026-12-01", "e.g. 2026-11-24T08:30:00+01:00"),
    ] {
        let mut body = hour("instant");
        body["start"] = start.into();
        let sentence = told(app.post("/v2/bookings", body).await, "start");
        assert!(sentence.contains(part), "{start}: {sentence}");
    }
}

/// An hour of the meeting room.
fn hour(graph: &str) -> Value {
    booking(
        &ROOM.to_string(),
        graph,
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    )
}

#[tokio::test]
async fn scalars_are_kept_as_what_they_mean() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut group = hour("group_owner");
    group["settings"] = json!({ "max_seats": "3", "allow_double_bookings": 1 });
    let made = app.post("/v2/bookings", group).await.expecting(201);
    let seats = &made.body["data"]["attributes"]["group_booking"];
    assert_eq!(seats["max_seats"], 3, "{}", made.body);

    let mut body = hour("instant");
    body["customer"] = json!({ "name": 1955, "email": "doc@example.com", "phone": 12345 });
    body["settings"] = json!({ "allow_double_bookings": "true" });
    let made = app
        .post("/v2/bookings?include=customers", body)
        .await
        .expecting(201);
    let customer = &made.body["data"]["customers"][0];
    assert_eq!(
        (&customer["name"], &customer["phone"]),
        (&json!("1955"), &json!("12345"))
    );

    let project = json!({
        "name": "P", "resources": [], "allow_double_bookings": "1", "latitude": "39.4", "booking": { "what": 88 },
        "ui": { "localization": { "submit_button": 5 } }, "availability": { "mode": "mutual", "max_bookings_per_day": "2" },
    });
    let made = app.post("/v2/projects", project).await.expecting(201);
    let data = &made.body["data"];
    assert_eq!(data["allow_double_bookings"], true);
    assert_eq!(data["booking"]["what"], "88");
    assert_eq!(data["ui"]["localization"]["submit_button"], "5");
}

#[tokio::test]
async fn an_empty_list_is_kept_as_an_empty_object_wherever_one_belongs() {
    let server = TestServer::start().await;
    let app = server.app();
    let project = json!({
        "name": "P", "resources": [], "availability": [], "booking": [], "customer_fields": { "phone": [] },
        "ui": { "localization": [] }, "meta": [], "reminders": [[]], "availability_constraints": [{ "allow_weekdays": [] }],
    });
    let made = app.post("/v2/projects", project).await.expecting(201);
    let data = &made.body["data"];
    assert_eq!(data["meta"], json!({}));
    assert_eq!(data["customer_fields"]["phone"], json!({}));
    assert_eq!(data["reminders"], json!([{}]));
    // A page reads its words there.
    assert!(
        data["ui"]["localization"]["submit_button"].is_string(),
        "{data}"
    );

    let mut body = hour("instant");
    body["meta"] = json!([]);
    body["settings"] = json!([]);
    body["event"] = json!([]);
    let made = app
        .post("/v2/bookings?include=meta", body)
        .await
        .expecting(201);
    assert_eq!(made.body["data"]["meta"], json!({}));
    let widget = json!({ "name": "W", "config": [] });
    let made = app.post("/v2/widgets", widget).await.expecting(201);
    assert_eq!(made.body["data"]["config"], json!({}));
    // A list of something is no object.
    let mut body = hour("instant");
    body["meta"] = json!(["a"]);
    let refused = app.post("/v2/bookings", body).await.expecting(422);
    assert_eq!(
        refused.body["errors"]["meta"][0],
        "must be an object; a list was sent"
    );
}

/// What timekit-php-sdk sends, in all its releases: Guzzle writes PHP's empty array as an empty list.
#[tokio::test]
async fn the_php_sdk_confirms_cancels_and_declines_with_its_own_request() {
    let server = TestServer::start().await;
    let php = server
        .app()
        .header("content-type", "application/json")
        .header("user-agent", "GuzzleHttp/7");
    let act = async |id: &str, action: &str| {
        let path = format!("/v2/bookings/{id}/{action}");
        let sent = php.send(http::Method::PUT, &path, "[]");
        sent.await.expecting(200).body["data"]["state"].clone()
    };
    let id = TENTATIVE.to_string();
    assert_eq!(act(&id, "confirm").await, "confirmed");
    assert_eq!(act(&id, "cancel").await, "cancelled");
    let other = server.app().book(hour("confirm_decline")).await;
    assert_eq!(act(&other, "decline").await, "declined");
}

/// One instant, as PHP, Python, Ruby, Go, databases and people write it.
const NOON: [&str; 9] = [
    "2027-02-01T12:00:00+0000",
    "2027-02-01 12:00:00+00:00",
    "2027-02-01t12:00:00z",
    "2027-02-01T12:00Z",
    "2027-02-01T12:00:00.000000+00:00",
    "2027-02-01 13:00:00 +0100",
    "2027-02-01T13:00:00+01",
    "2027-02-01T04:00-0800",
    "2027-02-01 12:00:00 UTC",
];

#[tokio::test]
async fn an_instant_in_any_form_that_means_one_is_read_everywhere() {
    let server = TestServer::start().await;
    let app = server.app().header("timekit-timezone", "UTC");
    let noon = json!("2027-02-01T12:00:00+00:00");
    for (number, written) in NOON.into_iter().enumerate() {
        let end = "2027-02-01T13:00:00Z";
        let mut body = booking(&ROOM.to_string(), "instant", written, end);
        body["settings"] = json!({ "allow_double_bookings": true });
        let made = app.post("/v2/bookings", body.clone()).await.expecting(201);
        let path = format!("/v2/bookings/{}/reschedule", made.id());
        let moved = json!({ "start": "2027-02-01T11:00:00Z", "end": written });
        let moved = app.post(&path, moved).await.expecting(200);
        let seen = &moved.body["data"];
        assert_eq!(seen["attributes"]["event_info"]["end"], noon, "{written}");

        let event = json!({
            "resource_id": DOC_BROWN.to_string(), "calendar_id": CALENDAR.to_string(), "start": written, "end": end,
            "what": "A", "where": "B",
        });
        let made = app.post("/v2/events", event).await.expecting(201);
        assert_eq!(made.body["data"]["start"], noon, "{written}");
        app.delete(&format!("/v2/events/{}", made.id())).await;

        let key = json!({ "name": format!("K{number}"), "scopes": ["bookings.read"], "expires_at": written });
        let made = app.post("/v2/keys", key).await.expecting(201);
        assert_eq!(made.body["data"]["expires_at"], noon, "{written}");
        let token =
            json!({ "type": "client-token", "resource_id": ROOM.to_string(), "expires": written });
        app.post("/v2/credentials", token).await.expecting(201);

        let search = json!({
            "resources": [DOC_BROWN.to_string()], "mode": "mutual", "from": written, "to": "2027-02-01T14:00:00Z",
            "constraints": [{ "allow_period": { "start": written, "end": end } }],
        });
        let slots = app.post("/v2/availability", search).await.expecting(200);
        assert_eq!(
            slots.body["data"][0]["start"], noon,
            "{written}: {}",
            slots.body
        );

        let encoded: String = form_urlencoded::byte_serialize(written.as_bytes()).collect();
        for query in [
            encoded,
            written.replace(' ', "+"),
            written.replace(' ', "%20"),
        ] {
            let path =
                format!("/v2/bookings?limit=1&start={query}&end=2027-02-01T13:00:00%2B00:00");
            app.get(&path).await.expecting(200);
            let path = format!("/v2/keys/{NAMED_KEY}/usage?from=2027-01-30T00:00Z&to={query}");
            let usage = app.get(&path).await.expecting(200);
            assert_eq!(usage.body["data"]["to"], noon, "{query}");
        }
    }
}

#[tokio::test]
async fn a_relative_time_before_now_counts_as_now() {
    let server = TestServer::start().await;
    let app = server.app();
    let slots = async |from: &str| {
        let body = json!({
            "resources": [DOC_BROWN.to_string()], "mode": "mutual", "from": from, "to": "1 week", "length": "1 hour",
        });
        app.post("/v2/availability", body).await.expecting(200).body["data"].clone()
    };
    let now = slots("now").await;
    assert!(now.as_array().is_some_and(|slots| !slots.is_empty()));
    for from in [
        "-1 hour",
        "-2 weeks",
        "3 days ago",
        "yesterday",
        "-1 day 2 hours",
        "2020-01-01T00:00:00Z",
    ] {
        assert_eq!(slots(from).await, now, "{from}");
        let older =
            json!({ "resource_ids": [DOC_BROWN.to_string()], "start": from, "future": "1 week" });
        app.post("/v2/findtime", older).await.expecting(200);
        let project = json!({ "name": "P", "resources": [], "availability": { "mode": "mutual", "from": from } });
        app.post("/v2/projects", project).await.expecting(201);
    }
    let body = json!({ "resources": [DOC_BROWN.to_string()], "mode": "mutual", "to": "-1 hour" });
    let refused = app.post("/v2/availability", body).await;
    assert_eq!(refused.expecting(422).faults(), ["to"]);
}

#[tokio::test]
async fn an_answer_about_very_much_that_is_wrong_stays_short() {
    let server = server().await;
    let app = server.app();
    let many = |entry: Value| Value::from(vec![entry; 15_000]);
    let unknown: serde_json::Map<String, Value> = (0..9_000)
        .map(|n| (format!("field{n}"), n.into()))
        .collect();
    let long_name = "x".repeat(200_000);
    for (path, body) in [
        (
            "/v2/availability",
            json!({ "mode": "mutual", "constraints": many(json!(1)) }),
        ),
        (
            "/v2/resources",
            json!({ "timezone": "UTC", "availability_constraints": many(json!({})) }),
        ),
        (
            "/v2/keys",
            json!({ "name": "K", "scopes": many(json!("x")) }),
        ),
        (
            "/v2/keys",
            json!({ "name": "K", "allowed_cidrs": many(json!("x")) }),
        ),
        ("/v2/keys", Value::from(unknown.clone())),
        ("/v2/keys", json!({ "name": "K", long_name: 1 })),
        (
            "/v2/projects",
            json!({ "name": "P", "resources": [], "customer_fields": unknown }),
        ),
        (
            "/v2/findtime",
            json!({ "filters": { "and": many(json!(1)) } }),
        ),
        (
            "/v2/bookings/bulk",
            json!({ "bookings": vec![json!({}); 100] }),
        ),
    ] {
        let sent = body.to_string().len();
        let reply = app.post(path, body).await.expecting(422);
        let told: usize = reply.body["errors"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, told)| told.as_array().map_or(0, Vec::len))
            .sum();
        assert!(told <= 50, "{path}: {told}");
        assert!(
            reply.bytes.len() < 20_000,
            "{path}: {} for {sent}",
            reply.bytes.len()
        );
        if told == 50 {
            assert!(
                reply.body["more_errors"].as_u64() > Some(1_000),
                "{path}: {}",
                reply.body
            );
        }
    }
    let long = "y".repeat(5_000);
    for search in [
        format!("{long}:1"),
        long.clone(),
        format!("meta.a:1;{long}"),
    ] {
        let reply = app
            .get(&format!("/v2/bookings?search={search}"))
            .await
            .expecting(422);
        assert!(reply.bytes.len() < 1_000, "{}", reply.body);
    }
    let reply = app
        .get(&format!("/v2/bookings?{long}=1"))
        .await
        .expecting(422);
    assert!(reply.bytes.len() < 1_000, "{}", reply.body);
}

/// The ids of what a list answers.
async fn ids(client: &Client, path: &str) -> Vec<String> {
    let list = client.get(path).await.expecting(200);
    let rows = list.body["data"].as_array().cloned().unwrap_or_default();
    rows.iter()
        .map(|row| row["id"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn a_raw_plus_in_an_address_is_found() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut body = hour("instant");
    body["customer"] =
        json!({ "name": "Needles Flea", "email": "a+b@example.com", "phone": "+4512345678" });
    body["meta"] = json!({ "owner": "c+d@example.com", "code": "x y" });
    let id = app.book(body).await;
    let resource = json!({ "name": "A", "timezone": "UTC", "email": "r+s@example.com" });
    let resource = app
        .post("/v2/resources", resource)
        .await
        .expecting(201)
        .id();
    for search in [
        "customer.email:a+b@example.com",
        "customer.email:a%2Bb@example.com",
        "customer.phone:+4512345678",
        "meta.owner:c+d@example.com",
        "customer.name:Needles+Flea",
        "meta.code:x+y",
        "customer.name:needles+*;customer.email:A+B@example.com",
    ] {
        assert_eq!(
            ids(&app, &format!("/v2/bookings?search={search}")).await,
            [id.as_str()],
            "{search}"
        );
    }
    let found = ids(&app, "/v2/resources?search=email:r+s@example.com").await;
    assert_eq!(found, [resource]);
    // In a window: before the offset, and in place of the blank before the time.
    for start in [
        "2026-12-01T11:30:00+01:00",
        "2026-12-01+11:30:00%2B01:00",
        "2026-12-01+10:30Z",
    ] {
        let path = format!(
            "/v2/bookings?search=resource.id:{ROOM}&start={start}&end=2026-12-01T12:00:00+01:00"
        );
        assert_eq!(ids(&app, &path).await, [id.as_str()], "{start}");
    }
}

#[tokio::test]
async fn several_searches_and_includes_are_one_and_pages_keep_them() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut found = Vec::new();
    for (kind, owner) in [("x", "1"), ("x", "1"), ("x", "2"), ("y", "1")] {
        let mut body = hour("instant");
        body["settings"] = json!({ "allow_double_bookings": true });
        body["meta"] = json!({ "kind": kind, "owner": owner });
        found.push(app.book(body).await);
    }
    let path =
        "/v2/bookings?search=meta.kind:x&limit=1&search=meta.owner:1&include=meta&include=event";
    let first = app.get(path).await.expecting(200).body;
    assert_eq!(first["total"], 2);
    let row = &first["data"][0];
    assert!(row["meta"].is_object() && row["event"].is_object(), "{row}");
    let next = first["next_page_url"].as_str().expect("a next page");
    let next = &next[next.find("/v2/").expect("a path")..];
    let second = app.get(next).await.expecting(200).body;
    let mut seen = [&row["id"], &second["data"][0]["id"]].map(|id| id.as_str().unwrap_or_default());
    seen.sort_unstable();
    let mut expected = [found[0].as_str(), found[1].as_str()];
    expected.sort_unstable();
    assert_eq!(seen, expected);
    // A page of one search is no page of another.
    let other = next.replace("meta.owner", "meta.other");
    assert_eq!(app.get(&other).await.expecting(422).faults(), ["cursor"]);
}

/// python-timekit 1.0.2 leaves out the `&` before `include`.
#[tokio::test]
async fn the_python_clients_address_is_read_as_it_was_meant() {
    let server = TestServer::start().await;
    let app = server.app();
    let list = app
        .get("/v2/bookings?limit=50&page=1include=")
        .await
        .expecting(200);
    assert_eq!(list.body["current_page"], 1);
    let path = "/v2/bookings?limit=50&page=1include=customers,meta&search=state:confirmed";
    let list = app.get(path).await.expecting(200);
    assert_eq!(list.body["data"][0]["id"], CONFIRMED.to_string());
    assert!(
        list.body["data"][0]["customers"].is_array(),
        "{}",
        list.body
    );
    for wrong in ["page=1x", "page=x1", "limit=1include=meta", "page=1=1"] {
        app.get(&format!("/v2/bookings?{wrong}"))
            .await
            .expecting(422);
    }
}

#[tokio::test]
async fn a_list_refuses_every_parameter_that_it_does_not_document() {
    let server = TestServer::start().await;
    let app = server.app();
    let document = local::operations().openapi().to_json().expect("a document");
    let document: Value = serde_json::from_str(&document).expect("JSON");
    let mut lists = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        let operation = &item["get"];
        let id = operation["operationId"].as_str().unwrap_or_default();
        if !id.starts_with("list_") && id != "get_key_usage" {
            continue;
        }
        lists += 1;
        let path = match id {
            "list_project_resources" => {
                path.replace("{id}", &local::demo::TEST_PROJECT.to_string())
            }
            _ => path.replace("{id}", &NAMED_KEY.to_string()),
        };
        let parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let documented: Vec<&str> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let refuses = async |query: String| {
            let reply = app.get(&format!("{path}?{query}")).await;
            let told = reply.body["errors"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            let name = query.split('=').next().unwrap_or_default();
            told.get(name).is_some_and(|told| {
                told[0]
                    .as_str()
                    .is_some_and(|told| told.contains("not a parameter"))
            })
        };
        for name in &documented {
            assert!(!refuses(format!("{name}=1")).await, "{id} {name}");
        }
        for name in [
            "stat",
            "per_page",
            "filter",
            "q",
            "resources",
            "Timekit-App",
        ] {
            assert!(refuses(format!("{name}=1")).await, "{id} {name}");
        }
        // What is documented of one list is not passed over by another.
        for name in ["search", "orderBy", "start", "by", "signed_search"] {
            let is_documented = documented.contains(&name);
            assert_eq!(
                refuses(format!("{name}=1")).await,
                !is_documented,
                "{id} {name}"
            );
        }
        for name in ["_", "callback", "utm_source", "include", "includes"] {
            assert!(!refuses(format!("{name}=1")).await, "{id} {name}");
        }
    }
    assert!(lists >= 16, "{lists}");
}

#[tokio::test]
async fn what_would_have_widened_a_list_is_told_what_to_write() {
    let server = TestServer::start().await;
    let app = server.app();
    for (path, name, part) in [
        (
            "/v2/bookings?state=tentative",
            "state",
            "write search=state:<value>",
        ),
        (
            "/v2/bookings?resource_id=1",
            "resource_id",
            "write search=resource.id:<value>",
        ),
        (
            "/v2/bookings?customer.email=a",
            "customer.email",
            "write search=customer.email:<value>",
        ),
        (
            "/v2/bookings?from=2026-12-01T00:00:00Z",
            "from",
            "did you mean start?",
        ),
        ("/v2/bookings?per_page=5", "per_page", "did you mean limit?"),
        (
            "/v2/bookings?order_by=state",
            "order_by",
            "did you mean orderBy?",
        ),
        (
            "/v2/resources?email=a",
            "email",
            "write search=email:<value>",
        ),
        (
            "/v2/audit?key_id=1",
            "key_id",
            "write search=key.id:<value>",
        ),
        (
            "/v2/projects?lokations.uuid=1",
            "lokations.uuid",
            "write search=locations.uuid:<value>",
        ),
        ("/v2/bookings?limit=5&limit=6", "limit", "sent twice"),
        (
            "/v2/bookings?sortedBy=asc&sortedBy=desc",
            "sortedBy",
            "sent twice",
        ),
    ] {
        let reply = app.get(path).await.expecting(422);
        assert_eq!(reply.faults(), [name], "{path}");
        let told = reply.body["errors"][name][0].as_str().unwrap_or_default();
        assert!(told.contains(part), "{path}: {told}");
    }
}
