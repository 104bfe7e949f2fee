//! What `latchkey keys` is told, and the requests that it makes of it.

use clap::Args;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::KeysError;
use crate::deployment::Deployment;

/// A key to make.
#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// What to call it; need not be unique
    #[arg(long)]
    name: String,
    /// named, api or widget; defaults to named
    #[arg(long)]
    kind: Option<String>,
    /// What it may do, such as bookings.read; repeat it, or separate several by commas. Defaults to all that your
    /// own key may
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// It may do nothing yet
    #[arg(long, conflicts_with = "scopes")]
    no_scopes: bool,
    /// From when on it is refused, e.g. 2027-01-31T00:00:00Z; defaults to never
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// The most requests in the window; defaults to what is usual for its kind
    #[arg(long, value_name = "REQUESTS")]
    limit: Option<u32>,
    /// The window that --limit counts in, such as "1 minute" or "1 hour"
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1 minute",
        requires = "limit"
    )]
    window: String,
    /// Of a widget key: the most requests of one source address in --address-window; defaults to 60 a minute
    #[arg(long, value_name = "REQUESTS")]
    address_limit: Option<u32>,
    /// The window that --address-limit counts in
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1 minute",
        requires = "address_limit"
    )]
    address_window: String,
    /// A network or address that it may be used from; repeat it for several. Defaults to any
    #[arg(long = "cidr", value_name = "CIDR")]
    cidrs: Vec<String>,
    /// An origin that a widget key may be used from, such as `https://example.com`; repeat it for several. Any unless
    /// said
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Print the server's answer, the key in it, instead of the key alone
    #[arg(long)]
    pub(super) json: bool,
}

/// Which keys to list: all.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// Print the server's answer, a line for each 1,000 keys
    #[arg(long)]
    pub(super) json: bool,
}

/// A key to replace.
#[derive(Debug, Args)]
pub struct Rotate {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// The old key's id, as `list` shows it
    pub(super) id: String,
    /// How long the old key goes on working, up to "7 days"; "0 hours" for not at all; defaults to 24 hours
    #[arg(long, value_name = "DURATION")]
    pub(super) overlap: Option<String>,
    /// Print the server's answer, the key in it, instead of the key alone
    #[arg(long)]
    pub(super) json: bool,
}

/// A key to revoke.
#[derive(Debug, Args)]
pub struct Revoke {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// Its id, as `list` shows it
    pub(super) id: String,
}

/// Whose use to tell, and of when.
#[derive(Debug, Args)]
pub struct Usage {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// The key's id, as `list` shows it
    pub(super) id: String,
    /// The first hour or day, e.g. 2026-11-01T00:00:00Z; defaults to 24 hours ago
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Where to stop, at most 62 days later; defaults to now
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// A row for each hour or day; defaults to hour
    #[arg(long, value_parser = ["hour", "day"])]
    by: Option<String>,
    /// Print the server's answer
    #[arg(long)]
    pub(super) json: bool,
}

impl Create {
    /// Only what was said: everything else is the server's to decide.
    pub(super) fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("name".to_owned(), self.name.clone().into());
        let mut add = |name: &str, value: Value| {
            body.insert(name.to_owned(), value);
        };
        if let Some(kind) = &self.kind {
            add("kind", kind.clone().into());
        }
        if self.no_scopes || !self.scopes.is_empty() {
            add("scopes", self.scopes.clone().into());
        }
        if let Some(expires_at) = &self.expires_at {
            add("expires_at", expires_at.clone().into());
        }
        for (name, limit, window) in [
            ("rate_limit", self.limit, &self.window),
            (
                "address_rate_limit",
                self.address_limit,
                &self.address_window,
            ),
        ] {
            if let Some(limit) = limit {
                add(name, json!({ "limit": limit, "window": window }));
            }
        }
        if !self.cidrs.is_empty() {
            add("allowed_cidrs", self.cidrs.clone().into());
        }
        if !self.origins.is_empty() {
            add("allowed_origins", self.origins.clone().into());
        }
        body.into()
    }
}

impl Usage {
    pub(super) fn path(&self) -> Result<String, KeysError> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("from", &self.from), ("to", &self.to), ("by", &self.by)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        Ok(format!(
            "/v2/keys/{}/usage?{}",
            parse_id(&self.id)?,
            query.finish()
        ))
    }
}

/// The id of a key.
pub(super) fn parse_id(text: &str) -> Result<Uuid, KeysError> {
    Uuid::parse_str(text).map_err(|_| KeysError::NotAnId)
}
