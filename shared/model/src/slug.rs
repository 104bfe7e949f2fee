//! Slugs: readable names that stand in addresses.

use crate::Random;
use crate::text::unaccented;

/// The longest slug, in characters.
pub const MAX_SLUG: usize = 100;

/// How many characters a generated slug takes from the name it is made of.
const FROM_NAME: usize = 40;

/// Text that is no slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must have 3 to {MAX_SLUG} characters: lower-case letters, digits, and hyphens between them, like doc-brown"
)]
pub struct InvalidSlug;

/// Reads a slug that somebody chose.
///
/// # Errors
///
/// [`InvalidSlug`] for anything but words of `a` to `z` and digits with single hyphens between them.
pub fn parse_slug(text: &str) -> Result<String, InvalidSlug> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if (3..=MAX_SLUG).contains(&text.len()) && text.split('-').all(is_word) {
        Ok(text.to_owned())
    } else {
        Err(InvalidSlug)
    }
}

/// A slug made of a name, or of `otherwise` if the name has no letter for it. It ends in random characters, so that it
/// says nothing about which names are taken.
pub fn generated(name: &str, otherwise: &str, random: &dyn Random) -> String {
    let words: Vec<String> = unaccented(name)
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let slug: String = words.join("-").chars().take(FROM_NAME).collect();
    let slug = match slug.trim_end_matches('-') {
        "" => otherwise,
        slug => slug,
    };
    format!(
        "{slug}-{}",
        random.text(b"abcdefghijkmnpqrstuvwxyz23456789", 6)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn a_generated_slug_is_one_that_could_be_chosen() {
        for name in [
            "Doc Brown's garage",
            "  --  ",
            "Überraschung",
            &"very long ".repeat(30),
        ] {
            let slug = generated(name, "project", &Zeros);
            assert_eq!(parse_slug(&slug), Ok(slug.clone()), "{name}");
        }
        for (name, slug) in [
            ("Back to the Future", "back-to-the-future-aaaaaa"),
            ("Ärzte & Co.", "arzte-co-aaaaaa"),
            ("Cafe\u{301} Straße", "cafe-strasse-aaaaaa"),
            ("日本", "app-aaaaaa"),
            ("", "app-aaaaaa"),
        ] {
            assert_eq!(generated(name, "app", &Zeros), slug);
        }
    }

    #[test]
    fn what_does_not_fit_an_address_is_no_slug() {
        for text in [
            "",
            "ab",
            "Doc",
            "doc brown",
            "-doc",
            "doc-",
            "doc--brown",
            "dö-c",
            "a/b",
        ] {
            assert_eq!(parse_slug(text), Err(InvalidSlug), "{text}");
        }
        assert_eq!(parse_slug(&"a".repeat(MAX_SLUG + 1)), Err(InvalidSlug));
    }
}
