//! Whatever is sent: what is wrong is told, all of it, by field; what is odd but sound is kept as it is; and nothing
//! is ever our fault.

use chrono::TimeDelta;
use http::Method;
use local::demo::{CONFIRMED, EMAIL, ROOM, TEST_SLUG};
use serde_json::{Value, json};
use tests::dossier::Dossier;
use tests::{Client, Options, Reply, TestServer, booking};
use uuid::Uuid;

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";

/// An hour of the meeting room.
fn hour() -> Value {
    booking(&ROOM.to_string(), "instant", TEN, ELEVEN)
}

fn with(field: &str, value: Value) -> Value {
    let mut body = hour();
    body[field] = value;
    body
}

/// The request is refused as invalid, with sentences for exactly these fields.
#[track_caller]
fn assert_faults(reply: &Reply, fields: &[&str]) {
    assert_eq!(reply.status, 422, "{}", reply.body);
    assert_eq!(reply.body["code"], "invalid");
    assert_eq!(reply.faults(), fields, "{}", reply.body);
    for sentences in reply.body["errors"].as_object().into_iter().flatten() {
        let sentences = sentences.1.as_array().expect("a list");
        let sound = |text: &Value| text.as_str().is_some_and(|text| !text.trim().is_empty());
        assert!(
            !sentences.is_empty() && sentences.iter().all(sound),
            "{}",
            reply.body
        );
    }
}

/// Everything there is to see of a booking.
async fn all_of(client: &Client, id: &str) -> Value {
    let path = format!("/v2/bookings/{id}?include=meta,customers,logs,event");
    client.get(&path).await.expecting(200).body["data"].take()
}

async fn total(client: &Client) -> Value {
    client.get("/v2/bookings").await.expecting(200).body["total"].take()
}

#[test]
fn every_operation_that_takes_a_body_has_one_to_be_spoilt() {
    for operation in local::operations().list() {
        let takes_none = [Method::GET, Method::DELETE].contains(&operation.method);
        let dossier = Dossier::of(&operation.id);
        let (body, why_not) = (dossier.sound_body(), &dossier.no_sound_body);
        assert!(
            takes_none || body.is_some() != why_not.is_some(),
            "write a sound_body into events/{0}/operation.json, with every field that {0} reads",
            operation.id
        );
    }
}

#[tokio::test]
async fn what_is_not_json_is_refused_by_every_operation() {
    let server = TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await;
    let deep = "[".repeat(100_000);
    let bodies: [&[u8]; 15] = [
        b"{",
        b"}",
        b"nonsense",
        b"'text'",
        b"{\"a\":}",
        b"{\"a\" 1}",
        b"{a: 1}",
        b"[1,",
        b"{} {}",
        b"NaN",
        b"{\"a\": 1e400}",
        b"{\"a\": \"\\ud800\"}",
        b"{\xef\xbb\xbf}",
        b"{\"a\": \"\xff\"}",
        deep.as_bytes(),
    ];
    for asked in server.sound_requests() {
        for body in bodies {
            // Past the limits of callers that are not known.
            server.clock.advance(TimeDelta::minutes(16));
            let sent = asked
                .caller
                .try_send(asked.method.clone(), &asked.path, body.to_vec());
            let reply = sent.await.expect("an answer");
            assert_eq!(
                reply.status,
                422,
                "{} {:?}: {}",
                asked.id,
                body.get(..20),
                reply.body
            );
            assert_faults(&reply, &["body"]);
        }
    }
    assert_eq!(total(&server.app()).await, 3);
}

#[tokio::test]
async fn json_that_is_no_object_is_refused_by_every_operation() {
    let server = TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await;
    for asked in server.sound_requests() {
        let fields = asked.body.as_object().expect("a body");
        let listed: Vec<Value> = fields.values().cloned().collect();
        for body in [
            json!(listed),
            json!([asked.body]),
            json!("text"),
            json!(5),
            json!(true),
            json!(null),
        ] {
            server.clock.advance(TimeDelta::minutes(16));
            let text = body.to_string();
            let sent = asked.caller.send(asked.method.clone(), &asked.path, &text);
            let reply = sent.await;
            assert_eq!(reply.status, 422, "{} {body}: {}", asked.id, reply.body);
            assert_eq!(
                reply.faults(),
                ["body"],
                "{} {body}: {}",
                asked.id,
                reply.body
            );
        }
    }
}

#[tokio::test]
async fn a_body_over_the_bound_is_refused_by_every_operation_that_takes_one() {
    let server = TestServer::start().await;
    let body = vec![b' '; api::body::MAX_BODY + 1];
    for asked in server.sound_requests() {
        server.clock.advance(TimeDelta::minutes(16));
        let (method, path) = (asked.method.clone(), asked.path.as_str());
        let reply = asked.caller.try_send(method, path, body.clone()).await;
        let reply = reply.expect("an answer");
        // What this server does not do reads no body.
        let is_served = reply.body["code"] != "not_implemented";
        assert!(
            reply.status == 413 || !is_served,
            "{}: {}",
            asked.id,
            reply.body
        );
    }
}

#[tokio::test]
async fn a_list_is_never_taken_for_an_object() {
    let server = TestServer::start().await;
    let app = server.app();
    // In the order in which the request's fields are declared.
    let positional = json!([ROOM.to_string(), "instant", null, TEN, ELEVEN, "What", "Where", "", { "name": "A" }]);
    assert_faults(&app.post("/v2/bookings", positional).await, &["body"]);
    for (field, list) in [
        ("settings", json!([true])),
        ("event", json!([TEN, ELEVEN, "What", "Where"])),
        ("customer", json!([{ "name": "A" }])),
        ("meta", json!(["a"])),
    ] {
        assert_faults(&app.post("/v2/bookings", with(field, list)).await, &[field]);
    }
    let path = format!("/v2/apps/{TEST_SLUG}");
    let settings = json!({ "settings": ["A"] });
    assert_faults(&app.put(&path, settings).await, &["settings"]);
}

#[tokio::test]
async fn everything_wrong_with_a_booking_is_told_at_once_and_none_is_made() {
    let server = TestServer::start().await;
    let app = server.app();
    let required = [
        "customer",
        "end",
        "graph",
        "resource_id",
        "start",
        "what",
        "where",
    ];
    let empty = json!({
        "resource_id": "", "graph": "", "start": "", "end": "", "what": "", "where": "  ", "customer": { "name": "" },
        "calendar_id": "", "project_id": "", "action": "",
    });
    let wrong_types = json!({
        "resource_id": 5, "graph": ["instant"], "start": 1764583200, "end": { "at": ELEVEN }, "what": true, "where": null,
        "description": ["text"], "customer": "Marty", "calendar_id": 1, "project_id": true, "participants": "doc@example.com",
        "meta": "text", "settings": "none", "event": "none", "action": 1,
    });
    let wrong_values = json!({
        "resource_id": "doc", "graph": "group_dance", "start": "tomorrow", "end": "2026-12-01T11:00:00", "what": "x".repeat(1_001),
        "where": "x".repeat(1_001), "description": "x".repeat(20_001),
        "customer": {
            "email": "nobody", "timezone": "Mars/Olympus", "phone": [5], "voip": ["x"],
        },
        "calendar_id": "first", "project_id": "mine", "participants": ["doc@example.com", {}], "meta": [1],
        "settings": { "allow_double_bookings": "yes", "buffer": "soon", "buffer_before": 5, "buffer_after": "2 days" },
    });
    for (body, faults) in [
        (json!({}), &required[..]),
        (
            json!({ "resource_id": null, "graph": null, "start": null, "end": null, "what": null, "where": null, "customer": null }),
            &required,
        ),
        (
            empty,
            &[
                "action",
                "calendar_id",
                "customer.name",
                "end",
                "graph",
                "project_id",
                "resource_id",
                "start",
                "what",
                "where",
            ],
        ),
        (
            wrong_types,
            &[
                "action",
                "calendar_id",
                "customer",
                "description",
                "end",
                "event",
                "graph",
                "meta",
                "participants",
                "project_id",
                "resource_id",
                "settings",
                "start",
                "what",
                "where",
            ],
        ),
        (
            wrong_values,
            &[
                "calendar_id",
                "customer.email",
                "customer.name",
                "description",
                "end",
                "graph",
                "meta",
                "participants",
                "project_id",
                "resource_id",
                "settings.allow_double_bookings",
                "settings.buffer",
                "settings.buffer_after",
                "settings.buffer_before",
                "start",
                "what",
                "where",
            ],
        ),
    ] {
        assert_faults(&app.post("/v2/bookings", body).await, faults);
    }
    assert_eq!(total(&app).await, 3);
}

#[tokio::test]
async fn a_name_longer_than_any_there_can_be_is_nobodys() {
    let server = TestServer::start().await;
    let app = server.app();
    let long = "x".repeat(3_000);
    let address = format!("{long}@example.com");
    let path = format!("/v2/bookings?search=customer.email:{address}");
    assert_eq!(app.get(&path).await.expecting(200).body["total"], 0);
    for path in ["/v2/resources", "/v2/credentials"] {
        let reply = app.get(&format!("{path}?search=email:{address}")).await;
        assert!(reply.status < 500, "{}", reply.body);
    }
    let path = format!("/v2/resources/timezone/{address}");
    app.get(&path).await.expecting(404);
    app.get(&format!("/v2/bookings/{long}"))
        .await
        .expecting(404);
    app.delete(&format!("/v2/apps/{long}")).await.expecting(404);

    let lost = server.anonymous().header("timekit-app", &long);
    let password = json!({ "email": EMAIL, "password": "great scott 1955" });
    lost.post("/v2/auth", password).await.expecting(401);
    let password = json!({ "email": address, "password": "x".repeat(100_000) });
    for path in ["/v2/auth", "/v2/sessions"] {
        let caller = server.anonymous().header("timekit-app", TEST_SLUG);
        caller.post(path, password.clone()).await.expecting(401);
    }
    let token = server.token(&app, &ROOM.to_string(), "server-token").await;
    server
        .with_token(&long, &token)
        .get("/v2/me")
        .await
        .expecting(401);
    let person = server.sign_in(EMAIL, &server.demo.password).await;
    person
        .header("timekit-app", &long)
        .get("/v2/bookings")
        .await
        .expecting(404);
}

#[tokio::test]
async fn a_booking_of_nobody_that_exists_is_not_found() {
    let server = TestServer::start().await;
    let body = with("resource_id", Uuid::from_u128(7).to_string().into());
    let reply = server.app().post("/v2/bookings", body).await.expecting(404);
    assert_eq!(reply.body["model"], "Resource");
}

#[tokio::test]
async fn a_booking_ends_after_it_starts() {
    let server = TestServer::start().await;
    for end in [
        TEN,
        "2026-12-01T09:59:59Z",
        "2026-12-01T10:30:00+02:00",
        "1955-11-12T22:04:00-08:00",
    ] {
        let reply = server
            .app()
            .post("/v2/bookings", with("end", end.into()))
            .await;
        assert_faults(&reply, &["end"]);
    }
}

#[tokio::test]
async fn a_time_that_is_no_instant_is_refused() {
    let server = TestServer::start().await;
    for wrong in [
        "now",
        "2026-12-01",
        "2026-12-01T10:00:00",
        "2026-12-01 10:00",
        "2026-12-01T25:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-12-01T10:00:00+25:00",
        "2026-12-01T10Z",
        "0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "+12026-12-01T10:00:00Z",
        "-0001-12-01T10:00:00Z",
        "1764583200",
        "10:00",
        "\u{0}",
        "２０２６-12-01T10:00:00Z",
    ] {
        let body = with("start", wrong.into());
        assert_faults(&server.app().post("/v2/bookings", body).await, &["start"]);
    }
}

#[tokio::test]
async fn the_first_and_the_last_day_there_is_can_be_booked() {
    let server = TestServer::start().await;
    let app = server.app();
    for (start, end) in [
        ("0002-01-02T00:00:00Z", "0002-01-02T01:00:00Z"),
        ("9998-12-30T22:00:00Z", "9998-12-30T23:00:00Z"),
    ] {
        let mut body = booking(&ROOM.to_string(), "instant", start, end);
        body["settings"] = json!({ "buffer": "24 hours" });
        let made = app.post("/v2/bookings", body.clone()).await.expecting(201);
        app.post("/v2/bookings", body).await.expecting(409);
        let utc = app.header("timekit-timezone", "UTC");
        let shown = all_of(&utc, &made.id()).await;
        let shown = shown["attributes"]["event_info"]["start"].as_str();
        assert_eq!(shown, Some(start.replace('Z', "+00:00").as_str()));
        let far = app.header("timekit-timezone", "Pacific/Kiritimati");
        all_of(&far, &made.id()).await;
    }
    let path = format!("/v2/bookings?search=resource.id:{ROOM}&sortedBy=asc");
    assert_eq!(app.get(&path).await.expecting(200).body["total"], 2);
}

#[tokio::test]
async fn a_leap_second_spoils_nobody_elses_day() {
    let server = TestServer::start().await;
    let app = server.app();
    // The second that is written 60 and the one after it are one on the clocks that count.
    for (start, end) in [
        ("2026-12-01T23:59:60Z", "2026-12-02T00:00:00Z"),
        ("2026-12-01T10:00:60Z", "2026-12-01T10:01:00Z"),
        ("2026-12-01T12:00:59Z", "2026-12-01T12:00:60Z"),
        ("2026-12-01T13:00:60Z", "2026-12-01T14:00:60Z"),
    ] {
        let reply = app
            .post(
                "/v2/bookings",
                booking(&ROOM.to_string(), "instant", start, end),
            )
            .await;
        assert!(
            [201, 422].contains(&reply.status),
            "{start}: {}",
            reply.body
        );
    }
    for hour in ["01T08", "01T16", "02T00", "02T10"] {
        let (start, end) = (
            format!("2026-12-{hour}:10:00Z"),
            format!("2026-12-{hour}:20:00Z"),
        );
        let next = booking(&ROOM.to_string(), "instant", &start, &end);
        app.post("/v2/bookings", next).await.expecting(201);
    }
    app.get("/v2/bookings").await.expecting(200);
}

#[tokio::test]
async fn the_second_fractions_of_a_time_are_dropped() {
    let server = TestServer::start().await;
    let mut body = with("start", "2026-12-01T10:00:00.999999999Z".into());
    body["end"] = "2026-12-01T11:00:00.5+00:00".into();
    let made = server.app().post("/v2/bookings", body).await.expecting(201);
    let event = &made.body["data"]["attributes"]["event_info"];
    assert_eq!(event["start"], "2026-12-01T11:00:00+01:00");
    assert_eq!(event["end"], "2026-12-01T12:00:00+01:00");
}

#[tokio::test]
async fn what_is_too_long_to_be_kept_is_refused_by_field() {
    let server = TestServer::start().await;
    let app = server.app();
    let long = |bytes: usize| Value::from("x".repeat(bytes));
    for (field, value, fault) in [
        ("what", long(1_001), "what"),
        ("where", long(1_001), "where"),
        ("description", long(20_001), "description"),
        ("meta", json!({ "a": long(100_000) }), "meta"),
        // Short as it is sent and long as it is kept.
        ("meta", json!({ "a": vec![1e15; 5_000] }), "meta"),
        ("participants", vec![long(100); 500].into(), "participants"),
        ("customer", json!({ "name": long(1_001) }), "customer.name"),
        (
            "customer",
            json!({ "name": "A", "comment": long(100_000) }),
            "customer",
        ),
    ] {
        assert_faults(
            &app.post("/v2/bookings", with(field, value)).await,
            &[fault],
        );
    }
    let path = format!("/v2/bookings/{CONFIRMED}");
    let meta = json!({ "meta": { "a": long(100_000) } });
    assert_faults(&app.put(&path, meta).await, &["meta"]);
}

#[tokio::test]
async fn the_largest_booking_there_can_be_is_kept_through_all_that_happens_to_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let clock = |count: usize| "\u{1f570}".repeat(count);
    let mut body = hour();
    body["graph"] = "confirm_decline".into();
    body["what"] = clock(1_000).into();
    body["where"] = clock(1_000).into();
    body["description"] = clock(20_000).into();
    body["meta"] = json!({ "a": "x".repeat(65_000) });
    body["participants"] = vec!["x".repeat(100); 150].into();
    body["customer"]["comment"] = "x".repeat(65_000).into();
    let made = app.post("/v2/bookings", body.clone()).await.expecting(201);
    for action in ["confirm", "cancel"] {
        let path = format!("/v2/bookings/{}/{action}", made.id());
        let message = json!({ action: { "message": clock(2_000) } });
        app.put(&path, message).await.expecting(200);
        let meta = json!({ "meta": { "b": "y".repeat(65_000) } });
        app.put(&format!("/v2/bookings/{}", made.id()), meta)
            .await
            .expecting(200);
    }
    let shown = all_of(&app, &made.id()).await;
    assert_eq!(shown["event"]["description"], body["description"]);
    assert_eq!(
        shown["customers"][0]["comment"],
        body["customer"]["comment"]
    );
    assert_eq!(shown["logs"][2]["message"], clock(2_000));
}

#[tokio::test]
async fn the_largest_resource_there_can_be_is_kept_through_its_changes() {
    let server = TestServer::start().await;
    let app = server.app();
    let body = json!({
        "name": "\u{1f570}".repeat(200), "timezone": "UTC", "first_name": "x".repeat(2_000), "last_name": "x".repeat(2_000),
        "image": "x".repeat(2_000), "meta": { "a": "x".repeat(65_000) }, "tags": vec!["x".repeat(100); 150],
        "availability_constraints": vec![json!({ "block_day": { "day": "Monday" } }); 2_000],
    });
    let made = app.post("/v2/resources", body.clone()).await.expecting(201);
    let path = format!("/v2/resources/{}", made.id());
    app.put(&path, body).await.expecting(200);
}

#[tokio::test]
async fn deep_json_is_kept_or_refused() {
    let server = TestServer::start().await;
    let app = server.app();
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let path = format!("/v2/bookings/{CONFIRMED}?include=meta");
    let meta = format!(r#"{{"meta":{{"deep":{}}}}}"#, nested(120));
    let kept = app.send(Method::PUT, &path, &meta).await.expecting(200);
    assert_eq!(kept.body["data"]["meta"]["deep"].to_string(), nested(120));
    for depth in [128, 1_000, 100_000] {
        let meta = format!(r#"{{"meta":{{"deep":{}}}}}"#, nested(depth));
        let reply = app.send(Method::PUT, &path, &meta).await;
        assert_faults(&reply, &["body"]);
    }
    let shown = app.get(&path).await.expecting(200);
    assert_eq!(shown.body["data"]["meta"]["deep"].to_string(), nested(120));
}

#[tokio::test]
async fn every_number_is_kept() {
    let server = TestServer::start().await;
    let app = server.app();
    let meta = json!({
        "huge": 1e300, "tiny": 5e-324, "largest": f64::MAX, "negative": -1.5e-10, "third": 1.0 / 3.0, "one": 1.0,
        "zero": 0, "minus zero": -0.0, "long": u64::MAX, "low": i64::MIN, "many": [1e300, 1, 0.1],
    });
    let mut body = with("meta", meta.clone());
    body["customer"]["height"] = 1e300.into();
    let id = app.post("/v2/bookings", body).await.expecting(201).id();
    let shown = all_of(&app, &id).await;
    assert_eq!(shown["meta"], meta);
    assert_eq!(shown["customers"][0]["height"], 1e300);
    let list = app
        .get("/v2/bookings?search=meta.huge:1e300;meta.zero:0")
        .await
        .expecting(200);
    assert_eq!(list.body["total"], 1);
}

#[tokio::test]
async fn every_writing_is_kept() {
    let server = TestServer::start().await;
    let app = server.app();
    for text in [
        "Bevor 🕰️ wir 👩‍🔬 starten: 1.21 GW ⚡",
        "שלום עולם",
        "مرحبا \u{202e}بالعالم\u{202c} abc",
        "日本語のテキスト",
        "e\u{301} is not \u{e9}",
        "<script>alert(1)</script> '; DROP TABLE bookings; --",
        "null",
        "a\u{0}b\u{1}c\u{7f}",
        "line one\nline two\ttab\r\nend",
        "\u{feff}bom \u{fffd} \u{10ffff}",
        "{\"S\": \"not an attribute\"}",
    ] {
        let body = json!({
            "resource_id": ROOM.to_string(), "graph": "confirm_decline", "start": TEN, "end": ELEVEN,
            "what": text, "where": text, "description": text, "meta": { text: text, "list": [text, { text: [] }] },
            "customer": { "name": text, "phone": text, "voip": text, text: text, "comment": text },
        });
        let id = app
            .post("/v2/bookings", body.clone())
            .await
            .expecting(201)
            .id();
        let shown = all_of(&app, &id).await;
        // Every letter in one form, and nothing else changed.
        let composed = model::text::composed(text);
        let kept = composed.as_ref();
        for field in ["what", "where", "description"] {
            assert_eq!(shown["event"][field], kept);
        }
        assert_eq!(
            shown["meta"],
            json!({ kept: kept, "list": [kept, { kept: [] }] })
        );
        for field in ["name", "phone", "voip", "comment", kept] {
            assert_eq!(shown["customers"][0][field], kept, "{field}");
        }
        let resource =
            json!({ "name": text, "timezone": "UTC", "tags": [text], "meta": { text: text } });
        let made = app.post("/v2/resources", resource).await.expecting(201);
        assert_eq!(made.body["data"]["name"], kept);
        assert_eq!(made.body["data"]["tags"], json!([kept]));
    }
}

#[tokio::test]
async fn names_that_mean_something_elsewhere_mean_nothing_here() {
    let server = TestServer::start().await;
    let app = server.app();
    let odd = [
        "__proto__",
        "constructor",
        "prototype",
        "toString",
        "hasOwnProperty",
        "$ref",
        "$where",
        "#name",
        ":value",
        "record",
        "pk",
        "sk",
        "",
        " ",
        ".",
        "a.b",
        "a:b",
        "a;b",
        "name ",
        "NAME",
        "0",
        "S",
        "NULL",
        "M",
    ];
    let fields: serde_json::Map<String, Value> = odd
        .iter()
        .map(|name| {
            (
                (*name).to_owned(),
                json!({ "isAdmin": true, *name: [*name] }),
            )
        })
        .collect();
    let mut body = with("meta", fields.clone().into());
    for (name, value) in &fields {
        body["customer"][name] = value.clone();
        // Unknown beside the known fields: ignored.
        body[name] = value.clone();
    }
    let id = app.post("/v2/bookings", body).await.expecting(201).id();
    let shown = all_of(&app, &id).await;
    assert_eq!(shown["meta"], Value::from(fields.clone()));
    for (name, value) in &fields {
        assert_eq!(&shown["customers"][0][name], value, "{name}");
    }
    assert_eq!(shown["customers"][0]["name"], "Marty McFly");
    assert!(shown.get("isAdmin").is_none());
}

#[tokio::test]
async fn an_id_that_a_customer_brings_along_is_ignored() {
    let server = TestServer::start().await;
    let brought = Uuid::from_u128(7).to_string();
    for id in [json!(brought), json!(5), json!({ "a": 1 }), json!(null)] {
        let mut body = with("customer", json!({ "name": "Marty", "id": id }));
        body["graph"] = "confirm_decline".into();
        body["id"] = id.clone();
        let made = server
            .app()
            .post("/v2/bookings?include=customers", body)
            .await
            .expecting(201);
        let own = &made.body["data"]["customers"][0]["id"];
        assert!(
            own.as_str().is_some_and(|own| Uuid::parse_str(own).is_ok()),
            "{own}"
        );
        assert_ne!(*own, id);
        assert_ne!(made.id(), brought);
    }
}

/// A generator that is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }
}

/// What somebody may send in the place of anything.
fn odd_values() -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(0.1),
        json!([]),
        json!({}),
        json!([[]]),
        json!([null]),
        json!({ "": null }),
        json!({ "message": 5 }),
        json!([{}, 1, "a"]),
        json!({ "__proto__": { "a": 1 } }),
        json!({ "name": "x" }),
        json!("x".repeat(50_000)),
        json!(vec![0; 5_000]),
        json!(vec![1e15; 3_000]),
        json!(vec!["2001:db8::/32"; 2_000]),
    ];
    values.extend(
        [
            "",
            " ",
            "\u{0}",
            "null",
            "true",
            "0",
            "-1",
            "*",
            "..",
            "/",
            "%00",
            "%FF",
            "\u{202e}abc",
            "🕰️",
            "a@b.c",
            "\u{e9}@\u{e9}.example",
            "2026-12-01T10:00:00Z",
            "2026-12-01T23:59:60Z",
            "9998-12-31T23:59:59+23:59",
            "0002-01-01T00:00:00-23:59",
            "UTC",
            "Europe/Copenhagen",
            "4294967295 weeks",
            "0 minutes",
            "instant",
            "confirm_decline",
            "server-token",
            "widget",
            "api",
            "00000000-0000-0000-0000-000000000000",
            "{00000000-0000-4003-8000-000000000001}",
            "urn:uuid:00000000-0000-4003-8000-000000000001",
            "::/0",
            "https://clinic.example",
            "#:$\"'\\`;--",
            "bookings.read",
            "great scott 1955",
        ]
        .map(Value::from),
    );
    values
}

/// Every place in a value, as JSON pointers, the whole first.
pub(crate) fn places(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        found.extend(
            places(child)
                .into_iter()
                .map(|rest| format!("/{name}{rest}")),
        );
    }
    found
}

/// The body with a few things wrong with it, or odd about it.
fn mutated(sound: &Value, dice: &mut Dice, odd: &[Value]) -> String {
    let mut body = sound.clone();
    for _ in 0..=dice.below(3) {
        let place = dice.one_of(&places(&body)).clone();
        let value = dice.one_of(odd).clone();
        let Some(there) = body.pointer_mut(&place) else {
            continue;
        };
        match (dice.below(5), there) {
            (0, Value::Object(fields)) => {
                let name = fields.keys().nth(dice.below(fields.len().max(1))).cloned();
                fields.remove(&name.unwrap_or_default());
            }
            (1, Value::Object(fields)) => {
                let name = dice.one_of(odd).as_str().unwrap_or("id").to_owned();
                fields.insert(name, value);
            }
            (2, there) => *there = json!([there.take(), value]),
            (_, there) => *there = value,
        }
    }
    let mut text: Vec<char> = body.to_string().chars().collect();
    // Now and then it does not even arrive as it was meant.
    match dice.below(20) {
        0 => text.truncate(dice.below(text.len().max(1))),
        1 => text.insert(
            dice.below(text.len() + 1),
            *dice.one_of(&['"', '{', ',', '\u{0}', '🕰', '1']),
        ),
        _ => {}
    }
    text.into_iter().collect()
}

/// How many odd bodies every operation gets.
const TRIES: usize = 200;

/// How many of them at once: callers that are not known may guess ten passwords in a quarter of an hour.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn no_body_makes_any_operation_fail_and_nothing_is_kept_that_cannot_be_read_again() {
    let server = TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await;
    let (odd, mut dice) = (odd_values(), Dice(1955));
    let mut failures = Vec::new();
    for asked in server.sound_requests() {
        let sound = asked
            .caller
            .send(asked.method.clone(), &asked.path, &asked.body.to_string())
            .await;
        let is_served = sound.body["code"] != "not_implemented";
        assert!(
            sound.status < 500 || !is_served,
            "{}: {}",
            asked.id,
            sound.body
        );
        let unsound = asked.id != "reset_password" && sound.status == 422;
        assert!(
            !unsound,
            "{} takes no such body any more: {}",
            asked.id, sound.body
        );
        for _ in 0..TRIES / AT_ONCE {
            server.clock.advance(TimeDelta::minutes(16));
            let sent: Vec<_> = (0..AT_ONCE)
                .map(|_| {
                    let body = mutated(&asked.body, &mut dice, &odd);
                    let (caller, method, path) = (
                        asked.caller.clone(),
                        asked.method.clone(),
                        asked.path.clone(),
                    );
                    tokio::spawn(async move { (caller.send(method, &path, &body).await, body) })
                })
                .collect();
            for reply in sent {
                let (reply, body) = reply.await.expect("an answer");
                if reply.status == 422 {
                    let faults = reply.faults();
                    assert!(!faults.is_empty(), "{}: {}", asked.id, reply.body);
                    assert_faults(&reply, &faults);
                }
                if reply.status >= 500 && is_served {
                    let begin: String = body.chars().take(500).collect();
                    failures.push(format!("{} {begin}: {}", asked.id, reply.status));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    let all = "event,user,resource,customers,calendar,meta,logs,available_actions";
    for list in [
        format!("/v2/bookings?limit=1000&include={all}"),
        "/v2/bookings?limit=1000&orderBy=event.end".to_owned(),
        format!("/v2/bookings?limit=1000&search=resource.id:{ROOM}"),
        "/v2/resources?limit=1000&include=credentials,availability_constraints".to_owned(),
        "/v2/resources?limit=1000&include=calendars.events".to_owned(),
        "/v2/calendars?limit=1000&include=events".to_owned(),
        "/v2/events?limit=1000&start=2026-11-01T00:00:00Z&end=2027-11-01T00:00:00Z".to_owned(),
        "/v2/credentials?limit=1000".to_owned(),
        "/v2/keys?limit=1000".to_owned(),
        "/v2/apps".to_owned(),
        "/v2/app".to_owned(),
        "/v2/projects?limit=1000&include=resources,availability_constraints,locations,services"
            .to_owned(),
        "/v2/locations?limit=1000&include=services".to_owned(),
        "/v2/location/services?limit=1000&include=locations".to_owned(),
        "/v2/templates".to_owned(),
    ] {
        server.app().get(&list).await.expecting(200);
    }
    let far = booking(
        &ROOM.to_string(),
        "instant",
        "2031-01-01T10:00:00Z",
        "2031-01-01T11:00:00Z",
    );
    server.app().post("/v2/bookings", far).await.expecting(201);
}
