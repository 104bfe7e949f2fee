//! Endpoints for tests of workers, and rows that a test changes past everything.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use local::tables::PREFIX;
use model::ids::WebhookId;
use model::scope::Scopes;
use model::webhook::{BODY_VERSION, Format, Payload, SecretVersion, Webhook, WebhookFilter};
use store::Table;
use uuid::Uuid;

/// The id of the endpoint of this number.
pub const fn webhook_id(number: u128) -> WebhookId {
    WebhookId::new(Uuid::from_u128(number))
}

/// An endpoint that gets everything about bookings and endpoints, thin.
pub fn webhook(number: u128, url: String, created_at: DateTime<Utc>) -> Webhook {
    let families = ["booking.*", "endpoint.*"];
    let events = families.map(|name| name.parse().expect("a family"));
    Webhook {
        id: webhook_id(number),
        url,
        events: events.to_vec(),
        format: Format::Standard,
        payload: Payload::Thin,
        filter: WebhookFilter::default(),
        only_resource: None,
        scopes: Scopes::everything(),
        created_by: "program".to_owned(),
        created_at,
        secret: SecretVersion {
            number: 1,
            master: 1,
        },
        previous_secrets: Vec::new(),
        body_version: BODY_VERSION,
        disabled_at: None,
    }
}

/// A row as the store has it.
pub type Row = HashMap<String, AttributeValue>;

/// The text of an attribute of a row; empty if it has none.
pub fn text_of(row: &Row, name: &str) -> String {
    let value = row.get(name).and_then(|value| value.as_s().ok());
    value.cloned().unwrap_or_default()
}

/// Changes the first row of a table that `is_wanted`, past everything.
pub async fn change_row(
    client: &Client,
    table: Table,
    is_wanted: impl Fn(&Row) -> bool,
    change: impl Fn(&mut Row),
) {
    let table = format!("{PREFIX}{}", table.suffix());
    let scanned = client.scan().table_name(&table).send().await;
    let rows = scanned.expect("rows").items.unwrap_or_default();
    let row = rows.into_iter().find(|row| is_wanted(row));
    let mut row = row.unwrap_or_else(|| panic!("{table} has no such row"));
    change(&mut row);
    let put = client.put_item().table_name(&table).set_item(Some(row));
    put.send().await.expect("put");
}

/// Makes a row's record one that nobody can read.
pub fn break_record(row: &mut Row) {
    row.insert("record".to_owned(), AttributeValue::S("{".to_owned()));
}
