use super::*;
use std::collections::BTreeSet;

fn forms(language: Language, count: usize) -> [&'static str; 6] {
    std::array::from_fn(|form| language.texts().parts.get(TEXT_COUNT + count * 6 + form))
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn every_language_says_everything_with_the_same_placeholders() {
    let reference = Language::fallback();
    for language in Language::all() {
        for (key, text) in TEXTS {
            let said = language.text(*text);
            assert!(
                !said.trim().is_empty(),
                "languages/{language:?}.json: give `{key}` a text"
            );
            assert_eq!(
                placeholders(said),
                placeholders(reference.text(*text)),
                "languages/{language:?}.json: `{key}` needs the placeholders of en.json"
            );
        }
    }
}

#[test]
fn every_language_has_each_plural_form_that_its_grammar_knows_and_no_other() {
    for language in Language::all() {
        let rules = language.plural_rules().expect("rules");
        // Millions have a form of their own in French, Italian and Spanish; pages count less.
        let needed: BTreeSet<usize> = (0..=1_000)
            .map(|n: u32| rules.category_for(n) as usize)
            .collect();
        for (index, (key, _)) in COUNTS.iter().enumerate() {
            let forms = forms(language, index);
            let has: BTreeSet<usize> = (0..6).filter(|form| !forms[*form].is_empty()).collect();
            let other = BTreeSet::from([5]);
            assert_eq!(
                has,
                needed.union(&other).copied().collect(),
                "languages/{language:?}.json: `{key}` needs the forms zero, one, two, few, many, other of these places"
            );
        }
    }
}

#[test]
fn a_count_is_in_the_form_that_the_number_asks_for() {
    let count = |tag: &str, n| {
        Language::of(tag)
            .expect("one of ours")
            .count(Count::Minutes, n)
    };
    assert_eq!(count("en", 1), "1 minute");
    assert_eq!(count("en", 45), "45 minutes");
    for (n, expected) in [
        (1, "1 minuta"),
        (3, "3 minuty"),
        (12, "12 minut"),
        (22, "22 minuty"),
        (25, "25 minut"),
    ] {
        assert_eq!(count("pl", n), expected);
    }
    assert_eq!(count("fr", 0), "0 minute");
    assert_eq!(count("ar", 2), "دقيقتان");
    assert_eq!(count("ar", 5), "5 دقائق");
    assert_eq!(count("ar", 45), "45 دقيقة");
}

#[test]
fn a_visitor_gets_the_language_of_the_address_then_the_bookings_then_the_browsers() {
    let got = |lang, kept, accepted| Language::negotiate(lang, kept, accepted).tag();
    assert_eq!(got(Some("ar"), Some("de"), Some("en")), "ar");
    assert_eq!(got(Some("xx"), Some("de"), Some("en")), "de");
    assert_eq!(got(None, None, Some("xx, de-AT;q=0.8, en;q=0.9")), "en");
    assert_eq!(got(None, None, Some("de-AT,de;q=0.9,en;q=0.8")), "de-AT");
    assert_eq!(got(None, None, Some("de-DE,de;q=0.9")), "de");
    assert_eq!(got(None, None, Some("de;q=0, en_GB;q=0.5")), "en-GB");
    for nothing in [
        None,
        Some(""),
        Some("*"),
        Some(";;,q=;"),
        Some("\u{1f600}-é"),
    ] {
        assert_eq!(got(None, None, nothing), "en");
    }
}

#[test]
fn what_is_filled_in_keeps_its_own_direction_in_a_text_from_right_to_left() {
    let (arabic, english) = (Language::of("ar").expect("ar"), Language::fallback());
    let values = [("business", "Hill Valley {n}")];
    assert_eq!(
        english.fill(Text::MenuTitle, &values),
        "Book with Hill Valley {n}"
    );
    let filled = arabic.fill(Text::MenuTitle, &values);
    assert!(
        filled.contains("\u{2068}Hill Valley {n}\u{2069}"),
        "{filled}"
    );
    assert_eq!((arabic.dir(), english.dir()), ("rtl", "ltr"));
}
