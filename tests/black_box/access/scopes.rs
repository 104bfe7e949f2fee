//! The access table is what happens: every operation is done by a key that has exactly the scopes of its row, and
//! refused to a key that has every scope but one of them.

use std::collections::BTreeMap;

use api::operations::Operation;
use chrono::TimeDelta;
use model::scope::Scope;
use serde_json::json;
use tests::dossier::Dossier;
use tests::events::{send, sound_event};
use tests::walk::every_operation;
use tests::{Client, TestServer};

use crate::contract::operations::read;

/// By operation, the scopes that its row of the access table names.
fn written() -> BTreeMap<String, Vec<Scope>> {
    let documents = read("docs/API-DESIGN.md");
    let section = documents.split("## Access table").nth(1).expect("a table");
    let section = section.split("\n## ").next().expect("a section");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let key = cells[2]
            .split(", ")
            .find(|who| who.starts_with("a key with "))?;
        let names = key.split('`').skip(1).step_by(2);
        let scopes = names.map(|name| name.parse().unwrap_or_else(|_| panic!("no scope: {name}")));
        Some((cells[0].trim_matches('`').to_owned(), scopes.collect()))
    })
    .collect()
}

/// What else a key needs to be shown or sent what an example asks for: an event takes the scope of what it is about.
const BESIDES: &[(&str, Scope)] = &[
    ("get_webhook_event", Scope::BookingsRead),
    ("create_webhook", Scope::BookingsRead),
    ("retry_delivery", Scope::WebhooksRead),
];

async fn key(server: &TestServer, scopes: &[Scope]) -> Client {
    let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
    let wanted = json!({ "name": "Exactly", "scopes": names });
    server.make_key(&server.app(), wanted).await.1
}

/// Every scope that does not allow what needs `missing`.
fn all_but(missing: Scope) -> Vec<Scope> {
    let scopes = Scope::ALL.iter().copied();
    let allows = |scope: Scope| {
        [scope]
            .into_iter()
            .collect::<model::scope::Scopes>()
            .allows(missing)
    };
    scopes.filter(|scope| !allows(*scope)).collect()
}

async fn check(
    server: &TestServer,
    operation: &Operation,
    scopes: &[Scope],
    wrong: &mut Vec<String>,
) {
    let id = operation.id.as_str();
    let event = sound_event(server, id).await;
    for missing in scopes {
        let without = event.clone().by(&key(server, &all_but(*missing)).await);
        let reply = send(server, without.value()).await;
        if reply.status() != 403 {
            wrong.push(format!("{id} without {missing}: {}", reply.status()));
        }
    }
    let besides = BESIDES.iter().filter(|(shown, _)| *shown == id);
    let scopes: Vec<Scope> = scopes
        .iter()
        .copied()
        .chain(besides.map(|(_, scope)| *scope))
        .collect();
    let exactly = event.by(&key(server, &scopes).await);
    let reply = send(server, exactly.value()).await;
    let status = reply.status().as_u16();
    let dossier = Dossier::of(id);
    // What it gives away must not reach further than the caller.
    let gives_away = status == 403 && dossier.gives_away;
    let is_done = status < 400 || gives_away || dossier.never_done.is_some();
    if !is_done {
        wrong.push(format!("{id} with {scopes:?}: {status}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_takes_exactly_the_scopes_of_its_row() {
    let written = written();
    assert!(written.len() > 80, "the table was read");
    let mut wrong = Vec::new();
    every_operation(
        |operation| written.contains_key(&operation.id),
        async |server, operations| {
            for operation in operations {
                server.clock.advance(TimeDelta::minutes(1));
                check(server, operation, &written[&operation.id], &mut wrong).await;
            }
        },
    )
    .await;
    let advice = "see functions/*/src/access.rs and its row in docs/API-DESIGN.md";
    assert!(wrong.is_empty(), "{advice}\n{}", wrong.join("\n"));
}
