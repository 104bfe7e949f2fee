//! Whom a booking is for, from the fields of a booking form: the same for a request in JSON and for a page's form.

use model::booking::Customer;
use model::ids::CustomerId;
use serde_json::{Map, Value};

use crate::Faults;
use crate::body::{Field, MAX_FREE_FORM, parse_email};

/// Whom a booking is for, from the fields of a booking form.
pub fn parse_customer(
    faults: &mut Faults,
    mut fields: Map<String, Value>,
    random: &dyn model::Random,
) -> Option<Customer> {
    // Fields of the form's own stay in its order.
    let mut take = |name: &str| match fields.shift_remove(name) {
        None | Some(Value::Null) => Field::<String>::Absent,
        Some(value) => Field::read(value),
    };
    let (name, email) = (take("name"), take("email"));
    let (phone, voip) = (stored(&mut fields, "phone"), stored(&mut fields, "voip"));
    let timezone = stored(&mut fields, "timezone").filter(|zone| !zone.trim().is_empty());
    // An id is ours to give.
    fields.shift_remove("id");

    let spelled_out = joined_name(&fields);
    faults.size("customer", &fields, MAX_FREE_FORM);
    let name = match faults
        .optional("customer.name", name)
        .filter(|name| !name.trim().is_empty())
        .or(spelled_out)
    {
        Some(name) => faults.text("customer.name", Some(name), 1..=1_000),
        None => {
            faults.missing("customer.name");
            None
        }
    };
    let email = faults
        .optional("customer.email", email)
        .filter(|email| !email.trim().is_empty());
    let email = faults.parsed("customer.email", email.as_deref(), parse_email);
    Some(Customer {
        id: CustomerId::random(random),
        name: name?,
        email,
        phone,
        voip,
        timezone,
        fields,
    })
}

/// Takes a field that is only kept and shown again, so that whatever a form sends there is no reason to refuse a booking: text
/// as it is, e.g. `Etc/Unknown` for a zone, and anything else as JSON. More than 1,000 characters are cut off.
fn stored(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    let text = match fields.shift_remove(name)? {
        Value::Null => return None,
        Value::String(text) => text,
        other => other.to_string(),
    };
    Some(text.chars().take(1_000).collect())
}

/// Forms that ask for given and family name send them apart.
fn joined_name(fields: &Map<String, Value>) -> Option<String> {
    let parts: Vec<&str> = ["first_name", "last_name"]
        .iter()
        .filter_map(|name| fields.get(*name)?.as_str())
        .filter(|part| !part.trim().is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
