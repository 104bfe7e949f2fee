//! Every write operation, failed at each of its calls to the store in every way there is. Whatever happens, it
//! is done or not done; an outage of ours is 503; and a client that tries again ends where an undisturbed
//! request ends. A new operation is one more test: what must be there first, and the request.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use tests::{Client, Fault, Instance, Lasting, Reply, Simulation, TestServer, booking};

/// Whether a repeated POST with its `Idempotency-Key` is answered from what the first one did.
const KEYS_ARE_REMEMBERED: bool = false;

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

    /// Checks that all or nothing was done, and that the answer did not claim otherwise.
    #[track_caller]
    fn check(&self, simulation: &Simulation, reply: &Reply, context: &str) -> bool {
        let snapshot = simulation.snapshot();
        snapshot.check(simulation.now(), context);
        let outline = snapshot.outline();
        let is_done = outline == self.after;
        if !is_done {
            assert_eq!(outline, self.before, "{context}: half done");
        }
        if reply.status == 503 {
            assert!(reply.header("retry-after").is_some(), "{context}");
        } else {
            assert_eq!(reply.status, self.status, "{context}: {}", reply.body);
            assert!(is_done, "{context}: not done, and said to be");
        }
        is_done
    }

    /// Sends the request again, as a client does that was not answered, and checks that it is then done once.
    async fn try_again(&self, simulation: &Simulation, client: &Client, done: bool, context: &str) {
        let is_post = self.request.method == Method::POST;
        if done && is_post && !KEYS_ARE_REMEMBERED {
            return;
        }
        let reply = self.request.send(client).await;
        if done && !is_post {
            // What is done once cannot be done again: it is refused, or makes no difference.
            assert!(reply.status < 500, "{context}: {}", reply.body);
        } else {
            assert_eq!(reply.status, self.status, "{context}: {}", reply.body);
        }
        let snapshot = simulation.snapshot();
        snapshot.check(simulation.now(), context);
        assert_eq!(snapshot.outline(), self.after, "{context}: not done once");
    }
}

/// Disturbs the request that `prepare` makes ready, at every call and in every way.
async fn survives_every_crash_point(prepare: impl AsyncFn(&Client) -> Request) {
    let base = Simulation::start(1).await;
    let behind = base.engine.copy();
    let request = prepare(&base.instance().await.client).await;
    let undisturbed = Undisturbed::of(&base, request).await;
    let mut struck = BTreeSet::new();
    for (call, action) in undisturbed.calls.iter().enumerate() {
        for fault in Fault::ALL {
            if !fault.can_strike(action) {
                continue;
            }
            for lasting in [Lasting::Once, Lasting::FromThere] {
                let context = format!("{fault:?} {lasting:?} at call {call}, {action}");
                let simulation = base.fork();
                let Instance { client, faults } = simulation.instance().await;
                faults.inject(call, fault, lasting);
                let reply = undisturbed.request.send(&client).await;
                assert!(faults.has_struck(), "{context}: never made");
                struck.insert(action);
                let is_done = undisturbed.check(&simulation, &reply, &context);
                faults.heal();
                // An instance that lost the store for good is gone; a hiccup must leave nothing behind in it.
                let client = match lasting {
                    Lasting::Once => client,
                    Lasting::FromThere => simulation.instance().await.client,
                };
                undisturbed
                    .try_again(&simulation, &client, is_done, &context)
                    .await;
            }
        }
    }
    assert!(struck.contains(&"TransactWriteItems".to_owned()));

    let simulation = base.fork();
    let Instance { client, faults } = simulation.instance().await;
    faults.lag_indexes(behind);
    let reply = undisturbed.request.send(&client).await;
    assert!(undisturbed.check(&simulation, &reply, "with indexes that lag"));
}

const START: &str = "2026-12-01T23:00:00Z";
/// After midnight, so that two sheets take part.
const END: &str = "2026-12-02T01:00:00Z";

async fn room(client: &Client) -> String {
    let wanted = json!({ "name": "Room", "timezone": "UTC" });
    client
        .post("/v2/resources", wanted)
        .await
        .expecting(201)
        .id()
}

/// A booking of a room of its own, after midnight.
async fn booked(client: &Client, graph: &str) -> String {
    let wanted = booking(&room(client).await, graph, START, END);
    client
        .post("/v2/bookings", wanted)
        .await
        .expecting(201)
        .id()
}

/// A booking to which this was done.
async fn booked_and(client: &Client, graph: &str, action: &str) -> String {
    let id = booked(client, graph).await;
    let path = format!("/v2/bookings/{id}/{action}");
    client.put(&path, json!({})).await.expecting(200).id()
}

#[tokio::test(start_paused = true)]
async fn an_instant_booking_is_made_once() {
    survives_every_crash_point(async |client| {
        let wanted = booking(&room(client).await, "instant", START, END);
        Request::post("/v2/bookings", wanted)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_tentative_booking_is_made_once() {
    survives_every_crash_point(async |client| {
        let wanted = booking(&room(client).await, "confirm_decline", START, END);
        Request::post("/v2/bookings", wanted)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_takes_the_time_once() {
    survives_every_crash_point(async |client| {
        let id = booked(client, "confirm_decline").await;
        Request::post(format!("/v2/bookings/{id}/confirm"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_written_once() {
    survives_every_crash_point(async |client| {
        let id = booked(client, "confirm_decline").await;
        Request::put(format!("/v2/bookings/{id}/decline"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_gives_the_time_back_once() {
    survives_every_crash_point(async |client| {
        let id = booked(client, "instant").await;
        Request::put(format!("/v2/bookings/{id}/cancel"), json!({}))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_booking_is_changed_once() {
    survives_every_crash_point(async |client| {
        let id = booked(client, "instant").await;
        Request::put(format!("/v2/bookings/{id}"), json!({ "meta": { "a": 1 } }))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_booking_called_off_is_deleted_once() {
    survives_every_crash_point(async |client| {
        let id = booked_and(client, "instant", "cancel").await;
        Request::delete(format!("/v2/bookings/{id}"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_completed_booking_is_deleted_with_its_time_once() {
    survives_every_crash_point(async |client| {
        let id = booked_and(client, "instant", "complete").await;
        Request::delete(format!("/v2/bookings/{id}"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_resource_is_made_once() {
    survives_every_crash_point(async |_| {
        let wanted = json!({ "name": "Room", "timezone": "UTC", "email": "room@example.com" });
        Request::post("/v2/resources", wanted)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_resource_is_deleted_once() {
    survives_every_crash_point(async |client| {
        let id = room(client).await;
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
    let wanted = booking(&room, "instant", START, END);
    client.post("/v2/bookings", wanted).await.expecting(201);
    assert!(faults.has_struck());
    let list = format!("/v2/bookings?search=resource.id:{room}");
    assert_eq!(server.app().get(&list).await.body["total"], 1);
}
