//! What of a widget's configuration its page sends on, by the rules of the operations that it is sent to: searches and
//! bookings. Everything else in it is the page's own business.

use chrono::{DateTime, Utc};
use model::availability::Settings;
use model::constraint::parse_constraints;
use model::fault::{FaultKind, Faults};
use model::filter::Filters;
use model::graph::Graph;
use serde_json::{Map, Value};

/// The settings of a page's older searches that are durations or times, and what they are called now.
const OLDER: [(&str, &str); 5] = [
    ("start", "from"),
    ("future", "to"),
    ("length", "length"),
    ("buffer", "buffer"),
    ("ignore_all_day_events", "ignore_all_day_events"),
];

/// Notes everything in `config` that its page would be refused with.
pub(crate) fn check(faults: &mut Faults, config: &Map<String, Value>, now: DateTime<Utc>) {
    let mut found = Faults::none();
    let within = |name: &str| format!("config.{name}");
    if let Some(search) = object(config, "timekitFindTime") {
        older_search(search, &within("timekitFindTime."), now, &mut found);
    }
    if let Some(team) = object(config, "timekitFindTimeTeam") {
        older_search(team, &within("timekitFindTimeTeam."), now, &mut found);
        let users = team.get("users").and_then(Value::as_array);
        for (place, user) in users.into_iter().flatten().enumerate() {
            if let Value::Object(user) = user {
                let prefix = within(&format!("timekitFindTimeTeam.users.{place}."));
                older_search(user, &prefix, now, &mut found);
            }
        }
    }
    if let Some(availability) = object(config, "availability") {
        settings(availability, &within("availability."), now, &mut found);
    }
    if let Some(Value::Array(constraints)) = config.get("availability_constraints") {
        let parsed = parse_constraints(constraints, &within("availability_constraints"));
        found.append(parsed.err().unwrap_or_default());
    }
    graph(
        config.get("bookingGraph"),
        "config.bookingGraph",
        &mut found,
    );
    let booking = object(config, "booking");
    let of_booking = booking.and_then(|booking| booking.get("graph"));
    graph(of_booking, "config.booking.graph", &mut found);
    faults.append(found);
}

fn object<'a>(config: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    config.get(name).and_then(Value::as_object)
}

fn older_search(search: &Map<String, Value>, prefix: &str, now: DateTime<Utc>, found: &mut Faults) {
    let newer: Map<String, Value> = OLDER
        .iter()
        .filter_map(|(older, newer)| Some(((*newer).to_owned(), search.get(*older)?.clone())))
        .collect();
    let mut faults = Faults::none();
    settings(&newer, "", now, &mut faults);
    let older = |name: &str| Some(OLDER.iter().find(|(_, newer)| *newer == name)?.0);
    found.append(faults.map(|fault| fault.renamed(older).within(prefix)));
    if let Some(filters) = search.get("filters").filter(|filters| !filters.is_null()) {
        let parsed = Filters::parse(filters, &format!("{prefix}filters"));
        found.append(parsed.err().unwrap_or_default());
    }
}

fn settings(fields: &Map<String, Value>, prefix: &str, now: DateTime<Utc>, found: &mut Faults) {
    match Settings::parse(fields, prefix) {
        Ok(settings) => {
            let fault = scheduling::settings::range(&settings, now);
            found.append(
                fault
                    .into_iter()
                    .map(|fault| fault.within(prefix))
                    .collect(),
            );
        }
        Err(faults) => found.append(faults),
    }
}

fn graph(value: Option<&Value>, path: &str, found: &mut Faults) {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return;
    };
    let known = value.as_str().map(str::parse::<Graph>);
    match known {
        Some(Ok(_)) => {}
        Some(Err(error)) => found.add(path, error.to_string()),
        None => found.add(path, FaultKind::WrongType("a string")),
    }
}
