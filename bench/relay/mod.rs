//! From a commit to a receiver: how many deliveries a second the local workers make, how long one takes beside endpoints that
//! hang, and how fast a backlog is gone. Receivers are on this machine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use api::ambient::SystemClock;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use model::Clock as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::rig::caller::Caller;
use crate::rig::server::Server;
use crate::rig::table::{Row, Times, at_least, at_most};
use crate::warm::booking_body;

/// How many endpoints one app has in the measurement of latency, and another; one app may have 64. So many of them hang.
const ENDPOINTS: [usize; 2] = [60, 40];
const HANGING: usize = 5;

/// How many bookings are made one after another for it.
const BOOKINGS: i32 = 200;

/// How many deliveries there are in the backlog: bookings times endpoints.
const BACKLOG_ENDPOINTS: usize = 20;
const BACKLOG_BOOKINGS: i32 = 5_000;

const PER_SECOND_BAR: f64 = 1_000.0;
const P99_BAR_MS: f64 = 50.0;

/// Long enough for a backlog.
const PATIENCE: Duration = Duration::from_secs(600);

/// A receiver that notes when it got what.
#[derive(Default)]
struct Receiver {
    /// By path: when each arrived.
    arrived: Mutex<HashMap<String, Vec<Instant>>>,
    count: watch::Sender<usize>,
}

async fn receive(State(receiver): State<Arc<Receiver>>, uri: Uri, _: HeaderMap) -> StatusCode {
    let path = uri.path().to_owned();
    if path == "/hangs" {
        std::future::pending::<()>().await;
    }
    let now = Instant::now();
    let mut arrived = receiver.arrived.lock().expect("no panic in here");
    arrived.entry(path).or_default().push(now);
    drop(arrived);
    receiver.count.send_modify(|count| *count += 1);
    StatusCode::NO_CONTENT
}

impl Receiver {
    /// Starts one, and answers where it listens.
    async fn start() -> (Arc<Self>, String) {
        let receiver = Arc::new(Self::default());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let routes = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (receiver, base)
    }

    fn arrived(&self, path: &str) -> Vec<Instant> {
        let arrived = self.arrived.lock().expect("no panic in here");
        arrived.get(path).cloned().unwrap_or_default()
    }

    async fn wait_for(&self, path: &str, many: usize) -> Vec<Instant> {
        let mut count = self.count.subscribe();
        let enough = async {
            while self.arrived(path).len() < many {
                count.changed().await.expect("it is there");
            }
        };
        let enough = tokio::time::timeout(PATIENCE, enough).await;
        let arrived = self.arrived(path);
        assert!(enough.is_ok(), "{} of {many} arrived", arrived.len());
        arrived
    }
}

pub(crate) async fn measure() -> Vec<(&'static str, Vec<Row>)> {
    let first = SystemClock
        .now()
        .date_naive()
        .and_time(NaiveTime::MIN)
        .and_utc()
        + TimeDelta::days(30);
    vec![(
        "relay: from the commit to the receiver",
        vec![latency(first).await, backlog(first).await],
    )]
}

async fn endpoint(server: &Server, authorization: &str, url: String) {
    let body = json!({ "url": url, "payload": "thin", "events": ["booking.*"] });
    server.create_as(authorization, "/v2/webhooks", &body).await;
}

/// Bookings one after another, each told to 60 endpoints, of which five hang; 40 more belong to another app, which is told of
/// nothing. The time is from the answer to the arrival at an endpoint that does not hang.
async fn latency(first: DateTime<Utc>) -> Row {
    let server = Server::start(1).await;
    let (receiver, base) = Receiver::start().await;
    let other = server.sign_up("other@example.com", 1).await;
    let mine = server.authorizations[0].clone();
    for number in 0..ENDPOINTS[0] {
        let path = match number {
            0 => "/timed".to_owned(),
            1..=HANGING => "/hangs".to_owned(),
            _ => format!("/{number}"),
        };
        endpoint(&server, &mine, format!("{base}{path}")).await;
    }
    for number in 0..ENDPOINTS[1] {
        endpoint(&server, &other[0], format!("{base}/other{number}")).await;
    }
    let resource = server.create_resource("Room").await;
    let mut caller = Caller::connect(&server.base, &mine).await;
    let mut took = Vec::new();
    for number in 0..BOOKINGS {
        let body = booking_body(&resource, first + TimeDelta::hours(2) * number);
        let before = receiver.arrived("/timed").len();
        let answered = caller.send("POST", "/v2/bookings", &body.to_string()).await;
        assert_eq!(answered.status, 201);
        let committed = Instant::now();
        let arrived = receiver.wait_for("/timed", before + 1).await;
        took.push(arrived[before].saturating_duration_since(committed));
    }
    let times = Times::of(took);
    Row {
        what: "a booking told to 60 endpoints of which 5 hang, answer to receipt".to_owned(),
        times: Some(times),
        bar: at_most(times.p99.as_secs_f64() * 1_000.0, P99_BAR_MS, " ms p99"),
        ..Row::default()
    }
}

/// Bookings in bulk, each told to 20 endpoints: 100,000 deliveries.
async fn backlog(first: DateTime<Utc>) -> Row {
    let server = Server::start(1).await;
    let (receiver, base) = Receiver::start().await;
    let mine = server.authorizations[0].clone();
    for _ in 0..BACKLOG_ENDPOINTS {
        endpoint(&server, &mine, format!("{base}/all")).await;
    }
    let resource = server.create_resource("Room").await;
    let mut caller = Caller::connect(&server.base, &mine).await;
    for hundred in 0..BACKLOG_BOOKINGS / 100 {
        let start = first + TimeDelta::hours(50) * hundred;
        let booking = |half: i32| booking_body(&resource, start + TimeDelta::minutes(30) * half);
        let bookings: Vec<_> = (0..100).map(booking).collect();
        let body = json!({ "bookings": bookings }).to_string();
        let answered = caller.send("POST", "/v2/bookings/bulk", &body).await;
        assert_eq!(answered.status, 201);
    }
    let written = Instant::now();
    let many = usize::try_from(BACKLOG_BOOKINGS).unwrap_or(0) * BACKLOG_ENDPOINTS;
    let had = receiver.arrived("/all").len();
    let arrived = receiver.wait_for("/all", many).await;
    let last = arrived.iter().max().expect("a delivery");
    let seconds = last.saturating_duration_since(written).as_secs_f64();
    let per_second = (many - had) as f64 / seconds;
    Row {
        what: format!("{} deliveries that waited, to a receiver here", many - had),
        per_second: Some(per_second),
        bar: at_least(per_second, PER_SECOND_BAR, " per s"),
        ..Row::default()
    }
}
