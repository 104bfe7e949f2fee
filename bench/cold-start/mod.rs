//! From nothing to the first answer: our functions beside bare ones, in turns, so that whatever else the machine does
//! meets all of them alike.

use std::path::PathBuf;
use std::time::Duration;

use api::ambient::SystemRandom;
use auth::PlainKey;
use axum::body::Bytes;
use model::key::{KeyKind, Mode};
use serde_json::json;

use crate::rig::runtime_api::{Function, expect_status};
use crate::rig::server::Server;
use crate::rig::table::{Row, Times, at_most, median};
use crate::rig::tls::Door;
use crate::rig::{binaries, emulator, event};

/// How often each function starts, in each way.
const RUNS: usize = 40;

/// The most that the bookings function may cost, of what the function with one `GetItem` does.
const BOOKINGS_BAR: f64 = 1.15;

/// The same of its first request by somebody whom it knows.
const AUTHENTICATED_BAR: f64 = 2.0;

/// The most that the console function may cost, of what the bookings function does.
const CONSOLE_BAR: f64 = 1.2;

/// The most that the bookings function may weigh, in megabytes.
const SIZE_BAR_MB: f64 = 8.0;

/// One function, with its first event.
struct Case {
    what: &'static str,
    program: PathBuf,
    environment: Vec<(&'static str, String)>,
    event: Bytes,
    status: u64,
    took: Vec<Duration>,
    ran: Vec<Duration>,
    peaks_mb: Vec<f64>,
    starts: Vec<Duration>,
    firsts: Vec<Duration>,
}

impl Case {
    fn new(
        what: &'static str,
        program: &str,
        environment: &[(&'static str, &str)],
        event: &serde_json::Value,
        status: u64,
    ) -> Self {
        let environment = environment.iter();
        Self {
            what,
            program: binaries::function(program),
            environment: environment
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            event: event.to_string().into(),
            status,
            took: Vec::new(),
            ran: Vec::new(),
            peaks_mb: Vec::new(),
            starts: Vec::new(),
            firsts: Vec::new(),
        }
    }

    fn environment(&self) -> Vec<(&str, &str)> {
        let environment = self.environment.iter();
        environment
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }

    async fn start_in_emulator(&mut self, emulator: &std::path::Path) {
        let environment = self.environment();
        let start = emulator::cold_start(emulator, &self.program, &environment, &self.event).await;
        expect_status(self.status, &start.answer);
        self.took.push(start.took);
        self.ran.push(start.ran);
        self.peaks_mb.push(start.peak_mb);
    }

    async fn start_at_runtime_api(&mut self) {
        let mut function = Function::start(&self.program, &self.environment()).await;
        let first = function.call_expecting(self.status, &self.event).await;
        self.starts.push(function.start);
        self.firsts.push(first);
    }

    fn forget(&mut self) {
        self.took.clear();
        self.ran.clear();
        self.peaks_mb.clear();
        self.starts.clear();
        self.firsts.clear();
    }

    fn times(&self) -> Times {
        Times::of(self.took.clone())
    }

    fn ran(&self) -> Times {
        Times::of(self.ran.clone())
    }

    fn peak_mb(&self) -> f64 {
        median(self.peaks_mb.clone())
    }

    fn row(&self) -> Row {
        let ms = |took: &[Duration]| Times::of(took.to_vec()).p50.as_secs_f64() * 1e3;
        Row {
            what: self.what.to_owned(),
            times: Some(self.times()),
            processor: Some(self.ran().p50),
            peak_mb: Some(self.peak_mb()),
            size_mb: Some(binaries::size_mb(&self.program)),
            compared: format!(
                "start {:.2} ms + event {:.2} ms",
                ms(&self.starts),
                ms(&self.firsts)
            ),
            ..Row::default()
        }
    }
}

/// Starts everything by plain HTTP to the store, as `sam local` does, then by TLS, as AWS does.
pub(crate) async fn measure(server: &Server) -> Vec<(&'static str, Vec<Row>)> {
    server.create_items().await;
    let mut parts = vec![(
        "cold start, plain HTTP to the store",
        measure_over(server, &server.store, None).await,
    )];
    match Door::start(&server.store).await {
        Some(door) => parts.push((
            "cold start, TLS to the store",
            measure_over(server, &door.endpoint, Some(&door)).await,
        )),
        None => eprintln!("bench: cold starts with TLS: SKIPPED (needs openssl)"),
    }
    parts
}

async fn measure_over(server: &Server, store: &str, door: Option<&Door>) -> Vec<Row> {
    let resource = server.create_resource("Cold start").await;
    let booking = json!({
        "resource_id": resource, "graph": "instant", "what": "A booking", "where": "Here",
        "start": "2040-01-02T10:00:00+00:00", "end": "2040-01-02T11:00:00+00:00",
        "customer": { "name": "Marty McFly", "email": "marty@example.com" },
    });
    let id = server.create("/v2/bookings", &booking).await;
    let path = format!("/v2/bookings/{id}");
    let get_booking = event::of("get_booking", Some(&path), Some(&server.authorizations[0]));
    // A key of the right shape that nobody has: it costs the one read that tells so.
    let stranger = PlainKey::generate(KeyKind::Named, Mode::Live, &SystemRandom);
    let stranger = format!("Bearer {}", stranger.expose());
    let refused = event::of("get_booking", Some(&path), Some(&stranger));

    // As documented, the SDK trusts whom the operating system trusts; our functions trust a few.
    let (all, few) = door.map_or((None, None), |door| {
        (
            Some(("SSL_CERT_FILE", door.all_authorities.as_str())),
            Some(("SSL_CERT_FILE", door.authority.as_str())),
        )
    });
    let token = ("AWS_SESSION_TOKEN", server.store_token.as_str());
    let as_documented: Vec<_> = [("AWS_ENDPOINT_URL_DYNAMODB", store), token]
        .into_iter()
        .chain(all)
        .collect();
    let ours: Vec<_> = [("DYNAMODB_ENDPOINT", store), token]
        .into_iter()
        .chain(few)
        .collect();
    let mut cases = [
        Case::new("bare", "bare", &[], &get_booking, 200),
        Case::new(
            "GetItem, as documented",
            "get_item",
            &as_documented,
            &get_booking,
            200,
        ),
        Case::new(
            "GetItem, our client",
            "get_item_lean",
            &ours,
            &get_booking,
            200,
        ),
        Case::new("bookings, one GetItem", "bookings", &ours, &refused, 401),
        Case::new(
            "bookings, authenticated",
            "bookings",
            &ours,
            &get_booking,
            200,
        ),
        Case::new(
            "console",
            "console",
            &ours,
            &event::of("show_console", None, None),
            200,
        ),
    ];
    let emulator = emulator::path();
    for run in 0..=RUNS {
        for case in &mut cases {
            case.start_in_emulator(&emulator).await;
            case.start_at_runtime_api().await;
            if run == 0 {
                // The first run only brings the files into memory.
                case.forget();
            }
        }
        eprint!("\rbench: cold start {run} of {RUNS}");
    }
    eprintln!();
    rows(&cases)
}

fn rows(cases: &[Case; 6]) -> Vec<Row> {
    let mut rows: Vec<Row> = cases.iter().map(Case::row).collect();
    let [_, documented, lean, bookings, authenticated, console] = cases;
    let compare = |what: String, case: &Case, other: &Case, bar: f64| {
        let ratio = case.times().ratio(&other.times());
        let ran = case.ran().ratio(&other.ran());
        let memory = case.peak_mb() / other.peak_mb();
        Row {
            what,
            compared: format!("time {ratio:.2}x, processor {ran:.2}x, memory {memory:.2}x"),
            bar: at_most(ratio.max(memory), bar, "x"),
            ..Row::default()
        }
    };
    let of = |case: &Case| format!("of {:?}", case.what);
    for other in [documented, lean] {
        rows.push(compare(
            format!("bookings {}", of(other)),
            bookings,
            other,
            BOOKINGS_BAR,
        ));
        let ratio = authenticated.times().ratio(&other.times());
        let ran = authenticated.ran().ratio(&other.ran());
        rows.push(Row {
            what: format!("authenticated {}", of(other)),
            compared: format!("time {ratio:.2}x, processor {ran:.2}x"),
            bar: at_most(ratio, AUTHENTICATED_BAR, "x"),
            ..Row::default()
        });
    }
    rows.push(compare(
        format!("console {}", of(bookings)),
        console,
        bookings,
        CONSOLE_BAR,
    ));
    for case in [bookings, console] {
        let size = binaries::size_mb(&case.program);
        rows.push(Row {
            what: format!(
                "size of {}",
                case.program.file_name().unwrap_or_default().display()
            ),
            size_mb: Some(size),
            bar: at_most(size, SIZE_BAR_MB, " MB"),
            ..Row::default()
        });
    }
    rows
}
