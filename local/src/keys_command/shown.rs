//! What is shown of the server's answers.

use serde::Deserialize;

use super::error::KeysError;
use crate::deployment::{Answer, Table, minute};

/// What is shown of a key's record.
#[derive(Debug, Deserialize)]
pub(super) struct Record {
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
pub(super) struct NewRecord {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) key: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Data<T> {
    pub(super) data: T,
}

/// A page of the list of keys.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) data: Vec<Record>,
    pub(super) next_page_url: Option<String>,
}

pub(super) fn row(record: &Record) -> [String; 9] {
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

pub(super) fn usage_table(answer: &Answer) -> Result<String, KeysError> {
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
