//! Every graph: what each state allows, what time does by itself, and what is held meanwhile. The table stands here a
//! second time, as the wire contract has it, so that the code's own cannot be wrong unseen.

use std::collections::{BTreeSet, VecDeque};

use chrono::TimeDelta;
use local::demo::ROOM;
use serde_json::{Value, json};
use tests::{Client, Reply, Seen, TestServer, booking, group, instant, seat, with};

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";

/// The instant at which tests begin; what is booked then and not paid lapses five minutes later.
const NOON: &str = "2026-11-21T12:00:00Z";
const LAPSES: &str = "2026-11-21T12:05:00Z";

/// Graph, state, action, and the state that it leads to. Source: the wire contract, 3.1.4; an action that is not here
/// is illegal.
const TABLE: &[(&str, &str, &str, &str)] = &[
    ("instant", "confirmed", "cancel", "cancelled"),
    (
        "instant",
        "confirmed",
        "cancel_by_customer",
        "cancelled_by_customer",
    ),
    ("instant", "confirmed", "complete", "completed"),
    (
        "instant",
        "confirmed",
        "reschedule_by_customer",
        "rescheduled_by_customer",
    ),
    ("confirm_decline", "tentative", "confirm", "confirmed"),
    ("confirm_decline", "tentative", "decline", "declined"),
    ("confirm_decline", "confirmed", "cancel", "cancelled"),
    (
        "confirm_decline",
        "confirmed",
        "cancel_by_customer",
        "cancelled_by_customer",
    ),
    ("confirm_decline", "confirmed", "complete", "completed"),
    (
        "confirm_decline",
        "confirmed",
        "reschedule_by_customer",
        "rescheduled_by_customer",
    ),
    ("instant_payment", "tentative", "pay", "paid"),
    ("instant_payment", "tentative", "timeout", "unpaid"),
    ("instant_payment", "paid", "cancel", "cancelled"),
    ("instant_payment", "paid", "complete", "completed"),
    ("group_owner", "tentative", "cancel", "cancelled"),
    ("group_owner", "tentative", "complete", "completed"),
    ("group_customer", "confirmed", "complete", "completed"),
    (
        "group_customer",
        "confirmed",
        "cancel_by_customer",
        "cancelled_by_customer",
    ),
    (
        "group_customer",
        "confirmed",
        "cancel_by_owner",
        "cancelled_by_owner",
    ),
    ("group_customer_payment", "tentative", "pay", "paid"),
    ("group_customer_payment", "tentative", "timeout", "unpaid"),
    (
        "group_customer_payment",
        "tentative",
        "cancel_by_owner",
        "cancelled_by_owner",
    ),
    (
        "group_customer_payment",
        "paid",
        "cancel_by_owner",
        "cancelled_by_owner",
    ),
    (
        "group_customer_payment",
        "paid",
        "cancel_by_customer",
        "cancelled_by_customer",
    ),
    ("group_customer_payment", "paid", "complete", "completed"),
];

const STARTS: &[(&str, &str)] = &[
    ("instant", "confirmed"),
    ("confirm_decline", "tentative"),
    ("instant_payment", "tentative"),
    ("group_owner", "tentative"),
    ("group_customer", "confirmed"),
    ("group_customer_payment", "tentative"),
];

const ACTIONS: &[&str] = &[
    "create",
    "confirm",
    "pay",
    "timeout",
    "decline",
    "cancel",
    "cancel_by_customer",
    "cancel_by_owner",
    "reschedule_by_customer",
    "complete",
];

/// Every state that a graph has, and the actions that lead there.
fn ways(graph: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let start = STARTS.iter().find(|(name, _)| *name == graph);
    let mut next = VecDeque::from([(start.expect("a graph").1, Vec::new())]);
    let mut seen = BTreeSet::new();
    let mut ways = Vec::new();
    while let Some((state, way)) = next.pop_front() {
        if !seen.insert(state) {
            continue;
        }
        for (_, _, action, to) in TABLE.iter().filter(|row| (row.0, row.1) == (graph, state)) {
            let way = [&way[..], &[*action]].concat();
            next.push_back((*to, way));
        }
        ways.push((state, way));
    }
    ways
}

/// One graph's bookings, whose time never matters: they may overlap.
struct Desk {
    server: TestServer,
    app: Client,
    graph: &'static str,
    owner: String,
}

impl Desk {
    async fn open(graph: &'static str) -> Self {
        let server = TestServer::start().await;
        let app = server.app().header("timekit-timezone", "UTC");
        let owner = app.book(group(&ROOM.to_string(), TEN, ELEVEN, 100)).await;
        Self {
            server,
            app,
            graph,
            owner,
        }
    }

    fn request(&self) -> Value {
        let room = ROOM.to_string();
        let mut body = match self.graph {
            "group_customer" | "group_customer_payment" => return seat(self.graph, &self.owner),
            "group_owner" => group(&room, TEN, ELEVEN, 3),
            graph => booking(&room, graph, TEN, ELEVEN),
        };
        body["settings"]["allow_double_bookings"] = true.into();
        body
    }

    async fn book(&self) -> String {
        self.app.book(self.request()).await
    }

    /// All there is to see of a booking but its group, which others change too.
    async fn see(&self, id: &str) -> Seen {
        let mut seen = self.app.see(id).await;
        seen.data["owner_booking"] = Value::Null;
        seen
    }

    async fn take(&self, id: &str, action: &str) -> Reply {
        if action == "reschedule_by_customer" {
            let body = json!({ "start": ELEVEN, "end": "2026-12-01T12:00:00Z" });
            self.app.reschedule(id, body).await
        } else {
            self.app.act(id, action).await
        }
    }

    /// A booking that these actions were taken on.
    async fn brought(&self, way: &[&str]) -> String {
        let id = self.book().await;
        for action in way {
            self.take(&id, action).await.expecting(200);
        }
        id
    }
}

/// Checks every action in every state of a graph against the table.
async fn check(graph: &'static str) {
    let desk = Desk::open(graph).await;
    let ways = ways(graph);
    for (state, way) in &ways {
        let leads_to = |action: &str| {
            let row = TABLE
                .iter()
                .find(|row| (row.0, row.1, row.2) == (graph, *state, action));
            row.map(|row| row.3)
        };
        let id = desk.brought(way).await;
        let before = desk.see(&id).await;
        assert_eq!(before.state(), *state, "{graph} {way:?}");
        let mut possible: Vec<&str> = ACTIONS
            .iter()
            .copied()
            .filter(|a| leads_to(a).is_some())
            .collect();
        possible.sort_unstable();
        assert_eq!(before.available_actions(), possible, "{graph} {state}");
        assert_eq!(
            before.data["completed"],
            possible.is_empty(),
            "{graph} {state}"
        );
        for action in ACTIONS {
            let Some(to) = leads_to(action) else {
                let refused = desk.app.act(&id, action).await;
                assert_eq!(
                    refused.status, 409,
                    "{graph} {state} {action}: {}",
                    refused.body
                );
                assert_eq!(refused.body["code"], "illegal_action");
                continue;
            };
            let other = desk.brought(way).await;
            let done = desk.take(&other, action).await;
            assert_eq!(done.status, 200, "{graph} {state} {action}: {}", done.body);
            let after = desk.see(&other).await;
            assert_eq!(after.state(), to, "{graph} {state} {action}");
            let last = after.logs().last().expect("an entry");
            assert_eq!(
                (&last["from"], &last["to"], &last["action"]),
                (&json!(state), &json!(to), &json!(action)),
            );
            assert_eq!(last["at"], NOON.replace('Z', "+00:00"));
            let by = last["by"].as_str().expect("somebody");
            assert!(by.starts_with("key:"), "{by}");
        }
        if leads_to("reschedule_by_customer").is_none() {
            let refused = desk
                .take(&id, "reschedule_by_customer")
                .await
                .expecting(409);
            assert_eq!(refused.body["code"], "illegal_action");
        }
        assert_eq!(desk.see(&id).await, before, "{graph} {state}");
    }
    // One that is nowhere in the table cannot be checked; one that is there must be reached.
    let states: BTreeSet<&str> = ways.iter().map(|(state, _)| *state).collect();
    let named = TABLE.iter().filter(|row| row.0 == graph);
    assert!(
        named
            .into_iter()
            .all(|row| states.contains(row.1) && states.contains(row.3))
    );
}

#[tokio::test]
async fn an_instant_booking_does_what_its_table_says_and_nothing_else() {
    check("instant").await;
}

#[tokio::test]
async fn a_confirm_decline_booking_does_what_its_table_says_and_nothing_else() {
    check("confirm_decline").await;
}

#[tokio::test]
async fn an_instant_payment_booking_does_what_its_table_says_and_nothing_else() {
    check("instant_payment").await;
}

#[tokio::test]
async fn a_group_does_what_its_table_says_and_nothing_else() {
    check("group_owner").await;
}

#[tokio::test]
async fn a_seat_does_what_its_table_says_and_nothing_else() {
    check("group_customer").await;
}

#[tokio::test]
async fn a_seat_to_be_paid_for_does_what_its_table_says_and_nothing_else() {
    check("group_customer_payment").await;
}

#[tokio::test]
async fn putting_a_reschedule_where_it_is_possible_asks_for_a_time_and_changes_nothing() {
    let desk = Desk::open("instant").await;
    let id = desk.book().await;
    let before = desk.see(&id).await;
    let refused = desk.app.act(&id, "reschedule_by_customer").await;
    assert_eq!(refused.expecting(422).faults(), ["action"]);
    assert_eq!(desk.see(&id).await, before);
}

/// Which graphs' bookings time ends by itself: after which actions, by what, and when.
const AUTOMATIC: &[(&str, &[&str], &str, &str, &str)] = &[
    (
        "instant",
        &[],
        "complete",
        "completed",
        "2026-12-01T12:00:00Z",
    ),
    (
        "confirm_decline",
        &["confirm"],
        "complete",
        "completed",
        "2026-12-01T12:00:00Z",
    ),
    ("instant_payment", &[], "timeout", "unpaid", LAPSES),
    (
        "instant_payment",
        &["pay"],
        "complete",
        "completed",
        "2026-12-01T12:00:00Z",
    ),
    (
        "group_owner",
        &[],
        "complete",
        "completed",
        "2026-12-01T12:00:00Z",
    ),
    (
        "group_customer",
        &[],
        "complete",
        "completed",
        "2026-12-01T12:00:00Z",
    ),
    ("group_customer_payment", &[], "timeout", "unpaid", LAPSES),
    (
        "group_customer_payment",
        &["pay"],
        "complete",
        "completed",
        "2026-12-01T12:00:00Z",
    ),
];

fn assert_taken_by_time(
    seen: &Seen,
    index: usize,
    from: &Value,
    action: &str,
    to: &str,
    due: &str,
) {
    let entry = &seen.logs()[index];
    let expected = json!({
        "from": from, "to": to, "action": action, "by": "automatic",
        "at": due.replace('Z', "+00:00"), "message": null,
    });
    assert_eq!(*entry, expected);
}

#[tokio::test]
async fn a_step_of_time_is_read_at_its_exact_second_and_not_one_earlier() {
    for (graph, way, action, to, due) in AUTOMATIC {
        let desk = Desk::open(graph).await;
        let id = desk.brought(way).await;
        let before = desk.see(&id).await;
        desk.server.clock.set(instant(due) - TimeDelta::seconds(1));
        assert_eq!(desk.see(&id).await, before, "{graph} {way:?}");

        desk.server.clock.set(instant(due));
        let after = desk.see(&id).await;
        assert_eq!(after.state(), *to, "{graph} {way:?}");
        assert_eq!(after.data["completed"], true);
        assert_eq!(after.data["updated_at"], due.replace('Z', "+00:00"));
        assert_eq!(after.logs().len(), before.logs().len() + 1);
        assert_taken_by_time(
            &after,
            before.logs().len(),
            &before.data["state"],
            action,
            to,
            due,
        );
        assert_ne!(after.etag, before.etag, "it is another state");

        // Reading wrote nothing.
        desk.server.clock.set(instant(NOON));
        assert_eq!(desk.see(&id).await, before);
    }
}

#[tokio::test]
async fn a_step_of_time_counts_for_an_action_at_its_exact_second() {
    for (graph, way, _, _, due) in AUTOMATIC {
        let desk = Desk::open(graph).await;
        let (early, late) = (desk.brought(way).await, desk.brought(way).await);
        let seen = desk.see(&early).await;
        let action = seen.available_actions()[0].to_owned();
        desk.server.clock.set(instant(due) - TimeDelta::seconds(1));
        desk.app.act(&early, &action).await.expecting(200);

        desk.server.clock.set(instant(due));
        let before = desk.see(&late).await;
        let refused = desk.app.act(&late, &action).await.expecting(409);
        assert_eq!(refused.body["code"], "illegal_action", "{graph} {action}");
        assert_eq!(desk.see(&late).await, before);
    }
}

#[tokio::test]
async fn a_write_first_writes_the_step_of_time_that_it_finds_due() {
    for (graph, way, action, to, due) in AUTOMATIC {
        let desk = Desk::open(graph).await;
        let id = desk.brought(way).await;
        let before = desk.see(&id).await;
        let later = instant(due) + TimeDelta::minutes(30);
        desk.server.clock.set(later);
        let path = format!("/v2/bookings/{id}");
        desk.app
            .put(&path, json!({ "meta": { "late": true } }))
            .await
            .expecting(200);

        // Back in time, what was written is still there.
        desk.server.clock.set(instant(NOON));
        let written = desk.see(&id).await;
        assert_eq!(written.state(), *to, "{graph}");
        assert_eq!(written.data["meta"], json!({ "late": true }));
        assert_eq!(written.logs().len(), before.logs().len() + 1);
        assert_taken_by_time(
            &written,
            before.logs().len(),
            &before.data["state"],
            action,
            to,
            due,
        );
        assert_eq!(
            instant(written.data["updated_at"].as_str().expect("an instant")),
            later
        );
    }
}

#[tokio::test]
async fn a_history_says_what_was_done_by_whom_when_and_with_what_words() {
    let desk = Desk::open("confirm_decline").await;
    let id = desk.book().await;
    desk.server.clock.advance(TimeDelta::minutes(1));
    let body = json!({ "confirm": { "message": "See you." } });
    let path = format!("/v2/bookings/{id}/confirm");
    desk.app.put(&path, body).await.expecting(200);
    let token = desk
        .server
        .token(&desk.app, &ROOM.to_string(), "server-token")
        .await;
    let resource = desk.server.with_token("demo-test", &token);
    desk.server.clock.advance(TimeDelta::minutes(1));
    resource.act(&id, "cancel").await.expecting(200);

    let seen = desk.see(&id).await;
    let key = seen.logs()[0]["by"].clone();
    assert!(
        key.as_str().is_some_and(|by| by.starts_with("key:")),
        "{key}"
    );
    let entry = |from: Value, to, action, by: &Value, at: &str, message: Value| json!({ "from": from, "to": to, "action": action, "by": by, "at": at, "message": message });
    let expected = [
        entry(
            Value::Null,
            "tentative",
            "create",
            &key,
            "2026-11-21T12:00:00+00:00",
            Value::Null,
        ),
        entry(
            "tentative".into(),
            "confirmed",
            "confirm",
            &key,
            "2026-11-21T12:01:00+00:00",
            "See you.".into(),
        ),
        entry(
            "confirmed".into(),
            "cancelled",
            "cancel",
            &json!(format!("resource:{ROOM}")),
            "2026-11-21T12:02:00+00:00",
            Value::Null,
        ),
    ];
    assert_eq!(seen.logs(), expected);
}

#[tokio::test]
async fn what_a_payment_is_called_is_kept_and_shown() {
    for graph in ["instant_payment", "group_customer_payment"] {
        let desk = Desk::open(graph).await;
        let id = desk.book().await;
        assert_eq!(desk.see(&id).await.data["payment_id"], Value::Null);
        let path = format!("/v2/bookings/{id}/pay");
        for wrong in [json!([5]), json!("x".repeat(2_001))] {
            let body = json!({ "pay": { "payment_id": wrong } });
            let refused = desk.app.put(&path, body).await.expecting(422);
            assert_eq!(refused.faults(), ["pay.payment_id"]);
        }
        let body = json!({ "pay": { "payment_id": "ch_1955" } });
        desk.app.put(&path, body).await.expecting(200);
        assert_eq!(desk.see(&id).await.data["payment_id"], "ch_1955");
        desk.app.act(&id, "complete").await.expecting(200);
        assert_eq!(desk.see(&id).await.data["payment_id"], "ch_1955");
    }
}

fn hour(graph: &str) -> Value {
    booking(&ROOM.to_string(), graph, TEN, ELEVEN)
}

#[track_caller]
fn assert_taken(reply: &Reply) {
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert_eq!(reply.body["code"], "slot_taken");
}

#[tokio::test]
async fn an_unpaid_booking_holds_its_time_for_five_minutes_and_two_seconds_more_against_others() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(hour("instant_payment")).await;
    for seconds in [-300, -1, 0, 1] {
        server
            .clock
            .set(instant(LAPSES) + TimeDelta::seconds(seconds));
        assert_taken(&app.post("/v2/bookings", hour("instant")).await);
    }
    server.clock.set(instant(LAPSES) + TimeDelta::seconds(2));
    let taker = app.book(hour("instant")).await;
    assert_eq!(app.see(&id).await.state(), "unpaid");
    assert_eq!(app.see(&taker).await.state(), "confirmed");
    // What lapsed does not free the time again when it is written at last.
    app.put(&format!("/v2/bookings/{id}"), json!({ "meta": {} }))
        .await
        .expecting(200);
    app.delete(&format!("/v2/bookings/{id}"))
        .await
        .expecting(204);
    assert_taken(&app.post("/v2/bookings", hour("instant")).await);
}

#[tokio::test]
async fn a_payment_counts_until_the_last_second_before_the_deadline_and_keeps_the_time() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(hour("instant_payment")).await;
    server.clock.set(instant(LAPSES) - TimeDelta::seconds(1));
    app.act(&id, "pay").await.expecting(200);
    for later in [
        TimeDelta::seconds(2),
        TimeDelta::minutes(10),
        TimeDelta::days(1),
    ] {
        server.clock.set(instant(LAPSES) + later);
        assert_taken(&app.post("/v2/bookings", hour("instant")).await);
        assert_eq!(app.see(&id).await.state(), "paid");
    }
    app.act(&id, "cancel").await.expecting(200);
    app.book(hour("instant")).await;
}

#[tokio::test]
async fn a_payment_at_the_deadline_is_too_late() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(hour("instant_payment")).await;
    server.clock.set(instant(LAPSES));
    let refused = app.act(&id, "pay").await.expecting(409);
    assert_eq!(refused.body["code"], "illegal_action");
    assert_eq!(app.see(&id).await.state(), "unpaid");
}

#[tokio::test]
async fn giving_up_a_payment_gives_the_time_back_at_once() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(hour("instant_payment")).await;
    app.act(&id, "timeout").await.expecting(200);
    app.book(hour("instant")).await;
}

#[tokio::test]
async fn who_may_overlap_an_unpaid_booking_does_not_keep_it_from_being_paid() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = app.book(hour("instant_payment")).await;
    let double = json!({ "allow_double_bookings": true });
    app.book(with(hour("instant"), "settings", double)).await;
    app.act(&id, "pay").await.expecting(200);
    assert_eq!(app.see(&id).await.state(), "paid");
    assert_taken(&app.post("/v2/bookings", hour("instant")).await);
}

#[tokio::test]
async fn a_group_holds_its_time_until_it_is_called_off() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(group(&ROOM.to_string(), TEN, ELEVEN, 3)).await;
    app.book(seat("group_customer", &owner)).await;
    assert_taken(&app.post("/v2/bookings", hour("instant")).await);
    assert_taken(
        &app.post("/v2/bookings", group(&ROOM.to_string(), TEN, ELEVEN, 3))
            .await,
    );
    app.act(&owner, "cancel").await.expecting(200);
    app.book(hour("instant")).await;
}
