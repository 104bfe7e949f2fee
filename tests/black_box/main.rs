//! Black-box tests across all functions: each starts a whole server of its own and talks to it over a connection.

mod contract;
mod races;
mod source_documents;
