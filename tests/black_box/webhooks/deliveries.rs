//! From what a transaction told to deliveries, at the store: nothing is lost, nothing is made twice, and no two workers hold
//! the same delivery.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use local::demo::LIVE_APP;
use model::delivery::{Attempt, Delivery, DeliveryId, DeliveryState, Effect, LEASE, Next, NotNow};
use model::ids::WebhookId;
use model::outbox::{ToldEvent, ToldId};
use serde_json::json;
use store::{DeliveryChange, Direction, Due, KeptDelivery, SHARDS, Store, Walk};
use tests::{Fault, Lasting, Simulation, booking};
use uuid::Uuid;

fn webhook(number: u128) -> WebhookId {
    WebhookId::new(Uuid::from_u128(number))
}

/// A store where nothing is due.
async fn start() -> Simulation {
    let simulation = Simulation::start(1).await;
    let (store, _) = simulation.store().await;
    for due in due(&store, &simulation).await {
        if let Due::Told { app, id } = due {
            let done = store.writer().hand_on(app, id, &[]).await;
            done.expect("done");
        }
    }
    simulation
}

/// A booking is made.
async fn book(simulation: &Simulation) {
    let client = simulation.instance().await.client;
    let wanted = json!({ "name": "Room", "timezone": "UTC" });
    let room = client
        .post("/v2/resources", wanted)
        .await
        .expecting(201)
        .id();
    // Only what tells of the booking is to be handed on.
    let (store, _) = simulation.store().await;
    for due in due(&store, simulation).await {
        let Due::Told { app, id } = due else {
            panic!("{due:?}");
        };
        let handed_on = store.writer().hand_on(app, id, &[]).await;
        assert_eq!(handed_on.expect("done"), []);
    }
    let wanted = booking(
        &room,
        "instant",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    client.post("/v2/bookings", wanted).await.expecting(201);
}

/// What is due now, of every shard.
async fn due(store: &Store, simulation: &Simulation) -> Vec<Due> {
    let now = simulation.now();
    let mut found = Vec::new();
    for shard in 0..SHARDS {
        found.extend(store.list_due_told(shard, now, 1_000).await.expect("rows"));
        found.extend(
            store
                .list_due_deliveries(shard, now, 1_000)
                .await
                .expect("rows"),
        );
    }
    found.into_iter().map(|(_, due)| due).collect()
}

/// The one thing that was told, with its events.
async fn told(store: &Store, simulation: &Simulation) -> (ToldId, Vec<ToldEvent>) {
    let due = due(store, simulation).await;
    let [Due::Told { app, id }] = due[..] else {
        panic!("{due:?}");
    };
    assert_eq!(app, LIVE_APP);
    let events = store.get_due_told(app, id).await.expect("an answer");
    (id, events.expect("it is due"))
}

fn to(webhooks: std::ops::Range<u128>, told: &ToldEvent, simulation: &Simulation) -> Vec<Delivery> {
    let now = simulation.now();
    webhooks
        .map(|number| Delivery::new(webhook(number), told.clone(), now))
        .collect()
}

async fn deliveries(store: &Store, webhook: WebhookId) -> Vec<KeptDelivery> {
    let walk = Walk {
        direction: Direction::Descending,
        after: None,
        limit: 100,
    };
    let chunk = store.list_deliveries(LIVE_APP, webhook, &walk).await;
    let rows = chunk.expect("rows").rows;
    rows.into_iter().map(|(_, kept)| kept).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_told_is_due_until_it_is_handed_on_and_its_deliveries_are_due_then() {
    let simulation = start().await;
    let (store, _) = simulation.store().await;
    book(&simulation).await;
    let (id, events) = told(&store, &simulation).await;
    assert_eq!(events[0].event.kind, "booking.confirmed");
    let wanted = to(0..3, &events[0], &simulation);
    let created = store.writer().hand_on(LIVE_APP, id, &wanted).await;
    let ids: Vec<DeliveryId> = wanted.iter().map(Delivery::id).collect();
    assert_eq!(created.expect("done"), ids);
    let due: BTreeSet<DeliveryId> = due(&store, &simulation)
        .await
        .into_iter()
        .map(|due| match due {
            Due::Delivery { app: LIVE_APP, id } => id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(due, ids.into_iter().collect());
    let again = store.writer().hand_on(LIVE_APP, id, &wanted).await;
    assert_eq!(again.expect("done"), [], "it is done already");
}

#[tokio::test(start_paused = true)]
async fn what_was_told_without_endpoints_is_done_when_it_is_handed_on() {
    let simulation = start().await;
    let (store, _) = simulation.store().await;
    book(&simulation).await;
    let (id, _) = told(&store, &simulation).await;
    let created = store.writer().hand_on(LIVE_APP, id, &[]).await;
    assert_eq!(created.expect("done"), []);
    assert_eq!(due(&store, &simulation).await, []);
    assert_eq!(
        store.get_due_told(LIVE_APP, id).await.expect("an answer"),
        None
    );
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_at_any_call_while_it_hands_on_leaves_each_delivery_to_be_made_once() {
    let base = start().await;
    book(&base).await;
    // More than a transaction takes.
    let count = 200;
    for call in 0..3 {
        for fault in [Fault::Refused, Fault::Unheard] {
            let simulation = base.fork();
            let (store, faults) = simulation.store().await;
            let (id, events) = told(&store, &simulation).await;
            let wanted = to(0..count, &events[0], &simulation);
            faults.inject(call, fault, Lasting::FromThere);
            let died = store.writer().hand_on(LIVE_APP, id, &wanted).await;
            assert!(died.is_err() && faults.has_struck(), "{call} {fault:?}");
            let (store, _) = simulation.store().await;
            let second = store.writer().hand_on(LIVE_APP, id, &wanted).await;
            second.expect("done");
            assert_eq!(
                store.get_due_told(LIVE_APP, id).await.expect("an answer"),
                None
            );
            for number in 0..count {
                let made = deliveries(&store, webhook(number)).await;
                assert_eq!(made.len(), 1, "{call} {fault:?} {number}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_workers_that_claim_at_once_one_does_and_the_others_turn_comes_with_the_lease_end() {
    let simulation = start().await;
    let (store, _) = simulation.store().await;
    book(&simulation).await;
    let (id, events) = told(&store, &simulation).await;
    let wanted = to(0..1, &events[0], &simulation);
    let created = store.writer().hand_on(LIVE_APP, id, &wanted).await;
    let id = created.expect("done")[0];
    let see = async || {
        let kept = store.get_delivery(LIVE_APP, id).await;
        kept.expect("an answer").expect("a delivery")
    };
    let claim = async |kept: &KeptDelivery| {
        let leased = kept
            .delivery()
            .clone()
            .leased("{}".to_owned(), simulation.now());
        let changed = store.writer().change_delivery(kept, leased).await;
        changed.expect("an answer")
    };
    let (one, other) = (see().await, see().await);
    let (first, second) = (claim(&one).await, claim(&other).await);
    assert!(matches!(second, DeliveryChange::LostRace), "{second:?}");
    let DeliveryChange::Done(held) = first else {
        panic!("{first:?}");
    };
    assert_eq!(due(&store, &simulation).await, [], "it is in good hands");
    let later = see().await.delivery().may_be_attempted(simulation.now());
    assert_eq!(later, Err(NotNow::Leased(simulation.now() + LEASE)));

    // The one that held it was slow, and another has it now.
    simulation.clock.advance(LEASE);
    assert_eq!(due(&store, &simulation).await.len(), 1);
    let taken_over = claim(&see().await).await;
    assert!(matches!(taken_over, DeliveryChange::Done(_)));
    let attempt = Attempt {
        at: simulation.now(),
        status: Some(200),
        reason: None,
        duration_ms: 1,
        excerpt: None,
        trigger: Default::default(),
    };
    let late = held
        .delivery()
        .clone()
        .attempted(attempt, Next::GiveUp, simulation.now());
    let late = store.writer().change_delivery(&held, late).await;
    assert!(matches!(late, Ok(DeliveryChange::LostRace)));
    assert_eq!(see().await.delivery().state, DeliveryState::Pending);
}

#[tokio::test(start_paused = true)]
async fn health_is_changed_by_one_worker_at_a_time_and_told_in_the_same_transaction() {
    let simulation = Simulation::start(1).await;
    let (store, _) = simulation.store().await;
    let see = async || {
        store
            .get_health(LIVE_APP, webhook(1))
            .await
            .expect("health")
    };
    let (one, other) = (see().await, see().await);
    let after = one.health().after(Effect::Failed, simulation.now());
    let after = after.expect("a change");
    let writer = store.writer();
    assert!(
        writer
            .change_health(&one, &after, Vec::new())
            .await
            .expect("an answer")
    );
    assert!(
        !writer
            .change_health(&other, &after, Vec::new())
            .await
            .expect("an answer")
    );
    assert_eq!(see().await.health(), &after);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_put_off_and_the_rest_goes_on() {
    let simulation = start().await;
    let (store, _) = simulation.store().await;
    book(&simulation).await;
    let row = due(&store, &simulation).await[0];
    let until = simulation.now() + TimeDelta::hours(1);
    store.writer().defer(row, until).await.expect("done");
    assert_eq!(due(&store, &simulation).await, []);
    simulation.clock.advance(TimeDelta::hours(1));
    assert_eq!(due(&store, &simulation).await, [row]);
}
