//! Callers on a thread of their own: calling takes from the server's processors, so it must take little.

use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

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
