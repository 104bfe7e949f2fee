//! How an app's booking pages look: its name, logo and accent color.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

/// The longest brand name, in characters.
pub const MAX_BRAND_NAME: usize = 100;

/// The longest address of a logo, in bytes.
pub const MAX_LOGO: usize = 2_000;

/// How an app's booking pages look. Every part is optional, and everybody may read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brand {
    /// The name of the business, at most [`MAX_BRAND_NAME`] characters. Defaults to the app's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    /// The color of buttons and links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent: Option<Accent>,
}

impl Brand {
    /// Whether nothing of it is set.
    pub const fn is_empty(&self) -> bool {
        self.name.is_none() && self.logo.is_none() && self.accent.is_none()
    }
}

/// The address of an image: `https`, at most [`MAX_LOGO`] bytes, without user name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Logo(Url);

/// Text that is no address of a logo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an https address of at most {MAX_LOGO} characters, without user name, e.g. \"https://clinic.example/logo.svg\""
)]
pub struct InvalidLogo;

impl Logo {
    /// The address.
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for Logo {
    type Err = InvalidLogo;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| InvalidLogo)?;
        // Reading escapes some characters, so both spellings are bounded.
        let is_sound = url.scheme() == "https"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && text.len().max(url.as_str().len()) <= MAX_LOGO;
        is_sound.then_some(Self(url)).ok_or(InvalidLogo)
    }
}

impl TryFrom<String> for Logo {
    type Error = InvalidLogo;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Logo> for String {
    fn from(logo: Logo) -> Self {
        logo.0.into()
    }
}

impl fmt::Display for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// A color of sRGB, written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Accent([u8; 3]);

/// Text that is no color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a color as #rrggbb, e.g. \"#0b7285\"")]
pub struct InvalidAccent;

impl Accent {
    /// Red, green and blue, 0 to 255 each.
    pub const fn rgb(self) -> [u8; 3] {
        self.0
    }
}

impl FromStr for Accent {
    type Err = InvalidAccent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('#').ok_or(InvalidAccent)?;
        let is_hexadecimal = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let number = is_hexadecimal.then(|| u32::from_str_radix(digits, 16).ok());
        let [_, red, green, blue] = number.flatten().ok_or(InvalidAccent)?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl TryFrom<String> for Accent {
    type Error = InvalidAccent;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Accent> for String {
    fn from(accent: Accent) -> Self {
        accent.to_string()
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_is_six_digits_behind_a_hash() {
        let accent: Accent = "#0B7285".parse().expect("a color");
        assert_eq!(
            (accent.rgb(), accent.to_string().as_str()),
            ([11, 114, 133], "#0b7285")
        );
        for bad in [
            "", "#", "0b7285", "#0b728", "#0b72855", "#0b728g", "#+b7285", "#é728", "teal", "#fff",
        ] {
            assert_eq!(bad.parse::<Accent>(), Err(InvalidAccent), "{bad}");
        }
    }

    #[test]
    fn a_logo_is_an_https_address_without_user_name() {
        let logo: Logo = "https://clinic.example/a logo.svg"
            .parse()
            .expect("an address");
        assert_eq!(logo.to_string(), "https://clinic.example/a%20logo.svg");
        let long = format!("https://a.example/{}", "x".repeat(MAX_LOGO));
        // Short as it was sent, and three times as long as it is kept.
        let grows = format!("https://a.example/{}", " x".repeat(MAX_LOGO / 3));
        for bad in [
            "",
            "/logo.svg",
            "http://clinic.example/logo.svg",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "https://",
            "https://user@clinic.example/logo.svg",
            "https://user:word@clinic.example/logo.svg",
            &long,
            &grows,
        ] {
            assert_eq!(bad.parse::<Logo>(), Err(InvalidLogo), "{bad}");
        }
    }

    #[test]
    fn a_brand_that_is_not_set_leaves_no_trace_in_a_record() {
        assert_eq!(
            serde_json::to_value(Brand::default()).expect("JSON"),
            serde_json::json!({})
        );
    }
}
