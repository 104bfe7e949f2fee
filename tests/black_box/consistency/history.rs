//! Eight clients book, confirm, call off, reschedule, reserve and join groups at random, each through an instance of its
//! own, on one store whose calls take a random time. What they asked and heard is recorded, and the record is replayed:
//! what was acknowledged never overlaps, nothing acknowledged is lost, no seat is sold twice, and nobody was refused time
//! or a seat that was free throughout.
//!
//! A failure names its seed; `LATCHKEY_SEED=<seed>` runs another one, `LATCHKEY_TIMES_LONGER=10` one that is
//! ten times as long, as `make soak` does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use tests::invariants::{Snapshot, Span};
use tests::{Client, Random, Reply, Simulation, instant};

const CLIENTS: u64 = 8;
const STEPS: usize = 220;
/// The first midnight that times lie around.
const MIDNIGHT: &str = "2026-12-01T00:00:00Z";
const ROOMS: usize = 3;
/// Around each room's times lie midnights: bookings start every quarter of an hour in these days.
const DAYS: u64 = 5;
const QUARTER_S: i64 = 900;

/// The order of everything that happened, by one counter.
#[derive(Default)]
struct Order(AtomicU64);

impl Order {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// From when until when something was held: surely while it was acknowledged, possibly from asking for it to hearing
/// that it is gone.
#[derive(Clone, Debug)]
struct Held {
    place: String,
    span: Span,
    possibly: (u64, u64),
    surely: (u64, u64),
}

/// Somebody was refused `span`, or a seat of the group, between these two moments.
#[derive(Clone, Debug)]
struct Refused {
    place: String,
    span: Span,
    asked: (u64, u64),
    /// What was given up at the same time, and so cannot have been in the way.
    but_for: Option<String>,
}

#[derive(Default)]
pub(crate) struct Record {
    times: BTreeMap<String, Held>,
    seats: BTreeMap<String, Held>,
    no_time: Vec<Refused>,
    no_seat: Vec<Refused>,
    groups: Vec<(String, usize)>,
    slots_asked_for: usize,
}

const FOREVER: u64 = u64::MAX;

impl Held {
    fn since(place: &str, span: Span, asked: (u64, u64)) -> Self {
        Self {
            place: place.to_owned(),
            span,
            possibly: (asked.0, FOREVER),
            surely: (asked.1, FOREVER),
        }
    }

    fn until(&mut self, asked: (u64, u64)) {
        self.surely.1 = asked.0;
        self.possibly.1 = asked.1;
    }
}

fn meet(one: (u64, u64), other: (u64, u64)) -> bool {
    one.0 < other.1 && other.0 < one.1
}

/// One of the clients.
struct Walker {
    client: Client,
    random: Random,
    order: Arc<Order>,
    record: Arc<Mutex<Record>>,
    rooms: Arc<Vec<String>>,
    midnight: DateTime<Utc>,
    /// Its own bookings that may be acted on, with their graph.
    own: Vec<(String, &'static str)>,
    /// Its own reservations.
    reserved: Vec<String>,
    /// Its own seats.
    seated: Vec<String>,
}

impl Walker {
    async fn walk(mut self, steps: usize) {
        for _ in 0..steps {
            match self.random.below(16) {
                0..=7 => self.book().await,
                8 => self.confirm().await,
                9 | 10 => self.cancel().await,
                11 | 12 => self.reschedule().await,
                13 => self.reserve().await,
                14 => self.book_reserved().await,
                _ => self.take_or_leave_a_seat().await,
            }
        }
    }

    fn somewhere(&self) -> (String, Span) {
        let room = self.rooms[self.random.below(ROOMS as u64) as usize].clone();
        let start = self.midnight.timestamp() + self.random.below(DAYS * 96) as i64 * QUARTER_S;
        let length = (1 + self.random.below(8)) as i64 * QUARTER_S;
        let buffer = |random: &Random| random.below(3) as i64 * QUARTER_S;
        let span = Span {
            start,
            end: start + length,
            before: buffer(&self.random),
            after: buffer(&self.random),
        };
        self.record.lock().expect("a record").slots_asked_for += 1;
        (room, span)
    }

    async fn send(&self, path: &str, body: Value) -> (Reply, (u64, u64)) {
        let asked = self.order.next();
        let is_action = path.matches('/').count() == 4 && !path.ends_with("reschedule");
        let reply = if is_action {
            self.client.put(path, body).await
        } else {
            self.client.post(path, body).await
        };
        let heard = self.order.next();
        assert!(
            [200, 201, 409].contains(&reply.status),
            "{path}: {} {}",
            reply.status,
            reply.body
        );
        (reply, (asked, heard))
    }

    fn refused(
        &self,
        reply: &Reply,
        place: &str,
        span: Span,
        asked: (u64, u64),
        but_for: Option<&str>,
    ) {
        assert_eq!(reply.body["code"], "slot_taken", "{}", reply.body);
        self.record.lock().expect("a record").no_time.push(Refused {
            place: place.to_owned(),
            span,
            asked,
            but_for: but_for.map(str::to_owned),
        });
    }

    fn holds(&self, id: &str, place: &str, span: Span, asked: (u64, u64)) {
        let held = Held::since(place, span, asked);
        let mut record = self.record.lock().expect("a record");
        record.times.insert(id.to_owned(), held);
    }

    fn gives_back(&self, id: &str, asked: (u64, u64)) {
        let mut record = self.record.lock().expect("a record");
        if let Some(held) = record.times.get_mut(id) {
            held.until(asked);
        }
    }

    async fn book(&mut self) {
        let (room, span) = self.somewhere();
        let graphs = ["instant", "instant", "confirm_decline", "group_owner"];
        let graph = graphs[self.random.below(4) as usize];
        let mut body = wanted(&room, span, graph);
        let seats = 1 + self.random.below(3);
        if graph == "group_owner" {
            body["settings"]["max_seats"] = seats.into();
        }
        let (reply, asked) = self.send("/v2/bookings", body).await;
        if reply.status == 409 {
            return self.refused(&reply, &room, span, asked, None);
        }
        let id = reply.id();
        if graph != "confirm_decline" {
            self.holds(&id, &room, span, asked);
        }
        if graph == "group_owner" {
            let group = (id, seats as usize);
            self.record.lock().expect("a record").groups.push(group);
        } else {
            self.own.push((id, graph));
        }
    }

    /// Confirms a tentative booking, whose time it did not hold so far.
    async fn confirm(&mut self) {
        let tentative = self
            .own
            .iter()
            .position(|(_, graph)| *graph == "confirm_decline");
        let Some(at) = tentative else { return };
        let id = self.own[at].0.clone();
        let shown = self
            .client
            .get(&format!("/v2/bookings/{id}?include=meta"))
            .await;
        let (room, span) = place_of(&shown.body["data"]);
        let path = format!("/v2/bookings/{id}/confirm");
        let (reply, asked) = self.send(&path, json!({})).await;
        if reply.status == 409 {
            self.refused(&reply, &room, span, asked, None);
            self.own.swap_remove(at);
        } else {
            self.own[at].1 = "confirmed";
            self.holds(&id, &room, span, asked);
        }
    }

    fn own_that_holds(&self) -> Option<usize> {
        let holding = |(at, (_, graph)): (usize, &(String, &str))| {
            (*graph != "confirm_decline").then_some(at)
        };
        let all: Vec<usize> = self.own.iter().enumerate().filter_map(holding).collect();
        (!all.is_empty()).then(|| all[self.random.below(all.len() as u64) as usize])
    }

    async fn cancel(&mut self) {
        let Some(at) = self.own_that_holds() else {
            return;
        };
        let (id, _) = self.own.swap_remove(at);
        let path = format!("/v2/bookings/{id}/cancel");
        let (reply, asked) = self.send(&path, json!({})).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        self.gives_back(&id, asked);
    }

    async fn reschedule(&mut self) {
        let Some(at) = self.own_that_holds() else {
            return;
        };
        let id = self.own[at].0.clone();
        let (room, span) = self.somewhere();
        // It keeps the buffers it has.
        let kept = {
            let record = self.record.lock().expect("a record");
            record.times[&id].span
        };
        let span = Span {
            before: kept.before,
            after: kept.after,
            ..span
        };
        let body = json!({ "start": text(span.start), "end": text(span.end), "resource_id": room });
        let path = format!("/v2/bookings/{id}/reschedule");
        let (reply, asked) = self.send(&path, body).await;
        if reply.status == 409 {
            return self.refused(&reply, &room, span, asked, Some(&id));
        }
        self.gives_back(&id, asked);
        self.holds(&reply.id(), &room, span, asked);
        self.own[at].0 = reply.id();
    }

    async fn reserve(&mut self) {
        let (room, span) = self.somewhere();
        let mut body = wanted(&room, span, "instant");
        body["reservation_time"] = 86_400.into();
        let (reply, asked) = self.send("/v2/bookings/reserve", body).await;
        if reply.status == 409 {
            return self.refused(&reply, &room, span, asked, None);
        }
        self.holds(&reply.id(), &room, span, asked);
        self.reserved.push(reply.id());
    }

    /// Makes a booking of a reservation: nobody can come in between.
    async fn book_reserved(&mut self) {
        let Some(reservation) = self.reserved.pop() else {
            return;
        };
        let body = json!({ "reservation_id": reservation });
        let (reply, asked) = self.send("/v2/bookings", body).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let held = self.record.lock().expect("a record").times[&reservation].clone();
        self.gives_back(&reservation, asked);
        self.holds(&reply.id(), &held.place, held.span, asked);
        self.own.push((reply.id(), "instant"));
    }

    async fn take_or_leave_a_seat(&mut self) {
        if self.random.below(3) == 0
            && let Some(seat) = self.seated.pop()
        {
            let path = format!("/v2/bookings/{seat}/cancel_by_customer");
            let (reply, asked) = self.send(&path, json!({})).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            let mut record = self.record.lock().expect("a record");
            record.seats.get_mut(&seat).expect("its seat").until(asked);
            return;
        }
        let group = {
            let record = self.record.lock().expect("a record");
            // The newest few are where everybody goes.
            let many = record.groups.len().min(3);
            if many == 0 {
                return;
            }
            let at = record.groups.len() - 1 - self.random.below(many as u64) as usize;
            record.groups[at].0.clone()
        };
        let body = json!({
            "graph": "group_customer", "related": { "owner_booking_id": group }, "customer": { "name": "Marty" },
        });
        let (reply, asked) = self.send("/v2/bookings", body).await;
        let mut record = self.record.lock().expect("a record");
        let nowhen = Span {
            start: 0,
            end: 0,
            before: 0,
            after: 0,
        };
        if reply.status == 409 {
            assert_eq!(reply.body["code"], "group_full", "{}", reply.body);
            record.no_seat.push(Refused {
                place: group,
                span: nowhen,
                asked,
                but_for: None,
            });
        } else {
            let seat = Held::since(&group, nowhen, asked);
            record.seats.insert(reply.id(), seat);
            self.seated.push(reply.id());
        }
    }
}

fn text(at_s: i64) -> String {
    let at = DateTime::from_timestamp(at_s, 0).expect("an instant");
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn wanted(room: &str, span: Span, graph: &str) -> Value {
    let minutes = |seconds: i64| format!("{} minutes", seconds / 60);
    let mut body = tests::booking(room, graph, &text(span.start), &text(span.end));
    body["settings"] =
        json!({ "buffer_before": minutes(span.before), "buffer_after": minutes(span.after) });
    // Buffers stand in no view, so they go along where they can be read back.
    body["meta"] = json!({ "before": span.before, "after": span.after });
    body
}

fn place_of(shown: &Value) -> (String, Span) {
    let info = &shown["attributes"]["event_info"];
    let at = |name: &str| instant(info[name].as_str().expect("an instant")).timestamp();
    let meta = |name: &str| shown["meta"][name].as_i64().unwrap_or_default();
    let span = Span {
        start: at("start"),
        end: at("end"),
        before: meta("before"),
        after: meta("after"),
    };
    let room = shown["resource_id"].as_str().expect("a room");
    (room.to_owned(), span)
}

/// Clients that race for the time of a few rooms.
pub(crate) struct Race {
    /// Each with a way to the API of its own.
    pub(crate) clients: Vec<Client>,
    /// The first midnight that times lie around.
    pub(crate) midnight: DateTime<Utc>,
    /// How many things each client does.
    pub(crate) steps: usize,
    pub(crate) seed: u64,
}

impl Race {
    /// Runs it, and answers what was asked and heard.
    pub(crate) async fn run(self) -> Record {
        eprintln!("LATCHKEY_SEED={}", self.seed);
        let mut rooms = Vec::new();
        for number in 0..ROOMS {
            let room = json!({ "name": format!("Room {number}"), "timezone": "UTC" });
            let made = self.clients[0].post("/v2/resources", room).await;
            rooms.push(made.expecting(201).id());
        }
        let (rooms, order, record) = (
            Arc::new(rooms),
            Arc::<Order>::default(),
            Arc::<Mutex<Record>>::default(),
        );
        let mut walkers = Vec::new();
        for (number, client) in (0..).zip(self.clients) {
            let walker = Walker {
                client,
                random: Random::of(self.seed * 100 + number),
                order: order.clone(),
                record: record.clone(),
                rooms: rooms.clone(),
                midnight: self.midnight,
                own: Vec::new(),
                reserved: Vec::new(),
                seated: Vec::new(),
            };
            walkers.push(tokio::spawn(walker.walk(self.steps)));
        }
        for walker in walkers {
            walker.await.expect("a walk");
        }
        std::mem::take(&mut *record.lock().expect("a record"))
    }
}

/// The seed of the run.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("LATCHKEY_SEED").ok();
    seed.map_or(1955, |seed| seed.parse().expect("a number"))
}

impl Record {
    /// Nothing in it contradicts what is kept now.
    pub(crate) fn check_against(&self, snapshot: &Snapshot, now: DateTime<Utc>) {
        self.check();
        // It was a race at all.
        assert!(self.no_time.len() > 50 && !self.no_seat.is_empty());
        // Nothing acknowledged is lost, and what is kept says the same as the record.
        snapshot.check(now, "after the race");
        let claims = snapshot.claims.iter();
        let standing: BTreeSet<&str> = claims.map(|claim| claim.id.as_str()).collect();
        let kept = self.times.iter();
        for (id, _) in kept.filter(|(_, held)| held.surely.1 == FOREVER) {
            assert!(
                standing.contains(id.as_str()),
                "{id} was acknowledged, and is lost"
            );
        }
    }

    fn check(&self) {
        let times: Vec<(&String, &Held)> = self.times.iter().collect();
        for (at, (id, one)) in times.iter().enumerate() {
            for (other_id, other) in &times[at + 1..] {
                let conflict = one.place == other.place && one.span.conflicts_with(&other.span);
                assert!(
                    !conflict || !meet(one.surely, other.surely),
                    "{id} and {other_id} overlap: {one:?} {other:?}"
                );
            }
        }
        for refused in &self.no_time {
            let was_free = !self.times.iter().any(|(id, held)| {
                refused.but_for.as_ref() != Some(id)
                    && held.place == refused.place
                    && held.span.conflicts_with(&refused.span)
                    && meet(held.possibly, refused.asked)
            });
            assert!(!was_free, "free throughout, and refused: {refused:?}");
        }
        for (group, max) in &self.groups {
            let seats: Vec<&Held> = self
                .seats
                .values()
                .filter(|seat| seat.place == *group)
                .collect();
            // The most there are at once, there are when one of them begins.
            let at = |moment: u64, of: fn(&Held) -> (u64, u64)| {
                let count = seats
                    .iter()
                    .filter(|seat| meet(of(seat), (moment, moment + 1)));
                count.count()
            };
            for seat in &seats {
                let sold = at(seat.surely.0, |seat| seat.surely);
                assert!(sold <= *max, "{group} has {max} seats and sold {sold}");
            }
            for refused in self
                .no_seat
                .iter()
                .filter(|refused| refused.place == *group)
            {
                let possibly = seats
                    .iter()
                    .filter(|seat| meet(seat.possibly, refused.asked));
                assert!(
                    possibly.count() >= *max,
                    "there was a seat, and it was refused: {refused:?}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_history_of_eight_clients_can_be_replayed_without_a_contradiction() {
    let seed = seed();
    let simulation = Simulation::start(seed).await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(simulation.distant_instance().await.client);
    }
    let race = Race {
        clients,
        midnight: instant(MIDNIGHT),
        steps: STEPS * tests::times_longer(),
        seed,
    };
    let record = race.run().await;
    let slots = record.slots_asked_for;
    assert!(slots >= 1_000, "{slots}");
    record.check_against(&simulation.snapshot(), simulation.now());
}
