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

/// Each instance takes its callers one after the other, as Lambda's do; between instances nothing but the store decides.
#[tokio::test(flavor = "multi_thread")]
async fn instances_that_share_nothing_but_the_store_neither_double_book_nor_refuse_free_time() {
    let mut server = TestServer::start().await;
    let mut instances = Vec::new();
    for _ in 0..8 {
        let base = server.another_instance().await;
        instances.push(server.app().at(&base));
    }
    // Slots of ten minutes that begin every five: each overlaps its neighbours, and every instance wants all of them.
    let midnight = instant("2026-12-01T00:00:00Z");
    let slots: Vec<(String, String)> = (0..24)
        .map(|number| {
            let start = midnight + TimeDelta::minutes(5 * number);
            (
                format_instant(start, Tz::UTC),
                format_instant(start + TimeDelta::minutes(10), Tz::UTC),
            )
        })
        .collect();
    let sent: Vec<_> = instances
        .into_iter()
        .map(|client| {
            let slots = slots.clone();
            tokio::spawn(async move {
                let mut booked = Vec::new();
                for (start, end) in slots {
                    let reply = client
                        .post(
                            "/v2/bookings",
                            booking(&DOC_BROWN.to_string(), "instant", &start, &end),
                        )
                        .await;
                    match reply.status {
                        201 => booked.push(start),
                        409 => assert_eq!(reply.body["code"], "slot_taken"),
                        other => panic!("{other}: {}", reply.body),
                    }
                }
                booked
            })
        })
        .collect();
    let mut booked = Vec::new();
    for instance in sent {
        booked.extend(instance.await.expect("an instance"));
    }
    booked.sort();
    let starts: Vec<_> = booked.iter().map(|start| instant(start)).collect();
    assert!(
        starts
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= TimeDelta::minutes(10)),
        "{booked:?}"
    );
    // No slot is left over: whoever was refused was refused for a booking that stands.
    let free = slots.iter().filter(|(start, _)| {
        starts
            .iter()
            .all(|taken| (instant(start) - *taken).abs() >= TimeDelta::minutes(10))
    });
    assert_eq!(free.count(), 0, "{booked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_who_want_a_mutual_slot_by_one_resource_or_another_each_resource_is_booked_once_at_most()
 {
    let server = TestServer::start().await;
    let app = server.app();
    let mut resources = Vec::new();
    for name in ["Marty", "Doc"] {
        let body = json!({ "name": name, "timezone": "UTC" });
        resources.push(app.post("/v2/resources", body).await.expecting(201).id());
    }
    let availability = json!({ "mode": "mutual", "length": "1 hour" });
    let project = json!({ "name": "Both", "resources": resources, "availability": availability });
    let project = app.post("/v2/projects", project).await.expecting(201).id();
    let page = server.with_key(server.demo.test.widget_key.expose());
    let sent: Vec<_> = (0..40)
        .map(|number: usize| {
            let mut body = booking(
                &resources[number % 2],
                "instant",
                "2026-12-01T10:00:00Z",
                "2026-12-01T11:00:00Z",
            );
            body["project_id"] = json!(project);
            let page = page.clone();
            tokio::spawn(async move { page.post("/v2/bookings?include=resource", body).await })
        })
        .collect();
    let mut made = BTreeMap::<String, usize>::new();
    for reply in sent {
        let reply = reply.await.expect("an answer");
        match reply.status {
            201 => {
                let resource = &reply.body["data"]["resource"]["id"];
                let resource = resource.as_str().expect("a resource").to_owned();
                *made.entry(resource).or_default() += 1;
            }
            status => assert_eq!(status, 409, "{}", reply.body),
        }
    }
    assert!(!made.is_empty());
    assert!(made.values().all(|times| *times == 1), "{made:?}");
}
