//! The letters of a body: each in one form, whichever its sender writes.

use model::text::composed;
use serde_json::{Map, Value};

/// The same value with every text and every name in it in composed form (NFC).
pub(crate) fn compose(value: Value) -> Value {
    match value {
        Value::String(text) if !text.is_ascii() => composed(&text).into_owned().into(),
        Value::Array(values) => values.into_iter().map(compose).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (composed(&name).into_owned(), compose(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_and_names_are_composed_at_any_depth_and_keep_their_order() {
        let sent = json!({ "b": ["cafe\u{301}", 1, null], "gro\u{308}\u{df}e": { "A\u{30a}": "x" }, "a": true });
        let composed = compose(sent);
        assert_eq!(
            composed.to_string(),
            r#"{"b":["café",1,null],"größe":{"Å":"x"},"a":true}"#
        );
    }
}
