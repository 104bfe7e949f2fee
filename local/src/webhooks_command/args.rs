//! What `latchkey webhooks` is told, and the requests that it makes of it.

use clap::Args;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::WebhooksError;
use crate::deployment::Deployment;

/// Which endpoints to list: all.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// Print the server's answer
    #[arg(long)]
    pub(super) json: bool,
}

/// An endpoint to make.
#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// Where events are sent to, such as `https://example.com/webhooks`
    address: String,
    /// A type or family of events, such as booking.confirmed or booking.*; repeat it, or separate several by commas. Defaults to
    /// all
    #[arg(long = "event", value_name = "EVENT", value_delimiter = ',')]
    events: Vec<String>,
    /// standard or timekit; defaults to standard
    #[arg(long)]
    format: Option<String>,
    /// fat or thin; defaults to fat
    #[arg(long)]
    payload: Option<String>,
    /// Only events of this project
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// Only events of this resource
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    /// Only events of this graph
    #[arg(long)]
    graph: Option<String>,
    /// Only that something came into this state
    #[arg(long)]
    state: Option<String>,
    /// Print the server's answer, the secret in it, instead of the secret alone
    #[arg(long)]
    pub(super) json: bool,
}

/// An endpoint.
#[derive(Debug, Args)]
pub struct One {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// Its id, as `list` shows it
    pub(super) id: String,
}

/// An endpoint whose secret to replace.
#[derive(Debug, Args)]
pub struct Rotate {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// Its id, as `list` shows it
    pub(super) id: String,
    /// How long the old secret signs too, up to "7 days"; "0 hours" for not at all; defaults to 24 hours
    #[arg(long, value_name = "DURATION")]
    pub(super) overlap: Option<String>,
    /// Print the server's answer, the secret in it, instead of the secret alone
    #[arg(long)]
    pub(super) json: bool,
}

/// Whose deliveries to list, and which.
#[derive(Debug, Args)]
pub struct Deliveries {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// The endpoint's id, as `list` shows it
    id: String,
    /// Only those that are in this state
    #[arg(long, value_parser = ["pending", "delivered", "failed"])]
    state: Option<String>,
    /// Print the server's answer, with bodies and all attempts
    #[arg(long)]
    pub(super) json: bool,
}

/// What to send again.
#[derive(Debug, Args)]
pub struct Replay {
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// The endpoint's id, as `list` shows it
    pub(super) id: String,
    /// Events from this instant on, e.g. 2026-11-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    since: String,
    /// Events before this instant; defaults to now
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Everything that the endpoint is to get, also what it accepted; defaults to what failed
    #[arg(long)]
    all: bool,
}

impl Create {
    /// Only what was said: everything else is the server's to decide.
    pub(super) fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("url".to_owned(), self.address.clone().into());
        if !self.events.is_empty() {
            body.insert("events".to_owned(), self.events.clone().into());
        }
        for (name, value) in [
            ("format", &self.format),
            ("payload", &self.payload),
            ("project_id", &self.project),
            ("resource_id", &self.resource),
            ("graph", &self.graph),
            ("state", &self.state),
        ] {
            if let Some(value) = value {
                body.insert(name.to_owned(), value.clone().into());
            }
        }
        body.into()
    }
}

impl Deliveries {
    /// The list's path, to which the number of a page can be added.
    pub(super) fn path(&self) -> Result<String, WebhooksError> {
        let state = self.state.as_ref();
        let state = state.map_or_else(String::new, |state| format!("state={state}&"));
        let body = if self.json { "include=body&" } else { "" };
        let id = parse_id(&self.id)?;
        Ok(format!("/v2/webhooks/{id}/deliveries?{state}{body}"))
    }
}

impl Replay {
    pub(super) fn body(&self) -> Value {
        let mut body = json!({ "since": self.since });
        if let Some(until) = &self.until {
            body["until"] = until.clone().into();
        }
        if self.all {
            body["only"] = "all".into();
        }
        body
    }
}

/// The id of an endpoint.
pub(super) fn parse_id(text: &str) -> Result<Uuid, WebhooksError> {
    Uuid::parse_str(text).map_err(|_| WebhooksError::NotAnId)
}
