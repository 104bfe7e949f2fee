//! How the fields of a body are read from JSON: each type takes what [`model::lenient`] takes for it, and what is wrong is
//! said in the caller's words. Here alone are the sentences about types; no sentence of serde's reaches a caller.

use std::fmt;

use model::lenient;
use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// Why a value is not what belongs in its field: `must be …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongType(String);

/// Reads a value.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T, WrongType> {
    T::deserialize(Sent(value))
}

/// The fields of a value that must be an object; an empty list is one without fields.
pub(crate) fn fields(value: Value) -> Result<Map<String, Value>, WrongType> {
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Array(list) if list.is_empty() => Ok(Map::new()),
        other => Err(WrongType::must_be("an object", &other)),
    }
}

/// The entries of a value that must be a list.
pub(crate) fn list(value: Value) -> Result<Vec<Value>, WrongType> {
    match value {
        Value::Array(list) => Ok(list),
        other => Err(WrongType::must_be("a list", &other)),
    }
}

impl WrongType {
    /// Never what was sent itself, which may be a secret.
    fn must_be(what: &str, sent: &Value) -> Self {
        Self(match sent {
            // Other texts and numbers would have done, so that one was sent does not tell what is wrong.
            Value::String(_) | Value::Number(_)
                if !what.contains("list") && !what.contains("object") =>
            {
                format!("must be {what}")
            }
            other => format!("must be {what}; {} was sent", kind(other)),
        })
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl fmt::Display for WrongType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongType {}

impl de::Error for WrongType {
    /// What a type of ours says of a value that it refuses.
    fn custom<T: fmt::Display>(sentence: T) -> Self {
        Self(sentence.to_string())
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self("has the wrong type".to_owned())
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self("has a value that is not allowed".to_owned())
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self("has the wrong number of entries".to_owned())
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self(format!("must be one of {}", known.join(", ")))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self(format!(
            "has an unknown field; the known ones are {}",
            known.join(", ")
        ))
    }

    fn missing_field(name: &'static str) -> Self {
        Self(format!("must have the field {name}"))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self(format!("has the field {name} twice"))
    }
}

/// A value as it was sent.
struct Sent(Value);

impl IntoDeserializer<'_, WrongType> for Sent {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Whole numbers of every size, each within its bounds.
macro_rules! whole_numbers {
    ($($name:ident $visit:ident $type:ty;)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
            let Some(number) = lenient::whole(&self.0) else {
                return Err(WrongType::must_be("a whole number, e.g. 3", &self.0));
            };
            match <$type>::try_from(number) {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(WrongType(format!(
                    "must be a whole number from {} to {}", <$type>::MIN, <$type>::MAX
                ))),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Sent {
    type Error = WrongType;

    /// As it is: for free-form JSON, and for fields that are read by code of their own.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(flag),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(list) => visitor.visit_seq(Entries {
                list: list.into_iter(),
                next: 1,
            }),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, Self(value)));
                visitor.visit_map(de::value::MapDeserializer::new(fields))
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
        match lenient::flag(&self.0) {
            Some(flag) => visitor.visit_bool(flag),
            None => Err(WrongType::must_be("true or false", &self.0)),
        }
    }

    whole_numbers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
        match lenient::number(&self.0) {
            Some(number) => visitor.visit_f64(number),
            None => Err(WrongType::must_be("a number, e.g. 39.4", &self.0)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
        match lenient::text(&self.0) {
            Some(text) => visitor.visit_string(text.into_owned()),
            None => Err(WrongType::must_be("a string", &self.0)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, WrongType> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
        let list = Value::Array(list(self.0)?);
        Self(list).deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
        let fields = Value::Object(fields(self.0)?);
        Self(fields).deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WrongType> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WrongType> {
        match self.0 {
            Value::String(name) => {
                let name: StringDeserializer<WrongType> = name.into_deserializer();
                visitor.visit_enum(name)
            }
            _ => Err(de::Error::unknown_variant("", known)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongType> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

/// The entries of a list; what is wrong with one says which.
struct Entries {
    list: std::vec::IntoIter<Value>,
    /// The number of the next, counted from 1.
    next: usize,
}

impl<'de> de::SeqAccess<'de> for Entries {
    type Error = WrongType;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, WrongType> {
        let Some(value) = self.list.next() else {
            return Ok(None);
        };
        let number = self.next;
        self.next += 1;
        let entry = seed.deserialize(Sent(value));
        let entry = entry.map_err(|WrongType(why)| WrongType(format!("entry {number} {why}")))?;
        Ok(Some(entry))
    }

    fn size_hint(&self) -> Option<usize> {
        // A list that is declared long is not believed beyond this.
        Some(self.list.len().min(4_096))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Form {
        seats: u32,
        open: bool,
        name: String,
        tags: Vec<String>,
        meta: Map<String, Value>,
        ratio: Option<f64>,
    }

    #[test]
    fn every_type_takes_what_it_can_only_mean_and_free_form_json_stays_as_it_is() {
        let sent = json!({
            "seats": "3", "open": 1, "name": 1955, "tags": ["a", 2], "meta": { "open": 1, "list": [] }, "ratio": "0.5",
        });
        let form: Form = read(sent.clone()).expect("a form");
        assert_eq!(
            (form.seats, form.open, form.name.as_str()),
            (3, true, "1955")
        );
        assert_eq!(form.tags, ["a", "2"]);
        assert_eq!(Value::Object(form.meta), sent["meta"]);
        assert_eq!(form.ratio, Some(0.5));
        let number: Value = read(json!([u64::MAX, i64::MIN, 0.1])).expect("JSON");
        assert_eq!(number, json!([u64::MAX, i64::MIN, 0.1]));
    }

    #[test]
    fn an_empty_list_is_an_empty_object_and_no_other_list_is_one() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Empty {}
        assert_eq!(read(json!([])), Ok(Empty {}));
        assert_eq!(read(json!([])), Ok(Map::<String, Value>::new()));
        let error = read::<Empty>(json!([1])).expect_err("a list");
        assert_eq!(error.to_string(), "must be an object; a list was sent");
    }

    #[test]
    fn what_is_wrong_is_said_without_a_word_of_the_language() {
        let said = |error: Option<WrongType>| error.map(|error| error.to_string());
        for (error, sentence) in [
            (
                read::<u32>(json!("x")).err(),
                "must be a whole number, e.g. 3",
            ),
            (
                read::<u32>(json!(1.5)).err(),
                "must be a whole number, e.g. 3",
            ),
            (
                read::<u8>(json!(300)).err(),
                "must be a whole number from 0 to 255",
            ),
            (
                read::<i64>(json!([])).err(),
                "must be a whole number, e.g. 3; a list was sent",
            ),
            (read::<bool>(json!("maybe")).err(), "must be true or false"),
            (
                read::<bool>(json!({})).err(),
                "must be true or false; an object was sent",
            ),
            (
                read::<String>(json!(true)).err(),
                "must be a string; true or false was sent",
            ),
        ] {
            assert_eq!(said(error).as_deref(), Some(sentence));
        }
        assert_eq!(
            said(read::<Vec<String>>(json!(["a", {}])).err()).as_deref(),
            Some("entry 2 must be a string; an object was sent")
        );
        assert_eq!(
            said(read::<Vec<String>>(json!("a")).err()).as_deref(),
            Some("must be a list; a string was sent")
        );
        assert_eq!(
            said(read::<Form>(json!({})).err()).as_deref(),
            Some("must have the field seats")
        );
    }
}
