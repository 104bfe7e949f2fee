//! Secrets of the console: session tokens, their CSRF tokens, and one-time links.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Random;
use model::key::HashedKey;
use secrecy::{ExposeSecret, SecretString};

use crate::plain_key::hash_secret;

/// How long a session holds, in hours.
pub const SESSION_HOURS: i64 = 12;

/// How long a password-reset link holds, in minutes.
pub const RESET_LINK_MINUTES: i64 = 30;

/// 256 random bits as 43 characters that need no escaping in a cookie or an address.
#[derive(Clone)]
pub struct PlainToken(SecretString);

impl PlainToken {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random.bytes::<32>()).into())
    }

    /// Takes what a caller sent. Whether it is one of ours, only a look-up tells.
    pub fn presented(text: &str) -> Self {
        Self(text.into())
    }

    /// What is kept of it.
    pub fn hashed(&self) -> HashedKey {
        hash_secret(self.0.expose_secret())
    }

    /// The CSRF token of the session that this is the token of: whoever has the session's can compute it,
    /// nobody can go back from it.
    pub fn csrf(&self) -> String {
        hash_secret(&format!("csrf:{}", self.0.expose_secret())).to_hex()
    }

    /// The token itself, for the one answer that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainToken")
    }
}
