//! The clock: what time changes is written, and so told, without anybody looking.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use local::demo::{ROOM, TEST_APP};
use local::tables;
use scheduling::clock::{Ticked, tick};
use serde_json::{Value, json};
use tests::invariants::Snapshot;
use tests::{Fault, NOW, TestServer, booking, instant};

use crate::lists::scale::block_booking;

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";

async fn ticks(server: &TestServer) -> Ticked {
    let ticked = tick(server.state.store(), server.state.now(), || true).await;
    ticked.expect("the index is read")
}

/// The types of the events that told of a thing, and by whom.
async fn told_of(server: &TestServer, id: &str) -> Vec<String> {
    let log = "/v2/webhooks/events?since=2026-11-01T00:00:00Z&limit=1000";
    let reply = server.app().get(log).await.expecting(200);
    let rows = reply.body["data"].as_array().expect("events").clone();
    let mut own: Vec<Value> = rows;
    own.retain(|row| row["data"]["id"] == id);
    own.sort_by_key(|row| row["data"]["sequence"].as_u64());
    let said = own.iter().map(|row| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{} {}", text(&row["type"]), text(&row["by"]["type"]))
    });
    said.collect()
}

async fn check(server: &TestServer) {
    let snapshot = Snapshot::read(&server.dynamodb().await, TEST_APP).await;
    snapshot.check(server.state.now(), "after the tick");
}

async fn hour_of_room(server: &TestServer, graph: &str) -> String {
    let wanted = booking(&ROOM.to_string(), graph, TEN, ELEVEN);
    server.app().book(wanted).await
}

async fn reserve(server: &TestServer) -> String {
    let wanted = json!({
        "reservation_time": 60, "resource_id": ROOM.to_string(), "start": TEN, "end": ELEVEN,
        "what": "Clock tower", "where": "Hill Valley", "description": "Bring a cable.",
    });
    let app = server.app();
    let reply = app.post("/v2/bookings/reserve", wanted).await;
    reply.expecting(201).id()
}

#[tokio::test]
async fn a_booking_is_completed_at_its_time_and_told_once_though_nobody_looks() {
    let server = TestServer::start().await;
    let id = hour_of_room(&server, "instant").await;
    let due = instant(NOON);
    server.clock.set(due - TimeDelta::seconds(1));
    // The demo's own booking is over by then.
    assert_eq!(ticks(&server).await.carried_out, 1);
    assert_eq!(ticks(&server).await, Ticked::default());
    server.clock.set(due);
    let ticked = ticks(&server).await;
    assert_eq!((ticked.carried_out, ticked.failed), (1, 0));
    assert_eq!(ticked.oldest, Some(due));
    let told = ["booking.confirmed key", "booking.completed automatic"];
    assert_eq!(told_of(&server, &id).await, told);
    check(&server).await;
    server.clock.advance(TimeDelta::minutes(6));
    assert_eq!(
        ticks(&server).await,
        Ticked::default(),
        "nothing is due twice"
    );
}

#[tokio::test]
async fn a_step_that_a_change_has_written_is_not_told_again_by_the_clock() {
    let server = TestServer::start().await;
    let id = hour_of_room(&server, "instant_payment").await;
    server.clock.advance(TimeDelta::minutes(6));
    let path = format!("/v2/bookings/{id}");
    let meta = json!({ "meta": { "t_noted": 1 } });
    server.app().put(&path, meta).await.expecting(200);
    assert_eq!(ticks(&server).await, Ticked::default());
    let told = [
        "booking.tentative key",
        "booking.unpaid automatic",
        "booking.updated key",
    ];
    assert_eq!(told_of(&server, &id).await, told);
}

#[tokio::test]
async fn two_clocks_at_once_take_a_step_once() {
    let server = TestServer::start().await;
    let id = hour_of_room(&server, "instant_payment").await;
    server.clock.advance(TimeDelta::minutes(6));
    let (one, other) = tokio::join!(ticks(&server), ticks(&server));
    assert_eq!((one.failed, other.failed), (0, 0));
    let told = ["booking.tentative key", "booking.unpaid automatic"];
    assert_eq!(told_of(&server, &id).await, told);
    check(&server).await;
}

#[tokio::test]
async fn a_booking_that_was_cancelled_or_moved_is_not_completed() {
    let server = TestServer::start().await;
    let app = server.app();
    let cancelled = hour_of_room(&server, "instant").await;
    app.act(&cancelled, "cancel").await.expecting(200);
    let moved = hour_of_room(&server, "instant").await;
    let to = json!({ "start": "2026-12-02T10:00:00Z", "end": "2026-12-02T11:00:00Z" });
    app.reschedule(&moved, to).await.expecting(200);
    server.clock.set(instant(NOON));
    assert_eq!(ticks(&server).await.carried_out, 1, "the demo's own");
    server.clock.set(instant("2026-12-02T12:00:00Z"));
    assert_eq!(ticks(&server).await.carried_out, 1, "the one in its place");
    let of_cancelled = told_of(&server, &cancelled).await;
    assert_eq!(
        of_cancelled.last().map(String::as_str),
        Some("booking.cancelled key")
    );
    check(&server).await;
}

#[tokio::test]
async fn a_reservation_that_lapses_is_told_once_and_holds_nothing() {
    let server = TestServer::start().await;
    let id = reserve(&server).await;
    let until = instant(NOW) + TimeDelta::seconds(60);
    // Others may take the slot 2 s after it lapsed, so until then nobody may give it back.
    server.clock.set(until + TimeDelta::seconds(1));
    assert_eq!(ticks(&server).await, Ticked::default());
    server.clock.set(until + TimeDelta::seconds(2));
    assert_eq!(ticks(&server).await.carried_out, 1);
    let told = ["reservation.reserved key", "reservation.expired automatic"];
    let mut said = told_of(&server, &id).await;
    said.sort_by_key(|said| said.contains("expired"));
    assert_eq!(said, told);
    check(&server).await;
    // A clock that is behind must not make it valid again: its time is given back.
    server.clock.set(until - TimeDelta::seconds(1));
    let extension = json!({ "reservation_id": id, "reservation_time": 60 });
    let app = server.app();
    let extended = app.put("/v2/bookings/reserve/extend", extension).await;
    assert_eq!(extended.status, 409, "{}", extended.body);
    hour_of_room(&server, "instant").await;
    server.clock.set(until + TimeDelta::minutes(10));
    assert_eq!(ticks(&server).await, Ticked::default());
    check(&server).await;
}

#[tokio::test]
async fn what_cannot_be_carried_out_stays_due_and_keeps_nothing_else_from_it() {
    let mut server = TestServer::start().await;
    let stuck = hour_of_room(&server, "instant_payment").await;
    let mut others = Vec::new();
    for day in 2..6 {
        let (start, end) = (
            format!("2026-12-0{day}T10:00:00Z"),
            format!("2026-12-0{day}T11:00:00Z"),
        );
        let wanted = booking(&ROOM.to_string(), "instant_payment", &start, &end);
        others.push(server.app().book(wanted).await);
    }
    let (_, faults) = server.faulty_instance().await;
    faults.inject_at(&format!("booking#{stuck}"), Fault::Refused);
    server.clock.advance(TimeDelta::minutes(6));
    let ticked = tick(server.newest_store(), server.state.now(), || true).await;
    let ticked = ticked.expect("the index is read");
    assert_eq!((ticked.carried_out, ticked.failed), (others.len(), 1));
    faults.heal();
    let again = tick(server.newest_store(), server.state.now(), || true).await;
    assert_eq!(again.expect("the index is read").carried_out, 1);
    check(&server).await;
}

#[tokio::test]
async fn more_than_a_chunk_is_carried_out_in_one_tick_and_as_much_as_there_is_time_for() {
    let server = TestServer::start().await;
    let bookings: Vec<_> = (0..500).map(|number| block_booking(9, number)).collect();
    server.fill(TEST_APP, &bookings);
    let due = bookings
        .iter()
        .filter(|one| one.next_due().is_some())
        .count();
    server.clock.set(instant("2040-01-01T00:00:00Z"));
    let begun = std::sync::atomic::AtomicUsize::new(0);
    let has_time = || begun.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 1;
    let ticked = tick(server.state.store(), server.state.now(), has_time).await;
    let first = ticked.expect("the index is read");
    assert!(first.has_more && first.carried_out < due, "{first:?}");
    let rest = ticks(&server).await;
    assert_eq!(
        first.carried_out + rest.carried_out,
        due + 1,
        "and the demo's own"
    );
    assert!(!rest.has_more);
}

#[tokio::test]
async fn an_entry_that_an_older_version_left_behind_is_mended_and_tells_nothing() {
    let server = TestServer::start().await;
    let id = hour_of_room(&server, "instant").await;
    let dynamodb = server.dynamodb().await;
    let key = |name: &str| AttributeValue::S(name.to_owned());
    // As a program leaves it that rewrites the record and keeps the attributes that it does not know.
    let due = format!("2026-11-21T12:00:00.000Z#{id}");
    dynamodb
        .update_item()
        .table_name(format!("{}data", tables::PREFIX))
        .key("pk", key(&format!("app#{TEST_APP}#booking#{id}")))
        .key("sk", key("booking"))
        .update_expression("SET due_sk = :due")
        .expression_attribute_values(":due", key(&due))
        .send()
        .await
        .expect("an update");
    server.clock.advance(TimeDelta::minutes(6));
    assert_eq!(ticks(&server).await.carried_out, 1, "its place is written");
    assert_eq!(ticks(&server).await, Ticked::default());
    assert_eq!(told_of(&server, &id).await, ["booking.confirmed key"]);
    server.clock.set(instant(NOON));
    assert_eq!(ticks(&server).await.carried_out, 2, "it and the demo's own");
}
