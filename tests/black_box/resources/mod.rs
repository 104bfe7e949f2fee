//! The function `resources`: what can be booked, its calendars and their events.

mod events;
mod lifecycle;
