//! Updates in place, for counters alone: those who count at once must not defeat each other, as they would by puts on
//! the version seen.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};

use super::error::{self, StoreError};
use super::item::{Place, RawItem};
use super::writer::Writer;

/// An update that is being put together: what it sets, adds and removes, all of them whole numbers, and on which
/// conditions, all of which must hold.
#[derive(Debug, Default)]
pub(crate) struct Update {
    set: Vec<String>,
    add: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: RawItem,
}

/// How a conditional update ended.
#[derive(Debug)]
pub(crate) enum Updated {
    /// The item as it is now.
    Done(RawItem),
    /// Nothing was changed, because a condition did not hold: the item as it is, without attributes if there is none.
    Refused(RawItem),
}

impl Update {
    pub(crate) fn set(&mut self, name: &str, number: i64) {
        let action = format!("{} = {}", self.name(name), self.value(number));
        self.set.push(action);
    }

    pub(crate) fn add(&mut self, name: &str, number: i64) {
        let action = format!("{} {}", self.name(name), self.value(number));
        self.add.push(action);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        let action = self.name(name);
        self.remove.push(action);
    }

    pub(crate) fn require_at_most(&mut self, name: &str, most: i64) {
        let condition = format!("{} <= {}", self.name(name), self.value(most));
        self.conditions.push(condition);
    }

    pub(crate) fn require_equal(&mut self, name: &str, number: i64) {
        let condition = format!("{} = {}", self.name(name), self.value(number));
        self.conditions.push(condition);
    }

    pub(crate) fn require_absent(&mut self, name: &str) {
        let condition = format!("attribute_not_exists({})", self.name(name));
        self.conditions.push(condition);
    }

    pub(crate) fn require_absent_or_at_most(&mut self, name: &str, most: i64) {
        let (name, most) = (self.name(name), self.value(most));
        let condition = format!("(attribute_not_exists({name}) OR {name} <= {most})");
        self.conditions.push(condition);
    }

    fn name(&mut self, name: &str) -> String {
        let known = self.names.iter().find(|(_, known)| *known == name);
        if let Some((placeholder, _)) = known {
            return placeholder.clone();
        }
        let placeholder = format!("#n{}", self.names.len());
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    fn value(&mut self, number: i64) -> String {
        let placeholder = format!(":v{}", self.values.len());
        let value = AttributeValue::N(number.to_string());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    fn expression(&self) -> String {
        [
            ("SET", &self.set),
            ("ADD", &self.add),
            ("REMOVE", &self.remove),
        ]
        .into_iter()
        .filter(|(_, actions)| !actions.is_empty())
        .map(|(verb, actions)| format!("{verb} {}", actions.join(", ")))
        .collect::<Vec<_>>()
        .join(" ")
    }

    fn condition(&self) -> Option<String> {
        (!self.conditions.is_empty()).then(|| self.conditions.join(" AND "))
    }
}

impl Writer {
    /// Updates an item, if all of the update's conditions hold. A call that fails for now is sent again for as long as
    /// `patience`; one that was carried out and not heard of is then carried out twice.
    pub(crate) async fn update(
        &self,
        place: &Place,
        update: &Update,
        patience: Duration,
    ) -> Result<Updated, StoreError> {
        self.call_for(
            "UpdateItem",
            &[place.table],
            patience,
            || {
                self.client
                    .update_item()
                    .table_name(self.table(place.table))
                    .set_key(Some(place.attributes()))
                    .update_expression(update.expression())
                    .set_condition_expression(update.condition())
                    .set_expression_attribute_names(Some(update.names.clone()))
                    .set_expression_attribute_values(Some(update.values.clone()))
                    .return_values(ReturnValue::AllNew)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .return_values_on_condition_check_failure(
                        ReturnValuesOnConditionCheckFailure::AllOld,
                    )
                    .send()
            },
            |answer| match answer {
                Ok(written) => Ok(Updated::Done(written.attributes.unwrap_or_default())),
                Err(error) => match found_instead(&error) {
                    Some(found) => Ok(Updated::Refused(found)),
                    None => Err(error::judged(error)),
                },
            },
        )
        .await
    }
}

/// The item whose condition failed.
fn found_instead(error: &SdkError<UpdateItemError>) -> Option<RawItem> {
    let SdkError::ServiceError(service) = error else {
        return None;
    };
    match service.err() {
        UpdateItemError::ConditionalCheckFailedException(failed) => {
            Some(failed.item().cloned().unwrap_or_default())
        }
        _ => None,
    }
}
