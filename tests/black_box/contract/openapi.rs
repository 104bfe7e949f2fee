//! The OpenAPI document says which fields a request needs, and the API agrees.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::Value;
use tests::events::SoundRequest;
use tests::{Options, TestServer};

use crate::contract::operations::read;

/// The schemas that a body must match: its own, and what that consists of.
fn schemas_of<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        let named = document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference} is nowhere in docs/openapi.json"));
        return schemas_of(document, named);
    }
    let parts = schema["allOf"].as_array().into_iter().flatten();
    std::iter::once(schema)
        .chain(parts.flat_map(|part| schemas_of(document, part)))
        .collect()
}

/// What the document says of an operation's body.
struct Described<'a> {
    schemas: Vec<&'a Value>,
}

impl<'a> Described<'a> {
    fn of(document: &'a Value, asked: &SoundRequest) -> Self {
        let operation = document["paths"]
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(_, operations)| operations.as_object().into_iter().flatten())
            .map(|(_, operation)| operation)
            .find(|operation| operation["operationId"] == asked.id.as_str())
            .unwrap_or_else(|| panic!("{} is not in docs/openapi.json", asked.id));
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        Self {
            schemas: schemas_of(document, body),
        }
    }

    fn required(&self) -> BTreeSet<&'a str> {
        let lists = self
            .schemas
            .iter()
            .flat_map(|schema| schema["required"].as_array());
        lists.flatten().filter_map(Value::as_str).collect()
    }

    /// Fields of which one alternative or another is required.
    fn alternatives(&self) -> BTreeSet<&'a str> {
        let any = self
            .schemas
            .iter()
            .flat_map(|schema| schema["anyOf"].as_array());
        let lists = any.flatten().filter_map(|one| one["required"].as_array());
        lists.flatten().filter_map(Value::as_str).collect()
    }

    /// Whether the field's description says when it is required.
    fn says_when_required(&self, field: &str) -> bool {
        self.schemas.iter().any(|schema| {
            schema["properties"][field]["description"]
                .as_str()
                .is_some_and(|text| text.contains("equired"))
        })
    }
}

/// Whether the request without this field is refused because it is missing.
async fn is_missed(server: &TestServer, asked: &SoundRequest, field: &str) -> bool {
    // Past the limits of callers that are not known.
    server.clock.advance(TimeDelta::minutes(16));
    let mut body = asked.body.clone();
    let removed = body.as_object_mut().and_then(|fields| fields.remove(field));
    assert!(
        removed.is_some(),
        "the sound_body in events/{}/operation.json lacks {field}",
        asked.id
    );
    let text = body.to_string();
    let reply = asked
        .caller
        .send(asked.method.clone(), &asked.path, &text)
        .await;
    let sentences = reply.body["errors"][field].as_array().into_iter().flatten();
    reply.status == 422
        && sentences
            .filter_map(Value::as_str)
            .any(|sentence| sentence.starts_with("is required"))
}

async fn server() -> TestServer {
    TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn every_field_that_the_document_requires_is_refused_when_missing() {
    let server = server().await;
    let document: Value = serde_json::from_str(&read("docs/openapi.json")).expect("JSON");
    let mut seen = 0;
    for asked in server.sound_requests() {
        for field in Described::of(&document, &asked).required() {
            assert!(
                is_missed(&server, &asked, field).await,
                "{}: the document requires {field}, and the API does not",
                asked.id
            );
            seen += 1;
        }
    }
    assert!(
        seen > 30,
        "only {seen} required fields in docs/openapi.json"
    );
}

#[tokio::test]
async fn every_field_that_is_refused_when_missing_is_required_by_the_document_or_says_when() {
    let server = server().await;
    let document: Value = serde_json::from_str(&read("docs/openapi.json")).expect("JSON");
    let mut unsaid = Vec::new();
    for asked in server.sound_requests() {
        let described = Described::of(&document, &asked);
        for field in asked.body.as_object().expect("a body").keys() {
            let is_said = described.required().contains(field.as_str())
                || described.alternatives().contains(field.as_str())
                || described.says_when_required(field);
            if !is_said && is_missed(&server, &asked, field).await {
                unsaid.push(format!("{}: {field}", asked.id));
            }
        }
    }
    assert_eq!(
        unsaid,
        Vec::<String>::new(),
        "these are required; say so with #[schema(required)], api::required!, or in the description"
    );
}
