//! Rate limits: what callers hear of them, that instances which share nothing but the store keep to them together,
//! and what keeping to them costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::ambient::{SystemClock, SystemRandom};
use auth::limiter::{Limit, LimitReached, LimitStatus};
use auth::principal::{APP_RATE, KEY_RATE, SESSION_RATE, TEST_APP_RATE, WIDGET_RATE};
use auth::{Limiter, Principal, Who};
use aws_sdk_dynamodb::Client as DynamoDb;
use chrono::{DateTime, TimeDelta, Utc};
use local::demo::{DOC_BROWN, EMAIL, LIVE_SLUG, TEST_APP, TEST_SLUG};
use local::embedded::EmbeddedStore;
use local::tables;
use model::ids::{AppId, BookingId, KeyId};
use model::key::{KeyKind, Mode};
use model::rate::RateLimit;
use model::scope::Scopes;
use serde_json::{Value, json};
use store::{Connection, LedgerName, Store, Tables, Writer};
use tests::{Client, NOW, Options, Reply, TestServer, booking, instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What stands on every answer to an accepted key.
const HEADERS: [&str; 5] = [
    "ratelimit-policy",
    "ratelimit",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// A header that is a whole number.
#[track_caller]
fn number(reply: &Reply, name: &str) -> i64 {
    let text = reply.header(name).unwrap_or_else(|| panic!("no {name}"));
    text.parse().unwrap_or_else(|_| panic!("{name}: {text}"))
}

/// How long a refused caller is told to wait.
#[track_caller]
fn retry_after(reply: &Reply) -> TimeDelta {
    assert_eq!(reply.status, 429, "{}", reply.body);
    assert_eq!(reply.body["code"], "too_many_requests");
    let wait_s = number(reply, "retry-after");
    assert!(wait_s >= 1, "{wait_s}");
    TimeDelta::seconds(wait_s)
}

/// A key of the demo's live app that may do so much, and somebody who calls with it. A person makes it: what they
/// may do themselves is not limited.
async fn limited(server: &TestServer, limit: u32, window: &str) -> Client {
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let rate = json!({ "limit": limit, "window": window });
    let wanted = json!({ "name": "Limited", "rate_limit": rate });
    server
        .make_key(&session.header("timekit-app", LIVE_SLUG), wanted)
        .await
        .1
}

/// Calls until it is refused and answers how often it was not, and the refusal.
async fn exhaust(client: &Client) -> (usize, Reply) {
    let mut admitted = 0;
    loop {
        let reply = client.get("/v2/me").await;
        match reply.status {
            200 => admitted += 1,
            429 => return (admitted, reply),
            other => panic!("{other}: {}", reply.body),
        }
        assert!(admitted < 10_000, "there is no limit");
    }
}

/// A path that costs two reads to answer: the key's, and the booking's that is not there.
fn no_booking(server: &TestServer) -> String {
    format!("/v2/bookings/{}", BookingId::random(server.state.random()))
}

/// When requests were admitted.
#[derive(Clone, Debug, Default)]
struct History(Vec<DateTime<Utc>>);

impl History {
    /// The most in any sliding window of this length, both ends included.
    fn most_in(&self, window: TimeDelta) -> usize {
        let mut at = self.0.clone();
        at.sort();
        let mut most = 0;
        let mut first = 0;
        for last in 0..at.len() {
            while at[last] - at[first] > window {
                first += 1;
            }
            most = most.max(last + 1 - first);
        }
        most
    }

    /// Never more than the limit, and nine tenths of it.
    #[track_caller]
    fn keeps_to(&self, rate: RateLimit, lasted: TimeDelta) {
        let most = self.most_in(rate.window());
        assert!(most <= rate.limit as usize, "{most} in a window: {rate:?}");
        let all = i64::try_from(self.0.len()).expect("a small number");
        let allowed = i64::from(rate.limit) * lasted.num_seconds() / i64::from(rate.window_s);
        assert!(all * 10 >= allowed * 9, "{all} of {allowed}: {rate:?}");
    }
}

/// Chance that is the same in every run.
struct Dice(u64);

impl Dice {
    /// A number in `0..=most`.
    fn up_to(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % (most + 1)
    }
}

/// A limit with a ledger of its own.
fn fresh_limit(server: &TestServer, rate: RateLimit) -> Limit {
    Limit {
        policy: "key",
        ledger: LedgerName::of_caller(KeyId::random(server.state.random())),
        rate,
        is_passing: false,
        varies: false,
    }
}

/// A key as handlers know it.
fn principal(server: &TestServer, kind: KeyKind, mode: Mode) -> Principal {
    Principal {
        app: AppId::random(server.state.random()),
        app_created_at: instant(NOW),
        mode,
        who: Who::Key {
            id: KeyId::random(server.state.random()),
            kind,
            name: "Limited".to_owned(),
            expires_at: None,
            allowed_cidrs: Vec::new(),
            rate_limit: None,
            address_rate_limit: None,
        },
        scopes: Scopes::everything(),
    }
}

// What callers hear.

#[tokio::test]
async fn every_answer_to_an_accepted_key_says_how_it_stands_with_its_limit() {
    let server = TestServer::start().await;
    let live = server.live_app();
    let nothing = no_booking(&server);
    let mut remaining = 600;
    for (path, status) in [
        ("/v2/me", 200),
        ("/v2/bookings", 200),
        (nothing.as_str(), 404),
        ("/v2/bookings?limit=many", 422),
        ("/v2/keys", 200),
    ] {
        let reply = live.get(path).await.expecting(status);
        remaining -= 1;
        let reset = number(&reply, "x-ratelimit-reset");
        let wait_s = reset - instant(NOW).timestamp();
        assert!((60..=65).contains(&wait_s), "{wait_s}");
        let told = HEADERS.map(|name| reply.header(name).expect("told").to_owned());
        let expected = [
            "\"key\";q=600;w=60, \"app\";q=6000;w=60".to_owned(),
            format!(
                "\"key\";r={remaining};t={wait_s}, \"app\";r={};t={wait_s}",
                remaining + 5_400
            ),
            "600".to_owned(),
            remaining.to_string(),
            reset.to_string(),
        ];
        assert_eq!(told, expected, "{path}");
    }
    let made = live.post("/v2/keys", json!({ "name": "One more" })).await;
    assert_eq!(number(&made.expecting(201), "x-ratelimit-remaining"), 594);
}

#[tokio::test]
async fn callers_of_every_kind_are_told_the_limits_they_have() {
    let server = TestServer::start().await;
    let owner = server.app();
    let with_token = async |token_type| {
        let token = server
            .token(&owner, &DOC_BROWN.to_string(), token_type)
            .await;
        server.with_token(TEST_SLUG, &token)
    };
    let (_, named) = server
        .make_key(
            &owner,
            json!({ "name": "Named", "rate_limit": { "limit": 7, "window": "10 seconds" } }),
        )
        .await;
    let keys = &server.demo;
    let fast_key = limited(&server, 20_000, "1 minute").await;
    for (caller, policy) in [
        (server.live_app(), "\"key\";q=600;w=60, \"app\";q=6000;w=60"),
        (
            server.with_key(keys.live.widget_key.expose()),
            "\"address\";q=60;w=60, \"key\";q=6000;w=60, \"app\";q=6000;w=60",
        ),
        (fast_key, "\"key\";q=20000;w=60, \"app\";q=20000;w=60"),
        (
            server
                .sign_in(EMAIL, &keys.password)
                .await
                .header("timekit-app", LIVE_SLUG),
            "\"session\";q=1200;w=60",
        ),
        (
            owner.clone(),
            "\"key\";q=600;w=60, \"test-app\";q=3000;w=86400",
        ),
        (named, "\"key\";q=7;w=10, \"test-app\";q=3000;w=86400"),
        (
            with_token("server-token").await,
            "\"key\";q=600;w=60, \"test-app\";q=3000;w=86400",
        ),
        (
            with_token("client-token").await,
            "\"address\";q=60;w=60, \"key\";q=6000;w=60, \"test-app\";q=3000;w=86400",
        ),
    ] {
        let reply = caller.get("/v2/me").await.expecting(200);
        assert_eq!(reply.header("ratelimit-policy"), Some(policy));
        let tightest = policy.split_once("q=").expect("a quota").1;
        let tightest = tightest.split(';').next().expect("a number");
        assert_eq!(reply.header("x-ratelimit-limit"), Some(tightest));
    }
}

#[tokio::test]
async fn a_widget_keys_limit_for_one_address_can_be_set_changed_rotated_and_taken_back() {
    let server = TestServer::start().await;
    let owner = server.live_app();
    let rate = |limit: u32| json!({ "limit": limit, "window": "1 minute" });
    let policy = async |widget: &Client| {
        let me = widget.get("/v2/me").await.expecting(200);
        let policy = me.header("ratelimit-policy").expect("a policy").to_owned();
        policy.split(", ").next().expect("the address's").to_owned()
    };
    let wanted = json!({ "name": "Page", "kind": "widget", "address_rate_limit": rate(5) });
    let (id, widget) = server.make_key(&owner, wanted).await;
    for _ in 0..4 {
        widget.get("/v2/me").await.expecting(200);
    }
    assert_eq!(policy(&widget).await, "\"address\";q=5;w=60");
    widget.get("/v2/me").await.expecting(429);
    // Another address has its own.
    let elsewhere = server.calling_from("203.0.113.9", &widget);
    elsewhere.get("/v2/me").await.expecting(200);
    let path = format!("/v2/keys/{id}");
    let shown = owner.get(&path).await.expecting(200);
    let window = json!({ "limit": 5, "window": "60 seconds" });
    assert_eq!(shown.body["data"]["address_rate_limit"], window);

    let change = async |limit: Value| {
        let body = serde_json::to_string(&json!({ "address_rate_limit": limit })).expect("JSON");
        owner.send(http::Method::PATCH, &path, &body).await
    };
    // A key that is over its limit is not read until it no longer is.
    server.clock.advance(TimeDelta::minutes(2));
    change(rate(7)).await.expecting(200);
    let elsewhere = server.calling_from("203.0.113.10", &widget);
    assert_eq!(policy(&elsewhere).await, "\"address\";q=7;w=60");
    let rotated = owner
        .post(&format!("{path}/rotate"), json!({}))
        .await
        .expecting(201);
    let limit = &rotated.body["data"]["address_rate_limit"]["limit"];
    assert_eq!(limit, 7);
    let key = rotated.body["data"]["key"].as_str().expect("a key");
    assert_eq!(policy(&server.with_key(key)).await, "\"address\";q=7;w=60");
    let path = format!("/v2/keys/{}", rotated.id());
    let back = json!({ "address_rate_limit": null }).to_string();
    let back = owner.send(http::Method::PATCH, &path, &back).await;
    let limit = &back.expecting(200).body["data"]["address_rate_limit"]["limit"];
    assert_eq!(limit, 60);

    // A secret key has one limit.
    let wanted = json!({ "name": "Secret", "address_rate_limit": rate(5) });
    let refused = owner.post("/v2/keys", wanted).await;
    assert_eq!(
        (refused.status, refused.faults()),
        (422, vec!["address_rate_limit"])
    );
    let wanted = json!({ "name": "Page", "kind": "widget", "address_rate_limit": rate(0) });
    let refused = owner.post("/v2/keys", wanted).await;
    assert_eq!(
        (refused.status, refused.faults()),
        (422, vec!["address_rate_limit.limit"])
    );
}

#[tokio::test]
async fn who_is_turned_away_hears_nothing_of_limits() {
    let server = TestServer::start().await;
    let owner = server.live_app();
    let make = async |wanted: Value| server.make_key(&owner, wanted).await;
    let (id, revoked) = make(json!({ "name": "Revoked" })).await;
    owner.delete(&format!("/v2/keys/{id}")).await.expecting(204);
    let soon = "2026-11-21T12:00:30Z";
    let (_, expired) = make(json!({ "name": "Expired", "expires_at": soon })).await;
    let (_, elsewhere) = make(json!({ "name": "Bound", "allowed_cidrs": ["192.0.2.7"] })).await;
    server.clock.advance(TimeDelta::minutes(1));
    let unknown = auth::PlainKey::generate(KeyKind::Api, Mode::Live, server.state.random());
    for (who, caller) in [
        ("nobody", server.anonymous()),
        ("a malformed key", server.with_key("live_api_key_x")),
        ("an unknown key", server.with_key(unknown.expose())),
        ("a revoked key", revoked),
        ("an expired key", expired),
        ("a key from elsewhere", elsewhere),
    ] {
        let reply = caller.get("/v2/me").await.expecting(401);
        for name in HEADERS.into_iter().chain(["retry-after"]) {
            assert_eq!(reply.header(name), None, "{who} hears {name}");
        }
    }
}

#[tokio::test]
async fn past_the_limit_it_is_429_until_the_time_it_says() {
    let server = TestServer::start().await;
    let key = limited(&server, 100, "1 minute").await;
    for round in 0..3 {
        let (admitted, refusal) = exhaust(&key).await;
        assert_eq!(admitted, 100, "round {round}");
        assert_eq!(number(&refusal, "x-ratelimit-remaining"), 0);
        assert_eq!(number(&refusal, "x-ratelimit-limit"), 100);
        let policy = "\"key\";q=100;w=60, \"app\";q=6000;w=60";
        assert_eq!(refusal.header("ratelimit-policy"), Some(policy));
        let wait = retry_after(&refusal);
        let told = format!("\"key\";r=0;t={}, ", wait.num_seconds());
        let ratelimit = refusal.header("ratelimit").expect("told");
        assert!(ratelimit.starts_with(&told), "{ratelimit}");
        let reset = server.state.now() + wait;
        assert_eq!(number(&refusal, "x-ratelimit-reset"), reset.timestamp());
        server.clock.advance(wait - TimeDelta::seconds(1));
        let early = key.get("/v2/me").await;
        assert_eq!(retry_after(&early), TimeDelta::seconds(1), "round {round}");
        server.clock.advance(TimeDelta::seconds(1));
    }
    key.get("/v2/me").await.expecting(200);
}

#[tokio::test]
async fn who_is_over_the_limit_changes_nothing() {
    let server = TestServer::start().await;
    let key = limited(&server, 1, "1 minute").await;
    let (start, end) = ("2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z");
    let wanted = booking(&DOC_BROWN.to_string(), "instant", start, end);
    key.get("/v2/me").await.expecting(200);
    key.post("/v2/bookings", wanted).await.expecting(429);
    key.post("/v2/keys", json!({ "name": "New" }))
        .await
        .expecting(429);
    let keys = server.live_app().get("/v2/keys").await;
    assert!(!keys.body.to_string().contains("\"New\""), "{}", keys.body);
}

// What is kept to.

#[tokio::test]
async fn a_small_limit_is_exact_whichever_instance_is_asked() {
    let mut server = TestServer::start().await;
    let here = limited(&server, 3, "10 seconds").await;
    let there = here.at(&server.another_instance().await);
    let start = server.state.now();
    let at_ms = |ms| server.clock.set(start + TimeDelta::milliseconds(ms));
    let mut told = Vec::new();
    for (ms, caller) in [
        (0, &here),
        (2_500, &there),
        (5_000, &here),
        (5_000, &there),
        (9_999, &here),
        (10_000, &here),
        (10_001, &there),
        (10_001, &here),
        (12_500, &there),
        (12_501, &here),
        (15_001, &there),
        (15_001, &here),
    ] {
        at_ms(ms);
        told.push(caller.get("/v2/me").await.status);
    }
    let (yes, no) = (200, 429);
    let expected = [yes, yes, yes, no, no, no, yes, no, no, yes, yes, no];
    assert_eq!(told, expected);
}

/// All instances call at once, then the clock goes on, sometimes by more than a lease lives.
#[tokio::test(flavor = "multi_thread")]
async fn eight_instances_never_admit_more_than_the_limit_and_nine_tenths_of_it() {
    let mut server = TestServer::start().await;
    let rate = RateLimit::per_minute(60);
    let key = limited(&server, rate.limit, "1 minute").await;
    let mut instances = vec![key.clone()];
    for _ in 1..8 {
        instances.push(key.at(&server.another_instance().await));
    }
    let (mut history, mut dice) = (History::default(), Dice(7));
    let start = server.state.now();
    while server.state.now() - start < TimeDelta::minutes(4) {
        let at = server.state.now();
        let sent: Vec<_> = instances
            .iter()
            .cloned()
            .map(|client| tokio::spawn(async move { client.get("/v2/me").await }))
            .collect();
        for reply in sent {
            let reply = reply.await.expect("an answer");
            match reply.status {
                200 => history.0.push(at),
                429 => assert!(retry_after(&reply) >= TimeDelta::seconds(1)),
                other => panic!("{other}: {}", reply.body),
            }
        }
        let step_ms = dice.up_to(5_000).try_into().expect("small");
        server.clock.advance(TimeDelta::milliseconds(step_ms));
    }
    history.keeps_to(rate, server.state.now() - start);
}

/// Eight limiters are eight instances without the rest of the server, so that many more requests can be made.
#[tokio::test]
async fn however_requests_fall_the_usual_limit_holds_and_is_had() {
    let server = TestServer::start().await;
    for seed in 1..=2 {
        let limit = [fresh_limit(&server, KEY_RATE)];
        let instances: [Limiter; 8] = std::array::from_fn(|_| Limiter::default());
        let (mut history, mut dice) = (History::default(), Dice(seed));
        let (start, lasts) = (instant(NOW), TimeDelta::minutes(4));
        let mut now = start;
        while now - start < lasts {
            let limiter = &instances[dice.up_to(7)];
            // Mostly one request, sometimes a burst that is more than a lease.
            let most = [1, 1, 10, 60][dice.up_to(3)];
            for _ in 0..=dice.up_to(most) {
                let answer = limiter.admit(server.state.counters(), &limit, now).await;
                history.0.extend(answer.is_ok().then_some(now));
            }
            now += TimeDelta::milliseconds(dice.up_to(400).try_into().expect("small"));
        }
        history.keeps_to(limit[0].rate, lasts);
    }
}

#[tokio::test]
async fn unspent_permits_of_dead_leases_come_back() {
    let mut server = TestServer::start().await;
    let here = limited(&server, 100, "1 minute").await;
    let there = here.at(&server.another_instance().await);
    // One, two, four, five: the last lease has permits left when it dies.
    for _ in 0..8 {
        here.get("/v2/me").await.expecting(200);
    }
    let told = there.get("/v2/me").await.expecting(200);
    assert_eq!(
        number(&told, "x-ratelimit-remaining"),
        100 - 12 - 1,
        "what others hold counts as spent"
    );
    server.clock.advance(TimeDelta::seconds(4));
    let told = here.get("/v2/me").await.expecting(200);
    assert_eq!(number(&told, "x-ratelimit-remaining"), 100 - 10);
    let (admitted, _) = exhaust(&there).await;
    let (rest, _) = exhaust(&here).await;
    assert_eq!(8 + 1 + 1 + admitted + rest, 100);
}

// What it costs.

/// What the ledgers cost: writes and requests of so many instances that are each asked again after `step`.
async fn cost_of_ledgers(rate: u32, instances: usize, step: TimeDelta) -> (u64, u64) {
    let mut server = TestServer::start().await;
    let here = limited(&server, rate, "1 minute").await;
    let mut callers = vec![here.clone()];
    for _ in 1..instances {
        callers.push(here.at(&server.another_instance().await));
    }
    let path = no_booking(&server);
    let before = server.store_calls();
    let (mut admitted, mut refused) = (0, 0);
    let start = server.state.now();
    while server.state.now() - start < TimeDelta::minutes(2) {
        for caller in &callers {
            match caller.get(&path).await.status {
                404 => admitted += 1,
                429 => refused += 1,
                other => panic!("{other}"),
            }
            server
                .clock
                .advance(step / i32::try_from(instances).expect("few"));
        }
    }
    // One read of the key and one of the booking; to refuse costs no read once it is known. Two ledgers: the key's and
    // its app's.
    let writes = server.store_calls() - before - 2 * admitted;
    println!("{writes} writes for {admitted} admitted and {refused} refused");
    (writes, admitted + refused)
}

/// A lease lives three seconds here, so each instance has eleven requests in the life of one.
#[tokio::test]
async fn a_busy_key_costs_a_tenth_of_a_write_per_request_and_limit_at_most() {
    let often = TimeDelta::milliseconds(270);
    for instances in [1, 3] {
        let (writes, requests) = cost_of_ledgers(6_000, instances, often).await;
        assert!(
            writes * 10 <= requests * 2,
            "{writes} for {requests}, {instances} instances"
        );
    }
}

#[tokio::test]
async fn a_key_that_always_wants_more_than_its_limit_costs_no_more() {
    for instances in [1, 2] {
        let often = TimeDelta::milliseconds(90 * i64::try_from(instances).expect("few"));
        let (writes, requests) = cost_of_ledgers(600, instances, often).await;
        assert!(
            writes * 10 <= requests * 2,
            "{writes} for {requests}, {instances} instances"
        );
    }
}

/// Of a live app, of a test app with its second limit, and of a public key from ever new addresses.
#[tokio::test]
async fn a_refused_key_costs_no_store_call_until_the_window_moves() {
    let server = TestServer::start().await;
    let store = server.state.counters();
    let small = RateLimit::per_minute(3);
    for (kind, mode) in [
        (KeyKind::Api, Mode::Live),
        (KeyKind::Api, Mode::Test),
        (KeyKind::Widget, Mode::Live),
        (KeyKind::Widget, Mode::Test),
    ] {
        let mut caller = principal(&server, kind, mode);
        if let Who::Key { rate_limit, .. } = &mut caller.who {
            *rate_limit = Some(small);
        }
        let limiter = Limiter::default();
        let mut now = instant(NOW);
        for _ in 0..3 {
            let admitted = limiter
                .admit(store, &caller.limits("first", APP_RATE), now)
                .await;
            assert!(admitted.is_ok());
        }
        let refused = limiter
            .admit(store, &caller.limits("first", APP_RATE), now)
            .await;
        let retry_at = refused.expect_err("the limit is reached").retry_at;
        let before = store.calls();
        let mut address = 0;
        while now < retry_at {
            address += 1;
            let limits = caller.limits(&format!("address {address}"), APP_RATE);
            assert!(limiter.admit(store, &limits, now).await.is_err());
            now += TimeDelta::milliseconds(700);
        }
        assert_eq!(store.calls() - before, 0, "{mode:?} {kind:?}");
        let admitted = limiter
            .admit(store, &caller.limits("first", APP_RATE), now)
            .await;
        assert!(admitted.is_ok());
    }
}

#[tokio::test]
async fn each_instance_is_refused_by_the_store_once_and_then_knows() {
    let mut server = TestServer::start().await;
    let here = limited(&server, 60, "1 minute").await;
    let there = here.at(&server.another_instance().await);
    let (admitted, _) = exhaust(&here).await;
    assert_eq!(admitted, 60);
    there.get("/v2/me").await.expecting(429);
    let before = server.store_calls();
    for _ in 0..20 {
        here.get("/v2/me").await.expecting(429);
        there.get("/v2/me").await.expecting(429);
        server.clock.advance(TimeDelta::seconds(2));
    }
    let calls = server.store_calls() - before;
    assert_eq!(calls, 0);
}

// Public keys.

#[tokio::test]
async fn a_widget_key_has_sixty_a_minute_from_one_address_and_others_are_not_affected() {
    let server = TestServer::start().await;
    let widget = server.with_key(server.demo.live.widget_key.expose());
    let from = |address| server.calling_from(address, &widget);
    let (admitted, refusal) = exhaust(&from("203.0.113.7")).await;
    assert_eq!(admitted, 60);
    assert_eq!(number(&refusal, "x-ratelimit-limit"), 60);
    assert_eq!(number(&refusal, "x-ratelimit-remaining"), 0);
    let wait = retry_after(&refusal);
    from("203.0.113.8").get("/v2/me").await.expecting(200);
    from("2001:db8::7").get("/v2/me").await.expecting(200);
    server.clock.advance(wait);
    from("203.0.113.7").get("/v2/me").await.expecting(200);
}

#[tokio::test]
async fn an_ipv6_host_has_one_limit_for_all_its_addresses() {
    let server = TestServer::start().await;
    let widget = server.with_key(server.demo.live.widget_key.expose());
    let from = |address: &str| server.calling_from(address, &widget);
    for host in 0..60 {
        let reply = from(&format!("2001:db8:1:2::{host:x}")).get("/v2/me").await;
        reply.expecting(200);
    }
    let reply = from("2001:db8:1:2:ffff::1").get("/v2/me").await;
    retry_after(&reply);
    from("2001:db8:1:3::1").get("/v2/me").await.expecting(200);
}

#[tokio::test]
async fn an_address_is_limited_for_each_public_key_apart_and_a_secret_key_not_at_all() {
    let server = TestServer::start().await;
    let address = "203.0.113.7";
    let from = |key: &str| server.calling_from(address, &server.with_key(key));
    let (admitted, _) = exhaust(&from(server.demo.live.widget_key.expose())).await;
    assert_eq!(admitted, 60);
    from(server.demo.test.widget_key.expose())
        .get("/v2/me")
        .await
        .expecting(200);
    for _ in 0..61 {
        from(server.demo.live.api_key.expose())
            .get("/v2/me")
            .await
            .expecting(200);
    }
}

#[tokio::test]
async fn an_address_is_kept_only_as_a_keyed_hash_and_not_for_long() {
    let server = TestServer::start().await;
    let widget = server.with_key(server.demo.live.widget_key.expose());
    for address in ["203.0.113.7", "2001:db8:1:2::7"] {
        let reply = server.calling_from(address, &widget).get("/v2/me").await;
        reply.expecting(200);
    }
    let dynamodb = server.dynamodb().await;
    let meters = format!("{}meters", tables::PREFIX);
    let items = dynamodb.scan().table_name(meters).send().await;
    let items = items.expect("the meters").items.unwrap_or_default();
    let of_addresses: Vec<_> = items
        .iter()
        .filter(|item| format!("{:?}", item["pk"]).contains("#address#"))
        .collect();
    assert_eq!(of_addresses.len(), 2);
    for item in of_addresses {
        let text = format!("{item:?}");
        assert!(
            !text.contains("203.0.113") && !text.contains("2001:db8"),
            "{text}"
        );
        let ttl_s: i64 = item["ttl"]
            .as_n()
            .expect("a number")
            .parse()
            .expect("seconds");
        let kept = ttl_s - instant(NOW).timestamp();
        assert!((60..=600).contains(&kept), "{kept}");
    }
}

#[tokio::test]
async fn a_widget_key_has_six_thousand_a_minute_over_all_addresses() {
    let server = TestServer::start().await;
    let caller = principal(&server, KeyKind::Widget, Mode::Live);
    let limiter = Limiter::default();
    let (store, now) = (server.state.counters(), instant(NOW));
    let mut admitted = 0;
    for address in 0..110 {
        let limits = caller.limits(&format!("address {address}"), APP_RATE);
        for _ in 0..60 {
            admitted += u32::from(limiter.admit(store, &limits, now).await.is_ok());
        }
    }
    assert_eq!(admitted, WIDGET_RATE.limit);
    let refused = limiter
        .admit(store, &caller.limits("one more", APP_RATE), now)
        .await;
    let LimitReached { standings, .. } = refused.expect_err("the limit is reached");
    let left = |policy| {
        let of = |standing: &&LimitStatus| standing.policy == policy;
        standings.iter().find(of).map(|standing| standing.remaining)
    };
    assert_eq!(left("key"), Some(0));
}

#[tokio::test]
async fn what_an_instance_remembers_is_bounded_however_many_addresses_come() {
    let mut server = TestServer::start_with(Options {
        store_is_apart: true,
        ..Options::default()
    })
    .await;
    server.stop_store().await;
    let caller = principal(&server, KeyKind::Widget, Mode::Live);
    let limiter = Limiter::default();
    let mut most = 0;
    for address in 0..25_000 {
        let now = instant(NOW) + TimeDelta::milliseconds(address % 4_000);
        let limits = caller.limits(&format!("address {address}"), APP_RATE);
        let _ = limiter.admit(server.state.counters(), &limits, now).await;
        most = most.max(limiter.kept());
    }
    assert!(most <= 10_000, "{most}");
}

// Test apps.

#[tokio::test]
async fn a_test_app_has_three_thousand_a_day_for_all_its_keys_together() {
    let server = TestServer::start().await;
    let first = server.app();
    let (_, second) = server.make_key(&first, json!({ "name": "Second" })).await;
    let policy = "\"key\";q=600;w=60, \"test-app\";q=3000;w=86400";
    let told = second.get("/v2/me").await.expecting(200);
    assert_eq!(told.header("ratelimit-policy"), Some(policy));
    assert_eq!(
        number(&told, "x-ratelimit-limit"),
        600,
        "the tighter of the two"
    );
    // Another instance has most of it.
    let day = [Limit {
        policy: "test-app",
        ledger: LedgerName::of_app(TEST_APP),
        rate: TEST_APP_RATE,
        is_passing: false,
        varies: false,
    }];
    let elsewhere = Limiter::default();
    let ask_elsewhere = async |most| {
        let mut admitted = 0;
        for _ in 0..most {
            let answer = elsewhere.admit(server.state.counters(), &day, server.state.now());
            admitted += usize::from(answer.await.is_ok());
        }
        admitted
    };
    assert_eq!(ask_elsewhere(2_900).await, 2_900);
    // What it holds unspent comes back when it is asked again, and then it needs little.
    for _ in 0..2 {
        server.clock.advance(TimeDelta::minutes(2));
        assert_eq!(ask_elsewhere(1).await, 1);
    }
    let (by_first, refusal) = exhaust(&first).await;
    let (by_second, _) = exhaust(&second).await;
    let rest = ask_elsewhere(100).await;
    assert_eq!(2 + 2_902 + by_first + by_second + rest, 3_000);
    assert!(by_first > 50, "{by_first}");
    assert_eq!(number(&refusal, "x-ratelimit-limit"), 3_000);
    assert_eq!(number(&refusal, "x-ratelimit-remaining"), 0);
    let wait = retry_after(&refusal);
    assert!(wait > TimeDelta::hours(23), "{wait}");
    let live = server.live_app().get("/v2/me").await.expecting(200);
    let policy = "\"key\";q=600;w=60, \"app\";q=6000;w=60";
    assert_eq!(live.header("ratelimit-policy"), Some(policy));
    server.clock.advance(wait);
    first.get("/v2/me").await.expecting(200);
}

#[tokio::test]
async fn live_apps_have_no_limit_for_the_day() {
    let server = TestServer::start().await;
    let (store, limiter) = (server.state.counters(), Limiter::default());
    let caller = principal(&server, KeyKind::Api, Mode::Live);
    let mut admitted = 0;
    for minute in 0..6 {
        let now = instant(NOW) + TimeDelta::minutes(minute * 2);
        for _ in 0..600 {
            admitted += u32::from(
                limiter
                    .admit(store, &caller.limits("", APP_RATE), now)
                    .await
                    .is_ok(),
            );
        }
    }
    assert_eq!(admitted, 3_600);
}

// Live apps and people.

/// The demo's live app with as many keys of the usual limit as these.
async fn keys_of_the_live_app(server: &TestServer, many: usize) -> Vec<Client> {
    let owner = server.sign_in(EMAIL, &server.demo.password).await;
    let owner = owner.header("timekit-app", LIVE_SLUG);
    let mut keys = Vec::new();
    for number in 0..many {
        let wanted = json!({ "name": format!("Number {number}") });
        keys.push(server.make_key(&owner, wanted).await.1);
    }
    keys
}

#[tokio::test]
async fn all_keys_of_a_live_app_together_keep_to_the_apps_limit() {
    let mut server = TestServer::start().await;
    let here = keys_of_the_live_app(&server, 12).await;
    let there = server.another_instance().await;
    let mut admitted = 0;
    let mut refusal = None;
    for (number, key) in here.iter().enumerate() {
        let key = if number % 2 == 0 {
            key.clone()
        } else {
            key.at(&there)
        };
        let (its, refused) = exhaust(&key).await;
        admitted += its;
        refusal = Some(refused);
    }
    let limit = APP_RATE.limit as usize;
    assert!(admitted <= limit, "{admitted}");
    assert!(admitted * 10 >= limit * 9, "{admitted}");
    let refusal = refusal.expect("the last key is refused by its app's limit");
    assert_eq!(
        number(&refusal, "x-ratelimit-limit"),
        i64::from(APP_RATE.limit)
    );
    server.clock.advance(retry_after(&refusal));
    here[0].get("/v2/me").await.expecting(200);
}

/// Nobody who floods an app's pages, or its programs, keeps the app's other callers, other apps or its people out.
#[tokio::test]
async fn an_app_at_its_limit_stops_neither_its_pages_nor_its_people_nor_other_apps() {
    let server = TestServer::start().await;
    let keys = keys_of_the_live_app(&server, 11).await;
    for key in &keys {
        exhaust(key).await;
    }
    server.live_app().get("/v2/me").await.expecting(429);
    let page = server.with_key(server.demo.live.widget_key.expose());
    page.get("/v2/me").await.expecting(200);
    let person = server.sign_in(EMAIL, &server.demo.password).await;
    let person = person.header("timekit-app", LIVE_SLUG);
    person.get("/v2/keys").await.expecting(200);
    server.app().get("/v2/me").await.expecting(200);
    let (other, _) = server.sign_up("other@example.com").await;
    server
        .with_key(&other.api_key)
        .get("/v2/me")
        .await
        .expecting(200);
}

#[tokio::test]
async fn a_persons_sessions_together_keep_to_one_limit_with_and_without_an_app() {
    let server = TestServer::start().await;
    let first = server.sign_in(EMAIL, &server.demo.password).await;
    let second = server.sign_in(EMAIL, &server.demo.password).await;
    let acting = first.header("timekit-app", LIVE_SLUG);
    let mut admitted = 0;
    while acting.get("/v2/me").await.status == 200 {
        admitted += 1;
        assert!(admitted < 10_000, "there is no limit");
    }
    assert_eq!(admitted, SESSION_RATE.limit);
    let refusal = second.get("/v2/apps").await;
    assert_eq!(
        refusal.header("ratelimit-policy"),
        Some("\"session\";q=1200;w=60")
    );
    server.clock.advance(retry_after(&refusal));
    second.get("/v2/apps").await.expecting(200);
    acting.get("/v2/me").await.expecting(200);
}

/// A request whose leases are both spent waits for one round trip, not for two.
#[tokio::test]
async fn the_leases_of_a_key_and_its_app_are_asked_for_side_by_side() {
    let mut server = TestServer::start().await;
    let (base, faults) = server.faulty_instance().await;
    let key = server.live_app().at(&base);
    server.clock.advance(TimeDelta::seconds(10));
    faults.heal();
    let meeting = faults.hold_updates_until(2);
    key.get("/v2/me").await.expecting(200);
    assert_eq!(
        meeting.met(),
        2,
        "the second was not sent while the first waited"
    );
}

// When something is amiss.

async fn lose_meters(dynamodb: &DynamoDb) {
    let meters = format!("{}meters", tables::PREFIX);
    let lost = dynamodb.delete_table().table_name(meters).send().await;
    lost.expect("the table goes");
}

#[tokio::test]
async fn without_meters_a_tenth_of_the_limit_is_served_and_the_rest_is_429() {
    let server = TestServer::start().await;
    let secret = limited(&server, 100, "1 minute").await;
    let small = limited(&server, 3, "1 minute").await;
    let widget = server.with_key(server.demo.live.widget_key.expose());
    let dynamodb = server.dynamodb().await;
    lose_meters(&dynamodb).await;
    for (who, caller, tenth) in [
        ("a secret key", &secret, 10),
        ("a key with a small limit", &small, 1),
        ("a public key", &widget, 6),
        ("a test app's key", &server.app(), 60),
    ] {
        let (admitted, refusal) = exhaust(caller).await;
        assert_eq!(admitted, tenth, "{who}");
        retry_after(&refusal);
        for name in HEADERS {
            assert!(refusal.header(name).is_some(), "{who} hears no {name}");
        }
    }
    server.clock.advance(TimeDelta::seconds(62));
    let (again, _) = exhaust(&secret).await;
    assert_eq!(again, 10);
    tables::create(&dynamodb, tables::PREFIX)
        .await
        .expect("the table is back");
    server.clock.advance(TimeDelta::seconds(62));
    let (all, _) = exhaust(&secret).await;
    assert_eq!(all, 100);
}

#[tokio::test]
async fn requests_refused_while_the_meters_are_away_give_nothing_back_that_was_spent() {
    let server = TestServer::start().await;
    let store = server.state.counters();
    let dynamodb = server.dynamodb().await;
    let both = [
        fresh_limit(&server, KEY_RATE),
        fresh_limit(&server, RateLimit::per_minute(3)),
    ];
    let (limiter, other) = (Limiter::default(), Limiter::default());
    let start = instant(NOW);
    let mut admitted = 0;
    for _ in 0..100 {
        let answer = limiter.admit(store, &both[..1], start).await;
        admitted += u32::from(answer.is_ok());
    }
    let meters = format!("{}meters", tables::PREFIX);
    let kept = dynamodb.scan().table_name(&meters).send().await;
    let kept = kept.expect("the meters").items.unwrap_or_default();
    lose_meters(&dynamodb).await;
    // Of the second limit nothing is left, so nothing is taken of the first either.
    let away = start + TimeDelta::seconds(4);
    for _ in 0..50 {
        let answer = limiter.admit(store, &both, away).await;
        admitted += u32::from(answer.is_ok());
    }
    tables::create(&dynamodb, tables::PREFIX)
        .await
        .expect("the table is back");
    for item in kept {
        let put = dynamodb.put_item().table_name(&meters).set_item(Some(item));
        put.send().await.expect("the item is back");
    }
    let back = start + TimeDelta::seconds(20);
    for limiter in [&limiter, &other] {
        for _ in 0..600 {
            let answer = limiter.admit(store, &both[..1], back).await;
            admitted += u32::from(answer.is_ok());
        }
    }
    assert!(
        admitted <= 601,
        "{admitted}: one of them while the meters were away"
    );
}

/// A way to the store that loses some of its answers, as networks do: what was asked is done, and nobody hears it.
struct LossyWay {
    endpoint: String,
    to_lose: Arc<AtomicUsize>,
}

impl LossyWay {
    async fn to(embedded: &EmbeddedStore) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let target = embedded.endpoint().expect("a port");
        let target = target.trim_start_matches("http://").to_owned();
        let to_lose = Arc::new(AtomicUsize::new(0));
        let losing = to_lose.clone();
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                tokio::spawn(Self::carry(caller, target.clone(), losing.clone()));
            }
        });
        Self { endpoint, to_lose }
    }

    async fn carry(caller: TcpStream, target: String, to_lose: Arc<AtomicUsize>) {
        let store = TcpStream::connect(target).await.expect("the store");
        let (mut from_caller, mut to_caller) = caller.into_split();
        let (mut from_store, mut to_store) = store.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_caller, &mut to_store).await });
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from_store.read(&mut buffer).await {
            let lose = |left: usize| left.checked_sub(1);
            let lost = to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose);
            if lost.is_ok() || to_caller.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    }
}

#[tokio::test]
async fn a_lost_answer_of_the_store_gives_no_permit_back_twice() {
    let embedded = EmbeddedStore::in_memory().await.expect("a store in memory");
    let way = LossyWay::to(&embedded).await;
    let client = async |endpoint: &str| Connection::Endpoint(endpoint.to_owned()).client().await;
    let direct = client(&embedded.endpoint().expect("a port")).await;
    tables::create(&direct, tables::PREFIX)
        .await
        .expect("tables");
    let random = Arc::new(SystemRandom);
    let (names, clock) = (Tables::with_prefix(tables::PREFIX), Arc::new(SystemClock));
    let store = |client| Store::new(client, names.clone(), random.clone(), clock.clone()).writer();
    let (lossy, direct) = (store(client(&way.endpoint).await), store(direct));
    // One answer, and all of them until the caller gives up.
    for to_lose in [1, 1_000] {
        let limit = [Limit {
            policy: "key",
            ledger: LedgerName::of_caller(format!("losing {to_lose}")),
            rate: KEY_RATE,
            is_passing: false,
            varies: false,
        }];
        let (unlucky, other) = (Limiter::default(), Limiter::default());
        let mut now = instant(NOW);
        let mut admitted = 0;
        let mut ask = async |limiter: &Limiter, writer: &Writer, times, now| {
            for _ in 0..times {
                admitted += u32::from(limiter.admit(writer, &limit, now).await.is_ok());
            }
            admitted
        };
        ask(&other, &direct, 100, now).await;
        // 31 in growing leases, and one of the next 30: the rest is unspent when it dies.
        ask(&unlucky, &lossy, 32, now).await;
        now += TimeDelta::seconds(4);
        way.to_lose.store(to_lose, Ordering::SeqCst);
        ask(&unlucky, &lossy, 1, now).await;
        way.to_lose.store(0, Ordering::SeqCst);
        now += TimeDelta::seconds(6);
        ask(&unlucky, &lossy, 1, now).await;
        now += TimeDelta::seconds(4);
        ask(&unlucky, &lossy, 600, now).await;
        let admitted = ask(&other, &direct, 600, now).await;
        let alone = u32::from(to_lose > 1);
        assert!(
            admitted <= 600 + alone,
            "{admitted} with {to_lose} answers lost"
        );
    }
}
