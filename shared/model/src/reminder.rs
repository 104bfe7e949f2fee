//! Reminders: something to send at some distance from a booking's start. A project says which its bookings get, or a booking
//! says so itself; the nearest that says anything decides. A booking keeps those it was made with, and what became of them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fault::{Fault, Faults};
use crate::lenient;

/// The most reminders that a project or a booking has.
pub const MAX_REMINDERS: usize = 10;

/// The farthest from a booking's start, in days.
const MAX_DISTANCE_DAYS: i64 = 366;

/// The longest address of a webhook, in characters.
const MAX_URL: usize = 2_000;

/// Something to send at some distance from a booking's start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// How far from the booking's start, in seconds: negative before it, positive after it.
    pub offset_s: i64,
    /// What to send.
    #[serde(flatten)]
    pub channel: ReminderChannel,
}

/// What a reminder sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum ReminderChannel {
    /// A mail.
    Email {
        /// To whom.
        to: Recipient,
        /// Its subject; the template's by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
    },
    /// A request to an address of the app's own.
    Webhook {
        /// Where to.
        url: String,
        /// The status of a response that means success; any 2xx by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_status: Option<u16>,
    },
}

/// Who gets a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The resource that is booked.
    Owner,
    /// Whom the booking is for.
    Customer,
}

/// A reminder of a booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingReminder {
    /// What is sent, and when.
    #[serde(flatten)]
    pub reminder: Reminder,
    /// What became of it; none while it is still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ReminderOutcome>,
}

/// What became of a reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderOutcome {
    /// It was told that it is due.
    Sent,
    /// It was left out: its time was over, or the booking does not take place.
    Skipped,
}

impl BookingReminder {
    /// A reminder of a booking that is made at `now` and starts at `start`. What should have been sent already is left out.
    pub fn new(reminder: Reminder, start: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let is_over = reminder.due(start) <= now;
        Self {
            reminder,
            outcome: is_over.then_some(ReminderOutcome::Skipped),
        }
    }
}

impl Reminder {
    /// When it is due, for a booking that starts at `start`.
    pub fn due(&self, start: DateTime<Utc>) -> DateTime<Utc> {
        let offset = TimeDelta::seconds(self.offset_s);
        start.checked_add_signed(offset).unwrap_or(start)
    }

    /// Whether it is to be sent at `now`, if the booking takes place: what was to come before the start is not sent after it.
    pub fn is_of_use(&self, start: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.offset_s >= 0 || now < start
    }

    /// Reads reminders as Timekit's clients send them, in their order. Those of types that this version does not know are left
    /// out. `check_url` says what is wrong with the address of a webhook.
    ///
    /// # Errors
    ///
    /// [`Faults`] names what is wrong, by `path` and the reminder's number.
    pub fn parse_all(
        sent: &[Value],
        path: &str,
        check_url: &CheckUrl<'_>,
    ) -> Result<Vec<Self>, Faults> {
        let mut faults = Faults::none();
        let mut read = Vec::new();
        for (index, sent) in sent.iter().enumerate() {
            let path = format!("{path}.{index}");
            match Self::parse(sent, &path) {
                Ok(reminder) => {
                    let url = reminder.as_ref().and_then(Self::url);
                    if let Some(Err(sentence)) = url.map(check_url) {
                        faults.add(format!("{path}.settings.url"), sentence);
                    }
                    read.extend(reminder);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if read.len() > MAX_REMINDERS {
            faults.add(path, format!("must be at most {MAX_REMINDERS} reminders"));
        }
        faults.finish(Some(read))
    }

    /// The address that it is sent to, if it is of type `webhook`.
    pub fn url(&self) -> Option<&str> {
        match &self.channel {
            ReminderChannel::Webhook { url, .. } => Some(url),
            ReminderChannel::Email { .. } => None,
        }
    }

    /// As [`Reminder::parse_all`], for what was kept: what is wrong is left out, because older versions kept it.
    pub fn readable(kept: &[Value]) -> Vec<Self> {
        let read = kept.iter().filter_map(|kept| Self::parse(kept, "").ok());
        read.flatten().take(MAX_REMINDERS).collect()
    }

    fn parse(sent: &Value, path: &str) -> Result<Option<Self>, Fault> {
        let fault =
            |field: &str, sentence: &'static str| Fault::new(format!("{path}{field}"), sentence);
        let Some(sent) = lenient::object(sent) else {
            return Ok(None);
        };
        let object = |name: &str| sent.get(name).and_then(lenient::object);
        let settings = || object("settings").ok_or_else(|| fault(".settings", "must be an object"));
        let channel = match sent.get("type").and_then(Value::as_str) {
            Some("email") => ReminderChannel::email(settings()?, &fault)?,
            Some("webhook") => ReminderChannel::webhook(settings()?, &fault)?,
            _ => return Ok(None),
        };
        let when = object("when").ok_or_else(|| {
            let sentence =
                "must be an object like {\"type\": \"before\", \"unit\": \"mins\", \"time\": 15}";
            fault(".when", sentence)
        })?;
        let offset_s = offset_s(when, &fault)?;
        Ok(Some(Self { offset_s, channel }))
    }
}

/// Says what is wrong with an address, if anything is.
pub type CheckUrl<'a> = dyn Fn(&str) -> Result<(), String> + 'a;

type MakeFault<'a> = &'a dyn Fn(&str, &'static str) -> Fault;

impl ReminderChannel {
    fn email(settings: &Map<String, Value>, fault: MakeFault<'_>) -> Result<Self, Fault> {
        let to = match settings.get("recipient").and_then(Value::as_str) {
            Some("owner") => Recipient::Owner,
            Some("customer") => Recipient::Customer,
            _ => return Err(fault(".settings.recipient", "must be owner or customer")),
        };
        let subject = settings.get("subject").and_then(Value::as_str);
        Ok(Self::Email {
            to,
            subject: subject.map(str::to_owned),
        })
    }

    fn webhook(settings: &Map<String, Value>, fault: MakeFault<'_>) -> Result<Self, Fault> {
        let url = settings.get("url").and_then(Value::as_str);
        let url = url.filter(|url| (1..=MAX_URL).contains(&url.chars().count()));
        let url = url.ok_or_else(|| {
            fault(
                ".settings.url",
                "must be an address like https://example.com/reminders, of at most 2000 characters",
            )
        })?;
        let method = settings.get("method").and_then(Value::as_str);
        if !method.is_none_or(|method| method.eq_ignore_ascii_case("post")) {
            return Err(fault(".settings.method", "must be post, or left out"));
        }
        let expected = match settings.get("expected_response_code") {
            None | Some(Value::Null) => None,
            Some(code) => {
                let code = lenient::whole(code).and_then(|code| u16::try_from(code).ok());
                let code = code.filter(|code| (200..300).contains(code));
                let sentence = "must be a status from 200 to 299, or left out";
                Some(code.ok_or_else(|| fault(".settings.expected_response_code", sentence))?)
            }
        };
        Ok(Self::Webhook {
            url: url.to_owned(),
            expected_status: expected,
        })
    }
}

/// How far from the start a reminder is, in seconds. Timekit counts both kinds from the start.
fn offset_s(when: &Map<String, Value>, fault: MakeFault<'_>) -> Result<i64, Fault> {
    let time = when.get("time").and_then(lenient::whole);
    let time = time.filter(|time| *time >= 0);
    let time = time.ok_or_else(|| fault(".when.time", "must be a whole number, like 15"))?;
    let unit = when.get("unit").and_then(Value::as_str).unwrap_or_default();
    let unit = unit.trim().to_lowercase();
    let unit_s = match unit.trim_end_matches('s') {
        "sec" | "second" => 1,
        "min" | "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return Err(fault(".when.unit", "must be secs, mins, hours or days")),
    };
    let most_s = MAX_DISTANCE_DAYS * 86_400;
    let distance_s = time.saturating_mul(unit_s);
    if distance_s > most_s {
        return Err(fault(".when.time", "must be at most 366 days"));
    }
    match when.get("type").and_then(Value::as_str) {
        Some("before") => Ok(-distance_s),
        Some("after") => Ok(distance_s),
        _ => Err(fault(".when.type", "must be before or after")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sent(kind: &str, settings: Value, when: Value) -> Value {
        json!({ "type": kind, "settings": settings, "when": when })
    }

    fn anywhere(_: &str) -> Result<(), String> {
        Ok(())
    }

    #[test]
    fn reminders_of_known_types_are_read_and_others_are_left_out() {
        let minutes = json!({ "type": "after", "unit": "mins", "time": 15 });
        let all = [
            sent(
                "email",
                json!({ "recipient": "customer", "subject": "Soon" }),
                json!({ "type": "before", "unit": "hours", "time": "2" }),
            ),
            sent(
                "webhook",
                json!({ "url": "https://example.com/hook", "method": "post", "expected_response_code": "201" }),
                minutes.clone(),
            ),
            sent("carrier_pigeon", json!({}), minutes),
            json!({}),
        ];
        let read = Reminder::parse_all(&all, "reminders", &anywhere).expect("reminders");
        let expected = [
            Reminder {
                offset_s: -7_200,
                channel: ReminderChannel::Email {
                    to: Recipient::Customer,
                    subject: Some("Soon".to_owned()),
                },
            },
            Reminder {
                offset_s: 900,
                channel: ReminderChannel::Webhook {
                    url: "https://example.com/hook".to_owned(),
                    expected_status: Some(201),
                },
            },
        ];
        assert_eq!(read, expected);
        let kept = serde_json::to_value(&read).expect("JSON");
        let again: Vec<Reminder> = serde_json::from_value(kept).expect("reminders");
        assert_eq!(again, expected);
    }

    #[test]
    fn what_could_never_be_sent_is_refused_by_its_field() {
        let url = json!({ "url": "https://example.com/hook" });
        let when = json!({ "type": "before", "unit": "mins", "time": 5 });
        let with = |mut value: Value, name: &str, other: Value| {
            value[name] = other;
            value
        };
        for (wrong, field) in [
            (sent("webhook", json!({}), when.clone()), "settings.url"),
            (
                sent(
                    "webhook",
                    with(url.clone(), "method", "get".into()),
                    when.clone(),
                ),
                "settings.method",
            ),
            (
                sent(
                    "webhook",
                    with(url.clone(), "expected_response_code", 404.into()),
                    when.clone(),
                ),
                "settings.expected_response_code",
            ),
            (sent("webhook", "soon".into(), when.clone()), "settings"),
            (
                sent("email", json!({ "recipient": "all" }), when.clone()),
                "settings.recipient",
            ),
            (sent("webhook", url.clone(), Value::Null), "when"),
            (
                sent(
                    "webhook",
                    url.clone(),
                    with(when.clone(), "time", (-5).into()),
                ),
                "when.time",
            ),
            (
                sent(
                    "webhook",
                    url.clone(),
                    with(when.clone(), "time", 1_000_000.into()),
                ),
                "when.time",
            ),
            (
                sent(
                    "webhook",
                    url.clone(),
                    with(when.clone(), "unit", "moons".into()),
                ),
                "when.unit",
            ),
            (
                sent(
                    "webhook",
                    url.clone(),
                    with(when.clone(), "type", "during".into()),
                ),
                "when.type",
            ),
        ] {
            let faults = Reminder::parse_all(std::slice::from_ref(&wrong), "reminders", &anywhere);
            let faults = faults.expect_err("refused").to_json();
            let field = format!("reminders.0.{field}");
            assert!(faults.get(&field).is_some(), "{wrong}: {faults}");
        }
        let eleven = vec![sent("webhook", url, when); 11];
        let faults = Reminder::parse_all(&eleven, "reminders", &anywhere).expect_err("refused");
        assert!(faults.to_json().get("reminders").is_some());
    }
}
