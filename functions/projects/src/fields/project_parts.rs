//! The parts of a project's fields that have rules of their own: what a booking starts from, how the page looks, how long a
//! reservation holds its time.

use api::{Change, Faults, Field};
use model::graph::Graph;
use model::lenient;
use model::payment::parse_timeout;
use model::project::{MAX_PRICE, TIME_DATE_FORMATS};
use model::reservation::parse_hold;
use serde_json::{Map, Value};

use crate::fields::{object_within, texts_within};

/// Makes texts of what must be texts, and notes everything that is wrong.
pub(crate) fn check_booking(faults: &mut Faults, booking: Option<&mut Map<String, Value>>) {
    let Some(booking) = booking else { return };
    let texts = [
        ("graph", 100),
        ("what", 1_000),
        ("where", 1_000),
        ("description", 20_000),
        ("rescheduling_url", 2_000),
    ];
    texts_within(faults, "booking", booking, &texts);
    if booking
        .get("only_offered")
        .is_some_and(|value| !value.is_null() && lenient::flag(value).is_none())
    {
        faults.add("booking.only_offered", "must be true or false");
    }
    if let Some(timeout) = booking.get("timeout")
        && let Err(fault) = parse_timeout(timeout, "booking.timeout")
    {
        faults.push(fault);
    }
    let text = |name: &str| booking.get(name).and_then(Value::as_str);
    faults.parsed("booking.graph", text("graph"), str::parse::<Graph>);
    if let Some(url) = text("rescheduling_url")
        && !url.is_empty()
        && !["https://", "http://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
    {
        faults.add(
            "booking.rescheduling_url",
            "must begin with https:// or http://",
        );
    }
}

/// As [`check_booking`], of how the page looks.
pub(crate) fn check_ui(faults: &mut Faults, ui: Option<&mut Map<String, Value>>) {
    let Some(ui) = ui else { return };
    let texts = [
        ("display_name", 1_000),
        ("avatar", 2_000),
        ("availability_view", 100),
    ];
    texts_within(faults, "ui", ui, &texts);
    match ui.get("time_date_format") {
        None | Some(Value::Null) => {}
        Some(Value::String(format)) if TIME_DATE_FORMATS.contains(&format.as_str()) => {}
        Some(_) => faults.add(
            "ui.time_date_format",
            format!(
                "unknown; the known ones are {}",
                TIME_DATE_FORMATS.join(", ")
            ),
        ),
    }
    let localization = ui.get_mut("localization");
    let localization = localization.filter(|value| !value.is_null());
    let words = localization.and_then(|value| object_within(faults, "ui.localization", value));
    if let Some(words) = words {
        let names: Vec<String> = words.keys().cloned().collect();
        let names: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 2_000)).collect();
        texts_within(faults, "ui.localization", words, &names);
    }
}

/// What is shown as the price; an empty text is none.
pub(crate) fn price(faults: &mut Faults, field: Field<String>) -> Change<String> {
    match Change::text(faults, "price", field, MAX_PRICE) {
        Change::Set(text) if text.is_empty() => Change::Remove,
        change => change,
    }
}

/// Seconds, or a duration; kept as it was sent.
pub(crate) fn reservation_time(faults: &mut Faults, field: Field<Value>) -> Change<String> {
    let name = "reservation_time";
    Change::read(faults, name, field, |faults, value| {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        };
        faults.parsed(name, Some(&text), parse_hold).map(|_| text)
    })
}
