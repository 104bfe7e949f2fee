//! Three servers, each a process of its own, over one store: a laptop's embedded one or, under `make test-dynamodb`, Amazon's
//! own DynamoDB Local. Nothing but the store decides between them.

use std::collections::BTreeMap;

use api::ambient::SystemClock;
use chrono::{DateTime, TimeDelta, Utc};
use local::demo::{EMAIL, LIVE_APP, LIVE_SLUG};
use model::Clock as _;
use model::time::{Tz, format_instant};
use serde_json::{Value, json};
use store::Connection;
use tempfile::TempDir;
use tests::invariants::Snapshot;
use tests::{Client, Reply, booking, other_endpoint};

use crate::consistency::history::{self, Race};
use crate::platform::process::{FIRST, LATER, Running, serving, word_after};

const PROCESSES: usize = 3;

/// The processes, and somebody who calls each of them with a key whose limit nobody reaches.
struct Deployment {
    _folders: Vec<TempDir>,
    _running: Vec<Running>,
    store: Connection,
    clients: Vec<Client>,
    /// A midnight to come.
    midnight: DateTime<Utc>,
}

impl Deployment {
    async fn start() -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        let other = other_endpoint();
        let store = match &other {
            Some(endpoint) => ["--dynamodb-endpoint", endpoint],
            None => ["--store-listen", "127.0.0.1:0"],
        };
        let mut folders = vec![folder()];
        let first = Running::start(folders[0].path(), &store, FIRST).await;
        let endpoint = word_after(&first.printed, "Its store is at ");
        // The embedded store's port asks for it.
        let token = std::fs::read_to_string(folders[0].path().join("port-secret"));
        let token = token.unwrap_or_default();
        let key = fast_key(&first).await;
        let mut running = vec![first];
        for _ in 1..PROCESSES {
            let folder = folder();
            // One deployment has one master secret.
            let secret = "master-secret.json";
            std::fs::copy(folders[0].path().join(secret), folder.path().join(secret))
                .expect("the secret");
            let mut guest = serving(folder.path(), &["--dynamodb-endpoint", &endpoint]);
            guest.env("AWS_SESSION_TOKEN", &token);
            running.push(Running::of(guest, LATER).await);
            folders.push(folder);
        }
        let clients = running.iter().map(|process| {
            let key = auth::presented::basic_with_key(&key);
            process.anonymous().header("authorization", &key)
        });
        let today = SystemClock.now().date_naive();
        let midnight = (today + TimeDelta::days(20)).and_time(chrono::NaiveTime::MIN);
        Self {
            clients: clients.collect(),
            midnight: midnight.and_utc(),
            _folders: folders,
            _running: running,
            store: match other {
                Some(endpoint) => Connection::Endpoint(endpoint),
                None => Connection::guarded(endpoint, token),
            },
        }
    }

    fn at(&self, minutes: i64) -> String {
        format_instant(self.midnight + TimeDelta::minutes(minutes), Tz::UTC)
    }

    async fn room(&self) -> String {
        let room = json!({ "name": "Room", "timezone": "UTC" });
        let made = self.clients[0].post("/v2/resources", room).await;
        made.expecting(201).id()
    }

    fn wanted(&self, room: &str, graph: &str, (from, to): (i64, i64)) -> Value {
        booking(room, graph, &self.at(from), &self.at(to))
    }

    async fn book(&self, body: Value) -> String {
        let made = self.clients[0].post("/v2/bookings", body).await;
        made.expecting(201).id()
    }

    /// Sends all at once, each to the next process, and answers them in order.
    async fn all_at_once<F>(&self, many: usize, send: impl Fn(Client, usize) -> F) -> Vec<Reply>
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        let sent: Vec<_> = (0..many)
            .map(|number| {
                let client = self.clients[number % PROCESSES].clone();
                tokio::spawn(send(client, number))
            })
            .collect();
        let mut replies = Vec::new();
        for reply in sent {
            replies.push(reply.await.expect("an answer"));
        }
        replies
    }
}

/// A key with the highest limit there is. Only a person may make it.
async fn fast_key(server: &Running) -> String {
    let password = word_after(&server.printed, &format!("{EMAIL} password "));
    let body = json!({ "email": EMAIL, "password": password });
    let session = server.anonymous().post("/v2/sessions", body).await;
    let session = session.expecting(201);
    let cookie = session.header("set-cookie").expect("a cookie");
    let csrf = session.body["data"]["csrf_token"].as_str();
    let person = server
        .anonymous()
        .header("cookie", cookie.split(';').next().expect("a pair"))
        .header("x-csrf-token", csrf.expect("a token"))
        .header("origin", &server.base)
        .header("timekit-app", LIVE_SLUG);
    let rate = json!({ "limit": 100_000, "window": "1 minute" });
    let wanted = json!({ "name": "Fast", "scopes": ["*"], "rate_limit": rate });
    let made = person.post("/v2/keys", wanted).await.expecting(201);
    let key = made.body["data"]["key"].as_str();
    key.expect("shown once").to_owned()
}

fn statuses(replies: &[Reply]) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    for reply in replies {
        *statuses.entry(reply.status).or_default() += 1;
    }
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn three_server_processes_never_sell_a_time_twice_and_refuse_none_that_is_free() {
    let deployment = Deployment::start().await;
    creates(&deployment).await;
    confirms(&deployment).await;
    moves(&deployment).await;
    cancels(&deployment).await;
    buffers_across_midnight(&deployment).await;
    let clients = (0..2 * PROCESSES).map(|number| deployment.clients[number % PROCESSES].clone());
    let race = Race {
        clients: clients.collect(),
        midnight: deployment.midnight + TimeDelta::days(30),
        steps: 120,
        seed: history::seed(),
    };
    let record = race.run().await;
    let client = deployment.store.client().await;
    let snapshot = Snapshot::read(&client, LIVE_APP).await;
    record.check_against(&snapshot, SystemClock.now());
}

async fn creates(deployment: &Deployment) {
    let room = deployment.room().await;
    for round in 0..5 {
        let wanted = deployment.wanted(&room, "instant", (round * 60, round * 60 + 60));
        let replies = deployment
            .all_at_once(30, |client, _| {
                let wanted = wanted.clone();
                async move { client.post("/v2/bookings", wanted).await }
            })
            .await;
        assert_eq!(statuses(&replies), BTreeMap::from([(201, 1), (409, 29)]));
    }
}

async fn confirms(deployment: &Deployment) {
    let room = deployment.room().await;
    let mut tentative = Vec::new();
    for _ in 0..9 {
        let wanted = deployment.wanted(&room, "confirm_decline", (600, 660));
        tentative.push(deployment.book(wanted).await);
    }
    let replies = deployment
        .all_at_once(9, |client, number| {
            let path = format!("/v2/bookings/{}/confirm", tentative[number]);
            async move { client.put(&path, json!({})).await }
        })
        .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, 1), (409, 8)]));
}

/// All want to move to one time: one does, and the others keep what they have.
async fn moves(deployment: &Deployment) {
    let room = deployment.room().await;
    let mut ids = Vec::new();
    for number in 0..9 {
        let wanted = deployment.wanted(&room, "instant", (number * 60, number * 60 + 60));
        ids.push(deployment.book(wanted).await);
    }
    let body = json!({ "start": deployment.at(1_200), "end": deployment.at(1_260) });
    let replies = deployment
        .all_at_once(9, |client, number| {
            let path = format!("/v2/bookings/{}/reschedule", ids[number]);
            let body = body.clone();
            async move { client.post(&path, body).await }
        })
        .await;
    let moved = replies.iter().filter(|reply| reply.status < 300).count();
    assert_eq!(moved, 1, "{:?}", statuses(&replies));
    for (number, reply) in (0..).zip(&replies) {
        let wanted = deployment.wanted(&room, "instant", (number * 60, number * 60 + 60));
        let again = deployment.clients[1].post("/v2/bookings", wanted).await;
        let expected = if reply.status < 300 { 201 } else { 409 };
        assert_eq!(again.status, expected, "{number}: {}", again.body);
    }
}

async fn cancels(deployment: &Deployment) {
    let room = deployment.room().await;
    let wanted = deployment.wanted(&room, "instant", (0, 60));
    let id = deployment.book(wanted.clone()).await;
    let path = format!("/v2/bookings/{id}/cancel");
    let replies = deployment
        .all_at_once(12, |client, _| {
            let path = path.clone();
            async move { client.put(&path, json!({})).await }
        })
        .await;
    assert_eq!(statuses(&replies), BTreeMap::from([(200, 1), (409, 11)]));
    deployment.book(wanted).await;
}

async fn buffers_across_midnight(deployment: &Deployment) {
    let room = deployment.room().await;
    for day in 0..10 {
        let midnight = (2 * day + 1) * 1_440;
        let mut evening = deployment.wanted(&room, "instant", (midnight - 60, midnight - 10));
        evening["settings"] = json!({ "buffer_after": "30 minutes" });
        let morning = deployment.wanted(&room, "instant", (midnight + 10, midnight + 60));
        let both = [evening, morning];
        let replies = deployment
            .all_at_once(2, |client, number| {
                let wanted = both[number].clone();
                async move { client.post("/v2/bookings", wanted).await }
            })
            .await;
        let expected = BTreeMap::from([(201, 1), (409, 1)]);
        assert_eq!(statuses(&replies), expected, "day {day}");
    }
}
