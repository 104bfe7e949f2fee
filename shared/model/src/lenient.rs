//! JSON values in the other forms that clients write them in: `"3"` for 3, `1` for true, 12345 for a telephone number, and
//! `[]` for an object without fields, as PHP does. A form is read only where it can mean one thing; what else is written
//! differently from the documented type is refused where it is read.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde_json::{Map, Number, Value};

static NO_FIELDS: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// The fields of an object; of an empty list there are none.
pub fn object(value: &Value) -> Option<&Map<String, Value>> {
    match value {
        Value::Object(fields) => Some(fields),
        Value::Array(list) if list.is_empty() => Some(&NO_FIELDS),
        _ => None,
    }
}

/// A text, or a number as its digits: a telephone number, a name like 1955. A number so large that it was rounded when it
/// was read is none, because its digits are not those that were sent.
pub fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => {
            let digits = number.to_string();
            (!digits.contains(['e', 'E'])).then_some(Cow::Owned(digits))
        }
        _ => None,
    }
}

/// `true` or `false`, or 1 or 0 for them, as values or as texts.
pub fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        Value::Number(_) => match whole(value) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number, as a number or as the text of one. One beyond the range of an `i64` is the nearest that there is, so
/// that whoever checks the bounds of a field names these and no others.
pub fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => whole_number(number),
        Value::String(text) => saturated(text.trim()),
        _ => None,
    }
}

/// A finite number, as a number or as the text of one.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

fn whole_number(number: &Number) -> Option<i64> {
    if let Some(number) = number.as_i64() {
        return Some(number);
    }
    let number = number.as_f64().filter(|number| number.fract() == 0.0)?;
    saturated(&format!("{number:.0}"))
}

/// The number that `digits` are, or the nearest in range.
fn saturated(digits: &str) -> Option<i64> {
    let (is_negative, unsigned) = match digits.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, digits.strip_prefix('+').unwrap_or(digits)),
    };
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let beyond = if is_negative { i64::MIN } else { i64::MAX };
    Some(digits.parse().unwrap_or(beyond))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_may_be_written_as_text_and_is_never_rounded_to_another() {
        for (value, expected) in [
            (json!(3), Some(3)),
            (json!("3"), Some(3)),
            (json!(" -3 "), Some(-3)),
            (json!(3.0), Some(3)),
            (json!(1e300), Some(i64::MAX)),
            (json!("-99999999999999999999"), Some(i64::MIN)),
            (json!(u64::MAX), Some(i64::MAX)),
            (json!(3.5), None),
            (json!("3.5"), None),
            (json!("3 seats"), None),
            (json!(""), None),
            (json!("--3"), None),
            (json!(true), None),
            (json!([3]), None),
        ] {
            assert_eq!(whole(&value), expected, "{value}");
        }
        assert_eq!(number(&json!("39.4")), Some(39.4));
        assert_eq!(number(&json!("NaN")), None);
        assert_eq!(number(&json!("inf")), None);
    }

    #[test]
    fn a_flag_may_be_a_number_or_text_and_nothing_else_is_guessed() {
        for (value, expected) in [
            (json!(1), Some(true)),
            (json!("0"), Some(false)),
            (json!("True"), Some(true)),
            (json!(1.0), Some(true)),
            (json!(2), None),
            (json!("yes"), None),
            (json!(""), None),
            (json!([]), None),
        ] {
            assert_eq!(flag(&value), expected, "{value}");
        }
    }

    #[test]
    fn digits_are_text_as_long_as_they_are_those_that_were_sent() {
        assert_eq!(
            text(&json!(4_512_345_678_u64)).as_deref(),
            Some("4512345678")
        );
        assert_eq!(text(&json!(-1.5)).as_deref(), Some("-1.5"));
        let rounded = serde_json::from_str("491511234567890123456789").expect("a number");
        assert_eq!(text(&rounded), None);
        assert_eq!(text(&json!(true)), None);
    }
}
