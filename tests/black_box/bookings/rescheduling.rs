//! Rescheduling: a booking gives its place to another one at another time, in one step or not at all.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{NaiveDate, TimeDelta};
use local::demo::{DOC_BROWN, ROOM, TEST_APP};
use local::tables;
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking, group, instant, seat, with};
use uuid::Uuid;

const NINE: &str = "2026-12-01T09:00:00Z";
const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";

fn room(graph: &str, start: &str, end: &str) -> Value {
    booking(&ROOM.to_string(), graph, start, end)
}

fn to(start: &str, end: &str) -> Value {
    json!({ "start": start, "end": end })
}

#[track_caller]
fn assert_taken(reply: &Reply) {
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert_eq!(reply.body["code"], "slot_taken");
    assert!(reply.body["errors"]["event"][0].is_string());
}

async fn assert_free(client: &Client, start: &str, end: &str) {
    let id = client.book(room("instant", start, end)).await;
    client.act(&id, "cancel").await.expecting(200);
}

#[tokio::test]
async fn a_rescheduled_booking_has_a_new_id_and_the_old_one_says_where_it_went() {
    let server = TestServer::start().await;
    let app = server.app().header("timekit-timezone", "UTC");
    let mut body = room("instant", TEN, ELEVEN);
    body["meta"] = json!({ "order": "A-1" });
    body["participants"] = json!(["doc@timekit.io"]);
    let id = app.book(body).await;
    let before = app.see(&id).await.data;
    server.clock.advance(TimeDelta::hours(1));
    let mut body = to(ELEVEN, NOON);
    body["message"] = "The clock was late.".into();
    let moved = app.reschedule(&id, body).await.expecting(200);
    let new = moved.id();
    assert_ne!(new, id);

    let old = app.see(&id).await;
    assert_eq!(old.state(), "rescheduled_by_customer");
    assert_eq!(old.data["completed"], true);
    assert_eq!(old.data["related"]["rescheduled_to_id"], new);
    assert_eq!(old.data["attributes"], before["attributes"]);
    assert_eq!(old.logs().len(), 2);
    let last = &old.logs()[1];
    let by = last["by"].clone();
    let expected = json!({
        "from": "confirmed", "to": "rescheduled_by_customer", "action": "reschedule_by_customer", "by": by,
        "at": "2026-11-21T13:00:00+00:00", "message": "The clock was late.",
    });
    assert_eq!(*last, expected);

    let taken = app.see(&new).await;
    assert_eq!(moved.body["data"], taken.data);
    assert_eq!(moved.etag(), taken.etag);
    assert_eq!(taken.state(), "confirmed");
    assert_eq!(taken.data["related"]["rescheduled_from_id"], id);
    assert_eq!(taken.data["related"]["rescheduled_to_id"], Value::Null);
    assert_eq!(taken.data["created_at"], "2026-11-21T13:00:00+00:00");
    for kept in [
        "customers",
        "meta",
        "graph",
        "resource_id",
        "calendar",
        "resource",
    ] {
        assert_eq!(taken.data[kept], before[kept], "{kept}");
    }
    let mut event = before["attributes"]["event_info"].clone();
    event["start"] = "2026-12-01T11:00:00+00:00".into();
    event["end"] = "2026-12-01T12:00:00+00:00".into();
    assert_eq!(taken.data["attributes"]["event_info"], event);
    let expected = json!([{
        "from": null, "to": "confirmed", "action": "reschedule_by_customer", "by": by,
        "at": "2026-11-21T13:00:00+00:00", "message": "The clock was late.",
    }]);
    assert_eq!(taken.data["logs"], expected);
}

#[tokio::test]
async fn the_new_time_is_taken_and_the_old_given_back() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(room("instant", TEN, ELEVEN)).await;
    let new = app
        .reschedule(&id, to(ELEVEN, NOON))
        .await
        .expecting(200)
        .id();
    assert_free(&app, TEN, ELEVEN).await;
    assert_taken(
        &app.post("/v2/bookings", room("instant", ELEVEN, NOON))
            .await,
    );
    // And on it goes, back to where it began.
    let last = app
        .reschedule(&new, to(TEN, ELEVEN))
        .await
        .expecting(200)
        .id();
    assert_free(&app, ELEVEN, NOON).await;
    assert_taken(&app.post("/v2/bookings", room("instant", TEN, ELEVEN)).await);
    app.act(&last, "cancel").await.expecting(200);
    assert_free(&app, TEN, ELEVEN).await;
    let again = app.reschedule(&id, to(NINE, TEN)).await.expecting(409);
    assert_eq!(again.body["code"], "illegal_action");
}

#[tokio::test]
async fn a_booking_can_move_to_another_resource() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(room("instant", TEN, ELEVEN)).await;
    let body = with(to(TEN, ELEVEN), "resource_id", DOC_BROWN.to_string().into());
    let moved = app.reschedule(&id, body).await.expecting(200);
    let shown = &moved.body["data"];
    assert_eq!(shown["resource_id"], DOC_BROWN.to_string());
    // In its zone, and in its calendar.
    assert_eq!(
        shown["attributes"]["event_info"]["start"],
        "2026-12-01T02:00:00-08:00"
    );
    let resource = app.get(&format!("/v2/resources/{DOC_BROWN}")).await.body["data"].take();
    assert_eq!(
        shown["attributes"]["event_info"]["calendar_id"],
        resource["calendars"][0]["id"]
    );
    assert_free(&app, TEN, ELEVEN).await;
    let doc = booking(&DOC_BROWN.to_string(), "instant", TEN, ELEVEN);
    assert_taken(&app.post("/v2/bookings", doc).await);
    let list = app
        .get(&format!(
            "/v2/bookings?search=resource.id:{DOC_BROWN};state:confirmed"
        ))
        .await;
    let ids: Vec<&Value> = list.body["data"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| &row["id"])
        .collect();
    assert!(ids.contains(&&json!(moved.id())));
}

#[tokio::test]
async fn a_booking_can_move_to_a_time_that_overlaps_its_own() {
    let server = TestServer::start().await;
    let app = server.app();
    let body = with(
        room("instant", TEN, ELEVEN),
        "settings",
        json!({ "buffer": "30 minutes" }),
    );
    let mut id = app.book(body).await;
    for (start, end) in [
        ("2026-12-01T10:15:00Z", "2026-12-01T11:15:00Z"),
        ("2026-12-01T10:15:00Z", "2026-12-01T11:15:00Z"),
        ("2026-12-01T09:00:00Z", "2026-12-01T13:00:00Z"),
        ("2026-12-01T10:00:00Z", "2026-12-01T10:30:00Z"),
    ] {
        id = app
            .reschedule(&id, to(start, end))
            .await
            .expecting(200)
            .id();
    }
    // The buffers moved with it.
    assert_taken(
        &app.post(
            "/v2/bookings",
            room("instant", "2026-12-01T10:59:59Z", NOON),
        )
        .await,
    );
    assert_free(&app, ELEVEN, NOON).await;
    assert_free(&app, NINE, "2026-12-01T09:30:00Z").await;
}

#[tokio::test]
async fn a_taken_time_is_refused_and_nothing_has_changed() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(room("instant", TEN, ELEVEN)).await;
    app.book(room("instant", ELEVEN, NOON)).await;
    app.book(booking(&DOC_BROWN.to_string(), "instant", TEN, ELEVEN))
        .await;
    let before = app.see(&id).await;
    let total = app.get("/v2/bookings").await.body["total"].clone();
    assert_taken(
        &app.reschedule(&id, to("2026-12-01T10:15:00Z", "2026-12-01T11:15:00Z"))
            .await,
    );
    let other = with(
        to("2026-12-01T10:30:00Z", NOON),
        "resource_id",
        DOC_BROWN.to_string().into(),
    );
    assert_taken(&app.reschedule(&id, other).await);
    assert_eq!(app.see(&id).await, before);
    assert_eq!(app.get("/v2/bookings").await.body["total"], total);
    assert_taken(&app.post("/v2/bookings", room("instant", TEN, ELEVEN)).await);
}

#[tokio::test]
async fn a_booking_moves_across_midnight_and_over_days() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut id = app
        .book(room(
            "instant",
            "2026-12-01T22:00:00Z",
            "2026-12-01T23:00:00Z",
        ))
        .await;
    for (start, end) in [
        ("2026-12-01T23:30:00Z", "2026-12-02T00:30:00Z"),
        ("2026-12-02T00:15:00Z", "2026-12-02T01:15:00Z"),
        ("2026-12-01T12:00:00Z", "2026-12-04T12:00:00Z"),
        ("2026-12-03T12:00:00Z", "2026-12-06T12:00:00Z"),
        ("2026-12-20T00:00:00Z", "2026-12-20T01:00:00Z"),
    ] {
        id = app
            .reschedule(&id, to(start, end))
            .await
            .expecting(200)
            .id();
    }
    // Nothing of it is left anywhere it was.
    assert_free(&app, "2026-12-01T00:00:00Z", "2026-12-20T00:00:00Z").await;
}

#[tokio::test]
async fn a_confirmed_booking_stays_confirmed_and_one_that_waits_cannot_move() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(room("confirm_decline", TEN, ELEVEN)).await;
    let before = app.see(&id).await;
    let refused = app.reschedule(&id, to(ELEVEN, NOON)).await.expecting(409);
    assert_eq!(refused.body["code"], "illegal_action");
    assert_eq!(app.see(&id).await, before);
    app.act(&id, "confirm").await.expecting(200);
    let moved = app.reschedule(&id, to(ELEVEN, NOON)).await.expecting(200);
    assert_eq!(moved.body["data"]["state"], "confirmed");
    assert_eq!(moved.body["data"]["graph"], "confirm_decline");
    assert_taken(
        &app.post("/v2/bookings", room("instant", ELEVEN, NOON))
            .await,
    );
}

#[tokio::test]
async fn other_graphs_cannot_be_rescheduled() {
    let server = TestServer::start().await;
    let app = server.app();
    let paid = app.book(room("instant_payment", NINE, TEN)).await;
    app.act(&paid, "pay").await.expecting(200);
    let owner = app.book(group(&ROOM.to_string(), TEN, ELEVEN, 3)).await;
    let customer = app.book(seat("group_customer", &owner)).await;
    for id in [paid, owner, customer] {
        let before = app.see(&id).await;
        let refused = app.reschedule(&id, to(ELEVEN, NOON)).await.expecting(409);
        assert_eq!(refused.body["code"], "illegal_action");
        assert_eq!(app.see(&id).await, before);
    }
    assert_free(&app, ELEVEN, NOON).await;
}

#[tokio::test]
async fn a_booking_that_time_has_completed_cannot_move() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(room("instant", TEN, ELEVEN)).await;
    server.clock.set(instant(NOON));
    let body = to("2026-12-02T10:00:00Z", "2026-12-02T11:00:00Z");
    assert_eq!(
        app.reschedule(&id, body.clone()).await.expecting(409).body["code"],
        "illegal_action"
    );
    server.clock.set(instant(NOON) - TimeDelta::seconds(1));
    app.reschedule(&id, body).await.expecting(200);
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(room("instant", TEN, ELEVEN)).await;
    let path = format!("/v2/bookings/{id}/reschedule/");
    let moved = app.post(&path, to(ELEVEN, NOON)).await.expecting(200);
    assert_eq!(moved.body["data"]["state"], "confirmed");
}

#[tokio::test]
async fn a_server_token_moves_its_own_bookings_and_to_no_other_resource() {
    let server = TestServer::start().await;
    let app = server.app();
    let own = app.book(room("instant", TEN, ELEVEN)).await;
    let foreign = app
        .book(booking(&DOC_BROWN.to_string(), "instant", TEN, ELEVEN))
        .await;
    let token = server.token(&app, &ROOM.to_string(), "server-token").await;
    let resource = server.with_token("demo-test", &token);

    let before = app.see(&own).await;
    let elsewhere = |id: Uuid| with(to(ELEVEN, NOON), "resource_id", id.to_string().into());
    let refused = resource
        .reschedule(&own, elsewhere(DOC_BROWN.uuid()))
        .await
        .expecting(404);
    let random = resource
        .reschedule(&own, elsewhere(Uuid::from_u128(7)))
        .await;
    assert_eq!(refused.comparable(), random.comparable());
    assert_eq!(refused.body["model"], "Resource");
    assert_eq!(app.see(&own).await, before);

    let before = app.see(&foreign).await;
    let refused = resource
        .reschedule(&foreign, to(ELEVEN, NOON))
        .await
        .expecting(404);
    let random = resource
        .reschedule(&Uuid::from_u128(7).to_string(), to(ELEVEN, NOON))
        .await;
    assert_eq!(refused.comparable(), random.comparable());
    assert_eq!(app.see(&foreign).await, before);

    let moved = resource
        .reschedule(&own, to(ELEVEN, NOON))
        .await
        .expecting(200);
    assert_eq!(
        moved.body["data"]["logs"][0]["by"],
        format!("resource:{ROOM}")
    );
}

#[tokio::test]
async fn another_apps_resource_is_nowhere_to_move_to() {
    let server = TestServer::start().await;
    let (app, other) = (server.app(), server.live_app());
    let made = other
        .post(
            "/v2/resources",
            json!({ "name": "Hall", "timezone": "UTC" }),
        )
        .await;
    let foreign = made.expecting(201).id();
    let id = app.book(room("instant", TEN, ELEVEN)).await;
    let ask = async |resource: &str| {
        let body = with(to(ELEVEN, NOON), "resource_id", resource.into());
        app.reschedule(&id, body).await.comparable()
    };
    assert_eq!(
        ask(&foreign).await,
        ask(&Uuid::from_u128(7).to_string()).await
    );
    let theirs = other.reschedule(&id, to(ELEVEN, NOON)).await.expecting(404);
    assert_eq!(theirs.body["model"], "Booking");
}

#[tokio::test]
async fn a_move_with_faults_is_refused_field_by_field() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(room("instant", TEN, ELEVEN)).await;
    let before = app.see(&id).await;
    for (body, faults) in [
        (json!({}), &["end", "start"][..]),
        (json!({ "start": TEN }), &["end"]),
        (to("soon", NOON), &["start"]),
        (to(NOON, ELEVEN), &["end"]),
        (to(TEN, "2027-01-01T10:00:01Z"), &["end"]),
        (
            with(to(ELEVEN, NOON), "resource_id", "room".into()),
            &["resource_id"],
        ),
        (with(to(ELEVEN, NOON), "message", json!([5])), &["message"]),
        (
            with(to(ELEVEN, NOON), "message", "x".repeat(2_001).into()),
            &["message"],
        ),
    ] {
        let reply = app.reschedule(&id, body.clone()).await;
        assert_eq!(reply.expecting(422).faults(), faults, "{body}");
    }
    assert_eq!(app.see(&id).await, before);
}

#[tokio::test]
async fn the_new_time_must_be_bookable_by_the_bookings_own_settings() {
    let server = TestServer::start().await;
    let app = server.app();
    let settings = json!({ "min_booking_time": "1 day", "max_booking_time": "20 days" });
    let id = app
        .book(with(room("instant", TEN, ELEVEN), "settings", settings))
        .await;
    let before = app.see(&id).await;
    // It is noon on the 21st of November.
    for (start, end, code) in [
        (
            "2026-11-22T11:59:59Z",
            "2026-11-22T13:00:00Z",
            "booking_closed",
        ),
        (
            "2026-12-11T12:00:01Z",
            "2026-12-11T13:00:00Z",
            "booking_not_open",
        ),
    ] {
        let refused = app.reschedule(&id, to(start, end)).await.expecting(409);
        assert_eq!(refused.body["code"], code);
    }
    assert_eq!(app.see(&id).await, before);
    app.reschedule(&id, to("2026-12-11T12:00:00Z", "2026-12-11T13:00:00Z"))
        .await
        .expecting(200);
}

#[tokio::test]
async fn a_move_is_made_once_under_one_idempotency_key() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(room("instant", TEN, ELEVEN)).await;
    let keyed = app.header("idempotency-key", "move");
    let first = keyed.reschedule(&id, to(ELEVEN, NOON)).await.expecting(200);
    let again = keyed.reschedule(&id, to(ELEVEN, NOON)).await.expecting(200);
    assert_eq!(first.body, again.body);
    assert_eq!(
        (first.etag(), again.header("idempotency-replayed")),
        (again.etag(), Some("true"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_move_one_booking_at_once_exactly_one_does() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(room("instant", TEN, ELEVEN)).await;
    let sent: Vec<_> = (2..12)
        .map(|day| {
            let (client, id) = (app.clone(), id.clone());
            let body = to(
                &format!("2026-12-{day:02}T10:00:00Z"),
                &format!("2026-12-{day:02}T11:00:00Z"),
            );
            tokio::spawn(async move { client.reschedule(&id, body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for status in sent {
        statuses.push(status.await.expect("an answer"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [&[200][..], &[409; 9]].concat());
    let list = app
        .get("/v2/bookings?search=graph:instant;state:confirmed;project.id:none")
        .await;
    assert_eq!(list.status, 422);
    let list = app
        .get(&format!(
            "/v2/bookings?search=resource.id:{ROOM};state:confirmed"
        ))
        .await;
    assert_eq!(list.body["total"], 1);
}

type Item = HashMap<String, AttributeValue>;

/// A sheet with this many claims, each as long to write as one can be: of the whole day, with buffers and the end of a
/// hold that outlasts the test. They are of bookings that nobody reads.
fn full_sheet(resource: Uuid, day: NaiveDate, claims: usize) -> Item {
    let start = day
        .and_hms_opt(0, 0, 0)
        .expect("midnight")
        .and_utc()
        .timestamp();
    let numbers = [start, 2_678_400, 86_400, 86_400, 2_000_000_000];
    let numbers: Vec<_> = numbers
        .map(|number| AttributeValue::N(number.to_string()))
        .into();
    let claims = (0..claims).map(|number| {
        let id = Uuid::from_u128(u128::MAX - number as u128);
        (
            URL_SAFE_NO_PAD.encode(id),
            AttributeValue::L(numbers.clone()),
        )
    });
    Item::from([
        (
            "pk".to_owned(),
            AttributeValue::S(format!("app#{TEST_APP}#sheets#{resource}")),
        ),
        ("sk".to_owned(), AttributeValue::S(format!("day#{day}"))),
        ("version".to_owned(), AttributeValue::S("full".repeat(6))),
        ("claims".to_owned(), AttributeValue::M(claims.collect())),
    ])
}

/// The bytes of a value by DynamoDB's rules: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>.
fn bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.trim_end_matches('0').len().div_ceil(2) + 1,
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + bytes(value)).sum::<usize>(),
        AttributeValue::M(values) => {
            3 + values
                .iter()
                .map(|(name, value)| 1 + name.len() + bytes(value))
                .sum::<usize>()
        }
        other => panic!("not in a sheet: {other:?}"),
    }
}

/// The largest write there is: 68 sheets and two bookings.
#[tokio::test(flavor = "multi_thread")]
async fn the_longest_booking_moves_between_the_fullest_sheets_in_one_transaction_of_under_4_mb() {
    let server = TestServer::start().await;
    let app = server.app();
    let settings = json!({ "buffer": "24 hours", "allow_double_bookings": true });
    let body = room("instant", "2026-12-01T10:00:00Z", "2027-01-01T10:00:00Z");
    let id = app.book(with(body, "settings", settings)).await;

    let dynamodb = server.dynamodb().await;
    let first = NaiveDate::from_ymd_opt(2026, 11, 30).expect("a day");
    let days: Vec<NaiveDate> = first.iter_days().take(34).collect();
    let table = &format!("{}data", tables::PREFIX);
    // All of them full are measured; written are fewer claims on most days, which a debug build has time for.
    let filled = |day: &NaiveDate| {
        if [days[5], days[20]].contains(day) {
            999
        } else {
            99
        }
    };
    let mut size = 0;
    for day in &days {
        // What the booking holds already stands in the room's sheets, and stays in them.
        let mut own = full_sheet(ROOM.uuid(), *day, filled(day));
        let key = ["pk", "sk"].map(|name| (name.to_owned(), own[name].clone()));
        let found = dynamodb
            .get_item()
            .table_name(table)
            .set_key(Some(key.into()))
            .send()
            .await;
        let found = found.expect("an answer").item.expect("a sheet");
        let held = found["claims"].as_m().expect("claims");
        assert_eq!(held.len(), 1);
        if let Some(AttributeValue::M(claims)) = own.get_mut("claims") {
            claims.extend(held.clone());
        }
        for resource in [ROOM, DOC_BROWN] {
            size += full_sheet(resource.uuid(), *day, 1_000)
                .iter()
                .map(|(name, value)| name.len() + bytes(value))
                .sum::<usize>();
        }
        for sheet in [own, full_sheet(DOC_BROWN.uuid(), *day, filled(day))] {
            // The machine may be busy.
            let put = dynamodb.put_item().table_name(table).set_item(Some(sheet));
            while put.clone().send().await.is_err() {}
        }
    }
    assert!(size < 3_900_000, "{size} bytes are too near to 4 MB");

    let body = json!({
        "start": "2026-12-01T10:00:00Z", "end": "2027-01-01T10:00:00Z", "resource_id": DOC_BROWN.to_string(),
    });
    let moved = app
        .header("idempotency-key", "far")
        .reschedule(&id, body.clone())
        .await;
    let moved = moved.expecting(200);
    assert_eq!(moved.body["data"]["resource_id"], DOC_BROWN.to_string());
    let mut counts = Vec::new();
    for resource in [ROOM, DOC_BROWN] {
        let key = full_sheet(resource.uuid(), days[20], 0);
        let key = ["pk", "sk"].map(|name| (name.to_owned(), key[name].clone()));
        let found = dynamodb
            .get_item()
            .table_name(table)
            .set_key(Some(key.into()))
            .send()
            .await;
        counts.push(
            found.expect("an answer").item.expect("a sheet")["claims"]
                .as_m()
                .expect("claims")
                .len(),
        );
    }
    assert_eq!(counts, [999, 1_000]);

    // One more is too many for a day, and says so.
    let mut one_more = booking(
        &DOC_BROWN.to_string(),
        "instant",
        "2026-12-05T10:00:00Z",
        "2026-12-05T11:00:00Z",
    );
    one_more["settings"] = json!({ "allow_double_bookings": true });
    let refused = app.post("/v2/bookings", one_more).await.expecting(422);
    assert_eq!(refused.faults(), ["event"]);
}
