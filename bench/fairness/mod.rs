//! Whether one tenant's heavy work keeps another waiting: the other's requests beside each kind of it, compared with the
//! same requests on the same server at rest.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api::ambient::SystemClock;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use model::Clock as _;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::rig::caller::Caller;
use crate::rig::server::Server;
use crate::rig::table::{Row, Times, at_most};
use crate::rig::thread;
use crate::warm::{booking_body, search_body};

/// How often the other tenant calls: seldom enough for every limit, and for a machine that is otherwise at rest.
const EVERY: Duration = Duration::from_millis(20);

/// How many requests of the other tenant are measured in one turn, and how many turns there are.
const REQUESTS: usize = 200;
const TURNS: usize = 3;

/// How many resources the tenant with the heavy work has, and how many bookings.
const RESOURCES: usize = 10;
const BOOKINGS: i32 = 2_000;

/// How much longer the other's requests may take.
const BAR: f64 = 2.0;

/// A kind of heavy work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Abuse {
    Searches,
    FindTime,
    SignUps,
    Bulk,
    Lists,
}

impl Abuse {
    const ALL: [Self; 5] = [
        Self::Searches,
        Self::FindTime,
        Self::SignUps,
        Self::Bulk,
        Self::Lists,
    ];

    const fn what(self) -> &'static str {
        match self {
            Self::Searches => "8 x POST /v2/availability, 6 months of 10 resources",
            Self::FindTime => "8 x POST /v2/findtime/bulk, 6 months of 10 resources",
            Self::SignUps => "60 x POST /v2/accounts",
            Self::Bulk => "8 x POST /v2/bookings/bulk, 100 bookings",
            Self::Lists => "8 x GET /v2/bookings, 1,000 of 2,000 bookings",
        }
    }

    const fn callers(self) -> usize {
        match self {
            Self::SignUps => 60,
            _ => 8,
        }
    }

    fn request(self, heavy: &Tenant, number: usize) -> (&'static str, &'static str, String) {
        let resources = &heavy.resources;
        match self {
            Self::Searches => {
                let body = json!({ "resources": resources, "mode": "roundrobin_prioritized", "to": "6 months",
                    "length": "1 hour", "timeslot_increments": "10 minutes" });
                ("POST", "/v2/availability", body.to_string())
            }
            Self::FindTime => {
                let body =
                    json!({ "resource_ids": resources, "future": "6 months", "length": "1 hour" });
                ("POST", "/v2/findtime/bulk", body.to_string())
            }
            Self::SignUps => {
                let body = json!({ "name": "Nobody", "email": format!("nobody{number}@example.com"),
                    "password": "correct horse battery" });
                ("POST", "/v2/accounts", body.to_string())
            }
            Self::Bulk => {
                let number = i32::try_from(number).unwrap_or(i32::MAX);
                let start = heavy.first + TimeDelta::days(400) + TimeDelta::hours(50) * number;
                let booking =
                    |half: i32| booking_body(&resources[0], start + TimeDelta::minutes(30) * half);
                let bookings: Vec<_> = (0..100).map(booking).collect();
                (
                    "POST",
                    "/v2/bookings/bulk",
                    json!({ "bookings": bookings }).to_string(),
                )
            }
            Self::Lists => ("GET", "/v2/bookings?limit=1000", String::new()),
        }
    }
}

/// A tenant with resources.
struct Tenant {
    authorizations: Vec<String>,
    resources: Vec<String>,
    first: DateTime<Utc>,
}

/// What came of the other tenant's requests.
#[derive(Default)]
struct Load {
    took: Vec<Duration>,
}

impl Load {
    fn p95(&self) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        took[took.len() * 95 / 100]
    }
}

/// Each kind of heavy work, in turns with rest.
pub(crate) async fn measure() -> Vec<(&'static str, Vec<Row>)> {
    let most_callers = Abuse::ALL.map(Abuse::callers).into_iter().max();
    let server = Server::start(most_callers.unwrap_or(1)).await;
    let heavy = Arc::new(Tenant::with_bookings(&server).await);
    let other = Arc::new(Tenant::beside(&server).await);
    let (sent, booked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut loads: [(Load, Load); Abuse::ALL.len()] = Default::default();
    let mut peaks = [0.0; Abuse::ALL.len()];
    for turn in 1..=TURNS {
        for (at, abuse) in Abuse::ALL.into_iter().enumerate() {
            loads[at]
                .0
                .took
                .extend(call(&server, &other, &booked).await);
            let stop = Arc::new(AtomicBool::new(false));
            let abusing = tokio::spawn(abuse_with(
                abuse,
                server.base.clone(),
                heavy.clone(),
                sent.clone(),
                stop.clone(),
            ));
            loads[at]
                .1
                .took
                .extend(call(&server, &other, &booked).await);
            peaks[at] = server.resident_mb().max(peaks[at]);
            stop.store(true, Ordering::Relaxed);
            abusing.await.expect("callers that do not panic");
        }
        eprint!("\rbench: fairness, turn {turn} of {TURNS}");
    }
    eprintln!();
    let rows = Abuse::ALL.into_iter().zip(loads).zip(peaks);
    let rows = rows.map(|((abuse, (idle, beside)), peak)| {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let (idle, p95) = (ms(idle.p95()), ms(beside.p95()));
        Row {
            what: format!("beside {}", abuse.what()),
            times: Some(Times::of(beside.took)),
            resident_mb: Some(peak),
            compared: format!("p95 {p95:.2} ms, at rest {idle:.2} ms: {:.2}x", p95 / idle),
            bar: at_most(p95 / idle, BAR, "x"),
            ..Row::default()
        }
    });
    vec![("fairness: another tenant's requests", rows.collect())]
}

impl Tenant {
    /// The demo's live app, with what its heavy work needs.
    async fn with_bookings(server: &Server) -> Self {
        let mut resources = Vec::new();
        for number in 0..RESOURCES {
            resources.push(server.create_resource(&format!("Heavy {number}")).await);
        }
        let tenant = Self {
            authorizations: server.authorizations.clone(),
            resources,
            first: tomorrow(),
        };
        let mut caller = Caller::connect(&server.base, &tenant.authorizations[0]).await;
        for number in 0..BOOKINGS / 100 {
            let start = tenant.first + TimeDelta::hours(50) * number;
            let booking = |half: i32| {
                booking_body(&tenant.resources[1], start + TimeDelta::minutes(30) * half)
            };
            let bookings: Vec<_> = (0..100).map(booking).collect();
            let body = json!({ "bookings": bookings }).to_string();
            let made = caller.send("POST", "/v2/bookings/bulk", &body).await;
            assert_eq!(made.status, 201);
        }
        tenant
    }

    /// Somebody who has just signed up, with one resource.
    async fn beside(server: &Server) -> Self {
        let authorizations = server.sign_up("other@example.com", 1).await;
        let body = json!({ "name": "Other", "timezone": "Etc/UTC" });
        let resource = server
            .create_as(&authorizations[0], "/v2/resources", &body)
            .await;
        Self {
            authorizations,
            resources: vec![resource],
            first: tomorrow(),
        }
    }
}

fn tomorrow() -> DateTime<Utc> {
    let today = SystemClock.now().date_naive();
    today.and_time(NaiveTime::MIN).and_utc() + TimeDelta::days(1)
}

/// The other tenant reads, searches and books, in turns, at its own pace; answers how long each took.
async fn call(server: &Server, tenant: &Arc<Tenant>, booked: &Arc<AtomicUsize>) -> Vec<Duration> {
    let (base, tenant, booked) = (server.base.clone(), tenant.clone(), booked.clone());
    thread::on_its_own(async move {
        let mut caller = Caller::connect(&base, &tenant.authorizations[0]).await;
        let resource = &tenant.resources[0];
        let read = format!("/v2/resources/{resource}");
        let search = search_body(resource).to_string();
        let mut took = Vec::new();
        let mut pace = interval(EVERY);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in 0..REQUESTS {
            pace.tick().await;
            let answer = match number % 3 {
                0 => caller.send("GET", &read, "").await,
                1 => caller.send("POST", "/v2/availability", &search).await,
                _ => {
                    let booked = booked.fetch_add(1, Ordering::Relaxed);
                    let booked = i32::try_from(booked).unwrap_or(i32::MAX);
                    let start = tenant.first + TimeDelta::minutes(30) * booked;
                    let body = booking_body(resource, start).to_string();
                    caller.send("POST", "/v2/bookings", &body).await
                }
            };
            assert!(
                answer.status < 300,
                "{}",
                String::from_utf8_lossy(answer.body)
            );
            took.push(answer.took);
        }
        took
    })
    .await
}

/// Heavy work of so many callers at once, until it is to stop.
async fn abuse_with(
    abuse: Abuse,
    base: String,
    heavy: Arc<Tenant>,
    sent: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
) {
    thread::giving_way(async move {
        let callers = (0..abuse.callers()).map(|caller| {
            let (heavy, sent, stop, base) =
                (heavy.clone(), sent.clone(), stop.clone(), base.clone());
            async move {
                // Each from an address of its own, because sign-ups are limited by address.
                let last = u8::try_from(caller + 1).unwrap_or(u8::MAX);
                let from = Ipv4Addr::new(127, 0, 1, last);
                let authorization = &heavy.authorizations[caller];
                let mut caller = Caller::connect_from(from, &base, authorization).await;
                while !stop.load(Ordering::Relaxed) {
                    let number = sent.fetch_add(1, Ordering::Relaxed);
                    let (method, path, body) = abuse.request(&heavy, number);
                    let begun = Instant::now();
                    let status = caller.send(method, path, &body).await.status;
                    assert!(status < 300 || status == 429, "{path}: {status}");
                    if status == 429 {
                        // A caller that is refused retries a little later.
                        let wait = Duration::from_millis(20).saturating_sub(begun.elapsed());
                        tokio::time::sleep(wait).await;
                    }
                }
            }
        });
        callers.collect::<JoinSet<_>>().join_all().await;
    })
    .await;
}
