//! Query strings, read here from the raw text: `;` is part of a value, never a separator. Letters are composed, as in
//! bodies.
//!
//! A raw `+` is a blank in forms, and a plus in addresses that were put together by hand. So each value is kept in both
//! readings, and whoever reads it says which can be meant: no instant or e-mail address has a blank in place of a plus.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use model::text::composed;
use model::time::parse_instant;

use model::fault::Faults;

/// The parameters of a request's address, in order.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<Parameter>);

/// A parameter. Its two readings have the same length, and differ only where one has a blank and the other a plus.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// Its value, in which a raw `+` is a blank.
    pub(crate) value: String,
    /// The same, in which it is a plus.
    pub(crate) with_plus: String,
}

impl Parameter {
    fn new(name: &str, value: &str, with_plus: &str) -> Self {
        let value = composed(value).into_owned();
        let with_plus = composed(with_plus).into_owned();
        Self {
            name: composed(name).into_owned(),
            // No letter is composed with a blank or a plus; what is read by position must never rest on that.
            with_plus: if with_plus.len() == value.len() {
                with_plus
            } else {
                value.clone()
            },
            value,
        }
    }

    /// A value as it can stand in a query string again, with the same readings.
    fn encoded(&self) -> String {
        let mut encoded = String::with_capacity(self.value.len());
        for (blank, plus) in self.value.chars().zip(self.with_plus.chars()) {
            if blank == plus {
                let mut bytes = [0; 4];
                let bytes = plus.encode_utf8(&mut bytes).as_bytes();
                encoded.extend(form_urlencoded::byte_serialize(bytes).map(|text| {
                    // A blank that was one in either reading.
                    if text == "+" { "%20" } else { text }
                }));
            } else {
                encoded.push('+');
            }
        }
        encoded
    }
}

impl Query {
    /// Reads a raw query string.
    pub fn parse(raw: &str) -> Self {
        let with_plus = raw.replace('+', "%2B");
        let pairs = form_urlencoded::parse(raw.as_bytes());
        let with_plus = form_urlencoded::parse(with_plus.as_bytes());
        let mut parameters = Vec::new();
        for ((name, value), (_, with_plus)) in pairs.zip(with_plus) {
            let parameter = Parameter::new(&name, &value, &with_plus);
            let (parameter, run_in) = separated(parameter);
            parameters.push(parameter);
            parameters.extend(run_in);
        }
        Self(parameters)
    }

    /// The first value of a parameter, if it is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.first(name).map(|parameter| parameter.value.as_str())
    }

    /// The same of a parameter that has no blanks: a raw `+` in it is a plus.
    pub fn get_with_plus(&self, name: &str) -> Option<&str> {
        self.first(name)
            .map(|parameter| parameter.with_plus.as_str())
    }

    fn first(&self, name: &str) -> Option<&Parameter> {
        self.all(name).next()
    }

    /// Every value of a parameter that is not empty.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Parameter> {
        self.0
            .iter()
            .filter(move |parameter| parameter.name == name && !parameter.value.is_empty())
    }

    /// Every parameter.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.0.iter()
    }

    /// The instant that a parameter names, if it is there. The last raw `+` can be the plus of its offset, each other one is
    /// a blank.
    pub fn instant(&self, faults: &mut Faults, name: &str) -> Option<DateTime<Utc>> {
        let Parameter {
            value, with_plus, ..
        } = self.first(name)?;
        let raw = |index: &usize| value.as_bytes()[*index] != with_plus.as_bytes()[*index];
        let last = (0..value.len()).rev().find(raw);
        let mixed = last.map(|at| format!("{}+{}", &value[..at], &value[at + 1..]));
        let readings = [value.as_str(), mixed.as_deref().unwrap_or_default()];
        let found = readings.iter().find_map(|text| parse_instant(text).ok());
        // What is wrong is that of the likeliest reading.
        found.or_else(|| faults.parsed(name, Some(with_plus), parse_instant))
    }

    /// The same parameters without those of these names, and with these added, as a query string.
    pub fn with(&self, names: &[&str], added: &[(&str, &str)]) -> String {
        let kept = self
            .0
            .iter()
            .filter(|parameter| !names.contains(&parameter.name.as_str()))
            .map(|parameter| format!("{}={}", encoded(&parameter.name), parameter.encoded()));
        let added = added
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        kept.chain(added).collect::<Vec<_>>().join("&")
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The page and the parameter that has run into it: python-timekit 1.0.2 leaves out the `&` in `page=1include=customers`.
fn separated(parameter: Parameter) -> (Parameter, Option<Parameter>) {
    let digits = parameter.value.bytes().take_while(u8::is_ascii_digit);
    let digits = digits.count();
    let run_in = match parameter.value[digits..].split_once('=') {
        Some((name, _))
            if parameter.name == "page"
                && digits > 0
                && !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
        {
            let begin = digits + name.len() + 1;
            Parameter {
                name: name.to_owned(),
                value: parameter.value[begin..].to_owned(),
                with_plus: parameter.with_plus[begin..].to_owned(),
            }
        }
        _ => return (parameter, None),
    };
    let page = Parameter {
        value: parameter.value[..digits].to_owned(),
        with_plus: parameter.with_plus[..digits].to_owned(),
        ..parameter
    };
    (page, Some(run_in))
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(raw: &str) -> Option<DateTime<Utc>> {
        Query::parse(raw).instant(&mut Faults::none(), "start")
    }

    #[test]
    fn a_raw_plus_in_an_instant_is_what_can_stand_there() {
        let noon = parse_instant("2027-02-01T12:00:00+01:00").ok();
        assert!(noon.is_some());
        for raw in [
            "start=2027-02-01T12:00:00+01:00",
            "start=2027-02-01T12:00:00%2B01:00",
            "start=2027-02-01+12:00:00%2B01:00",
            "start=2027-02-01+12:00:00+%2B0100",
            "start=2027-02-01+12:00:00+01:00",
            "start=2027-02-01+12:00:00++01:00",
            "start=2027-02-01%2012:00+0100",
            "start=2027-02-01+11:00:00Z",
        ] {
            assert_eq!(instant(raw), noon, "{raw}");
        }
        for raw in [
            "start=2027-02-01",
            "start=2027-02-01+01:00",
            "start=+",
            "start=now",
        ] {
            assert_eq!(instant(raw), None, "{raw}");
        }
    }

    #[test]
    fn a_query_string_written_again_has_the_same_readings() {
        let raw = "a=1+2%2B3%204&search=x:%C3%A9;y&page=2&b=";
        let query = Query::parse(raw);
        assert_eq!(query.get("a"), Some("1 2+3 4"));
        assert_eq!(query.get_with_plus("a"), Some("1+2+3 4"));
        let written = query.with(&["page"], &[("page", "3")]);
        let again = Query::parse(&written);
        for name in ["a", "search"] {
            assert_eq!(again.get(name), query.get(name), "{written}");
            assert_eq!(
                again.get_with_plus(name),
                query.get_with_plus(name),
                "{written}"
            );
        }
        assert_eq!(again.get("page"), Some("3"));
    }

    #[test]
    fn a_parameter_that_has_run_into_the_page_is_read_and_nothing_else_is_cut_off() {
        let query = Query::parse("limit=50&page=1include=customers,event&search=a:b");
        assert_eq!(query.get("page"), Some("1"));
        assert_eq!(query.get("include"), Some("customers,event"));
        assert_eq!(Query::parse("page=1include=").get("page"), Some("1"));
        for raw in ["page=1x", "page=include=a", "page=1=2", "limit=1include=a"] {
            let read = Query::parse(raw);
            assert_eq!(read.iter().count(), 1, "{raw}");
        }
    }
}
