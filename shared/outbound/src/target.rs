//! A URL that requests may be sent to. It is judged when it is saved, so that a fault is told by its field, and again at each
//! attempt, because rules change. Where its name leads is judged when a connection is made.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use model::scope::{Scope, Scopes};
use url::{Host, Url};

use crate::addresses::is_forbidden;

/// The longest URL that is taken, in characters.
const MAX_LENGTH: usize = 2_048;

/// Ports that speak other protocols than HTTP: what the Fetch standard blocks of those from 1024 on, and databases, caches and
/// control planes that are often open inside a network.
const FORBIDDEN_PORTS: [u16; 42] = [
    1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 5060,
    5061, 5432, 5672, 5984, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042,
    9092, 9200, 9300, 10080, 10250, 11211, 15672, 27017, 27018, 28017,
];

/// How far requests may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The public internet, by HTTPS.
    Internet,
    /// That, plain HTTP, and this machine itself: for a laptop.
    AlsoLocal,
}

impl Reach {
    /// The reach of a deployment, which may allow what is local.
    pub const fn of(allow_local: bool) -> Self {
        if allow_local {
            Self::AlsoLocal
        } else {
            Self::Internet
        }
    }
}

/// Checks where a caller with `scopes` wants reminders of bookings to be sent to. They hold the whole booking, so whoever may
/// not read bookings must not have them sent anywhere.
///
/// # Errors
///
/// A sentence for the field of the URL.
pub fn check_reminder_url(url: &str, reach: Reach, scopes: &Scopes) -> Result<(), String> {
    if !scopes.allows(Scope::BookingsRead) {
        let scope = Scope::BookingsRead.name();
        return Err(format!(
            "gets whole bookings, so it takes a caller with the scope {scope}"
        ));
    }
    match Target::parse(url, reach) {
        Ok(_) => Ok(()),
        Err(fault) => Err(fault.to_string()),
    }
}

/// A URL that requests may be sent to. Its `Debug` shows the host only, because paths and queries often hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    text: String,
    uri: Uri,
}

/// Why a URL cannot be a target. The text is what the caller is told about the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetFault {
    /// It has too many characters.
    #[error("must have at most {MAX_LENGTH} characters")]
    TooLong,
    /// It has a space, a control character or a backslash, which programs read differently.
    #[error("must have no spaces, control characters or backslashes")]
    Characters,
    /// It is not an absolute URL with a host.
    #[error("must be an absolute URL, e.g. https://example.com/webhooks")]
    NotAUrl,
    /// It is not https.
    #[error("must begin with https://")]
    Scheme,
    /// It has a user name or a password.
    #[error("must have no user name and no password")]
    UserInfo,
    /// Its port is below 1024 or belongs to another protocol.
    #[error(
        "must have no port, port 443, or one from 1024 on that is not of another protocol, e.g. of a database"
    )]
    Port,
    /// It has a fragment, which is never sent.
    #[error("must have no fragment, i.e. no #")]
    Fragment,
    /// Its host is an address that is not of the public internet.
    #[error("must not lead to a private, local or reserved address")]
    Address,
    /// Its host is a name that only a local network knows.
    #[error("must have a public host name, e.g. hooks.example.com")]
    LocalName,
}

impl Target {
    /// Reads a URL as it was sent, and judges it.
    ///
    /// # Errors
    ///
    /// The first [`TargetFault`] that it has.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, TargetFault> {
        if text.chars().count() > MAX_LENGTH {
            return Err(TargetFault::TooLong);
        }
        // The parser drops tabs and line ends and takes a backslash for a slash.
        let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
        if text.contains(is_odd) {
            return Err(TargetFault::Characters);
        }
        let url = Url::parse(text).map_err(|_| TargetFault::NotAUrl)?;
        check_scheme(&url, reach)?;
        // The parser also accepts https:example.com and https:///example.com.
        let is_absolute = text
            .split_once("://")
            .is_some_and(|(_, rest)| !rest.starts_with('/'));
        if !is_absolute {
            return Err(TargetFault::NotAUrl);
        }
        // An empty user name is dropped by the parser, so it is looked for in the text.
        let authority = text.split(['/', '?', '#']).nth(2).unwrap_or_default();
        if authority.contains('@') {
            return Err(TargetFault::UserInfo);
        }
        check_port(&url)?;
        if url.fragment().is_some() {
            return Err(TargetFault::Fragment);
        }
        check_host(&url, reach)?;
        let uri = url.as_str().parse().map_err(|_| TargetFault::NotAUrl)?;
        let text = url.into();
        Ok(Self { text, uri })
    }

    /// The URL, normalised.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its host, as logs may show it.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    pub(crate) const fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.host())
    }
}

impl Reach {
    /// Whether a connection to this address may be made.
    pub fn allows(self, address: IpAddr) -> bool {
        let is_local = self == Self::AlsoLocal && address.to_canonical().is_loopback();
        is_local || !is_forbidden(address)
    }
}

fn check_scheme(url: &Url, reach: Reach) -> Result<(), TargetFault> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if reach == Reach::AlsoLocal => Ok(()),
        _ => Err(TargetFault::Scheme),
    }
}

fn check_port(url: &Url) -> Result<(), TargetFault> {
    match url.port() {
        None => Ok(()),
        Some(port) if port >= 1024 && !FORBIDDEN_PORTS.contains(&port) => Ok(()),
        Some(_) => Err(TargetFault::Port),
    }
}

fn check_host(url: &Url, reach: Reach) -> Result<(), TargetFault> {
    let allowed = |address| match reach.allows(address) {
        true => Ok(()),
        false => Err(TargetFault::Address),
    };
    match url.host() {
        None => Err(TargetFault::NotAUrl),
        Some(Host::Ipv4(address)) => allowed(address.into()),
        Some(Host::Ipv6(address)) => allowed(address.into()),
        Some(Host::Domain(name)) if is_local_name(name, reach) => Err(TargetFault::LocalName),
        Some(Host::Domain(_)) => Ok(()),
    }
}

/// Whether a name is only known in a local network: names without a dot, and those that RFC 6761, 6762 and 8375 and ICANN keep
/// for it.
fn is_local_name(name: &str, reach: Reach) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    if reach == Reach::AlsoLocal && name == "localhost" {
        return false;
    }
    let Some((_, last)) = name.rsplit_once('.') else {
        return true;
    };
    let kept = [
        "localhost",
        "local",
        "internal",
        "invalid",
        "test",
        "onion",
        "alt",
    ];
    kept.contains(&last) || name.ends_with(".home.arpa")
}

#[cfg(test)]
impl Target {
    /// One that was not judged.
    pub(crate) fn unchecked(url: &Url) -> Self {
        Self {
            text: url.to_string(),
            uri: url.as_str().parse().expect("a URI"),
        }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::HOSTILE;
