//! Black-box tests across all functions: each starts a whole server of its own and talks to it over a connection.
//!
//! A folder for each function has its name; the others have the name of their subject.

mod access;
mod accounts;
mod availability;
mod bookings;
mod consistency;
mod console;
mod contract;
mod credentials;
mod input;
mod keys;
mod limits;
mod lists;
mod pages;
mod platform;
mod projects;
mod resources;
mod webhooks;
