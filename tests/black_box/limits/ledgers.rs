//! What a rate ledger may come to: it stays small however it is used, an old one recovers, and a fault of one is felt by
//! its own callers alone.

use std::collections::HashMap;

use auth::Limiter;
use auth::limiter::Limit;
use auth::principal::KEY_RATE;
use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use local::demo::{EMAIL, LIVE_SLUG};
use local::tables;
use model::ids::KeyId;
use model::rate::RateLimit;
use serde_json::json;
use store::LedgerName;
use tests::{Client, Fault, Faults, NOW, TestServer, instant};

fn limit_of(server: &TestServer, rate: RateLimit) -> (KeyId, [Limit; 1]) {
    let id = KeyId::random(server.state.random());
    let limit = Limit {
        policy: "key",
        ledger: LedgerName::of_caller(id),
        rate,
        is_passing: false,
        varies: false,
    };
    (id, [limit])
}

fn meters() -> String {
    format!("{}meters", tables::PREFIX)
}

type RawItem = HashMap<String, AttributeValue>;

async fn ledger(dynamodb: &DynamoDb, id: &str) -> RawItem {
    let text = |text: String| AttributeValue::S(text);
    let found = dynamodb
        .get_item()
        .table_name(meters())
        .key("pk", text(format!("caller#{id}")))
        .key("sk", text("ledger".to_owned()))
        .consistent_read(true)
        .send()
        .await;
    found.expect("the meters").item.unwrap_or_default()
}

fn buckets(item: &RawItem) -> usize {
    let is_bucket = |name: &&String| name.starts_with('b');
    item.keys().filter(is_bucket).count()
}

/// A ledger as an earlier version left it.
async fn put_ledger(dynamodb: &DynamoDb, id: &str, attributes: Vec<(String, i64)>) {
    let number = |number: i64| AttributeValue::N(number.to_string());
    let micros = instant(NOW).timestamp_micros() - 1_000_000_000;
    let mut put = dynamodb
        .put_item()
        .table_name(meters())
        .item("pk", AttributeValue::S(format!("caller#{id}")))
        .item("sk", AttributeValue::S("ledger".to_owned()))
        .item("total", number(micros));
    for (name, value) in attributes {
        put = put.item(name, number(value));
    }
    put.send().await.expect("a ledger");
}

/// A key of the demo's live app and its id.
async fn limited(server: &TestServer, limit: u32, window: &str) -> (String, Client) {
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let rate = json!({ "limit": limit, "window": window });
    let wanted = json!({ "name": "Limited", "rate_limit": rate });
    let owner = session.header("timekit-app", LIVE_SLUG);
    server.make_key(&owner, wanted).await
}

/// How many of so many requests are served.
async fn served(client: &Client, requests: usize) -> usize {
    let mut served = 0;
    for _ in 0..requests {
        let reply = client.get("/v2/me").await;
        match reply.status {
            200 => served += 1,
            429 => {}
            other => panic!("{other}: {}", reply.body),
        }
    }
    served
}

#[tokio::test]
async fn a_ledger_with_thousands_of_old_buckets_serves_its_whole_limit_and_shrinks() {
    let server = TestServer::start().await;
    let dynamodb = server.dynamodb().await;
    for (limit, window) in [(39, "1 second"), (600, "1 minute"), (3, "1 minute")] {
        let (id, key) = limited(&server, limit, window).await;
        let first_ms = instant(NOW).timestamp_millis() - 7_200_000;
        let old = (0..3_000).map(|number| (format!("b{}", first_ms + number * 25), 1));
        put_ledger(&dynamodb, &id, old.collect()).await;
        let most = limit as usize;
        for round in 0..40 {
            let its = served(&key, most.min(3)).await;
            assert_eq!(its, most.min(3), "{limit} in {window}, round {round}");
            server.clock.advance(TimeDelta::seconds(70));
        }
        let left = buckets(&ledger(&dynamodb, &id).await);
        assert!(left <= 10, "{limit} in {window}: {left} buckets are left");
    }
}

#[tokio::test]
async fn no_use_of_a_key_makes_its_ledger_large() {
    let server = TestServer::start().await;
    let dynamodb = server.dynamodb().await;
    let rate = |limit, window_s| RateLimit { limit, window_s };
    for rate in [
        rate(39, 1),
        rate(40, 1),
        rate(1_600, 1),
        rate(39, 60),
        rate(600, 60),
        rate(30, 3_600),
        rate(3_000, 86_400),
    ] {
        let (id, limit) = limit_of(&server, rate);
        let instances: [Limiter; 3] = std::array::from_fn(|_| Limiter::default());
        let step = TimeDelta::milliseconds(i64::from(rate.window_s) * 1_000 / 50);
        let (mut now, mut most, mut admitted) = (instant(NOW), 0, 0);
        // Used for a while and left for a while, twice, as a program that wakes up does.
        for _ in 0..2 {
            for number in 0..1_200_usize {
                let limiter = &instances[number % 3];
                let answer = limiter.admit(server.state.counters(), &limit, now).await;
                admitted += usize::from(answer.is_ok());
                if number % 200 == 199 {
                    most = most.max(buckets(&ledger(&dynamodb, &id.to_string()).await));
                }
                now += step;
            }
            now += rate.window() * 2 + TimeDelta::seconds(66);
        }
        assert!(most <= 150, "{rate:?}: {most} buckets");
        assert!(admitted > 500, "{rate:?}: {admitted}");
    }
}

/// Each hour of use is copied to an item of its own once it is over. If that could not be done for days, it is made up for
/// in steps.
#[tokio::test]
async fn hours_of_use_that_were_not_copied_for_days_are_copied_in_the_end() {
    let server = TestServer::start().await;
    let dynamodb = server.dynamodb().await;
    let (id, key) = limited(&server, 600, "1 minute").await;
    let hour = instant("2026-11-21T12:00:00Z").timestamp();
    let hours = (1..=300).map(|ago| (format!("h{}_0", hour - ago * 3_600), 2));
    put_ledger(&dynamodb, &id, hours.collect()).await;
    for _ in 0..40 {
        assert_eq!(served(&key, 1).await, 1);
        server.clock.advance(TimeDelta::seconds(70));
    }
    let owner = server.live_app();
    let path = format!("/v2/keys/{id}/usage?from=2026-11-09T00:00:00Z&to=2026-11-21T12:00:00Z");
    let usage = owner.get(&path).await.expecting(200);
    assert_eq!(usage.body["data"]["total"], 600, "{}", usage.body);
    let left = ledger(&dynamodb, &id).await;
    let hours = left.keys().filter(|name| name.starts_with('h')).count();
    assert!(hours <= 30, "{hours} hours are still in the ledger");
}

/// An instance that answered nothing but refusals for long has much to tell at once.
#[tokio::test]
async fn counts_that_waited_for_days_are_told_in_one_update_that_fits() {
    let server = TestServer::start().await;
    let (_, limit) = limit_of(&server, KEY_RATE);
    let limiter = Limiter::default();
    let store = server.state.counters();
    for hours in 0..500 {
        let at = instant(NOW) + TimeDelta::hours(hours);
        for status in [200, 302, 404, 503] {
            limiter.count(&limit[0].ledger, status, at).await;
        }
    }
    let now = instant(NOW) + TimeDelta::hours(500);
    for _ in 0..600 {
        let standings = limiter.admit(store, &limit, now).await;
        let standings = standings.expect("the whole limit, not a tenth");
        assert!(!standings[0].is_away);
    }
}

/// Two tenants on one instance, whose calls to the store can be made to fail.
struct Neighbours {
    server: TestServer,
    struck: (String, Client),
    other: Client,
    faults: Faults,
}

async fn neighbours() -> Neighbours {
    let mut server = TestServer::start().await;
    let struck = limited(&server, 100, "1 minute").await;
    let (other, _) = server.sign_up("neighbour@example.com").await;
    let (base, faults) = server.faulty_instance().await;
    Neighbours {
        struck: (struck.0, struck.1.at(&base)),
        other: server.with_key(&other.api_key).at(&base),
        server,
        faults,
    }
}

#[tokio::test]
async fn a_fault_of_one_ledger_leaves_other_tenants_their_whole_share() {
    for fault in [Fault::Throttled, Fault::Rejected, Fault::Conflict] {
        let it = neighbours().await;
        it.faults
            .inject_at(&format!("caller#{}", it.struck.0), fault);
        for round in 0..2 {
            let its = served(&it.struck.1, 12).await;
            assert_eq!(its, 10, "{fault:?}: a tenth, and no outage");
            let others = served(&it.other, 610).await;
            assert!(it.faults.has_struck(), "{fault:?}");
            assert_eq!(
                others, 600,
                "{fault:?}, round {round}: its neighbour's whole limit"
            );
            it.server.clock.advance(TimeDelta::seconds(70));
        }
        it.faults.heal();
        assert_eq!(served(&it.struck.1, 110).await, 100, "{fault:?}: healed");
    }
}

/// The ledger of a whole app is one of several that its callers need.
#[tokio::test]
async fn a_fault_of_an_apps_ledger_leaves_other_apps_and_people_their_whole_share() {
    let it = neighbours().await;
    it.faults.inject_at("#minute", Fault::Rejected);
    // Both apps' ledgers fail, so both keys are admitted by their own ledgers and a tenth of their apps'.
    assert_eq!(served(&it.other, 610).await, 600);
    assert_eq!(served(&it.struck.1, 110).await, 100);
    let person = it.server.sign_in(EMAIL, &it.server.demo.password).await;
    let person = person.header("timekit-app", LIVE_SLUG);
    // One of theirs has made the key.
    assert_eq!(served(&person, 1_210).await, 1_200 - 1);
}

#[tokio::test]
async fn once_two_ledgers_have_no_answer_the_instance_asks_no_other() {
    let it = neighbours().await;
    it.faults.inject_at("latchkey-meters", Fault::Refused);
    // The key's own ledger and its app's.
    assert_eq!(served(&it.struck.1, 1).await, 1);
    let before = it.faults.calls().len();
    assert_eq!(
        served(&it.other, 100).await,
        60,
        "a tenth of the other's limit"
    );
    let calls = it.faults.calls();
    let asked = calls[before..].iter().filter(|call| *call == "UpdateItem");
    assert_eq!(asked.count(), 0, "nobody waits for what is away");
    it.faults.heal();
    it.server.clock.advance(TimeDelta::seconds(70));
    assert_eq!(served(&it.other, 610).await, 600);
}

/// One silent ledger is not yet an outage: the time-out may be its own.
#[tokio::test]
async fn one_ledger_without_an_answer_leaves_other_tenants_their_whole_share() {
    let it = neighbours().await;
    it.faults
        .inject_at(&format!("caller#{}", it.struck.0), Fault::Refused);
    assert_eq!(served(&it.struck.1, 20).await, 10);
    assert_eq!(served(&it.other, 610).await, 600);
}
