//! What is wrong with what was sent: every fault by its field, found at once. A fault carries the field's path and its kind
//! as data; the sentence that callers read is made of them here alone.
//!
//! It is one file because faults are collected, named and said by the same list of kinds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

/// The most faults that are told; of others only their number.
pub const MAX_TOLD: usize = 50;

/// The most characters of a field's path, which may contain the caller's names.
const MAX_PATH: usize = 100;

/// The most characters of a sentence, which may quote what was sent.
const MAX_SENTENCE: usize = 1_000;

/// Where a field is: names of fields and positions in lists, joined by dots, e.g. `constraints.3.allow_hours.start`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(String);

/// Something that is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which field.
    pub path: FieldPath,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// What is wrong with a field. Displayed it is the sentence without its subject, e.g. `must be a string`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It must be sent.
    Required,
    /// It has another type than this one, e.g. `a string`.
    WrongType(&'static str),
    /// It is no whole number from `min` to `max`, both included.
    OutOfRange {
        /// The smallest allowed.
        min: i64,
        /// The largest allowed.
        max: i64,
    },
    /// It has fewer than `min` or more than `max` characters.
    WrongLength {
        /// The fewest characters allowed.
        min: usize,
        /// The most characters allowed.
        max: usize,
    },
    /// It has more characters than these.
    TooLong {
        /// The most characters allowed.
        max: usize,
    },
    /// Written as JSON it has more characters than these.
    TooLongAsJson {
        /// The most characters allowed.
        max: usize,
    },
    /// Written as JSON it has more bytes than these.
    TooLarge {
        /// The most bytes allowed.
        max_bytes: usize,
    },
    /// It is none of the allowed values.
    NotOneOf(Vec<&'static str>),
    /// It names no time zone.
    UnknownZone,
    /// It must be on the other side of a field beside it.
    WrongOrder {
        /// The side on which it must be.
        must_be: Order,
        /// The other field's name, without the path that both share.
        other: Cow<'static, str>,
        /// What the other field is when it is not sent, if a default was used.
        default: Option<&'static str>,
    },
    /// The server sets it.
    SetByServer,
    /// The request has no such field.
    UnknownField,
    /// Something that has a sentence of its own.
    Other(Cow<'static, str>),
}

/// How two fields must follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The field must be before the other.
    Before,
    /// The field must be after the other.
    After,
}

/// A field of a request, which may be missing and may be unreadable.
pub trait Input {
    /// What is read from it.
    type Value;

    /// The value, or what is wrong with it; nothing if the field is missing or `null`.
    fn input(self) -> Option<Result<Self::Value, FaultKind>>;
}

impl FieldPath {
    /// The path as it is told.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same field seen from further out: `prefix` ends with a dot, or is empty.
    #[must_use]
    pub fn within(&self, prefix: &str) -> Self {
        Self(format!("{prefix}{}", self.0))
    }
}

impl From<&str> for FieldPath {
    fn from(path: &str) -> Self {
        Self(path.to_owned())
    }
}

impl From<&String> for FieldPath {
    fn from(path: &String) -> Self {
        Self(path.clone())
    }
}

impl From<String> for FieldPath {
    fn from(path: String) -> Self {
        Self(path)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&'static str> for FaultKind {
    fn from(sentence: &'static str) -> Self {
        Self::Other(sentence.into())
    }
}

impl From<String> for FaultKind {
    fn from(sentence: String) -> Self {
        Self::Other(sentence.into())
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("is required"),
            Self::WrongType(expected) => write!(f, "must be {expected}"),
            Self::OutOfRange { min, max } => {
                write!(f, "must be a whole number from {min} to {max}")
            }
            Self::WrongLength { min, max } => write!(f, "must have {min} to {max} characters"),
            Self::TooLong { max } => write!(f, "must have at most {max} characters"),
            Self::TooLongAsJson { max } => write!(f, "must have at most {max} characters as JSON"),
            Self::TooLarge { max_bytes } => {
                write!(f, "must have at most {max_bytes} bytes as JSON")
            }
            Self::NotOneOf(allowed) => write!(f, "must be one of {}", allowed.join(", ")),
            Self::UnknownZone => f.write_str("must be an IANA time zone, like Europe/Copenhagen"),
            Self::WrongOrder {
                must_be,
                other,
                default,
            } => {
                let order = match must_be {
                    Order::Before => "before",
                    Order::After => "after",
                };
                write!(f, "must be {order} {other}")?;
                match default {
                    Some(default) => write!(f, ", which is {default} unless sent"),
                    None => Ok(()),
                }
            }
            Self::SetByServer => f.write_str("is set by the server and cannot be sent"),
            Self::UnknownField => f.write_str("is not a field of this request"),
            Self::Other(sentence) => f.write_str(sentence),
        }
    }
}

impl Fault {
    /// A fault at `path`.
    pub fn new(path: impl Into<FieldPath>, kind: impl Into<FaultKind>) -> Self {
        Self {
            path: path.into(),
            kind: kind.into(),
        }
    }

    /// The same fault seen from further out: `prefix` ends with a dot, or is empty.
    #[must_use]
    pub fn within(self, prefix: &str) -> Self {
        Self {
            path: self.path.within(prefix),
            kind: self.kind,
        }
    }

    /// The same fault where fields have other names: `name` returns the name that a field has there. Its path must be a
    /// single field's name.
    #[must_use]
    pub fn renamed(self, name: impl Fn(&str) -> Option<&'static str>) -> Self {
        let path = match name(self.path.as_str()) {
            Some(path) => path.into(),
            None => self.path,
        };
        let kind = match self.kind {
            FaultKind::WrongOrder {
                must_be,
                other,
                default,
            } => FaultKind::WrongOrder {
                must_be,
                other: name(&other).map_or(other, Cow::Borrowed),
                default,
            },
            kind => kind,
        };
        Self { path, kind }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.kind)
    }
}

/// Everything that is wrong with what was sent. However much is wrong, the faults that are told stay few and short, so that
/// a response is never many times what was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    told: Vec<Fault>,
    count: usize,
}

impl Faults {
    /// Nothing wrong so far.
    pub fn none() -> Self {
        Self::default()
    }

    /// One thing wrong.
    pub fn one(field: impl Into<FieldPath>, kind: impl Into<FaultKind>) -> Self {
        Self::from(Fault::new(field, kind))
    }

    /// Notes that something is wrong with `field`.
    pub fn add(&mut self, field: impl Into<FieldPath>, kind: impl Into<FaultKind>) {
        self.push(Fault::new(field, kind));
    }

    /// Notes that `field` must be sent.
    pub fn missing(&mut self, field: impl Into<FieldPath>) {
        self.add(field, FaultKind::Required);
    }

    /// Notes a fault.
    pub fn push(&mut self, fault: Fault) {
        self.count += 1;
        if self.count <= MAX_TOLD {
            self.told.push(fault);
        }
    }

    /// Notes everything that was found elsewhere.
    pub fn append(&mut self, others: Self) {
        let left_out = others.left_out();
        for fault in others.told {
            self.push(fault);
        }
        self.count += left_out;
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.append(others);
        self
    }

    /// The same with each fault changed, e.g. seen from further out.
    #[must_use]
    pub fn map(self, change: impl FnMut(Fault) -> Fault) -> Self {
        Self {
            told: self.told.into_iter().map(change).collect(),
            count: self.count,
        }
    }

    /// How many faults there are besides those that are told.
    pub fn left_out(&self) -> usize {
        self.count.saturating_sub(MAX_TOLD)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The faults that are told, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.told.iter()
    }

    /// The value of a field that must be sent.
    pub fn required<I: Input>(&mut self, name: &str, field: I) -> Option<I::Value> {
        let input = field.input();
        if input.is_none() {
            self.missing(name);
        }
        self.readable(name, input)
    }

    /// The value of a field that may be missing.
    pub fn optional<I: Input>(&mut self, name: &str, field: I) -> Option<I::Value> {
        self.readable(name, field.input())
    }

    fn readable<T>(&mut self, name: &str, input: Option<Result<T, FaultKind>>) -> Option<T> {
        match input? {
            Ok(value) => Some(value),
            Err(kind) => {
                self.add(name, kind);
                None
            }
        }
    }

    /// What `parse` makes of the text of a field, if it was sent; its error is the fault.
    pub fn parsed<T, E: fmt::Display>(
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

    /// The id in a field that may be missing.
    pub fn id<T: std::str::FromStr>(
        &mut self,
        name: &str,
        field: impl Input<Value = String>,
    ) -> Option<T> {
        let text = self.optional(name, field);
        self.parsed_id(name, text.as_deref())
    }

    /// The id in the text of a field, if it was sent.
    pub fn parsed_id<T: std::str::FromStr>(&mut self, name: &str, text: Option<&str>) -> Option<T> {
        self.parsed(name, text, |id| {
            id.parse().map_err(|_| "must be a valid UUID")
        })
    }

    /// A whole number within `range`, if it was sent.
    pub fn whole(
        &mut self,
        name: &str,
        field: impl Input<Value = i64>,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let number = field.input()?.ok();
        let number = number.and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (min, max) = (i64::from(*range.start()), i64::from(*range.end()));
            self.add(name, FaultKind::OutOfRange { min, max });
        }
        number
    }

    /// Text whose number of characters is within `range`, without blanks at its ends.
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
            let (min, max) = range.into_inner();
            self.add(name, FaultKind::WrongLength { min, max });
            None
        }
    }

    /// Refuses free-form JSON that is too large to be kept.
    pub fn size(&mut self, name: &str, value: &impl Serialize, max_bytes: usize) {
        let bytes = serde_json::to_vec(value).map_or(usize::MAX, |json| json.len());
        if bytes > max_bytes {
            self.add(name, FaultKind::TooLarge { max_bytes });
        }
    }

    /// Refuses fields that the request does not know.
    pub fn unknown(&mut self, rest: &Map<String, Value>, set_by_server: &[&str]) {
        for name in rest.keys() {
            if set_by_server.contains(&name.as_str()) {
                self.add(name, FaultKind::SetByServer);
            } else {
                self.add(name, FaultKind::UnknownField);
            }
        }
    }

    /// Goes on only if nothing is wrong.
    ///
    /// # Errors
    ///
    /// Everything that is.
    pub fn check(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }

    /// What was read, if all of it is there and nothing is wrong.
    ///
    /// # Errors
    ///
    /// Everything that is wrong.
    pub fn finish<T>(mut self, read: Option<T>) -> Result<T, Self> {
        match read {
            Some(value) if self.is_empty() => Ok(value),
            _ => {
                if self.is_empty() {
                    self.add("body", "is incomplete");
                }
                Err(self)
            }
        }
    }

    /// The sentences by field, as they are answered.
    pub fn to_json(&self) -> Value {
        let mut by_field: BTreeMap<Cow<'_, str>, Vec<Value>> = BTreeMap::new();
        for fault in &self.told {
            let sentence = fault.kind.to_string();
            let sentence = shortened(&sentence, MAX_SENTENCE).into();
            let path = shortened(fault.path.as_str(), MAX_PATH);
            by_field.entry(path).or_default().push(sentence);
        }
        let by_field = by_field.into_iter();
        by_field
            .map(|(field, sentences)| (field.into_owned(), Value::from(sentences)))
            .collect::<Map<_, _>>()
            .into()
    }
}

/// For the log: every fault that is told, in one line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.told.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self {
            told: vec![fault],
            count: 1,
        }
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        let mut all = Self::none();
        all.extend(faults);
        all
    }
}

impl Extend<Fault> for Faults {
    fn extend<I: IntoIterator<Item = Fault>>(&mut self, faults: I) {
        for fault in faults {
            self.push(fault);
        }
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What was sent, in quotes, for a sentence about it: no more of it than is needed to recognise it.
pub fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text, 60))
}

fn shortened(text: &str, max_chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max_chars) {
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
            faults.add(format!("a.{number}"), "is wrong");
        }
        let mut others = Faults::one("x".repeat(10_000), "y".repeat(10_000));
        for number in 0..100 {
            others.add(format!("b.{number}"), "is wrong");
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

    #[test]
    fn a_renamed_fault_names_the_other_field_by_its_name_there_too() {
        let older = |name: &str| match name {
            "from" => Some("start"),
            "to" => Some("future"),
            _ => None,
        };
        let order = |default| FaultKind::WrongOrder {
            must_be: Order::Before,
            other: "to".into(),
            default,
        };
        for (fault, told) in [
            (
                Fault::new("from", order(Some("4 weeks from now"))),
                "users.1.start must be before future, which is 4 weeks from now unless sent",
            ),
            (
                Fault::new("from", order(None)),
                "users.1.start must be before future",
            ),
            (
                Fault::new("length", FaultKind::WrongType("a string")),
                "users.1.length must be a string",
            ),
        ] {
            let fault = fault.renamed(older).within("users.1.");
            assert_eq!(fault.to_string(), told);
        }
    }
}
