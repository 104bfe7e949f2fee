//! Text as it is compared. The same letter can be written as one character or as a letter and a mark behind it, and
//! programs send either: macOS and PDF files the second, keyboards mostly the first. Everything is kept and compared in
//! Unicode's composed form (NFC), and names without letter case, by full case folding.

use std::borrow::Cow;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer,
    DecomposingNormalizerBorrowed,
};

const COMPOSER: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();
const DECOMPOSER: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfd();
const FOLDER: CaseMapperBorrowed<'static> = CaseMapper::new();

/// The text in composed form (NFC): the same letters are the same characters.
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        COMPOSER.normalize(text)
    }
}

/// The text in composed form and without letter case, for comparing names: `STRASSE` is `Straße`, and `ΟΔΌΣ` is `οδός`.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let folded = FOLDER.fold_string(&composed(text)).into_owned();
    composed(&folded).into_owned()
}

/// Whether two texts are the same but for blanks at their ends and for how their letters are composed.
pub fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    one == other || composed(one) == composed(other)
}

/// The form of an e-mail address by which it is unique and found: composed and in lower case. It is not case-folded,
/// because that would make `strasse@` and `straße@`, which are two mailboxes, one.
pub fn email_key(address: &str) -> String {
    if address.is_ascii() {
        return address.trim().to_ascii_lowercase();
    }
    composed(&composed(address.trim()).to_lowercase()).into_owned()
}

/// The text's letters without accents and case, as far as they have any: `Ärzte` is `arzte`.
pub fn unaccented(text: &str) -> String {
    let is_mark = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    let folded = folded(text);
    DECOMPOSER
        .normalize(&folded)
        .chars()
        .filter(|c| !is_mark(c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_the_same_however_it_is_composed() {
        for (composed_form, decomposed) in [
            ("café", "cafe\u{301}"),
            ("Åse", "A\u{30a}se"),
            ("が", "か\u{3099}"),
            ("한", "\u{1112}\u{1161}\u{11ab}"),
        ] {
            assert_eq!(composed(decomposed), composed_form);
            assert!(is_same(composed_form, &format!(" {decomposed}\u{a0}")));
            assert_eq!(folded(decomposed), folded(composed_form));
        }
        assert!(!is_same("cafe", "café"));
    }

    #[test]
    fn letter_case_folds_in_every_script_that_has_it() {
        for (one, other) in [
            ("STRASSE", "Straße"),
            ("ΟΔΌΣ", "οδός"),
            ("οδόσ", "οδός"),
            ("ЖУК", "жук"),
            ("ŁÓDŹ", "łódz\u{301}"),
            ("Ǆ", "ǆ"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn two_mailboxes_are_not_one_because_their_letters_fold_alike() {
        assert_eq!(
            email_key(" Stra\u{df}e@Example.com "),
            "stra\u{df}e@example.com"
        );
        assert_ne!(
            email_key("strasse@example.com"),
            email_key("straße@example.com")
        );
        assert_eq!(
            email_key("RENE\u{301}@example.com"),
            email_key("rené@example.com")
        );
    }

    #[test]
    fn an_accent_is_taken_off_however_it_is_written() {
        for name in ["Ärzte", "A\u{308}rzte"] {
            assert_eq!(unaccented(name), "arzte");
        }
        assert_eq!(unaccented("Straße"), "strasse");
    }
}
