//! Black-box tests across all functions: each starts a whole server of its own and talks to it over a connection.

mod access;
mod accounts;
mod bad_input;
mod bookings;
mod contract;
mod credentials_answers;
mod http_conventions;
mod keys;
mod lists;
mod process;
mod races;
mod resources;
mod source_documents;
mod tenants;
