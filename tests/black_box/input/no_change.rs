//! No change is no change: what is sent back as it is there already is neither written nor told as changed, and a whole day
//! is one date however it is written.

use chrono::TimeDelta;
use local::demo::{DOC_BROWN, ROOM, TEST_PROJECT};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking, with};

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";

fn data(reply: Reply) -> Value {
    reply.expecting(200).body["data"].clone()
}

async fn bookings(app: &Client) -> usize {
    let reply = app.get("/v2/bookings?limit=100").await.expecting(200);
    reply.body["data"].as_array().expect("a list").len()
}

#[tokio::test]
async fn rescheduling_to_the_same_time_answers_the_same_booking_however_often_it_is_sent() {
    let server = TestServer::start().await;
    let app = server.app();
    for graph in ["instant", "confirm_decline"] {
        let id = app
            .book(booking(&ROOM.to_string(), graph, TEN, ELEVEN))
            .await;
        if graph == "confirm_decline" {
            app.act(&id, "confirm").await.expecting(200);
        }
        let (before, count) = (app.see(&id).await, bookings(&app).await);
        server.clock.advance(TimeDelta::minutes(1));
        for body in [
            json!({ "start": TEN, "end": ELEVEN }),
            json!({ "start": "2026-12-01T11:00:00+01:00", "end": ELEVEN, "message": "Once more" }),
            json!({ "start": TEN, "end": ELEVEN, "resource_id": ROOM.to_string() }),
        ] {
            let again = app.reschedule(&id, body).await.expecting(200);
            assert_eq!(again.id(), id);
            assert_eq!(again.etag(), before.etag);
        }
        let keyed = app.header("idempotency-key", graph);
        for _ in 0..2 {
            let again = keyed
                .reschedule(&id, json!({ "start": TEN, "end": ELEVEN }))
                .await;
            assert_eq!(again.expecting(200).id(), id);
        }
        assert_eq!(app.see(&id).await.data, before.data);
        assert_eq!(bookings(&app).await, count);
        // It still holds its time, and what its state does not allow is refused as before.
        let other = app.post(
            "/v2/bookings",
            booking(&ROOM.to_string(), "instant", TEN, ELEVEN),
        );
        other.await.expecting(409);
        app.act(&id, "cancel").await.expecting(200);
        let refused = app
            .reschedule(&id, json!({ "start": TEN, "end": ELEVEN }))
            .await;
        assert_eq!(refused.expecting(409).body["code"], "illegal_action");
    }
    // Another resource at the same time is a change.
    let id = app
        .book(booking(&ROOM.to_string(), "instant", TEN, ELEVEN))
        .await;
    let body = json!({ "start": TEN, "end": ELEVEN, "resource_id": DOC_BROWN.to_string() });
    assert_ne!(app.reschedule(&id, body).await.expecting(200).id(), id);
}

#[tokio::test]
async fn what_is_sent_back_as_it_is_stays_as_it_was() {
    let server = TestServer::start().await;
    let app = server.app();
    let resource = format!("/v2/resources/{DOC_BROWN}");
    let project = format!("/v2/projects/{TEST_PROJECT}");
    let made = |reply: Reply| reply.expecting(201).id();
    let event = json!({
        "resource_id": DOC_BROWN.to_string(), "start": "2026-12-01", "end": "2026-12-02", "all_day": true,
        "what": "Away", "where": "Hill Valley",
    });
    let event = made(app.post("/v2/events", event).await);
    let location = made(
        app.post("/v2/locations", json!({ "name": "Hill Valley" }))
            .await,
    );
    let service = made(
        app.post("/v2/location/services", json!({ "name": "Repair" }))
            .await,
    );
    let (key, _) = server
        .make_key(&app, json!({ "name": "shop", "scopes": ["bookings.read"] }))
        .await;
    let calendar = json!({ "name": "Second", "resource_id": DOC_BROWN.to_string() });
    let calendar = made(app.post("/v2/calendars", calendar).await);
    for (path, sent) in [
        (
            resource.clone(),
            &["name", "timezone", "email", "meta", "tags", "capacity"][..],
        ),
        (
            project,
            &[
                "name",
                "slug",
                "availability",
                "booking",
                "ui",
                "customer_fields",
                "meta",
            ],
        ),
        (
            format!("/v2/events/{event}"),
            &["start", "end", "what", "where", "description"],
        ),
        (
            format!("/v2/locations/{location}"),
            &["name", "description", "meta"],
        ),
        (
            format!("/v2/location/services/{service}"),
            &["name", "description", "meta"],
        ),
        (
            format!("/v2/calendars/{calendar}"),
            &["name", "description"],
        ),
        (format!("/v2/keys/{key}"), &["name", "scopes"]),
    ] {
        let first = app.get(&path).await.expecting(200);
        let (before, tag) = (
            first.body["data"].clone(),
            first.header("etag").map(str::to_owned),
        );
        server.clock.advance(TimeDelta::minutes(1));
        let mut body = json!({});
        for field in sent.iter().filter(|field| !before[**field].is_null()) {
            body[*field] = before[*field].clone();
        }
        for body in [body, json!({})] {
            let method = if path.starts_with("/v2/keys") {
                "PATCH"
            } else {
                "PUT"
            };
            let method = method.parse().expect("a method");
            let answer = app
                .send(method, &path, &body.to_string())
                .await
                .expecting(200);
            assert_eq!(
                answer.body["data"]["updated_at"], before["updated_at"],
                "{path} {body}"
            );
        }
        let after = app.get(&path).await.expecting(200);
        assert_eq!(after.body["data"], before, "{path}");
        assert_eq!(after.header("etag").map(str::to_owned), tag, "{path}");
    }
    // A change is one.
    let before = data(app.get(&resource).await);
    let after = data(app.put(&resource, json!({ "name": "Emmett" })).await);
    assert_ne!(after["updated_at"], before["updated_at"]);
}

#[tokio::test]
async fn a_key_that_is_not_changed_leaves_no_line_in_the_audit_log() {
    let server = TestServer::start().await;
    let app = server.app();
    let (key, _) = server.make_key(&app, json!({ "name": "shop" })).await;
    let path = format!("/v2/keys/{key}");
    let lines = || async {
        let reply = app.get("/v2/audit").await.expecting(200);
        reply.body["data"].as_array().expect("lines").len()
    };
    let before = lines().await;
    let (app, path) = (&app, &path);
    let patch = |body: Value| async move {
        let method = "PATCH".parse().expect("a method");
        app.send(method, path, &body.to_string()).await
    };
    patch(json!({ "name": "shop" })).await.expecting(200);
    assert_eq!(lines().await, before);
    patch(json!({ "name": "Shop" })).await.expecting(200);
    assert_eq!(lines().await, before + 1);
}

#[tokio::test]
async fn the_same_meta_is_no_change_and_a_resource_is_added_to_a_project_once() {
    let server = TestServer::start().await;
    let app = server.app();
    let body = with(
        booking(&ROOM.to_string(), "instant", TEN, ELEVEN),
        "meta",
        json!({ "a": 1, "b": 2 }),
    );
    let id = app.book(body).await;
    let before = app.see(&id).await;
    server.clock.advance(TimeDelta::minutes(1));
    let path = format!("/v2/bookings/{id}");
    app.put(&path, json!({ "meta": { "b": 2, "a": 1 } }))
        .await
        .expecting(200);
    assert_eq!(app.see(&id).await.etag, before.etag);
    app.put(&path, json!({ "meta": { "a": 2 } }))
        .await
        .expecting(200);
    assert_ne!(app.see(&id).await.etag, before.etag);

    let project = format!("/v2/projects/{TEST_PROJECT}");
    let add = json!({ "resource_id": ROOM.to_string() });
    let first = data(app.post(&format!("{project}/resources"), add.clone()).await);
    server.clock.advance(TimeDelta::minutes(1));
    let again = data(app.post(&format!("{project}/resources"), add).await);
    assert_eq!(again["updated_at"], first["updated_at"]);
    let ids = app
        .get(&format!("{project}?include=resources"))
        .await
        .expecting(200);
    let ids: Vec<Value> = ids.body["data"]["resources"]
        .as_array()
        .expect("resources")
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    let set = app.put(&format!("{project}/resources"), json!(ids)).await;
    assert_eq!(data(set)["updated_at"], first["updated_at"]);
}

#[tokio::test]
async fn a_whole_day_of_utc_is_that_date_in_every_resources_zone() {
    let server = TestServer::start().await;
    let app = server.app();
    for (zone, start, end) in [
        (
            "America/Los_Angeles",
            "2026-12-01T00:00:00-08:00",
            "2026-12-02T00:00:00-08:00",
        ),
        (
            "Asia/Tokyo",
            "2026-12-01T00:00:00+09:00",
            "2026-12-02T00:00:00+09:00",
        ),
        (
            "Europe/Lisbon",
            "2026-12-01T00:00:00+00:00",
            "2026-12-02T00:00:00+00:00",
        ),
    ] {
        let body = json!({ "name": zone, "timezone": zone });
        let resource = app.post("/v2/resources", body).await.expecting(201).id();
        let event = |start: &str, end: &str| json!({ "resource_id": resource, "start": start, "end": end, "all_day": true, "what": "Away", "where": "" });
        for (sent_start, sent_end) in [
            ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"),
            ("2026-12-01T00:00:00+00:00", "2026-12-02T00:00:00+00:00"),
            ("2026-12-01T00:00:00+01:00", "2026-12-02T00:00:00+01:00"),
            (start, end),
        ] {
            let made = app
                .post("/v2/events", event(sent_start, sent_end))
                .await
                .expecting(201);
            let times = |reply: &Reply| {
                let data = &reply.body["data"];
                (data["start"].clone(), data["end"].clone())
            };
            let day = (json!(start), json!(end));
            assert_eq!(times(&made), day, "{zone} {sent_start}");
            // One end alone is a date beside the other.
            let path = format!("/v2/events/{}", made.id());
            let same = app
                .put(&path, json!({ "end": "2026-12-02T00:00:00Z" }))
                .await
                .expecting(200);
            assert_eq!(times(&same), day, "{zone} {sent_start}");
        }
    }
}

#[tokio::test]
async fn what_is_only_stored_of_a_customer_refuses_no_booking() {
    let server = TestServer::start().await;
    let app = server.app();
    for (field, sent, kept) in [
        ("timezone", json!("Etc/Unknown"), json!("Etc/Unknown")),
        ("timezone", json!("Mars/Olympus"), json!("Mars/Olympus")),
        ("timezone", json!(60), json!("60")),
        ("timezone", json!(" "), Value::Null),
        ("phone", json!(12_345), json!("12345")),
        ("phone", json!(true), json!("true")),
        ("phone", json!({ "home": 5 }), json!("{\"home\":5}")),
        ("voip", json!(["x"]), json!("[\"x\"]")),
        ("phone", json!("5".repeat(1_001)), json!("5".repeat(1_000))),
        ("locale", json!("xx_XX@nonsense"), json!("xx_XX@nonsense")),
        ("locale", json!({ "a": [1] }), json!({ "a": [1] })),
    ] {
        let mut body = booking(&ROOM.to_string(), "instant", TEN, ELEVEN);
        body["customer"][field] = sent.clone();
        let id = app.book(body).await;
        let reply = app
            .get(&format!("/v2/bookings/{id}?include=customers"))
            .await
            .expecting(200);
        assert_eq!(
            reply.body["data"]["customers"][0][field], kept,
            "{field}: {sent}"
        );
        app.act(&id, "cancel").await.expecting(200);
    }
}
