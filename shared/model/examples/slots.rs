//! Answers searches, one JSON object a line, with their slots, one JSON list a line. The first line out is the release
//! of the IANA data. For comparing with other implementations: `tests/clients/zones`.
//!
//! A search is the settings of an availability request with `now`, `timezone` and `constraints`.

use std::error::Error;
use std::io::{BufRead, BufWriter, Write};

use model::Random;
use model::availability::{Bookable, Search, Settings};
use model::constraint::{Schedule, parse_constraints};
use model::fault::Faults;
use model::filter::Filters;
use model::ids::ResourceId;
use model::time::{Tz, format_instant, parse_instant, parse_zone};
use serde_json::{Value, json};
use uuid::Uuid;

/// With one resource there is nothing to shuffle.
struct Zeros;

impl Random for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{}", Tz::RELEASE)?;
    for line in std::io::stdin().lock().lines() {
        writeln!(out, "{}", slots(&serde_json::from_str(&line?)?)?)?;
    }
    Ok(())
}

fn slots(query: &Value) -> Result<Value, Box<dyn Error>> {
    let fields = query.as_object().ok_or("a search is an object")?;
    let text = |name: &str| query[name].as_str().ok_or(format!("{name} is missing"));
    let now = parse_instant(text("now")?)?;
    let zone = parse_zone(text("timezone")?)?;
    let nothing = Vec::new();
    let constraints = query["constraints"].as_array().unwrap_or(&nothing);
    let constraints = parse_constraints(constraints, "constraints").map_err(sentences)?;
    let settings = Settings::parse(fields, "").map_err(sentences)?;
    let search = Search {
        terms: settings.terms(now, zone).map_err(sentences)?,
        schedules: Vec::new(),
        filters: Filters::default(),
        resources: vec![Bookable {
            id: ResourceId::new(Uuid::nil()),
            zone,
            capacity: 1,
            schedule: Schedule::new(&constraints),
            claims: Vec::new(),
        }],
    };
    let slots = search.slots(&Zeros);
    let shown = slots.iter().map(|slot| {
        json!([
            format_instant(slot.slot.start(), zone),
            format_instant(slot.slot.end(), zone)
        ])
    });
    Ok(shown.collect())
}

fn sentences(faults: Faults) -> String {
    faults.to_string()
}
