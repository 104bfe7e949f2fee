//! What workers are told on AWS: records of the outbox's stream, and messages of the queue between the dispatcher and the
//! senders. Both only name what is due; the truth is in the store.

use model::delivery::DeliveryId;
use model::ids::AppId;
use model::outbox::ToldId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Due;
use uuid::Uuid;

/// A message of the queue: what is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// What was told is to be handed on.
    Told {
        /// The app.
        app: AppId,
        /// The id of what was told.
        item: Uuid,
    },
    /// A delivery is to be attempted.
    Delivery {
        /// The app.
        app: AppId,
        /// The delivery, as [`DeliveryId`] is written.
        id: WrittenId,
    },
}

/// A [`DeliveryId`] as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WrittenId(pub DeliveryId);

impl From<WrittenId> for String {
    fn from(id: WrittenId) -> Self {
        id.0.to_string()
    }
}

impl TryFrom<String> for WrittenId {
    type Error = model::delivery::NoDeliveryId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<Due> for Message {
    fn from(due: Due) -> Self {
        match due {
            Due::Told { app, id } => Self::Told {
                app,
                item: id.uuid(),
            },
            Due::Delivery { app, id } => Self::Delivery {
                app,
                id: WrittenId(id),
            },
        }
    }
}

impl From<Message> for Due {
    fn from(message: Message) -> Self {
        match message {
            Message::Told { app, item } => Self::Told {
                app,
                id: ToldId::from_uuid(item),
            },
            Message::Delivery { app, id } => Self::Delivery { app, id: id.0 },
        }
    }
}

/// A record of a batch, of a stream or of a queue: what the batch calls it, and what is to be done; none if it names nothing
/// that this version knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What a failure of it is reported under: its sequence number, or its message id.
    pub identifier: String,
    /// What is to be done.
    pub due: Option<Due>,
}

fn records(event: &Value) -> impl Iterator<Item = &Value> {
    event["Records"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a batch of the outbox's stream says. Only new items are of interest; that an item is taken off what is due, or goes
/// with its time, is not.
pub fn of_stream(event: &Value) -> Vec<Record> {
    let records = records(event).filter(|record| record["eventName"] == "INSERT");
    let record = |record: &Value| {
        let keys = &record["dynamodb"]["Keys"];
        let (pk, sk) = (text(&keys["pk"]["S"]), text(&keys["sk"]["S"]));
        Record {
            identifier: text(&record["dynamodb"]["SequenceNumber"]),
            due: Due::of_told_key(&pk, &sk),
        }
    };
    records.map(record).collect()
}

/// What a batch of the queue says.
pub fn of_queue(event: &Value) -> Vec<Record> {
    let record = |record: &Value| Record {
        identifier: text(&record["messageId"]),
        due: serde_json::from_str::<Message>(&text(&record["body"]))
            .ok()
            .map(Due::from),
    };
    records(event).map(record).collect()
}

/// What Lambda is answered: which records of a batch failed, so that it hands on only these again.
pub fn failures(identifiers: impl IntoIterator<Item = String>) -> Value {
    let failures = identifiers
        .into_iter()
        .map(|identifier| serde_json::json!({ "itemIdentifier": identifier }));
    serde_json::json!({ "batchItemFailures": failures.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const APP: &str = "00000000-0000-4002-8000-000000000002";
    const ITEM: &str = "01a1fdfa-4600-7000-8a21-14c6c9200000";

    fn told() -> Due {
        Due::Told {
            app: APP.parse().expect("an id"),
            id: ToldId::from_uuid(ITEM.parse().expect("an id")),
        }
    }

    #[test]
    fn a_message_says_what_is_due_and_is_read_back() {
        let webhook = "5f18e12e-5c92-4a8a-b797-b097cf46b303_01a1fdfa-4600-7000-8a21-14c6c9200001";
        let delivery = Due::Delivery {
            app: APP.parse().expect("an id"),
            id: webhook.parse().expect("an id"),
        };
        for due in [told(), delivery] {
            let text = serde_json::to_string(&Message::from(due)).expect("JSON");
            let batch = json!({ "Records": [{ "messageId": "1", "body": text }] });
            let identifier = "1".to_owned();
            let due = Some(due);
            assert_eq!(of_queue(&batch), [Record { identifier, due }]);
        }
    }

    #[test]
    fn of_a_stream_only_new_items_count_and_what_is_not_known_is_not_lost_among_them() {
        let record = |name: &str, number: &str, pk: &str| {
            let sk = format!("2026-11-21T12:00:00.000Z#{ITEM}");
            let keys = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
            json!({ "eventName": name, "dynamodb": { "SequenceNumber": number, "Keys": keys } })
        };
        let pk = format!("app#{APP}#events#2026-11");
        let batch = json!({ "Records": [
            record("INSERT", "1", &pk), record("MODIFY", "2", &pk), record("REMOVE", "3", &pk),
            record("INSERT", "4", "something#else"),
        ] });
        let (one, other) = ("1".to_owned(), "4".to_owned());
        let expected = [
            Record {
                identifier: one,
                due: Some(told()),
            },
            Record {
                identifier: other,
                due: None,
            },
        ];
        assert_eq!(of_stream(&batch), expected);
    }
}
