//! What is true of an app's bookings and sheets at every moment, whatever happened before. It is read straight
//! from the table and judged without the code's own rules.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use model::ids::AppId;
use serde_json::Value;
use store::Table;
use uuid::Uuid;

use crate::database::items_of;
use crate::graphs::{GraphRow, RESCHEDULE};
use crate::told::{self, KeptTold};
use crate::{Engine, instant};

const DAY_S: i64 = 86_400;

/// For how long a lapsed hold still stands in the way, in seconds.
pub const HOLD_GRACE_S: i64 = 2;

/// A piece of a resource's time with the free time it needs around it. All in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first second inside.
    pub start: i64,
    /// The first second after.
    pub end: i64,
    /// Free time before.
    pub before: i64,
    /// Free time after.
    pub after: i64,
}

impl Span {
    /// Whether the two cannot both be taken: neither reaches into the free time that the other needs.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        let reaches_into =
            |a: &Self, b: &Self| a.start - a.before < b.end && b.start < a.end + a.after;
        reaches_into(self, other) || reaches_into(other, self)
    }

    /// The UTC days whose sheets it stands in, counted from 1970.
    fn days(&self) -> impl Iterator<Item = i64> {
        (self.start - self.before).div_euclid(DAY_S)..=(self.end + self.after - 1).div_euclid(DAY_S)
    }
}

/// A booking as it is kept.
#[derive(Clone, Debug)]
pub struct KeptBooking {
    /// Its id.
    pub id: String,
    /// Its graph.
    pub graph: &'static GraphRow,
    /// The state it was last written in.
    pub state: String,
    /// Whose time it takes.
    pub resource: String,
    /// Which time.
    pub span: Span,
    /// Whether it may stand over others.
    pub allows_double: bool,
    /// For a group: how many seats it has, and who has one until when.
    pub seats: Option<(usize, BTreeMap<String, Option<i64>>)>,
    /// For a seat: whose.
    pub owner: Option<String>,
    /// The states it was in, in order.
    pub log: Vec<(Option<String>, String, String)>,
    /// When it was made, in seconds.
    pub created_s: i64,
    record: Value,
}

/// A reservation as it is kept.
#[derive(Clone, Debug)]
pub struct KeptReservation {
    /// Its id.
    pub id: String,
    /// Whose time it holds.
    pub resource: String,
    /// Which time.
    pub span: Span,
    /// The second at which it lapses.
    pub until: i64,
    record: Value,
}

impl KeptReservation {
    /// Whether it was noted that it lapsed.
    pub fn is_expired(&self) -> bool {
        self.record["expired"] == true
    }
}

/// An event as it is kept.
#[derive(Clone, Debug)]
pub struct KeptEvent {
    /// Its id.
    pub id: String,
    /// Whose time it takes.
    pub resource: String,
    /// The calendar it is in.
    pub calendar: String,
    /// Which time.
    pub span: Span,
    /// Whether it lasts whole days.
    pub is_all_day: bool,
    record: Value,
}

/// A claim in one sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingClaim {
    /// The booking's id.
    pub id: String,
    /// Whose sheet it is.
    pub resource: String,
    /// Which day's, counted from 1970.
    pub day: i64,
    /// The time that is taken.
    pub span: Span,
    /// For a hold: the second at which it lapses.
    pub until: Option<i64>,
    /// For an event: which kind it is, 1, or 2 for one of whole days.
    pub event: Option<i64>,
}

/// All bookings and sheets of an app.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The bookings by id.
    pub bookings: BTreeMap<String, KeptBooking>,
    /// The reservations, lapsed ones included.
    pub reservations: BTreeMap<String, KeptReservation>,
    /// The events, those of resources that are gone included.
    pub events: BTreeMap<String, KeptEvent>,
    /// By which an event is found beside its id: resource, calendar and event.
    pub event_pointers: BTreeSet<(String, String, String)>,
    /// The claims.
    pub claims: Vec<StandingClaim>,
    /// What changes have told, in order.
    pub told: Vec<KeptTold>,
    /// The resources that there are.
    pub resources: BTreeSet<String>,
    /// How many items there are beside them, by kind.
    others: BTreeMap<String, usize>,
}

impl Snapshot {
    /// What `engine` holds of `app` now.
    pub fn of(engine: &Engine, app: AppId) -> Self {
        Self::of_items(|table| engine.items(table), app)
    }

    /// What another DynamoDB holds of `app`, while nobody writes.
    pub async fn read(client: &Client, app: AppId) -> Self {
        let mut items = BTreeMap::new();
        for table in Table::ALL {
            items.insert(table.suffix(), items_of(client, table).await);
        }
        Self::of_items(
            |table| items.remove(table.suffix()).unwrap_or_default(),
            app,
        )
    }

    fn of_items(mut items: impl FnMut(Table) -> Vec<Value>, app: AppId) -> Self {
        let mut snapshot = Self {
            bookings: BTreeMap::new(),
            reservations: BTreeMap::new(),
            events: BTreeMap::new(),
            event_pointers: BTreeSet::new(),
            claims: Vec::new(),
            told: Vec::new(),
            resources: BTreeSet::new(),
            others: BTreeMap::new(),
        };
        for table in [
            Table::Keys,
            Table::Credentials,
            Table::Accounts,
            Table::Audit,
        ] {
            for item in items(table) {
                let kind = text(&item["pk"]).split('#').next().expect("a kind");
                let kind = format!("{kind} in {}", table.suffix());
                *snapshot.others.entry(kind).or_default() += 1;
            }
        }
        let own = format!("app#{app}#");
        let mut told = items(Table::Outbox);
        told.retain(|item| text(&item["pk"]).starts_with(&own));
        told.sort_by_key(|item| text(&item["sk"]).to_owned());
        snapshot.told = told.iter().flat_map(told::of_item).collect();
        for item in items(Table::Data) {
            let Some(place) = text(&item["pk"]).strip_prefix(&own) else {
                continue;
            };
            match place.split_once('#') {
                Some(("booking", _)) if item["sk"] == "booking" => {
                    let booking = kept(&item["record"]);
                    snapshot.bookings.insert(booking.id.clone(), booking);
                }
                Some(("reservation", _)) => {
                    let reservation = kept_reservation(&item["record"]);
                    let id = reservation.id.clone();
                    snapshot.reservations.insert(id, reservation);
                }
                Some(("event", _)) => {
                    let event = kept_event(&item["record"]);
                    snapshot.events.insert(event.id.clone(), event);
                }
                Some(("events", resource)) => {
                    let (calendar, event) = text(&item["sk"]).split_once('#').expect("two ids");
                    let pointer = (resource.to_owned(), calendar.to_owned(), event.to_owned());
                    snapshot.event_pointers.insert(pointer);
                }
                Some(("sheets", resource)) => snapshot.claims.extend(claims(&item, resource)),
                found => {
                    if let Some(("resource", id)) = found
                        && item["sk"] == "resource"
                    {
                        snapshot.resources.insert(id.to_owned());
                    }
                    let kind = found.map_or(place, |(kind, _)| kind);
                    *snapshot.others.entry(kind.to_owned()).or_default() += 1;
                }
            }
        }
        snapshot
    }

    /// Everything that is not as it must be at `now`; empty if all is well.
    pub fn violations(&self, now: DateTime<Utc>) -> Vec<String> {
        let now_s = now.timestamp();
        let mut violations = Vec::new();
        let standing: BTreeSet<(&str, &str, i64, Span)> = self
            .claims
            .iter()
            .map(|claim| {
                (
                    claim.id.as_str(),
                    claim.resource.as_str(),
                    claim.day,
                    claim.span,
                )
            })
            .collect();
        for booking in self.bookings.values() {
            violations.extend(booking.broken_log());
            violations.extend(self.broken_seats(booking, now_s));
            if booking.graph.takes_a_seat || !booking.holds_at(now_s) {
                continue;
            }
            for day in booking.span.days() {
                let claim = (
                    booking.id.as_str(),
                    booking.resource.as_str(),
                    day,
                    booking.span,
                );
                if !standing.contains(&claim) {
                    violations.push(format!(
                        "{booking:?} holds time and has no claim on day {day}"
                    ));
                }
            }
        }
        for held in self.reservations.values().filter(|held| now_s < held.until) {
            for day in held.span.days() {
                if !standing.contains(&(held.id.as_str(), held.resource.as_str(), day, held.span)) {
                    violations.push(format!("{held:?} stands and has no claim on day {day}"));
                }
            }
        }
        for event in self.events.values() {
            for day in event.span.days() {
                let claim = (event.id.as_str(), event.resource.as_str(), day, event.span);
                if !standing.contains(&claim) {
                    violations.push(format!("{event:?} has no claim on day {day}"));
                }
            }
        }
        let pointers: BTreeSet<_> = self.events.values().map(KeptEvent::pointer).collect();
        if pointers != self.event_pointers {
            violations.push(format!("pointers to events: {:?}", self.event_pointers));
        }
        for claim in &self.claims {
            if claim.has_lapsed_at(now_s) {
                continue;
            }
            let event = self.events.get(&claim.id);
            if claim.event.is_some() && !self.resources.contains(&claim.resource) {
                // Nobody can book it any more.
                continue;
            }
            if claim.event != event.map(|event| 1 + i64::from(event.is_all_day)) {
                violations.push(format!("{claim:?} is of the wrong kind"));
            }
            let (resource, span, until) = if let Some(event) = event {
                (&event.resource, event.span, None)
            } else if let Some(booking) = self.bookings.get(&claim.id)
                && booking.graph.holds(&booking.state)
            {
                (&booking.resource, booking.span, booking.lapses_at())
            } else if let Some(held) = self.reservations.get(&claim.id) {
                (&held.resource, held.span, Some(held.until))
            } else {
                violations.push(format!("{claim:?} is nobody's"));
                continue;
            };
            let is_right = (resource, span, until) == (&claim.resource, claim.span, claim.until)
                && span.days().any(|day| day == claim.day);
            if !is_right {
                violations.push(format!("{claim:?} is not what its owner takes"));
            }
        }
        violations.extend(self.overlaps(now_s));
        violations.extend(self.wrongly_told());
        violations
    }

    /// Panics unless all is well at `now`.
    #[track_caller]
    pub fn check(&self, now: DateTime<Utc>, context: &str) {
        let violations = self.violations(now);
        assert!(violations.is_empty(), "{context}: {violations:#?}");
    }

    /// No group has more customers than seats, and its seats are just its customers'.
    fn broken_seats(&self, booking: &KeptBooking, now_s: i64) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(owner) = booking
            .owner
            .as_ref()
            .and_then(|owner| self.bookings.get(owner))
            && booking.holds_at(now_s)
        {
            let seat = owner
                .seats
                .as_ref()
                .and_then(|(_, taken)| taken.get(&booking.id));
            if seat != Some(&booking.lapses_at()) {
                found.push(format!("{booking:?} has no such seat in {owner:?}"));
            }
        }
        if let Some((max, taken)) = &booking.seats {
            let stands =
                |until: &Option<i64>| until.is_none_or(|until| now_s < until + HOLD_GRACE_S);
            if taken.values().filter(|until| stands(until)).count() > *max {
                found.push(format!("{booking:?} has sold more seats than it has"));
            }
            for (customer, until) in taken.iter().filter(|(_, until)| stands(until)) {
                let is_held = self.bookings.get(customer).is_some_and(|customer| {
                    customer.graph.holds(&customer.state)
                        && customer.owner.as_ref() == Some(&booking.id)
                        && customer.lapses_at() == *until
                });
                if !is_held {
                    found.push(format!(
                        "{booking:?} has a seat that is nobody's: {customer}"
                    ));
                }
            }
        }
        found
    }

    /// No two of those that hold time at once conflict, unless one of them may stand over others.
    fn overlaps(&self, now_s: i64) -> Vec<String> {
        let mut by_resource: BTreeMap<&str, Vec<(&str, Span, bool)>> = BTreeMap::new();
        let bookings = self
            .bookings
            .values()
            .filter(|booking| !booking.graph.takes_a_seat && booking.holds_at(now_s));
        for booking in bookings {
            let held = (booking.id.as_str(), booking.span, booking.allows_double);
            by_resource.entry(&booking.resource).or_default().push(held);
        }
        for held in self.reservations.values().filter(|held| now_s < held.until) {
            let held_by = by_resource.entry(&held.resource).or_default();
            held_by.push((held.id.as_str(), held.span, false));
        }
        let mut found = Vec::new();
        for held in by_resource.values() {
            for (index, (one, span, may)) in held.iter().enumerate() {
                for (other, other_span, other_may) in &held[index + 1..] {
                    if !may && !other_may && span.conflicts_with(other_span) {
                        found.push(format!(
                            "double booking: {one} {span:?}, {other} {other_span:?}"
                        ));
                    }
                }
            }
        }
        found
    }

    /// What there is, without what differs between two runs of the same: ids, and how often something was changed.
    pub fn outline(&self) -> Vec<String> {
        let bookings = self
            .bookings
            .values()
            .map(|booking| format!("booking {}", outlined(&booking.record)));
        let reservations = self
            .reservations
            .values()
            .map(|held| format!("reservation {}", outlined(&held.record)));
        let events = self
            .events
            .values()
            .map(|event| format!("event {}", outlined(&event.record)));
        let claims = self.claims.iter().map(|claim| {
            format!(
                "claim day {} {:?} until {:?} event {:?}",
                claim.day, claim.span, claim.until, claim.event
            )
        });
        let others = self
            .others
            .iter()
            .map(|(kind, count)| format!("{count} × {kind}"));
        let mut outline: Vec<String> = bookings
            .chain(reservations)
            .chain(events)
            .chain(claims)
            .chain(others)
            .collect();
        let mut told: Vec<String> = self.told.iter().map(KeptTold::outlined).collect();
        told.sort();
        // What has no sequence may be changed again to the same, which is told again.
        told.dedup();
        outline.extend(told);
        outline.sort();
        outline
    }
}

impl KeptBooking {
    /// All that is kept of it.
    pub(crate) const fn record(&self) -> &Value {
        &self.record
    }

    /// The state that time has made of it.
    pub fn state_at(&self, now_s: i64) -> &str {
        self.graph
            .settled(&self.state, self.created_s, self.span.end, now_s)
    }

    /// Whether its time or seat is taken.
    pub fn holds_at(&self, now_s: i64) -> bool {
        self.graph.holds(self.state_at(now_s))
    }

    /// Until when it takes what it takes in the state it was last written in; none means for good.
    fn lapses_at(&self) -> Option<i64> {
        self.graph
            .lapses_at(&self.state, self.created_s, self.span.end)
    }

    /// Each state change begins where the last one ended and is one the graph knows; the last one ends where it stands.
    fn broken_log(&self) -> Option<String> {
        let mut state = None;
        for (from, action, to) in &self.log {
            let known = match from.as_deref() {
                // What takes another one's place is in the state that one was in.
                None if action == RESCHEDULE => self.graph.after(to, action).is_some(),
                None => (to.as_str(), action.as_str()) == self.graph.start,
                Some(from) => {
                    let automatic = self.graph.automatic.iter();
                    self.graph.after(from, action) == Some(to)
                        || automatic.into_iter().any(|row| {
                            (row.from, row.action, row.to) == (from, action.as_str(), to.as_str())
                        })
                }
            };
            if from.as_deref() != state || !known {
                return Some(format!("{self:?} has a log that cannot be"));
            }
            state = Some(to.as_str());
        }
        (state != Some(&self.state)).then(|| format!("{self:?} is not where its log ends"))
    }
}

impl KeptEvent {
    fn pointer(&self) -> (String, String, String) {
        (
            self.resource.clone(),
            self.calendar.clone(),
            self.id.clone(),
        )
    }
}

impl StandingClaim {
    /// Whether it no longer stands in anybody's way.
    fn has_lapsed_at(&self, now_s: i64) -> bool {
        self.until
            .is_some_and(|until| until + HOLD_GRACE_S <= now_s)
    }
}

fn seconds(value: &Value) -> i64 {
    instant(text(value)).timestamp()
}

fn span(record: &Value) -> Span {
    let (slot, buffers) = (&record["slot"], &record["buffers"]);
    Span {
        start: seconds(&slot["start"]),
        end: seconds(&slot["end"]),
        before: buffers["before_s"].as_i64().expect("a number"),
        after: buffers["after_s"].as_i64().expect("a number"),
    }
}

fn kept_event(record: &Value) -> KeptEvent {
    let slot = &record["slot"];
    KeptEvent {
        id: text(&record["id"]).to_owned(),
        resource: text(&record["resource_id"]).to_owned(),
        calendar: text(&record["calendar_id"]).to_owned(),
        span: Span {
            start: seconds(&slot["start"]),
            end: seconds(&slot["end"]),
            before: 0,
            after: 0,
        },
        is_all_day: record["is_all_day"] == true,
        record: record.clone(),
    }
}

fn kept_reservation(record: &Value) -> KeptReservation {
    KeptReservation {
        id: text(&record["id"]).to_owned(),
        resource: text(&record["resource_id"]).to_owned(),
        span: span(record),
        until: seconds(&record["until"]),
        record: record.clone(),
    }
}

fn seats(seats: &Value) -> Option<(usize, BTreeMap<String, Option<i64>>)> {
    let max = usize::try_from(seats["max"].as_u64()?).ok()?;
    let taken = seats["taken"].as_object().expect("seats by customer");
    let taken = taken.iter().map(|(id, until)| {
        let until = (!until.is_null()).then(|| seconds(until));
        (id.clone(), until)
    });
    Some((max, taken.collect()))
}

fn kept(record: &Value) -> KeptBooking {
    let log = record["log"].as_array().expect("a log");
    KeptBooking {
        id: text(&record["id"]).to_owned(),
        graph: GraphRow::named(text(&record["graph"])),
        state: text(&record["state"]).to_owned(),
        resource: text(&record["resource_id"]).to_owned(),
        span: span(record),
        seats: seats(&record["seats"]),
        owner: record["owner_id"].as_str().map(str::to_owned),
        allows_double: record["allow_double_bookings"] == true,
        log: log
            .iter()
            .map(|entry| {
                let from = entry["from"].as_str().map(str::to_owned);
                (
                    from,
                    text(&entry["action"]).to_owned(),
                    text(&entry["to"]).to_owned(),
                )
            })
            .collect(),
        created_s: seconds(&record["created_at"]),
        record: record.clone(),
    }
}

/// A sheet's claims: start, length, then buffers and the end of a hold where it has them; of an event its kind.
fn claims(sheet: &Value, resource: &str) -> Vec<StandingClaim> {
    let day = text(&sheet["sk"])
        .strip_prefix("day#")
        .expect("a sheet's day");
    let day = instant(&format!("{day}T00:00:00Z")).timestamp() / DAY_S;
    let claims = sheet["claims"].as_object().expect("claims");
    claims
        .iter()
        .map(|(id, numbers)| {
            let id = URL_SAFE_NO_PAD.decode(id).expect("an id");
            let numbers: Vec<i64> = numbers
                .as_array()
                .expect("numbers")
                .iter()
                .map(|number| number.as_i64().expect("a number"))
                .collect();
            let event = (numbers.len() == 3).then(|| numbers[2]);
            let of_event = event.is_some();
            let at = |index: usize| numbers.get(index).copied().filter(|_| !of_event);
            StandingClaim {
                id: Uuid::from_slice(&id).expect("an id").to_string(),
                resource: resource.to_owned(),
                day,
                span: Span {
                    start: numbers[0],
                    end: numbers[0] + numbers[1],
                    before: at(2).unwrap_or(0),
                    after: at(3).unwrap_or(0),
                },
                until: at(4),
                event,
            }
        })
        .collect()
}

/// A record as its outline has it: the store's maps are in no order.
fn outlined(record: &Value) -> Value {
    let mut record = record.clone();
    without_ids(&mut record);
    record.sort_all_objects();
    record
}

fn without_ids(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // A change that is sent twice is counted twice, and is one change all the same.
            fields.retain(|name, _| name != "id" && !name.ends_with("_id") && name != "revision");
            // Who has a seat, and which bookings belong together, is told by how many they are.
            for (name, value) in fields {
                match (name.as_str(), &mut *value) {
                    ("taken", Value::Object(taken)) => *value = taken.values().cloned().collect(),
                    ("related", Value::Array(related)) => *value = related.len().into(),
                    ("rescheduled_from" | "rescheduled_to", Value::String(_)) => {
                        *value = true.into()
                    }
                    _ => without_ids(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_ids),
        _ => {}
    }
}

#[track_caller]
fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}
