//! Many at once. The store may be asked by as many as like: nobody books what is taken, nobody is refused what is free.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use local::demo::DOC_BROWN;
use model::time::{Tz, format_instant};
use serde_json::{Value, json};
use tests::{TestServer, booking, instant};

/// Sends all requests at once and counts the statuses of the answers.
async fn all_at_once(server: &TestServer, bodies: Vec<Value>) -> BTreeMap<u16, usize> {
    let client = server.app();
    let sent: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let client = client.clone();
            tokio::spawn(async move { client.post("/v2/bookings", body).await })
        })
        .collect();
    let mut statuses = BTreeMap::new();
    for reply in sent {
        let reply = reply.await.expect("an answer");
        if reply.status == 409 {
            assert_eq!(reply.body["code"], "slot_taken", "{}", reply.body);
        }
        *statuses.entry(reply.status).or_default() += 1;
    }
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_who_want_one_slot_exactly_one_gets_it() {
    let server = TestServer::start().await;
    let wanted = booking(
        &DOC_BROWN.to_string(),
        "instant",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    let statuses = all_at_once(&server, vec![wanted; 200]).await;
    assert_eq!(statuses, BTreeMap::from([(201, 1), (409, 199)]));
    let list = server
        .app()
        .get("/v2/bookings?start=2026-12-01T00:00:00Z")
        .await;
    assert_eq!(list.body["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_200_who_want_different_slots_of_one_day_get_theirs() {
    let server = TestServer::start().await;
    let midnight = instant("2026-12-01T00:00:00Z");
    let wanted = (0..200)
        .map(|number| {
            let start = midnight + TimeDelta::minutes(7 * number);
            let text = |at| format_instant(at, Tz::UTC);
            booking(
                &DOC_BROWN.to_string(),
                "instant",
                &text(start),
                &text(start + TimeDelta::minutes(7)),
            )
        })
        .collect();
    let statuses = all_at_once(&server, wanted).await;
    assert_eq!(statuses, BTreeMap::from([(201, 200)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_whose_buffers_meet_across_midnight_never_both_win() {
    let server = TestServer::start().await;
    let mut evening = booking(
        &DOC_BROWN.to_string(),
        "instant",
        "2026-12-01T23:00:00Z",
        "2026-12-01T23:50:00Z",
    );
    evening["settings"] = json!({ "buffer_after": "30 minutes" });
    let mut morning = booking(
        &DOC_BROWN.to_string(),
        "instant",
        "2026-12-02T00:10:00Z",
        "2026-12-02T01:00:00Z",
    );
    for day in 0..20 {
        let move_on = |body: &mut Value| {
            for field in ["start", "end"] {
                let at = instant(body[field].as_str().expect("an instant"))
                    + TimeDelta::days(if day == 0 { 0 } else { 2 });
                body[field] = format_instant(at, Tz::UTC).into();
            }
        };
        move_on(&mut evening);
        move_on(&mut morning);
        let statuses = all_at_once(&server, vec![evening.clone(), morning.clone()]).await;
        assert_eq!(statuses, BTreeMap::from([(201, 1), (409, 1)]), "day {day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tentative_bookings_of_one_slot_only_one_is_confirmed() {
    let server = TestServer::start().await;
    let wanted = booking(
        &DOC_BROWN.to_string(),
        "confirm_decline",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    let mut confirmations = Vec::new();
    for _ in 0..10 {
        let id = server.app().post("/v2/bookings", wanted.clone()).await.id();
        let client = server.app();
        confirmations.push(async move {
            client
                .put(&format!("/v2/bookings/{id}/confirm"), json!({}))
                .await
                .status
        });
    }
    let sent: Vec<_> = confirmations.into_iter().map(tokio::spawn).collect();
    let mut confirmed = 0;
    for status in sent {
        match status.await.expect("an answer") {
            200 => confirmed += 1,
            409 => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(confirmed, 1);
}
