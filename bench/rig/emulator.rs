//! A cold start in AWS's Lambda Runtime Interface Emulator.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::body::Bytes;

use crate::rig::binaries::{Running, children, in_function_environment, peak_mb, processor_time};
use crate::rig::http::{Client, request};

/// One cold start.
pub(crate) struct ColdStart {
    /// From the first event, which starts the function, until its answer.
    pub(crate) took: Duration,
    /// How long of that the function ran on a processor.
    pub(crate) ran: Duration,
    /// The most memory that the function has had, in megabytes.
    pub(crate) peak_mb: f64,
    /// What it said.
    pub(crate) answer: Bytes,
}

/// Where `bench/run` put the emulator.
pub(crate) fn path() -> PathBuf {
    let path = std::env::var_os("LATCHKEY_LAMBDA_EMULATOR");
    path.expect("LATCHKEY_LAMBDA_EMULATOR names the emulator: call bench/run")
        .into()
}

/// Starts `program` with an event.
pub(crate) async fn cold_start(
    emulator: &Path,
    program: &Path,
    environment: &[(&str, &str)],
    event: &Bytes,
) -> ColdStart {
    let (door, api) = (free_address(), free_address());
    let mut command = in_function_environment(emulator, environment);
    command
        .args(["--runtime-interface-emulator-address", &door.to_string()])
        .args(["--runtime-api-address", &api.to_string()])
        .arg(program);
    let running = Running(command.spawn().expect("the emulator starts"));
    let patience = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(door).is_err() {
        assert!(Instant::now() < patience, "the emulator does not listen");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let url = format!("http://{door}/2015-03-31/functions/function/invocations");
    let client = Client::new();
    let answer = client.send(request("POST", &url, &[], event.clone())).await;
    let functions = children(running.0.id());
    let ran = functions.iter().copied().map(processor_time).sum();
    let peak_mb = functions
        .iter()
        .copied()
        .map(peak_mb)
        .fold(f64::NAN, f64::max);
    drop(running);
    for function in functions {
        // The emulator was killed, so nobody else ends what it started.
        let _ = std::process::Command::new("kill")
            .args(["-9", &function.to_string()])
            .stderr(std::process::Stdio::null())
            .status();
    }
    ColdStart {
        took: answer.took,
        ran,
        peak_mb,
        answer: answer.body,
    }
}

/// An address that nobody listens on.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address")
}
