//! `latchkey webhooks`: an app's webhook endpoints and what was delivered to them, over the API of a running deployment.

mod args;
mod error;
mod shown;

use std::io;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::deployment::{
    Answer, Deployment, KEY_VARIABLE, Remote, Table, Terminal, clean, note, print,
};
use args::parse_id;
use shown::{Data, Delivery, NewEndpoint, Page, Replayed, Row};

pub use args::{Create, Deliveries, List, One, Replay, Rotate};
pub use error::WebhooksError;

/// What to do with webhook endpoints.
#[derive(Debug, Subcommand)]
pub enum WebhooksCommand {
    /// List the app's endpoints, oldest first, with their health
    List(List),
    /// Make an endpoint. Its secret is printed once, alone on standard output; what is said about it goes to standard error
    Create(Create),
    /// Delete an endpoint: nothing is sent to it any more
    Delete(One),
    /// Replace an endpoint's secret; the old one signs too for a while. Prints the new one as `create` does
    Rotate(Rotate),
    /// Send an event of type endpoint.test to an endpoint
    Test(One),
    /// List what was sent to an endpoint, newest first, with the last attempt
    Deliveries(Deliveries),
    /// Send events of a time to an endpoint again
    Replay(Replay),
}

/// Runs one on the process's own input and output.
///
/// # Errors
///
/// One clear sentence.
pub async fn run(command: WebhooksCommand) -> Result<(), WebhooksError> {
    let key = std::env::var(KEY_VARIABLE).ok();
    let terminal = Terminal {
        input: &mut io::stdin(),
        output: &mut io::stdout(),
        notes: &mut io::stderr(),
    };
    run_on(command, key.as_deref(), terminal).await
}

/// Runs one, calling with `key`.
///
/// # Errors
///
/// One clear sentence.
pub async fn run_on(
    command: WebhooksCommand,
    key: Option<&str>,
    mut terminal: Terminal<'_>,
) -> Result<(), WebhooksError> {
    let remote = |deployment: &Deployment| deployment.remote(key);
    match command {
        WebhooksCommand::List(wanted) => {
            let remote = remote(&wanted.deployment)?;
            let table = Table::new(Row::HEADINGS);
            let show = |table: &mut Table<7>, row: &Row| table.row(row.cells());
            list(
                &remote,
                "/v2/webhooks?",
                wanted.json,
                table,
                show,
                &mut terminal,
            )
            .await
        }
        WebhooksCommand::Create(wanted) => {
            let remote = remote(&wanted.deployment)?;
            let answer = remote.post("/v2/webhooks", &wanted.body()).await?;
            hand_over(&answer, wanted.json, &mut terminal)
        }
        WebhooksCommand::Delete(wanted) => {
            let id = parse_id(&wanted.id)?;
            let remote = remote(&wanted.deployment)?;
            remote.delete(&format!("/v2/webhooks/{id}")).await?;
            note(&mut terminal, &format!("deleted {id}"));
            Ok(())
        }
        WebhooksCommand::Rotate(wanted) => {
            let path = format!("/v2/webhooks/{}/rotate", parse_id(&wanted.id)?);
            let body = match wanted.overlap {
                Some(overlap) => json!({ "overlap": overlap }),
                None => json!({}),
            };
            let answer = remote(&wanted.deployment)?.post(&path, &body).await?;
            hand_over(&answer, wanted.json, &mut terminal)
        }
        WebhooksCommand::Test(wanted) => {
            let path = format!("/v2/webhooks/{}/test", parse_id(&wanted.id)?);
            let answer = remote(&wanted.deployment)?.post(&path, &json!({})).await?;
            let made: Data<Delivery> = answer.read().map_err(WebhooksError::Answer)?;
            let sentence = format!("sending {}", clean(&made.data.id));
            note(&mut terminal, &sentence);
            Ok(())
        }
        WebhooksCommand::Deliveries(wanted) => {
            let remote = remote(&wanted.deployment)?;
            let path = wanted.path()?;
            let table = Table::new(Delivery::HEADINGS);
            let show = |table: &mut Table<6>, row: &Delivery| table.row(row.cells());
            list(&remote, &path, wanted.json, table, show, &mut terminal).await
        }
        WebhooksCommand::Replay(wanted) => {
            let remote = remote(&wanted.deployment)?;
            replay(&remote, &wanted, &mut terminal).await
        }
    }
}

/// Prints a new secret, alone on standard output, so that it can be piped into whatever keeps secrets.
fn hand_over(
    answer: &Answer,
    json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<(), WebhooksError> {
    let made: Data<NewEndpoint> = answer.read().map_err(WebhooksError::Answer)?;
    let NewEndpoint { id, url, secret } = made.data;
    let shown = if json {
        answer.text.trim_end()
    } else {
        &secret
    };
    writeln!(terminal.output, "{shown}")
        .and_then(|()| terminal.output.flush())
        .map_err(|source| WebhooksError::SecretLost {
            id: id.clone(),
            source,
        })?;
    let (id, url) = (clean(&id), clean(&url));
    let sentence =
        format!("this is the secret of the endpoint {id}, {url}. It is shown this once.");
    note(terminal, &sentence);
    Ok(())
}

/// Prints all pages of a list; `path` ends in what the number of a page can follow.
async fn list<T: serde::de::DeserializeOwned, const COLUMNS: usize>(
    remote: &Remote,
    path: &str,
    json: bool,
    mut table: Table<COLUMNS>,
    show: impl Fn(&mut Table<COLUMNS>, &T),
    terminal: &mut Terminal<'_>,
) -> Result<(), WebhooksError> {
    let mut number = 1;
    loop {
        // By number, because the key goes along: an address that an answer names is not asked.
        let answer = remote
            .get(&format!("{path}limit=1000&page={number}"))
            .await?;
        let page: Page<T> = answer.read().map_err(WebhooksError::Answer)?;
        if json {
            print(terminal, &answer.text)?;
        }
        page.data.iter().for_each(|row| show(&mut table, row));
        if page.next_page_url.is_none() {
            break;
        }
        number += 1;
    }
    if !json {
        print(terminal, &table.to_string())?;
    }
    Ok(())
}

/// Replays part after part until nothing is left.
async fn replay(
    remote: &Remote,
    wanted: &Replay,
    terminal: &mut Terminal<'_>,
) -> Result<(), WebhooksError> {
    let path = format!("/v2/webhooks/{}/replay", parse_id(&wanted.id)?);
    let mut body: Value = wanted.body();
    let mut replayed = 0;
    loop {
        let answer = remote.post(&path, &body).await?;
        let part: Data<Replayed> = answer.read().map_err(WebhooksError::Answer)?;
        replayed += part.data.replayed;
        let Some(next) = part.data.next_since else {
            break;
        };
        body["since"] = next.into();
    }
    print(terminal, &format!("{replayed} sent again"))?;
    Ok(())
}

#[cfg(test)]
mod tests;
