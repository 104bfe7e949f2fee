//! `latchkey keys`: an app's keys, managed over the API of a running deployment. The key to call with comes
//! from the environment and never from an argument, because every user of a machine can read its arguments.

mod check;
mod remote;
mod table;

use std::io::{self, Read, Write};

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use remote::{Answer, Remote};
use table::{Table, clean, minute};

pub use check::Unsound;
pub use remote::RemoteError;

/// The variable that holds the key to call with.
pub const KEY_VARIABLE: &str = "LATCHKEY_KEY";

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

/// Where the API is reached. The key to call with is read from the variable `LATCHKEY_KEY`.
#[derive(Clone, Debug, Args)]
pub struct Deployment {
    /// Where the API is reached, such as `https://api.example.com`
    #[arg(long, env = "LATCHKEY_URL", value_name = "URL")]
    url: String,
    /// Send the key over plain http to another machine, where whoever is on the way can read it
    #[arg(long)]
    allow_http: bool,
}

/// A key to make.
#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    deployment: Deployment,
    /// What to call it; need not be unique
    #[arg(long)]
    name: String,
    /// named, api or widget; named unless said
    #[arg(long)]
    kind: Option<String>,
    /// What it may do, such as bookings.read; repeat it, or separate several by commas. All that your own key may,
    /// unless said
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// It may do nothing yet
    #[arg(long, conflicts_with = "scopes")]
    no_scopes: bool,
    /// From when on it is refused, such as 2027-01-31T00:00:00Z; never unless said
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// The most requests in the window; what is usual for its kind unless said
    #[arg(long, value_name = "REQUESTS")]
    limit: Option<u32>,
    /// The window that --limit counts in, such as "1 minute" or "1 hour"
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1 minute",
        requires = "limit"
    )]
    window: String,
    /// A network or address that it may be used from; repeat it for several. Any unless said
    #[arg(long = "cidr", value_name = "CIDR")]
    cidrs: Vec<String>,
    /// An origin that a widget key may be used from, such as `https://example.com`; repeat it for several. Any unless
    /// said
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Print the server's answer, the key in it, instead of the key alone
    #[arg(long)]
    json: bool,
}

/// Which keys to list: all.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    deployment: Deployment,
    /// Print the server's answer, a line for each 1,000 keys
    #[arg(long)]
    json: bool,
}

/// A key to replace.
#[derive(Debug, Args)]
pub struct Rotate {
    #[command(flatten)]
    deployment: Deployment,
    /// The old key's id, as `list` shows it
    id: String,
    /// How long the old key goes on working, up to "7 days"; "0 hours" for not at all, 24 hours unless said
    #[arg(long, value_name = "DURATION")]
    overlap: Option<String>,
    /// Print the server's answer, the key in it, instead of the key alone
    #[arg(long)]
    json: bool,
}

/// A key to revoke.
#[derive(Debug, Args)]
pub struct Revoke {
    #[command(flatten)]
    deployment: Deployment,
    /// Its id, as `list` shows it
    id: String,
}

/// Whose use to tell, and of when.
#[derive(Debug, Args)]
pub struct Usage {
    #[command(flatten)]
    deployment: Deployment,
    /// The key's id, as `list` shows it
    id: String,
    /// The first hour or day, such as 2026-11-01T00:00:00Z; 24 hours ago unless said
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Where to stop, at most 62 days later; now unless said
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// A row for each hour or day; hour unless said
    #[arg(long, value_parser = ["hour", "day"])]
    by: Option<String>,
    /// Print the server's answer
    #[arg(long)]
    json: bool,
}

/// A command on keys did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The server could not be asked, or refused.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// What was given as a key's id is none. It is not repeated: it may be a key.
    #[error("That is no key's id. Give the id that `latchkey keys list` shows; it is a UUID.")]
    NotAnId,
    /// The answer was not what the API says.
    #[error("The server's answer is not one of this version of Latchkey: {0}")]
    Answer(serde_json::Error),
    /// A key was made, and its only chance to be seen was missed.
    #[error(
        "The key {id} was made, but it cannot be written to standard output: {source}. No one sees it again: revoke it with `latchkey keys revoke {id}`."
    )]
    KeyLost {
        /// The lost key's id.
        id: String,
        /// Why.
        source: io::Error,
    },
    /// Nothing can be read or written.
    #[error("Standard input or output cannot be used: {0}")]
    Io(#[from] io::Error),
    /// A key that was checked is not sound.
    #[error("{0}")]
    Unsound(#[from] Unsound),
}

/// Where a command reads and writes.
pub struct Terminal<'a> {
    /// What `check` reads.
    pub input: &'a mut dyn Read,
    /// Results.
    pub output: &'a mut dyn Write,
    /// What is said about them.
    pub notes: &'a mut dyn Write,
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

/// Runs one, calling with `key`.
///
/// # Errors
///
/// One clear sentence.
pub async fn run_on(
    command: KeysCommand,
    key: Option<&str>,
    mut terminal: Terminal<'_>,
) -> Result<(), KeysError> {
    let remote = |deployment: &Deployment| Remote::new(&deployment.url, deployment.allow_http, key);
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
                return print(&mut terminal, &answer.text);
            }
            print(&mut terminal, &usage_table(&answer)?)
        }
        KeysCommand::Check => {
            let found = check::read(terminal.input)?;
            print(&mut terminal, &found.table())?;
            Ok(found.verdict()?)
        }
    }
}

impl Create {
    /// Only what was said: everything else is the server's to decide.
    fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("name".to_owned(), self.name.clone().into());
        let mut add = |name: &str, value: Value| {
            body.insert(name.to_owned(), value);
        };
        if let Some(kind) = &self.kind {
            add("kind", kind.clone().into());
        }
        if self.no_scopes || !self.scopes.is_empty() {
            add("scopes", self.scopes.clone().into());
        }
        if let Some(expires_at) = &self.expires_at {
            add("expires_at", expires_at.clone().into());
        }
        if let Some(limit) = self.limit {
            add(
                "rate_limit",
                json!({ "limit": limit, "window": self.window }),
            );
        }
        if !self.cidrs.is_empty() {
            add("allowed_cidrs", self.cidrs.clone().into());
        }
        if !self.origins.is_empty() {
            add("allowed_origins", self.origins.clone().into());
        }
        body.into()
    }
}

impl Usage {
    fn path(&self) -> Result<String, KeysError> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("from", &self.from), ("to", &self.to), ("by", &self.by)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        Ok(format!(
            "/v2/keys/{}/usage?{}",
            parse_id(&self.id)?,
            query.finish()
        ))
    }
}

fn parse_id(text: &str) -> Result<Uuid, KeysError> {
    Uuid::parse_str(text).map_err(|_| KeysError::NotAnId)
}

/// Prints a result. Whoever reads it may stop when they have seen enough.
fn print(terminal: &mut Terminal<'_>, text: &str) -> Result<(), KeysError> {
    let printed =
        writeln!(terminal.output, "{}", text.trim_end()).and_then(|()| terminal.output.flush());
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

/// Says something about a result. What was done is done, whether or not this can be read.
fn note(terminal: &mut Terminal<'_>, sentence: &str) {
    let _ = writeln!(terminal.notes, "latchkey: {sentence}");
}

/// What is shown of a key's record.
#[derive(Debug, Deserialize)]
struct Record {
    id: String,
    name: String,
    kind: String,
    start: String,
    scopes: Vec<String>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_used_at: Option<String>,
    requests_24h: Option<u64>,
}

/// What is said of a key that was just made.
#[derive(Deserialize)]
struct NewRecord {
    id: String,
    name: String,
    kind: String,
    key: String,
}

#[derive(Debug, Deserialize)]
struct Data<T> {
    data: T,
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

/// A page of the list of keys.
#[derive(Debug, Deserialize)]
struct Page {
    data: Vec<Record>,
    next_page_url: Option<String>,
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
        print(terminal, &table.to_string())
    }
}

fn row(record: &Record) -> [String; 9] {
    let time = |at: &Option<String>, none: &str| match at {
        Some(at) => minute(at),
        None => none.to_owned(),
    };
    let ends = match &record.revoked_at {
        Some(at) => format!("revoked {}", minute(at)),
        None => time(&record.expires_at, "never"),
    };
    let scopes = if record.scopes.is_empty() {
        "-".to_owned()
    } else {
        record.scopes.join(",")
    };
    [
        record.id.clone(),
        record.name.clone(),
        record.kind.clone(),
        record.start.clone(),
        minute(&record.created_at),
        time(&record.last_used_at, "-"),
        record
            .requests_24h
            .map_or_else(|| "-".to_owned(), |count| count.to_string()),
        ends,
        scopes,
    ]
}

/// What is shown of a key's use.
#[derive(Debug, Deserialize)]
struct UsageAnswer {
    last_used_at: Option<String>,
    total: u64,
    rows: Vec<UsageRow>,
}

#[derive(Debug, Deserialize)]
struct UsageRow {
    at: String,
    #[serde(rename = "2xx")]
    success: u64,
    #[serde(rename = "3xx")]
    redirection: u64,
    #[serde(rename = "4xx")]
    client_error: u64,
    #[serde(rename = "5xx")]
    server_error: u64,
    total: u64,
}

fn usage_table(answer: &Answer) -> Result<String, KeysError> {
    let usage: Data<UsageAnswer> = answer.read().map_err(KeysError::Answer)?;
    let usage = usage.data;
    let mut table = Table::new(["FROM", "2XX", "3XX", "4XX", "5XX", "TOTAL"]);
    for row in &usage.rows {
        table.row([
            minute(&row.at),
            row.success.to_string(),
            row.redirection.to_string(),
            row.client_error.to_string(),
            row.server_error.to_string(),
            row.total.to_string(),
        ]);
    }
    let last_used = usage
        .last_used_at
        .map_or_else(|| "never".to_owned(), |at| minute(&at));
    Ok(format!(
        "{table}{} requests at least; last used: {last_used}",
        usage.total
    ))
}

#[cfg(test)]
mod tests;
