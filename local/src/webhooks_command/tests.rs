//! The commands, against a whole server in this process.

use super::*;
use clap::{CommandFactory as _, Parser};

use crate::deployment::running::Running;

const ADDRESS: &str = "https://example.com/webhooks";

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: WebhooksCommand,
}

/// What a command did: standard output and standard error, or why it failed.
async fn call(server: &Running, words: &[&str]) -> Result<(String, String), WebhooksError> {
    let url = ["--url", &server.url];
    let line = ["webhooks"].iter().chain(words).chain(&url).copied();
    let command = Line::try_parse_from(line).expect("a command").command;
    let (mut output, mut notes) = (Vec::new(), Vec::new());
    let terminal = Terminal {
        input: &mut io::empty(),
        output: &mut output,
        notes: &mut notes,
    };
    run_on(command, Some(&server.key), terminal).await?;
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ok((text(output), text(notes)))
}

async fn create(server: &Running) -> Value {
    let made = call(server, &["create", ADDRESS, "--json"]).await;
    let (made, _) = made.expect("made");
    let made: Value = serde_json::from_str(&made).expect("JSON");
    made["data"].clone()
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().expect("text")
}

#[test]
fn no_command_takes_a_key_as_an_argument_and_what_is_not_said_is_not_sent() {
    Line::command().debug_assert();
    for command in Line::command().get_subcommands() {
        let mut names = command.get_arguments().map(|one| one.get_id().as_str());
        assert!(!names.any(|name| name == "key"), "{command}");
    }
    let body = |words: &[&str]| {
        let line = ["webhooks", "create", "--url=http://127.0.0.1:1"];
        let line = line.iter().chain(words).copied();
        match Line::try_parse_from(line).expect("a command").command {
            WebhooksCommand::Create(create) => create.body(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(body(&[ADDRESS]), json!({ "url": ADDRESS }));
    let all = [
        ADDRESS,
        "--event=booking.*,group.full",
        "--event=event.created",
        "--format=standard",
        "--payload=thin",
        "--project=p",
        "--resource=r",
        "--graph=instant",
        "--state=confirmed",
    ];
    let expected = json!({
        "url": ADDRESS, "events": ["booking.*", "group.full", "event.created"], "format": "standard",
        "payload": "thin", "project_id": "p", "resource_id": "r", "graph": "instant", "state": "confirmed",
    });
    assert_eq!(body(&all), expected);
}

#[tokio::test]
async fn a_new_secret_stands_alone_on_standard_output_and_no_list_shows_it() {
    let server = Running::start().await;
    let made = call(&server, &["create", ADDRESS]).await;
    let (secret, notes) = made.expect("made");
    let secret = secret.strip_suffix('\n').expect("one line");
    assert!(outbound::EndpointSecret::parse(secret).is_ok());
    assert!(
        notes.contains(ADDRESS) && !notes.contains(secret),
        "{notes}"
    );
    let (listed, _) = call(&server, &["list"]).await.expect("a list");
    assert!(
        listed.contains(ADDRESS) && !listed.contains(secret),
        "{listed}"
    );
    assert!(listed.contains("new"), "{listed}");
}

#[tokio::test]
async fn an_endpoint_is_rotated_tested_replayed_and_deleted() {
    let server = Running::start().await;
    let made = create(&server).await;
    let id = text(&made, "id");
    let rotated = call(&server, &["rotate", id, "--overlap", "1 hour"]).await;
    let (rotated, _) = rotated.expect("rotated");
    assert!(rotated.starts_with("whsec_") && rotated.trim() != text(&made, "secret"));
    let (_, tested) = call(&server, &["test", id]).await.expect("sent");
    let (deliveries, _) = call(&server, &["deliveries", id]).await.expect("a list");
    assert!(deliveries.contains("endpoint.test"), "{deliveries}");
    let delivery = tested.trim().rsplit(' ').next().expect("an id");
    assert!(deliveries.contains(delivery), "{deliveries}");
    let since = "--since=2026-01-01T00:00:00Z";
    let (replayed, _) = call(&server, &["replay", id, since])
        .await
        .expect("replayed");
    assert_eq!(replayed, "0 sent again\n");
    call(&server, &["delete", id]).await.expect("deleted");
    let gone = call(&server, &["test", id]).await.expect_err("gone");
    assert!(gone.to_string().contains("Webhook"), "{gone}");
    let (left, _) = call(&server, &["list"]).await.expect("a list");
    assert!(!left.contains(id), "{left}");
}

#[tokio::test]
async fn the_apis_own_sentences_say_what_is_wrong_with_an_endpoint() {
    let server = Running::start().await;
    let words = ["create", "http://10.0.0.1/", "--event=rocket.launched"];
    let refused = call(&server, &words)
        .await
        .expect_err("refused")
        .to_string();
    assert!(
        refused.contains("url must begin with https://"),
        "{refused}"
    );
    assert!(
        refused.contains("events must be types or families"),
        "{refused}"
    );
    let no_id = call(&server, &["test", "whsec_x"])
        .await
        .expect_err("no id");
    assert!(!no_id.to_string().contains("whsec_x"));
}
