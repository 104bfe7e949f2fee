//! The `latchkey` command.

use std::num::NonZero;
use std::process::ExitCode;
use std::thread::available_parallelism;

use tokio::runtime::Builder;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How many threads there are for each core: the embedded engine lets one caller after another write, and a thread that waits
/// for that does nothing else.
const THREADS_FOR_A_CORE: usize = 2;

fn main() -> ExitCode {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS_FOR_A_CORE * cores)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(local::cli::run());
            // What still computes for requests that were cut off would otherwise hold up the end.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            eprintln!("latchkey: no threads can be had: {error}");
            ExitCode::FAILURE
        }
    }
}
