//! A record that was read in order to be rewritten. The rewrite keeps what this version does not know: two versions run
//! side by side whenever one is deployed, and the older one must not lose what the newer one wrote.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::condition::Condition;
use super::error::StoreError;
use super::item::{
    Item, Place, RECORD_VERSION_NAME, RawItem, is_known, json, number, record, text,
};
use super::store::Store;

/// A record as it was read, with the item that it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Seen<T> {
    pub(crate) record: T,
    item: RawItem,
}

impl<T: DeserializeOwned> Seen<T> {
    pub(crate) fn read(item: RawItem) -> Result<Self, StoreError> {
        Ok(Self {
            record: record(&item)?,
            item,
        })
    }
}

impl<T> Seen<T> {
    /// A record that `read` made of an item.
    pub(crate) const fn new(record: T, item: RawItem) -> Self {
        Self { record, item }
    }

    /// That the item is still as it was seen.
    pub(crate) fn condition(&self) -> Condition {
        Condition::as_seen(text(&self.item, "version"))
    }
}

impl<T: Serialize> Seen<T> {
    /// `item`, which is to take the place of what was `seen` there, with everything kept that this version does not know,
    /// and the condition that it still is as it was seen: that there is none, if there was none.
    pub(crate) fn rewrite(
        seen: Option<&Self>,
        item: Item,
    ) -> Result<(Item, Condition), StoreError> {
        match seen {
            Some(seen) => Ok((seen.keep_in(item)?, seen.condition())),
            None => Ok((item, Condition::Absent)),
        }
    }

    /// `item` with everything that the item seen has and this version does not know.
    pub(crate) fn keep_in(&self, mut item: Item) -> Result<Item, StoreError> {
        keep_attributes(&self.item, &mut item);
        let seen = json(&self.item)?;
        let known =
            serde_json::to_string(&self.record).map_err(|e| StoreError::broken("serialize", e))?;
        // What this version wrote itself reads back as it was written.
        if known == seen {
            return Ok(item);
        }
        let parse =
            |json: &str| serde_json::from_str(json).map_err(|e| StoreError::broken("read", e));
        let (seen, known): (Value, Value) = (parse(seen)?, parse(&known)?);
        let mut after: Value = parse(json(&item.attributes)?)?;
        keep_members(&seen, &known, &mut after);
        let after = AttributeValue::S(after.to_string());
        item.attributes.insert("record".to_owned(), after);
        Ok(item)
    }
}

impl Store {
    /// Reads a record in order to rewrite it, strongly consistent.
    pub(crate) async fn see<T: DeserializeOwned>(
        &self,
        place: &Place,
    ) -> Result<Option<Seen<T>>, StoreError> {
        self.get(place).await?.map(Seen::read).transpose()
    }
}

/// Adds to `item` the attributes of the item seen that this version does not know. The record's version never goes down.
pub(crate) fn keep_attributes(seen: &RawItem, item: &mut Item) {
    for (name, value) in seen {
        if !is_known(name) && !item.attributes.contains_key(name) {
            item.attributes.insert(name.clone(), value.clone());
        }
    }
    let newest =
        number(seen, RECORD_VERSION_NAME).max(number(&item.attributes, RECORD_VERSION_NAME));
    if let Some(newest) = newest {
        let newest = AttributeValue::N(newest.to_string());
        item.attributes
            .insert(RECORD_VERSION_NAME.to_owned(), newest);
    }
}

/// Adds to `after` what `seen` has and `known`, which is what this version makes of `seen`, has not: in objects, and in
/// objects within lists, where the two lists' elements are the same things beyond doubt.
fn keep_members(seen: &Value, known: &Value, after: &mut Value) {
    match (seen, known, after) {
        (Value::Object(seen), Value::Object(known), Value::Object(after)) => {
            for (name, seen) in seen {
                match (known.get(name), after.get_mut(name)) {
                    (None, None) => {
                        after.insert(name.clone(), seen.clone());
                    }
                    (Some(known), Some(after)) => keep_members(seen, known, after),
                    // This version has dropped it, or knows it in another form.
                    (Some(_), None) | (None, Some(_)) => {}
                }
            }
        }
        (Value::Array(seen), Value::Array(known), Value::Array(after))
            if seen.len() == known.len() =>
        {
            for (index, (seen, known)) in seen.iter().zip(known).enumerate() {
                if seen != known
                    && let Some(after) = counterpart(index, known, after)
                {
                    keep_members(seen, known, after);
                }
            }
        }
        _ => {}
    }
}

/// The element of `after` that is the same thing as `known`, the element `index` of a list: the one with its id, or, of
/// things without ids, one that has not changed.
fn counterpart<'a>(index: usize, known: &Value, after: &'a mut [Value]) -> Option<&'a mut Value> {
    let id = known.get("id").filter(|id| id.is_string());
    let is_same = |other: &Value| match id {
        Some(id) => other.get("id") == Some(id),
        None => other == known,
    };
    let index = match after.get(index) {
        Some(other) if is_same(other) => index,
        _ => after.iter().position(is_same)?,
    };
    after.get_mut(index)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rewrite_keeps_unknown_members_of_objects_and_of_the_same_elements_of_lists() {
        let seen = json!({
            "name": "Jane", "nick": "J", "gone": 1,
            "log": [{"at": 1, "by": "x"}, {"at": 2}],
            "calendars": [{"id": "a", "name": "A", "color": "red"}, {"id": "b", "name": "B", "color": "blue"}],
            "address": {"city": "Oslo", "zip": "0150"},
        });
        let known = json!({
            "name": "Jane", "gone": 1,
            "log": [{"at": 1}, {"at": 2}],
            "calendars": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}],
            "address": {"city": "Oslo"},
        });
        let mut after = json!({
            "name": "June",
            "log": [{"at": 1}, {"at": 2}, {"at": 3}],
            "calendars": [{"id": "c", "name": "C"}, {"id": "b", "name": "Bee"}],
            "address": {"city": "Bergen"},
        });
        keep_members(&seen, &known, &mut after);
        let expected = json!({
            "name": "June", "nick": "J",
            "log": [{"at": 1, "by": "x"}, {"at": 2}, {"at": 3}],
            "calendars": [{"id": "c", "name": "C"}, {"id": "b", "name": "Bee", "color": "blue"}],
            "address": {"city": "Bergen", "zip": "0150"},
        });
        assert_eq!(after, expected);
    }
}
