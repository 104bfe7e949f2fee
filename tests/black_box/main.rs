//! Black-box tests across all functions: each starts a whole server of its own and talks to it over a connection.

mod access;
mod accounts;
mod bookings;
mod contract;
mod credentials_answers;
mod keys;
mod races;
mod source_documents;
mod tenants;
