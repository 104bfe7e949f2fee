//! The bodies of webhooks, in the layout and version that an endpoint is pinned to. They are made once, for the first delivery,
//! of records that are read already.
//!
//! A newer version of the bodies gets a module of its own and a branch in [`body`]. What a version says never changes, because
//! programs of others rely on it; members may be added.

mod body;
mod delivered;
mod document;
mod event;
mod example;
mod standard;
mod timekit;

pub use body::body;
pub use delivered::{Delivered, Subject};
pub use document::describe;
pub use event::{AuthorView, EventDataView};
pub use example::{Example, example};
pub use standard::{WebhookBody, WebhookData};

#[cfg(test)]
mod tests;
