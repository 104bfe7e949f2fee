//! Templates of mail. They are kept; no mail is sent.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The slug of every template there is: one for each message that a booking can give rise to.
pub const TEMPLATES: [&str; 8] = [
    "booking_tentative",
    "booking_confirmed",
    "booking_declined",
    "booking_cancelled",
    "booking_cancelled_by_customer",
    "booking_rescheduled",
    "booking_completed",
    "booking_reminder",
];

/// A template of mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Which one: of [`TEMPLATES`].
    pub slug: String,
    /// The mail's subject.
    pub subject: String,
    /// The mail's text.
    pub body: String,
    /// Whether it is to be sent.
    pub enabled: bool,
    /// When it was last changed; none if it never was.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Template {
    /// The template before anybody changed it, if there is one of this slug.
    pub fn blank(slug: &str) -> Option<Self> {
        TEMPLATES.contains(&slug).then(|| Self {
            slug: slug.to_owned(),
            subject: String::new(),
            body: String::new(),
            enabled: false,
            updated_at: None,
        })
    }
}
