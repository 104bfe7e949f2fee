//! Kinds of field that several requests have.

use std::hash::Hash;
use std::str::FromStr;

use api::{Faults, Field};
use serde_json::{Map, Value};

/// A field that `null` empties.
pub(crate) fn cleared<T: Default>(faults: &mut Faults, name: &str, field: Field<T>) -> Option<T> {
    if matches!(field, Field::Null) {
        Some(T::default())
    } else {
        faults.optional(name, field)
    }
}

/// A text that `null` takes away: the inner `None`.
pub(crate) fn nullable(
    faults: &mut Faults,
    name: &str,
    field: Field<String>,
    most_chars: usize,
) -> Option<Option<String>> {
    if matches!(field, Field::Null) {
        return Some(None);
    }
    let text = faults.optional(name, field);
    faults.text(name, text, 0..=most_chars).map(Some)
}

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
    if list.iter().all(Value::is_object) {
        Some(list)
    } else {
        faults.add(name, "must be a list of objects");
        None
    }
}

/// A switch: a boolean, or 0 or 1 as the original writes some of them.
pub(crate) fn switch(faults: &mut Faults, name: &str, field: Field<Value>) -> Option<bool> {
    let value = faults.optional(name, field)?;
    let on = value.as_bool().or(match value.as_u64() {
        Some(0) => Some(false),
        Some(1) => Some(true),
        _ => None,
    });
    if on.is_none() {
        faults.add(name, "must be true or false");
    }
    on
}

/// Degrees from `-most` to `most`, as a number or as text; `null` takes them away.
pub(crate) fn degrees(
    faults: &mut Faults,
    name: &str,
    field: Field<Value>,
    most: f64,
) -> Option<Option<f64>> {
    if matches!(field, Field::Null) {
        return Some(None);
    }
    let value = faults.optional(name, field)?;
    let number = match &value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    let number = number.filter(|degrees| (-most..=most).contains(degrees));
    if number.is_none() {
        faults.add(name, format!("must be a number from -{most} to {most}"));
    }
    number.map(Some)
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

/// Notes a fault for each field of `map` that is there and is no text, or longer than is taken.
pub(crate) fn texts_within(
    faults: &mut Faults,
    within: &str,
    map: &Map<String, Value>,
    fields: &[(&str, usize)],
) {
    for (name, most_chars) in fields {
        match map.get(*name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.chars().count() <= *most_chars => {}
            Some(Value::String(_)) => faults.add(
                &format!("{within}.{name}"),
                format!("must have at most {most_chars} characters"),
            ),
            Some(_) => faults.add(&format!("{within}.{name}"), "must be a string"),
        }
    }
}
