//! A database that an older version created.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use local::tables;
use tests::TestServer;

/// An attribute that is a key, and the part of the key that it is.
fn key(name: &str, kind: KeyType) -> (AttributeDefinition, KeySchemaElement) {
    let attribute = AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S);
    let element = KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(kind);
    (
        attribute.build().expect("an attribute"),
        element.build().expect("an element"),
    )
}

#[tokio::test]
async fn a_table_gets_the_indexes_that_it_lacks_with_the_rows_that_are_there() {
    let server = TestServer::start().await;
    let client = server.dynamodb().await;
    let name = format!("{}data", tables::PREFIX);
    let dropped = client.delete_table().table_name(&name).send().await;
    dropped.expect("the table goes");
    let (pk, sk) = (key("pk", KeyType::Hash), key("sk", KeyType::Range));
    let created = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(vec![pk.0, sk.0]))
        .set_key_schema(Some(vec![pk.1, sk.1]))
        .send()
        .await;
    created.expect("a table without indexes");
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let row = ["pk", "sk", "due_pk", "due_sk"].map(|name| (name.to_owned(), text(name)));
    let put = client.put_item().table_name(&name);
    put.set_item(Some(row.into())).send().await.expect("a row");
    for _ in ["at the first start", "and at the next"] {
        let made = tables::create(&client, tables::PREFIX).await;
        made.expect("tables with all their indexes");
    }
    let found = client
        .query()
        .table_name(&name)
        .index_name("by_due")
        .key_condition_expression("due_pk = :due")
        .expression_attribute_values(":due", text("due_pk"))
        .send()
        .await;
    assert_eq!(found.expect("the index").count, 1);
}
