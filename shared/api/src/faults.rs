//! Everything that is wrong with a request, at once and by field.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::body::Field;
use crate::error::ApiError;

/// The most faults that are told; of others only their number.
pub const MAX_TOLD: usize = 50;

/// The most characters of a field's name, which may be the caller's.
const MAX_NAME: usize = 100;

/// The most characters of a sentence, which may name what was sent.
const MAX_SENTENCE: usize = 1_000;

/// What is wrong with a request: sentences by field name. However much is wrong, they stay few and short, so that an answer
/// is never many times what was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    told: BTreeMap<String, Vec<String>>,
    count: usize,
}

impl Faults {
    /// Nothing wrong so far.
    pub fn none() -> Self {
        Self::default()
    }

    /// One thing wrong.
    pub fn one(field: &str, sentence: impl Into<String>) -> Self {
        let mut faults = Self::none();
        faults.add(field, sentence);
        faults
    }

    /// Notes that something is wrong with `field`.
    pub fn add(&mut self, field: &str, sentence: impl Into<String>) {
        self.count += 1;
        if self.count <= MAX_TOLD {
            let sentence = sentence.into();
            self.told
                .entry(shortened(field, MAX_NAME).into_owned())
                .or_default()
                .push(shortened(&sentence, MAX_SENTENCE).into_owned());
        }
    }

    /// How many faults there are besides those that are told.
    pub fn left_out(&self) -> usize {
        self.count.saturating_sub(MAX_TOLD)
    }

    /// The value of a field that must be there.
    pub fn required<T>(&mut self, name: &str, field: Field<T>) -> Option<T> {
        match field {
            Field::Absent | Field::Null => {
                self.add(name, "is required");
                None
            }
            present => self.optional(name, present),
        }
    }

    /// The value of a field that may be missing.
    pub fn optional<T>(&mut self, name: &str, field: Field<T>) -> Option<T> {
        match field {
            Field::Absent | Field::Null => None,
            Field::Value(value) => Some(value),
            Field::Wrong(sentence) => {
                self.add(name, sentence);
                None
            }
        }
    }

    /// What `parse` makes of the text of a field, if it is there; its error is the fault.
    pub fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(text?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(name, error.to_string());
                None
            }
        }
    }

    /// A whole number within `range`, if it is there.
    pub fn whole(
        &mut self,
        name: &str,
        field: Field<i64>,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let number = match field {
            Field::Absent | Field::Null => return None,
            Field::Value(number) => u32::try_from(number).ok(),
            Field::Wrong(_) => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            self.add(
                name,
                format!("must be a whole number from {least} to {most}"),
            );
        }
        number
    }

    /// Text of a length within `range`, counted in characters, without blanks at its ends.
    pub fn text(
        &mut self,
        name: &str,
        text: Option<String>,
        range: std::ops::RangeInclusive<usize>,
    ) -> Option<String> {
        let text = text?.trim().to_owned();
        if range.contains(&text.chars().count()) {
            Some(text)
        } else {
            self.add(
                name,
                format!("must have {} to {} characters", range.start(), range.end()),
            );
            None
        }
    }

    /// Refuses free-form JSON that is too large to be kept.
    pub fn size(&mut self, name: &str, value: &impl Serialize, most_bytes: usize) {
        let bytes = serde_json::to_vec(value).map_or(usize::MAX, |json| json.len());
        if bytes > most_bytes {
            self.add(
                name,
                format!("must have at most {most_bytes} bytes as JSON"),
            );
        }
    }

    /// Refuses fields that the request does not know.
    pub fn unknown(&mut self, rest: &Map<String, Value>, set_by_server: &[&str]) {
        for name in rest.keys() {
            if set_by_server.contains(&name.as_str()) {
                self.add(name, "is set by the server and cannot be sent");
            } else {
                self.add(name, "is not a field of this request");
            }
        }
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        let left_out = others.left_out();
        for (field, sentences) in others.told {
            for sentence in sentences {
                self.add(&field, sentence);
            }
        }
        self.count += left_out;
        self
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Goes on only if nothing is wrong.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] with everything that is.
    pub fn check(self) -> Result<(), ApiError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(ApiError::Invalid(self))
        }
    }

    /// What was read, if all of it is there and nothing is wrong.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] with everything that is.
    pub fn finish<T>(mut self, read: Option<T>) -> Result<T, ApiError> {
        match read {
            Some(value) if self.is_empty() => Ok(value),
            _ => {
                if self.is_empty() {
                    self.add("body", "is incomplete");
                }
                Err(ApiError::Invalid(self))
            }
        }
    }

    /// The sentences by field, as they are answered.
    pub fn to_json(&self) -> Value {
        self.told
            .iter()
            .map(|(field, sentences)| (field.clone(), Value::from(sentences.clone())))
            .collect::<Map<_, _>>()
            .into()
    }
}

/// What was sent, in quotes, for a sentence about it: no more of it than is needed to recognise it.
pub fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text, 60))
}

fn shortened(text: &str, most_chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most_chars) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_much_is_wrong_few_faults_are_told_and_the_rest_is_counted() {
        let mut faults = Faults::none();
        for number in 0..30 {
            faults.add(&format!("a.{number}"), "is wrong");
        }
        let mut others = Faults::one(&"x".repeat(10_000), "y".repeat(10_000));
        for number in 0..100 {
            others.add(&format!("b.{number}"), "is wrong");
        }
        let faults = faults.and(others);
        let told = faults.to_json();
        let sentences: usize = told
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, sentences)| Some(sentences.as_array()?.len()))
            .sum();
        assert_eq!((sentences, faults.left_out()), (50, 81));
        assert!(told.to_string().len() < 4_000, "{told}");
    }
}
