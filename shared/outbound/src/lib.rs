//! Requests to addresses that tenants have chosen, e.g. webhooks: which may be called, how they are signed, one attempt, and
//! when to try again. It knows no store.

mod addresses;
mod client;
mod connect;
mod reason;
mod retry_after;
mod schedule;
mod signature;
mod target;
mod trace;

pub use addresses::is_forbidden;
pub use client::{Attempt, Client, DEADLINE, EXCERPT};
pub use connect::{Resolve, Resolving, SystemResolver};
/// The bytes of a request's body.
pub use hyper::body::Bytes;
pub use reason::Reason;
pub use schedule::{Outcome, Schedule};
pub use signature::{
    AppSecret, EndpointSecret, InvalidSecret, SIGNATURE, TIMEKIT_SIGNATURE, sign_standard,
    sign_timekit,
};
pub use target::{Reach, Target, TargetFault, check_reminder_url};
pub use trace::{TRACEPARENT, TraceParent};
