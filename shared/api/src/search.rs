//! `?search=key:value;key:value`: all must hold. A value may contain colons; `;` may come raw or encoded, and separates
//! unless a backslash stands before it. Blanks around a value do not count, nor does how its letters are composed.

use model::text::{folded, is_same};
use model::time::parse_instant;
use serde_json::Value;

use crate::body::parse_email;
use crate::error::ApiError;
use crate::query::Query;
use model::fault::{Faults, quoted};

/// The criteria of a search, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search(Vec<(String, String)>);

impl Search {
    /// Reads the criteria. Every one must name an attribute that is `known`, or one under a known prefix ending in `.*`.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] naming the known ones: an unknown criterion must never widen a list.
    pub fn of(query: &Query, known: &[&str]) -> Result<Self, ApiError> {
        let (search, faults) = Self::read(query, known);
        faults.check()?;
        Ok(search)
    }

    /// Reads the criteria, with everything that is wrong with them. A search with faults must not be used.
    pub fn read(query: &Query, known: &[&str]) -> (Self, Faults) {
        let mut faults = Faults::none();
        let mut criteria: Vec<(String, String)> = Vec::new();
        // Several searches are one.
        for parameter in query.all("search") {
            for criterion in split(&parameter.value, &parameter.with_plus) {
                read_criterion(&criterion, known, &mut criteria, &mut faults);
            }
        }
        // All must hold. What has one value cannot be two things, and passing over one of them would widen the list.
        for (index, (key, value)) in criteria.iter().enumerate() {
            let has_one_value = known.contains(&key.as_str()) && key != "tags";
            if has_one_value
                && criteria[..index]
                    .iter()
                    .any(|(other, others)| other == key && others != value)
            {
                faults.add(
                    "search",
                    format!("asks for {key} twice, with different values"),
                );
            }
        }
        (Self(criteria), faults)
    }

    /// The value asked for under `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// All criteria.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// A text in the two readings of a raw `+`, which have the same length: as a blank and as a plus.
type Readings = (String, String);

/// The criteria of a search as it was sent. `\;` is a semicolon within a value, and `\\` a backslash.
fn split(raw: &str, with_plus: &str) -> Vec<Readings> {
    let mut criteria = Vec::new();
    let mut criterion = Readings::default();
    let mut rest = raw.chars().zip(with_plus.chars()).peekable();
    while let Some((c, plus)) = rest.next() {
        match c {
            ';' => criteria.push(std::mem::take(&mut criterion)),
            '\\' => {
                let escaped = rest.next_if(|(next, _)| matches!(next, ';' | '\\'));
                let (c, plus) = escaped.unwrap_or(('\\', '\\'));
                criterion.0.push(c);
                criterion.1.push(plus);
            }
            other => {
                criterion.0.push(other);
                criterion.1.push(plus);
            }
        }
    }
    criteria.push(criterion);
    criteria
}

/// Reads a criterion.
fn read_criterion(
    (criterion, with_plus): &Readings,
    known: &[&str],
    criteria: &mut Vec<(String, String)>,
    faults: &mut Faults,
) {
    // An old client writes `search=?key:value`.
    let begun = criterion.trim_start().trim_start_matches('?').trim_start();
    let with_plus = &with_plus[criterion.len() - begun.len()..];
    let criterion = begun.trim_end();
    if criterion.is_empty() {
        return;
    }
    match criterion.split_once(':') {
        Some((key, value)) if is_known(key.trim_end(), known) => {
            let value = meant(key.trim_end(), value, &with_plus[key.len() + 1..]);
            criteria.push((key.trim_end().to_owned(), value));
        }
        Some((key, _)) => {
            let (key, known) = (quoted(key), known.join(", "));
            faults.add(
                "search",
                format!("unknown attribute {key}; the known ones are {known}"),
            );
        }
        None => faults.add(
            "search",
            format!("{} is not of the form attribute:value", quoted(criterion)),
        ),
    }
}

/// A value in the reading that can be meant, without blanks around it: a raw `+` is a blank but within what has none, e-mail
/// addresses and instants, and at the beginning of a telephone number.
fn meant(key: &str, value: &str, with_plus: &str) -> String {
    let attribute = key.rsplit('.').next();
    let begun = value.trim_start();
    let trimmed = begun.trim_end();
    let start = value.len() - begun.len();
    let inner = &with_plus[start..start + trimmed.len()];
    let is_email = attribute == Some("email") || parse_email(inner).is_ok();
    if is_email || parse_instant(inner).is_ok() {
        return inner.to_owned();
    }
    let begins_with_plus = value.starts_with(' ') && with_plus.starts_with('+');
    match attribute {
        Some("phone" | "voip") if begins_with_plus => format!("+{trimmed}"),
        _ => trimmed.to_owned(),
    }
}

pub(crate) fn is_known(key: &str, known: &[&str]) -> bool {
    known.iter().any(|name| match name.strip_suffix('*') {
        Some(prefix) => key.len() > prefix.len() && key.starts_with(prefix),
        None => key == *name,
    })
}

/// Whether `text` is what `wanted` asks for: letter case aside, with `*` at either end for anything.
pub fn matches_wildcard(wanted: &str, text: &str) -> bool {
    let (wanted, text) = (folded(wanted), folded(text.trim()));
    match (wanted.strip_prefix('*'), wanted.strip_suffix('*')) {
        (Some(_), Some(_)) => text.contains(wanted.trim_matches('*')),
        (Some(end), None) => text.ends_with(end),
        (None, Some(start)) => text.starts_with(start),
        (None, None) => text == wanted,
    }
}

/// Whether a kept value, written as text, is the one searched for; one of several will do.
pub fn says(kept: &Value, value: &str) -> bool {
    match kept {
        Value::String(text) => is_same(text, value),
        Value::Array(values) => values.iter().any(|kept| says(kept, value)),
        Value::Bool(flag) => value.parse() == Ok(*flag),
        Value::Number(number) => value
            .parse()
            .is_ok_and(|wanted: serde_json::Number| wanted == *number),
        Value::Null | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["resource.id", "customer.email", "meta.*"];

    fn search(raw: &str) -> Result<Search, ApiError> {
        Search::of(&Query::parse(raw), KNOWN)
    }

    #[test]
    fn a_semicolon_separates_criteria_raw_and_encoded_alike() {
        let raw = search("search=resource.id:1;customer.email:a@b.c&limit=1").expect("a search");
        let encoded =
            search("search=resource.id:1%3Bcustomer.email:a%40b.c&limit=1").expect("a search");
        assert_eq!(raw, encoded);
        assert_eq!(raw.get("customer.email"), Some("a@b.c"));
    }

    #[test]
    fn several_searches_are_one() {
        let several = search("search=resource.id:1&limit=1&search=customer.email:a@b.c&search=");
        let one = search("search=resource.id:1;customer.email:a@b.c").expect("a search");
        assert_eq!(several.expect("a search"), one);
        assert!(search("search=resource.id:1&search=resource.id:2").is_err());
        assert!(search("search=resource.id:1&search=x:2").is_err());
    }

    #[test]
    fn a_raw_plus_is_a_plus_where_no_blank_can_be_meant() {
        let known = &["customer.*", "meta.*", "email"];
        for (raw, expected) in [
            ("customer.email:a+b@c.d", "a+b@c.d"),
            ("customer.email:a%2Bb@c.d", "a+b@c.d"),
            ("email:a+b", "a+b"),
            ("meta.owner:a+b@c.d", "a+b@c.d"),
            (
                "meta.at:2027-02-01T12:00:00+01:00",
                "2027-02-01T12:00:00+01:00",
            ),
            ("customer.phone:+45+12+34", "+45 12 34"),
            ("customer.phone:%2B4512", "+4512"),
            ("customer.name:Marty+McFly", "Marty McFly"),
            ("meta.code:a+b", "a b"),
            ("meta.code:a%2Bb", "a+b"),
            ("customer.name:a+", "a"),
        ] {
            for raw in [format!("search={raw}"), format!("search=meta.x:y+z;{raw}")] {
                let search = Search::of(&Query::parse(&raw), known).expect("a search");
                let (_, value) = search.iter().last().expect("a criterion");
                assert_eq!(value, expected, "{raw}");
            }
        }
    }

    #[test]
    fn a_value_keeps_its_colons() {
        let found = search("search=meta.at:2026-01-01T10:00:00Z").expect("a search");
        assert_eq!(found.get("meta.at"), Some("2026-01-01T10:00:00Z"));
    }

    #[test]
    fn a_semicolon_behind_a_backslash_belongs_to_the_value() {
        for (raw, value) in [
            (r"search=meta.note:a\;b", "a;b"),
            (r"search=meta.note:a%5C%3Bb", "a;b"),
            (r"search=meta.note:C:\\dir\\;resource.id:1", r"C:\dir\"),
            (r"search=meta.note:a\b\", r"a\b\"),
        ] {
            let found = search(raw).expect("a search");
            assert_eq!(found.get("meta.note"), Some(value), "{raw}");
        }
        let two = search(r"search=meta.note:a\\;resource.id:1").expect("a search");
        assert_eq!(two.get("meta.note"), Some(r"a\"));
        assert_eq!(two.get("resource.id"), Some("1"));
    }

    #[test]
    fn blanks_and_the_composition_of_letters_do_not_count() {
        let found =
            search("search=meta.name:%20cafe%CC%81%20;resource.id%20:+1").expect("a search");
        assert_eq!(found.get("meta.name"), Some("caf\u{e9}"));
        assert_eq!(found.get("resource.id"), Some("1"));
        assert!(says(&"Cafe\u{301} ".into(), "Caf\u{e9}"));
        assert!(matches_wildcard("ГАРАЖ*", "гараж Дока"));
        assert!(matches_wildcard("*STRASSE", "Lange Straße"));
        assert!(matches_wildcard("ре\u{301}не*", "Ре\u{301}не"));
    }

    #[test]
    fn an_unknown_attribute_never_gives_an_unfiltered_list() {
        for raw in [
            "search=resource:1",
            "search=meta.:1",
            "search=resource.id",
            "search=x:1;resource.id:2",
            "search=resource.id:1;resource.id:2",
        ] {
            assert!(matches!(search(raw), Err(ApiError::Invalid(_))), "{raw}");
        }
    }

    #[test]
    fn a_star_stands_for_anything_at_either_end() {
        for (wanted, matches) in [
            ("marty*", true),
            ("*FLY", true),
            ("*rty mc*", true),
            ("marty", false),
            ("*doc*", false),
        ] {
            assert_eq!(matches_wildcard(wanted, "Marty McFly"), matches, "{wanted}");
        }
    }
}
