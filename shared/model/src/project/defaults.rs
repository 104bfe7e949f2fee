//! What a booking page cannot do without.

use serde_json::{Map, Value, json};

use super::Project;
use super::memo::Memo;
use crate::graph::Graph;
use crate::kept_json::KeptJson;

impl Project {
    /// The project with everything that a booking page needs: where something is missing or `null`, it gets the default. Its
    /// rules are made here, so that they are stored with it.
    #[must_use]
    pub fn with_defaults(mut self) -> Self {
        fill_kept(
            &mut self.availability,
            &json!({ "mode": "roundrobin_random", "length": "1 hour" }),
        );
        fill_kept(
            &mut self.booking,
            &json!({ "graph": Graph::Instant.name() }),
        );
        fill_kept(
            &mut self.customer_fields,
            &json!({
                "name": { "title": "Name", "required": true },
                "email": { "title": "E-mail", "format": "email", "required": true },
            }),
        );
        fill_ui(&mut self.ui);
        self.rules = Memo::of(self.sources());
        self
    }
}

/// Fills what can be read. What cannot stays as it is stored: whoever needs it is told so.
fn fill_kept(kept: &mut KeptJson<Map<String, Value>>, defaults: &Value) {
    if let Ok(mut map) = kept.read()
        && fill(&mut map, defaults)
    {
        *kept = map.into();
    }
}

fn fill_ui(kept: &mut KeptJson<Map<String, Value>>) {
    let Ok(mut ui) = kept.read() else { return };
    let mut is_changed = fill(
        &mut ui,
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
    if let Some(Value::Object(localization)) = ui.get_mut("localization") {
        is_changed |= fill(
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
    if is_changed {
        *kept = ui.into();
    }
}

/// Gives `map` those of `defaults` that it lacks, before its own: a page shows the fields of its form in this order. Whether
/// it lacked any.
fn fill(map: &mut Map<String, Value>, defaults: &Value) -> bool {
    let own = std::mem::take(map);
    let is_missing = |name: &str| own.get(name).is_none_or(Value::is_null);
    for (name, default) in defaults.as_object().into_iter().flatten() {
        if is_missing(name) {
            map.insert(name.clone(), default.clone());
        }
    }
    let lacked_any = !map.is_empty();
    for (name, value) in own {
        map.entry(name).or_insert(value);
    }
    lacked_any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_filled_and_what_is_there_stays() {
        let object = |value: Value| value.as_object().cloned().expect("an object");
        let mut map = object(json!({ "a": 1, "b": null }));
        assert!(fill(&mut map, &json!({ "a": 2, "b": 2, "c": 2 })));
        assert_eq!(map, object(json!({ "a": 1, "b": 2, "c": 2 })));
        assert!(!fill(&mut map, &json!({ "a": 3, "c": 3 })));
    }
}
