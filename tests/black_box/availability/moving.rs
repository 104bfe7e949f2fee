//! Moving: what availability offers to a booking that is to be rescheduled is exactly what rescheduling takes.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use local::demo::{LIVE_SLUG, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, instant};

use crate::bookings::links::{hs256, jwt, signing_secret};

/// A start, and whom it is with.
type Place = (DateTime<Utc>, String);

async fn somebody(app: &Client, name: &str) -> String {
    let body = json!({
        "name": name, "timezone": "UTC",
        "availability_constraints": [{ "allow_hours": { "start": 9, "end": 13 } }, { "allow_weekdays": [] }],
    });
    app.post("/v2/resources", body).await.expecting(201).id()
}

async fn project(app: &Client, resources: &[&str], availability: Value, booking: Value) -> String {
    let body = json!({
        "name": "Visit", "resources": resources, "availability": availability, "booking": booking,
    });
    app.post("/v2/projects", body).await.expecting(201).id()
}

fn at(place: &Place, minutes: i64) -> Value {
    let (start, resource) = place;
    json!({ "start": start, "end": *start + TimeDelta::minutes(minutes), "resource_id": resource })
}

fn booking(project: &str, place: &Place, minutes: i64) -> Value {
    let mut body = at(place, minutes);
    body["project_id"] = project.into();
    body["customer"] = json!({ "name": "Marty", "email": "marty@example.com" });
    body
}

fn code(reply: &Reply) -> (u16, &str) {
    (
        reply.status,
        reply.body["code"].as_str().unwrap_or_default(),
    )
}

/// Every slot that is found, once for each resource that has it.
async fn places(caller: &Client, body: Value) -> BTreeSet<Place> {
    let found = caller.post("/v2/availability", body).await.expecting(200);
    let slots = found.body["data"].as_array().expect("slots");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let places = slots.iter().flat_map(|slot| {
        let resources = slot["resources"].as_array().expect("resources");
        let start = instant(&text(&slot["start"]));
        resources
            .iter()
            .map(move |one| (start, one["id"].as_str().expect("an id").to_owned()))
    });
    places.collect()
}

fn moving(id: &str) -> Value {
    json!({ "moving": { "booking_id": id } })
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % most
    }

    fn one_of<'a>(&mut self, places: &'a BTreeSet<Place>) -> &'a Place {
        let place = self.below(places.len());
        places.iter().nth(place).expect("a place")
    }
}

/// A page that is called from another address each time, because each has a limit.
struct Page<'a> {
    server: &'a TestServer,
    client: Client,
    calls: u32,
}

impl Page<'_> {
    fn next(&mut self) -> Client {
        self.calls += 1;
        let address = format!("10.0.{}.{}", self.calls / 200, self.calls % 200 + 1);
        self.server.calling_from(&address, &self.client)
    }
}

/// Caps, buffers, notice, two resources, and others' bookings around: from wherever the booking stands it is offered the
/// same, and all of that is taken, one after the other, and nothing else.
async fn walk(mode: &str, is_page: bool, seed: u64) {
    let server = TestServer::start().await;
    let app = server.live_app();
    let (first, second) = (
        somebody(&app, "first").await,
        somebody(&app, "second").await,
    );
    let availability = json!({
        "mode": mode, "length": "45 minutes", "timeslot_increments": "30 minutes", "buffer_before": "5 minutes",
        "buffer_after": "20 minutes", "minimum_notice": "2 days", "to": "6 days", "max_bookings_per_day": 2,
        "max_bookings_per_week": 5,
    });
    let settings = json!({ "graph": "instant", "only_offered": true });
    let project = project(&app, &[&first, &second], availability, settings).await;
    let widget = server.with_key(server.demo.live.widget_key.expose());
    let mut page = Page {
        server: &server,
        client: widget,
        calls: 0,
    };
    let mut dice = Dice(seed);
    let mut ids = Vec::new();
    for _ in 0..6 {
        let free = places(&app, json!({ "project_id": project })).await;
        if free.is_empty() {
            break;
        }
        let body = booking(&project, dice.one_of(&free), 45);
        ids.push(app.post("/v2/bookings", body).await.expecting(201).id());
    }
    assert!(ids.len() > 2, "{ids:?}");
    let mut moved = 0;
    for _ in 0..5 {
        // A key has a limit for each minute.
        server.clock.advance(TimeDelta::minutes(2));
        let chosen = dice.below(ids.len());
        let mut caller = || if is_page { page.next() } else { app.clone() };
        let offered = places(&caller(), moving(&ids[chosen])).await;
        let day = instant("2026-11-23T08:30:00Z");
        for _ in 0..40 {
            let minutes = 15 * i64::try_from(dice.below(4 * 24 * 6)).expect("few");
            let resource = if dice.below(2) == 0 { &first } else { &second };
            let place = (day + TimeDelta::minutes(minutes), resource.clone());
            if !offered.contains(&place) {
                let refused = caller().reschedule(&ids[chosen], at(&place, 45)).await;
                let own = app.see(&ids[chosen]).await.data;
                let stays = own["attributes"]["event_info"]["start"]
                    .as_str()
                    .is_some_and(|start| instant(start) == place.0)
                    && own["resource_id"] == place.1.as_str();
                // To keep its time is no change.
                assert!(
                    refused.status == 409 || stays,
                    "{place:?}: {}",
                    refused.body
                );
            }
        }
        for place in &offered {
            let taken = caller().reschedule(&ids[chosen], at(place, 45)).await;
            ids[chosen] = taken.expecting(200).id();
            moved += 1;
            let now = places(&caller(), moving(&ids[chosen])).await;
            assert_eq!(now, offered, "it depends on where the booking itself is");
        }
    }
    assert!(moved > 5, "{moved} moves");
}

#[tokio::test]
async fn a_page_is_offered_exactly_what_a_booking_can_be_moved_to() {
    walk("exclusive", true, 1).await;
}

#[tokio::test]
async fn a_key_that_is_held_to_the_offer_is_offered_exactly_what_a_booking_can_be_moved_to() {
    walk("exclusive", false, 2).await;
}

#[tokio::test]
async fn a_slot_that_needs_two_resources_is_offered_exactly_if_a_booking_of_one_can_be_moved_there()
{
    walk("mutual", false, 3).await;
}

#[tokio::test]
async fn a_moved_booking_goes_by_what_its_project_says_now_and_by_its_own_notice() {
    let server = TestServer::start().await;
    let app = server.app();
    let page = server.with_key(server.demo.test.widget_key.expose());
    let room = somebody(&app, "room").await;
    let availability = json!({ "mode": "exclusive", "length": "1 hour", "to": "10 days" });
    let project = project(&app, &[&room], availability, json!({ "graph": "instant" })).await;
    let place = |text: &str| (instant(text), room.clone());
    let mut body = booking(&project, &place("2026-11-25T10:00:00Z"), 60);
    body["settings"] =
        json!({ "buffer": "1 hour", "min_booking_time": "3 days", "max_booking_time": "6 days" });
    let id = app.book(body).await;
    app.book(booking(&project, &place("2026-11-24T11:00:00Z"), 60))
        .await;
    // Shorter slots now, and a buffer that is smaller than the booking's.
    let now = json!({ "mode": "exclusive", "length": "30 minutes", "buffer": "15 minutes", "to": "10 days" });
    let path = format!("/v2/projects/{project}");
    app.put(&path, json!({ "availability": now }))
        .await
        .expecting(200);
    let offered = places(&page, moving(&id)).await;
    let soonest = instant("2026-11-24T12:00:00Z");
    let last = instant("2026-11-27T12:00:00Z");
    assert!(
        offered
            .iter()
            .all(|(start, _)| (soonest..=last).contains(start)),
        "{offered:?}"
    );
    // Its own time, and the one beside another booking but for the buffer.
    assert!(offered.contains(&place("2026-11-25T10:00:00Z")));
    assert!(!offered.contains(&place("2026-11-24T12:00:00Z")));
    assert!(offered.contains(&place("2026-11-24T12:30:00Z")));
    for (start, minutes, expected) in [
        ("2026-11-24T10:00:00Z", 30, (409, "booking_closed")),
        ("2026-11-27T12:30:00Z", 30, (409, "booking_not_open")),
        ("2026-11-24T12:00:00Z", 30, (409, "slot_taken")),
        ("2026-11-25T11:00:00Z", 60, (409, "not_offered")),
    ] {
        let refused = page.reschedule(&id, at(&place(start), minutes)).await;
        assert_eq!(code(&refused), expected, "{start}: {}", refused.body);
    }
    let moved = page
        .reschedule(&id, at(&place("2026-11-24T12:30:00Z"), 30))
        .await;
    moved.expecting(200);
}

#[tokio::test]
async fn a_key_that_may_book_anything_is_offered_what_a_booking_of_its_own_kind_can_be_moved_to() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = somebody(&app, "room").await;
    let place = |text: &str| (instant(text), room.clone());
    let mut body = booking("", &place("2026-11-24T10:00:00Z"), 30);
    for (name, value) in [
        ("project_id", Value::Null),
        ("graph", "instant".into()),
        ("what", "A visit".into()),
        ("where", "Here".into()),
    ] {
        body[name] = value;
    }
    let mut wide = body.clone();
    wide["settings"] = json!({ "buffer": "30 minutes" });
    let id = app.book(wide).await;
    body["start"] = "2026-11-24T11:00:00Z".into();
    body["end"] = "2026-11-24T11:30:00Z".into();
    app.book(body).await;
    let day = json!({ "from": "2026-11-24T00:00:00Z", "to": "2026-11-25T00:00:00Z" });
    let mut asked = moving(&id);
    for (name, value) in day.as_object().expect("fields") {
        asked[name] = value.clone();
    }
    let offered = places(&app, asked).await;
    let starts: Vec<String> = offered
        .iter()
        .map(|(start, _)| start.format("%H:%M").to_string())
        .collect();
    // Half an hour long and half an hour apart from the other one, as it is; its own time among them.
    assert_eq!(starts, ["09:00", "09:30", "10:00", "12:00", "12:30"]);
    let mut last = id;
    for place in &offered {
        last = app
            .reschedule(&last, at(place, 30))
            .await
            .expecting(200)
            .id();
    }
}

#[tokio::test]
async fn who_may_not_move_a_booking_is_not_told_where_it_can_go() {
    let server = TestServer::start().await;
    let (app, live) = (server.app(), server.live_app());
    let page = server.with_key(server.demo.test.widget_key.expose());
    let room = somebody(&app, "room").await;
    let availability = json!({ "mode": "exclusive", "length": "1 hour" });
    let settings = json!({ "graph": "instant" });
    let project = project(&app, &[&room], availability, settings).await;
    let place = (instant("2026-11-24T10:00:00Z"), room.clone());
    let id = app.book(booking(&project, &place, 60)).await;
    let mut alone = booking(
        &project,
        &(instant("2026-11-24T11:00:00Z"), room.clone()),
        60,
    );
    for (name, value) in [
        ("project_id", Value::Null),
        ("graph", "instant".into()),
        ("what", "A visit".into()),
        ("where", "Here".into()),
    ] {
        alone[name] = value;
    }
    let alone = app.book(alone).await;
    let token = server.token(&app, &room, "client-token").await;
    let own = server.with_token(TEST_SLUG, &token);
    let reading = json!({ "name": "Reader", "scopes": ["availability.read"] });
    let (_, reader) = server.make_key(&app, reading).await;
    let live_page = server.with_key(server.demo.live.widget_key.expose());
    let secret = signing_secret(&app).await;
    let lives = signing_secret(&live).await;
    let claims = |more: Value| {
        let mut claims = json!({
            "app_slug": TEST_SLUG, "booking_id": id, "action": "reschedule_by_customer", "state": "confirmed",
            "exp": instant("2026-11-22T00:00:00Z").timestamp(),
        });
        for (name, value) in more.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        claims
    };
    let sound = jwt(&hs256(), &claims(json!({})), &secret);
    let signed =
        |id: &str, token: &str| json!({ "moving": { "booking_id": id, "signature": token } });
    let paths = [
        "/v2/availability",
        "/v2/availability/dates",
        "/v2/availability/count",
        "/v2/unavailable/slots",
    ];
    for path in paths {
        for (caller, body, expected) in [
            (&app, moving(&id), (200, "")),
            (&page, moving(&id), (200, "")),
            (&own, signed(&id, &sound), (200, "")),
            (&reader, signed(&id, &sound), (200, "")),
            (&own, moving(&id), (422, "invalid")),
            (&reader, moving(&id), (403, "forbidden")),
            (&live, moving(&id), (404, "not_found")),
            (&live_page, moving(&id), (404, "not_found")),
            // A page moves nothing that was made without a project.
            (&page, moving(&alone), (404, "not_found")),
            (&app, json!({ "moving": {} }), (422, "invalid")),
            (
                &app,
                json!({ "moving": { "booking_id": "x" } }),
                (422, "invalid"),
            ),
        ] {
            let reply = caller.post(path, body.clone()).await;
            assert_eq!(code(&reply), expected, "{path} {body}: {}", reply.body);
        }
    }
    for (what, token) in [
        ("another app's", jwt(&hs256(), &claims(json!({})), &lives)),
        (
            "another booking's",
            jwt(&hs256(), &claims(json!({ "booking_id": alone })), &secret),
        ),
        (
            "another action's",
            jwt(
                &hs256(),
                &claims(json!({ "action": "cancel_by_customer" })),
                &secret,
            ),
        ),
        (
            "another state's",
            jwt(&hs256(), &claims(json!({ "state": "tentative" })), &secret),
        ),
        (
            "an old one",
            jwt(&hs256(), &claims(json!({ "exp": 1 })), &secret),
        ),
        ("none", "x".to_owned()),
    ] {
        for caller in [&own, &reader, &app, &page] {
            let refused = caller.post("/v2/availability", signed(&id, &token)).await;
            assert_eq!(code(&refused), (422, "invalid"), "{what}: {}", refused.body);
            assert_eq!(refused.faults(), ["moving.signature"], "{what}");
        }
    }
    let foreign = live.post(
        "/v2/availability",
        signed(
            &id,
            &jwt(&hs256(), &claims(json!({ "app_slug": LIVE_SLUG })), &lives),
        ),
    );
    assert_eq!(code(&foreign.await), (404, "not_found"));
    let other = json!({ "moving": { "booking_id": alone }, "project_id": project });
    let refused = app.post("/v2/availability", other).await.expecting(422);
    assert_eq!(refused.faults(), ["project_id"]);
    app.act(&id, "cancel").await.expecting(200);
    for caller in [&app, &page] {
        let refused = caller.post("/v2/availability", moving(&id)).await;
        assert_eq!(code(&refused), (409, "illegal_action"));
    }
}
