//! A booking's rules: its graph and its `settings`.

use api::{Faults, Field, Object};
use chrono::TimeDelta;
use model::booking::Notice;
use model::duration::{CalendarSpan, InvalidDuration, parse_exact};
use model::graph::{Action, Graph};
use model::ids::ProjectId;
use model::occupancy::{Buffers, MAX_BUFFER_HOURS};
use model::seats::MAX_SEATS;
use scheduling::Defaults;
use scheduling::defaults::OnlyOffered;

use super::body::BookingSettings;

/// The rules of one booking, with its defaults for what was not sent.
pub(super) struct Settings {
    pub(super) allow_double_bookings: bool,
    pub(super) ignore_all_day_events: bool,
    pub(super) only_offered: OnlyOffered,
    pub(super) buffers: Buffers,
    pub(super) notice: Notice,
    pub(super) max_seats: Option<u32>,
}

/// Reads `settings`, which pages do not choose.
pub(super) fn settings(
    faults: &mut Faults,
    sent: Field<Object<BookingSettings>>,
    (graph, project_id): (Option<Graph>, Option<ProjectId>),
    defaults: &Defaults<'_>,
    is_public: bool,
) -> Option<Settings> {
    if sent.is_present() && is_public {
        faults.add("settings", "cannot be set with a public key or token");
    }
    let Object(sent) = faults.optional("settings", sent).unwrap_or_default();
    let mut flag = |name: &str, field: &Field<bool>| faults.optional(name, field.clone());
    let double = flag(
        "settings.allow_double_bookings",
        &sent.allow_double_bookings,
    );
    let all_day = flag(
        "settings.ignore_all_day_events",
        &sent.ignore_all_day_events,
    );
    let only_offered = flag("settings.only_offered", &sent.only_offered);
    let buffers = if sent.has_buffers() {
        buffers(faults, &sent)
    } else {
        Some(defaults.buffers(None))
    };
    let notice = notice(faults, &sent);
    let max_seats = max_seats(faults, &sent.max_seats, graph);
    Some(Settings {
        allow_double_bookings: defaults.allows_double_bookings(double),
        ignore_all_day_events: defaults.ignores_all_day_events(all_day),
        only_offered: defaults.only_offered(only_offered, project_id),
        buffers: buffers?,
        notice: notice?,
        max_seats,
    })
}

/// How the booking comes about. Pages do not choose it.
pub(super) fn graph(
    faults: &mut Faults,
    sent: Field<String>,
    defaults: &Defaults<'_>,
    is_public: bool,
) -> Option<Graph> {
    if !sent.is_present()
        && let Some(graph) = defaults.graph()
    {
        return Some(graph);
    }
    let name = faults.required("graph", sent);
    let graph = faults.parsed("graph", name.as_deref(), str::parse::<Graph>)?;
    if is_public && let Err(error) = defaults.check_graph_of_page(graph) {
        faults.add("graph", error.to_string());
    }
    Some(graph)
}

/// Each graph has its own start: naming it is allowed, naming another is not.
pub(super) fn refuse_other_start(faults: &mut Faults, action: Field<String>, graph: Option<Graph>) {
    let action = faults.optional("action", action);
    let action = faults.parsed("action", action.as_deref(), str::parse::<Action>);
    if let (Some(action), Some(graph)) = (action, graph)
        && !graph.rules().start_actions.contains(&action)
    {
        faults.add(
            "action",
            format!("{action} does not begin a booking of graph {graph}; leave it out"),
        );
    }
}

/// Free time around a booking, none where it is not sent.
pub(crate) fn buffers(faults: &mut Faults, settings: &BookingSettings) -> Option<Buffers> {
    let mut buffer = |name: &str, field: &Field<String>| {
        let most = (MAX_BUFFER_HOURS * 3_600, "24 hours");
        // Free time is exact: a day of it is 24 hours.
        let seconds = TimeDelta::num_seconds;
        let buffer = length(faults, name, field, parse_exact, seconds, most)?;
        Ok(buffer.and_then(|buffer| u32::try_from(buffer.num_seconds()).ok()))
    };
    let both = buffer("settings.buffer", &settings.buffer);
    let before = buffer("settings.buffer_before", &settings.buffer_before);
    let after = buffer("settings.buffer_after", &settings.buffer_after);
    let (Ok(both), Ok(before), Ok(after)): (SentBuffer, SentBuffer, SentBuffer) =
        (both, before, after)
    else {
        return None;
    };
    let or_both = |side: Option<u32>| side.or(both).unwrap_or(0);
    Some(Buffers {
        before_s: or_both(before),
        after_s: or_both(after),
    })
}

type SentBuffer = Result<Option<u32>, Faulty>;

/// The longest notice, in days.
const MAX_NOTICE_DAYS: u32 = 3_660;

fn notice(faults: &mut Faults, settings: &BookingSettings) -> Option<Notice> {
    let most_s = CalendarSpan::new(MAX_NOTICE_DAYS, 0).on_clock_s();
    let mut notice = |name: &str, field: &Field<String>| {
        let (read, most) = (str::parse::<CalendarSpan>, (most_s, "3660 days"));
        length(faults, name, field, read, |span| span.on_clock_s(), most)
    };
    let min_booking = notice("settings.min_booking_time", &settings.min_booking_time);
    let max_booking = notice("settings.max_booking_time", &settings.max_booking_time);
    let min_cancel = notice("settings.min_cancel_time", &settings.min_cancel_time);
    Some(Notice {
        min_booking: min_booking.ok()?,
        max_booking: max_booking.ok()?,
        min_cancel: min_cancel.ok()?,
    })
}

impl BookingSettings {
    fn has_buffers(&self) -> bool {
        [&self.buffer, &self.buffer_before, &self.buffer_after]
            .iter()
            .any(|field| field.is_present())
    }
}

/// A field that is sent and faulty.
struct Faulty;

/// A duration of at most so many seconds, if it is sent.
fn length<T: Copy>(
    faults: &mut Faults,
    name: &str,
    field: &Field<String>,
    read: impl FnOnce(&str) -> Result<T, InvalidDuration>,
    seconds: impl FnOnce(&T) -> i64,
    (most_s, most): (i64, &str),
) -> Result<Option<T>, Faulty> {
    let Some(text) = faults.optional(name, field.clone()) else {
        return Ok(None);
    };
    let length = faults.parsed(name, Some(&text), read).ok_or(Faulty)?;
    if seconds(&length) > most_s {
        faults.add(name, format!("is at most {most}"));
        return Err(Faulty);
    }
    Ok(Some(length))
}

/// How many seats a group has; only a group has any.
fn max_seats(faults: &mut Faults, field: &Field<i64>, graph: Option<Graph>) -> Option<u32> {
    let name = "settings.max_seats";
    if graph != Some(Graph::GroupOwner) {
        return None;
    }
    if matches!(field, Field::Absent | Field::Null) {
        faults.missing(name);
    }
    faults.whole(name, field.clone(), 1..=MAX_SEATS)
}
