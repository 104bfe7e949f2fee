//! A booking, and what happens to it. It is one file because the record, the steps it takes and what follows from them for the
//! record must agree.

mod act;
mod claims;
mod customer;
mod new;
mod notice;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use act::{AUTOMATIC, Act, CannotAct, IllegalAction, LogEntry};
pub use customer::{Customer, EventText};
pub use new::{BookingTooLong, MAX_BOOKING_DAYS, NewBooking, NewPlace, check_length};
pub use notice::{Notice, WrongMoment};

use crate::graph::{Action, AutomaticStep, BookingState, Due, Graph, Holding};
use crate::ids::{BookingId, CalendarId, CustomerId, ProjectId, RecurringSeriesId, ResourceId};
use crate::json_text;
use crate::language::LanguageTag;
use crate::occupancy::Buffers;
use crate::payment::DEFAULT_PAYMENT_TIME;
use crate::reminder::{BookingReminder, Reminder, ReminderOutcome};
use crate::seats::Seats;
use crate::time::{TimeSlot, Tz, zone_name};

/// A reservation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// Names it.
    pub id: BookingId,
    /// How it comes about and ends.
    pub graph: Graph,
    /// Where it stood when it was last written; time may have moved on, see [`Booking::settled`].
    pub state: BookingState,
    /// Who or what is booked: the resource whose calendar and zone it has.
    pub resource_id: ResourceId,
    /// Who or what is booked together with it, at the same time, e.g. a room; usually nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_resources: Vec<ResourceId>,
    /// The calendar it is in.
    pub calendar_id: CalendarId,
    /// The booking page it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// When.
    pub slot: TimeSlot,
    /// Free time it needs around it.
    pub buffers: Buffers,
    /// Whether it may overlap other bookings, and events.
    pub allow_double_bookings: bool,
    /// Whether events that last whole days are no obstacle.
    #[serde(default)]
    pub ignore_all_day_events: bool,
    /// Whether it is rescheduled only to a time that is offered, whoever does it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub only_offered: bool,
    /// How long before its start it may be booked and called off.
    pub notice: Notice,
    /// The language that its customer read when it was booked, and is written to in, e.g. `da`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<LanguageTag>,
    /// The customer's own record. What the booking says of its customers stays as it was. Kept; nothing sets it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_record_id: Option<CustomerId>,
    /// The series of bookings that recur together. Kept; nothing sets it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurring_series_id: Option<RecurringSeriesId>,
    /// For the owner of a group: its seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats: Option<Seats>,
    /// For a customer of a group: the group's own booking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<BookingId>,
    /// All bookings that are changed together, this one included; empty for one by itself.
    pub related: Vec<BookingId>,
    /// The booking that this one took the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rescheduled_from: Option<BookingId>,
    /// The booking that took this one's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rescheduled_to: Option<BookingId>,
    /// The first of the bookings that took each other's place: what stays the same in calendars.
    pub series_id: BookingId,
    /// What the payment is called where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    /// Until when it waits for its payment, or waited. None if its graph has none, and for bookings that were made before
    /// this was kept: [`Booking::payment_due`] knows both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_due_at: Option<DateTime<Utc>>,
    /// The zone its times are shown in unless a caller asks for another.
    #[serde(with = "zone_name")]
    pub timezone: Tz,
    /// Title, place and description.
    pub event: EventText,
    /// Whom it is for.
    pub customers: Vec<Customer>,
    /// What to send before or after its start, and what became of that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminders: Vec<BookingReminder>,
    /// Whatever its maker wants to keep with it.
    #[serde(with = "json_text")]
    pub meta: Map<String, Value>,
    /// Every state change so far, oldest first.
    pub log: Vec<LogEntry>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// How often it, and those whose place it took, have changed. Grows only, and never past that of the booking that
    /// took its place: calendars take the highest of a series.
    pub revision: u32,
    /// How many events have told of it; see [`Booking::events_told`]. The store counts them when it writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_sequence: Option<u32>,
    /// The token it was last written with. The store keeps it beside the record.
    #[serde(skip)]
    pub version: String,
}

/// The reminders of a booking that is made at `now` and starts at `start`.
fn reminders(
    all: impl IntoIterator<Item = Reminder>,
    start: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Vec<BookingReminder> {
    let all = all.into_iter();
    all.map(|one| BookingReminder::new(one, start, now))
        .collect()
}

fn is_false(is: &bool) -> bool {
    !is
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
            further_resources: new.further_resources,
            calendar_id: new.calendar_id,
            project_id: new.project_id,
            slot: new.slot,
            buffers: new.buffers,
            allow_double_bookings: new.allow_double_bookings,
            ignore_all_day_events: new.ignore_all_day_events,
            only_offered: new.only_offered,
            notice: new.notice,
            locale: new.locale,
            customer_record_id: None,
            recurring_series_id: None,
            seats: new.max_seats.map(Seats::new),
            owner_id: new.owner_id,
            related: new.related,
            rescheduled_from: None,
            rescheduled_to: None,
            series_id: id,
            payment_id: None,
            payment_due_at: (new.graph.waits_for_payment())
                .then(|| new.payment_time.after(now, new.timezone)),
            timezone: new.timezone,
            event: new.event,
            customers: new.customers,
            reminders: reminders(new.reminders, new.slot.start(), now),
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
            revision: 0,
            event_sequence: None,
            version: String::new(),
        }
    }

    /// The booking that takes this one's place at another time, perhaps of another resource, and this one
    /// as it is left behind.
    ///
    /// # Errors
    ///
    /// [`CannotAct`] if the state at `now` does not allow it, or the new time cannot be booked yet or any more.
    pub fn reschedule(
        self,
        id: BookingId,
        place: NewPlace,
        by: &str,
        message: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(Self, Self), CannotAct> {
        let state = self.clone().settled(now).state;
        let act = Act {
            action: Action::RescheduleByCustomer,
            by: by.to_owned(),
            message: message.clone(),
            payment_id: None,
        };
        let left = Self {
            rescheduled_to: Some(id),
            ..self.act(act, now)?
        };
        let (start, zone) = (place.slot.start(), place.timezone);
        left.notice.check_booking(start, zone, now)?;
        let taken = Self {
            id,
            state,
            resource_id: place.resource_id,
            further_resources: left.further_resources_beside(place.resource_id),
            calendar_id: place.calendar_id,
            slot: place.slot,
            timezone: place.timezone,
            related: Vec::new(),
            rescheduled_from: Some(left.id),
            rescheduled_to: None,
            log: vec![LogEntry {
                from: None,
                to: state,
                action: Action::RescheduleByCustomer,
                by: by.to_owned(),
                at: now,
                message,
            }],
            created_at: now,
            updated_at: now,
            revision: left.revision + 1,
            event_sequence: None,
            reminders: reminders(left.own_reminders(), start, now),
            ..left.clone()
        };
        Ok((left, taken))
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

    fn due_step(&self, now: DateTime<Utc>) -> Option<(&'static AutomaticStep, DateTime<Utc>)> {
        self.automatic_steps().find(|(_, due)| *due <= now)
    }

    /// The steps that time will take from its state, and when each is due.
    fn automatic_steps(&self) -> impl Iterator<Item = (&'static AutomaticStep, DateTime<Utc>)> {
        self.graph
            .rules()
            .automatic
            .iter()
            .filter(|automatic| automatic.transition.from == self.state)
            .map(|automatic| match automatic.due {
                Due::AfterEnd(length) => (automatic, self.slot.end() + length),
                Due::WhenPaymentIsDue => (automatic, self.waits_until()),
            })
    }

    /// When time will change it next, or should have already; none if it never will. It is counted from its state as it was
    /// last written.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let steps = self.automatic_steps().map(|(_, due)| due);
        let start = self.slot.start();
        let reminders = self.reminders.iter().filter(|one| one.outcome.is_none());
        // Nothing is sent of one that does not take place, so none of its reminders is ever due.
        let reminders = reminders.filter(|_| self.is_on());
        steps
            .chain(reminders.map(|one| one.reminder.due(start)))
            .min()
    }

    /// The booking as the clock leaves it at `now`: with every automatic step that has come due, and with every reminder that
    /// has come due told or left out, as its state is then.
    #[must_use]
    pub fn ticked(self, now: DateTime<Utc>) -> Self {
        let mut booking = self.settled(now);
        let (start, is_on) = (booking.slot.start(), booking.is_on());
        for one in &mut booking.reminders {
            if one.outcome.is_none() && one.reminder.due(start) <= now {
                let is_sent = is_on && one.reminder.is_of_use(start, now);
                one.outcome = Some(if is_sent {
                    ReminderOutcome::Sent
                } else {
                    ReminderOutcome::Skipped
                });
            }
        }
        booking
    }

    /// The reminders that it was made with.
    fn own_reminders(&self) -> Vec<Reminder> {
        let all = self.reminders.iter().map(|one| one.reminder.clone());
        all.collect()
    }

    /// Until when it waits for its payment, or waited; none if its graph has none.
    pub fn payment_due(&self) -> Option<DateTime<Utc>> {
        self.graph.waits_for_payment().then(|| self.waits_until())
    }

    fn waits_until(&self) -> DateTime<Utc> {
        // Those that were made before this was kept had the usual time.
        let usual = || DEFAULT_PAYMENT_TIME.after(self.created_at, self.timezone);
        self.payment_due_at.unwrap_or_else(usual)
    }

    /// The booking after `act` at `now`.
    ///
    /// # Errors
    ///
    /// [`CannotAct`] if the state at `now`, or the time left before the start, does not allow it.
    pub fn act(self, act: Act, now: DateTime<Utc>) -> Result<Self, CannotAct> {
        let mut booking = self.settled(now);
        let action = act.action;
        let to = booking.after(action)?;
        if action == Action::CancelByCustomer {
            booking.check_cancelling(now)?;
        }
        booking.payment_id = act.payment_id.or(booking.payment_id);
        booking.step(action, to, &act.by, now, act.message);
        Ok(booking)
    }

    fn after(&self, action: Action) -> Result<BookingState, IllegalAction> {
        let (graph, state) = (self.graph, self.state);
        let illegal = IllegalAction {
            graph,
            state,
            action,
        };
        graph.after(state, action).ok_or(illegal)
    }

    /// Whether its state allows `action`.
    ///
    /// # Errors
    ///
    /// [`IllegalAction`] if it does not.
    pub fn check_allows(&self, action: Action) -> Result<(), IllegalAction> {
        self.after(action).map(|_| ())
    }

    /// Whether its customer can call it off at `now`, as far as its notice goes.
    ///
    /// # Errors
    ///
    /// [`WrongMoment`] says until when.
    pub fn check_cancelling(&self, now: DateTime<Utc>) -> Result<(), WrongMoment> {
        let (start, zone) = (self.slot.start(), self.timezone);
        self.notice.check_cancelling(start, zone, now)
    }

    /// Whether what it offers to others, e.g. its seats, can be booked at `now`, as far as its notice goes.
    ///
    /// # Errors
    ///
    /// [`WrongMoment`] says since or until when.
    pub fn check_booking(&self, now: DateTime<Utc>) -> Result<(), WrongMoment> {
        let (start, zone) = (self.slot.start(), self.timezone);
        self.notice.check_booking(start, zone, now)
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
        self.revision += 1;
    }

    /// When what it holds is given back unless somebody acts.
    fn lapses_at(&self) -> Option<DateTime<Utc>> {
        self.automatic_steps()
            .find(|(automatic, _)| !self.graph.holds(automatic.transition.to))
            .map(|(_, due)| due)
    }

    fn holds(&self, holding: Holding) -> bool {
        self.graph.rules().holding == holding && self.graph.holds(self.state)
    }

    /// The booking with other `meta`.
    #[must_use]
    pub fn with_meta(self, meta: Map<String, Value>, now: DateTime<Utc>) -> Self {
        let booking = self.settled(now);
        // A booking left behind must not overtake the one in its place.
        let counts = booking.rescheduled_to.is_none();
        Self {
            meta,
            updated_at: now,
            revision: booking.revision + u32::from(counts),
            ..booking
        }
    }

    /// Names the state it is in, automatic steps that have been taken but not written yet included.
    pub fn tag(&self) -> String {
        format!("{}.{}", self.version, self.revision)
    }

    /// How many events have told of it. One that was made before events were told counts as if its steps had been.
    pub fn events_told(&self) -> u32 {
        let steps = || u32::try_from(self.log.len()).unwrap_or(u32::MAX);
        self.event_sequence.unwrap_or_else(steps)
    }

    /// Whether nothing more can happen to it.
    pub fn completed(&self) -> bool {
        self.graph.is_final(self.state)
    }

    /// Whether it takes place, or has taken place, as far as its state says: it was not called off, declined, left for
    /// another time or left unpaid. A hold that has lapsed is only told apart once the booking is settled.
    pub fn is_on(&self) -> bool {
        !self.completed() || self.graph.holds(self.state)
    }

    /// Whether it is still to come at `now`, or goes on, and something can still happen to it. It must be settled.
    pub fn is_to_come(&self, now: DateTime<Utc>) -> bool {
        !self.completed() && self.slot.end() > now
    }

    /// The other bookings that are changed together with this one.
    pub fn related_ids(&self) -> impl Iterator<Item = BookingId> {
        let ids = self.related.iter().copied();
        ids.filter(|id| *id != self.id)
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
            further_resources: Vec::new(),
            calendar_id: CalendarId::random(&Zeros),
            project_id: None,
            graph,
            slot: slot.expect("a slot"),
            buffers: Buffers::default(),
            allow_double_bookings: false,
            ignore_all_day_events: false,
            only_offered: false,
            notice: Notice::default(),
            locale: None,
            payment_time: DEFAULT_PAYMENT_TIME,
            max_seats: None,
            owner_id: None,
            related: Vec::new(),
            timezone: Tz::UTC,
            event: EventText {
                what: String::new(),
                place: String::new(),
                description: String::new(),
                participants: Vec::new(),
            },
            customers: Vec::new(),
            reminders: Vec::new(),
            meta: Map::new(),
        };
        Booking::create(
            new,
            BookingId::random(&Zeros),
            "key",
            at("2026-02-01T00:00:00Z"),
        )
    }

    fn act(action: Action) -> Act {
        Act {
            action,
            by: "key".to_owned(),
            message: None,
            payment_id: None,
        }
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
        let confirmed = booking.act(act(Action::Confirm), at("2026-02-02T00:00:00Z"));
        assert!(confirmed.expect("confirmed").claim().is_some());
    }

    #[test]
    fn an_action_is_judged_on_the_state_that_time_has_reached() {
        let refused = booked(Graph::Instant).act(act(Action::Cancel), at("2026-03-01T11:00:00Z"));
        assert_eq!(
            refused,
            Err(CannotAct::Illegal(IllegalAction {
                graph: Graph::Instant,
                state: BookingState::Completed,
                action: Action::Cancel
            }))
        );
    }

    #[test]
    fn a_declined_booking_is_final() {
        let declined = booked(Graph::ConfirmDecline)
            .act(act(Action::Decline), at("2026-02-02T00:00:00Z"))
            .expect("declined");
        assert!(declined.completed());
        for action in Action::ALL {
            assert!(
                declined
                    .clone()
                    .act(act(*action), at("2026-02-03T00:00:00Z"))
                    .is_err()
            );
        }
    }

    #[test]
    fn an_unpaid_booking_holds_its_time_for_exactly_five_minutes() {
        let held = booked(Graph::InstantPayment);
        let lapses = at("2026-02-01T00:05:00Z");
        assert_eq!(held.claim().map(|claim| claim.until), Some(Some(lapses)));
        let paid = held
            .clone()
            .act(act(Action::Pay), lapses - TimeDelta::milliseconds(1))
            .expect("paid in time");
        assert_eq!(paid.claim().map(|claim| claim.until), Some(None));
        let late = held.act(act(Action::Pay), lapses);
        assert_eq!(
            late.map(|booking| booking.state),
            Err(CannotAct::Illegal(IllegalAction {
                graph: Graph::InstantPayment,
                state: BookingState::Unpaid,
                action: Action::Pay
            }))
        );
    }

    #[test]
    fn a_rescheduled_booking_keeps_its_series_and_its_revisions_grow() {
        let slot = TimeSlot::new(at("2026-03-02T09:00:00Z"), at("2026-03-02T10:00:00Z"));
        let booking = booked(Graph::Instant);
        let place = NewPlace {
            resource_id: booking.resource_id,
            calendar_id: booking.calendar_id,
            timezone: Tz::UTC,
            slot: slot.expect("a slot"),
        };
        let id = BookingId::new(uuid::Uuid::from_u128(1));
        let (left, taken) = booking
            .reschedule(id, place, "key", None, at("2026-02-02T00:00:00Z"))
            .expect("rescheduled");
        assert_eq!(left.state, BookingState::RescheduledByCustomer);
        assert_eq!((left.claim(), left.completed()), (None, true));
        assert_eq!(taken.state, BookingState::Confirmed);
        assert_eq!(taken.claim().map(|claim| claim.slot), Some(place.slot));
        assert_eq!(taken.series_id, left.id);
        assert!(taken.revision > left.revision);
        let left = left.with_meta(Map::new(), at("2026-02-03T00:00:00Z"));
        assert!(taken.revision > left.revision);
    }
}
