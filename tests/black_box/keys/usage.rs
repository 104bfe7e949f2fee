//! How much a key is used: by hour and class of status, for a month, at next to no cost.

use chrono::TimeDelta;
use local::demo::{EMAIL, LIVE_SLUG};
use model::ids::{BookingId, KeyId};
use model::time::{Tz, format_instant};
use serde_json::{Value, json};
use tests::{Client, TestServer, instant};

/// The live app's own key: test apps have a limit by the day besides.
fn owner(server: &TestServer) -> Client {
    server.with_key(server.demo.live.api_key.expose())
}

async fn usage(owner: &Client, id: &str, query: &str) -> Value {
    let reply = owner.get(&format!("/v2/keys/{id}/usage{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["data"].clone()
}

async fn shown(owner: &Client, id: &str) -> Value {
    let reply = owner.get(&format!("/v2/keys/{id}")).await.expecting(200);
    reply.body["data"].clone()
}

async fn calls(client: &Client, times: usize) {
    for _ in 0..times {
        client.get("/v2/me").await.expecting(200);
    }
}

async fn misses(client: &Client, server: &TestServer, times: usize) {
    for _ in 0..times {
        let id = BookingId::random(server.state.random());
        let path = format!("/v2/bookings/{id}");
        client.get(&path).await.expecting(404);
    }
}

/// What was counted reaches the ledger with the next lease, so one more call brings it there; it is not itself in it.
async fn bring_in(client: &Client, server: &TestServer) {
    server.clock.advance(TimeDelta::seconds(10));
    calls(client, 1).await;
}

fn row(at: &str, success: u64, client_error: u64) -> Value {
    json!({
        "at": at, "2xx": success, "3xx": 0, "4xx": client_error, "5xx": 0,
        "total": success + client_error,
    })
}

#[tokio::test]
async fn usage_is_counted_by_hour_and_class_of_status() {
    let server = TestServer::start().await;
    let owner = owner(&server);
    let (id, key) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    let before = usage(&owner, &id, "").await;
    assert_eq!((&before["total"], &before["rows"]), (&json!(0), &json!([])));
    assert_eq!(before["last_used_at"], Value::Null);
    calls(&key, 5).await;
    misses(&key, &server, 3).await;
    server.clock.set(instant("2026-11-21T13:00:00Z"));
    calls(&key, 2).await;
    bring_in(&key, &server).await;
    let found = usage(&owner, &id, "").await;
    assert_eq!((&found["id"], &found["by"]), (&json!(id), &json!("hour")));
    assert_eq!(
        found["rows"],
        json!([
            row("2026-11-21T12:00:00+00:00", 5, 3),
            row("2026-11-21T13:00:00+00:00", 2, 0)
        ])
    );
    assert_eq!(found["total"], 10);
    assert_eq!(found["from"], "2026-11-20T13:00:00+00:00");
    assert_eq!(found["to"], "2026-11-21T13:00:10+00:00");
}

#[tokio::test]
async fn a_request_over_the_limit_is_counted_too() {
    let server = TestServer::start().await;
    let owner = owner(&server);
    let wanted = json!({ "name": "Slow", "rate_limit": { "limit": 2, "window": "1 minute" } });
    let (id, key) = server.make_key(&owner, wanted).await;
    calls(&key, 2).await;
    key.get("/v2/me").await.expecting(429);
    server.clock.advance(TimeDelta::minutes(2));
    calls(&key, 1).await;
    let found = usage(&owner, &id, "").await;
    assert_eq!(
        found["rows"],
        json!([row("2026-11-21T12:00:00+00:00", 2, 1)])
    );
}

#[tokio::test]
async fn days_are_the_sums_of_their_hours() {
    let server = TestServer::start().await;
    let owner = owner(&server);
    let (id, key) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    for (at, times) in [
        ("2026-11-21T12:00:00Z", 3),
        ("2026-11-21T23:59:59Z", 4),
        ("2026-11-22T00:00:00Z", 2),
        ("2026-11-24T05:00:00Z", 1),
    ] {
        server.clock.set(instant(at));
        calls(&key, times).await;
    }
    bring_in(&key, &server).await;
    let since = "?by=day&from=2026-11-21T18:00:00Z";
    let found = usage(&owner, &id, since).await;
    assert_eq!(found["from"], "2026-11-21T00:00:00+00:00", "a whole day");
    assert_eq!(
        found["rows"],
        json!([
            row("2026-11-21T00:00:00+00:00", 7, 0),
            row("2026-11-22T00:00:00+00:00", 2, 0),
            row("2026-11-24T00:00:00+00:00", 1, 0)
        ])
    );
    assert_eq!(found["total"], 10);
    let one = "?from=2026-11-21T23:30:00Z&to=2026-11-22T00:00:00Z";
    let found = usage(&owner, &id, one).await;
    assert_eq!(
        found["rows"],
        json!([row("2026-11-21T23:00:00+00:00", 4, 0)])
    );
    let none = "?from=2026-11-22T01:00:00Z&to=2026-11-23T00:00:00Z";
    assert_eq!(usage(&owner, &id, none).await["rows"], json!([]));
}

#[tokio::test]
async fn when_a_key_was_last_used_is_true_to_a_minute() {
    let server = TestServer::start().await;
    let owner = owner(&server);
    for wanted in [
        json!({ "name": "Mine" }),
        json!({ "name": "Mine", "rate_limit": { "limit": 500, "window": "1 day" } }),
        json!({ "name": "Mine", "rate_limit": { "limit": 20, "window": "1 minute" } }),
        json!({ "name": "Page", "kind": "widget" }),
    ] {
        let (id, key) = server.make_key(&owner, wanted).await;
        assert_eq!(shown(&owner, &id).await["last_used_at"], Value::Null);
        for seconds in [1, 3, 4, 5, 7, 11, 59, 60, 61, 3_600, 1, 2, 90_000, 4] {
            server.clock.advance(TimeDelta::seconds(seconds));
            calls(&key, 1).await;
            for text in [
                &shown(&owner, &id).await["last_used_at"],
                &usage(&owner, &id, "").await["last_used_at"],
            ] {
                let last = instant(text.as_str().expect("an instant"));
                let late = server.state.now() - last;
                assert!(
                    (TimeDelta::zero()..TimeDelta::minutes(1)).contains(&late),
                    "{late} late"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_refused_request_is_no_use_of_a_key() {
    let server = TestServer::start().await;
    let owner = owner(&server);
    let away = json!({ "name": "Elsewhere", "allowed_cidrs": ["203.0.113.0/24"] });
    let (id, key) = server.make_key(&owner, away).await;
    key.get("/v2/me").await.expecting(401);
    let found = shown(&owner, &id).await;
    assert_eq!(
        (&found["last_used_at"], &found["requests_24h"]),
        (&Value::Null, &json!(0))
    );
}

#[tokio::test]
async fn lists_say_how_much_each_key_was_used_in_the_last_day() {
    let server = TestServer::start().await;
    let owner = owner(&server);
    let (busy, key) = server.make_key(&owner, json!({ "name": "Busy" })).await;
    let (idle, _) = server.make_key(&owner, json!({ "name": "Idle" })).await;
    let listed = async |id: &str| {
        let listed = owner.get("/v2/keys").await.expecting(200);
        let rows = listed.body["data"].as_array().expect("keys").clone();
        let row = rows.into_iter().find(|row| row["id"] == id);
        let row = row.expect("it is in the list");
        assert_eq!(row, shown(&owner, id).await);
        row
    };
    calls(&key, 6).await;
    server.clock.advance(TimeDelta::hours(2));
    calls(&key, 3).await;
    bring_in(&key, &server).await;
    let row = listed(&busy).await;
    assert_eq!(row["requests_24h"], 9);
    assert_eq!(row["last_used_at"], "2026-11-21T14:00:10+00:00");
    let row = listed(&idle).await;
    assert_eq!(
        (&row["requests_24h"], &row["last_used_at"]),
        (&json!(0), &Value::Null)
    );
    // The first six are of the day before by then.
    server.clock.set(instant("2026-11-22T12:30:00Z"));
    calls(&key, 1).await;
    assert_eq!(listed(&busy).await["requests_24h"], 4);
    server.clock.set(instant("2026-11-24T12:30:00Z"));
    assert_eq!(
        listed(&busy).await["requests_24h"],
        0,
        "nobody has called since"
    );
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() {
    let server = TestServer::start().await;
    let owner = server.app();
    let (id, _) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    for (query, at_fault) in [
        ("by=week", "by"),
        ("from=yesterday", "from"),
        ("to=2026-11-21", "to"),
        ("from=2026-11-21T12:00:00Z&to=2026-11-21T12:00:00Z", "from"),
        ("from=2026-11-22T12:00:00Z", "from"),
        ("from=2026-09-01T00:00:00Z&to=2026-11-21T00:00:00Z", "from"),
    ] {
        let reply = owner.get(&format!("/v2/keys/{id}/usage?{query}")).await;
        assert_eq!(
            (reply.status, reply.faults()),
            (422, vec![at_fault]),
            "{query}: {}",
            reply.body
        );
    }
    let reply = owner
        .get(&format!("/v2/keys/{id}/usage?by=x&from=y&to=z"))
        .await;
    assert_eq!(
        (reply.status, reply.faults()),
        (422, vec!["by", "from", "to"])
    );
}

#[tokio::test]
async fn usage_is_for_whoever_may_read_keys_of_the_same_app() {
    let server = TestServer::start().await;
    let (id, _) = server
        .make_key(&server.app(), json!({ "name": "Ours" }))
        .await;
    let live = server.with_key(server.demo.live.api_key.expose());
    let nobody = KeyId::random(server.state.random()).to_string();
    for (caller, id) in [
        (&live, id.as_str()),
        (&server.app(), nobody.as_str()),
        (&server.app(), "nope"),
    ] {
        let reply = caller.get(&format!("/v2/keys/{id}/usage")).await;
        assert_eq!((reply.status, &reply.body["model"]), (404, &json!("Key")));
    }
    let wanted = json!({ "name": "Narrow", "scopes": ["keys.write"] });
    let (own, narrow) = server.make_key(&server.app(), wanted).await;
    let reply = narrow.get(&format!("/v2/keys/{own}/usage")).await;
    assert_eq!(reply.status, 403);
}

#[tokio::test]
async fn a_month_is_one_query() {
    let server = TestServer::start().await;
    let owner = owner(&server);
    let (id, key) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    let begin = server.state.now();
    for _ in 0..31 * 4 {
        calls(&key, 1).await;
        server.clock.advance(TimeDelta::hours(6));
    }
    bring_in(&key, &server).await;
    let mut costs = Vec::new();
    let text = |at| format_instant(at, Tz::UTC).replace('+', "%2B");
    let (from, to) = (text(begin), text(server.state.now()));
    for _ in 0..8 {
        let before = server.state.store().calls();
        let found = usage(&owner, &id, &format!("?by=day&from={from}&to={to}")).await;
        costs.push(server.state.store().calls() - before);
        assert_eq!(found["total"], 31 * 4, "nothing is lost on the way");
    }
    // The caller's key, the key asked about and its pointer, and the query; leases come on top now and then.
    assert_eq!(costs.iter().min(), Some(&4), "{costs:?}");
}

#[tokio::test]
async fn hours_stay_as_they_were_however_far_the_clock_moves_on() {
    let server = TestServer::start().await;
    let owner = owner(&server);
    let (id, key) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    let query = "?from=2026-11-21T12:00:00Z&to=2026-11-21T15:00:00Z";
    calls(&key, 5).await;
    server.clock.set(instant("2026-11-21T14:30:00Z"));
    calls(&key, 7).await;
    let expected = json!([
        row("2026-11-21T12:00:00+00:00", 5, 0),
        row("2026-11-21T14:00:00+00:00", 7, 0)
    ]);
    for step in [
        TimeDelta::seconds(10),
        TimeDelta::hours(1),
        TimeDelta::hours(22),
        TimeDelta::hours(3),
        TimeDelta::days(3),
        TimeDelta::days(20),
    ] {
        server.clock.advance(step);
        calls(&key, 1).await;
        let mut found = usage(&owner, &id, query).await["rows"].clone();
        if step == TimeDelta::seconds(10) {
            assert_eq!(found, expected);
        } else {
            // The call that brought the seven in was of that hour, too.
            found[1]["2xx"] = json!(found[1]["2xx"].as_u64().expect("a count") - 1);
            found[1]["total"] = json!(found[1]["total"].as_u64().expect("a count") - 1);
            assert_eq!(found, expected, "{step} on");
        }
    }
}

#[tokio::test]
async fn an_instance_that_wakes_up_after_days_does_not_undo_what_others_counted() {
    let mut server = TestServer::start().await;
    let owner = owner(&server);
    let (id, key) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    let frozen = key.at(&server.another_instance().await);
    // It holds counts of this hour when it falls asleep.
    calls(&frozen, 2).await;
    calls(&key, 20).await;
    bring_in(&key, &server).await;
    let query = "?from=2026-11-21T12:00:00Z&to=2026-11-21T13:00:00Z";
    let counted = usage(&owner, &id, query).await["total"].as_u64();
    assert!(counted >= Some(20), "{counted:?}");
    for _ in 0..4 {
        server.clock.advance(TimeDelta::hours(10));
        calls(&key, 1).await;
    }
    calls(&frozen, 1).await;
    server.clock.advance(TimeDelta::hours(2));
    calls(&frozen, 1).await;
    calls(&key, 1).await;
    let kept = usage(&owner, &id, query).await["total"].as_u64();
    assert!(
        kept >= counted,
        "{counted:?} became {kept:?}: see LedgerRecord::add_usage in shared/store/src/access/ledgers.rs"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_instances_count_adds_up() {
    let mut server = TestServer::start().await;
    let owner = owner(&server);
    let (id, key) = server.make_key(&owner, json!({ "name": "Mine" })).await;
    let mut instances = Vec::new();
    for _ in 0..4 {
        instances.push(key.at(&server.another_instance().await));
    }
    let mut calling = Vec::new();
    for instance in instances.clone() {
        calling.push(tokio::spawn(async move { calls(&instance, 25).await }));
    }
    for instance in calling {
        instance.await.expect("answers");
    }
    server.clock.advance(TimeDelta::hours(1));
    for instance in instances {
        calls(&instance, 1).await;
    }
    let query = "?from=2026-11-21T12:00:00Z&to=2026-11-21T13:00:00Z";
    assert_eq!(usage(&owner, &id, query).await["total"], 100);
}

#[tokio::test]
async fn a_busy_keys_ledgers_are_written_at_most_once_a_second_each() {
    let server = TestServer::start().await;
    // A person at the console has no limit, and so may make a key with a high one.
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let owner = session.header("timekit-app", LIVE_SLUG);
    let wanted = json!({
        "name": "Busy", "rate_limit": { "limit": 60_000, "window": "1 minute" },
    });
    let (id, key) = server.make_key(&owner, wanted).await;
    let nothing = format!("/v2/bookings/{}", BookingId::random(server.state.random()));
    let mut writes = Vec::new();
    let mut requests = 0;
    for _ in 0..80 {
        let before = server.state.store().calls();
        for _ in 0..3 {
            key.get(&nothing).await.expecting(404);
            requests += 1;
        }
        // The key and the booking are read each time; the rest are the ledgers of the key and of its app.
        writes.push(server.state.store().calls() - before - 6);
        server.clock.advance(TimeDelta::milliseconds(100));
    }
    // How busy it is shows in its first second only.
    let busy = &writes[10..];
    for second in busy.windows(10) {
        assert!(second.iter().sum::<u64>() <= 2, "{writes:?}");
    }
    let all: u64 = writes.iter().sum();
    assert!(all * 5 <= requests, "{all} writes for {requests} requests");
    bring_in(&key, &server).await;
    assert_eq!(usage(&owner, &id, "").await["rows"][0]["4xx"], requests);
}
