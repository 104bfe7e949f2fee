//! That every text of the language files is used: translators write none in vain.

use std::fs;

use serde_json::Value;

use super::file_sizes::sources;
use super::operations::root;

#[test]
fn every_text_of_a_language_is_used_by_a_page() {
    let english = fs::read_to_string(root().join("shared/html/languages/en.json"));
    let english: Value = serde_json::from_str(&english.expect("a file")).expect("JSON");
    let mut found = Vec::new();
    for folder in [
        "shared/html/src",
        "functions/pages/src",
        "functions/bookings/src",
        "shared/views/src",
    ] {
        sources(&root().join(folder), &mut found);
    }
    found.retain(|path| !path.components().any(|part| part.as_os_str() == "tests"));
    let code: String = found
        .iter()
        .map(|path| fs::read_to_string(path).expect("text"))
        .collect();
    for (group, name) in [("texts", "Text"), ("counts", "Count")] {
        let keys = english[group].as_object().expect("an object");
        assert!(keys.len() > 5, "{group}");
        for key in keys.keys() {
            let used = format!("{name}::{}", in_camel_case(key));
            let is_used = code.match_indices(&used).any(|(at, _)| {
                let next = code[at + used.len()..].chars().next();
                !next.is_some_and(char::is_alphanumeric)
            });
            assert!(
                is_used,
                "{key}: no page has it; delete it from shared/html/languages/*.json"
            );
        }
    }
}

/// A key as the variant of the enum that is made of it.
fn in_camel_case(key: &str) -> String {
    key.split('_')
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..])
        .collect()
}
