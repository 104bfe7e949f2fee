//! Language tags, e.g. of the page that a customer booked on.

use std::fmt;
use std::str::FromStr;

use icu_locale_core::Locale;
use serde::{Deserialize, Serialize};

/// The longest tag, in bytes: room for a language, script, region and several extensions.
pub const MAX_LANGUAGE_TAG: usize = 64;

/// A BCP 47 language tag in its canonical spelling, e.g. `de`, `pt-BR` or `zh-Hant-TW`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LanguageTag(String);

/// Text that is no language tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a BCP 47 language tag of at most {MAX_LANGUAGE_TAG} characters, e.g. \"de\" or \"pt-BR\""
)]
pub struct InvalidLanguageTag;

impl LanguageTag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LanguageTag {
    type Err = InvalidLanguageTag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_LANGUAGE_TAG {
            return Err(InvalidLanguageTag);
        }
        // The parser also reads the underscores of POSIX, which BCP 47 does not have.
        let locale = (!text.contains('_')).then(|| Locale::try_from_str(text).ok());
        let locale = locale.flatten().ok_or(InvalidLanguageTag)?;
        Ok(Self(locale.to_string()))
    }
}

impl TryFrom<String> for LanguageTag {
    type Error = InvalidLanguageTag;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LanguageTag> for String {
    fn from(tag: LanguageTag) -> Self {
        tag.0
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_tag_is_kept_in_its_canonical_spelling() {
        for (sent, kept) in [
            ("de", "de"),
            ("PT-br", "pt-BR"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("en-us-u-hc-h12", "en-US-u-hc-h12"),
            ("ca-valencia", "ca-valencia"),
        ] {
            let tag: LanguageTag = sent.parse().expect(sent);
            assert_eq!(tag.as_str(), kept, "{sent}");
            // The canonical spelling is a tag again, or a record could not be read.
            assert_eq!(kept.parse(), Ok(tag), "{sent}");
        }
    }

    #[test]
    fn text_that_is_no_language_tag_is_refused() {
        let long = format!("de-{}", "x-abcdefgh-".repeat(8));
        for bad in [
            "",
            " ",
            "german language",
            "xx_XX@nonsense",
            "de_AT",
            "d",
            "12",
            "de-",
            "<b>",
            &long,
        ] {
            assert_eq!(bad.parse::<LanguageTag>(), Err(InvalidLanguageTag), "{bad}");
        }
    }
}
