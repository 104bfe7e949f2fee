//! Who may do what, and what strangers and other tenants learn.

mod callers;
mod never_wider;
mod outlive;
mod parents;
mod refused_credentials;
mod scopes;
mod tenants;
