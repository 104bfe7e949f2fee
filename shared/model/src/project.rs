//! A project: the settings of a booking page. Who can be booked, when, how, and what the page looks like.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::availability::Settings;
use crate::booking::Customer;
use crate::fault::Faults;
use crate::graph::Graph;
use crate::ids::{LocationId, ProjectId, ResourceId, ServiceId};
use crate::json_text;
use crate::time::{UnknownTimeZone, parse_zone};

/// The most resources of a project.
pub const MAX_RESOURCES: usize = 500;

/// The most locations of a project, and the most services.
pub const MAX_PLACES: usize = 100;

/// The ways a page can write times and dates.
pub const TIME_DATE_FORMATS: [&str; 2] = ["12h-mdy-sun", "24h-dmy-mon"];

/// The settings of a booking page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Names it.
    pub id: ProjectId,
    /// Its readable name in addresses, unique over the deployment.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// What a search for free time starts from: `mode`, `length`, `from`, `to`, and so on.
    #[serde(with = "json_text")]
    pub availability: Map<String, Value>,
    /// When it may be booked, beside what each resource says.
    #[serde(with = "json_text")]
    pub availability_constraints: Vec<Value>,
    /// Who or what can be booked, in order of priority. Some may be gone by now.
    pub resources: Vec<ResourceId>,
    /// What a booking starts from: `graph`, `what`, `where`, `description`, `rescheduling_url`.
    #[serde(with = "json_text")]
    pub booking: Map<String, Value>,
    /// The fields of the page's form, by name.
    #[serde(with = "json_text")]
    pub customer_fields: Map<String, Value>,
    /// How the page looks, and its words.
    #[serde(with = "json_text")]
    pub ui: Map<String, Value>,
    /// Whom to remind when. Kept; nothing acts on it.
    #[serde(with = "json_text")]
    pub reminders: Vec<Value>,
    /// Whatever its owner wants to keep with it.
    #[serde(with = "json_text")]
    pub meta: Map<String, Value>,
    /// Kept; nothing acts on it.
    pub allow_conference: bool,
    /// Whether its bookings may overlap others.
    pub allow_double_bookings: bool,
    /// Kept; nothing acts on it.
    pub enabled_email_notification: bool,
    /// How long a reservation holds its time unless it says itself, as sent: seconds, or a duration.
    pub reservation_time: Option<String>,
    /// Kept; nothing acts on it.
    pub use_hours_from: Option<String>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// Where it takes place. Some may be gone by now.
    pub locations: Vec<LocationId>,
    /// What it is about. Some may be gone by now.
    pub services: Vec<ServiceId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Project {
    /// The project with everything that a booking page cannot do without: where something is missing, or `null`, it
    /// gets what is usual.
    #[must_use]
    pub fn with_defaults(mut self) -> Self {
        fill(
            &mut self.availability,
            &json!({ "mode": "roundrobin_random", "length": "1 hour" }),
        );
        fill(
            &mut self.booking,
            &json!({ "graph": Graph::Instant.name() }),
        );
        fill(
            &mut self.customer_fields,
            &json!({
                "name": { "title": "Name", "required": true },
                "email": { "title": "E-mail", "format": "email", "required": true },
            }),
        );
        fill(
            &mut self.ui,
            &json!({
                "display_name": "",
                "avatar": "",
                "show_credits": false,
                "show_timezone_helper": true,
                "availability_view": "agendaWeek",
                "time_date_format": "12h-mdy-sun",
                "localization": {},
            }),
        );
        if let Some(Value::Object(localization)) = self.ui.get_mut("localization") {
            fill(
                localization,
                &json!({
                    "submit_button": "Book it",
                    "success_message": "We have received your booking for %s",
                    "allocated_resource_prefix": "with",
                    "reschedule_submit_button": "Move it",
                    "reschedule_success_message": "Your booking has moved to its new time",
                }),
            );
        }
        self
    }
}

/// Gives `map` those of `defaults` that it lacks, before its own: a page shows the fields of its form in this order.
fn fill(map: &mut Map<String, Value>, defaults: &Value) {
    let own = std::mem::take(map);
    let is_missing = |name: &str| own.get(name).is_none_or(Value::is_null);
    for (name, default) in defaults.as_object().into_iter().flatten() {
        if is_missing(name) {
            map.insert(name.clone(), default.clone());
        }
    }
    for (name, value) in own {
        map.entry(name).or_insert(value);
    }
}

/// What is wrong with a project's `availability`. Empty if it can be kept. What is not known is kept too, as the original
/// does.
pub fn availability_faults(availability: &Map<String, Value>) -> Faults {
    let mut faults = Settings::parse(availability, "availability.")
        .err()
        .unwrap_or_default();
    let zone = availability
        .get("output_timezone")
        .filter(|zone| !zone.is_null());
    if let Some(zone) = zone
        && zone.as_str().is_none_or(|name| parse_zone(name).is_err())
    {
        let sentence = UnknownTimeZone.to_string();
        faults.add("availability.output_timezone", sentence);
    }
    faults
}

/// A project's `what`, `where` or `description` for one customer: `{{customer.<field>}}` stands for what the customer
/// gave, any field of the form included; a placeholder that nothing is known for leaves nothing. The result is plain
/// text, and what was filled in is not looked at again.
pub fn fill_template(template: &str, customer: &Customer) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((placeholder, after)) = after.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        filled.push_str(&placeholder_value(placeholder.trim(), customer));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn placeholder_value<'a>(placeholder: &str, customer: &'a Customer) -> Cow<'a, str> {
    let text = |field: &'a Option<String>| Cow::from(field.as_deref().unwrap_or_default());
    match placeholder.strip_prefix("customer.") {
        None => Cow::default(),
        Some("name") => Cow::from(customer.name.as_str()),
        Some("email") => text(&customer.email),
        Some("phone") => text(&customer.phone),
        Some("voip") => text(&customer.voip),
        Some("timezone") => text(&customer.timezone),
        Some(field) => customer.fields.get(field).map(in_words).unwrap_or_default(),
    }
}

/// A value of the form as people write it; several are listed.
fn in_words(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::from(text.as_str()),
        Value::Number(_) | Value::Bool(_) => Cow::from(value.to_string()),
        Value::Array(values) => {
            let words: Vec<_> = values.iter().map(in_words).collect();
            Cow::from(words.join(", "))
        }
        Value::Null | Value::Object(_) => Cow::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;
    use crate::ids::CustomerId;

    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn a_template_is_filled_with_what_the_customer_gave() {
        let customer = Customer {
            id: CustomerId::random(&Zeros),
            name: "Marty <McFly>".to_owned(),
            email: Some("marty@example.com".to_owned()),
            phone: None,
            voip: None,
            timezone: None,
            fields: object(json!({
                "company_name": "{{customer.email}}", "seats": 3, "extras": ["hoverboard", true], "more": { "a": 1 },
            })),
        };
        for (template, filled) in [
            (
                "Meeting with {{customer.name}}",
                "Meeting with Marty <McFly>",
            ),
            (
                "{{ customer.email }}{{customer.email}}",
                "marty@example.commarty@example.com",
            ),
            ("{{customer.company_name}}!", "{{customer.email}}!"),
            (
                "{{customer.seats}}: {{customer.extras}}",
                "3: hoverboard, true",
            ),
            (
                "[{{customer.phone}}{{customer.more}}{{customer.nope}}{{nope}}{{}}]",
                "[]",
            ),
            (
                "{customer.name} {{customer.name",
                "{customer.name} {{customer.name",
            ),
            ("æ{{customer.seats}}ø", "æ3ø"),
            ("", ""),
        ] {
            assert_eq!(fill_template(template, &customer), filled, "{template}");
        }
    }

    #[test]
    fn what_is_missing_is_filled_and_what_is_there_stays() {
        let mut map = object(json!({ "a": 1, "b": null }));
        fill(&mut map, &json!({ "a": 2, "b": 2, "c": 2 }));
        assert_eq!(map, object(json!({ "a": 1, "b": 2, "c": 2 })));
    }
}
