//! Kinds of field that several requests have.

pub(crate) mod filter_collection;
pub(crate) mod known;
pub(crate) mod location;
pub(crate) mod project;
pub(crate) mod project_parts;
mod reminders;
pub(crate) mod service;
pub(crate) mod widget;
pub(crate) mod widget_config;

use std::borrow::Cow;
use std::hash::Hash;
use std::str::FromStr;

use api::{Change, Faults, Field, cleared};
use model::lenient;
use serde_json::{Map, Value};

/// Free-form JSON of a bounded size, emptied by `null`.
pub(crate) fn free_form<T: Default + serde::Serialize>(
    faults: &mut Faults,
    name: &str,
    field: Field<T>,
    most_bytes: usize,
) -> Option<T> {
    let value = cleared(faults, name, field);
    faults.size(name, &value, most_bytes);
    value
}

/// A list of objects, as [`free_form`].
pub(crate) fn objects(
    faults: &mut Faults,
    name: &str,
    field: Field<Vec<Value>>,
    most_bytes: usize,
) -> Option<Vec<Value>> {
    let list = free_form(faults, name, field, most_bytes)?;
    let objects = list.iter().map(|entry| lenient::object(entry).cloned());
    let objects: Option<Vec<_>> = objects.collect();
    if objects.is_none() {
        faults.add(name, "must be a list of objects");
    }
    Some(objects?.into_iter().map(Value::Object).collect())
}

/// Degrees from `-most` to `most`.
pub(crate) fn degrees(
    faults: &mut Faults,
    name: &str,
    field: Field<f64>,
    most: f64,
) -> Change<f64> {
    let number = match field {
        Field::Absent => return Change::Keep,
        Field::Null => return Change::Remove,
        Field::Value(number) => Some(number),
        Field::Wrong(_) => None,
    };
    match number.filter(|degrees| (-most..=most).contains(degrees)) {
        Some(degrees) => Change::Set(degrees),
        None => {
            faults.add(name, format!("must be a number from -{most} to {most}"));
            Change::Keep
        }
    }
}

/// Ids, each once, in the order given; emptied by `null`.
pub(crate) fn ids<T: FromStr + Copy + Eq + Hash>(
    faults: &mut Faults,
    name: &str,
    field: Field<Vec<Value>>,
    most: usize,
) -> Option<Vec<T>> {
    let values = cleared(faults, name, field)?;
    read_ids(faults, name, &values, most)
}

/// Ids, each once, in the order given. Clients send back what they were shown: an object stands for its `id`.
pub(crate) fn read_ids<T: FromStr + Copy + Eq + Hash>(
    faults: &mut Faults,
    name: &str,
    values: &[Value],
    most: usize,
) -> Option<Vec<T>> {
    if values.len() > most {
        faults.add(name, format!("must be a list of at most {most}"));
        return None;
    }
    let mut seen = std::collections::HashSet::new();
    let mut ids = Vec::with_capacity(values.len());
    for value in values {
        let text = value.as_str().or_else(|| value.get("id")?.as_str());
        match text.and_then(|text| text.parse::<T>().ok()) {
            Some(id) if seen.insert(id) => ids.push(id),
            Some(_) => {}
            None => {
                faults.add(name, "must be a list of UUIDs");
                return None;
            }
        }
    }
    Some(ids)
}

/// Makes texts of the fields of `map` that are there, and notes a fault for each that is none, or longer than is taken.
pub(crate) fn texts_within(
    faults: &mut Faults,
    within: &str,
    map: &mut Map<String, Value>,
    fields: &[(&str, usize)],
) {
    for (name, most_chars) in fields {
        let Some(value) = map.get_mut(*name).filter(|value| !value.is_null()) else {
            continue;
        };
        let path = format!("{within}.{name}");
        match lenient::text(value).map(Cow::into_owned) {
            Some(text) if text.chars().count() <= *most_chars => *value = text.into(),
            Some(_) => faults.add(&path, format!("must have at most {most_chars} characters")),
            None => faults.add(&path, "must be a string"),
        }
    }
}

/// Makes an object of a value that must be one, as clients write it; notes a fault if it is none.
pub(crate) fn object_within<'a>(
    faults: &mut Faults,
    path: &str,
    value: &'a mut Value,
) -> Option<&'a mut Map<String, Value>> {
    if let Some(fields) = lenient::object(value)
        && fields.is_empty()
    {
        *value = Map::new().into();
    }
    let fields = value.as_object_mut();
    if fields.is_none() {
        faults.add(path, "must be an object");
    }
    fields
}
