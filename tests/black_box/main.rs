//! Black-box tests across all functions: each starts a whole server of its own and talks to it over a connection.

mod access;
mod accounts;
mod audit;
mod bad_input;
mod bookings;
mod calendar;
mod contract;
mod credentials_answers;
mod http_conventions;
mod import;
mod key_quality;
mod keys;
mod leaked;
mod limits;
mod lists;
mod never_wider;
mod process;
mod races;
mod resources;
mod rotation;
mod source_documents;
mod tenants;
mod timetime;
mod usage;
