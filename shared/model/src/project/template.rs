//! The texts of a project's bookings, which leave room for what the customer gives.

use std::borrow::Cow;

use serde_json::Value;

use crate::booking::Customer;

/// A project's `what`, `where` or `description` for one customer: `{{customer.<field>}}` stands for what the customer
/// gave, any field of the form included; a placeholder that nothing is known for leaves nothing. The result is plain
/// text, and what was filled in is not looked at again.
pub fn fill_template(template: &str, customer: &Customer) -> String {
    fill_template_with(template, |field| customer_value(field, customer))
}

/// As [`fill_template`], with what `value` has for a field of the customer.
pub fn fill_template_with<'a>(template: &str, value: impl Fn(&str) -> Cow<'a, str>) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((placeholder, after)) = after.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        if let Some(field) = placeholder.trim().strip_prefix("customer.") {
            filled.push_str(&value(field));
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn customer_value<'a>(field: &str, customer: &'a Customer) -> Cow<'a, str> {
    let text = |field: &'a Option<String>| Cow::from(field.as_deref().unwrap_or_default());
    match field {
        "name" => Cow::from(customer.name.as_str()),
        "email" => text(&customer.email),
        "phone" => text(&customer.phone),
        "voip" => text(&customer.voip),
        "timezone" => text(&customer.timezone),
        field => customer.fields.get(field).map(in_words).unwrap_or_default(),
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
    use serde_json::{Map, json};

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
}
