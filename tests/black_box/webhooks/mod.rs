//! What happens is told: the event log, and the clock that carries out what is due.

mod clock;
mod event_log;
mod reminders;
