//! Everything that is wrong with a request, at once and by field.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::body::Field;
use crate::error::ApiError;

/// What is wrong with a request: sentences by field name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(BTreeMap<String, Vec<String>>);

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
        self.0
            .entry(field.to_owned())
            .or_default()
            .push(sentence.into());
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
        for (field, sentences) in others.0 {
            self.0.entry(field).or_default().extend(sentences);
        }
        self
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
        self.0
            .iter()
            .map(|(field, sentences)| (field.clone(), Value::from(sentences.clone())))
            .collect::<Map<_, _>>()
            .into()
    }
}
