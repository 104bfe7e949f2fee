//! Creates the tables that `template.yaml` defines. They are written there and nowhere else.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};
use serde_norway::Value;

use crate::error::LocalError;

/// The template that defines the tables.
pub const TEMPLATE: &str = include_str!("../../template.yaml");

/// What stands before every table's name on a laptop.
pub const PREFIX: &str = "latchkey-";

/// One table of the template.
#[derive(Clone, Debug)]
pub struct TableDefinition {
    /// Its name behind the prefix.
    pub suffix: String,
    properties: Value,
}

/// The template's tables.
///
/// # Panics
///
/// If the template is not of the shape read here: a mistake in the program, found by every test.
#[expect(
    clippy::expect_used,
    reason = "the template is part of the program; a test reads it"
)]
pub fn definitions() -> Vec<TableDefinition> {
    let template: Value = serde_norway::from_str(TEMPLATE).expect("template.yaml is YAML");
    let resources = template["Resources"]
        .as_mapping()
        .expect("template.yaml has resources");
    resources
        .values()
        .filter(|resource| resource["Type"].as_str() == Some("AWS::DynamoDB::Table"))
        .map(|resource| {
            let properties = resource["Properties"].clone();
            let name = text(&properties["TableName"]).expect("a table has a name");
            let suffix = name
                .split_once('-')
                .expect("a table's name is stack-suffix")
                .1
                .to_owned();
            TableDefinition { suffix, properties }
        })
        .collect()
}

/// The text of a value, whether plain or behind a tag such as `!Sub`.
fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Tagged(tagged) => tagged.value.as_str(),
        plain => plain.as_str(),
    }
}

/// Creates the tables that are missing.
///
/// # Errors
///
/// If DynamoDB refuses one or does not answer.
pub async fn create(client: &Client, prefix: &str) -> Result<(), LocalError> {
    for definition in create_missing(client, prefix).await? {
        let name = format!("{prefix}{}", definition.suffix);
        expire_items(client, &name, &definition).await?;
    }
    Ok(())
}

/// As [`create`], but what has expired is not deleted: where the time is set, as in tests, DynamoDB would delete by another
/// clock. Answers the tables that were missing.
///
/// # Errors
///
/// If DynamoDB refuses one or does not answer.
pub async fn create_missing(
    client: &Client,
    prefix: &str,
) -> Result<Vec<TableDefinition>, LocalError> {
    let mut missing = Vec::new();
    for definition in definitions() {
        let name = format!("{prefix}{}", definition.suffix);
        let created = request(client, &definition)?.table_name(&name).send().await;
        match created {
            Ok(_) => missing.push(definition),
            Err(error) if error.code() == Some("ResourceInUseException") => {
                create_missing_indexes(client, &name, &definition).await?;
            }
            Err(error) => return Err(LocalError::store(&error)),
        }
    }
    Ok(missing)
}

/// Creates the indexes that a table lacks which an older version created.
async fn create_missing_indexes(
    client: &Client,
    name: &str,
    definition: &TableDefinition,
) -> Result<(), LocalError> {
    let properties = &definition.properties;
    let described = client.describe_table().table_name(name).send().await;
    let table = described.map_err(|error| LocalError::store(&error))?.table;
    let there = table.map(|table| table.global_secondary_indexes().to_vec());
    let there = there.unwrap_or_default();
    for index in list(&properties["GlobalSecondaryIndexes"]) {
        let index = index_of(index)?;
        if (there.iter()).any(|there| there.index_name() == Some(index.index_name())) {
            continue;
        }
        let keys = index.key_schema();
        let is_key = |one: &AttributeDefinition| {
            (keys.iter()).any(|key| key.attribute_name() == one.attribute_name())
        };
        let attributes = attributes_of(properties)?.into_iter().filter(is_key);
        let action = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.index_name())
            .set_key_schema(Some(keys.to_vec()))
            .set_projection(index.projection().cloned())
            .build()
            .map_err(|error| LocalError::store(&error))?;
        let update = GlobalSecondaryIndexUpdate::builder().create(action).build();
        client
            .update_table()
            .table_name(name)
            .set_attribute_definitions(Some(attributes.collect()))
            .global_secondary_index_updates(update)
            .send()
            .await
            .map_err(|error| LocalError::store(&error))?;
    }
    Ok(())
}

async fn expire_items(
    client: &Client,
    name: &str,
    definition: &TableDefinition,
) -> Result<(), LocalError> {
    let Some(attribute) =
        definition.properties["TimeToLiveSpecification"]["AttributeName"].as_str()
    else {
        return Ok(());
    };
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(attribute)
        .enabled(true)
        .build()
        .map_err(|error| LocalError::store(&error))?;
    let set = client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(specification)
        .send()
        .await;
    set.map(|_| ()).map_err(|error| LocalError::store(&error))
}

type CreateTable = aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;

fn request(client: &Client, definition: &TableDefinition) -> Result<CreateTable, LocalError> {
    let properties = &definition.properties;
    let mut request = client
        .create_table()
        .billing_mode(BillingMode::PayPerRequest);
    request = request.set_attribute_definitions(Some(attributes_of(properties)?));
    request = request.set_key_schema(Some(key_schema(properties)?));
    for index in list(&properties["GlobalSecondaryIndexes"]) {
        request = request.global_secondary_indexes(index_of(index)?);
    }
    Ok(request)
}

fn attributes_of(properties: &Value) -> Result<Vec<AttributeDefinition>, LocalError> {
    let attributes = list(&properties["AttributeDefinitions"]).map(|attribute| {
        let text = |name: &str| attribute[name].as_str().unwrap_or_default();
        AttributeDefinition::builder()
            .attribute_name(text("AttributeName"))
            .attribute_type(ScalarAttributeType::from(text("AttributeType")))
            .build()
            .map_err(|error| LocalError::store(&error))
    });
    attributes.collect()
}

fn index_of(index: &Value) -> Result<GlobalSecondaryIndex, LocalError> {
    let projection = index["Projection"]["ProjectionType"]
        .as_str()
        .unwrap_or_default();
    let projection = Projection::builder()
        .projection_type(ProjectionType::from(projection))
        .build();
    GlobalSecondaryIndex::builder()
        .index_name(index["IndexName"].as_str().unwrap_or_default())
        .set_key_schema(Some(key_schema(index)?))
        .projection(projection)
        .build()
        .map_err(|error| LocalError::store(&error))
}

fn key_schema(owner: &Value) -> Result<Vec<KeySchemaElement>, LocalError> {
    list(&owner["KeySchema"])
        .map(|element| {
            KeySchemaElement::builder()
                .attribute_name(element["AttributeName"].as_str().unwrap_or_default())
                .key_type(KeyType::from(
                    element["KeyType"].as_str().unwrap_or_default(),
                ))
                .build()
                .map_err(|error| LocalError::store(&error))
        })
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_sequence().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Table;

    #[test]
    fn the_template_defines_exactly_the_stores_tables() {
        let mut defined: Vec<String> = definitions()
            .into_iter()
            .map(|table| table.suffix)
            .collect();
        let mut used: Vec<String> = Table::ALL
            .iter()
            .map(|table| table.suffix().to_owned())
            .collect();
        defined.sort();
        used.sort();
        assert_eq!(
            defined, used,
            "make the tables of template.yaml and shared/store/src/dynamo/tables.rs agree"
        );
    }
}
