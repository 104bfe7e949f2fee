//! Whom a booking is for, and what it is called.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::CustomerId;
use crate::json_text;

/// A booking's words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventText {
    /// Title.
    pub what: String,
    /// Place.
    #[serde(rename = "where")]
    pub place: String,
    /// More about it.
    pub description: String,
    /// E-mail addresses of others who take part.
    pub participants: Vec<String>,
}

/// Whom a booking is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Names the customer in this booking.
    pub id: CustomerId,
    /// What to call them.
    pub name: String,
    /// Where to write to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Where to call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Where to call over the Internet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voip: Option<String>,
    /// Their time zone, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Every other field of the booking form.
    #[serde(with = "json_text")]
    pub fields: Map<String, Value>,
}
