//! Who is calling, and may they: key material, what callers present, and the decision. Nothing here knows
//! HTTP's statuses; `api` turns a refusal into an answer.

pub mod access;
pub mod authenticate;
pub mod decide;
pub mod denied;
pub mod development;
pub mod feed_address;
pub mod issue;
pub mod key_cache;
pub mod limiter;
pub mod master_secret;
pub mod password;
pub mod plain_key;
pub mod presented;
pub mod principal;
pub mod refusals;
pub mod secret_scan;
pub mod shares;
pub mod signature;
pub mod token;

pub use access::{Access, AccessFor, AddressLimit, Anonymous, Proof};
pub use authenticate::{Authenticated, Policy, Request, authenticate};
pub use decide::KeyStatus;
pub use denied::{AuthError, Denied};
pub use feed_address::FeedAddress;
pub use issue::Issuer;
pub use key_cache::KeyCache;
pub use limiter::Limiter;
pub use master_secret::MasterSecret;
pub use plain_key::PlainKey;
pub use principal::{Caller, Principal, Reach, Who, Wider};
pub use refusals::RefusalCounter;
pub use shares::{Overloaded, Owner, Shares, Turn};
pub use signature::SigningSecret;
