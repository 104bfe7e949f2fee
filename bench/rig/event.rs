//! Requests as API Gateway hands them to a function: those in `events/`, with a caller of the measured server.

use std::path::Path;

use serde_json::Value;

/// The event that calls an operation, as `authorization` and at `path`.
pub(crate) fn of(operation: &str, path: Option<&str>, authorization: Option<&str>) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let text = std::fs::read_to_string(folder.join(operation).join("event.json"));
    let mut event: Value = serde_json::from_str(&text.expect("an event")).expect("JSON");
    if let Some(path) = path {
        event["rawPath"] = path.into();
        event["requestContext"]["http"]["path"] = path.into();
        event["rawQueryString"] = "".into();
    }
    if let Some(authorization) = authorization {
        event["headers"]["authorization"] = authorization.into();
    }
    event
}

/// The same event with another body.
pub(crate) fn with_body(mut event: Value, body: &Value) -> Value {
    event["body"] = body.to_string().into();
    event
}
