//! 100,000 random steps over all graphs, each compared with a plain model that knows nothing of the code: a list of
//! bookings, the contract's table, and what conflicts with what. The steps go through the router and the store.
//!
//! A failure names its seed and the last steps. `LATCHKEY_SEED=<seed>` runs other ones, `LATCHKEY_TIMES_LONGER=10`
//! ten times as many steps, as `make soak` does. A new operation is one more
//! arm of `World::step` and what the model makes of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, SecondsFormat};
use scheduling::clock::{Ticked, tick};
use serde_json::{Value, json};
use tests::graphs::{ACTIONS, GRAPHS, GraphRow, RESCHEDULE, State};
use tests::invariants::{HOLD_GRACE_S, Span};
use tests::{Client, Options, Reply, Simulation, instant};

/// How many steps each world takes; there are four.
const STEPS: usize = 25_000;
/// How often everything there is is compared.
const COMPARED_EVERY: usize = 500;
/// About how many bookings there are at a time.
const MANY: usize = 60;
const ROOMS: usize = 3;

const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3_600;

#[tokio::test(start_paused = true)]
async fn nothing_differs_from_the_model_in_the_first_25_000_steps() {
    World::new(0).await.run().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_differs_from_the_model_in_the_second_25_000_steps() {
    World::new(1).await.run().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_differs_from_the_model_in_the_third_25_000_steps() {
    World::new(2).await.run().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_differs_from_the_model_in_the_fourth_25_000_steps() {
    World::new(3).await.run().await;
}

/// A status that is no success, and its code.
type Refusal = (u16, &'static str);

/// What somebody wants to book.
#[derive(Clone, Debug)]
struct Wanted {
    graph: &'static GraphRow,
    room: usize,
    span: Span,
    allows_double: bool,
    min_booking_s: Option<i64>,
    min_cancel_s: Option<i64>,
    max_seats: usize,
    owner: Option<String>,
    reservation: Option<String>,
    /// How far from its start its reminders are, in seconds.
    reminders: Vec<i64>,
}

/// A booking as it must be.
#[derive(Clone, Debug)]
struct Modelled {
    wanted: Wanted,
    state: State,
    created_s: i64,
    log: Vec<(String, State)>,
    /// Until when others find taken what has lapsed, unless it was written since.
    lingers_until: Option<i64>,
    /// Which of its reminders are still to come.
    to_come: Vec<bool>,
}

/// A reservation as it must be.
#[derive(Clone, Debug)]
struct Reserved {
    room: usize,
    span: Span,
    until: i64,
}

/// Everything there must be.
#[derive(Debug, Default)]
struct Model {
    now_s: i64,
    bookings: BTreeMap<String, Modelled>,
    reservations: BTreeMap<String, Reserved>,
    /// Every reminder that was told: of which booking, and its number there.
    reminded: BTreeSet<(String, usize)>,
}

impl Modelled {
    fn takes(&self, now_s: i64) -> bool {
        self.wanted.graph.holds(self.state) || self.lingers_until.is_some_and(|until| now_s < until)
    }

    fn is_final(&self) -> bool {
        self.wanted.graph.is_final(self.state)
    }

    /// What a clock tells at `now_s`: the numbers of its reminders that have come due since the last tick, if it takes place
    /// then. What was to come before its start is not told after it.
    fn tick(&mut self, now_s: i64) -> Vec<usize> {
        // What has lapsed is written, and so given back.
        self.lingers_until = None;
        let (graph, start) = (self.wanted.graph, self.wanted.span.start);
        let is_on = !self.is_final() || graph.holds(self.state);
        let mut told = Vec::new();
        for (number, offset_s) in self.wanted.reminders.iter().enumerate() {
            if self.to_come[number] && start + offset_s <= now_s {
                self.to_come[number] = false;
                if is_on && (*offset_s >= 0 || now_s < start) {
                    told.push(number);
                }
            }
        }
        told
    }

    fn be(&mut self, action: &str, state: State) {
        self.state = state;
        self.log.push((action.to_owned(), state));
    }

    /// Takes the steps that time has taken by `now_s`.
    fn settle(&mut self, now_s: i64) {
        let Wanted { graph, span, .. } = self.wanted;
        while let Some((row, due_s)) = graph.next_automatic(self.state, self.created_s, span.end)
            && due_s <= now_s
        {
            if graph.holds(self.state) && !graph.holds(row.to) {
                self.lingers_until = Some(due_s + HOLD_GRACE_S);
            }
            self.be(row.action, row.to);
        }
    }
}

impl Model {
    fn advance(&mut self, now_s: i64) {
        self.now_s = now_s;
        for booking in self.bookings.values_mut() {
            booking.settle(now_s);
        }
        // Whoever comes so late hears nothing of it any more.
        self.reservations
            .retain(|_, held| now_s < held.until + 12 * HOUR_S);
    }

    fn tick(&mut self) {
        for (id, booking) in &mut self.bookings {
            let told = booking.tick(self.now_s);
            self.reminded
                .extend(told.into_iter().map(|number| (id.clone(), number)));
        }
    }

    /// Whether others take some of it, `except` left aside.
    fn is_taken(&self, room: usize, span: Span, except: Option<&str>) -> bool {
        let others = |id: &String| Some(id.as_str()) != except;
        let by_bookings = self
            .bookings
            .iter()
            .filter(|(id, _)| others(id))
            .any(|(_, booking)| {
                let Wanted {
                    graph,
                    room: its_room,
                    span: its,
                    ..
                } = &booking.wanted;
                !graph.takes_a_seat
                    && *its_room == room
                    && booking.takes(self.now_s)
                    && its.conflicts_with(&span)
            });
        let reservations = self.reservations.iter().filter(|(id, _)| others(id));
        by_bookings
            || reservations.into_iter().any(|(_, held)| {
                held.room == room
                    && self.now_s < held.until + HOLD_GRACE_S
                    && held.span.conflicts_with(&span)
            })
    }

    fn seats_taken(&self, owner: &str) -> usize {
        let customers = self.bookings.values();
        customers
            .filter(|booking| {
                booking.wanted.owner.as_deref() == Some(owner) && booking.takes(self.now_s)
            })
            .count()
    }

    fn check_notice(&self, start: i64, min_booking_s: Option<i64>) -> Result<(), Refusal> {
        match min_booking_s {
            Some(min_s) if self.now_s > start - min_s => Err((409, "booking_closed")),
            _ => Ok(()),
        }
    }

    fn check_create(&self, wanted: &Wanted) -> Result<(), Refusal> {
        if let Some(owner) = &wanted.owner {
            let group = self.bookings.get(owner);
            let Some(group) = group.filter(|group| group.wanted.max_seats > 0) else {
                return Err((422, "invalid"));
            };
            if group.state != "tentative" {
                return Err((409, "group_closed"));
            }
            self.check_notice(group.wanted.span.start, group.wanted.min_booking_s)?;
            return if self.seats_taken(owner) < group.wanted.max_seats {
                Ok(())
            } else {
                Err((409, "group_full"))
            };
        }
        if let Some(id) = &wanted.reservation {
            let held = self.reservations.get(id).ok_or((404, "not_found"))?;
            if self.now_s >= held.until {
                return Err((409, "reservation_lapsed"));
            }
        }
        // A group's own rules are for those who take a seat in it.
        if wanted.max_seats == 0 {
            self.check_notice(wanted.span.start, wanted.min_booking_s)?;
        }
        // What a reservation holds is its own, whoever has come to overlap it since.
        let holds = wanted.graph.holds(wanted.graph.start.0);
        let is_held = holds && wanted.reservation.is_some();
        let is_taken =
            !is_held && self.is_taken(wanted.room, wanted.span, wanted.reservation.as_deref());
        if is_taken && !wanted.allows_double {
            return Err((409, "slot_taken"));
        }
        Ok(())
    }

    fn create(&mut self, id: String, mut wanted: Wanted) {
        if let Some(reservation) = wanted.reservation.take() {
            self.reservations.remove(&reservation);
        }
        // A seat is its group's time, under its group's rules.
        if let Some(owner) = &wanted.owner {
            let group = self.bookings[owner].wanted.clone();
            wanted.room = group.room;
            wanted.span = Span {
                before: 0,
                after: 0,
                ..group.span
            };
            wanted.min_cancel_s = group.min_cancel_s;
        }
        let (state, action) = wanted.graph.start;
        self.insert(id, wanted, action, state);
    }

    fn insert(&mut self, id: String, wanted: Wanted, action: &str, state: State) {
        let now_s = self.now_s;
        let is_to_come = |offset_s: &i64| wanted.span.start + offset_s > now_s;
        let mut booking = Modelled {
            to_come: wanted.reminders.iter().map(is_to_come).collect(),
            wanted,
            state,
            created_s: self.now_s,
            log: vec![(action.to_owned(), state)],
            lingers_until: None,
        };
        booking.settle(self.now_s);
        self.bookings.insert(id, booking);
    }

    fn check_act(&self, id: &str, action: &str) -> Result<State, Refusal> {
        let booking = self.bookings.get(id).ok_or((404, "not_found"))?;
        let Wanted {
            graph, room, span, ..
        } = &booking.wanted;
        let to = graph
            .after(booking.state, action)
            .ok_or((409, "illegal_action"))?;
        let min_cancel_s = booking
            .wanted
            .min_cancel_s
            .filter(|_| action == "cancel_by_customer");
        if min_cancel_s.is_some_and(|min_s| self.now_s > span.start - min_s) {
            return Err((409, "too_late_to_cancel"));
        }
        let after = Modelled {
            state: to,
            ..booking.clone()
        };
        // What it holds already is its own, whoever has come to overlap it since.
        let needs_time = graph.holds(after.state) && !graph.holds(booking.state);
        if needs_time
            && !graph.takes_a_seat
            && !booking.wanted.allows_double
            && self.is_taken(*room, *span, Some(id))
        {
            return Err((409, "slot_taken"));
        }
        Ok(to)
    }

    fn act(&mut self, id: &str, action: &str, to: State) {
        let now_s = self.now_s;
        let booking = self.bookings.get_mut(id).expect("checked");
        booking.be(action, to);
        booking.settle(now_s);
        if booking.wanted.graph.name == "group_owner" && action == "cancel" {
            let customers = self.bookings.values_mut();
            for customer in customers.filter(|other| other.wanted.owner.as_deref() == Some(id)) {
                if !customer.is_final() {
                    customer.be("cancel_by_owner", "cancelled_by_owner");
                }
                // Whose hold has lapsed gives the seat back with it.
                customer.lingers_until = None;
            }
        }
    }

    fn check_reschedule(&self, id: &str, room: usize, span: Span) -> Result<State, Refusal> {
        let booking = self.bookings.get(id).ok_or((404, "not_found"))?;
        let to = booking.wanted.graph.after(booking.state, RESCHEDULE);
        let to = to.ok_or((409, "illegal_action"))?;
        self.check_notice(span.start, booking.wanted.min_booking_s)?;
        let stays = (room, span) == (booking.wanted.room, booking.wanted.span);
        if !stays && !booking.wanted.allows_double && self.is_taken(room, span, Some(id)) {
            return Err((409, "slot_taken"));
        }
        Ok(to)
    }

    fn check_delete(&self, id: &str) -> Result<(), Refusal> {
        let booking = self.bookings.get(id).ok_or((404, "not_found"))?;
        if booking.is_final() {
            Ok(())
        } else {
            Err((409, "conflict"))
        }
    }

    fn check_extend(&self, id: &str) -> Result<(), Refusal> {
        let held = self.reservations.get(id).ok_or((404, "not_found"))?;
        if self.now_s >= held.until {
            Err((409, "reservation_lapsed"))
        } else {
            Ok(())
        }
    }
}

/// A server, its model, and what was done to both.
struct World {
    seed: u64,
    random: fastrand::Rng,
    simulation: Simulation,
    client: Client,
    rooms: Vec<String>,
    model: Model,
    trace: VecDeque<String>,
}

impl World {
    async fn new(number: u64) -> Self {
        let first =
            std::env::var("LATCHKEY_SEED").map_or(1, |seed| seed.parse().expect("a number"));
        let seed = first + number;
        let options = Options {
            auth_cache_s: 5,
            ..Options::default()
        };
        let simulation = Simulation::start_with(seed, options).await;
        let client = simulation.instance().await.client;
        let mut rooms = Vec::new();
        for name in 0..ROOMS {
            let wanted = json!({ "name": format!("Room {name}"), "timezone": "UTC" });
            rooms.push(
                client
                    .post("/v2/resources", wanted)
                    .await
                    .expecting(201)
                    .id(),
            );
        }
        let mut model = Model::default();
        model.advance(simulation.now().timestamp());
        Self {
            seed,
            random: fastrand::Rng::with_seed(seed),
            simulation,
            client,
            rooms,
            model,
            trace: VecDeque::new(),
        }
    }

    async fn run(mut self) {
        for step in 0..STEPS * tests::times_longer() {
            self.step(step).await;
            if step % COMPARED_EVERY == COMPARED_EVERY - 1 {
                self.compare_everything().await;
            }
        }
    }

    async fn step(&mut self, step: usize) {
        self.trace.truncate(20);
        self.trace.push_front(format!("{step}: "));
        match self.random.u32(..100) {
            0..26 if self.model.bookings.len() < MANY => self.create().await,
            26..36 if self.model.bookings.len() < MANY => self.take_a_seat().await,
            36..62 => self.act().await,
            62..68 => self.reschedule().await,
            68..72 => self.reserve().await,
            72..75 => self.extend().await,
            75..80 => self.change().await,
            80..83 => self.read_one().await,
            83..88 => self.advance(),
            88..91 => self.tick().await,
            _ => self.delete().await,
        }
    }

    fn say(&mut self, what: &str) {
        self.trace[0] += what;
    }

    /// Ends the test if `is_right` is false.
    #[track_caller]
    fn require(&self, is_right: bool, what: impl FnOnce() -> String) {
        if !is_right {
            let steps: Vec<&str> = self.trace.iter().rev().map(String::as_str).collect();
            panic!("seed {}: {}\n{}", self.seed, what(), steps.join("\n"));
        }
    }

    #[track_caller]
    fn require_refused(&self, reply: &Reply, (status, code): Refusal) {
        self.require(reply.status == status && reply.body["code"] == code, || {
            format!("must be {status} {code}: {} {}", reply.status, reply.body)
        });
    }

    #[track_caller]
    fn require_status(&self, reply: &Reply, status: u16) {
        self.require(reply.status == status, || {
            format!("must be {status}: {} {}", reply.status, reply.body)
        });
    }

    /// Compares a booking that was shown with what the model has of it.
    #[track_caller]
    fn compare(&self, shown: &Value) {
        let id = shown["id"].as_str().unwrap_or_default();
        let Some(booking) = self.model.bookings.get(id) else {
            return self.require(false, || format!("{shown} must not be there"));
        };
        let Wanted {
            graph,
            room,
            span,
            max_seats,
            ..
        } = &booking.wanted;
        let at = |value: &Value| value.as_str().map(|text| instant(text).timestamp());
        let event = &shown["attributes"]["event_info"];
        let logs = shown["logs"].as_array().into_iter().flatten();
        let logs: Vec<(&str, &str)> = logs
            .map(|entry| {
                (
                    entry["action"].as_str().unwrap_or(""),
                    entry["to"].as_str().unwrap_or(""),
                )
            })
            .collect();
        let expected: Vec<(&str, &str)> = booking
            .log
            .iter()
            .map(|(action, to)| (action.as_str(), *to))
            .collect();
        let group = match max_seats {
            0 => Value::Null,
            max => json!({ "max_seats": max, "current_seats": self.model.seats_taken(id) }),
        };
        let is_same = shown["state"] == booking.state
            && shown["graph"] == graph.name
            && shown["completed"] == booking.is_final()
            && shown["resource_id"] == self.rooms[*room]
            && at(&event["start"]) == Some(span.start)
            && at(&event["end"]) == Some(span.end)
            && shown["available_actions"] == json!(graph.actions_in(booking.state))
            && shown["attributes"]["group_booking"] == group
            && logs == expected;
        self.require(is_same, || format!("must be {booking:?}: {shown}"));
    }

    async fn show(&self, id: &str) -> Reply {
        self.client.get(&format!("/v2/bookings/{id}?{SHOWN}")).await
    }

    async fn compare_everything(&mut self) {
        self.say(" everything");
        let list = self
            .client
            .get(&format!("/v2/bookings?limit=1000&{SHOWN}"))
            .await;
        self.require_status(&list, 200);
        let shown = list.body["data"].as_array().expect("bookings");
        let (found, expected) = (shown.len(), self.model.bookings.len());
        self.require(found == expected, || {
            format!("{found} bookings and not {expected}")
        });
        for booking in shown {
            self.compare(booking);
        }
        let snapshot = self.simulation.snapshot();
        let violations = snapshot.violations(self.simulation.now());
        self.require(violations.is_empty(), || format!("{violations:#?}"));
        let told = snapshot.told.iter();
        let reminders = told.filter(|told| told.kind == "booking.reminder");
        let mut reminded = BTreeSet::new();
        for told in reminders {
            let number = told.event["reminder"]
                .as_u64()
                .and_then(|n| usize::try_from(n).ok());
            let is_new = reminded.insert((told.id.clone(), number.expect("a number")));
            self.require(is_new, || format!("told twice: {told:?}"));
        }
        self.require(reminded == self.model.reminded, || {
            let other: Vec<_> = reminded
                .symmetric_difference(&self.model.reminded)
                .collect();
            format!("told or to be told, and not both: {other:?}")
        });
        for (id, held) in &self.model.reservations {
            let kept = snapshot.reservations.get(id);
            let is_same =
                kept.is_some_and(|kept| (kept.span, kept.until) == (held.span, held.until));
            self.require(is_same, || format!("must be {held:?}: {kept:?}"));
        }
    }

    async fn tick(&mut self) {
        self.say("tick");
        let (now, (store, _)) = (self.simulation.now(), self.simulation.store().await);
        let ticked = tick(&store, now, || true).await.expect("an answer");
        self.require(ticked.failed == 0, || format!("{ticked:?}"));
        self.model.tick();
        let again = tick(&store, now, || true).await.expect("an answer");
        self.require(again == Ticked::default(), || {
            format!("still due: {again:?}")
        });
    }

    fn any_booking(&mut self) -> String {
        // Once in a while it is one that is not there.
        let ids: Vec<&String> = self.model.bookings.keys().collect();
        match ids.get(self.random.usize(..ids.len() + 1)) {
            Some(id) => (*id).clone(),
            None => NOBODYS.to_owned(),
        }
    }

    fn any_reservation(&mut self) -> String {
        let ids: Vec<&String> = self.model.reservations.keys().collect();
        match ids.get(self.random.usize(..ids.len() + 1)) {
            Some(id) => (*id).clone(),
            None => NOBODYS.to_owned(),
        }
    }

    /// Some time near now: mostly later, some of it past, on quarters of an hour, once in a while over days.
    fn any_span(&mut self) -> Span {
        let quarter = 15 * MINUTE_S;
        let now = self.model.now_s.div_euclid(quarter);
        let start = (now + self.random.i64(-12..120)) * quarter;
        let length = match self.random.u32(..20) {
            0 => 30 * HOUR_S,
            _ => quarter * self.random.i64(1..10),
        };
        let mut buffer = || [0, 0, 10 * MINUTE_S, HOUR_S][self.random.usize(..4)];
        Span {
            start,
            end: start + length,
            before: buffer(),
            after: buffer(),
        }
    }

    /// Up to three reminders, up to ten hours before or after the start.
    fn any_reminders(&mut self) -> Vec<i64> {
        let many = self.random.usize(..4);
        (0..many)
            .map(|_| self.random.i64(-600..600) * MINUTE_S)
            .collect()
    }

    async fn create(&mut self) {
        let graphs: Vec<&GraphRow> = GRAPHS.iter().filter(|graph| !graph.takes_a_seat).collect();
        let graph = graphs[self.random.usize(..graphs.len())];
        let mut wanted = Wanted {
            graph,
            room: self.random.usize(..ROOMS),
            span: self.any_span(),
            allows_double: self.random.u32(..12) == 0,
            min_booking_s: (self.random.u32(..8) == 0).then_some(2 * HOUR_S),
            min_cancel_s: (self.random.u32(..4) == 0).then_some(3 * HOUR_S),
            max_seats: if graph.name == "group_owner" {
                self.random.usize(1..4)
            } else {
                0
            },
            owner: None,
            reservation: None,
            reminders: self.any_reminders(),
        };
        let mut settings = json!({
            "allow_double_bookings": wanted.allows_double,
            "buffer_before": format!("{} seconds", wanted.span.before),
            "buffer_after": format!("{} seconds", wanted.span.after),
        });
        if let Some(seconds) = wanted.min_booking_s {
            settings["min_booking_time"] = format!("{seconds} seconds").into();
        }
        if let Some(seconds) = wanted.min_cancel_s {
            settings["min_cancel_time"] = format!("{seconds} seconds").into();
        }
        if wanted.max_seats > 0 {
            settings["max_seats"] = wanted.max_seats.into();
        }
        let mut body = json!({
            "graph": graph.name,
            "what": "a",
            "where": "b",
            "customer": { "name": "c" },
            "reminders": reminders(&wanted.reminders),
        });
        if self.random.u32(..8) == 0 {
            let id = self.any_reservation();
            body["reservation_id"] = id.clone().into();
            if let Some(held) = self.model.reservations.get(&id) {
                (wanted.room, wanted.span) = (held.room, held.span);
                settings["buffer_before"] = format!("{} seconds", held.span.before).into();
                settings["buffer_after"] = format!("{} seconds", held.span.after).into();
            }
            wanted.reservation = Some(id);
        } else {
            body["resource_id"] = self.rooms[wanted.room].clone().into();
            body["start"] = text(wanted.span.start).into();
            body["end"] = text(wanted.span.end).into();
        }
        body["settings"] = settings;
        self.book(wanted, body).await;
    }

    async fn take_a_seat(&mut self) {
        let groups = self.model.bookings.iter();
        let groups: Vec<String> = groups
            .filter(|(_, group)| group.wanted.max_seats > 0)
            .map(|(id, _)| id.clone())
            .collect();
        let owner = match groups.get(self.random.usize(..groups.len() + 1)) {
            Some(id) => id.clone(),
            None => self.any_booking(),
        };
        let graphs: Vec<&GraphRow> = GRAPHS.iter().filter(|graph| graph.takes_a_seat).collect();
        let graph = graphs[self.random.usize(..graphs.len())];
        let offsets = self.any_reminders();
        let body = json!({
            "graph": graph.name,
            "related": { "owner_booking_id": owner },
            "customer": { "name": "c" },
            "reminders": reminders(&offsets),
        });
        let wanted = Wanted {
            graph,
            room: 0,
            span: self.any_span(),
            allows_double: false,
            min_booking_s: None,
            min_cancel_s: None,
            max_seats: 0,
            owner: Some(owner),
            reservation: None,
            reminders: offsets,
        };
        self.book(wanted, body).await;
    }

    async fn book(&mut self, wanted: Wanted, body: Value) {
        self.say(&format!("book {body}"));
        let expected = self.model.check_create(&wanted);
        let reply = self
            .client
            .post(&format!("/v2/bookings?{SHOWN}"), body)
            .await;
        match expected {
            Err(refusal) => self.require_refused(&reply, refusal),
            Ok(()) => {
                self.require_status(&reply, 201);
                self.model.create(reply.id(), wanted);
                self.compare(&reply.body["data"]);
            }
        }
    }

    async fn act(&mut self) {
        let id = self.any_booking();
        let legal: Vec<&str> = match self.model.bookings.get(&id) {
            Some(booking) => booking.wanted.graph.actions_in(booking.state),
            None => Vec::new(),
        };
        let legal: Vec<&str> = legal
            .into_iter()
            .filter(|action| *action != RESCHEDULE)
            .collect();
        let action = match self.random.u32(..3) {
            1.. if !legal.is_empty() => legal[self.random.usize(..legal.len())],
            _ => ACTIONS[self.random.usize(..ACTIONS.len())],
        };
        self.say(&format!("{action} {id}"));
        let expected = self.model.check_act(&id, action);
        let path = format!("/v2/bookings/{id}/{action}?{SHOWN}");
        let reply = self.client.put(&path, json!({})).await;
        match expected {
            Err(refusal) => {
                self.require_refused(&reply, refusal);
                if self.model.bookings.contains_key(&id) {
                    self.compare(&self.show(&id).await.body["data"]);
                }
            }
            Ok(to) => {
                self.require_status(&reply, 200);
                self.model.act(&id, action, to);
                self.compare(&reply.body["data"]);
                if self.random.u32(..8) == 0 {
                    let shown = self.show(&id).await;
                    self.compare(&shown.body["data"]);
                    let is_same = shown.header("etag") == reply.header("etag");
                    self.require(is_same, || {
                        "must have the tag it was answered with".to_owned()
                    });
                }
            }
        }
    }

    async fn reschedule(&mut self) {
        let id = self.any_booking();
        let (room, place) = (self.random.usize(..ROOMS), self.any_span());
        self.say(&format!("reschedule {id} to room {room}, {place:?}"));
        // The free time around it moves with it.
        let span = self.model.bookings.get(&id).map(|booking| Span {
            start: place.start,
            end: place.end,
            ..booking.wanted.span
        });
        let span = span.unwrap_or(place);
        let expected = self.model.check_reschedule(&id, room, span);
        let body = json!({
            "resource_id": self.rooms[room],
            "start": text(span.start),
            "end": text(span.end),
        });
        let path = format!("/v2/bookings/{id}/reschedule?{SHOWN}");
        let reply = self.client.post(&path, body).await;
        match expected {
            Err(refusal) => self.require_refused(&reply, refusal),
            Ok(to) => {
                self.require_status(&reply, 200);
                let left = self.model.bookings[&id].clone();
                self.model.act(&id, RESCHEDULE, to);
                let wanted = Wanted {
                    room,
                    span,
                    ..left.wanted
                };
                self.model
                    .insert(reply.id(), wanted, RESCHEDULE, left.state);
                self.compare(&reply.body["data"]);
                self.compare(&self.show(&id).await.body["data"]);
            }
        }
    }

    async fn reserve(&mut self) {
        let (room, span) = (self.random.usize(..ROOMS), self.any_span());
        let seconds = self.random.i64(1..900);
        self.say(&format!("reserve room {room}, {span:?} for {seconds} s"));
        let body = json!({
            "resource_id": self.rooms[room],
            "start": text(span.start),
            "end": text(span.end),
            "what": "a",
            "where": "b",
            "reservation_time": seconds,
            "settings": {
                "buffer_before": format!("{} seconds", span.before),
                "buffer_after": format!("{} seconds", span.after),
            },
        });
        let is_taken = self.model.is_taken(room, span, None);
        let reply = self.client.post("/v2/bookings/reserve", body).await;
        if is_taken {
            return self.require_refused(&reply, (409, "slot_taken"));
        }
        self.require_status(&reply, 201);
        let until = self.model.now_s + seconds;
        let held = Reserved { room, span, until };
        self.model.reservations.insert(reply.id(), held);
    }

    async fn extend(&mut self) {
        let id = self.any_reservation();
        let seconds = self.random.i64(1..900);
        self.say(&format!("extend {id} for {seconds} s"));
        let expected = self.model.check_extend(&id);
        let body = json!({ "reservation_id": id, "reservation_time": seconds });
        let reply = self.client.put("/v2/bookings/reserve/extend", body).await;
        match expected {
            Err(refusal) => self.require_refused(&reply, refusal),
            Ok(()) => {
                self.require_status(&reply, 200);
                let until = self.model.now_s + seconds;
                self.model.reservations.get_mut(&id).expect("checked").until = until;
            }
        }
    }

    async fn change(&mut self) {
        let id = self.any_booking();
        self.say(&format!("change {id}"));
        let body = json!({ "meta": { "a": self.random.u8(..) } });
        let reply = self
            .client
            .put(&format!("/v2/bookings/{id}?{SHOWN}"), body)
            .await;
        let Some(booking) = self.model.bookings.get_mut(&id) else {
            return self.require_refused(&reply, (404, "not_found"));
        };
        // Whatever is written gives back what has lapsed.
        booking.lingers_until = None;
        self.require_status(&reply, 200);
        self.compare(&reply.body["data"]);
    }

    async fn read_one(&mut self) {
        let id = self.any_booking();
        self.say(&format!("read {id}"));
        let reply = self.show(&id).await;
        if self.model.bookings.contains_key(&id) {
            self.require_status(&reply, 200);
            self.compare(&reply.body["data"]);
        } else {
            self.require_refused(&reply, (404, "not_found"));
        }
    }

    async fn delete(&mut self) {
        // Mostly one that can be, so that there are never very many.
        let bookings = self.model.bookings.iter();
        let over: Vec<String> = bookings
            .filter(|(_, booking)| booking.is_final())
            .map(|(id, _)| id.clone())
            .collect();
        let id = match over.get(self.random.usize(..over.len() + 1)) {
            Some(id) => id.clone(),
            None => self.any_booking(),
        };
        self.say(&format!("delete {id}"));
        let expected = self.model.check_delete(&id);
        let reply = self.client.delete(&format!("/v2/bookings/{id}")).await;
        match expected {
            Err(refusal) => self.require_refused(&reply, refusal),
            Ok(()) => {
                self.require_status(&reply, 204);
                self.model.bookings.remove(&id);
            }
        }
    }

    /// Goes on a little, or to just about the second at which something happens by itself.
    fn advance(&mut self) {
        let now_s = self.model.now_s;
        let due = self.model.bookings.values().filter_map(|booking| {
            let Wanted { graph, span, .. } = &booking.wanted;
            let next = graph.next_automatic(booking.state, booking.created_s, span.end);
            next.map(|(_, due_s)| due_s)
        });
        let lapses = self.model.reservations.values().map(|held| held.until);
        let reminders = self.model.bookings.values().flat_map(|booking| {
            let Wanted {
                reminders, span, ..
            } = &booking.wanted;
            reminders.iter().map(|offset_s| span.start + offset_s)
        });
        let notable: Vec<i64> = due
            .chain(lapses)
            .chain(reminders)
            .filter(|at| *at > now_s)
            .collect();
        let to = match self.random.u32(..4) {
            0 => now_s + self.random.i64(1..90),
            1 => now_s + self.random.i64(1..3 * HOUR_S),
            _ => match notable.iter().min() {
                Some(first) => first + self.random.i64(-1..=HOLD_GRACE_S),
                None => now_s + HOUR_S,
            },
        };
        let to = to.max(now_s);
        self.say(&format!("go on to {}", text(to)));
        self.simulation.clock.set(at(to));
        self.model.advance(to);
    }
}

/// Reminders as a request has them.
fn reminders(offsets_s: &[i64]) -> Value {
    let reminders = offsets_s.iter().map(|offset_s| {
        let kind = if *offset_s < 0 { "before" } else { "after" };
        json!({
            "type": "webhook",
            "settings": { "url": "https://example.com/reminders" },
            "when": { "type": kind, "unit": "secs", "time": offset_s.abs() },
        })
    });
    reminders.collect()
}

/// What answers show, so that as much as possible is compared.
const SHOWN: &str = "include=logs,available_actions";

/// An id that nothing has.
const NOBODYS: &str = "00000000-0000-4000-8000-00000000dead";

fn at(seconds: i64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(seconds, 0).expect("an instant")
}

fn text(seconds: i64) -> String {
    at(seconds).to_rfc3339_opts(SecondsFormat::Secs, true)
}
