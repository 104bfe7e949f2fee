//! How long the arithmetic of a search for free time takes, without the store.

use std::hint::black_box;
use std::time::{Duration, Instant};

use api::ambient::SystemRandom;
use chrono::{DateTime, TimeDelta, Utc};
use criterion::Criterion;
use model::TimeSlot;
use model::availability::{Bookable, Search, Settings};
use model::constraint::{Schedule, parse_constraints};
use model::filter::Filters;
use model::ids::ResourceId;
use model::occupancy::{Buffers, Claim, ClaimKind};
use model::time::Tz;
use serde_json::json;
use uuid::Uuid;

/// A search over so many resources and weeks, with so many bookings in them.
fn search(mode: &str, resources: u64, weeks: i64, bookings: u64, capacity: u32) -> Search {
    // 2026-11-21 12:00 UTC.
    let now = DateTime::<Utc>::from_timestamp(1_795_262_400, 0).expect("an instant");
    let settings = json!({
        "mode": mode, "length": "30 minutes", "to": format!("{weeks} weeks"), "buffer": "10 minutes",
        "minimum_notice": "2 hours", "max_bookings_per_day": 12,
    });
    let settings = Settings::parse(settings.as_object().expect("an object"), "").expect("sound");
    let schedule = |list: serde_json::Value| {
        let list = list.as_array().expect("a list").clone();
        Schedule::new(&parse_constraints(&list, "constraints").expect("sound"))
    };
    let own = schedule(json!([
        { "allow_hours": { "start": 8, "end": 18 } },
        { "block_hours": { "start": 12, "end": 13 } },
        { "allow_weekdays": {} },
    ]));
    let holidays = schedule(json!([
        { "block_period": { "start": "2026-12-24", "end": "2026-12-27" } },
        { "block_period": { "start": "2026-12-31", "end": "2027-01-02" } },
    ]));
    let zones = [
        Tz::known("Europe/Copenhagen"),
        Tz::known("America/New_York"),
        Tz::known("Asia/Kolkata"),
        Tz::known("Australia/Sydney"),
    ];
    let minutes = weeks * 7 * 24 * 60;
    let claim = |number: u64| {
        // Spread by a multiplier that shares no factor with the range.
        let minute = number.wrapping_mul(7_919) % minutes.unsigned_abs() / 15 * 15;
        let start = now + TimeDelta::minutes(minute.cast_signed());
        Claim {
            id: Uuid::from_u64_pair(1, number),
            slot: TimeSlot::new(start, start + TimeDelta::minutes(30)).expect("a slot"),
            buffers: Buffers {
                before_s: 0,
                after_s: 600,
            },
            until: None,
            kind: ClaimKind::Booking,
        }
    };
    let resources = (0..resources)
        .map(|number| Bookable {
            id: ResourceId::new(Uuid::from_u64_pair(0, number)),
            zone: zones[(number % 4) as usize],
            capacity,
            schedule: own.clone(),
            claims: (0..bookings)
                .filter(|booking| booking % resources == number)
                .map(claim)
                .collect(),
        })
        .collect();
    Search {
        terms: settings.terms(now, zones[0]).expect("sound"),
        schedules: vec![holidays],
        filters: Filters::default(),
        resources,
    }
}

fn main() {
    let cases = [
        ("1 resource, 4 weeks", search("mutual", 1, 4, 40, 1)),
        (
            "50 resources, 4 weeks, 2,000 bookings",
            search("roundrobin_random", 50, 4, 2_000, 1),
        ),
        (
            "50 resources, 4 weeks, 2,000 bookings, all who are free",
            search("exclusive", 50, 4, 2_000, 1),
        ),
        (
            "50 resources of capacity 3, 4 weeks, 2,000 bookings",
            search("roundrobin_random", 50, 4, 2_000, 3),
        ),
        (
            "500 resources, 12 weeks, 50,000 bookings",
            search("roundrobin_random", 500, 12, 50_000, 1),
        ),
    ];
    let mut criterion = Criterion::default()
        .sample_size(20)
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("availability");
    for (name, search) in &cases {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| black_box(search.slots(&SystemRandom)));
        });
    }
    group.finish();
    criterion.final_summary();

    for (name, search) in &cases {
        let begun = Instant::now();
        let slots = search.slots(&SystemRandom).len();
        println!("availability/{name}: {:?}, {slots} slots", begun.elapsed());
    }
    println!("50 resources over 4 weeks with 2,000 bookings must stay under 5ms");
}
