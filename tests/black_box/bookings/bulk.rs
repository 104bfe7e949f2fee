//! Many bookings in one request: each by itself or all as one, resumed when it broke off, and related ones together.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use http::StatusCode;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use local::demo::{DOC_BROWN, ROOM};
use model::time::{Tz, format_instant};
use serde_json::{Value, json};
use tests::{Client, EVERYTHING, Reply, TestServer, booking, group, instant, seat, with};
use uuid::Uuid;

const BULK: &str = "/v2/bookings/bulk";

/// A booking of the meeting room for ten minutes, the `number`th of a day.
fn nth(graph: &str, number: i64) -> Value {
    let start = instant("2026-12-01T00:00:00Z") + TimeDelta::minutes(10 * number);
    let text = |at| format_instant(at, Tz::UTC);
    booking(
        &ROOM.to_string(),
        graph,
        &text(start),
        &text(start + TimeDelta::minutes(10)),
    )
}

/// A booking of the meeting room for an hour of the `number`th day.
fn on_day(graph: &str, number: i64) -> Value {
    let start = instant("2026-12-01T10:00:00Z") + TimeDelta::days(number);
    let text = |at| format_instant(at, Tz::UTC);
    booking(
        &ROOM.to_string(),
        graph,
        &text(start),
        &text(start + TimeDelta::hours(1)),
    )
}

fn all(bookings: Vec<Value>) -> Value {
    json!({ "bookings": bookings })
}

fn as_one(bookings: Vec<Value>) -> Value {
    json!({ "bookings": bookings, "delete_all_on_error": true })
}

fn related(bookings: Vec<Value>) -> Value {
    json!({ "bookings": bookings, "relate_bookings": true })
}

fn acts(ids: &[String], action: &str) -> Vec<Value> {
    ids.iter()
        .map(|id| json!({ "id": id, "action": action }))
        .collect()
}

/// The ids of the bookings that went well, in order.
fn ids(reply: &Reply) -> Vec<String> {
    let bookings = reply.body["data"].as_array().expect("bookings");
    let id = |shown: &Value| shown["id"].as_str().expect("an id").to_owned();
    bookings.iter().map(id).collect()
}

/// What went wrong: index, status and code of each.
fn errors(reply: &Reply) -> Vec<(u64, u64, &str)> {
    let errors = reply.body["errors"].as_array().expect("errors");
    let number = |error: &Value, name: &str| error[name].as_u64().expect("a number");
    errors
        .iter()
        .map(|error| {
            (
                number(error, "index"),
                number(error, "status"),
                error["code"].as_str().expect("a code"),
            )
        })
        .collect()
}

async fn total(client: &Client) -> u64 {
    let list = client
        .get(&format!("/v2/bookings?search=resource.id:{ROOM}"))
        .await;
    list.body["total"].as_u64().expect("a number")
}

/// The number in the sentence that says how many fit.
#[track_caller]
fn said_to_fit(reply: Reply) -> usize {
    let reply = reply.expecting(422);
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
async fn many_bookings_are_made_in_order_and_shown_as_each_would_be() {
    let server = TestServer::start().await;
    let app = server.app();
    let bookings = vec![
        nth("instant", 0),
        nth("confirm_decline", 1),
        nth("instant_payment", 2),
    ];
    let path = format!("{BULK}?include={EVERYTHING}");
    let made = app.post(&path, all(bookings)).await.expecting(201);
    assert!(made.body.get("errors").is_none());
    let states: Vec<&Value> = made.body["data"]
        .as_array()
        .expect("bookings")
        .iter()
        .map(|b| &b["state"])
        .collect();
    assert_eq!(states, ["confirmed", "tentative", "tentative"]);
    for (index, id) in ids(&made).iter().enumerate() {
        assert_eq!(made.body["data"][index], app.see(id).await.data);
    }
}

#[tokio::test]
async fn one_that_fails_keeps_no_other_from_being_made() {
    let server = TestServer::start().await;
    let app = server.app();
    let bookings = vec![
        nth("instant", 0),
        nth("instant", 0),
        with(nth("instant", 1), "graph", "none".into()),
        json!("no booking"),
        with(
            nth("instant", 1),
            "resource_id",
            Uuid::from_u128(7).to_string().into(),
        ),
        nth("instant", 2),
    ];
    let made = app.post(BULK, all(bookings)).await.expecting(207);
    let expected = [
        (1, 409, "slot_taken"),
        (2, 422, "invalid"),
        (3, 422, "invalid"),
        (4, 404, "not_found"),
    ];
    assert_eq!(errors(&made), expected);
    assert!(
        made.body["errors"][0]["errors"]["event"][0].is_string(),
        "{}",
        made.body
    );
    assert!(
        made.body["errors"][1]["errors"]["graph"][0].is_string(),
        "{}",
        made.body
    );
    assert_eq!(made.body["errors"][3]["model"], "Resource");
    assert_eq!(ids(&made).len(), 2);
    assert_eq!(total(&app).await, 2);
}

#[tokio::test]
async fn the_rest_is_left_alone_once_one_has_failed_if_that_is_asked_for() {
    let server = TestServer::start().await;
    let app = server.app();
    let bookings = vec![nth("instant", 0), nth("instant", 0), nth("instant", 1)];
    let body = json!({ "bookings": bookings, "stop_on_first_error": true });
    let made = app.post(BULK, body).await.expecting(207);
    assert_eq!(errors(&made), [(1, 409, "slot_taken")]);
    assert_eq!(total(&app).await, 1);

    let id = ids(&made).remove(0);
    let bookings = [
        &acts(std::slice::from_ref(&id), "confirm")[..],
        &acts(std::slice::from_ref(&id), "cancel"),
    ]
    .concat();
    let body = json!({ "bookings": bookings, "stop_on_first_error": true });
    let refused = app.put(BULK, body).await.expecting(409);
    assert_eq!(
        (&refused.body["code"], &refused.body["index"]),
        (&json!("illegal_action"), &json!(0))
    );
    assert_eq!(app.see(&id).await.state(), "confirmed");
}

#[tokio::test]
async fn if_nothing_went_well_it_is_the_first_ones_error_with_its_index() {
    let server = TestServer::start().await;
    let app = server.app();
    app.book(nth("instant", 0)).await;
    let refused = app
        .post(BULK, all(vec![nth("instant", 0), json!({})]))
        .await
        .expecting(409);
    assert_eq!(
        (&refused.body["code"], &refused.body["index"]),
        (&json!("slot_taken"), &json!(0))
    );
    assert!(refused.body["errors"]["event"][0].is_string());
    let refused = app
        .post(BULK, all(vec![json!({}), nth("instant", 0)]))
        .await
        .expecting(422);
    assert_eq!(refused.body["index"], 0);
    let nobody = acts(&[Uuid::from_u128(7).to_string()], "cancel");
    let refused = app.put(BULK, all(nobody)).await.expecting(404);
    assert_eq!(
        (&refused.body["model"], &refused.body["index"]),
        (&json!("Booking"), &json!(0))
    );
}

#[tokio::test]
async fn a_request_has_1_to_100_bookings() {
    let server = TestServer::start().await;
    let app = server.app();
    for body in [
        json!({}),
        json!({ "bookings": null }),
        json!({ "bookings": "all" }),
        all(vec![]),
        all(vec![json!({}); 101]),
    ] {
        assert_eq!(
            app.post(BULK, body.clone()).await.expecting(422).faults(),
            ["bookings"]
        );
        assert_eq!(
            app.put(BULK, body).await.expecting(422).faults(),
            ["bookings"]
        );
    }
    let body = json!({ "bookings": [{}], "stop_on_first_error": 2, "relate_bookings": "x", "delete_all_on_error": [] });
    let faults = [
        "delete_all_on_error",
        "relate_bookings",
        "stop_on_first_error",
    ];
    assert_eq!(app.post(BULK, body).await.expecting(422).faults(), faults);
    assert_eq!(total(&app).await, 0);
    app.post(BULK, all((0..100).map(|n| nth("instant", n)).collect()))
        .await
        .expecting(201);
    assert_eq!(total(&app).await, 100);
}

#[tokio::test]
async fn as_one_all_are_made_or_none_and_the_answer_says_which_could_not() {
    let server = TestServer::start().await;
    let app = server.app();
    app.book(nth("instant", 5)).await;
    let owner = app
        .book(group(
            &DOC_BROWN.to_string(),
            "2026-12-01T10:00:00Z",
            "2026-12-01T11:00:00Z",
            1,
        ))
        .await;
    let customer = seat("group_customer", &owner);
    for (bookings, status, code, index) in [
        (
            vec![nth("instant", 0), nth("instant", 5), nth("instant", 1)],
            409,
            "slot_taken",
            1,
        ),
        (
            vec![nth("confirm_decline", 0), nth("confirm_decline", 5)],
            409,
            "slot_taken",
            1,
        ),
        // Against each other too.
        (
            vec![nth("instant", 0), nth("instant", 1), nth("instant", 0)],
            409,
            "slot_taken",
            2,
        ),
        (
            vec![nth("instant", 0), customer.clone(), customer.clone()],
            409,
            "group_full",
            2,
        ),
        (vec![nth("instant", 0), json!({})], 422, "invalid", 1),
        (
            vec![
                nth("instant", 0),
                with(
                    nth("instant", 1),
                    "resource_id",
                    Uuid::from_u128(7).to_string().into(),
                ),
            ],
            404,
            "not_found",
            1,
        ),
    ] {
        let refused = app.post(BULK, as_one(bookings)).await.expecting(status);
        assert_eq!(
            (&refused.body["code"], &refused.body["index"]),
            (&json!(code), &json!(index)),
            "{}",
            refused.body
        );
        assert_eq!(total(&app).await, 1);
    }
    let seats = &app.see(&owner).await.data["attributes"]["group_booking"]["current_seats"];
    assert_eq!(*seats, 0);
    let path = format!("{BULK}?include={EVERYTHING}");
    let made = app
        .post(
            &path,
            as_one(vec![nth("instant", 0), customer, nth("instant", 1)]),
        )
        .await
        .expecting(201);
    for (index, id) in ids(&made).iter().enumerate() {
        assert_eq!(made.body["data"][index], app.see(id).await.data);
    }
    assert_eq!(total(&app).await, 3);
}

#[tokio::test]
async fn as_one_as_many_are_made_as_the_answer_says_that_fit() {
    let server = TestServer::start().await;
    let app = server.app();
    let keyed = app.header("idempotency-key", "one");
    // On one day 98 bookings, its sheet and what they tell are 100 actions; on days of their own each takes two. A key takes one.
    type Nth = fn(&str, i64) -> Value;
    for (graph, nth, fits, fit_keyed) in [
        ("instant", nth as Nth, 98, 97),
        ("instant", on_day as Nth, 49, 49),
        ("confirm_decline", on_day as Nth, 49, 49),
    ] {
        let of = |count: i64| as_one((0..count).map(|number| nth(graph, number)).collect());
        for caller in [&app, &keyed] {
            let fits = if std::ptr::eq(caller, &keyed) {
                fit_keyed
            } else {
                fits
            };
            assert_eq!(said_to_fit(caller.post(BULK, of(100)).await), fits);
            let one_more = i64::try_from(fits).expect("a small number") + 1;
            assert_eq!(said_to_fit(caller.post(BULK, of(one_more)).await), fits);
        }
        assert_eq!(total(&app).await, 0, "nothing was made");
        let made = app
            .post(BULK, of(i64::try_from(fits).expect("a small number")))
            .await
            .expecting(201);
        let made = ids(&made);
        assert_eq!(made.len(), fits);
        let action = if graph == "instant" {
            "cancel"
        } else {
            "decline"
        };
        app.put(BULK, as_one(acts(&made, action)))
            .await
            .expecting(200);
        for id in &made {
            app.delete(&format!("/v2/bookings/{id}"))
                .await
                .expecting(204);
        }
        server.clock.advance(TimeDelta::minutes(2));
    }
    let made = keyed
        .post(
            BULK,
            as_one((0..49).map(|n| on_day("instant", n)).collect()),
        )
        .await;
    assert_eq!(ids(&made.expecting(201)).len(), 49);
}

#[tokio::test]
async fn as_one_all_are_acted_on_or_none() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = app
        .post(BULK, all((0..100).map(|n| nth("instant", n)).collect()))
        .await
        .expecting(201);
    let made = ids(&made);
    let one = app.see(&made[0]).await;
    // Calling off gives the day's time back, so its sheet takes part; completing does not.
    assert_eq!(
        said_to_fit(app.put(BULK, as_one(acts(&made, "cancel"))).await),
        98
    );
    app.act(&made[99], "cancel").await.expecting(200);
    let refused = app
        .put(BULK, as_one(acts(&made, "complete")))
        .await
        .expecting(409);
    assert_eq!(
        (&refused.body["code"], &refused.body["index"]),
        (&json!("illegal_action"), &json!(99))
    );
    assert_eq!(app.see(&made[0]).await, one);
    app.put(BULK, as_one(acts(&made[..99], "complete")))
        .await
        .expecting(200);
    assert_eq!(app.see(&made[98]).await.state(), "completed");
}

#[tokio::test]
async fn many_are_acted_on_each_by_itself() {
    let server = TestServer::start().await;
    let app = server.app();
    let (first, second) = (
        app.book(nth("confirm_decline", 0)).await,
        app.book(nth("instant", 1)).await,
    );
    let third = app.book(nth("instant_payment", 2)).await;
    let body = all(vec![
        json!({ "id": first, "action": "decline", "decline": { "message": "Full." } }),
        json!({ "id": second, "action": "confirm" }),
        json!({ "id": second, "action": "explode" }),
        json!({ "action": "cancel" }),
        json!({ "id": third, "action": "pay", "pay": { "payment_id": "ch_1" } }),
    ]);
    let done = app
        .put(&format!("{BULK}?include={EVERYTHING}"), body)
        .await
        .expecting(207);
    assert_eq!(
        errors(&done),
        [
            (1, 409, "illegal_action"),
            (2, 422, "invalid"),
            (3, 422, "invalid")
        ]
    );
    assert_eq!(ids(&done), [first.clone(), third.clone()]);
    assert_eq!(done.body["data"][0], app.see(&first).await.data);
    assert_eq!(app.see(&first).await.logs()[1]["message"], "Full.");
    assert_eq!(app.see(&second).await.state(), "confirmed");
    assert_eq!(app.see(&third).await.data["payment_id"], "ch_1");
}

// Related bookings.

#[tokio::test]
async fn related_bookings_show_each_other_and_others_show_none() {
    let server = TestServer::start().await;
    let app = server.app();
    let bookings = vec![
        nth("instant", 0),
        nth("instant", 1),
        on_day("confirm_decline", 3),
    ];
    let made = app
        .post(
            &format!("{BULK}?include=bulked_bookings"),
            related(bookings),
        )
        .await;
    let made = ids(&made.expecting(201));
    for id in &made {
        let shown = app.see(id).await.data["bulked_bookings"].take();
        let others: Vec<&String> = made.iter().filter(|other| *other != id).collect();
        let mut expected = Vec::new();
        for other in others {
            expected.push(app.get(&format!("/v2/bookings/{other}")).await.body["data"].take());
        }
        assert_eq!(shown, Value::from(expected));
    }
    let calls = server.store_calls();
    app.get(&format!(
        "/v2/bookings?search=resource.id:{ROOM};graph:instant"
    ))
    .await
    .expecting(200);
    let plain = server.store_calls() - calls;
    let calls = server.store_calls();
    let list = app
        .get(&format!(
            "/v2/bookings?search=resource.id:{ROOM};graph:instant&include=bulked_bookings"
        ))
        .await;
    assert_eq!(
        server.store_calls() - calls,
        plain + 1,
        "one batch for the whole page"
    );
    for row in list.expecting(200).body["data"].as_array().expect("rows") {
        assert_eq!(row["bulked_bookings"].as_array().map(Vec::len), Some(2));
    }
    let alone = app.book(nth("instant", 7)).await;
    assert_eq!(app.see(&alone).await.data["bulked_bookings"], json!([]));
}

#[tokio::test]
async fn an_action_acts_on_all_related_bookings_but_those_that_are_over() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = app
        .post(BULK, related((0..4).map(|n| nth("instant", n)).collect()))
        .await;
    let made = ids(&made.expecting(201));
    let path = format!("/v2/bookings/{}/complete", made[3]);
    let alone = json!({ "apply_to_bulked_bookings": false });
    app.put(&path, alone).await.expecting(200);
    let over = app.see(&made[3]).await;
    assert_eq!(app.see(&made[0]).await.state(), "confirmed");

    let path = format!("/v2/bookings/{}/cancel?include=bulked_bookings", made[1]);
    let done = app
        .put(&path, json!({ "cancel": { "message": "Rain." } }))
        .await
        .expecting(200);
    // The answer shows the others as they are now.
    let states: Vec<&Value> = done.body["data"]["bulked_bookings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|b| &b["state"])
        .collect();
    assert_eq!(states, ["cancelled", "cancelled", "completed"]);
    for id in &made[..3] {
        let seen = app.see(id).await;
        assert_eq!(seen.state(), "cancelled");
        assert_eq!(seen.logs().last().expect("an entry")["message"], "Rain.");
    }
    let mut after = app.see(&made[3]).await;
    after.data["bulked_bookings"] = over.data["bulked_bookings"].clone();
    assert_eq!(after, over);
}

#[tokio::test]
async fn if_one_related_booking_cannot_none_is_acted_on() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = app
        .post(
            BULK,
            related(vec![nth("instant", 0), nth("confirm_decline", 1)]),
        )
        .await;
    let made = ids(&made.expecting(201));
    let before = [app.see(&made[0]).await, app.see(&made[1]).await];
    let refused = app.act(&made[0], "cancel").await.expecting(409);
    assert_eq!(refused.body["code"], "illegal_action");
    assert_eq!([app.see(&made[0]).await, app.see(&made[1]).await], before);

    // Nor if one's time has been taken.
    let made = app
        .post(
            BULK,
            related(vec![nth("confirm_decline", 4), nth("confirm_decline", 5)]),
        )
        .await;
    let made = ids(&made.expecting(201));
    app.book(nth("instant", 5)).await;
    let before = [app.see(&made[0]).await, app.see(&made[1]).await];
    assert_eq!(
        app.act(&made[0], "confirm").await.expecting(409).body["code"],
        "slot_taken"
    );
    assert_eq!([app.see(&made[0]).await, app.see(&made[1]).await], before);
    let path = format!("/v2/bookings/{}/confirm", made[0]);
    app.put(&path, json!({ "apply_to_bulked_bookings": false }))
        .await
        .expecting(200);
    assert_eq!(app.see(&made[1]).await.state(), "tentative");
    let refused = app
        .put(&path, json!({ "apply_to_bulked_bookings": "no" }))
        .await
        .expecting(422);
    assert_eq!(refused.faults(), ["apply_to_bulked_bookings"]);
}

#[tokio::test]
async fn naming_every_related_booking_acts_on_each_once() {
    let server = TestServer::start().await;
    let app = server.app();
    for body in [all as fn(Vec<Value>) -> Value, as_one] {
        let made = app
            .post(BULK, related((0..3).map(|n| nth("instant", n)).collect()))
            .await;
        let made = ids(&made.expecting(201));
        let done = app
            .put(BULK, body(acts(&made, "cancel")))
            .await
            .expecting(200);
        assert_eq!(ids(&done), made);
        for (index, id) in made.iter().enumerate() {
            assert_eq!(done.body["data"][index]["state"], "cancelled");
            assert_eq!(app.see(id).await.logs().len(), 2);
        }
        // Twice by name is once too often.
        let twice = [acts(&made[..1], "cancel"), acts(&made[..1], "cancel")].concat();
        app.put(BULK, body(twice)).await.expecting(409);
    }
}

#[tokio::test]
async fn related_bookings_that_are_too_many_for_one_action_say_how_many_fit() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = app
        .post(
            BULK,
            related((0..50).map(|n| on_day("instant", n)).collect()),
        )
        .await;
    let made = ids(&made.expecting(201));
    let before = app.see(&made[0]).await;
    // Each takes two actions, and telling it one, so 48 fit beside the one that is named.
    assert_eq!(said_to_fit(app.act(&made[0], "cancel").await), 48);
    assert_eq!(app.see(&made[0]).await, before);
    let path = format!("/v2/bookings/{}/cancel", made[49]);
    app.put(&path, json!({ "apply_to_bulked_bookings": false }))
        .await
        .expecting(200);
    app.act(&made[0], "cancel").await.expecting(200);
    for id in &made {
        assert_eq!(app.see(id).await.state(), "cancelled");
    }
}

// Sent again.

#[tokio::test]
async fn what_went_well_is_replayed_byte_for_byte_and_doubles_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    for (key, body, status) in [
        ("all", all(vec![nth("instant", 0), nth("instant", 1)]), 201),
        ("some", all(vec![nth("instant", 1), nth("instant", 2)]), 207),
        (
            "one",
            as_one(vec![nth("instant", 3), nth("instant", 4)]),
            201,
        ),
        (
            "related",
            related(vec![nth("instant", 5), nth("instant", 6)]),
            201,
        ),
    ] {
        let keyed = app.header("idempotency-key", key);
        let first = keyed.post(BULK, body.clone()).await.expecting(status);
        let made = total(&app).await;
        server.clock.advance(TimeDelta::minutes(1));
        app.act(&ids(&first)[0], "complete").await.expecting(200);
        let again = keyed.post(BULK, body.clone()).await.expecting(status);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(first.body.to_string(), again.body.to_string());
        assert_eq!(total(&app).await, made);
        let other = keyed.post(BULK, all(vec![nth("instant", 9)])).await;
        assert_eq!(other.expecting(422).body["code"], "idempotency_key_reused");
    }
}

/// A way to the store that carries so many more transactions; of the next one it loses the request or the answer, and
/// of all others the request.
async fn ending_way(server: &TestServer, loses_answer: bool) -> (String, Arc<AtomicI64>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let target = server.store_endpoint();
    let left = Arc::new(AtomicI64::new(i64::MAX));
    let http = HttpClient::builder(TokioExecutor::new()).build_http::<Body>();
    let counting = left.clone();
    let carry = async move |mut request: Request| -> Response {
        let name = request
            .headers()
            .get("x-amz-target")
            .map(|name| name.as_bytes().to_vec());
        let writes = name.is_some_and(|name| name.ends_with(b"TransactWriteItems"));
        let left = if writes {
            counting.fetch_sub(1, Ordering::SeqCst)
        } else {
            1
        };
        if left < 0 || (left == 0 && !loses_answer) {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        *request.uri_mut() = format!("{target}/").parse().expect("an address");
        let answer = http.request(request).await.expect("an answer");
        if left == 0 {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        answer.map(Body::new)
    };
    let carry = Router::new().fallback(carry);
    tokio::spawn(async move { axum::serve(listener, carry).await });
    (endpoint, left)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_broke_off_goes_on_where_it_stopped_when_it_is_sent_again() {
    for loses_answer in [false, true] {
        let mut server = TestServer::start().await;
        let (endpoint, left) = ending_way(&server, loses_answer).await;
        let base = server.another_instance_by(endpoint).await;
        let (app, lossy) = (server.app(), server.app().at(&base));
        let body = related((0..6).map(|n| nth("instant", n)).collect());
        // One transaction begins the request, three make a booking each, the fifth is lost.
        left.store(4, Ordering::SeqCst);
        let broken = lossy
            .header("idempotency-key", "k")
            .post(BULK, body.clone())
            .await
            .expecting(503);
        assert_eq!(broken.body["index"], 3, "{}", broken.body);
        assert!(broken.header("retry-after").is_some());
        let stopped_at = if loses_answer { 4 } else { 3 };
        assert_eq!(total(&app).await, stopped_at);

        let keyed = app.header("idempotency-key", "k");
        let path = format!("{BULK}?include=bulked_bookings");
        let made = keyed.post(BULK, body.clone()).await.expecting(201);
        assert_eq!(ids(&made).len(), 6);
        assert_eq!(total(&app).await, 6);
        assert_ne!(made.header("idempotency-replayed"), Some("true"));
        let again = keyed.post(BULK, body.clone()).await.expecting(201);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.body, made.body);
        assert_eq!(
            keyed.post(&path, body).await.expecting(422).body["code"],
            "idempotency_key_reused"
        );
        // Those made before it broke off are related to those made after.
        let shown = app.see(&ids(&made)[0]).await.data["bulked_bookings"].take();
        assert_eq!(shown.as_array().map(Vec::len), Some(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_a_request_that_broke_off_tells_what_it_made() {
    let mut server = TestServer::start().await;
    let (endpoint, left) = ending_way(&server, false).await;
    let base = server.another_instance_by(endpoint).await;
    let (app, lossy) = (server.app(), server.app().at(&base));
    left.store(2, Ordering::SeqCst);
    let broken = lossy
        .post(BULK, all((0..4).map(|n| nth("instant", n)).collect()))
        .await
        .expecting(207);
    assert_eq!(errors(&broken), [(2, 503, "unavailable")]);
    assert_eq!(ids(&broken).len(), 2);
    assert_eq!(total(&app).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_who_send_one_request_at_once_all_hear_of_the_same_bookings() {
    let mut server = TestServer::start().await;
    let other = server.another_instance().await;
    let app = server.app().header("idempotency-key", "k");
    let sent: Vec<_> = (0..10)
        .map(|number| {
            let client = if number % 2 == 0 {
                app.clone()
            } else {
                app.at(&other)
            };
            let body = all((0..5).map(|n| nth("instant", n)).collect());
            tokio::spawn(async move { client.post(BULK, body).await })
        })
        .collect();
    let mut heard = Vec::new();
    for reply in sent {
        heard.push(ids(&reply.await.expect("an answer").expecting(201)));
    }
    assert!(heard.iter().all(|ids| *ids == heard[0]), "{heard:?}");
    assert_eq!(total(&server.app()).await, 5);
}

#[tokio::test]
async fn a_bulk_request_makes_only_what_its_caller_may_make() {
    let server = TestServer::start().await;
    let app = server.app();
    let token = server.token(&app, &ROOM.to_string(), "server-token").await;
    let resource = server.with_token("demo-test", &token);
    let foreign = booking(
        &DOC_BROWN.to_string(),
        "instant",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    let made = resource
        .post(BULK, all(vec![nth("instant", 0), foreign.clone()]))
        .await
        .expecting(207);
    assert_eq!(errors(&made), [(1, 404, "not_found")]);
    let theirs = app.book(foreign).await;
    let refused = resource
        .put(BULK, all(acts(&[theirs], "cancel")))
        .await
        .expecting(404);
    assert_eq!(refused.body["model"], "Booking");
    let page = server.with_key(server.demo.test.widget_key.expose());
    page.post(BULK, all(vec![nth("instant", 1)]))
        .await
        .expecting(403);
    page.put(BULK, all(vec![])).await.expecting(403);
}
