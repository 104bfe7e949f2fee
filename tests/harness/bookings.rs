//! What callers do with bookings, in sentences.

use http::Method;
use serde_json::{Value, json};

use crate::{Client, Reply};

/// Everything that can be shown of a booking.
pub const EVERYTHING: &str = "event,resource,customers,calendar,meta,logs,available_actions,payment_id,related,\
                              owner_booking,bulked_bookings";

/// A booking as a caller sees it, in full.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// All there is to see.
    pub data: Value,
    /// Its `ETag`.
    pub etag: String,
}

impl Seen {
    /// Its state.
    pub fn state(&self) -> &str {
        self.data["state"].as_str().expect("a state")
    }

    /// The names of what can be done to it, sorted.
    pub fn available_actions(&self) -> Vec<&str> {
        let actions = self.data["available_actions"].as_array().expect("a list");
        let mut actions: Vec<&str> = actions.iter().filter_map(Value::as_str).collect();
        actions.sort_unstable();
        actions
    }

    /// Its history, oldest first.
    pub fn logs(&self) -> &[Value] {
        self.data["logs"].as_array().expect("a history")
    }
}

impl Reply {
    /// The `ETag`.
    pub fn etag(&self) -> String {
        let etag = self.header("etag");
        let etag = etag.unwrap_or_else(|| panic!("no ETag with {}", self.body));
        etag.to_owned()
    }
}

impl Client {
    /// Makes a booking, which must work, and answers its id.
    pub async fn book(&self, body: Value) -> String {
        self.post("/v2/bookings", body).await.expecting(201).id()
    }

    /// Takes an action on a booking.
    pub async fn act(&self, id: &str, action: &str) -> Reply {
        let path = format!("/v2/bookings/{id}/{action}?include=available_actions,logs");
        self.put(&path, json!({})).await
    }

    /// Moves a booking.
    pub async fn reschedule(&self, id: &str, body: Value) -> Reply {
        let path = format!("/v2/bookings/{id}/reschedule?include={EVERYTHING}");
        self.post(&path, body).await
    }

    /// All there is to see of a booking, which must be there.
    pub async fn see(&self, id: &str) -> Seen {
        let path = format!("/v2/bookings/{id}?include={EVERYTHING}");
        let mut reply = self.send(Method::GET, &path, "").await.expecting(200);
        Seen {
            etag: reply.etag(),
            data: reply.body["data"].take(),
        }
    }
}
