//! What is shown of the server's answers.

use serde::Deserialize;

use crate::deployment::minute;

#[derive(Debug, Deserialize)]
pub(super) struct Data<T> {
    pub(super) data: T,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    pub(super) next_page_url: Option<String>,
}

/// What is said of an endpoint whose secret was just made.
#[derive(Deserialize)]
pub(super) struct NewEndpoint {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) secret: String,
}

/// What is shown of an endpoint.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    id: String,
    url: String,
    events: Option<Vec<String>>,
    format: String,
    created_by: String,
    created_at: String,
    health: Health,
}

#[derive(Debug, Deserialize)]
struct Health {
    status: String,
    failing_since: Option<String>,
}

impl Row {
    pub(super) const HEADINGS: [&'static str; 7] = [
        "ID", "URL", "HEALTH", "EVENTS", "FORMAT", "CREATED", "MADE BY",
    ];

    pub(super) fn cells(&self) -> [String; 7] {
        let status = &self.health.status;
        let health = match &self.health.failing_since {
            Some(since) => format!("{status} since {}", minute(since)),
            None => status.clone(),
        };
        let events = self.events.as_ref();
        let events = events.map_or_else(|| "all".to_owned(), |events| events.join(","));
        [
            self.id.clone(),
            self.url.clone(),
            health,
            events,
            self.format.clone(),
            minute(&self.created_at),
            self.created_by.clone(),
        ]
    }
}

/// What is shown of a delivery.
#[derive(Debug, Deserialize)]
pub(super) struct Delivery {
    pub(super) id: String,
    #[serde(rename = "type")]
    kind: String,
    state: String,
    created_at: String,
    attempt_count: u32,
    attempts: Vec<Attempt>,
}

#[derive(Debug, Deserialize)]
struct Attempt {
    status: Option<u16>,
    reason: Option<String>,
    duration_ms: u64,
}

impl Delivery {
    pub(super) const HEADINGS: [&'static str; 6] = [
        "ID",
        "EVENT",
        "CREATED",
        "STATE",
        "ATTEMPTS",
        "LAST ATTEMPT",
    ];

    pub(super) fn cells(&self) -> [String; 6] {
        let last = self.attempts.last();
        let last = last.map_or_else(|| "-".to_owned(), Attempt::text);
        [
            self.id.clone(),
            self.kind.clone(),
            minute(&self.created_at),
            self.state.clone(),
            self.attempt_count.to_string(),
            last,
        ]
    }
}

impl Attempt {
    fn text(&self) -> String {
        let status = self.status.map(|status| status.to_string());
        let said = [status, self.reason.clone()];
        let said: Vec<String> = said.into_iter().flatten().collect();
        format!("{} in {} ms", said.join(" "), self.duration_ms)
    }
}

/// What a replay did.
#[derive(Debug, Deserialize)]
pub(super) struct Replayed {
    pub(super) replayed: u64,
    pub(super) next_since: Option<String>,
}
