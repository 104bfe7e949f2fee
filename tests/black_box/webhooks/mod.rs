//! What happens is told: the event log, the clock that carries out what is due, and deliveries to endpoints.

mod clock;
mod deliveries;
mod endpoints;
mod event_log;
mod reminders;
pub(crate) mod samples;
mod stream;
mod things;
mod workers;
