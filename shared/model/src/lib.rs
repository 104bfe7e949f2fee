//! The nouns and rules of booking. No AWS, no HTTP, no clock, no environment: time and randomness
//! arrive as arguments, so every rule here can be tested by calling it.

pub mod account;
pub mod ambient;
pub mod app;
pub mod audit;
pub mod availability;
pub mod booking;
pub mod constraint;
pub mod dated;
pub mod delivery;
pub mod duration;
mod ends;
pub mod event;
pub mod fault;
pub mod filter;
pub mod graph;
pub mod ids;
pub mod interval;
mod json_text;
pub mod kept_json;
pub mod key;
pub mod language;
pub mod lenient;
pub mod location;
pub mod occupancy;
pub mod origin;
pub mod outbox;
pub mod payment;
pub mod project;
pub mod rate;
pub mod reminder;
pub mod reservation;
pub mod resource;
pub mod scope;
pub mod seats;
pub mod slug;
pub mod template;
pub mod text;
pub mod time;
pub mod usage;
pub mod wall;
pub mod webhook;
pub mod widget;

pub use ambient::{Clock, Random};
pub use dated::Dated;
pub use time::TimeSlot;
