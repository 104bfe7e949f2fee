//! How long a booking waits for its payment.

use serde_json::Value;

use crate::duration::CalendarSpan;
use crate::fault::Fault;

/// How long a booking waits for its payment unless something else is said. Source: the wire contract.
pub const DEFAULT_PAYMENT_TIME: CalendarSpan = CalendarSpan::exact(5 * 60);

/// The longest that a booking waits for its payment: a day of its resource's calendar, or 24 hours.
pub const MAX_PAYMENT_TIME: CalendarSpan = CalendarSpan::new(1, 0);

/// Reads a `timeout` like `{"time": 25, "unit": "min"}`: the units are `sec`, `min`, `hour` and `day`, with or without an s.
/// `null`, an empty object and an empty list, which is PHP's empty object, are as good as not sent.
///
/// # Errors
///
/// What is wrong with it; `path` is where it stands.
pub fn parse_timeout(value: &Value, path: &str) -> Result<Option<CalendarSpan>, Fault> {
    let fault =
        |field: &str, sentence: &'static str| Fault::new(format!("{path}{field}"), sentence);
    let fields = match value {
        Value::Null => return Ok(None),
        Value::Object(fields) if fields.is_empty() => return Ok(None),
        Value::Array(list) if list.is_empty() => return Ok(None),
        Value::Object(fields) => fields,
        _ => {
            let sentence = "must be an object like {\"time\": 25, \"unit\": \"min\"}";
            return Err(fault("", sentence));
        }
    };
    let time = match fields.get("time") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let time = time.and_then(|time| u32::try_from(time).ok());
    let time = time.ok_or_else(|| fault(".time", "must be a whole number, like 25"))?;
    let unit = fields.get("unit").and_then(Value::as_str);
    let unit = unit.map(|unit| unit.trim().to_lowercase());
    let exact = |unit_s: i64| CalendarSpan::exact(i64::from(time) * unit_s);
    let span = match unit.as_deref().map(|unit| unit.trim_end_matches('s')) {
        Some("sec" | "second") => exact(1),
        Some("min" | "minute") => exact(60),
        Some("hour") => exact(3_600),
        Some("day") => CalendarSpan::new(time, 0),
        _ => return Err(fault(".unit", "must be sec, min, hour or day")),
    };
    if (1..=MAX_PAYMENT_TIME.on_clock_s()).contains(&span.on_clock_s()) {
        Ok(Some(span))
    } else {
        let sentence =
            "must be at least 1 sec and at most 24 hours, like {\"time\": 25, \"unit\": \"min\"}";
        Err(fault("", sentence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_timeout_is_a_number_of_one_unit_and_at_most_a_day() {
        for (value, span) in [
            (
                json!({ "time": 25, "unit": "min" }),
                CalendarSpan::exact(1_500),
            ),
            (
                json!({ "time": 25, "unit": "mins" }),
                CalendarSpan::exact(1_500),
            ),
            (
                json!({ "time": "90", "unit": "secs" }),
                CalendarSpan::exact(90),
            ),
            (
                json!({ "time": 24, "unit": "Hours" }),
                CalendarSpan::exact(86_400),
            ),
            (json!({ "time": 1, "unit": "day" }), CalendarSpan::new(1, 0)),
        ] {
            assert_eq!(parse_timeout(&value, "timeout"), Ok(Some(span)), "{value}");
        }
        for nothing in [json!(null), json!({}), json!([])] {
            assert_eq!(parse_timeout(&nothing, "timeout"), Ok(None));
        }
        for (value, path) in [
            (json!(25), "timeout"),
            (json!([25]), "timeout"),
            (json!({ "time": 0, "unit": "min" }), "timeout"),
            (json!({ "time": 25, "unit": "hours" }), "timeout"),
            (json!({ "time": 2, "unit": "days" }), "timeout"),
            (json!({ "time": 1.5, "unit": "min" }), "timeout.time"),
            (json!({ "time": -1, "unit": "min" }), "timeout.time"),
            (json!({ "unit": "min" }), "timeout.time"),
            (json!({ "time": 25 }), "timeout.unit"),
            (json!({ "time": 25, "unit": "week" }), "timeout.unit"),
        ] {
            let fault = parse_timeout(&value, "timeout").expect_err("faulty");
            assert_eq!(fault.path, path.into(), "{value}");
        }
    }
}
