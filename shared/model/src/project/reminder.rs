//! A project's reminders, typed as far as the contract names them. They are kept for what sends them one day.

use serde_json::{Map, Value};

use super::{Project, UnreadableProject};
use crate::duration::CalendarSpan;
use crate::lenient;

/// Something to send at some distance from a booking.
#[derive(Clone, Debug, PartialEq)]
pub enum Reminder {
    /// A mail.
    Email {
        /// To whom.
        to: Recipient,
        /// Its subject; the template's by default.
        subject: Option<String>,
        /// When.
        when: When,
    },
    /// A request to an address of the app's own.
    Webhook {
        /// Where to.
        url: String,
        /// When.
        when: When,
    },
    /// One of a kind that this version does not know, as it was sent.
    Unknown(Value),
}

/// Who gets a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The resource that is booked.
    Owner,
    /// Whom the booking is for.
    Customer,
}

/// When a reminder is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So long before the booking starts.
    Before(CalendarSpan),
    /// So long after the booking ends.
    After(CalendarSpan),
}

impl Reminder {
    fn read(sent: Value) -> Self {
        Self::known(&sent).unwrap_or(Self::Unknown(sent))
    }

    fn known(sent: &Value) -> Option<Self> {
        let sent = lenient::object(sent)?;
        let when = When::read(lenient::object(sent.get("when")?)?)?;
        let settings = lenient::object(sent.get("settings")?)?;
        let text = |name: &str| settings.get(name)?.as_str().map(str::to_owned);
        match sent.get("type")?.as_str()? {
            "email" => Some(Self::Email {
                to: match settings.get("recipient")?.as_str()? {
                    "owner" => Recipient::Owner,
                    "customer" => Recipient::Customer,
                    _ => return None,
                },
                subject: text("subject"),
                when,
            }),
            "webhook" => Some(Self::Webhook {
                url: text("url")?,
                when,
            }),
            _ => None,
        }
    }
}

impl When {
    fn read(sent: &Map<String, Value>) -> Option<Self> {
        let time = u32::try_from(lenient::whole(sent.get("time")?)?).ok()?;
        let unit_s = match sent.get("unit")?.as_str()? {
            "secs" => 1,
            "mins" => 60,
            "hours" => 3_600,
            _ => return None,
        };
        let span = CalendarSpan::exact(i64::from(time) * unit_s);
        match sent.get("type")?.as_str()? {
            "before" => Some(Self::Before(span)),
            "after" => Some(Self::After(span)),
            _ => None,
        }
    }
}

impl Project {
    /// Its reminders, in the order in which they were sent.
    ///
    /// # Errors
    ///
    /// [`UnreadableProject`] if they are no JSON list.
    pub fn typed_reminders(&self) -> Result<Vec<Reminder>, UnreadableProject> {
        let reminders = self.members("reminders", &self.reminders)?;
        Ok(reminders.into_iter().map(Reminder::read).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::project;
    use super::*;
    use serde_json::json;

    #[test]
    fn reminders_of_known_kinds_are_typed_and_others_are_kept() {
        let unknown = json!({ "type": "carrier_pigeon", "settings": {}, "when": { "type": "before", "unit": "mins", "time": 5 } });
        let mut project = project();
        project.reminders = vec![
            json!({
                "type": "email",
                "settings": { "recipient": "customer", "subject": "Soon" },
                "when": { "type": "before", "unit": "hours", "time": "2" },
            }),
            json!({
                "type": "webhook",
                "settings": { "url": "https://example.com/hook", "method": "post" },
                "when": { "type": "after", "unit": "mins", "time": 15 },
            }),
            unknown.clone(),
            json!({}),
        ]
        .into();
        assert_eq!(
            project.typed_reminders().expect("reminders"),
            [
                Reminder::Email {
                    to: Recipient::Customer,
                    subject: Some("Soon".to_owned()),
                    when: When::Before(CalendarSpan::exact(7_200)),
                },
                Reminder::Webhook {
                    url: "https://example.com/hook".to_owned(),
                    when: When::After(CalendarSpan::exact(900)),
                },
                Reminder::Unknown(unknown),
                Reminder::Unknown(json!({})),
            ]
        );
    }
}
