//! How long it takes to find out who calls and whether they may, without the store: what is presented is read and
//! hashed, the key's record is judged, and a permit is taken from a live lease.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::ambient::{SystemClock, SystemRandom};
use auth::decide::{AuthRecord, Circumstances, decide};
use auth::issue::{self, NewKey, Secret};
use auth::presented::{self, Presented, basic_with_key};
use auth::{Access, Caller, Issuer, Limiter, PlainKey};
use chrono::{DateTime, TimeDelta, Utc};
use criterion::Criterion;
use model::ids::AppId;
use model::key::{ApiKey, KeyKind, Mode};
use model::rate::RateLimit;
use model::scope::{Scope, Scopes};
use store::{Connection, Store, Tables, Writer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// How many runs the percentiles are of.
const RUNS: usize = 100_000;

/// A limit of which one lease is enough for all runs.
const RATE: RateLimit = RateLimit::per_minute(u32::MAX);

/// A store that takes every write of a lease, and knows nothing else.
async fn yielding_store() -> Store {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = vec![0; 64 * 1024];
                // A lease is asked for in one packet.
                while let Ok(1..) = caller.read(&mut asked).await {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                    if caller.write_all(answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    let client = Connection::Endpoint(endpoint).client().await;
    Store::new(
        client,
        Tables::with_prefix("bench-"),
        Arc::new(SystemRandom),
        Arc::new(SystemClock),
    )
}

/// Somebody who calls.
struct Calling {
    header: String,
    key: ApiKey,
    access: Access,
    at: Circumstances,
    limiter: Limiter,
    store: Store,
    counters: Writer,
}

impl Calling {
    fn with(kind: KeyKind, store: &Store, now: DateTime<Utc>) -> Self {
        let plain = PlainKey::generate(kind, Mode::Live, &SystemRandom);
        let issuer = Issuer {
            app: AppId::random(&SystemRandom),
            app_created_at: now,
            mode: Mode::Live,
            by: "account:bench".to_owned(),
        };
        let wanted = NewKey {
            name: "Production App".to_owned(),
            kind,
            scopes: [Scope::BookingsRead, Scope::BookingsWrite]
                .into_iter()
                .collect::<Scopes>(),
            expires_at: Some(now + TimeDelta::days(30)),
            allowed_cidrs: ["198.51.100.0/24", "203.0.113.0/24"]
                .map(|cidr| cidr.parse().expect("a network"))
                .into(),
            allowed_origins: Vec::new(),
            rate_limit: Some(RATE),
            address_rate_limit: None,
        };
        Self {
            header: basic_with_key(plain.expose()),
            key: issue::key(wanted, Secret::Ours(&plain), &issuer, &SystemRandom, now),
            access: Access::scope(Scope::BookingsRead).access(),
            at: Circumstances {
                now,
                address: "203.0.113.7".parse().ok(),
                origin: None,
                is_development: false,
            },
            limiter: Limiter::default(),
            counters: store.writer(),
            store: store.clone(),
        }
    }

    /// From the header to a caller that has its permits.
    async fn authenticate(&self) -> Caller {
        let presented = presented::read(&[self.header.as_bytes()], false);
        let Ok(Some(Presented::Key(hash))) = presented else {
            panic!("it is a key");
        };
        // What the store would find by this hash.
        let found = (hash == self.key.hash).then(|| AuthRecord::Key(self.key.clone()));
        let caller = decide(found, self.access, &self.at).expect("it may");
        let Caller::App(principal) = &caller else {
            panic!("it acts for its app");
        };
        let limits = principal.limits("", RATE);
        let admitted = self.limiter.admit(&self.counters, &limits, self.at.now);
        admitted.await.expect("it is within its limits");
        caller
    }

    /// Until its lease is fresh, and good for all runs.
    async fn prepare(&self) {
        let mut calls = self.store.calls();
        for run in 0.. {
            self.authenticate().await;
            let fresh = self.store.calls() > calls;
            calls = self.store.calls();
            if fresh && run > RUNS {
                return;
            }
        }
    }

    /// How long each of so many runs took, shortest first.
    async fn measure(&self) -> Vec<Duration> {
        self.prepare().await;
        let calls = self.store.calls();
        let mut took = Vec::with_capacity(RUNS);
        for _ in 0..RUNS {
            let begun = Instant::now();
            black_box(self.authenticate().await);
            took.push(begun.elapsed());
        }
        assert_eq!(self.store.calls(), calls, "the store was not asked");
        took.sort();
        took
    }
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let store = runtime.block_on(yielding_store());
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("an instant");
    let kinds = [("app key", KeyKind::Api), ("named key", KeyKind::Named)];
    let calling = kinds.map(|(name, kind)| (name, Calling::with(kind, &store, now)));

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("authenticate");
    for (name, calling) in &calling {
        group.bench_function(*name, |bencher| {
            bencher.iter_custom(|runs| {
                runtime.block_on(async {
                    let begun = Instant::now();
                    for _ in 0..runs {
                        black_box(calling.authenticate().await);
                    }
                    begun.elapsed()
                })
            });
        });
    }
    group.finish();
    criterion.final_summary();

    for (name, calling) in &calling {
        let took = runtime.block_on(calling.measure());
        let percentile = |percent: usize| took[took.len() * percent / 100];
        println!(
            "authenticate/{name}: p50 {:?}, p99 {:?} of {RUNS} runs; p99 must stay under 20µs",
            percentile(50),
            percentile(99),
        );
    }
}
