//! HTTP, processes, invocations and logs, whatever the operation.

mod http_conventions;
mod invocations;
mod no_operation;
pub(crate) mod process;
mod server_processes;
mod serving;
mod store_away;
mod telemetry;
mod upgrades;
