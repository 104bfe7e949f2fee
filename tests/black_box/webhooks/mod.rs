//! The function `webhooks`: the event log.

mod event_log;
