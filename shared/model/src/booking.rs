//! A booking, and what happens to it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::graph::{Action, BookingState, Graph};
use crate::ids::{BookingId, CalendarId, CustomerId, ProjectId, ResourceId};
use crate::json_text;
use crate::occupancy::{Buffers, Claim};
use crate::time::{TimeSlot, Tz, zone_name};

/// The longest booking there is, in days.
pub const MAX_BOOKING_DAYS: i64 = 31;

/// A booking that does not exist yet.
#[derive(Clone, Debug)]
pub struct NewBooking {
    /// Who or what is booked.
    pub resource_id: ResourceId,
    /// The calendar it goes to.
    pub calendar_id: CalendarId,
    /// The booking page it came from.
    pub project_id: Option<ProjectId>,
    /// How it comes about and ends.
    pub graph: Graph,
    /// When.
    pub slot: TimeSlot,
    /// Free time it needs around it.
    pub buffers: Buffers,
    /// Whether it may overlap other bookings.
    pub allow_double_bookings: bool,
    /// The zone its times are shown in unless a caller asks for another: its resource's when it was made.
    pub timezone: Tz,
    /// Title, place and description.
    pub event: EventText,
    /// Whom it is for.
    pub customers: Vec<Customer>,
    /// Whatever its maker wants to keep with it.
    pub meta: Map<String, Value>,
}

/// A booking's words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventText {
    /// Title.
    pub what: String,
    /// Place.
    #[serde(rename = "where")]
    pub place: String,
    /// More about it.
    pub description: String,
    /// E-mail addresses of others who take part.
    pub participants: Vec<String>,
}

/// Whom a booking is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Names the customer in this booking.
    pub id: CustomerId,
    /// What to call them.
    pub name: String,
    /// Where to write to.
    pub email: Option<String>,
    /// Where to call.
    pub phone: Option<String>,
    /// Where to call over the Internet.
    pub voip: Option<String>,
    /// Their time zone, as sent.
    pub timezone: Option<String>,
    /// Every other field of the booking form.
    #[serde(with = "json_text")]
    pub fields: Map<String, Value>,
}

/// A reservation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// Names it.
    pub id: BookingId,
    /// How it comes about and ends.
    pub graph: Graph,
    /// Where it stood when it was last written; time may have moved on, see [`Booking::settled`].
    pub state: BookingState,
    /// Who or what is booked.
    pub resource_id: ResourceId,
    /// The calendar it is in.
    pub calendar_id: CalendarId,
    /// The booking page it came from.
    pub project_id: Option<ProjectId>,
    /// When.
    pub slot: TimeSlot,
    /// Free time it needs around it.
    pub buffers: Buffers,
    /// Whether it may overlap other bookings.
    pub allow_double_bookings: bool,
    /// The zone its times are shown in unless a caller asks for another.
    #[serde(with = "zone_name")]
    pub timezone: Tz,
    /// Title, place and description.
    pub event: EventText,
    /// Whom it is for.
    pub customers: Vec<Customer>,
    /// Whatever its maker wants to keep with it.
    #[serde(with = "json_text")]
    pub meta: Map<String, Value>,
    /// Every state change so far, oldest first.
    pub log: Vec<LogEntry>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// One state change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The state before; none for the first.
    pub from: Option<BookingState>,
    /// The state after.
    pub to: BookingState,
    /// What was done.
    pub action: Action,
    /// Who did it.
    pub by: String,
    /// When it took effect.
    pub at: DateTime<Utc>,
    /// What they had to say.
    pub message: Option<String>,
}

/// Who is named in the log for steps that time takes.
pub const AUTOMATIC: &str = "automatic";

/// An action that the booking's state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {graph} booking that is {state} cannot {action}")]
pub struct IllegalAction {
    /// Its graph.
    pub graph: Graph,
    /// Its state.
    pub state: BookingState,
    /// What was asked for.
    pub action: Action,
}

impl Booking {
    /// The booking that `new` asks for, in its graph's first state.
    pub fn create(new: NewBooking, id: BookingId, by: &str, now: DateTime<Utc>) -> Self {
        let rules = new.graph.rules();
        Self {
            id,
            graph: new.graph,
            state: rules.start,
            resource_id: new.resource_id,
            calendar_id: new.calendar_id,
            project_id: new.project_id,
            slot: new.slot,
            buffers: new.buffers,
            allow_double_bookings: new.allow_double_bookings,
            timezone: new.timezone,
            event: new.event,
            customers: new.customers,
            meta: new.meta,
            log: vec![LogEntry {
                from: None,
                to: rules.start,
                action: rules.start_actions[0],
                by: by.to_owned(),
                at: now,
                message: None,
            }],
            created_at: now,
            updated_at: now,
        }
    }

    /// The booking as it stands at `now`, with every automatic step that has come due.
    #[must_use]
    pub fn settled(mut self, now: DateTime<Utc>) -> Self {
        // Each step leaves its state, and no table leads round in automatic steps, so this ends.
        while let Some((automatic, due)) = self.due_step(now) {
            self.step(
                automatic.transition.action,
                automatic.transition.to,
                AUTOMATIC,
                due,
                None,
            );
        }
        self
    }

    fn due_step(
        &self,
        now: DateTime<Utc>,
    ) -> Option<(&'static crate::graph::AutomaticStep, DateTime<Utc>)> {
        self.graph
            .rules()
            .automatic
            .iter()
            .map(|automatic| (automatic, self.slot.end() + automatic.after_end))
            .find(|(automatic, due)| automatic.transition.from == self.state && *due <= now)
    }

    /// The booking after `action`, taken by `by` at `now`.
    ///
    /// # Errors
    ///
    /// [`IllegalAction`] if the state at `now` does not allow it.
    pub fn act(
        self,
        action: Action,
        by: &str,
        message: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Self, IllegalAction> {
        let mut booking = self.settled(now);
        let to = booking
            .graph
            .after(booking.state, action)
            .ok_or(IllegalAction {
                graph: booking.graph,
                state: booking.state,
                action,
            })?;
        booking.step(action, to, by, now, message);
        Ok(booking)
    }

    fn step(
        &mut self,
        action: Action,
        to: BookingState,
        by: &str,
        at: DateTime<Utc>,
        message: Option<String>,
    ) {
        // A step never lies before the one it follows: a booking made after its end completes when it was made.
        let at = self.log.last().map_or(at, |last| at.max(last.at));
        self.log.push(LogEntry {
            from: Some(self.state),
            to,
            action,
            by: by.to_owned(),
            at,
            message,
        });
        self.state = to;
        self.updated_at = at;
    }

    /// Whether nothing more can happen to it.
    pub fn completed(&self) -> bool {
        self.graph.is_final(self.state)
    }

    /// The time it takes in its state, if it takes any.
    pub fn claim(&self) -> Option<Claim> {
        self.graph
            .holds_time(self.state)
            .then(|| self.wanted_claim())
    }

    /// The time it takes, or would take once agreed.
    pub fn wanted_claim(&self) -> Claim {
        Claim {
            id: self.id.into(),
            slot: self.slot,
            buffers: self.buffers,
            until: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;
    use crate::time::parse_instant;
    use chrono::TimeDelta;

    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        parse_instant(text).expect("an instant")
    }

    fn booked(graph: Graph) -> Booking {
        let slot = TimeSlot::new(at("2026-03-01T09:00:00Z"), at("2026-03-01T10:00:00Z"));
        let new = NewBooking {
            resource_id: ResourceId::random(&Zeros),
            calendar_id: CalendarId::random(&Zeros),
            project_id: None,
            graph,
            slot: slot.expect("a slot"),
            buffers: Buffers::default(),
            allow_double_bookings: false,
            timezone: Tz::UTC,
            event: EventText {
                what: String::new(),
                place: String::new(),
                description: String::new(),
                participants: Vec::new(),
            },
            customers: Vec::new(),
            meta: Map::new(),
        };
        Booking::create(
            new,
            BookingId::random(&Zeros),
            "key",
            at("2026-02-01T00:00:00Z"),
        )
    }

    #[test]
    fn a_confirmed_booking_completes_exactly_one_hour_after_its_end() {
        let due = at("2026-03-01T11:00:00Z");
        let before = booked(Graph::Instant).settled(due - TimeDelta::seconds(1));
        assert_eq!(before.state, BookingState::Confirmed);
        let after = booked(Graph::Instant).settled(due);
        assert_eq!(after.state, BookingState::Completed);
        assert_eq!(
            after.log.last().map(|entry| (entry.by.as_str(), entry.at)),
            Some((AUTOMATIC, due))
        );
    }

    #[test]
    fn a_tentative_booking_holds_no_time_until_it_is_confirmed() {
        let booking = booked(Graph::ConfirmDecline);
        assert_eq!(booking.claim(), None);
        let confirmed = booking.act(Action::Confirm, "key", None, at("2026-02-02T00:00:00Z"));
        assert!(confirmed.expect("confirmed").claim().is_some());
    }

    #[test]
    fn an_action_is_judged_on_the_state_that_time_has_reached() {
        let refused =
            booked(Graph::Instant).act(Action::Cancel, "key", None, at("2026-03-01T11:00:00Z"));
        assert_eq!(
            refused,
            Err(IllegalAction {
                graph: Graph::Instant,
                state: BookingState::Completed,
                action: Action::Cancel
            })
        );
    }

    #[test]
    fn a_declined_booking_is_final() {
        let declined = booked(Graph::ConfirmDecline)
            .act(
                Action::Decline,
                "key",
                Some("full".to_owned()),
                at("2026-02-02T00:00:00Z"),
            )
            .expect("declined");
        assert!(declined.completed());
        for action in Action::ALL {
            assert!(
                declined
                    .clone()
                    .act(*action, "key", None, at("2026-02-03T00:00:00Z"))
                    .is_err()
            );
        }
    }
}
