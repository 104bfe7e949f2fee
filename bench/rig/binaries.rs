//! The programs that are measured, as they are released: functions by one profile, the server by another.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The server, which lies beside this program.
///
/// # Panics
///
/// If it has not been built.
pub(crate) fn server() -> PathBuf {
    built(&own().with_file_name("latchkey"))
}

/// A function by its name.
///
/// # Panics
///
/// If it has not been built.
pub(crate) fn function(name: &str) -> PathBuf {
    let profiles = own().parent().and_then(Path::parent).map(Path::to_owned);
    built(
        &profiles
            .expect("this program lies in its profile's folder")
            .join("release")
            .join(name),
    )
}

fn own() -> PathBuf {
    std::env::current_exe().expect("this program is a file")
}

fn built(path: &Path) -> PathBuf {
    assert!(
        path.is_file(),
        "{} is missing: call bench/run",
        path.display()
    );
    path.to_owned()
}

/// How large it is, in megabytes (of 1,000,000 bytes).
pub(crate) fn size_mb(path: &Path) -> f64 {
    let metadata = std::fs::metadata(path).expect("it has been built");
    metadata.len() as f64 / 1e6
}

/// What a function finds in its environment on AWS, with `more`.
pub(crate) fn in_function_environment(program: &Path, more: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_SESSION_TOKEN", "local")
        .env("HOME", "/nonexistent")
        .env("TABLE_PREFIX", "latchkey-")
        .env("APP_RATE_PER_MINUTE", super::server::APP_RATE)
        .envs(more.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A process that ends with this.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// The most memory that it has had, in megabytes (of 1,000,000 bytes).
    pub(crate) fn peak_mb(&self) -> f64 {
        peak_mb(self.0.id())
    }

    /// The memory that it has now, in megabytes (of 1,000,000 bytes).
    pub(crate) fn resident_mb(&self) -> f64 {
        memory_mb(self.0.id(), "VmRSS:")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The most memory that a process has had, in megabytes (of 1,000,000 bytes).
pub(crate) fn peak_mb(pid: u32) -> f64 {
    memory_mb(pid, "VmHWM:")
}

fn memory_mb(pid: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib * 1024.0 / 1e6)
}

/// The children of a process.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|line| {
            line.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

/// How long the threads that a process has have run on a processor. Other programs on the machine hardly change it.
pub(crate) fn processor_time(pid: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let counted = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        counted.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}
