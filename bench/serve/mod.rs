//! `latchkey serve` under load, with few bookings and with many: eight callers on the same machine, as whoever runs it
//! on a small server would have it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api::ambient::SystemClock;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use model::Clock as _;
use tokio::runtime::Builder;
use tokio::task::{JoinSet, spawn_blocking};

use crate::rig::caller::Caller;
use crate::rig::server::Server;
use crate::rig::table::{Row, Times, at_least, at_most};
use crate::warm::{booking_body, search_body};

/// How many call at once.
const CALLERS: usize = 8;

/// How many bookings there are, in the small server and in the large one.
const FEW: usize = 100;
const MANY: usize = 10_000;

/// Whom they are spread over.
const RESOURCES: usize = 20;

/// How many requests of a kind are sent in one turn, how long a turn takes at most, and how many there are.
const REQUESTS: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(10);
const TURNS: usize = 5;

/// What a widely hosted booking system written in PHP does on such a machine, client included: the better of its
/// figures. Ours should do ten times its reads and five times its creations in a tenth of its memory.
const PHP_READS: f64 = 449.0;
const PHP_CREATIONS: f64 = 203.0;
const PHP_MEMORY_MB: f64 = 350.0;

/// Of its rate with few bookings, what a search must keep with many. It is not 1 because the machine is noisy.
const KEPT_BAR: f64 = 0.8;

/// A kind of request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Get,
    Create,
    Search,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Get, Self::Search, Self::Create];

    const fn what(self) -> &'static str {
        match self {
            Self::Get => "GET /v2/bookings/{id}",
            Self::Create => "POST /v2/bookings",
            Self::Search => "POST /v2/availability",
        }
    }
}

/// A server with bookings in it.
struct Filled {
    server: Server,
    resources: Arc<Vec<String>>,
    booking: String,
    first: DateTime<Utc>,
    /// How many bookings each resource has by now.
    booked: Arc<AtomicI32>,
}

/// What came of requests of one kind.
#[derive(Default)]
struct Load {
    took: Vec<Duration>,
    busy: Duration,
}

impl Load {
    fn per_second(&self) -> f64 {
        self.took.len() as f64 / self.busy.as_secs_f64()
    }
}

/// The small server and the large one, in turns.
pub(crate) async fn measure() -> Vec<(&'static str, Vec<Row>)> {
    let few = Filled::with(FEW).await;
    let many = Filled::with(MANY).await;
    let mut loads: [[Load; 2]; 3] = Default::default();
    for turn in 1..=TURNS {
        for (kind, loads) in Kind::ALL.into_iter().zip(&mut loads) {
            for (filled, load) in [&few, &many].into_iter().zip(loads) {
                filled.call(kind, REQUESTS, load).await;
            }
        }
        eprint!("\rbench: serve, turn {turn} of {TURNS}");
    }
    eprintln!();
    let mut rows = Vec::new();
    for (kind, [with_few, with_many]) in Kind::ALL.into_iter().zip(&loads) {
        for (load, bookings) in [(with_few, FEW), (with_many, MANY)] {
            let rate = load.per_second();
            rows.push(Row {
                what: format!("{}, {bookings} bookings", kind.what()),
                times: Some(Times::of(load.took.clone())),
                per_second: Some(rate),
                compared: format!("{:.2}x the rate with {FEW}", rate / with_few.per_second()),
                bar: match kind {
                    Kind::Get => at_least(rate, 10.0 * PHP_READS, " per s"),
                    Kind::Create => at_least(rate, 5.0 * PHP_CREATIONS, " per s"),
                    Kind::Search => at_least(rate / with_few.per_second(), KEPT_BAR, "x"),
                },
                ..Row::default()
            });
        }
    }
    for (filled, bookings) in [(&few, FEW), (&many, MANY)] {
        // Of the peak, 20 MB are the hash of a password: the demo's, and that of whoever signed in to make keys.
        let resident = filled.server.resident_mb();
        rows.push(Row {
            what: format!("memory at the end, {bookings} bookings"),
            resident_mb: Some(resident),
            peak_mb: Some(filled.server.peak_mb()),
            bar: at_most(resident, PHP_MEMORY_MB / 10.0, " MB resident"),
            ..Row::default()
        });
    }
    vec![("latchkey serve, 8 callers on the same machine", rows)]
}

impl Filled {
    async fn with(bookings: usize) -> Self {
        let server = Server::start(CALLERS).await;
        let mut resources = Vec::new();
        for number in 0..RESOURCES {
            resources.push(server.create_resource(&format!("Resource {number}")).await);
        }
        let today = SystemClock
            .now()
            .date_naive()
            .and_time(NaiveTime::MIN)
            .and_utc();
        let first = today + TimeDelta::days(1);
        // One that is in nobody's way.
        let body = booking_body(&resources[0], first - TimeDelta::days(400));
        let booking = server.create("/v2/bookings", &body).await;
        let filled = Self {
            server,
            resources: Arc::new(resources),
            booking: format!("/v2/bookings/{booking}"),
            first,
            booked: Arc::default(),
        };
        let mut ignored = Load::default();
        while ignored.took.len() < bookings {
            let missing = bookings - ignored.took.len();
            filled.call(Kind::Create, missing, &mut ignored).await;
        }
        eprintln!(
            "bench: made {bookings} bookings, {:.0} per second",
            ignored.per_second()
        );
        filled
    }

    /// All callers call until so many requests have been answered, or time is up.
    async fn call(&self, kind: Kind, requests: usize, load: &mut Load) {
        let sent = Arc::new(AtomicUsize::new(0));
        let mut callers = Vec::new();
        let begun = Instant::now();
        for authorization in self.server.authorizations.clone() {
            let (base, resources) = (self.server.base.clone(), self.resources.clone());
            let (sent, booked) = (sent.clone(), self.booked.clone());
            let (booking, first) = (self.booking.clone(), self.first);
            callers.push(async move {
                let mut caller = Caller::connect(&base, &authorization).await;
                let mut took = Vec::new();
                while begun.elapsed() < PATIENCE {
                    let number = sent.fetch_add(1, Ordering::Relaxed);
                    if number >= requests {
                        break;
                    }
                    let (method, path, body, status) = match kind {
                        Kind::Get => ("GET", booking.as_str(), String::new(), 200),
                        Kind::Search => {
                            let resource = &resources[number % resources.len()];
                            (
                                "POST",
                                "/v2/availability",
                                search_body(resource).to_string(),
                                200,
                            )
                        }
                        Kind::Create => {
                            // Each resource is booked every twelve hours.
                            let booked = booked.fetch_add(1, Ordering::Relaxed);
                            let resource = &resources[booked as usize % resources.len()];
                            let start = first + TimeDelta::hours(12) * (booked / RESOURCES as i32);
                            let body = booking_body(resource, start).to_string();
                            ("POST", "/v2/bookings", body, 201)
                        }
                    };
                    let answer = caller.send(method, path, &body).await;
                    assert_eq!(
                        answer.status,
                        status,
                        "{}",
                        String::from_utf8_lossy(answer.body)
                    );
                    took.push(answer.took);
                }
                took
            });
        }
        for took in on_one_thread(callers).await {
            load.took.extend(took);
        }
        load.busy += begun.elapsed();
    }
}

/// Runs all on one thread of their own. Calling takes from the server's two cores, so it must take little.
async fn on_one_thread<T: Send + 'static>(
    callers: Vec<impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let run = move || {
        let runtime = Builder::new_current_thread().enable_io().build();
        runtime
            .expect("a runtime")
            .block_on(async { callers.into_iter().collect::<JoinSet<_>>().join_all().await })
    };
    spawn_blocking(run)
        .await
        .expect("callers that do not panic")
}
