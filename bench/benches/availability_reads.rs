//! What a search for free time reads from the store, counted, and how long the whole request takes beside it: against
//! the embedded store, over real connections. The arithmetic alone is `availability`.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use local::demo::TEST_APP;
use model::ids::ResourceId;
use model::occupancy::{Buffers, Claim, ClaimKind};
use model::{Clock, TimeSlot};
use serde_json::json;
use tests::TestServer;
use uuid::Uuid;

/// Resources, weeks and bookings of one search.
const SEARCHES: [(u64, i64, u64); 3] = [(1, 4, 40), (50, 4, 2_000), (500, 12, 50_000)];

#[tokio::main]
async fn main() {
    println!(
        "resources weeks bookings | store calls (by kind) | bytes read | slots | whole request, best of 5"
    );
    for (resources, weeks, bookings) in SEARCHES {
        let mut server = TestServer::start().await;
        let app = server.app();
        let now = server.clock.now();
        let mut ids = Vec::new();
        for number in 0..resources {
            let body = json!({
                "name": format!("Resource {number}"), "timezone": "Europe/Copenhagen",
                "availability_constraints": [{ "allow_hours": { "start": 8, "end": 18 } }, { "allow_weekdays": {} }],
            });
            let made = app.post("/v2/resources", body).await.expecting(201);
            let id: ResourceId = made.id().parse().expect("an id");
            let each = bookings / resources;
            let claims: Vec<Claim> = (0..each).map(|nth| claim(now, weeks, each, nth)).collect();
            server.fill_sheets(TEST_APP, id, &claims);
            ids.push(id.to_string());
        }
        let (base, faults) = server.faulty_instance().await;
        let app = app.at(&base);
        let body = json!({
            "resources": ids, "mode": "roundrobin_random", "length": "30 minutes",
            "to": format!("{weeks} weeks"), "buffer": "10 minutes",
        });
        let mut best = None;
        let mut slots = 0;
        for _ in 0..5 {
            faults.heal();
            let begun = Instant::now();
            let reply = app
                .post("/v2/availability", body.clone())
                .await
                .expecting(200);
            let took = begun.elapsed();
            best = Some(best.map_or(took, |best| took.min(best)));
            slots = reply.body["data"].as_array().map_or(0, Vec::len);
        }
        let mut calls = faults.calls();
        calls.sort_unstable();
        let kinds: Vec<String> = calls
            .chunk_by(|one, next| one == next)
            .map(|same| format!("{} {}", same.len(), same[0]))
            .collect();
        println!(
            "{resources:>9} {weeks:>5} {bookings:>8} | {} ({}) | {} | {slots} | {:?}",
            calls.len(),
            kinds.join(", "),
            faults.bytes_read(),
            best.unwrap_or_default()
        );
    }
}

/// The `nth` of `each` bookings of a resource, spread over the weeks.
fn claim(now: DateTime<Utc>, weeks: i64, each: u64, nth: u64) -> Claim {
    let step = TimeDelta::weeks(weeks) / i32::try_from(each).expect("a few");
    let start = now + step * i32::try_from(nth).expect("a few");
    Claim {
        id: Uuid::from_u64_pair(1, nth),
        slot: TimeSlot::new(start, start + TimeDelta::minutes(30)).expect("a slot"),
        buffers: Buffers::default(),
        until: None,
        kind: ClaimKind::Booking,
    }
}
