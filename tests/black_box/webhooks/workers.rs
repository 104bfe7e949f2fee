//! What workers guarantee: every committed change reaches every endpoint that wants it at least once, whatever happens to the
//! workers, and nobody is kept waiting by another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use local::demo::LIVE_APP;
use local::workers::Workers;
use model::delivery::{DeliveryState, Disabling, LEASE};
use serde_json::json;
use store::{Direction, Due, KeptDelivery, Store, Table, Walk};
use tests::{Client, Options, Receiver, Row, Simulation};
use tests::{booking, break_record, change_row, text_of, webhook, webhook_id};
use workers::Jobs;
use workers::lanes::PER_WEBHOOK;
use workers::messages::Record;

/// A store where nothing is due, with endpoints at these paths of a receiver.
async fn start(receiver: &Receiver, paths: &[&str]) -> Simulation {
    let options = Options {
        allow_local_webhooks: true,
        ..Options::default()
    };
    let simulation = Simulation::start_with(1, options).await;
    drain(&simulation.worker().await.0).await;
    let (store, _) = simulation.store().await;
    for (number, path) in (1..).zip(paths) {
        let webhook = webhook(number, receiver.url(path), simulation.now());
        let created = store.writer().create_webhook(LIVE_APP, &webhook).await;
        created.expect("an endpoint");
    }
    simulation
}

async fn room(client: &Client) -> String {
    let wanted = json!({ "name": "Room", "timezone": "UTC" });
    client
        .post("/v2/resources", wanted)
        .await
        .expecting(201)
        .id()
}

/// Makes a booking on each of these days of December.
async fn book(client: &Client, room: &str, days: std::ops::RangeInclusive<u32>) {
    for day in days {
        let at = |hour| format!("2026-12-{day:02}T{hour}:00:00Z");
        let wanted = booking(room, "instant", &at(10), &at(11));
        client.post("/v2/bookings", wanted).await.expecting(201);
    }
}

/// Works on everything that is due, until nothing is, and answers how much there was.
async fn drain(jobs: &Jobs) -> usize {
    let mut count = 0;
    loop {
        let found = jobs.find_due(TimeDelta::zero(), 100).await.expect("rows");
        if found.due.is_empty() {
            return count;
        }
        count += found.due.len();
        for due in found.due {
            match due {
                Due::Told { app, id } => {
                    jobs.hand_on(app, id).await.expect("handed on");
                }
                Due::Delivery { app, id } => {
                    jobs.attempt(app, id).await.expect("attempted");
                }
            }
        }
    }
}

async fn deliveries(store: &Store, number: u128) -> Vec<KeptDelivery> {
    let walk = Walk {
        direction: Direction::Ascending,
        after: None,
        limit: 1_000,
    };
    let chunk = store
        .list_deliveries(LIVE_APP, webhook_id(number), &walk)
        .await;
    chunk
        .expect("rows")
        .rows
        .into_iter()
        .map(|(_, kept)| kept)
        .collect()
}

/// The ids of what the app's changes have told, without what a test's beginning told.
async fn told(simulation: &Simulation) -> BTreeSet<String> {
    let client = simulation.instance().await.client;
    let log = client.get("/v2/webhooks/events?limit=1000").await;
    let log = log.expecting(200).body;
    let since = log["data"].as_array().expect("events").iter();
    let wanted = since.filter(|event| event["data"]["start"].as_str() >= Some("2026-12-01"));
    wanted
        .map(|event| event["id"].as_str().expect("an id").to_owned())
        .collect()
}

fn ids(received: &[tests::Received]) -> Vec<String> {
    received.iter().map(|one| one.id.clone()).collect()
}

#[tokio::test]
async fn a_worker_that_dies_at_any_call_to_the_store_loses_nothing_and_makes_nothing_up() {
    let receiver = Receiver::start().await;
    let base = start(&receiver, &["/ok"]).await;
    let client = base.instance().await.client;
    book(&client, &room(&client).await, 1..=1).await;
    let told = told(&base).await;
    assert_eq!(told.len(), 1);
    let mut call = 0;
    loop {
        let mut died = false;
        for is_carried_out in [false, true] {
            let context = format!("call {call}, carried out: {is_carried_out}");
            let simulation = base.fork();
            let before = receiver.received().len();
            let (jobs, faults) = simulation.worker().await;
            let death = faults.die_at(call, is_carried_out);
            tokio::select! {
                _ = drain(&jobs) => {}
                () = death.notified() => died = true,
            }
            drop(jobs);
            // Another worker comes, and later, when every lease has ended, another.
            for wait in [TimeDelta::zero(), LEASE] {
                simulation.clock.advance(wait);
                drain(&simulation.worker().await.0).await;
            }
            let received = receiver.received().split_off(before);
            let got: BTreeSet<String> = ids(&received).into_iter().collect();
            assert_eq!(got, told, "{context}");
            assert!(received.len() <= 2, "{context}: {}", received.len());
            let (store, _) = simulation.store().await;
            let kept = deliveries(&store, 1).await;
            let states: Vec<_> = kept.iter().map(|one| one.delivery().state).collect();
            assert_eq!(states, [DeliveryState::Delivered], "{context}");
        }
        if !died {
            break;
        }
        call += 1;
    }
    assert!(call > 20, "it dies at {call} calls only");
}

#[tokio::test]
async fn a_batch_that_comes_twice_and_a_tick_at_the_same_time_deliver_each_event_once() {
    let receiver = Receiver::start().await;
    let simulation = start(&receiver, &["/one", "/two"]).await;
    let client = simulation.instance().await.client;
    book(&client, &room(&client).await, 1..=6).await;
    let (jobs, _) = simulation.worker().await;
    let due = jobs
        .find_due(TimeDelta::zero(), 100)
        .await
        .expect("rows")
        .due;
    let batch: Vec<Record> = due
        .iter()
        .map(|due| Record {
            identifier: format!("{due:?}"),
            due: Some(*due),
        })
        .collect();
    let (other, _) = simulation.worker().await;
    let (first, again, _) = tokio::join!(
        jobs.work_on(batch.clone()),
        other.work_on(batch.clone()),
        drain(&jobs),
    );
    assert_eq!((first.failed, again.failed), (Vec::new(), Vec::new()));
    drain(&jobs).await;
    for path in ["/one", "/two"] {
        let got = ids(&receiver.received_at(path));
        let distinct: BTreeSet<String> = got.iter().cloned().collect();
        assert_eq!(distinct, told(&simulation).await);
        assert_eq!(got.len(), 6, "{path}: no two workers hold the same lease");
    }
    let (worked, before) = (jobs.work_on(batch).await, receiver.received().len());
    assert_eq!(
        (worked.more, receiver.received().len()),
        (Vec::new(), before)
    );
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_put_off_and_those_around_it_are_delivered() {
    let receiver = Receiver::start().await;
    let simulation = start(&receiver, &["/ok"]).await;
    let client = simulation.instance().await.client;
    let room = room(&client).await;
    book(&client, &room, 1..=3).await;
    let is_second = |row: &Row| text_of(row, "record").contains("2026-12-02T10");
    let client = simulation.dynamodb().await;
    change_row(&client, Table::Outbox, is_second, break_record).await;
    let (jobs, _) = simulation.worker().await;
    drain(&jobs).await;
    assert_eq!(receiver.received_at("/ok").len(), 2);
    // It is neither lost nor in the way: it is looked at again in an hour.
    simulation.clock.advance(TimeDelta::hours(1));
    let due = jobs.find_due(TimeDelta::zero(), 100).await.expect("rows");
    assert_eq!(due.due.len(), 1, "{due:?}");
}

#[tokio::test]
async fn rows_of_a_newer_version_are_delivered_and_lose_nothing() {
    let receiver = Receiver::start().await;
    let simulation = start(&receiver, &["/ok"]).await;
    let client = simulation.instance().await.client;
    book(&client, &room(&client).await, 1..=1).await;
    let store = simulation.dynamodb().await;
    let says = |text: &'static str| move |row: &Row| text_of(row, "record").contains(text);
    let of_newer = |row: &mut Row, record: String| {
        row.insert("record".to_owned(), AttributeValue::S(record));
        row.insert("v".to_owned(), AttributeValue::N("7".to_owned()));
        row.insert("orbit".to_owned(), AttributeValue::S("low".to_owned()));
    };
    let teleported = |row: &mut Row| {
        let record = text_of(row, "record").replace("booking.confirmed", "booking.teleported");
        of_newer(row, record);
    };
    change_row(&store, Table::Outbox, says("2026-12-01T10"), teleported).await;
    receiver.answer("/ok", 500);
    let (jobs, _) = simulation.worker().await;
    drain(&jobs).await;
    let marked = |row: &mut Row| {
        let record = text_of(row, "record").replacen('{', r#"{"beam":"green","#, 1);
        of_newer(row, record);
    };
    change_row(&store, Table::Deliveries, says("teleported"), marked).await;
    receiver.answer("/ok", 200);
    simulation.clock.advance(TimeDelta::minutes(1));
    drain(&jobs).await;
    let received = receiver.received().into_iter();
    let kinds: Vec<_> = received.map(|one| one.body["type"].clone()).collect();
    assert_eq!(kinds, ["booking.teleported", "booking.teleported"]);
    let is_kept = |row: &Row| {
        let record = text_of(row, "record");
        let is_delivered =
            record.contains(r#""beam":"green""#) && record.contains(r#""delivered""#);
        is_delivered && text_of(row, "orbit") == "low"
    };
    change_row(&store, Table::Deliveries, is_kept, |_| {}).await;
    let is_kept = |row: &Row| says("teleported")(row) && text_of(row, "orbit") == "low";
    change_row(&store, Table::Outbox, is_kept, |_| {}).await;
}

#[tokio::test]
async fn after_a_day_of_failures_all_is_delivered_in_an_order_that_can_be_restored() {
    let receiver = Receiver::start().await;
    let simulation = start(&receiver, &["/ok"]).await;
    let client = simulation.instance().await.client;
    let room = room(&client).await;
    let wanted = booking(
        &room,
        "confirm_decline",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    let id = client
        .post("/v2/bookings", wanted)
        .await
        .expecting(201)
        .id();
    client
        .put(&format!("/v2/bookings/{id}/confirm"), json!({}))
        .await
        .expecting(200);
    client
        .put(&format!("/v2/bookings/{id}/cancel"), json!({}))
        .await
        .expecting(200);
    receiver.answer("/ok", 503);
    let (jobs, _) = simulation.worker().await;
    for _ in 0..24 * 12 {
        drain(&jobs).await;
        simulation.clock.advance(TimeDelta::minutes(5));
    }
    receiver.answer("/ok", 200);
    for _ in 0..24 {
        drain(&jobs).await;
        simulation.clock.advance(TimeDelta::hours(1));
    }
    let (store, _) = simulation.store().await;
    let kept = deliveries(&store, 1).await;
    let mut attempts = 0;
    let mut last: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for kept in &kept {
        let delivery = kept.delivery();
        assert_eq!(delivery.state, DeliveryState::Delivered, "{delivery:?}");
        assert_eq!(delivery.attempts.len(), delivery.attempt_count as usize);
        attempts += delivery.attempts.len();
    }
    let received = receiver.received();
    assert_eq!(
        received.len(),
        attempts,
        "an attempt is one request and one line"
    );
    for one in received {
        last.insert(one.id, one.body["data"].clone());
    }
    let mut steps: Vec<_> = last.into_values().collect();
    steps.sort_by_key(|step| step["sequence"].as_u64());
    let states: Vec<_> = steps
        .iter()
        .map(|step| step["state"].as_str().expect("a state"))
        .collect();
    assert_eq!(states, ["tentative", "confirmed", "cancelled"]);
}

#[tokio::test]
async fn five_days_of_nothing_but_failures_disable_an_endpoint_and_say_so_and_410_does_at_once() {
    let receiver = Receiver::start().await;
    let simulation = start(&receiver, &["/down", "/gone", "/ok"]).await;
    let client = simulation.instance().await.client;
    let room = room(&client).await;
    receiver.answer("/down", 500);
    receiver.answer("/gone", 410);
    let (jobs, _) = simulation.worker().await;
    let (store, _) = simulation.store().await;
    let health = async |number| {
        let kept = store
            .get_health(LIVE_APP, webhook_id(number))
            .await
            .expect("health");
        kept.health().disabled.map(|disabled| disabled.reason)
    };
    book(&client, &room, 1..=1).await;
    drain(&jobs).await;
    assert_eq!(health(2).await, Some(Disabling::Gone));
    for day in 2..=6 {
        assert_eq!(health(1).await, None);
        simulation.clock.advance(TimeDelta::hours(24));
        book(&client, &room, day..=day).await;
        drain(&jobs).await;
    }
    assert_eq!(health(1).await, Some(Disabling::Failing));
    assert_eq!(health(3).await, None);
    let said: Vec<_> = receiver
        .received_at("/ok")
        .into_iter()
        .filter(|one| one.body["type"] == "endpoint.disabled")
        .collect();
    assert_eq!(said.len(), 2, "{said:?}");
    let (down, gone) = (
        receiver.received_at("/down").len(),
        receiver.received_at("/gone").len(),
    );
    assert_eq!(gone, 1);
    book(&client, &room, 8..=8).await;
    drain(&jobs).await;
    assert_eq!(
        receiver.received_at("/down").len(),
        down,
        "it is left in peace"
    );
    let last = deliveries(&store, 1).await.pop().expect("a delivery");
    assert_eq!(
        last.delivery().state,
        DeliveryState::Failed,
        "and can be replayed"
    );
}

#[tokio::test]
async fn an_endpoint_that_hangs_keeps_no_other_waiting_and_has_four_under_way() {
    let receiver = Receiver::start().await;
    let simulation = start(&receiver, &["/hangs", "/ok"]).await;
    receiver.answer("/hangs", 0);
    let client = simulation.instance().await.client;
    let room = room(&client).await;
    book(&client, &room, 1..=20).await;
    let (jobs, _) = simulation.worker().await;
    let workers = Workers::start(jobs, Arc::default());
    receiver.wait_for("/ok", 20).await;
    let hanging = receiver.wait_for("/hangs", PER_WEBHOOK).await.len();
    assert_eq!(hanging, PER_WEBHOOK);
    drop(workers);
}

#[tokio::test]
async fn workers_of_a_new_process_go_on_with_what_is_left_and_are_woken_by_a_commit() {
    let receiver = Receiver::start().await;
    let simulation = start(&receiver, &["/ok"]).await;
    let client = simulation.instance().await.client;
    let room = room(&client).await;
    book(&client, &room, 1..=2).await;
    // One worker has died in the middle: one is handed on and claimed, the other is not even handed on.
    let (jobs, _) = simulation.worker().await;
    let woken = Arc::new(tokio::sync::Notify::new());
    let workers = Workers::start(jobs, woken.clone());
    receiver.wait_for("/ok", 2).await;
    book(&client, &room, 3..=3).await;
    woken.notify_one();
    receiver.wait_for("/ok", 3).await;
    workers.stop().await;
    assert_eq!(receiver.received().len(), 3);
}
