//! How the fields are read of the searches that came before availability. Their words are older, their meaning is that of
//! [`model::availability`].

use model::availability::Settings;
use model::fault::{FaultKind, Faults};
use model::ids::{CalendarId, ResourceId};
use model::lenient;
use serde_json::{Map, Value};

/// The most resources that one request names.
pub(crate) const MAX_NAMED: usize = 100;

/// The step between starts with `all_solutions`. Source: developers.timekit.io/reference/findtime.
const ALL_SOLUTIONS_STEP: &str = "15 minutes";

/// How a request names a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Email(String),
    Id(ResourceId),
    Calendar(CalendarId),
}

/// Reads a name of one kind.
type ReadName = fn(&str) -> Option<Name>;

pub(crate) fn names(fields: &Map<String, Value>, prefix: &str, faults: &mut Faults) -> Vec<Name> {
    match fields.get("_email") {
        None | Some(Value::Null) => {}
        Some(Value::String(email)) => return vec![Name::Email(email.clone())],
        Some(_) => faults.add(format!("{prefix}_email"), FaultKind::WrongType("a string")),
    }
    let kinds: [(&str, ReadName, &str); 4] = [
        (
            "emails",
            |text| Some(Name::Email(text.to_owned())),
            "e-mail addresses",
        ),
        (
            "resource_ids",
            |text| text.parse().ok().map(Name::Id),
            "UUIDs",
        ),
        ("user_ids", |text| text.parse().ok().map(Name::Id), "UUIDs"),
        (
            "calendar_ids",
            |text| text.parse().ok().map(Name::Calendar),
            "UUIDs",
        ),
    ];
    let mut names = Vec::new();
    for (field, read, what) in kinds {
        let list = match fields.get(field) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(list)) if list.len() <= MAX_NAMED => list,
            Some(_) => {
                let sentence = format!("must be a list of at most {MAX_NAMED} {what}");
                faults.add(format!("{prefix}{field}"), sentence);
                continue;
            }
        };
        for (position, value) in list.iter().enumerate() {
            match value.as_str().and_then(read) {
                Some(name) => names.push(name),
                None => faults.add(
                    format!("{prefix}{field}.{position}"),
                    format!("must be one of {what}, as text"),
                ),
            }
        }
    }
    names
}

pub(crate) fn switch(
    fields: &Map<String, Value>,
    name: &str,
    prefix: &str,
    faults: &mut Faults,
) -> bool {
    match fields.get(name) {
        None | Some(Value::Null) => false,
        Some(value) => lenient::flag(value).unwrap_or_else(|| {
            let path = format!("{prefix}{name}");
            faults.add(path, FaultKind::WrongType("true or false"));
            false
        }),
    }
}

/// The settings of these searches, and what they are called now.
const OLDER: [(&str, &str); 5] = [
    ("start", "from"),
    ("future", "to"),
    ("length", "length"),
    ("buffer", "buffer"),
    ("ignore_all_day_events", "ignore_all_day_events"),
];

/// The newer settings that the older ones mean.
pub(crate) fn settings(fields: &Map<String, Value>, prefix: &str) -> Result<Settings, Faults> {
    let mut faults = Faults::none();
    let mut newer = Map::new();
    newer.insert("mode".to_owned(), "mutual".into());
    for (older, name) in OLDER {
        if let Some(value) = fields.get(older) {
            newer.insert(name.to_owned(), value.clone());
        }
    }
    if switch(fields, "all_solutions", prefix, &mut faults) {
        newer.insert("timeslot_increments".to_owned(), ALL_SOLUTIONS_STEP.into());
    }
    let settings = Settings::parse(&newer, "").unwrap_or_else(|wrong| {
        faults.append(in_older_names(wrong).map(|fault| fault.within(prefix)));
        Settings::default()
    });
    if faults.is_empty() {
        Ok(settings)
    } else {
        Err(faults)
    }
}

/// Faults of the newer settings, by the names that these searches give them.
pub(crate) fn in_older_names(faults: Faults) -> Faults {
    let older = |name: &str| Some(OLDER.iter().find(|(_, newer)| *newer == name)?.0);
    faults.map(|fault| fault.renamed(older))
}
