//! What the code and the facts in `events/` describe, and other files repeat: the OpenAPI document, the tables of the
//! documents, the gateway events, the routes of cargo-lambda's emulator. `make describe` writes all of it.

use std::fmt::Write as _;

use api::openapi;
use tests::dossier::Dossier;
use tests::events::Event;
use tests::roles::routes;

use crate::contract::operations::{operations, read, root};

/// Set by `make describe`: what is not as it should be is written.
const DESCRIBE: &str = "LATCHKEY_DESCRIBE";

/// A file of the repository is `described`, or is written so, or the test fails and says what differs.
pub(crate) fn assert_described(path: &str, described: &str) {
    let file = root().join(path);
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    if committed == described {
        return;
    }
    if std::env::var_os(DESCRIBE).is_some() {
        std::fs::write(&file, described).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let differences: Vec<String> = differences(&committed, described).take(20).collect();
    panic!(
        "{path} is not what the code and events/ describe; if they are right, run make describe:\n{}",
        differences.join("\n")
    );
}

/// Lines that one text has and another has not.
fn differences<'a>(old: &'a str, new: &'a str) -> impl Iterator<Item = String> + 'a {
    let lacks = |text: &'a str| {
        let lines: std::collections::BTreeSet<&str> = text.lines().collect();
        move |line: &&str| !lines.contains(line)
    };
    let gone = old
        .lines()
        .filter(lacks(new))
        .map(|line| format!("- {line}"));
    let added = new
        .lines()
        .filter(lacks(old))
        .map(|line| format!("+ {line}"));
    gone.chain(added)
}

/// A file with other lines in the place of those between two that stay.
pub(crate) fn with_part(path: &str, begin: &str, end: &str, part: &str) -> String {
    let text = read(path);
    let (before, rest) = text
        .split_once(begin)
        .unwrap_or_else(|| panic!("{path} has no {begin:?}"));
    let (_, after) = rest
        .split_once(end)
        .unwrap_or_else(|| panic!("{path} has no {end:?} after {begin:?}"));
    format!("{before}{begin}{part}{end}{after}")
}

/// The table in `docs/API-DESIGN.md` below this line is described.
fn assert_table(header: &str, rows: &str) {
    let path = "docs/API-DESIGN.md";
    assert_described(path, &with_part(path, header, "\n\n", rows.trim_end()));
}

#[test]
fn the_committed_openapi_document_is_the_one_the_code_describes() {
    let text = local::openapi().expect("a document");
    assert_described("docs/openapi.json", &format!("{text}\n"));
}

#[test]
fn the_deliveries_for_the_verifiers_of_others_are_those_that_are_signed_here() {
    let path = "tests/clients/webhooks/deliveries.json";
    assert_described(path, &crate::webhooks::samples::described());
}

#[test]
fn every_event_is_the_request_that_the_facts_describe() {
    for operation in operations() {
        let Event(event) = Event::described(&operation);
        let text = serde_json::to_string_pretty(&event).expect("JSON");
        let path = format!("events/{}/event.json", operation.id);
        assert_described(&path, &format!("{text}\n"));
    }
}

#[test]
fn the_access_table_of_the_documents_says_what_the_code_does() {
    let mut rows = String::new();
    for operation in operations() {
        let (id, method, path) = (&operation.id, &operation.method, &operation.path);
        let who = openapi::callers(operation.access);
        writeln!(rows, "| `{id}` | {method} {path} | {who} |").expect("text");
    }
    let header = "| operation | method and path | who may call it |\n| --- | --- | --- |\n";
    assert_table(header, &rows);
}

#[test]
fn the_table_of_bounds_in_the_documents_says_what_the_facts_say() {
    let mut rows = String::new();
    let mut operations = operations();
    operations.sort_by(|a, b| a.id.cmp(&b.id));
    for operation in operations {
        let bound = Dossier::of(&operation.id).bound;
        let (id, kind, calls) = (&operation.id, &bound.kind, bound.store_calls);
        writeln!(rows, "| `{id}` | {kind} | {calls} |").expect("text");
    }
    let header = "| operation | kind | store calls at most |\n| --- | --- | ---: |\n";
    assert_table(header, &rows);
}

#[test]
fn cargo_lambdas_emulator_has_the_routes_of_the_template() {
    let mut entries: Vec<String> = routes()
        .iter()
        .flat_map(|(route, function)| {
            // What is greedy also takes nothing at all, which its pattern there does not.
            let paths = match route.strip_suffix("{proxy+}") {
                _ if route == "$default" => vec!["/".to_owned(), "/{*proxy}".to_owned()],
                Some(prefix) => vec![prefix.to_owned(), format!("{prefix}{{*proxy}}")],
                None => vec![route.clone()],
            };
            paths
                .into_iter()
                .map(move |path| format!("{path:?} = {function:?}\n"))
        })
        .collect();
    entries.sort();
    let (path, header) = ("Cargo.toml", "[workspace.metadata.lambda.watch.router]\n");
    let text = read(path);
    let (before, rest) = text.split_once(header).expect("a section of routes");
    let after = rest.find("\n\n").map_or("", |end| &rest[end + 1..]);
    let section = entries.concat();
    assert_described(path, &format!("{before}{header}{section}{after}"));
}
