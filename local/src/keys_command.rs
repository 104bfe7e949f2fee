//! `latchkey keys`: an app's keys, managed over the API of a running deployment.

mod args;
mod check;
mod error;
mod shown;

use std::io;

use clap::Subcommand;
use serde_json::json;

use args::parse_id;
use shown::{Data, NewRecord, Page, row, usage_table};

use crate::deployment::{
    Answer, Deployment, KEY_VARIABLE, Remote, Table, Terminal, clean, note, print,
};

pub use args::{Create, List, Revoke, Rotate, Usage};
pub use check::Unsound;
pub use error::KeysError;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key. It is printed once, alone on standard output; what is said about it goes to standard error
    Create(Create),
    /// List the app's keys, newest first, revoked ones included
    List(List),
    /// Make a key with the settings of another, which goes on working for a while. Prints the new one as `create` does
    Rotate(Rotate),
    /// Revoke a key: the next request with it is refused
    Revoke(Revoke),
    /// Tell how much a key was used
    Usage(Usage),
    /// Tell whether a key, read from standard input, is mistyped. Asks no server and never prints the key
    Check,
}

/// Runs one on the process's own input and output.
///
/// # Errors
///
/// One clear sentence.
pub async fn run(command: KeysCommand) -> Result<(), KeysError> {
    let key = std::env::var(KEY_VARIABLE).ok();
    let terminal = Terminal {
        input: &mut io::stdin(),
        output: &mut io::stdout(),
        notes: &mut io::stderr(),
    };
    run_on(command, key.as_deref(), terminal).await
}

/// Runs one, calling with `key`. It is one function because it is one match, an arm for each command.
///
/// # Errors
///
/// One clear sentence.
pub async fn run_on(
    command: KeysCommand,
    key: Option<&str>,
    mut terminal: Terminal<'_>,
) -> Result<(), KeysError> {
    let remote = |deployment: &Deployment| deployment.remote(key);
    match command {
        KeysCommand::Create(wanted) => {
            let remote = remote(&wanted.deployment)?;
            let answer = remote.post("/v2/keys", &wanted.body()).await?;
            hand_over(&answer, wanted.json, &mut terminal)
        }
        KeysCommand::List(wanted) => {
            list(&remote(&wanted.deployment)?, wanted.json, &mut terminal).await
        }
        KeysCommand::Rotate(wanted) => {
            let path = format!("/v2/keys/{}/rotate", parse_id(&wanted.id)?);
            let body = match wanted.overlap {
                Some(overlap) => json!({ "overlap": overlap }),
                None => json!({}),
            };
            let answer = remote(&wanted.deployment)?.post(&path, &body).await?;
            hand_over(&answer, wanted.json, &mut terminal)?;
            let sentence = format!(
                "the old key, {}, works until the overlap ends. `latchkey keys list` tells when.",
                wanted.id
            );
            note(&mut terminal, &sentence);
            Ok(())
        }
        KeysCommand::Revoke(wanted) => {
            let id = parse_id(&wanted.id)?;
            remote(&wanted.deployment)?
                .delete(&format!("/v2/keys/{id}"))
                .await?;
            let sentence = format!("revoked {id}. The next request with it is refused.");
            note(&mut terminal, &sentence);
            Ok(())
        }
        KeysCommand::Usage(wanted) => {
            let answer = remote(&wanted.deployment)?.get(&wanted.path()?).await?;
            if wanted.json {
                return Ok(print(&mut terminal, &answer.text)?);
            }
            Ok(print(&mut terminal, &usage_table(&answer)?)?)
        }
        KeysCommand::Check => {
            let found = check::read(terminal.input)?;
            print(&mut terminal, &found.table())?;
            Ok(found.verdict()?)
        }
    }
}

/// Prints a new key, alone on standard output, so that it can be piped into whatever keeps secrets.
fn hand_over(answer: &Answer, json: bool, terminal: &mut Terminal<'_>) -> Result<(), KeysError> {
    let record: Data<NewRecord> = answer.read().map_err(KeysError::Answer)?;
    let record = record.data;
    let shown = if json {
        answer.text.trim_end()
    } else {
        &record.key
    };
    writeln!(terminal.output, "{shown}")
        .and_then(|()| terminal.output.flush())
        .map_err(|source| KeysError::KeyLost {
            id: record.id.clone(),
            source,
        })?;
    let once = if record.kind == "widget" {
        "It is public, and shown again by GET /v2/keys."
    } else {
        "It is shown this once."
    };
    let (kind, name, id) = (clean(&record.kind), clean(&record.name), clean(&record.id));
    note(
        terminal,
        &format!("made the {kind} key \"{name}\", {id}. {once}"),
    );
    Ok(())
}

async fn list(remote: &Remote, json: bool, terminal: &mut Terminal<'_>) -> Result<(), KeysError> {
    let mut table = Table::new([
        "ID",
        "NAME",
        "KIND",
        "START",
        "CREATED",
        "LAST USED",
        "24 H",
        "ENDS",
        "SCOPES",
    ]);
    let mut number = 1;
    loop {
        // By number, because the key goes along: an address that an answer names is not asked.
        let path = format!("/v2/keys?limit=1000&page={number}");
        let answer = remote.get(&path).await?;
        let page: Page = answer.read().map_err(KeysError::Answer)?;
        if json {
            print(terminal, &answer.text)?;
        }
        for record in &page.data {
            table.row(row(record));
        }
        if page.next_page_url.is_none() {
            break;
        }
        number += 1;
    }
    if json {
        Ok(())
    } else {
        Ok(print(terminal, &table.to_string())?)
    }
}

#[cfg(test)]
mod tests;
