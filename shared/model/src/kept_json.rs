//! JSON of a client's own, kept as it was sent: the same order of members, the same spelling.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// JSON as text, which is read where its members are needed and nowhere else. `T` is what it is JSON of, e.g. an object.
///
/// At rest it is a text within its record, because DynamoDB bounds nesting and numbers more tightly than JSON does.
pub struct KeptJson<T> {
    text: String,
    of: PhantomData<fn() -> T>,
}

impl<T> KeptJson<T> {
    /// The JSON.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    const fn new(text: String) -> Self {
        Self {
            text,
            of: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> KeptJson<T> {
    /// Its members.
    ///
    /// # Errors
    ///
    /// If the text is no JSON, or JSON of another kind: it was not written by this program.
    pub fn read(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.text)
    }
}

impl<T> KeptJson<T> {
    /// Checks that the text is JSON, without reading its members.
    ///
    /// # Errors
    ///
    /// As [`KeptJson::read`].
    pub fn check(&self) -> Result<(), serde_json::Error> {
        serde_json::from_str(&self.text).map(|IgnoredAny| ())
    }
}

impl From<Map<String, Value>> for KeptJson<Map<String, Value>> {
    fn from(object: Map<String, Value>) -> Self {
        Self::new(Value::Object(object).to_string())
    }
}

impl From<Vec<Value>> for KeptJson<Vec<Value>> {
    fn from(list: Vec<Value>) -> Self {
        Self::new(Value::Array(list).to_string())
    }
}

impl Default for KeptJson<Map<String, Value>> {
    fn default() -> Self {
        Map::new().into()
    }
}

impl Default for KeptJson<Vec<Value>> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T> Clone for KeptJson<T> {
    fn clone(&self) -> Self {
        Self::new(self.text.clone())
    }
}

/// The order of members makes no difference, so that a client which sends back what it has read changes nothing.
impl<T: DeserializeOwned + PartialEq> PartialEq for KeptJson<T> {
    fn eq(&self, other: &Self) -> bool {
        let is_equal = || Some(self.read().ok()? == other.read().ok()?);
        self.text == other.text || is_equal() == Some(true)
    }
}

impl<T> fmt::Debug for KeptJson<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> Serialize for KeptJson<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T> Deserialize<'de> for KeptJson<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(json: Value) -> KeptJson<Map<String, Value>> {
        json.as_object().cloned().expect("an object").into()
    }

    #[test]
    fn it_is_shown_as_it_was_sent_and_compared_by_what_it_says() {
        let one = kept(json!({ "to": "1 hour", "from": 1.5, "ø": { "b": 1, "a": 2 } }));
        let other = kept(json!({ "ø": { "a": 2, "b": 1 }, "from": 1.5, "to": "1 hour" }));
        assert_eq!(one, other);
        assert_ne!(one.as_text(), other.as_text());
        assert_ne!(one, kept(json!({ "to": "60 minutes" })));
        let record = serde_json::to_string(&one).expect("a text");
        let read: KeptJson<Map<String, Value>> = serde_json::from_str(&record).expect("a record");
        assert_eq!(
            read.as_text(),
            r#"{"to":"1 hour","from":1.5,"ø":{"b":1,"a":2}}"#
        );
    }

    #[test]
    fn what_is_no_object_is_told_when_it_is_read() {
        let list: KeptJson<Map<String, Value>> = KeptJson::new("[]".to_owned());
        assert!(list.read().is_err() && list.check().is_ok());
        let half: KeptJson<Map<String, Value>> = KeptJson::new(r#"{"a":"#.to_owned());
        assert!(half.read().is_err() && half.check().is_err());
        assert_ne!(list, KeptJson::new("[ ]".to_owned()));
    }
}
