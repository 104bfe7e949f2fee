//! Groups: seats are shared by those who join, never more of them than there are, and go with their group.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use local::demo::{DOC_BROWN, ROOM};
use serde_json::{Value, json};
use tests::{Client, NOW, Reply, TestServer, booking, group, instant, seat, with};
use uuid::Uuid;

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const SEAT: &str = "group_customer";
const PAID_SEAT: &str = "group_customer_payment";

/// A request for a group with so many seats at ten in the meeting room.
fn seats(max: u32) -> Value {
    group(&ROOM.to_string(), TEN, ELEVEN, max)
}

/// A request for a group with settings beside its seats.
fn seats_with(max: u32, settings: &[(&str, &str)]) -> Value {
    let mut body = seats(max);
    for (name, value) in settings {
        body["settings"][*name] = (*value).into();
    }
    body
}

async fn join(client: &Client, graph: &str, owner: &str) -> Reply {
    client.post("/v2/bookings", seat(graph, owner)).await
}

async fn current_seats(client: &Client, owner: &str) -> u64 {
    let seen = client.see(owner).await.data;
    let seats = &seen["attributes"]["group_booking"]["current_seats"];
    seats.as_u64().expect("a number")
}

/// Checks a refusal that a booking page can show.
#[track_caller]
fn assert_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{}", reply.body);
    assert_eq!(reply.body["code"], code, "{}", reply.body);
    let sentence = reply.body["errors"]["event"][0].as_str();
    assert!(
        sentence.is_some_and(|sentence| !sentence.is_empty()),
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn a_group_has_as_many_seats_as_it_says_and_a_seat_called_off_is_free_again() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(2)).await;
    let shown = app.see(&owner).await.data["attributes"]["group_booking"].clone();
    assert_eq!(shown, json!({ "max_seats": 2, "current_seats": 0 }));
    let first = join(&app, SEAT, &owner).await.expecting(201).id();
    join(&app, SEAT, &owner).await.expecting(201);
    assert_eq!(current_seats(&app, &owner).await, 2);
    for graph in [SEAT, PAID_SEAT] {
        assert_refused(&join(&app, graph, &owner).await, 409, "group_full");
    }
    for action in ["cancel_by_customer", "cancel_by_owner"] {
        assert_refused(&join(&app, SEAT, &owner).await, 409, "group_full");
        let left = if action == "cancel_by_customer" {
            first.clone()
        } else {
            let list = app
                .get("/v2/bookings?search=graph:group_customer;state:confirmed")
                .await;
            list.body["data"][0]["id"]
                .as_str()
                .expect("an id")
                .to_owned()
        };
        app.act(&left, action).await.expecting(200);
        assert_eq!(current_seats(&app, &owner).await, 1);
        join(&app, SEAT, &owner).await.expecting(201);
        assert_eq!(current_seats(&app, &owner).await, 2);
    }
}

#[tokio::test]
async fn a_completed_customer_keeps_the_seat() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(1)).await;
    let id = join(&app, SEAT, &owner).await.expecting(201).id();
    app.act(&id, "complete").await.expecting(200);
    assert_refused(&join(&app, SEAT, &owner).await, 409, "group_full");
    app.delete(&format!("/v2/bookings/{id}"))
        .await
        .expecting(204);
    join(&app, SEAT, &owner).await.expecting(201);
}

#[tokio::test]
async fn an_unpaid_seat_is_held_for_five_minutes_and_two_seconds_more_against_others() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(1)).await;
    let id = join(&app, PAID_SEAT, &owner).await.expecting(201).id();
    let lapses = instant(NOW) + TimeDelta::minutes(5);
    for seconds in [-300, -1, 0, 1] {
        server.clock.set(lapses + TimeDelta::seconds(seconds));
        assert_refused(&join(&app, SEAT, &owner).await, 409, "group_full");
        assert_eq!(current_seats(&app, &owner).await, 1);
    }
    server.clock.set(lapses + TimeDelta::seconds(2));
    assert_eq!(current_seats(&app, &owner).await, 0);
    join(&app, SEAT, &owner).await.expecting(201);
    assert_eq!(app.see(&id).await.state(), "unpaid");
    // Writing the lapsed one at last does not free the seat that another has now.
    app.delete(&format!("/v2/bookings/{id}"))
        .await
        .expecting(204);
    assert_refused(&join(&app, SEAT, &owner).await, 409, "group_full");
}

#[tokio::test]
async fn a_paid_seat_stays_taken() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(1)).await;
    let id = join(&app, PAID_SEAT, &owner).await.expecting(201).id();
    server
        .clock
        .advance(TimeDelta::minutes(5) - TimeDelta::seconds(1));
    app.act(&id, "pay").await.expecting(200);
    server.clock.advance(TimeDelta::days(1));
    assert_refused(&join(&app, SEAT, &owner).await, 409, "group_full");
    assert_eq!(app.see(&id).await.state(), "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_50_who_join_a_group_of_10_at_two_instances_at_once_exactly_10_get_a_seat() {
    let mut server = TestServer::start().await;
    let other = server.another_instance().await;
    let app = server.app();
    let owner = app.book(seats(10)).await;
    let sent: Vec<_> = (0..50)
        .map(|number| {
            let client = if number % 2 == 0 {
                app.clone()
            } else {
                app.at(&other)
            };
            let owner = owner.clone();
            tokio::spawn(async move { join(&client, SEAT, &owner).await })
        })
        .collect();
    let mut statuses = BTreeMap::new();
    for reply in sent {
        let reply = reply.await.expect("an answer");
        if reply.status == 409 {
            assert_refused(&reply, 409, "group_full");
        }
        *statuses.entry(reply.status).or_insert(0) += 1;
    }
    assert_eq!(statuses, BTreeMap::from([(201, 10), (409, 40)]));
    assert_eq!(current_seats(&app, &owner).await, 10);
    let list = app
        .get("/v2/bookings?search=graph:group_customer&limit=100")
        .await;
    assert_eq!(list.body["total"], 10);
}

#[tokio::test]
async fn a_group_that_is_called_off_calls_off_its_customers_with_it_and_leaves_those_who_are_out() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(5)).await;
    let confirmed = join(&app, SEAT, &owner).await.expecting(201).id();
    let paid = join(&app, PAID_SEAT, &owner).await.expecting(201).id();
    app.act(&paid, "pay").await.expecting(200);
    let lapsed = join(&app, PAID_SEAT, &owner).await.expecting(201).id();
    let gone = join(&app, SEAT, &owner).await.expecting(201).id();
    app.act(&gone, "cancel_by_customer").await.expecting(200);
    server.clock.advance(TimeDelta::minutes(5));
    let waiting = join(&app, PAID_SEAT, &owner).await.expecting(201).id();
    let out = [
        app.see(&lapsed).await.data["logs"].take(),
        app.see(&gone).await.data["logs"].take(),
    ];

    let path = format!("/v2/bookings/{owner}/cancel");
    let body = json!({ "cancel": { "message": "The hall burnt down." } });
    let done = app.put(&path, body).await.expecting(200);
    assert_eq!(
        done.body["data"]["attributes"]["group_booking"]["current_seats"],
        0
    );
    // The answer's tag names the state that was written.
    assert_eq!(done.etag(), app.see(&owner).await.etag);
    let by = app.see(&owner).await.logs()[1]["by"].clone();
    for (id, from) in [
        (&confirmed, "confirmed"),
        (&paid, "paid"),
        (&waiting, "tentative"),
    ] {
        let seen = app.see(id).await;
        assert_eq!(seen.state(), "cancelled_by_owner");
        let expected = json!({
            "from": from, "to": "cancelled_by_owner", "action": "cancel_by_owner", "by": by,
            "at": "2026-11-21T13:05:00+01:00", "message": "The hall burnt down.",
        });
        assert_eq!(seen.logs().last(), Some(&expected));
    }
    assert_eq!(app.see(&lapsed).await.data["logs"], out[0]);
    assert_eq!(app.see(&gone).await.data["logs"], out[1]);
    assert_eq!(current_seats(&app, &owner).await, 0);
}

/// The number in the sentence that says how many fit.
fn said_to_fit(reply: &Reply) -> usize {
    let sentence = reply.body["errors"]["bookings"][0]
        .as_str()
        .expect("a sentence");
    let mut numbers = sentence
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty());
    numbers
        .next_back()
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

#[tokio::test]
async fn a_group_with_more_customers_than_fit_one_transaction_says_how_many_do_and_those_do() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(100)).await;
    let bookings = vec![seat(SEAT, &owner); 98];
    let made = app
        .post("/v2/bookings/bulk", json!({ "bookings": bookings }))
        .await;
    let mut made: Vec<String> = made.expecting(201).body["data"]
        .as_array()
        .expect("bookings")
        .iter()
        .map(|shown| shown["id"].as_str().expect("an id").to_owned())
        .collect();
    let before = app.see(&owner).await;
    let refused = app.act(&owner, "cancel").await.expecting(422);
    // The group, its day, what it tells and 97 customers make 100 actions.
    assert_eq!(said_to_fit(&refused), 97);
    let sentence = refused.body["errors"]["bookings"][0]
        .as_str()
        .expect("a sentence");
    assert!(
        sentence.contains("call off some of a group's customers first"),
        "{sentence}"
    );
    // A key takes one action for its record.
    let keyed = app
        .header("idempotency-key", "all")
        .post(&format!("/v2/bookings/{owner}/cancel"), json!({}))
        .await;
    assert_eq!(said_to_fit(&keyed.expecting(422)), 96);
    assert_eq!(app.see(&owner).await, before);
    assert_eq!(app.see(&made[0]).await.state(), "confirmed");

    let one = made.remove(0);
    app.act(&one, "cancel_by_owner").await.expecting(200);
    app.act(&owner, "cancel").await.expecting(200);
    for id in [&made[0], &made[96]] {
        assert_eq!(app.see(id).await.state(), "cancelled_by_owner");
    }
    let list = app
        .get("/v2/bookings?search=state:cancelled_by_owner&limit=100")
        .await;
    assert_eq!(list.body["total"], 98);
}

#[tokio::test]
async fn a_group_can_be_joined_from_its_opening_to_its_closing_and_made_at_any_time() {
    let server = TestServer::start().await;
    let app = server.app();
    server.clock.set(instant("2026-11-01T10:00:00Z"));
    let window = [
        ("min_booking_time", "2 hours"),
        ("max_booking_time", "14 days"),
    ];
    let owner = app.book(seats_with(9, &window)).await;
    for (at, code) in [
        ("2026-11-01T10:00:00Z", Some("booking_not_open")),
        ("2026-11-17T09:59:59Z", Some("booking_not_open")),
        ("2026-11-17T10:00:00Z", None),
        ("2026-12-01T08:00:00Z", None),
        ("2026-12-01T08:00:01Z", Some("booking_closed")),
        ("2026-12-01T11:59:59Z", Some("booking_closed")),
        ("2026-12-01T12:00:00Z", Some("group_closed")),
    ] {
        server.clock.set(instant(at));
        let reply = join(&app, SEAT, &owner).await;
        match code {
            Some(code) => assert_refused(&reply, 409, code),
            None => assert_eq!(reply.status, 201, "{at}: {}", reply.body),
        }
    }
}

#[tokio::test]
async fn a_customer_can_leave_until_the_groups_last_moment_and_the_owner_can_always_call_off() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app
        .book(seats_with(9, &[("min_cancel_time", "1 day")]))
        .await;
    let early = join(&app, SEAT, &owner).await.expecting(201).id();
    let late = join(&app, SEAT, &owner).await.expecting(201).id();
    server.clock.set(instant("2026-11-30T10:00:00Z"));
    app.act(&early, "cancel_by_customer").await.expecting(200);
    server.clock.set(instant("2026-11-30T10:00:01Z"));
    let before = app.see(&late).await;
    let refused = app.act(&late, "cancel_by_customer").await.expecting(409);
    assert_eq!(refused.body["code"], "too_late_to_cancel");
    assert!(
        refused.body["error"]
            .as_str()
            .is_some_and(|text| text.contains("2026-11-30T10:00:00"))
    );
    assert_eq!(app.see(&late).await, before);
    app.act(&late, "cancel_by_owner").await.expecting(200);
}

#[tokio::test]
async fn a_group_that_is_over_or_called_off_takes_nobody() {
    let server = TestServer::start().await;
    let app = server.app();
    for action in ["cancel", "complete"] {
        let owner = app
            .book(with(
                seats(3),
                "settings",
                json!({ "max_seats": 3, "allow_double_bookings": true }),
            ))
            .await;
        app.act(&owner, action).await.expecting(200);
        for graph in [SEAT, PAID_SEAT] {
            assert_refused(&join(&app, graph, &owner).await, 409, "group_closed");
        }
    }
    let owner = app
        .book(group(&DOC_BROWN.to_string(), TEN, ELEVEN, 3))
        .await;
    server.clock.set(instant("2026-12-01T11:59:59Z"));
    join(&app, SEAT, &owner).await.expecting(201);
    server.clock.set(instant("2026-12-01T12:00:00Z"));
    assert_refused(&join(&app, SEAT, &owner).await, 409, "group_closed");
}

#[tokio::test]
async fn what_is_no_group_of_this_app_has_no_seats_and_all_such_look_alike() {
    let server = TestServer::start().await;
    let app = server.app();
    let foreign = server.live_app();
    let resource = foreign
        .post(
            "/v2/resources",
            json!({ "name": "Hall", "timezone": "UTC" }),
        )
        .await;
    let resource = resource.expecting(201).id();
    let foreign_group = foreign.book(group(&resource, TEN, ELEVEN, 5)).await;
    let no_group = app
        .book(booking(&ROOM.to_string(), "instant", TEN, ELEVEN))
        .await;
    let random = join(&app, SEAT, &Uuid::from_u128(7).to_string()).await;
    assert_refused(&random, 422, "invalid");
    assert_eq!(random.faults(), ["event", "related.owner_booking_id"]);
    for other in [&foreign_group, &no_group] {
        assert_eq!(
            join(&app, SEAT, other).await.comparable(),
            random.comparable()
        );
    }
    // A resource's own token does not see the groups of others.
    let own = app
        .book(group(&DOC_BROWN.to_string(), TEN, ELEVEN, 5))
        .await;
    let token = server.token(&app, &ROOM.to_string(), "server-token").await;
    let resource = server.with_token("demo-test", &token);
    assert_eq!(join(&resource, SEAT, &own).await.faults(), random.faults());
    assert_eq!(
        foreign.see(&foreign_group).await.data["attributes"]["group_booking"]["current_seats"],
        0
    );
}

#[tokio::test]
async fn a_seat_names_its_group_and_nothing_that_is_not_the_groups() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(5)).await;
    for (field, value, fault) in [
        ("resource_id", json!(DOC_BROWN.to_string()), "resource_id"),
        ("resource_id", json!("room"), "resource_id"),
        ("start", json!("2026-12-01T10:15:00Z"), "start"),
        (
            "project_id",
            json!(Uuid::from_u128(7).to_string()),
            "project_id",
        ),
        ("related", json!({}), "related.owner_booking_id"),
        (
            "related",
            json!({ "owner_booking_id": "x" }),
            "related.owner_booking_id",
        ),
        ("customer", json!({}), "customer.name"),
    ] {
        let mut body = with(seat(SEAT, &owner), field, value);
        if field == "start" {
            body["end"] = ELEVEN.into();
        }
        let reply = app.post("/v2/bookings", body).await;
        if field == "project_id" {
            assert_eq!(reply.expecting(404).body["model"], "Project");
            continue;
        }
        assert_eq!(reply.expecting(422).faults(), [fault], "{field}");
    }
    assert_eq!(current_seats(&app, &owner).await, 0);
    let mut body = seat(SEAT, &owner);
    body["resource_id"] = ROOM.to_string().into();
    body["start"] = "2026-12-01T11:00:00+01:00".into();
    body["end"] = "2026-12-01T12:00:00+01:00".into();
    let id = app.book(body).await;
    let (seat, group) = (app.see(&id).await.data, app.see(&owner).await.data);
    for field in ["start", "end", "what", "where", "calendar_id"] {
        let of = |shown: &Value| shown["attributes"]["event_info"][field].clone();
        assert_eq!(of(&seat), of(&group), "{field}");
    }
    assert_eq!(seat["resource_id"], group["resource_id"]);
    assert_eq!(seat["related"]["owner_booking_id"], owner);
}

#[tokio::test]
async fn how_many_seats_a_group_has_must_be_said_and_be_possible() {
    let server = TestServer::start().await;
    let app = server.app();
    for wrong in [
        json!(0),
        json!(1_001),
        json!(-1),
        json!("five"),
        json!(1.5),
        Value::Null,
    ] {
        let body = with(seats(1), "settings", json!({ "max_seats": wrong }));
        let reply = app.post("/v2/bookings", body).await.expecting(422);
        assert_eq!(reply.faults(), ["settings.max_seats"], "{wrong}");
    }
    let mut body = seats(1);
    body.as_object_mut().expect("an object").remove("settings");
    assert_eq!(
        app.post("/v2/bookings", body).await.expecting(422).faults(),
        ["settings.max_seats"]
    );
    app.book(seats(1_000)).await;
}

#[tokio::test]
async fn a_seat_takes_no_time_and_gives_none_back() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(5)).await;
    let id = join(&app, SEAT, &owner).await.expecting(201).id();
    app.act(&id, "cancel_by_customer").await.expecting(200);
    app.delete(&format!("/v2/bookings/{id}"))
        .await
        .expecting(204);
    let hour = booking(&ROOM.to_string(), "instant", TEN, ELEVEN);
    assert_eq!(
        app.post("/v2/bookings", hour).await.expecting(409).body["code"],
        "slot_taken"
    );
}

#[tokio::test]
async fn a_booking_page_can_join_a_group_and_reads_nothing_of_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(1)).await;
    let page = server.with_key(server.demo.test.widget_key.expose());
    let path =
        "/v2/bookings?include=attributes,event,user,owner_booking,related,customers,payment_id";
    let made = page.post(path, seat(SEAT, &owner)).await.expecting(201);
    for hidden in ["owner_booking", "related", "customers", "payment_id"] {
        assert!(made.body["data"].get(hidden).is_none(), "{hidden}");
    }
    assert_refused(&join(&page, SEAT, &owner).await, 409, "group_full");
}

#[tokio::test]
async fn a_seat_shows_its_group_as_it_is_with_the_seat_taken() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(5)).await;
    let path = "/v2/bookings?include=owner_booking";
    let made = app.post(path, seat(SEAT, &owner)).await.expecting(201);
    let shown = &made.body["data"]["owner_booking"];
    assert_eq!(shown["id"], owner);
    assert_eq!(
        shown["attributes"]["group_booking"],
        json!({ "max_seats": 5, "current_seats": 1 })
    );
    assert_eq!(
        *shown,
        app.get(&format!("/v2/bookings/{owner}")).await.body["data"]
    );
    assert_eq!(*shown, app.see(&made.id()).await.data["owner_booking"]);
    // It is shown in lists too, with one read for all of them, and is null where there is none.
    let list = app
        .get("/v2/bookings?include=owner_booking&search=graph:group_customer")
        .await;
    assert_eq!(list.body["data"][0]["owner_booking"], *shown);
    assert_eq!(app.see(&owner).await.data["owner_booking"], Value::Null);

    let left = app
        .put(
            &format!(
                "/v2/bookings/{}/cancel_by_customer?include=owner_booking",
                made.id()
            ),
            json!({}),
        )
        .await;
    let shown = &left.expecting(200).body["data"]["owner_booking"];
    assert_eq!(shown["attributes"]["group_booking"]["current_seats"], 0);
}

#[tokio::test]
async fn a_group_that_is_written_for_a_seat_gets_the_step_of_time_it_is_due() {
    let server = TestServer::start().await;
    let app = server.app();
    let owner = app.book(seats(5)).await;
    let id = join(&app, SEAT, &owner).await.expecting(201).id();
    server.clock.set(instant("2026-12-01T12:30:00Z"));
    app.delete(&format!("/v2/bookings/{id}"))
        .await
        .expecting(204);
    server.clock.set(instant(NOW));
    let seen = app.see(&owner).await;
    assert_eq!(seen.state(), "completed");
    let last = seen.logs().last().expect("an entry");
    assert_eq!(
        (&last["by"], &last["at"]),
        (&json!("automatic"), &json!("2026-12-01T13:00:00+01:00"))
    );
}
