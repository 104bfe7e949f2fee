//! Every write operation, failed at each of its calls to the store in every way there is. Whatever happens, it
//! is done or not done; an outage of ours is 503; and a client that tries again ends where an undisturbed
//! request ends. A new operation is one more test: what must be there first, and the request.

use chrono::TimeDelta;
use http::Method;
use local::demo::LIVE_APP;
use serde_json::{Value, json};
use store::{Due, SHARDS};
use tests::{Client, Fault, Instance, Lasting, Reply, Simulation, TestServer, booking};

/// The request that is disturbed.
#[derive(Clone, Debug)]
struct Request {
    method: Method,
    path: String,
    body: Value,
}

impl Request {
    fn post(path: impl Into<String>, body: Value) -> Self {
        let path = path.into();
        let method = Method::POST;
        Self { method, path, body }
    }

    fn put(path: impl Into<String>, body: Value) -> Self {
        let method = Method::PUT;
        Self {
            method,
            ..Self::post(path, body)
        }
    }

    fn delete(path: impl Into<String>) -> Self {
        let method = Method::DELETE;
        Self {
            method,
            ..Self::post(path, Value::Null)
        }
    }

    async fn send(&self, client: &Client) -> Reply {
        let client = client.header("idempotency-key", "crash-point");
        let body = match &self.body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        client.send(self.method.clone(), &self.path, &body).await
    }
}

/// What there is in the app, without ids.
type Outline = Vec<String>;

/// What is there before the request.
struct Stage {
    simulation: Simulation,
    client: Client,
}

impl Stage {
    async fn room(&self) -> String {
        room(&self.client).await
    }

    /// Makes a booking at a time that touches two days and answers its id.
    async fn booked(&self, graph: &str) -> String {
        self.made(own_time(&self.room().await, graph)).await
    }

    async fn made(&self, wanted: Value) -> String {
        let made = self.client.post("/v2/bookings", wanted).await;
        made.expecting(201).id()
    }

    async fn reserved(&self) -> String {
        let path = "/v2/bookings/reserve";
        let made = self.client.post(path, held(&self.room().await)).await;
        made.expecting(201).id()
    }

    /// A group with one customer in it: the group's id and the customer's booking's.
    async fn group(&self, graph: &str) -> (String, String) {
        let owner = self.booked("group_owner").await;
        let customer = self.made(seat(&owner, graph)).await;
        (owner, customer)
    }

    /// Two bookings that are changed together.
    async fn related(&self) -> Value {
        let mut wanted = two(&self.room().await, &self.room().await);
        wanted["relate_bookings"] = true.into();
        let made = self.client.post("/v2/bookings/bulk", wanted).await;
        made.expecting(201).body["data"].clone()
    }

    async fn act(&self, id: &str, action: &str) {
        let path = format!("/v2/bookings/{id}/{action}");
        self.client.put(&path, json!({})).await.expecting(200);
    }
}

async fn room(client: &Client) -> String {
    let wanted = json!({ "name": "Room", "timezone": "UTC" });
    client
        .post("/v2/resources", wanted)
        .await
        .expecting(201)
        .id()
}

/// It goes on after midnight, so that two sheets take part.
fn own_time(room: &str, graph: &str) -> Value {
    let mut wanted = booking(room, graph, "2026-12-01T23:00:00Z", "2026-12-02T01:00:00Z");
    if graph == "group_owner" {
        wanted["settings"] = json!({ "max_seats": 2 });
    }
    wanted
}

fn seat(owner: &str, graph: &str) -> Value {
    let customer = json!({ "name": "Marty McFly", "email": "marty.mcfly@timekit.io" });
    json!({ "graph": graph, "related": { "owner_booking_id": owner }, "customer": customer })
}

fn held(room: &str) -> Value {
    let mut wanted = own_time(room, "instant");
    wanted["reservation_time"] = 60.into();
    wanted
}

fn two(one: &str, other: &str) -> Value {
    json!({ "bookings": [own_time(one, "instant"), own_time(other, "instant")] })
}

fn acted_on(bookings: &Value, action: &str) -> Value {
    let bookings = bookings.as_array().expect("bookings").iter();
    let each = bookings.map(|booking| json!({ "id": booking["id"], "action": action }));
    json!({ "bookings": each.collect::<Vec<_>>() })
}

/// How the request ends when nothing fails.
struct Undisturbed {
    request: Request,
    before: Outline,
    after: Outline,
    status: u16,
    calls: Vec<String>,
}

impl Undisturbed {
    async fn of(base: &Simulation, request: Request) -> Self {
        let simulation = base.fork();
        let instance = simulation.instance().await;
        let reply = request.send(&instance.client).await;
        assert!((200..300).contains(&reply.status), "{}", reply.body);
        let snapshot = simulation.snapshot();
        snapshot.check(simulation.now(), "undisturbed");
        let (before, after) = (base.snapshot().outline(), snapshot.outline());
        assert_ne!(before, after, "the operation writes nothing");
        Self {
            request,
            before,
            after,
            status: reply.status,
            calls: instance.faults.calls(),
        }
    }

    /// Checks what there is after a disturbed request, and that its answer did not claim otherwise. Answers whether it
    /// was carried out.
    fn check(&self, simulation: &Simulation, reply: &Reply, steps: Steps, context: &str) -> bool {
        let snapshot = simulation.snapshot();
        snapshot.check(simulation.now(), context);
        let outline = snapshot.outline();
        let is_done = outline == self.after;
        if !is_done && steps == Steps::One {
            assert_eq!(outline, self.before, "{context}: half done");
        }
        let is_ours =
            reply.status == 503 || (reply.status == 409 && reply.body["code"] == "outcome_unknown");
        if is_ours {
            assert!(reply.header("retry-after").is_some(), "{context}");
        } else if steps == Steps::One || reply.status != 207 {
            assert_eq!(reply.status, self.status, "{context}: {}", reply.body);
            assert!(is_done, "{context}: not done, and said to be");
        }
        is_done
    }

    /// Sends the request again, as a client does that was not answered, and checks that it is then done once.
    async fn try_again(
        &self,
        simulation: &Simulation,
        client: &Client,
        (steps, done): (Steps, bool),
        context: &str,
    ) {
        let reply = self.request.send(client).await;
        if self.request.method == Method::POST {
            assert_eq!(reply.status, self.status, "{context}: {}", reply.body);
            let is_replayed = reply.header("idempotency-replayed").is_some();
            // Of many, all may have been made before the answer could be kept.
            let may_differ = steps == Steps::Many && !is_replayed;
            assert!(
                is_replayed == done || may_differ,
                "{context}: {}",
                reply.body
            );
        } else if done {
            // What is done cannot be done again: it is refused, or makes no difference.
            assert!(reply.status < 500, "{context}: {}", reply.body);
        } else {
            assert!(reply.status < 300, "{context}: {}", reply.body);
        }
        let snapshot = simulation.snapshot();
        snapshot.check(simulation.now(), context);
        assert_eq!(snapshot.outline(), self.after, "{context}: not done once");
    }
}

/// In how many transactions an operation is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Steps {
    /// All or nothing.
    One,
    /// One for each booking: a request that broke off goes on when it is sent again.
    Many,
}

/// Disturbs the request that `prepare` makes ready, at every call and in every way there is.
async fn survives_every_crash_point(prepare: impl AsyncFn(&Stage) -> Request) {
    survives(Steps::One, prepare).await;
}

async fn survives(steps: Steps, prepare: impl AsyncFn(&Stage) -> Request) {
    let simulation = Simulation::start(1).await;
    let behind = simulation.engine.copy();
    let client = simulation.instance().await.client;
    let stage = Stage { simulation, client };
    let request = prepare(&stage).await;
    let base = stage.simulation;
    let undisturbed = Undisturbed::of(&base, request).await;
    let calls = &undisturbed.calls;
    assert!(
        calls.contains(&"TransactWriteItems".to_owned()),
        "{calls:?}"
    );
    for (call, action) in calls.iter().enumerate() {
        for (fault, lasting) in faults_at(action) {
            let context = format!("{fault:?} {lasting:?} at call {call}, {action}");
            let simulation = base.fork();
            let Instance { client, faults } = simulation.instance().await;
            faults.inject(call, fault, lasting);
            let reply = undisturbed.request.send(&client).await;
            assert!(faults.has_struck(), "{context}: never made");
            let is_done = undisturbed.check(&simulation, &reply, steps, &context);
            all_that_was_told_is_due(&simulation, &context).await;
            faults.heal();
            // An instance that lost the store for good is gone; a hiccup must leave nothing behind in it.
            let client = match lasting {
                Lasting::Once => client,
                Lasting::FromThere => simulation.instance().await.client,
            };
            let again = undisturbed.try_again(&simulation, &client, (steps, is_done), &context);
            again.await;
        }
    }
    let simulation = base.fork();
    let Instance { client, faults } = simulation.instance().await;
    faults.lag_indexes(behind);
    let reply = undisturbed.request.send(&client).await;
    let context = "with indexes that lag";
    assert!(undisturbed.check(&simulation, &reply, steps, context));
}

/// Workers find every change that was committed, and nothing else: what they do with it is in `webhooks::workers`.
async fn all_that_was_told_is_due(simulation: &Simulation, context: &str) {
    let (store, _) = simulation.store().await;
    let mut due = Vec::new();
    for shard in 0..SHARDS {
        let rows = store.list_due_told(shard, simulation.now(), 1_000).await;
        due.extend(rows.expect("rows"));
    }
    let mut events = 0;
    for (_, due) in due {
        let Due::Told { app: LIVE_APP, id } = due else {
            continue;
        };
        let told = store.get_due_told(LIVE_APP, id).await.expect("an answer");
        events += told.expect("it is due").len();
    }
    assert_eq!(events, simulation.snapshot().told.len(), "{context}");
}

/// How a call can fail, and for how long. Being throttled for good is an outage like any other.
fn faults_at(action: &str) -> impl Iterator<Item = (Fault, Lasting)> {
    let faults = Fault::ALL.into_iter().flat_map(|fault| {
        let lasting: &[Lasting] = match fault {
            Fault::Refused | Fault::Unheard | Fault::Conflict => {
                &[Lasting::Once, Lasting::FromThere]
            }
            Fault::Throttled | Fault::ThrottledInPart => &[Lasting::Once],
            // No weather: the store would have to be broken.
            Fault::Rejected => &[],
        };
        lasting.iter().map(move |lasting| (fault, *lasting))
    });
    faults.filter(move |(fault, _)| fault.can_strike(action))
}

#[tokio::test(start_paused = true)]
async fn an_instant_booking_is_made_once() {
    survives_every_crash_point(async |stage| {
        Request::post("/v2/bookings", own_time(&stage.room().await, "instant"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_tentative_booking_is_made_once() {
    survives_every_crash_point(async |stage| {
        Request::post(
            "/v2/bookings",
            own_time(&stage.room().await, "confirm_decline"),
        )
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_booking_to_be_paid_for_is_made_once() {
    survives_every_crash_point(async |stage| {
        Request::post(
            "/v2/bookings",
            own_time(&stage.room().await, "instant_payment"),
        )
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_group_is_made_once() {
    survives_every_crash_point(async |stage| {
        Request::post("/v2/bookings", own_time(&stage.room().await, "group_owner"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_seat_is_taken_once() {
    survives_every_crash_point(async |stage| {
        let owner = stage.booked("group_owner").await;
        Request::post("/v2/bookings", seat(&owner, "group_customer"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_seat_to_be_paid_for_is_taken_once() {
    survives_every_crash_point(async |stage| {
        let owner = stage.booked("group_owner").await;
        Request::post("/v2/bookings", seat(&owner, "group_customer_payment"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_takes_the_time_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.booked("confirm_decline").await;
        Request::post(format!("/v2/bookings/{id}/confirm"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_written_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.booked("confirm_decline").await;
        Request::put(format!("/v2/bookings/{id}/decline"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_payment_is_written_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.booked("instant_payment").await;
        Request::post(format!("/v2/bookings/{id}/pay"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_gives_the_time_back_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.booked("instant").await;
        Request::put(format!("/v2/bookings/{id}/cancel"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_seat_is_given_back_once() {
    survives_every_crash_point(async |stage| {
        let (_, seat) = stage.group("group_customer").await;
        Request::post(format!("/v2/bookings/{seat}/cancel_by_customer"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_seat_is_paid_for_once() {
    survives_every_crash_point(async |stage| {
        let (_, seat) = stage.group("group_customer_payment").await;
        Request::post(format!("/v2/bookings/{seat}/pay"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_group_is_called_off_with_its_customers_once() {
    survives_every_crash_point(async |stage| {
        let (owner, _) = stage.group("group_customer").await;
        Request::post(format!("/v2/bookings/{owner}/cancel"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_step_that_time_took_is_written_with_the_next_change_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.booked("instant_payment").await;
        stage.simulation.clock.advance(TimeDelta::minutes(5));
        Request::put(format!("/v2/bookings/{id}"), json!({ "meta": { "a": 1 } }))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_booking_is_rescheduled_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.booked("instant").await;
        // It overlaps the time that is given back, and a third sheet takes part.
        let place = json!({ "start": "2026-12-02T00:00:00Z", "end": "2026-12-03T02:00:00Z" });
        Request::post(format!("/v2/bookings/{id}/reschedule"), place)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_booking_is_rescheduled_to_another_resource_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.booked("instant").await;
        let mut place = own_time(&stage.room().await, "instant");
        place["message"] = "Rather here.".into();
        Request::post(format!("/v2/bookings/{id}/reschedule"), place)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_slot_is_reserved_once() {
    survives_every_crash_point(async |stage| {
        Request::post("/v2/bookings/reserve", held(&stage.room().await))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reservation_is_extended_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.reserved().await;
        let wanted = json!({ "reservation_id": id, "reservation_time": 600 });
        Request::put("/v2/bookings/reserve/extend", wanted)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reservation_becomes_a_booking_once() {
    survives_every_crash_point(async |stage| {
        let wanted = json!({
            "reservation_id": stage.reserved().await,
            "graph": "instant",
            "customer": { "name": "Marty McFly" },
        });
        Request::post("/v2/bookings", wanted)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn many_bookings_are_made_once_each() {
    survives(Steps::Many, async |stage| {
        Request::post(
            "/v2/bookings/bulk",
            two(&stage.room().await, &stage.room().await),
        )
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn many_bookings_are_made_together_or_not_at_all() {
    survives_every_crash_point(async |stage| {
        let mut wanted = two(&stage.room().await, &stage.room().await);
        wanted["delete_all_on_error"] = true.into();
        Request::post("/v2/bookings/bulk", wanted)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn many_bookings_are_acted_on_once_each() {
    survives(Steps::Many, async |stage| {
        let bookings = stage.related().await;
        let mut wanted = acted_on(&bookings, "cancel");
        for booking in wanted["bookings"].as_array_mut().expect("bookings") {
            booking["apply_to_bulked_bookings"] = false.into();
        }
        Request::put("/v2/bookings/bulk", wanted)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn related_bookings_are_acted_on_together_or_not_at_all() {
    survives_every_crash_point(async |stage| {
        let bookings = stage.related().await;
        let id = bookings[0]["id"].as_str().expect("an id");
        Request::post(format!("/v2/bookings/{id}/cancel"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_booking_is_changed_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.booked("instant").await;
        Request::put(format!("/v2/bookings/{id}"), json!({ "meta": { "a": 1 } }))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_booking_called_off_is_deleted_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.booked("instant").await;
        stage.act(&id, "cancel").await;
        Request::delete(format!("/v2/bookings/{id}"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_completed_booking_is_deleted_with_its_time_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.booked("instant").await;
        stage.act(&id, "complete").await;
        Request::delete(format!("/v2/bookings/{id}"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_resource_is_made_once() {
    survives_every_crash_point(async |stage| {
        let _ = stage;
        let wanted = json!({ "name": "Room", "timezone": "UTC", "email": "room@example.com" });
        Request::post("/v2/resources", wanted)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_resource_is_deleted_once() {
    survives_every_crash_point(async |stage| {
        let id = stage.room().await;
        Request::delete(format!("/v2/resources/{id}"))
    })
    .await;
}

#[tokio::test]
async fn a_call_that_fails_over_a_real_connection_is_made_again_and_counted_once() {
    let mut server = TestServer::start().await;
    let (base, faults) = server.faulty_instance().await;
    let client = server.app().at(&base);
    let room = room(&client).await;
    faults.inject(0, Fault::Refused, Lasting::Once);
    let wanted = own_time(&room, "instant");
    client.post("/v2/bookings", wanted).await.expecting(201);
    assert!(faults.has_struck());
    let list = format!("/v2/bookings?search=resource.id:{room}");
    assert_eq!(server.app().get(&list).await.body["total"], 1);
}

fn two_days(room: &str) -> Value {
    json!({
        "resource_id": room, "start": "2026-12-01T23:00:00Z", "end": "2026-12-02T01:00:00Z", "what": "A", "where": "B",
    })
}

#[tokio::test(start_paused = true)]
async fn making_an_event_survives_every_crash_point() {
    survives_every_crash_point(async |stage| {
        Request::post("/v2/events", two_days(&stage.room().await))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn moving_an_event_survives_every_crash_point() {
    survives_every_crash_point(async |stage| {
        let made = stage
            .client
            .post("/v2/events", two_days(&stage.room().await));
        let path = format!("/v2/events/{}", made.await.expecting(201).id());
        let to = json!({ "start": "2026-12-02T23:00:00Z", "end": "2026-12-03T01:00:00Z" });
        Request::put(path, to)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn deleting_an_event_survives_every_crash_point() {
    survives_every_crash_point(async |stage| {
        let made = stage
            .client
            .post("/v2/events", two_days(&stage.room().await));
        Request::delete(format!("/v2/events/{}", made.await.expecting(201).id()))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn making_a_calendar_survives_every_crash_point() {
    survives_every_crash_point(async |stage| {
        let body = json!({ "resource_id": stage.room().await, "name": "Holidays" });
        Request::post("/v2/calendars", body)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn deleting_a_calendar_with_its_events_is_finished_by_asking_again() {
    survives(Steps::Many, async |stage| {
        let room = stage.room().await;
        let body = json!({ "resource_id": room, "name": "Holidays" });
        let made = stage.client.post("/v2/calendars", body).await;
        let calendar = made.expecting(201).id();
        let mut event = two_days(&room);
        event["calendar_id"] = calendar.clone().into();
        for _ in 0..2 {
            let made = stage.client.post("/v2/events", event.clone()).await;
            made.expecting(201);
        }
        Request::delete(format!("/v2/calendars/{calendar}"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn deleting_a_resource_and_calling_off_its_bookings_is_finished_by_asking_again() {
    survives(Steps::Many, async |stage| {
        let room = stage.room().await;
        let (start, end) = ("2026-12-04T10:00:00Z", "2026-12-04T11:00:00Z");
        stage.made(booking(&room, "instant", start, end)).await;
        let (start, end) = ("2026-12-05T10:00:00Z", "2026-12-05T11:00:00Z");
        stage
            .made(booking(&room, "instant_payment", start, end))
            .await;
        let owner = stage.made(own_time(&room, "group_owner")).await;
        stage.made(seat(&owner, "group_customer")).await;
        let event = json!({
            "resource_id": room,
            "start": "2026-12-06T10:00:00Z",
            "end": "2026-12-06T11:00:00Z",
            "what": "Away",
            "where": "Hill Valley",
        });
        let made = stage.client.post("/v2/events", event).await;
        made.expecting(201);
        Request::delete(format!("/v2/resources/{room}?bookings=cancel"))
    })
    .await;
}
