//! A function that has been called before, called over and over: latency, rate, store calls, and beside them the
//! allocations of one request.

mod allocations;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use api::ambient::SystemClock;
use axum::body::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use model::Clock as _;
use serde_json::{Value, json};

use crate::rig::proxy::Proxy;
use crate::rig::runtime_api::Function;
use crate::rig::server::Server;
use crate::rig::table::{Row, Times, at_most};
use crate::rig::{binaries, event};

/// How often each function is called in one of its turns, and how many turns it has.
const CALLS: usize = 100;
const TURNS: usize = 20;

/// What a store call takes longer in the second part.
const DELAY: Duration = Duration::from_millis(3);

/// The most that getting a booking may cost, of what two `GetItem`s one after another do.
const GET_BAR: f64 = 1.25;

/// A function, and how the events are made that it is called with.
struct Case<'a> {
    what: &'static str,
    program: PathBuf,
    gets: &'static str,
    events: Box<dyn FnMut() -> Bytes + 'a>,
    status: u64,
}

impl<'a> Case<'a> {
    fn new(
        what: &'static str,
        program: &str,
        gets: &'static str,
        events: Box<dyn FnMut() -> Bytes + 'a>,
        status: u64,
    ) -> Self {
        Self {
            what,
            program: binaries::function(program),
            gets,
            events,
            status,
        }
    }
}

/// What was measured of one.
struct Measured {
    function: Function,
    took: Vec<Duration>,
    busy: Duration,
    store_calls: u64,
}

/// What the measured requests are about.
pub(super) struct Subjects {
    pub(super) authorization: String,
    pub(super) booking: String,
    pub(super) booked: String,
    pub(super) searched: String,
    /// The first slot that nobody has booked yet.
    next: DateTime<Utc>,
}

impl Subjects {
    async fn create(server: &Server) -> Self {
        let tomorrow = SystemClock
            .now()
            .date_naive()
            .and_time(chrono::NaiveTime::MIN)
            .and_utc()
            + TimeDelta::days(1);
        let booked = server.create_resource("Booked").await;
        let searched = server.create_resource("Searched").await;
        let first = booking_body(&booked, tomorrow);
        let booking = server.create("/v2/bookings", &first).await;
        for number in 0..40 {
            let start = tomorrow + TimeDelta::hours(12) * number;
            server
                .create("/v2/bookings", &booking_body(&searched, start))
                .await;
        }
        Self {
            authorization: server.authorizations[0].clone(),
            booking: format!("/v2/bookings/{booking}"),
            booked,
            searched,
            next: tomorrow + TimeDelta::days(1),
        }
    }

    /// A booking that can be made, another one each time.
    pub(super) fn next_booking(&mut self) -> Value {
        let body = booking_body(&self.booked, self.next);
        self.next += TimeDelta::minutes(30);
        body
    }

    /// A search for free time.
    pub(super) fn search(&self) -> Value {
        search_body(&self.searched)
    }
}

/// A booking of half an hour that needs no confirmation, so that it takes its time at once.
pub(crate) fn booking_body(resource: &str, start: DateTime<Utc>) -> Value {
    json!({
        "resource_id": resource, "graph": "instant",
        "start": start.to_rfc3339(), "end": (start + TimeDelta::minutes(30)).to_rfc3339(),
        "what": "Catch the lightning", "where": "Courthouse, Hill Valley",
        "customer": { "name": "Marty McFly", "email": "marty@example.com" },
    })
}

/// A search for an hour within office hours of two weeks.
pub(crate) fn search_body(resource: &str) -> Value {
    json!({
        "mode": "mutual", "resources": [resource], "length": "1 hour", "from": "tomorrow", "to": "2 weeks",
        "constraints": [{ "allow_hours": { "start": 9, "end": 17 } }, { "allow_weekdays": {} }],
    })
}

/// Against the embedded store, and against one that takes longer for each call.
pub(crate) async fn measure(server: &Server) -> Vec<(&'static str, Vec<Row>)> {
    server.create_items().await;
    let mut subjects = Subjects::create(server).await;
    let allocations = allocations::count(server, &mut subjects).await;
    let near = Proxy::start(&server.store, Duration::ZERO).await;
    let far = Proxy::start(&server.store, DELAY).await;
    vec![
        (
            "warm, embedded store (through a proxy that counts)",
            measure_over(server, &near, &mut subjects, &allocations).await,
        ),
        (
            "warm, 3 ms more for each store call",
            measure_over(server, &far, &mut subjects, &allocations).await,
        ),
    ]
}

async fn measure_over(
    server: &Server,
    store: &Proxy,
    subjects: &mut Subjects,
    allocations: &[f64],
) -> Vec<Row> {
    let authorization = Some(subjects.authorization.as_str());
    let get = event::of("get_booking", Some(&subjects.booking), authorization);
    let get = Bytes::from(get.to_string());
    let create = event::of("create_booking", Some("/v2/bookings"), authorization);
    let search = event::of(
        "list_available_slots",
        Some("/v2/availability"),
        authorization,
    );
    let search = Bytes::from(event::with_body(search, &subjects.search()).to_string());
    let same = |event: &Bytes| -> Box<dyn FnMut() -> Bytes> {
        let event = event.clone();
        Box::new(move || event.clone())
    };
    let next =
        || Bytes::from(event::with_body(create.clone(), &subjects.next_booking()).to_string());
    let mut cases = [
        Case::new("GetItem", "get_item_lean", "1", same(&get), 200),
        Case::new(
            "two GetItems, one after another",
            "get_item_lean",
            "2",
            same(&get),
            200,
        ),
        Case::new("GET /v2/bookings/{id}", "bookings", "", same(&get), 200),
        Case::new("POST /v2/bookings", "bookings", "", Box::new(next), 201),
        Case::new(
            "POST /v2/availability",
            "availability",
            "",
            same(&search),
            200,
        ),
    ];
    let mut measured = Vec::new();
    for case in &mut cases {
        let environment = [
            ("DYNAMODB_ENDPOINT", store.endpoint.as_str()),
            ("AWS_SESSION_TOKEN", server.store_token.as_str()),
            ("GETS", case.gets),
        ];
        let mut function = Function::start(&case.program, &environment).await;
        for _ in 0..CALLS {
            function.call_expecting(case.status, &(case.events)()).await;
        }
        measured.push(Measured {
            function,
            took: Vec::new(),
            busy: Duration::ZERO,
            store_calls: 0,
        });
    }
    for turn in 1..=TURNS {
        for (case, measured) in cases.iter_mut().zip(&mut measured) {
            let events: Vec<Bytes> = (0..CALLS).map(|_| (case.events)()).collect();
            let calls_before = store.calls();
            let begun = Instant::now();
            for event in &events {
                let took = measured.function.call_expecting(case.status, event).await;
                measured.took.push(took);
            }
            measured.busy += begun.elapsed();
            measured.store_calls += store.calls() - calls_before;
        }
        eprint!("\rbench: warm, turn {turn} of {TURNS}");
    }
    eprintln!();
    rows(&cases, &measured, allocations)
}

fn rows(cases: &[Case<'_>; 5], measured: &[Measured], allocations: &[f64]) -> Vec<Row> {
    let times: Vec<Times> = measured
        .iter()
        .map(|one| Times::of(one.took.clone()))
        .collect();
    let calls = (CALLS * TURNS) as f64;
    let mut rows: Vec<Row> = (cases.iter().zip(measured).zip(&times).zip(allocations))
        .map(|(((case, measured), times_of_case), allocations)| Row {
            what: case.what.to_owned(),
            times: Some(*times_of_case),
            per_second: Some(calls / measured.busy.as_secs_f64()),
            store_calls: Some(measured.store_calls as f64 / calls),
            allocations: Some(*allocations),
            peak_mb: Some(measured.function.peak_mb()),
            compared: format!(
                "{:.2}x GetItem, {:.2}x two",
                times_of_case.ratio(&times[0]),
                times_of_case.ratio(&times[1])
            ),
            ..Row::default()
        })
        .collect();
    rows[2].bar = at_most(times[2].ratio(&times[1]), GET_BAR, "x two");
    rows
}
