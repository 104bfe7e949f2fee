//! The function `keys`: API keys from their creation to their revocation, their use, and the audit log.

mod audit;
mod import;
mod leaked;
mod lifecycle;
mod material;
mod rotation;
mod timetime;
mod usage;
