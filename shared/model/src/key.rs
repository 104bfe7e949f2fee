//! What is kept of a caller's secrets: a hash, and everything that may be said about it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::ids::{AppId, CredentialId, KeyId, ResourceId};
use crate::origin::Origin;
use crate::rate::RateLimit;
use crate::scope::Scopes;

/// Whether an app's data is real. An app is one or the other for life, and its keys' prefix says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Real customers.
    Live,
    /// For trying things out.
    Test,
}

impl Mode {
    /// `live` or `test`, as keys begin.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// The families of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// The app's own secret key, Timekit's "App API key".
    Api,
    /// The app's public key for booking pages, Timekit's "App widget key".
    Widget,
    /// A secret key with a name, as TimeTime has them.
    Named,
}

impl KeyKind {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Api, Self::Widget, Self::Named];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Widget => "widget",
            Self::Named => "named",
        }
    }
}

impl FromStr for KeyKind {
    type Err = UnknownKeyKind;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name)
            .ok_or(UnknownKeyKind)
    }
}

/// A name that no kind of key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind; the known ones are api, widget, named")]
pub struct UnknownKeyKind;

/// SHA-256 of a whole secret. It cannot be turned back, and it is what secrets are looked up by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HashedKey([u8; 32]);

/// Text that is no SHA-256 in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256; write its 64 hexadecimal digits")]
pub struct InvalidHash;

impl HashedKey {
    /// The hash with these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`InvalidHash`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidHash> {
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(InvalidHash);
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| InvalidHash)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidHash)?;
        }
        Ok(Self(bytes))
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        use fmt::Write as _;
        self.0
            .iter()
            .fold(String::with_capacity(64), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }
}

impl fmt::Debug for HashedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashedKey")
    }
}

impl TryFrom<String> for HashedKey {
    type Error = InvalidHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<HashedKey> for String {
    fn from(hash: HashedKey) -> Self {
        hash.to_hex()
    }
}

/// An API key: what an app calls with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Names the key without being it.
    pub id: KeyId,
    /// The app it acts for.
    pub app: AppId,
    /// When that app was made: lists by month end there.
    pub app_created_at: DateTime<Utc>,
    /// That app's mode.
    pub mode: Mode,
    /// Its family.
    pub kind: KeyKind,
    /// What people call it; need not be unique.
    pub name: String,
    /// The hash it is found by.
    pub hash: HashedKey,
    /// Prefix and four characters, so that people can tell keys apart; empty for an imported one.
    pub start: String,
    /// What it may do. A widget key's list is empty: the operations name it themselves.
    pub scopes: Scopes,
    /// Addresses it may be used from; empty means any.
    pub allowed_cidrs: Vec<IpNet>,
    /// Origins a widget key may be used from; empty means any.
    pub allowed_origins: Vec<Origin>,
    /// Its own rate limit; none means its kind's.
    #[serde(default)]
    pub rate_limit: Option<RateLimit>,
    /// A widget key's own rate limit for one source address; none means the usual one.
    #[serde(default)]
    pub address_rate_limit: Option<RateLimit>,
    /// Whether it was brought along by its hash.
    pub imported: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Who made it.
    pub created_by: String,
    /// From when on it is refused; none means never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when it is refused for good.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The key that replaced it, if one did.
    #[serde(default)]
    pub replaced_by: Option<KeyId>,
}

impl ApiKey {
    /// Whether it is neither revoked nor expired.
    pub fn works_at(&self, at: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|ends_at| at < ends_at)
    }
}

/// The two types of resource credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenType {
    /// Safe in a web page: only what booking widgets need.
    ClientToken,
    /// Everything of its resource; deprecated, kept for integrations that have it.
    ServerToken,
}

impl TokenType {
    /// All of them.
    pub const ALL: &[Self] = &[Self::ClientToken, Self::ServerToken];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientToken => "client-token",
            Self::ServerToken => "server-token",
        }
    }

    /// Timekit's name for what it may do.
    pub const fn scope(self) -> &'static str {
        match self {
            Self::ClientToken => "widget",
            Self::ServerToken => "global",
        }
    }
}

impl FromStr for TokenType {
    type Err = UnknownTokenType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name)
            .ok_or(UnknownTokenType)
    }
}

/// A name that neither type of credential has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown type; the known ones are client-token, server-token")]
pub struct UnknownTokenType;

/// A resource's credential. Its token is derived from its id when it must be shown, and never kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Credential {
    /// Names the credential; its token is derived from it.
    pub id: CredentialId,
    /// The app of its resource.
    pub app: AppId,
    /// When that app was made.
    pub app_created_at: DateTime<Utc>,
    /// That app's mode.
    pub mode: Mode,
    /// The resource it acts as.
    pub resource: ResourceId,
    /// The user part that must come with the token: the resource's e-mail address in lower case, or its id
    /// if it has none.
    pub user: String,
    /// What it may do.
    #[serde(rename = "type")]
    pub token_type: TokenType,
    /// What it is for.
    pub description: String,
    /// Origins it may be used from; empty means any.
    pub referrer: Vec<Origin>,
    /// The hash its token is found by.
    pub hash: HashedKey,
    /// Version of the master secret that its token is derived under; none for one brought along by its hash.
    pub secret_version: Option<u32>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused; none means never.
    pub expires_at: Option<DateTime<Utc>>,
}
