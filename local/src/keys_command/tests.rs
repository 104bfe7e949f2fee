//! The commands, against a whole server in this process.

use super::*;
use std::io::Write;

use clap::{CommandFactory as _, Parser};
use serde_json::Value;

use crate::deployment::running::Running;

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: KeysCommand,
}

fn parse(words: &[&str]) -> Result<KeysCommand, clap::Error> {
    let url = ["--url", "http://127.0.0.1:1"];
    let line = ["keys"].iter().chain(words).chain(&url);
    Line::try_parse_from(line).map(|line| line.command)
}

fn body_of(words: &[&str]) -> Value {
    match parse(words).expect("a command") {
        KeysCommand::Create(create) => create.body(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_command_takes_a_key_as_an_argument() {
    Line::command().debug_assert();
    for command in Line::command().get_subcommands() {
        let names: Vec<_> = command
            .get_arguments()
            .map(|a| a.get_id().as_str())
            .collect();
        assert!(!names.contains(&"key"), "{names:?}");
    }
    assert!(parse(&["list", "--key", "x"]).is_err());
    assert!(Line::try_parse_from(["keys", "check", "x"]).is_err());
}

#[test]
fn what_is_not_said_is_not_sent() {
    assert_eq!(
        body_of(&["create", "--name", "CI"]),
        json!({ "name": "CI" })
    );
}

#[test]
fn everything_that_is_said_is_sent_in_the_apis_words() {
    let words = "create|--name=CI|--kind=widget|--scope=bookings.read|--scope|keys.read,keys.write|--limit=10|--window=1 hour\
                 |--address-limit=5|--address-window|1 second|--cidr=192.0.2.0/24|--cidr=::1|--origin|https://a.example\
                 |--expires-at|2027-01-31T00:00:00Z|--json|--allow-http";
    let words: Vec<&str> = words.split('|').collect();
    let sent = json!({
        "name": "CI",
        "kind": "widget",
        "scopes": ["bookings.read", "keys.read", "keys.write"],
        "rate_limit": { "limit": 10, "window": "1 hour" },
        "address_rate_limit": { "limit": 5, "window": "1 second" },
        "allowed_cidrs": ["192.0.2.0/24", "::1"],
        "allowed_origins": ["https://a.example"],
        "expires_at": "2027-01-31T00:00:00Z",
    });
    assert_eq!(body_of(&words), sent);
}

#[test]
fn a_key_without_scopes_must_be_asked_for() {
    let body = body_of(&["create", "--name=CI", "--no-scopes"]);
    assert_eq!(body["scopes"], json!([]));
    assert!(parse(&["create", "--name=CI", "--no-scopes", "--scope=*"]).is_err());
}

#[test]
fn a_limit_is_for_a_minute_unless_said_and_a_window_needs_one() {
    let body = body_of(&["create", "--name=CI", "--limit=600"]);
    assert_eq!(
        body["rate_limit"],
        json!({ "limit": 600, "window": "1 minute" })
    );
    assert!(parse(&["create", "--name=CI", "--window=1 hour"]).is_err());
    let body = body_of(&[
        "create",
        "--name=Page",
        "--kind=widget",
        "--address-limit=90",
    ]);
    let limit = json!({ "limit": 90, "window": "1 minute" });
    assert_eq!(body["address_rate_limit"], limit);
    assert_eq!(body.get("rate_limit"), None);
    assert!(parse(&["create", "--name=Page", "--address-window=1 hour"]).is_err());
}

#[test]
fn usage_asks_for_what_was_said() {
    let id = "00000000-0000-4000-8000-000000000001";
    let words = ["usage", id, "--from=2026-11-01T00:00:00+01:00", "--by=day"];
    let Ok(KeysCommand::Usage(usage)) = parse(&words) else {
        panic!("usage")
    };
    let path = format!("/v2/keys/{id}/usage?from=2026-11-01T00%3A00%3A00%2B01%3A00&by=day");
    assert_eq!(usage.path().expect("a path"), path);
    assert!(parse(&["usage", id, "--by=month"]).is_err());
}

/// What a command did: its end, standard output and standard error.
struct Done {
    result: Result<(), KeysError>,
    output: String,
    notes: String,
}

impl Done {
    #[track_caller]
    fn well(self) -> Self {
        if let Err(error) = &self.result {
            panic!("{error}");
        }
        self
    }

    #[track_caller]
    fn error(&self) -> String {
        assert_eq!(self.output, "");
        self.result.as_ref().expect_err("a failure").to_string()
    }
}

async fn call(url: &str, key: Option<&str>, words: &[&str]) -> Done {
    let url = ["--url", url];
    let line = ["keys"].iter().chain(words).chain(&url).copied();
    let command = Line::try_parse_from(line).expect("a command").command;
    let (mut output, mut notes) = (Vec::new(), Vec::new());
    let terminal = Terminal {
        input: &mut io::empty(),
        output: &mut output,
        notes: &mut notes,
    };
    let result = run_on(command, key, terminal).await;
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Done {
        result,
        output: text(output),
        notes: text(notes),
    }
}

#[tokio::test]
async fn a_rotated_key_is_handed_over_like_a_new_one() {
    let server = Running::start().await;
    let (id, old) = server.make("CI").await;
    let words = ["rotate", &id, "--overlap", "0 hours"];
    let rotated = server.call(&words).await.well();
    let new = rotated.output.strip_suffix('\n').expect("one line");
    assert!(is_sound(new));
    assert!(!rotated.notes.contains(&new[8..]), "{}", rotated.notes);
    call(&server.url, Some(new), &["list"]).await.well();
    let refused = call(&server.url, Some(&old), &["list"]).await.error();
    assert!(refused.contains("refused the key"), "{refused}");
    let again = server.call(&words).await.error();
    assert!(again.contains("request id: "), "{again}");
}

#[tokio::test]
async fn usage_is_told_in_a_table_and_raw() {
    let server = Running::start().await;
    let (id, _) = server.make("CI").await;
    let told = server.call(&["usage", &id, "--by=day"]).await.well();
    assert!(told.output.starts_with("FROM"), "{}", told.output);
    assert!(
        told.output.ends_with("last used: never\n"),
        "{}",
        told.output
    );
    let raw = server.call(&["usage", &id, "--json"]).await.well();
    let raw: Value = serde_json::from_str(&raw.output).expect("JSON");
    assert_eq!(raw["data"]["id"], *id);
}

impl Running {
    async fn call(&self, words: &[&str]) -> Done {
        call(&self.url, Some(&self.key), words).await
    }

    /// Makes a key and answers its id and the key.
    async fn make(&self, name: &str) -> (String, String) {
        let made = self
            .call(&["create", "--name", name, "--json"])
            .await
            .well();
        let made: Value = serde_json::from_str(&made.output).expect("JSON");
        let text = |field: &str| made["data"][field].as_str().expect("text").to_owned();
        (text("id"), text("key"))
    }
}

fn is_sound(key: &str) -> bool {
    let mut input = key.as_bytes();
    let found = check::read(&mut input).expect("read");
    found.verdict().is_ok()
}

#[tokio::test]
async fn a_new_key_stands_alone_on_standard_output() {
    let server = Running::start().await;
    let made = server
        .call(&["create", "--name", "CI", "--scope=keys.read"])
        .await;
    let made = made.well();
    let key = made.output.strip_suffix('\n').expect("one line");
    assert!(is_sound(key));
    assert!(!made.notes.contains(&key[8..]), "{}", made.notes);
    assert!(
        made.notes.contains("the named key \"CI\""),
        "{}",
        made.notes
    );
    call(&server.url, Some(key), &["list"]).await.well();
}

#[tokio::test]
async fn a_list_shows_every_key_and_no_secret() {
    let server = Running::start().await;
    let (id, key) = server.make("Front desk").await;
    let listed = server.call(&["list"]).await.well();
    let row = listed.output.lines().find(|line| line.starts_with(&id));
    let row = row.expect("the new key's row");
    assert!(row.contains("Front desk"), "{row}");
    assert!(!listed.output.contains(&key));
    let raw = server.call(&["list", "--json"]).await.well();
    let raw: Value = serde_json::from_str(&raw.output).expect("JSON");
    assert_eq!(raw["data"][0]["id"], *id);
}

#[tokio::test]
async fn a_revoked_key_is_refused_and_told_so() {
    let server = Running::start().await;
    let (id, key) = server.make("CI").await;
    let revoked = server.call(&["revoke", &id]).await.well();
    assert!(revoked.notes.contains(&id), "{}", revoked.notes);
    let refused = call(&server.url, Some(&key), &["list"]).await.error();
    assert!(refused.contains("refused the key"), "{refused}");
    assert!(
        refused.contains("Invalid credentials supplied"),
        "{refused}"
    );
    assert!(refused.contains("request id: "), "{refused}");
    assert!(!refused.contains(&key[8..]), "{refused}");
}

#[tokio::test]
async fn the_apis_own_sentences_say_what_is_wrong() {
    let server = Running::start().await;
    let words = ["create", "--name=CI", "--scope=magic", "--cidr=nowhere"];
    let refused = server.call(&words).await.error();
    assert!(refused.contains("allowed_cidrs \"nowhere\""), "{refused}");
    assert!(refused.contains("scopes unknown scope"), "{refused}");
    assert!(refused.contains("request id: "), "{refused}");
}

#[tokio::test]
async fn a_key_given_as_an_id_is_not_repeated() {
    let key = "tt1.0123456789abcdef";
    let refused = call("http://127.0.0.1:1", Some("k"), &["revoke", key]).await;
    assert!(!refused.error().contains(key));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_one_clear_sentence() {
    let error = call("http://127.0.0.1:1", Some("k"), &["list"])
        .await
        .error();
    assert!(
        error.contains("http://127.0.0.1:1 cannot be reached"),
        "{error}"
    );
}

#[tokio::test]
async fn the_key_comes_from_the_environment_or_not_at_all() {
    for key in [None, Some(""), Some(" \n")] {
        let error = call("http://127.0.0.1:1", key, &["list"]).await.error();
        assert!(error.contains("LATCHKEY_KEY"), "{error}");
    }
}

#[tokio::test]
async fn a_key_is_not_sent_in_clear_to_another_machine_unasked() {
    for url in ["http://example.com", "http://10.0.0.1:8080"] {
        let error = call(url, Some("k"), &["list"]).await.error();
        assert!(error.contains("--allow-http"), "{error}");
    }
    for url in [
        "localhost:8080",
        "ftp://a.example",
        "https://u:secret@a.example",
        "x",
    ] {
        let error = call(url, Some("k"), &["list"]).await.error();
        assert!(error.contains("must look like"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

/// A pipe that nobody reads any more.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_handed_over_is_named_so_that_it_can_be_revoked() {
    let server = Running::start().await;
    let words = ["keys", "create", "--name=CI", "--url", &server.url];
    let terminal = Terminal {
        input: &mut io::empty(),
        output: &mut Broken,
        notes: &mut Vec::new(),
    };
    let command = Line::try_parse_from(words).expect("a command").command;
    let lost = run_on(command, Some(&server.key), terminal).await;
    let lost = lost.expect_err("nobody reads").to_string();
    let listed = server.call(&["list"]).await.well().output;
    let row = listed.lines().nth(1).expect("the newest key");
    assert!(lost.contains(&row[..36]), "{lost}");
}
