//! Which fields a request reads: found out from the type that it is read into, so that no name is written twice.
//!
//! A type derives `Deserialize`, which asks its source for a struct and names the fields that it wants. [`Shape::of`] is
//! such a source: it has nothing to give, and remembers what it was asked for. `Field` and `Object` hide the type within
//! from a source, since they read any JSON first; so they ask by `NEWTYPE`, and a source that only looks answers with
//! [`Visitor::visit_some`].

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::{Map, Value};

/// The name by which types that wrap another ask their source for it.
pub(crate) const NEWTYPE: &str = "$latchkey";

/// What is read of a JSON value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// All of it, or whatever is in it: nothing in it is unknown.
    #[default]
    Free,
    /// An object's fields of these names.
    Object(Vec<(&'static str, Self)>),
    /// A list, whose entries have this shape.
    List(Box<Self>),
}

/// A field that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Where it stands.
    pub path: String,
    /// The field that was probably meant, if one is near.
    pub nearest: Option<String>,
}

/// How alike two names must be, from 0 to 1, for one to be a misspelling of the other.
const NEAR: f64 = 0.6;

/// The same at the top of a body, where whole records are sent back and pages send what is their own: what is not this
/// near to a known name is no misspelling, and is not told.
const VERY_NEAR: f64 = 0.75;

impl Shape {
    /// What is read into a `T`.
    pub fn of<'de, T: Deserialize<'de>>() -> Self {
        let mut shape = Self::Free;
        // It has no values to give, so it ends with an error.
        let _: Result<T, Looked> = T::deserialize(Looking(&mut shape));
        shape
    }

    /// The fields of `body` that are not read. At its top only those that seem to be misspelt, or to belong elsewhere in it.
    pub fn unknown_in(&self, body: &Value) -> Vec<Unknown> {
        let mut found = Vec::new();
        self.collect(body, "", &mut found);
        found
    }

    fn collect(&self, value: &Value, path: &str, found: &mut Vec<Unknown>) {
        match (self, value) {
            (Self::Object(known), Value::Object(fields)) => {
                for (name, value) in fields {
                    let at = format!("{path}{name}");
                    match known.iter().find(|(known, _)| known == name) {
                        Some((_, shape)) => shape.collect(value, &format!("{at}."), found),
                        None => found.extend(self.unknown(known, fields, name, path)),
                    }
                }
            }
            (Self::List(shape), Value::Array(values)) => {
                for (index, value) in values.iter().enumerate() {
                    shape.collect(value, &format!("{path}{index}."), found);
                }
            }
            _ => {}
        }
    }

    fn unknown(
        &self,
        known: &[(&'static str, Self)],
        fields: &Map<String, Value>,
        name: &str,
        path: &str,
    ) -> Option<Unknown> {
        let is_top = path.is_empty();
        let least = if is_top { VERY_NEAR } else { NEAR };
        // What is there already was not meant.
        let free = known
            .iter()
            .filter(|(known, _)| !fields.contains_key(*known));
        let nearest = free
            .map(|(known, _)| (strsim::normalized_damerau_levenshtein(name, known), *known))
            .filter(|(likeness, _)| *likeness >= least)
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, known)| format!("{path}{known}"));
        let nearest = nearest.or_else(|| self.elsewhere(name, path));
        (!is_top || nearest.is_some()).then(|| Unknown {
            path: format!("{path}{name}"),
            nearest,
        })
    }

    /// Where in an object a field belongs that was sent beside it.
    fn elsewhere(&self, name: &str, path: &str) -> Option<String> {
        let Self::Object(known) = self else {
            return None;
        };
        let mut places = known.iter().filter_map(|(outer, shape)| match shape {
            Self::Object(inner) if inner.iter().any(|(inner, _)| *inner == name) => {
                Some(format!("{path}{outer}.{name}"))
            }
            _ => None,
        });
        places.next().filter(|_| places.next().is_none())
    }
}

/// A `T`, of which the fields of an `S` are read: for what is read as a map, or name by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shaped<T, S>(
    /// What is read.
    pub T,
    /// The shape.
    pub PhantomData<S>,
);

impl<'de, T: Deserialize<'de>, S: Deserialize<'de>> Deserialize<'de> for Shaped<T, S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NEWTYPE, ShapedVisitor(PhantomData))
    }
}

struct ShapedVisitor<T, S>(PhantomData<(T, S)>);

impl<'de, T: Deserialize<'de>, S: Deserialize<'de>> Visitor<'de> for ShapedVisitor<T, S> {
    type Value = Shaped<T, S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        source: D,
    ) -> Result<Shaped<T, S>, D::Error> {
        T::deserialize(source).map(|value| Shaped(value, PhantomData))
    }

    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<Shaped<T, S>, D::Error> {
        match S::deserialize(source) {
            Ok(_) => Err(D::Error::custom("only looked at")),
            Err(error) => Err(error),
        }
    }
}

/// A list of names of fields.
pub trait Names {
    /// The names.
    const NAMES: &'static [&'static str];
}

/// Two lists of names as one: `N` is the sum of `A` and `B`.
///
/// # Panics
///
/// If it is not, when it is compiled.
pub const fn joined<const A: usize, const B: usize, const N: usize>(
    first: [&'static str; A],
    second: [&'static str; B],
) -> [&'static str; N] {
    assert!(A + B == N);
    let mut all = [""; N];
    let mut index = 0;
    while index < N {
        all[index] = if index < A {
            first[index]
        } else {
            second[index - A]
        };
        index += 1;
    }
    all
}

/// The shape of an object whose fields have the names that `N` lists.
#[derive(Clone, Copy, Debug)]
pub struct Named<N>(PhantomData<N>);

impl<'de, N: Names> Deserialize<'de> for Named<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = deserializer.deserialize_struct("", N::NAMES, IgnoredAny);
        fields.map(|_| Self(PhantomData))
    }
}

/// A source that only looks.
struct Looking<'a>(&'a mut Shape);

/// It has looked, and has nothing to give.
#[derive(Debug)]
struct Looked;

impl fmt::Display for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only looked at")
    }
}

impl std::error::Error for Looked {}

impl Error for Looked {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Looking<'_> {
    type Error = Looked;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Looked> {
        Err(Looked)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Looked> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Looked> {
        if name == NEWTYPE {
            visitor.visit_some(self)
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Looked> {
        let mut entry = Shape::Free;
        let result = visitor.visit_seq(OneEntry(Some(&mut entry)));
        if entry != Shape::Free {
            *self.0 = Shape::List(Box::new(entry));
        }
        result
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Looked> {
        let mut known: Vec<_> = fields.iter().map(|name| (*name, Shape::Free)).collect();
        let _ = visitor.visit_map(EveryField {
            known: &mut known,
            next: 0,
        });
        *self.0 = Shape::Object(known);
        Err(Looked)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct map enum identifier ignored_any
    }
}

struct OneEntry<'a>(Option<&'a mut Shape>);

impl<'de> SeqAccess<'de> for OneEntry<'_> {
    type Error = Looked;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Looked> {
        match self.0.take() {
            Some(entry) => seed.deserialize(Looking(entry)).map(Some),
            None => Ok(None),
        }
    }
}

struct EveryField<'a> {
    known: &'a mut [(&'static str, Shape)],
    next: usize,
}

impl<'de> MapAccess<'de> for EveryField<'_> {
    type Error = Looked;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Looked> {
        match self.known.get(self.next) {
            Some((name, _)) => seed
                .deserialize(BorrowedStrDeserializer::new(name))
                .map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Looked> {
        let (_, shape) = self.known.get_mut(self.next).ok_or(Looked)?;
        self.next += 1;
        seed.deserialize(Looking(shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{Field, Object};
    use serde_json::json;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only looked at")]
    struct Booking {
        #[serde(default, rename = "where")]
        place: Field<String>,
        #[serde(default)]
        meta: Field<Map<String, Value>>,
        #[serde(default)]
        settings: Field<Object<Settings>>,
        #[serde(default)]
        availability: Field<Shaped<Map<String, Value>, Named<OfAvailability>>>,
        #[serde(default)]
        bookings: Field<Vec<Object<Settings>>>,
        end: String,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Settings {
        buffer: Field<String>,
        max_seats: Field<u32>,
    }

    #[derive(Debug)]
    struct OfAvailability;

    impl Names for OfAvailability {
        const NAMES: &'static [&'static str] = &["length", "max_bookings_per_day"];
    }

    #[test]
    fn the_shape_of_a_request_is_that_of_its_type() {
        let free = |names: &[&'static str]| -> Vec<_> {
            names.iter().map(|name| (*name, Shape::Free)).collect()
        };
        let settings = Shape::Object(free(&["buffer", "max_seats"]));
        let availability = Shape::Object(free(&["length", "max_bookings_per_day"]));
        let mut expected = free(&["where", "meta"]);
        expected.extend([
            ("settings", settings.clone()),
            ("availability", availability),
            ("bookings", Shape::List(Box::new(settings))),
            ("end", Shape::Free),
        ]);
        assert_eq!(Shape::of::<Booking>(), Shape::Object(expected));
        assert_eq!(Shape::of::<Map<String, Value>>(), Shape::Free);
    }

    #[test]
    fn what_a_type_reads_is_read_as_before() {
        let sent =
            json!({ "settings": { "max_seats": 3 }, "availability": { "a": 1 }, "end": "x" });
        let read: Booking = serde_json::from_value(sent).expect("a booking");
        let Field::Value(Object(settings)) = read.settings else {
            panic!("no settings");
        };
        assert_eq!(settings.max_seats, Field::Value(3));
        let Field::Value(Shaped(availability, _)) = read.availability else {
            panic!("no availability");
        };
        assert_eq!(Value::from(availability), json!({ "a": 1 }));
    }

    #[test]
    fn an_unknown_field_is_told_with_the_one_that_was_meant() {
        let sent = json!({
            "meta": { "bufer": 1 }, "wher": "Berlin", "max_seats": 3, "ui": {}, "created_at": "", "end": "x",
            "settings": { "bufer": "5 minutes", "colour": "red", "max_seats": 2 },
            "availability": { "max_booking_per_day": 3, "lengthh": "1 hour", "length": "1 hour" },
            "bookings": [{ "buffer": "1 hour" }, { "maxSeats": 3 }],
        });
        let found: Vec<_> = Shape::of::<Booking>()
            .unknown_in(&sent)
            .into_iter()
            .map(|unknown| (unknown.path, unknown.nearest))
            .collect();
        let near = |path: &str, nearest: &str| (path.to_owned(), Some(nearest.to_owned()));
        let expected = [
            near("wher", "where"),
            near("max_seats", "settings.max_seats"),
            near("settings.bufer", "settings.buffer"),
            ("settings.colour".to_owned(), None),
            near(
                "availability.max_booking_per_day",
                "availability.max_bookings_per_day",
            ),
            ("availability.lengthh".to_owned(), None),
            near("bookings.1.maxSeats", "bookings.1.max_seats"),
        ];
        assert_eq!(found, expected);
    }
}
