//! What of a project's settings can never work. It is refused when it is written, by what the offer makes of it when it is
//! read. What cannot be booked today but can later, e.g. a season that begins next year, is fine.

use chrono::{DateTime, TimeDelta, Utc};
use model::availability::{MAX_MONTHS_AHEAD, MAX_STARTS, Settings};
use model::duration::{CalendarSpan, RelativeTime};
use model::fault::{Fault, FaultKind, Faults, Order};
use model::graph::Graph;
use model::project::{Project, Rules};
use model::time::Tz;

/// Everything of `project` that can never work, by its own fields. What cannot be read at all is not told again.
pub fn faults(project: &Project, now: DateTime<Utc>) -> Faults {
    let Ok(rules) = project.rules() else {
        return Faults::none();
    };
    let range = range(&rules.settings, now).map(|fault| fault.within("availability."));
    let wide = too_wide(project, now).map(|sentence| Fault::new("availability.to", sentence));
    range.or(wide).into_iter().chain(graph(rules)).collect()
}

/// Whether a search of the whole range, over all of its resources, would be refused: why, without its subject.
pub fn too_wide(project: &Project, now: DateTime<Utc>) -> Option<String> {
    let starts = project
        .rules()
        .ok()?
        .settings
        .terms(now, Tz::UTC)
        .ok()?
        .starts(project.resources.len());
    (starts > MAX_STARTS).then(|| {
        format!(
            "makes the project's search too large: {starts} slots to look at, and at most {MAX_STARTS} can be; choose an \
             earlier availability.to, longer availability.timeslot_increments or fewer resources"
        )
    })
}

/// A page's booking has no settings, so it cannot say how many seats a group has.
fn graph(rules: &Rules) -> Option<Fault> {
    let sentence = "must be group_customer or group_customer_payment for a page on which seats are booked: a group_owner \
                    needs settings.max_seats, which a page cannot send";
    (rules.booking.graph == Some(Graph::GroupOwner)).then(|| Fault::new("booking.graph", sentence))
}

/// How far ahead a search may reach, in words.
fn too_far(field: &str) -> Fault {
    let sentence = format!("must be at most {MAX_MONTHS_AHEAD} months ahead, e.g. \"12 weeks\"");
    Fault::new(field, sentence)
}

/// What of these settings' range can never be searched, by the settings' own names, e.g. `to`. What begins or ends too far away
/// today may come within reach later.
pub fn range(settings: &Settings, now: DateTime<Utc>) -> Option<Fault> {
    // A zone moves the calendar's units by hours only.
    let at = |time: RelativeTime| time.resolve(now, Tz::UTC);
    let last = at(RelativeTime::months(MAX_MONTHS_AHEAD));
    let from = settings.from.unwrap_or(RelativeTime::NOW);
    let to = settings.to.unwrap_or(RelativeTime::weeks(4));
    let ends = match to {
        RelativeTime::At(at) if at <= now => {
            let sentence = "must be in the future, e.g. \"4 weeks\"";
            return Some(Fault::new("to", sentence));
        }
        RelativeTime::After(_) if at(to) > last => return Some(too_far("to")),
        // How far away tomorrow is depends on the hour.
        RelativeTime::Tomorrow => now + TimeDelta::hours(25),
        _ => at(to),
    };
    let (begins, ends) = match from {
        RelativeTime::After(_) if at(from) >= last => return Some(too_far("from")),
        RelativeTime::After(_) => (at(from), ends.min(last)),
        RelativeTime::Tomorrow => (now, ends),
        RelativeTime::At(begins) => match to {
            RelativeTime::At(_) => (begins.max(now), ends),
            // It comes within reach later.
            _ => (now, ends),
        },
    };
    if begins >= ends {
        return Some(match (settings.from, settings.to) {
            (Some(_), None) => wrong_order("from", Order::Before, "to", "4 weeks from now"),
            _ => wrong_order("to", Order::After, "from", "now"),
        });
    }
    no_room(settings, (begins, ends), now)
}

fn wrong_order(field: &str, must_be: Order, other: &'static str, default: &'static str) -> Fault {
    let kind = FaultKind::WrongOrder {
        must_be,
        other: other.into(),
        default: Some(default),
    };
    Fault::new(field, kind)
}

/// Whether the first slot that notice leaves would end after the range.
fn no_room(
    settings: &Settings,
    (begins, ends): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Option<Fault> {
    let seconds = |span: Option<CalendarSpan>, usual_s: i64| {
        TimeDelta::seconds(span.map_or(usual_s, CalendarSpan::on_clock_s))
    };
    let length = seconds(settings.length, 3_600);
    let notice = seconds(settings.minimum_notice, 0);
    if begins + length > ends {
        let sentence =
            "must fit into the range that is searched, which is the next 4 weeks by default";
        return Some(Fault::new("length", sentence));
    }
    if begins.max(now + notice) + length > ends {
        let sentence = "must leave time for a slot in the range that is searched, which is the next 4 weeks by default";
        return Some(Fault::new("minimum_notice", sentence));
    }
    None
}
