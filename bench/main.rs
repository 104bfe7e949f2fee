//! Measures whole functions, and the whole server, beside bare ones. `bench/run` builds what that needs and calls this.

#[path = "cold-start/mod.rs"]
mod cold_start;
mod fairness;
mod relay;
mod rig;
mod serve;
mod warm;

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// Counts what the measured code asks for in this process.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What can be measured.
const PARTS: [&str; 5] = ["cold-start", "warm", "serve", "fairness", "relay"];

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let unknown = asked.iter().find(|part| !PARTS.contains(&part.as_str()));
    assert!(unknown.is_none(), "{unknown:?} is none of {PARTS:?}");
    let is_asked = |part: &str| asked.is_empty() || asked.iter().any(|asked| asked == part);

    let mut rows = Vec::new();
    if is_asked("cold-start") {
        let server = rig::server::Server::start(1).await;
        rows.extend(cold_start::measure(&server).await);
    }
    if is_asked("warm") {
        let server = rig::server::Server::start(1).await;
        rows.extend(warm::measure(&server).await);
    }
    if is_asked("serve") {
        rows.extend(serve::measure().await);
    }
    if is_asked("fairness") {
        rows.extend(fairness::measure().await);
    }
    if is_asked("relay") {
        rows.extend(relay::measure().await);
    }
    rig::table::print(&rows);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("Load of the machine at the end: {}", load.trim());
    println!("One part alone: bench/run {}", PARTS.join(" | bench/run "));
}
