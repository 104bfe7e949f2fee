//! The languages of the pages: which one a visitor gets, and what the pages say in it.

use std::fmt;

use icu_locale_core::Locale;
use icu_plurals::PluralRules;

include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// A language with the region that its dates are written for, e.g. `de-AT`. Each file in `languages/` is one language.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Language(usize);

/// What a language file says, in the order of the reference's file.
struct Texts {
    tag: &'static str,
    name: &'static str,
    dir: &'static str,
    parts: Parts,
}

/// How dates are written in a language and region.
pub(crate) struct Dates {
    tag: &'static str,
    /// Its place in `LANGUAGES`.
    language: usize,
    /// 0 for Monday.
    pub(crate) first_weekday: u8,
    parts: Parts,
}

/// Many short texts in one.
struct Parts {
    text: &'static str,
    ends: &'static [u16],
}

impl Parts {
    fn get(&self, index: usize) -> &'static str {
        let end = |index: usize| self.ends.get(index).map(|end| usize::from(*end));
        let start = index.checked_sub(1).map_or(Some(0), end);
        let range = start.zip(end(index));
        let part = range.and_then(|(start, end)| self.text.get(start..end));
        part.unwrap_or_default()
    }
}

impl Language {
    /// Every language, in order of its tag, without regions.
    pub fn all() -> impl Iterator<Item = Self> {
        let own = |(at, dates): (usize, &Dates)| {
            let language = LANGUAGES.get(dates.language)?;
            (language.tag == dates.tag).then_some(Self(at))
        };
        DATES.iter().enumerate().filter_map(own)
    }

    /// English, for visitors who ask for nothing that is there.
    pub fn fallback() -> Self {
        Self::of("en").unwrap_or(Self(0))
    }

    /// The language of a BCP 47 tag, in the region that it names if its dates are written in a way of its own there. None if
    /// it is not one of ours.
    pub fn of(tag: &str) -> Option<Self> {
        let mut parts = tag.trim().split(['-', '_']);
        let language = parts.next()?;
        let region = parts.find(|part| part.len() == 2);
        let found = |wanted: &str| {
            let is = |dates: &Dates| dates.tag.eq_ignore_ascii_case(wanted);
            DATES.iter().position(is).map(Self)
        };
        region
            .and_then(|region| found(&format!("{language}-{region}")))
            .or_else(|| found(language))
    }

    /// The language that a page is shown in: the one that its address names by `lang`, or that was kept with the booking, or
    /// that the browser likes best; English if none of them is ours.
    pub fn negotiate(
        lang: Option<&str>,
        kept: Option<&str>,
        accept_language: Option<&str>,
    ) -> Self {
        lang.and_then(Self::of)
            .or_else(|| kept.and_then(Self::of))
            .or_else(|| accept_language.and_then(accepted))
            .unwrap_or_else(Self::fallback)
    }

    /// Its BCP 47 tag with the region, e.g. `de-AT`: what is kept with a booking and what `lang` says.
    pub fn tag(self) -> &'static str {
        self.dates().tag
    }

    /// What it is called in itself, e.g. `Deutsch`.
    pub fn name(self) -> &'static str {
        self.texts().name
    }

    /// In which direction it is written, as HTML has it: `ltr` or `rtl`.
    pub fn dir(self) -> &'static str {
        self.texts().dir
    }

    /// A text without placeholders.
    pub fn text(self, text: Text) -> &'static str {
        self.texts().parts.get(text as usize)
    }

    /// A text with its placeholders filled, e.g. `{business}`. What is filled in may be written in the other direction, so it
    /// is isolated where that would mix up the sentence.
    pub fn fill(self, text: Text, values: &[(&str, &str)]) -> String {
        fill(self.text(text), values, self.dir() == "rtl")
    }

    /// A text with a number in the grammatical form that the number asks for.
    pub fn count(self, count: Count, n: u32) -> String {
        const FORMS: usize = 6;
        const OTHER: usize = 5;
        let form = |form: usize| {
            let at = TEXT_COUNT + count as usize * FORMS + form;
            let said = self.texts().parts.get(at);
            (!said.is_empty()).then_some(said)
        };
        let category = self
            .plural_rules()
            .map_or(OTHER, |rules| rules.category_for(n) as usize);
        let said = form(category).or_else(|| form(OTHER)).unwrap_or_default();
        fill(said, &[("n", &n.to_string())], false)
    }

    fn plural_rules(self) -> Option<PluralRules> {
        let locale: Locale = self.texts().tag.parse().ok()?;
        PluralRules::try_new_cardinal((&locale).into()).ok()
    }

    pub(crate) fn dates(self) -> &'static Dates {
        &DATES[self.0]
    }

    fn texts(self) -> &'static Texts {
        &LANGUAGES[self.dates().language]
    }

    /// The language without its region.
    #[must_use]
    pub fn without_region(self) -> Self {
        Self::of(self.texts().tag).unwrap_or(self)
    }
}

impl Dates {
    pub(crate) fn piece(&self, index: usize) -> &'static str {
        self.parts.get(index)
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The first of ours in an `Accept-Language` header, by its weights.
fn accepted(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for range in header.split(',').take(MAX_RANGES) {
        let (tag, parameter) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameter
            .trim()
            .strip_prefix("q=")
            .map_or(Some(1.0), |q| q.parse().ok());
        let Some(weight) = weight.filter(|weight: &f32| *weight > 0.0) else {
            continue;
        };
        if best.is_none_or(|(most, _)| weight > most)
            && let Some(language) = Language::of(tag)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// How many languages of a header are looked at: browsers send a handful.
const MAX_RANGES: usize = 20;

/// `text` with `values` in its placeholders, each isolated from the direction of the text if `isolated`.
pub(crate) fn fill(text: &str, values: &[(&str, &str)], isolated: bool) -> String {
    const FIRST_STRONG_ISOLATE: char = '\u{2068}';
    const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, placeholder)) = rest.split_once('{') {
        filled += before;
        let (name, after) = placeholder.split_once('}').unwrap_or((placeholder, ""));
        let value = values.iter().find(|value| value.0 == name);
        let value = value.map_or("", |value| value.1);
        if isolated && !value.is_empty() {
            filled.push(FIRST_STRONG_ISOLATE);
            filled += value;
            filled.push(POP_DIRECTIONAL_ISOLATE);
        } else {
            filled += value;
        }
        rest = after;
    }
    filled + rest
}

#[cfg(test)]
#[path = "tests/language.rs"]
mod tests;
