//! Web origins: scheme, host and port, and nothing else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A web origin as browsers send it, such as `https://clinic.example`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// Text that is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin; write scheme and host only, like https://clinic.example")]
pub struct InvalidOrigin;

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or(InvalidOrigin)?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let host_is_plain = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-.[]:".contains(&b));
        let port_is_number = port.is_none_or(|port| port.parse::<u16>().is_ok());
        if matches!(scheme, "http" | "https") && host_is_plain && port_is_number {
            // Browsers leave out the port that the scheme has anyway.
            let is_default = matches!(
                (scheme, port),
                ("http", Some("80")) | ("https", Some("443"))
            );
            let shown = if is_default { host } else { authority };
            Ok(Self(format!("{scheme}://{shown}")))
        } else {
            Err(InvalidOrigin)
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = InvalidOrigin;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Origin {
    /// What a browser's `null` stands for, or anything else that is no origin: a page that hides where it is from.
    /// No list of origins can contain it.
    pub fn opaque() -> Self {
        Self("null".to_owned())
    }

    /// Host and port, as a `Host` header would say them.
    pub fn authority(&self) -> &str {
        self.0
            .split_once("://")
            .map_or("", |(_, authority)| authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path_and_no_wildcard() {
        for good in [
            "https://clinic.example",
            "http://127.0.0.1:8080",
            "https://[::1]:443",
            "HTTPS://A.example",
        ] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "https://clinic.example/",
            "clinic.example",
            "https://*.example",
            "ftp://a.example",
            "https://",
            "https://a:99999",
            "null",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(InvalidOrigin), "{bad}");
        }
    }
}
