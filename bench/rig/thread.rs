//! Callers on a thread of their own: calling takes from the server's processors, so it must take little.

use rustix::process::setpriority_process;
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

/// The nice value of callers whose own work is not what is measured: the lowest priority there is.
const GIVES_WAY: i32 = 19;

/// Runs `callers` on one thread of its own, which runs only when nothing else wants the processor. In the field these callers
/// have computers of their own, so what they spend reading megabytes must not delay the server or the caller that is measured.
///
/// # Panics
///
/// If they do.
pub(crate) async fn giving_way<T: Send + 'static>(
    callers: impl Future<Output = T> + Send + 'static,
) -> T {
    let run = move || {
        // On Linux a priority is a thread's, and it cannot be raised again: so the thread is no pool's.
        setpriority_process(None, GIVES_WAY).expect("a lower priority");
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(callers)
    };
    let callers = std::thread::spawn(run);
    spawn_blocking(|| callers.join())
        .await
        .expect("a thread that waits")
        .expect("callers that do not panic")
}

/// Runs `callers` on one thread of its own.
///
/// # Panics
///
/// If they do.
pub(crate) async fn on_its_own<T: Send + 'static>(
    callers: impl Future<Output = T> + Send + 'static,
) -> T {
    let run = move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(callers)
    };
    spawn_blocking(run)
        .await
        .expect("callers that do not panic")
}
