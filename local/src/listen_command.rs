//! `latchkey listen`: follows the event log of a deployment and sends each event to a program on this machine, signed as a
//! webhook is, so that a receiver is written and tried without an address that the deployment can reach.
//!
//! The log is followed as its documentation says: from half a minute before the newest known event on, without the ids that are
//! known. Its times are the deployment's, so it does not matter whether the clock here is right to the minute.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use api::ambient::{SystemClock, SystemRandom};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue};
use model::time::parse_instant;
use model::{Clock, Random};
use outbound::{
    Client, DEADLINE, EndpointSecret, InvalidSecret, Reach, SIGNATURE, SystemResolver, Target,
    TargetFault, sign_standard,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::deployment::{Deployment, KEY_VARIABLE, Remote, RemoteError, Terminal, clean, note};

/// The variable that may hold the secret to sign with.
pub const SECRET_VARIABLE: &str = "LATCHKEY_WEBHOOK_SECRET";

/// Events become visible at most so much later than the time that they have.
const LATE: TimeDelta = TimeDelta::seconds(30);

/// From how long before the start on events are taken for known. A clock here may be so much ahead of the deployment's.
const BEFORE: TimeDelta = TimeDelta::minutes(10);

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Which events to follow, and where to send them. The events are those that the key in LATCHKEY_KEY sees
#[derive(Debug, Args)]
pub struct ListenOptions {
    #[command(flatten)]
    deployment: Deployment,
    /// Where to send events to, such as `http://127.0.0.1:3000/webhooks`. They are signed as Standard Webhooks has it, with the
    /// secret in LATCHKEY_WEBHOOK_SECRET, or with a new one, which is printed
    #[arg(long, value_name = "URL")]
    forward_to: String,
    /// A type or family of events, such as booking.*; repeat it, or separate several by commas. Defaults to all
    #[arg(long = "event", value_name = "EVENT", value_delimiter = ',')]
    events: Vec<String>,
}

/// Listening has ended.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The server could not be asked, or refused.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// What to forward to is no URL that can be called.
    #[error("--forward-to {0}")]
    Target(#[from] TargetFault),
    /// The secret is none.
    #[error("{SECRET_VARIABLE} {0}")]
    Secret(#[from] InvalidSecret),
    /// The answer was not what the API says.
    #[error("The server's answer is not one of this version of Latchkey: {0}")]
    Answer(serde_json::Error),
    /// Nothing can be written.
    #[error("Standard output cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// Follows and forwards until the process is stopped.
///
/// # Errors
///
/// One clear sentence.
pub async fn run(options: ListenOptions) -> Result<(), ListenError> {
    let (key, secret) = (
        std::env::var(KEY_VARIABLE).ok(),
        std::env::var(SECRET_VARIABLE).ok(),
    );
    let (clock, random) = (SystemClock, SystemRandom);
    let mut terminal = Terminal {
        input: &mut io::stdin(),
        output: &mut io::stdout(),
        notes: &mut io::stderr(),
    };
    let mut follower = Follower::new(
        &options,
        key.as_deref(),
        secret.as_deref(),
        &random,
        clock.now(),
        &mut terminal,
    )?;
    // What is there already is not news.
    follower.look().await?;
    loop {
        tokio::time::sleep(PAUSE).await;
        match follower.look().await {
            Ok(news) => follower.forward(&news, &clock, &mut terminal).await?,
            Err(ListenError::Remote(
                error @ (RemoteError::Unreachable { .. } | RemoteError::NoAnswer { .. }),
            )) => note(&mut terminal, &format!("{error} Trying again.")),
            Err(error) => return Err(error),
        }
    }
}

/// Follows the log, and sends what is new.
struct Follower {
    remote: Remote,
    client: Client,
    target: Target,
    secret: EndpointSecret,
    kinds: String,
    /// When the newest known event was told.
    newest: DateTime<Utc>,
    /// The events that were seen lately, with their times.
    known: HashMap<String, DateTime<Utc>>,
}

/// An event of the log.
#[derive(Debug, Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    data: Value,
}

#[derive(Debug, Deserialize)]
struct Page {
    data: Vec<Event>,
    next_page_url: Option<String>,
}

impl Follower {
    fn new(
        options: &ListenOptions,
        key: Option<&str>,
        secret: Option<&str>,
        random: &dyn Random,
        now: DateTime<Utc>,
        terminal: &mut Terminal<'_>,
    ) -> Result<Self, ListenError> {
        let target = Target::parse(&options.forward_to, Reach::AlsoLocal)?;
        let remote = options.deployment.remote(key)?;
        let secret = match secret {
            Some(secret) => EndpointSecret::parse(secret.trim())?,
            None => {
                let secret = EndpointSecret::from_bytes(random.bytes());
                let sentence = format!("events are signed with the secret {}", secret.expose());
                note(terminal, &sentence);
                secret
            }
        };
        Ok(Self {
            remote,
            client: Client::new(Arc::new(SystemResolver), Reach::AlsoLocal),
            target,
            secret,
            kinds: options.events.join(","),
            newest: now - BEFORE,
            known: HashMap::new(),
        })
    }

    /// The events that are new, oldest first.
    async fn look(&mut self) -> Result<Vec<Event>, ListenError> {
        let since = self.newest - LATE;
        let mut news = Vec::new();
        let mut number = 1;
        loop {
            let path = self.path(since, number);
            let answer = self.remote.get(&path).await?;
            let page: Page = answer.read().map_err(ListenError::Answer)?;
            for event in page.data {
                let at = parse_instant(&event.timestamp).unwrap_or(self.newest);
                self.newest = self.newest.max(at);
                if self.known.insert(event.id.clone(), at).is_none() {
                    news.push(event);
                }
            }
            if page.next_page_url.is_none() {
                break;
            }
            number += 1;
        }
        self.known.retain(|_, at| *at >= since - LATE);
        Ok(news)
    }

    fn path(&self, since: DateTime<Utc>, page: u32) -> String {
        let since = since.to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("since", &since);
        if !self.kinds.is_empty() {
            query.append_pair("type", &self.kinds);
        }
        query.append_pair("limit", "1000");
        query.append_pair("page", &page.to_string());
        format!("/v2/webhooks/events?{}", query.finish())
    }

    /// Sends events one after another, each once, and prints what became of it.
    async fn forward(
        &self,
        events: &[Event],
        clock: &dyn Clock,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), ListenError> {
        for event in events {
            let body = json!({
                "type": event.kind, "timestamp": event.timestamp, "data": event.data,
            });
            let body = body.to_string();
            let headers = self.headers(&event.id, clock.now().timestamp(), body.as_bytes());
            let attempt = self
                .client
                .post(&self.target, headers, body.into(), DEADLINE)
                .await;
            let answered = match (attempt.status, attempt.reason) {
                (Some(status), _) => status.to_string(),
                (None, Some(reason)) => reason.to_string(),
                (None, None) => "no response".to_owned(),
            };
            let (kind, id) = (clean(&event.kind), clean(&event.id));
            let millis = attempt.millis;
            let line = format!("{kind} {id}: {answered} in {millis} ms");
            writeln!(terminal.output, "{line}").and_then(|()| terminal.output.flush())?;
        }
        Ok(())
    }

    fn headers(&self, id: &str, timestamp: i64, body: &[u8]) -> HeaderMap {
        let signature = sign_standard(std::slice::from_ref(&self.secret), id, timestamp, body);
        let values = [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp.to_string()),
            (SIGNATURE, signature),
        ];
        let values = values.into_iter().filter_map(|(name, value)| {
            let value = HeaderValue::from_str(&value).ok()?;
            Some((HeaderName::from_static(name), value))
        });
        values.collect()
    }
}

#[cfg(test)]
mod tests;
