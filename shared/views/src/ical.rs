//! Bookings as iCalendar documents, by RFC 5545. Neither has organizer or attendees: calendar programs write to those on
//! their own. So neither has a method, as one would ask for an organizer.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};
use model::booking::Booking;
use model::ids::BookingId;
use model::time::TimeSlot;

/// What such a document is sent as.
pub const MEDIA_TYPE: &str = "text/calendar; charset=utf-8";

/// How often programs are asked to look again at a calendar they subscribed to, in minutes.
const REFRESH_MINUTES: i64 = 60;

/// The most characters of a text in a calendar with many events.
const BRIEF: usize = 250;

/// The most octets of a line, without its end.
const LINE: usize = 75;

/// What a booking is in a calendar.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The same for all bookings that took each other's place: one event.
    pub series: BookingId,
    /// Of two entries of a series, the higher counts.
    pub revision: u32,
    /// When.
    pub slot: TimeSlot,
    status: EventStatus,
    changed_at: DateTime<Utc>,
    what: String,
    place: String,
    description: String,
}

impl Entry {
    /// The booking as it stands at `now`, with all its texts.
    pub fn of(booking: Booking, now: DateTime<Utc>) -> Self {
        let booking = booking.settled(now);
        Self {
            series: booking.series_id,
            revision: booking.revision,
            slot: booking.slot,
            status: status(&booking),
            changed_at: booking.updated_at,
            what: booking.event.what,
            place: booking.event.place,
            description: booking.event.description,
        }
    }

    /// The same for a calendar that others may see: without the description, in which booking pages put what customers
    /// tell of themselves, and with short texts.
    pub fn in_brief(self) -> Self {
        Self {
            what: shortened(&self.what),
            place: shortened(&self.place),
            description: String::new(),
            ..self
        }
    }

    fn event(&self) -> Event {
        let mut event = Event::new();
        event
            .uid(&self.series.to_string())
            .sequence(self.revision)
            // Without a method, it is when this revision was made.
            .timestamp(self.changed_at)
            .last_modified(self.changed_at)
            .starts(self.slot.start())
            .ends(self.slot.end())
            .status(self.status)
            .summary(&plain(&self.what));
        if !self.place.is_empty() {
            event.location(&plain(&self.place));
        }
        if !self.description.is_empty() {
            event.description(&plain(&self.description));
        }
        event.done()
    }
}

/// Confirmed is what has its time or seat for good, tentative what somebody must still agree to or pay for.
fn status(booking: &Booking) -> EventStatus {
    let (graph, state) = (booking.graph, booking.state);
    let may_lapse = graph
        .rules()
        .automatic
        .iter()
        .any(|step| step.transition.from == state && !graph.holds(step.transition.to));
    if graph.holds(state) && !may_lapse {
        EventStatus::Confirmed
    } else if graph.is_final(state) {
        EventStatus::Cancelled
    } else {
        EventStatus::Tentative
    }
}

/// An iCalendar document.
pub struct Document(Calendar);

impl Document {
    /// A document with these events.
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut calendar = Calendar::empty();
        calendar
            .append_property(Property::new("VERSION", "2.0"))
            .append_property(Property::new("PRODID", "-//Latchkey//Bookings//EN"))
            .append_property(Property::new("CALSCALE", "GREGORIAN"));
        calendar.extend(entries.into_iter().map(|entry| entry.event()));
        Self(calendar)
    }

    /// The same for programs that subscribe to it under this name.
    pub fn subscribed_as(mut self, name: &str) -> Self {
        let name = plain(name);
        // The crate takes NAME for text, which it escapes, only where that is said.
        let said = Property::new("NAME", &name)
            .add_parameter("VALUE", "TEXT")
            .done();
        self.0
            .append_property(said)
            .append_property(Property::new("X-WR-CALNAME", name))
            .ttl(&TimeDelta::minutes(REFRESH_MINUTES));
        self
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The crate folds the last part of a line an octet too late, so its folding is undone.
        let unfolded = self.0.to_string().replace("\r\n ", "");
        unfolded
            .split_terminator("\r\n")
            .try_for_each(|line| write_folded(f, line))
    }
}

fn write_folded(f: &mut fmt::Formatter<'_>, line: &str) -> fmt::Result {
    let (mut rest, mut room) = (line, LINE);
    while rest.len() > room {
        let (part, after) = rest.split_at(rest.floor_char_boundary(room));
        write!(f, "{part}\r\n ")?;
        // The space that begins a further part counts.
        (rest, room) = (after, LINE - 1);
    }
    write!(f, "{rest}\r\n")
}

/// Text in which no reader sees the end of a line but where a line feed stands, which is written escaped. Of control
/// characters, which RFC 5545 forbids, only tabs stay.
fn plain(text: &str) -> String {
    let is_break = |c| {
        matches!(
            c,
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    text.replace("\r\n", "\n")
        .replace(is_break, "\n")
        .replace(|c: char| c.is_control() && c != '\n' && c != '\t', "")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(BRIEF) {
        None => text.to_owned(),
        Some(_) => text.chars().take(BRIEF - 1).chain(['…']).collect(),
    }
}
