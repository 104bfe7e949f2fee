//! Keys in the clear: made once, shown once, never kept.
//!
//! ```text
//! live_api_key_ + 26 random base62 + 6 base62 of CRC32      an app's own key
//! live_widget_key_ + the same                               an app's public key
//! tt1. + 56 random hex + 8 hex of CRC32                     a named key
//! 26 random base62 + 6 base62 of CRC32                      a resource token
//! ```
//!
//! The CRC32 is over everything before it, prefix included. It tells typos and scanners' false hits without
//! a read; it is not security.

use std::fmt;

use model::Random;
use model::key::{HashedKey, KeyKind, Mode};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// The characters of app keys and tokens, in the order of their value.
pub const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const HEX: &[u8; 16] = b"0123456789abcdef";

/// What every named key begins with. NEVER CHANGE IT: every named key would be refused from then on.
pub const NAMED_PREFIX: &str = "tt1.";

const BASE62_RANDOM: usize = 26;
const BASE62_CHECKSUM: usize = 6;
const HEX_RANDOM: usize = 56;
const HEX_CHECKSUM: usize = 8;

/// How many characters behind the prefix may be shown, so that people can tell keys apart.
const START: usize = 4;

/// A secret of one of our shapes, with a checksum that is right. It has no `Display`, and its `Debug` says nothing.
#[derive(Clone)]
pub struct PlainKey(SecretString);

/// Text that is none of our shapes, or mistyped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key of this system, or mistyped")]
pub struct MalformedKey;

impl PlainKey {
    /// A new key of an app.
    pub fn generate(kind: KeyKind, mode: Mode, random: &dyn Random) -> Self {
        match kind {
            KeyKind::Api => Self::base62(&format!("{}_api_key_", mode.name()), random),
            KeyKind::Widget => Self::base62(&format!("{}_widget_key_", mode.name()), random),
            KeyKind::Named => {
                let body = format!("{NAMED_PREFIX}{}", random.text(HEX, HEX_RANDOM));
                let checksum = checksum_hex(&body);
                Self((body + &checksum).into())
            }
        }
    }

    fn base62(prefix: &str, random: &dyn Random) -> Self {
        Self::sealed(format!("{prefix}{}", random.text(BASE62, BASE62_RANDOM)))
    }

    /// The resource token whose random part is made of `bytes`: the same bytes give the same token again.
    pub fn token_from(bytes: [u8; 32]) -> Self {
        // 26 base62 characters hold 154 bits: take 160 bits as one number and write its last 26 digits.
        let mut digits = Vec::with_capacity(BASE62_RANDOM);
        let mut number = bytes[..20].to_vec();
        for _ in 0..BASE62_RANDOM {
            let mut remainder = 0_u32;
            for byte in &mut number {
                let value = (remainder << 8) | u32::from(*byte);
                *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
                remainder = value % 62;
            }
            digits.push(char::from(BASE62[remainder as usize]));
        }
        Self::sealed(digits.into_iter().collect())
    }

    fn sealed(body: String) -> Self {
        let checksum = checksum_base62(&body);
        Self((body + &checksum).into())
    }

    /// Reads a key of an app.
    ///
    /// # Errors
    ///
    /// [`MalformedKey`] for any other text, before anything is looked up.
    pub fn parse_key(text: &str) -> Result<Self, MalformedKey> {
        let sound = match text.strip_prefix(NAMED_PREFIX) {
            Some(rest) => {
                rest.len() == HEX_RANDOM + HEX_CHECKSUM
                    && rest.bytes().all(|b| HEX.contains(&b))
                    && text
                        .split_at_checked(text.len() - HEX_CHECKSUM)
                        .is_some_and(|(body, sum)| checksum_hex(body) == sum)
            }
            None => {
                let prefix = KEY_PREFIXES
                    .iter()
                    .find(|(prefix, ..)| text.starts_with(prefix));
                prefix
                    .is_some_and(|(prefix, ..)| is_base62(&text[prefix.len()..]) && is_sealed(text))
            }
        };
        if sound {
            Ok(Self(text.into()))
        } else {
            Err(MalformedKey)
        }
    }

    /// Reads a resource token.
    ///
    /// # Errors
    ///
    /// [`MalformedKey`] for any other text, before anything is looked up.
    pub fn parse_token(text: &str) -> Result<Self, MalformedKey> {
        if is_base62(text) && is_sealed(text) {
            Ok(Self(text.into()))
        } else {
            Err(MalformedKey)
        }
    }

    /// Reads a key of an app that a text begins with, whatever follows.
    pub(crate) fn parse_key_at_start(text: &str) -> Option<Self> {
        let length = if text.starts_with(NAMED_PREFIX) {
            NAMED_PREFIX.len() + HEX_RANDOM + HEX_CHECKSUM
        } else {
            let prefix = KEY_PREFIXES
                .iter()
                .find(|(prefix, ..)| text.starts_with(prefix));
            prefix?.0.len() + BASE62_RANDOM + BASE62_CHECKSUM
        };
        Self::parse_key(text.get(..length)?).ok()
    }

    /// What is kept of it.
    pub fn hashed(&self) -> HashedKey {
        hash_secret(self.0.expose_secret())
    }

    /// Prefix and four characters: enough to tell keys apart, far too little to guess one.
    pub fn start(&self) -> String {
        let text = self.0.expose_secret();
        let prefix = KEY_PREFIXES
            .iter()
            .map(|(prefix, ..)| *prefix)
            .chain([NAMED_PREFIX])
            .find(|prefix| text.starts_with(prefix))
            .unwrap_or_default();
        text[..prefix.len() + START].to_owned()
    }

    /// The key itself, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for PlainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainKey")
    }
}

/// What app and widget keys begin with, and what that says. NEVER CHANGE THEM: keys in use would be refused.
pub const KEY_PREFIXES: [(&str, KeyKind, Mode); 4] = [
    ("live_api_key_", KeyKind::Api, Mode::Live),
    ("test_api_key_", KeyKind::Api, Mode::Test),
    ("live_widget_key_", KeyKind::Widget, Mode::Live),
    ("test_widget_key_", KeyKind::Widget, Mode::Test),
];

/// SHA-256 of a whole secret, which is what it is looked up by.
pub fn hash_secret(secret: &str) -> HashedKey {
    HashedKey::new(Sha256::digest(secret.as_bytes()).into())
}

/// Whether text begins as a key does, mistyped or not.
pub fn looks_like_key(text: &str) -> bool {
    text.starts_with(NAMED_PREFIX)
        || KEY_PREFIXES
            .iter()
            .any(|(prefix, ..)| text.starts_with(prefix))
}

/// Whether text has something in it that begins as a secret key does, whatever follows: an app's prefix, or a named key's
/// with more behind it than is shown of any. Widget keys are public.
pub(crate) fn begins_secret_key(text: &str) -> bool {
    let names_one = |at: usize| {
        let rest = text[at + NAMED_PREFIX.len()..].bytes();
        rest.take_while(|b| HEX.contains(b)).count() > 2 * START
    };
    text.match_indices(NAMED_PREFIX)
        .any(|(at, _)| names_one(at))
        || KEY_PREFIXES
            .iter()
            .any(|(prefix, kind, _)| *kind == KeyKind::Api && text.contains(prefix))
}

fn is_base62(text: &str) -> bool {
    text.len() == BASE62_RANDOM + BASE62_CHECKSUM && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_sealed(text: &str) -> bool {
    text.split_at_checked(text.len() - BASE62_CHECKSUM)
        .is_some_and(|(body, sum)| checksum_base62(body) == sum)
}

fn checksum_base62(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut checksum = [0; BASE62_CHECKSUM];
    for character in checksum.iter_mut().rev() {
        *character = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    checksum.iter().map(|byte| char::from(*byte)).collect()
}

fn checksum_hex(body: &str) -> String {
    format!("{:08x}", crc32fast::hash(body.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Counts up: good enough to tell keys apart, and the same in every run.
    struct Counting(AtomicU64);

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(32) {
                let digest = Sha256::digest(self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes());
                chunk.copy_from_slice(&digest[..chunk.len()]);
            }
        }
    }

    fn keys() -> Vec<PlainKey> {
        let random = Counting(AtomicU64::new(0));
        [KeyKind::Api, KeyKind::Widget, KeyKind::Named]
            .into_iter()
            .flat_map(|kind| {
                [Mode::Live, Mode::Test].map(|mode| PlainKey::generate(kind, mode, &random))
            })
            .collect()
    }

    #[test]
    fn a_generated_key_is_well_formed_and_its_start_gives_four_characters_away() {
        for key in keys() {
            assert!(PlainKey::parse_key(key.expose()).is_ok());
            let random_part = key.start().trim_start_matches(|c: char| c != '_').len();
            assert!(random_part <= key.start().len());
            assert!(key.expose().starts_with(&key.start()));
            assert!(key.expose().len() - key.start().len() >= 28);
        }
    }

    #[test]
    fn every_single_character_typo_is_malformed() {
        for key in keys() {
            let text = key.expose();
            for (at, original) in text.char_indices() {
                for typo in ['0', 'a', 'Z', '_']
                    .into_iter()
                    .filter(|typo| *typo != original)
                {
                    let mut mistyped: Vec<char> = text.chars().collect();
                    mistyped[at] = typo;
                    let mistyped: String = mistyped.into_iter().collect();
                    assert!(PlainKey::parse_key(&mistyped).is_err(), "position {at}");
                }
            }
        }
    }

    #[test]
    fn a_token_is_the_same_again_from_the_same_bytes() {
        let token = PlainKey::token_from([7; 32]);
        assert_eq!(token.expose(), PlainKey::token_from([7; 32]).expose());
        assert_ne!(token.expose(), PlainKey::token_from([8; 32]).expose());
        assert!(PlainKey::parse_token(token.expose()).is_ok());
        assert_eq!(token.expose().len(), 32);
    }

    #[test]
    fn a_key_never_shows_itself_by_debug() {
        for key in keys() {
            assert_eq!(format!("{key:?}"), "PlainKey");
        }
    }

    #[test]
    fn odd_input_is_malformed_and_nothing_worse() {
        for text in [
            "",
            "tt1.",
            "live_api_key_",
            "é",
            "live_api_key_é",
            "test_api_key_foobar",
            "tt1.é",
            &"a".repeat(32),
        ] {
            assert!(PlainKey::parse_key(text).is_err(), "{text}");
            assert!(PlainKey::parse_token(text).is_err(), "{text}");
        }
    }
}
