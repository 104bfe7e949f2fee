//! `?search=key:value;key:value`: all must hold. A value may contain colons; `;` may come raw or encoded.

use serde_json::Value;

use crate::error::ApiError;
use crate::faults::Faults;
use crate::query::Query;

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
        faults.check().map(|()| search)
    }

    /// Reads the criteria, with everything that is wrong with them. A search with faults must not be used.
    pub fn read(query: &Query, known: &[&str]) -> (Self, Faults) {
        let mut faults = Faults::none();
        let mut criteria: Vec<(String, String)> = Vec::new();
        for criterion in query.get("search").unwrap_or_default().split(';') {
            // An old client writes `search=?key:value`.
            let criterion = criterion.trim().trim_start_matches('?');
            if criterion.is_empty() {
                continue;
            }
            match criterion.split_once(':') {
                Some((key, value)) if is_known(key, known) => {
                    criteria.push((key.to_owned(), value.to_owned()))
                }
                Some((key, _)) => {
                    faults.add(
                        "search",
                        format!(
                            "unknown attribute {key:?}; the known ones are {}",
                            known.join(", ")
                        ),
                    );
                }
                None => faults.add(
                    "search",
                    format!("{criterion:?} is not of the form attribute:value"),
                ),
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

fn is_known(key: &str, known: &[&str]) -> bool {
    known.iter().any(|name| match name.strip_suffix('*') {
        Some(prefix) => key.len() > prefix.len() && key.starts_with(prefix),
        None => key == *name,
    })
}

/// Whether `text` is what `wanted` asks for: letter case aside, with `*` at either end for anything.
pub fn matches_wildcard(wanted: &str, text: &str) -> bool {
    let (wanted, text) = (wanted.to_lowercase(), text.to_lowercase());
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
        Value::String(text) => text == value,
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
    fn a_value_keeps_its_colons() {
        let found = search("search=meta.at:2026-01-01T10:00:00Z").expect("a search");
        assert_eq!(found.get("meta.at"), Some("2026-01-01T10:00:00Z"));
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
