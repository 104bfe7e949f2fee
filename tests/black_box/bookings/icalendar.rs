//! Bookings as calendar programs take them in: one by one, and as the private feed of a resource.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use local::demo::{CONFIRMED, DECLINED, DOC_BROWN, ROOM, TENTATIVE, TEST_APP, TEST_SLUG};
use model::booking::Booking;
use model::ids::BookingId;
use serde_json::{Value, json};
use store::Tenant;
use tests::{Client, NOW, Reply, TestServer, booking, instant};

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";

/// A line of a document without its folding: name, parameters and value as written.
type Property = (String, String);

/// A document as a strict reader takes it.
#[derive(Debug, PartialEq, Eq)]
struct Document {
    properties: Vec<Property>,
    events: Vec<BTreeMap<String, String>>,
}

impl Document {
    #[track_caller]
    fn of(reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(
            reply.header("content-type"),
            Some("text/calendar; charset=utf-8")
        );
        Self::read(reply.body.as_str().expect("a text"))
    }

    #[track_caller]
    fn read(text: &str) -> Self {
        let text = text.strip_suffix("\r\n").expect("a line end at the end");
        for line in text.split("\r\n") {
            assert!(line.len() <= 75, "{} octets: {line}", line.len());
            let is_forbidden = |c: char| c.is_control() && c != '\t';
            assert!(!line.contains(is_forbidden), "{line:?}");
        }
        let unfolded = text.replace("\r\n ", "");
        let mut lines = unfolded.split("\r\n").map(|line| {
            let (name, value) = line.split_once(':').expect("a name and a value");
            (name.to_owned(), value.to_owned())
        });
        let mark = |name: &str, what: &str| Some((name.to_owned(), what.to_owned()));
        assert_eq!(lines.next(), mark("BEGIN", "VCALENDAR"));
        let mut properties = Vec::new();
        let mut events: Vec<BTreeMap<String, String>> = Vec::new();
        let mut is_in_event = false;
        let mut is_over = false;
        for (name, value) in lines {
            assert!(!is_over, "{name} behind the end");
            match (name.as_str(), value.as_str(), is_in_event) {
                ("BEGIN", "VEVENT", false) => {
                    events.push(BTreeMap::new());
                    is_in_event = true;
                }
                ("END", "VEVENT", true) => is_in_event = false,
                ("END", "VCALENDAR", false) => is_over = true,
                ("BEGIN" | "END", ..) => panic!("{name}:{value}"),
                (_, _, true) => {
                    let event = events.last_mut().expect("begun");
                    assert!(event.insert(name, value).is_none(), "a name twice");
                }
                (_, _, false) => properties.push((name, value)),
            }
        }
        assert!(is_over, "no end");
        Self { properties, events }
    }

    #[track_caller]
    fn only_event(mut self) -> BTreeMap<String, String> {
        assert_eq!(self.events.len(), 1);
        self.events.remove(0)
    }

    fn summaries(&self) -> Vec<String> {
        let texts = self.events.iter().map(|event| text(&event["SUMMARY"]));
        texts.collect()
    }
}

/// A text value as RFC 5545 has it read: anything that is not escaped as it must be fails.
#[track_caller]
fn text(value: &str) -> String {
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some(escaped @ ('\\' | ';' | ',')) => text.push(escaped),
                other => panic!("\\{other:?} in {value}"),
            },
            ';' | ',' => panic!("a bare {c} in {value}"),
            c => text.push(c),
        }
    }
    text
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// A request for an hour of the meeting room.
fn hour(graph: &str) -> Value {
    booking(&ROOM.to_string(), graph, TEN, ELEVEN)
}

/// The same from `start` on, under a title.
fn titled(title: &str, start: DateTime<Utc>) -> Value {
    let (start, end) = (
        start.to_rfc3339(),
        (start + TimeDelta::hours(1)).to_rfc3339(),
    );
    let body = booking(&ROOM.to_string(), "instant", &start, &end);
    with(body, "what", title.into())
}

async fn book(client: &Client, body: Value) -> String {
    client.post("/v2/bookings", body).await.expecting(201).id()
}

async fn act(client: &Client, id: &str, action: &str) {
    let path = format!("/v2/bookings/{id}/{action}");
    client.put(&path, json!({})).await.expecting(200);
}

/// The one event of a booking's document.
async fn event(client: &Client, id: &str) -> BTreeMap<String, String> {
    let reply = client.get(&format!("/v2/bookings/{id}/calendar.ics")).await;
    Document::of(&reply).only_event()
}

/// Moves a booking to an hour from `start` on, of `resource`, and answers the one that takes its place.
async fn reschedule(client: &Client, id: &str, start: DateTime<Utc>, resource: &str) -> String {
    let (start, end) = (
        start.to_rfc3339(),
        (start + TimeDelta::hours(1)).to_rfc3339(),
    );
    let place = json!({ "start": start, "end": end, "resource_id": resource });
    let path = format!("/v2/bookings/{id}/reschedule");
    client.post(&path, place).await.expecting(200).id()
}

/// A resource's feed, as its owner is told of it.
fn feed_of(resource: &str) -> String {
    format!("/v2/resources/{resource}/calendar_feed")
}

/// The path of a feed, from the answer that tells its address.
fn address(reply: &Reply) -> String {
    let url = reply.body["data"]["url"].as_str().expect("an address");
    let path = url.find("/v2/").map(|at| url[at..].to_owned());
    path.expect("a path of the API")
}

async fn subscribe(client: &Client, resource: &str) -> String {
    let made = client.post(&feed_of(resource), json!({})).await;
    address(&made.expecting(201))
}

/// The meeting room's calendar, as anybody with its address reads it.
async fn room_calendar(server: &TestServer) -> Document {
    let path = subscribe(&server.app(), &ROOM.to_string()).await;
    Document::of(&server.anonymous().get(&path).await)
}

#[tokio::test]
async fn a_booking_is_answered_as_one_event_with_what_where_and_when() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, hour("instant")).await;
    let reply = app.get(&format!("/v2/bookings/{id}/calendar.ics")).await;
    let document = Document::of(&reply);
    assert_eq!(
        reply.header("content-disposition"),
        Some("attachment; filename=\"booking.ics\"")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let property = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        document.properties,
        [
            property("VERSION", "2.0"),
            property("PRODID", "-//Latchkey//Bookings//EN"),
            property("CALSCALE", "GREGORIAN"),
        ]
    );
    // No attendee and no organizer: a calendar program would write to them.
    let expected = [
        ("DESCRIPTION", "The lightning strikes at 10:04 PM exactly!"),
        ("DTEND", "20261201T110000Z"),
        ("DTSTAMP", "20261121T120000Z"),
        ("DTSTART", "20261201T100000Z"),
        ("LAST-MODIFIED", "20261121T120000Z"),
        ("LOCATION", "Courthouse\\, Hill Valley\\, CA 95420\\, USA"),
        ("SEQUENCE", "0"),
        ("STATUS", "CONFIRMED"),
        ("SUMMARY", "Catch the lightning"),
        ("UID", &id),
    ];
    let expected = expected.map(|(name, value)| property(name, value));
    assert_eq!(document.only_event(), BTreeMap::from(expected));
}

#[tokio::test]
async fn what_is_not_said_is_not_in_the_document() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, with(hour("instant"), "description", "".into())).await;
    assert!(!event(&app, &id).await.contains_key("DESCRIPTION"));
}

#[tokio::test]
async fn an_event_keeps_its_uid_and_its_sequence_grows_with_every_change() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, hour("confirm_decline")).await;
    let mut seen = vec![event(&app, &id).await];
    let path = format!("/v2/bookings/{id}");
    for change in ["confirm", "meta", "cancel_by_customer"] {
        server.clock.advance(TimeDelta::minutes(1));
        match change {
            "meta" => {
                let meta = json!({ "meta": { "a": 1 } });
                app.put(&path, meta).await.expecting(200);
            }
            action => act(&app, &id, action).await,
        }
        seen.push(event(&app, &id).await);
    }
    let of = |name: &str| -> Vec<&str> { seen.iter().map(|event| event[name].as_str()).collect() };
    assert_eq!(of("UID"), [&id; 4]);
    assert_eq!(of("SEQUENCE"), ["0", "1", "2", "3"]);
    assert_eq!(
        of("STATUS"),
        ["TENTATIVE", "CONFIRMED", "CONFIRMED", "CANCELLED"]
    );
    let changed = [
        "20261121T120000Z",
        "20261121T120100Z",
        "20261121T120200Z",
        "20261121T120300Z",
    ];
    assert_eq!(of("LAST-MODIFIED"), changed);
    assert_eq!(of("DTSTAMP"), changed);
}

#[tokio::test]
async fn an_event_that_moves_keeps_its_uid_and_what_it_left_never_overtakes_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let first = book(&app, hour("instant")).await;
    let before = event(&app, &first).await;
    let room = ROOM.to_string();
    let second = reschedule(&app, &first, instant(NOON), &room).await;
    // What is kept with the booking left behind may still change, however often.
    for number in 0..5 {
        let meta = json!({ "meta": { "number": number } });
        let path = format!("/v2/bookings/{first}");
        app.put(&path, meta).await.expecting(200);
    }
    let third = reschedule(&app, &second, instant(TEN), &room).await;
    let mut events = vec![before];
    for id in [&first, &second, &third] {
        events.push(event(&app, id).await);
    }
    let of = |name: &str| -> Vec<&str> { events.iter().map(|e| e[name].as_str()).collect() };
    assert_eq!(of("UID"), [&first; 4]);
    assert_eq!(
        of("STATUS"),
        ["CONFIRMED", "CANCELLED", "CANCELLED", "CONFIRMED"]
    );
    let sequences: Vec<u32> = of("SEQUENCE")
        .iter()
        .map(|number| number.parse().expect("a number"))
        .collect();
    assert!(
        sequences.is_sorted_by(|a, b| a < b),
        "the newest is the highest: {sequences:?}"
    );
    assert_eq!(events[3]["DTSTART"], "20261201T100000Z");
}

#[tokio::test]
async fn a_step_that_time_takes_shows_at_its_exact_second() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, hour("instant")).await;
    let shown = async |event: BTreeMap<String, String>| {
        ["SEQUENCE", "STATUS", "LAST-MODIFIED"].map(|name| event[name].clone())
    };
    // Complete one hour after its end.
    server.clock.set(instant(NOON) - TimeDelta::milliseconds(1));
    assert_eq!(
        shown(event(&app, &id).await).await,
        ["0", "CONFIRMED", "20261121T120000Z"]
    );
    server.clock.set(instant(NOON));
    assert_eq!(
        shown(event(&app, &id).await).await,
        ["1", "CONFIRMED", "20261201T120000Z"]
    );
    // Called off when it is not paid for within five minutes.
    let later = booking(
        &ROOM.to_string(),
        "instant_payment",
        "2026-12-02T10:00:00Z",
        "2026-12-02T11:00:00Z",
    );
    let id = book(&app, later).await;
    let lapses = instant(NOON) + TimeDelta::minutes(5);
    server.clock.set(lapses - TimeDelta::milliseconds(1));
    assert_eq!(
        shown(event(&app, &id).await).await,
        ["0", "TENTATIVE", "20261201T120000Z"]
    );
    server.clock.set(lapses);
    assert_eq!(
        shown(event(&app, &id).await).await,
        ["1", "CANCELLED", "20261201T120500Z"]
    );
}

#[tokio::test]
async fn a_status_says_whether_the_time_is_taken_for_good() {
    let server = TestServer::start().await;
    let app = server.app();
    for (id, status) in [
        (CONFIRMED, "CONFIRMED"),
        (TENTATIVE, "TENTATIVE"),
        (DECLINED, "CANCELLED"),
    ] {
        assert_eq!(event(&app, &id.to_string()).await["STATUS"], status);
    }
    let at_day = |graph: &str, day: u32| {
        let (start, end) = (
            format!("2026-12-{day:02}T10:00:00Z"),
            format!("2026-12-{day:02}T11:00:00Z"),
        );
        booking(&ROOM.to_string(), graph, &start, &end)
    };
    let group = at_day("group_owner", 4);
    let group = with(group, "settings", json!({ "max_seats": 3 }));
    let group = book(&app, group).await;
    let seat = |graph: &str| {
        json!({
            "graph": graph,
            "related": { "owner_booking_id": group },
            "customer": { "name": "Marty McFly", "email": "marty@example.com" },
        })
    };
    for (body, actions) in [
        (at_day("instant", 2), &[("cancel", "CANCELLED")][..]),
        (at_day("instant", 2), &[("cancel_by_customer", "CANCELLED")]),
        (at_day("instant", 2), &[("complete", "CONFIRMED")]),
        (
            at_day("instant_payment", 3),
            &[("pay", "CONFIRMED"), ("cancel", "CANCELLED")],
        ),
        (seat("group_customer"), &[("cancel_by_owner", "CANCELLED")]),
        (
            seat("group_customer_payment"),
            &[("pay", "CONFIRMED"), ("cancel_by_customer", "CANCELLED")],
        ),
    ] {
        let graph = body["graph"].clone();
        let id = book(&app, body).await;
        let begins = event(&app, &id).await["STATUS"].clone();
        let waits = graph
            .as_str()
            .is_some_and(|graph| graph.ends_with("payment"));
        assert_eq!(begins == "TENTATIVE", waits, "{graph} is {begins}");
        for (action, status) in actions {
            act(&app, &id, action).await;
            assert_eq!(
                event(&app, &id).await["STATUS"],
                *status,
                "{graph} {action}"
            );
        }
    }
    // A group that takes bookings takes its time, whoever comes.
    assert_eq!(event(&app, &group).await["STATUS"], "CONFIRMED");
    act(&app, &group, "cancel").await;
    assert_eq!(event(&app, &group).await["STATUS"], "CANCELLED");
}

/// Texts that somebody may send, and what a reader must find in their place.
fn hostile_texts() -> Vec<(String, String)> {
    let same = |text: &str| (text.to_owned(), text.to_owned());
    let read_as = |text: &str, read: &str| (text.to_owned(), read.to_owned());
    let mut texts = vec![
        same("a;b,c:d\\e\"f"),
        same("C:\\new\\Nodes\\, \\; \\\\"),
        same("one\ntwo\n\nfour"),
        same("tab\there"),
        same("BEGIN:VEVENT"),
        same("x;ENCODING=BASE64:y"),
        // Letters are kept composed.
        read_as("Ärger, 老虎, ☃, 👩‍👩‍👧‍👦, e\u{301}", "Ärger, 老虎, ☃, 👩‍👩‍👧‍👦, \u{e9}"),
        read_as(
            "a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR",
            "a\nEND:VEVENT\nEND:VCALENDAR\nBEGIN:VCALENDAR",
        ),
        read_as(
            "a\rATTENDEE:mailto:x@example.com",
            "a\nATTENDEE:mailto:x@example.com",
        ),
        read_as("a\r\n folded\r\n\tnot", "a\n folded\n\tnot"),
        read_as("1\u{b}2\u{c}3\u{85}4\u{2028}5\u{2029}6", "1\n2\n3\n4\n5\n6"),
        read_as(
            "nul\0 esc\u{1b}[31m bell\u{7} del\u{7f} c1\u{9f}",
            "nul esc[31m bell del c1",
        ),
    ];
    // A line end at every place of a character of every width, and of what is escaped.
    for filler in ["x", "é", "老", "👍", ",", "\\", "\n", " ", "x ", "\\n"] {
        for shift in 1..9 {
            texts.push(same(&format!(
                "{}{}.",
                "y".repeat(shift),
                filler.repeat(90)
            )));
        }
    }
    texts
}

#[tokio::test]
async fn hostile_text_stays_text() {
    let server = TestServer::start().await;
    let app = server.live_app();
    let room = json!({ "name": "Room", "timezone": "UTC" });
    let room = app.post("/v2/resources", room).await.expecting(201).id();
    let feed = subscribe(&app, &room).await;
    for (number, (sent, expected)) in hostile_texts().into_iter().enumerate() {
        let start = instant(TEN) + TimeDelta::hours(2 * i64::try_from(number).expect("small"));
        let mut body = titled(&sent, start);
        body["resource_id"] = room.clone().into();
        body["where"] = sent.clone().into();
        body["description"] = sent.clone().into();
        let id = book(&app, body).await;
        let shown = event(&app, &id).await;
        for name in ["SUMMARY", "LOCATION", "DESCRIPTION"] {
            assert_eq!(text(&shown[name]), expected, "{name} of {sent:?}");
        }
        assert_eq!(shown.len(), 10, "{shown:?}");
        // The same as the name of a calendar, where it ends a name.
        if sent.chars().count() <= 200 {
            let path = format!("/v2/resources/{room}");
            app.put(&path, json!({ "name": sent })).await.expecting(200);
            server.clock.advance(TimeDelta::seconds(1));
            let calendar = Document::of(&server.anonymous().get(&feed).await);
            for (at, expected_name) in [(3, "NAME;VALUE=TEXT"), (4, "X-WR-CALNAME")] {
                let (name, value) = &calendar.properties[at];
                assert_eq!(
                    (name.as_str(), text(value)),
                    (expected_name, expected.clone())
                );
            }
            assert_eq!(calendar.properties.len(), 7);
        }
    }
}

#[tokio::test]
async fn the_longest_text_is_there_to_its_last_character() {
    let server = TestServer::start().await;
    let app = server.app();
    for filler in ["x", "👍", ","] {
        let long = filler.repeat(19_999) + ".";
        let id = book(
            &app,
            with(hour("confirm_decline"), "description", long.clone().into()),
        )
        .await;
        assert_eq!(text(&event(&app, &id).await["DESCRIPTION"]), long);
    }
}

#[tokio::test]
async fn only_who_may_read_a_booking_is_given_its_document() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = format!("/v2/bookings/{CONFIRMED}/calendar.ics");
    server.anonymous().get(&path).await.expecting(401);
    let widget = server.with_key(server.demo.test.widget_key.expose());
    widget.get(&path).await.expecting(403);
    let token = async |resource: &str, token_type: &str| {
        let token = server.token(&app, resource, token_type).await;
        server.with_token(TEST_SLUG, &token)
    };
    let doc = DOC_BROWN.to_string();
    token(&doc, "client-token")
        .await
        .get(&path)
        .await
        .expecting(403);
    token(&doc, "server-token")
        .await
        .get(&path)
        .await
        .expecting(200);
    let other = token(&ROOM.to_string(), "server-token").await;
    let missing = other.get(&path).await.expecting(404);
    assert_eq!(missing.body["model"], "Booking");
    let another = server.live_app().get(&path).await.expecting(404);
    let nothing = app.get("/v2/bookings/nope/calendar.ics").await;
    assert_eq!(another.body["error"], nothing.body["error"]);
    assert_eq!(nothing.status, 404);
}

#[tokio::test]
async fn a_feed_is_read_without_a_credential_by_whoever_has_its_address() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = DOC_BROWN.to_string();
    app.get(&feed_of(&doc)).await.expecting(404);
    let made = app.post(&feed_of(&doc), json!({})).await.expecting(201);
    assert_eq!(made.body["data"]["created_at"], "2026-11-21T12:00:00+00:00");
    let shown = app.get(&feed_of(&doc)).await.expecting(200);
    assert_eq!(shown.body, made.body);
    let path = address(&made);
    let (_, segment) = path
        .split_once("/v2/bookings/feeds/")
        .expect("a feed's path");
    assert!(
        segment.ends_with(".ics") && !segment.contains('/'),
        "{path}"
    );
    assert!(!path.contains(&doc), "{path}");
    let reply = server.anonymous().get(&path).await;
    assert_eq!(reply.header("cache-control"), Some("private, no-cache"));
    assert_eq!(
        reply.header("content-disposition"),
        Some("inline; filename=\"calendar.ics\"")
    );
    let calendar = Document::of(&reply);
    let expected = [
        ("VERSION", "2.0"),
        ("PRODID", "-//Latchkey//Bookings//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("NAME;VALUE=TEXT", "Doc Brown"),
        ("X-WR-CALNAME", "Doc Brown"),
        ("REFRESH-INTERVAL;VALUE=DURATION", "PT3600S"),
        ("X-PUBLISHED-TTL", "PT3600S"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(calendar.properties, expected);
    // Of the demo's three bookings of Doc Brown those that were not declined.
    let mut statuses: Vec<&str> = calendar
        .events
        .iter()
        .map(|e| e["STATUS"].as_str())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["CONFIRMED", "TENTATIVE"]);
    let uids: Vec<&str> = calendar.events.iter().map(|e| e["UID"].as_str()).collect();
    for id in [CONFIRMED, TENTATIVE] {
        assert!(uids.contains(&id.to_string().as_str()));
    }
}

#[tokio::test]
async fn a_feed_names_no_customer_and_has_no_description() {
    let server = TestServer::start().await;
    let app = server.app();
    book(&app, hour("instant")).await;
    let path = subscribe(&app, &ROOM.to_string()).await;
    let reply = server.anonymous().get(&path).await;
    let calendar = Document::of(&reply);
    let names: Vec<&str> = calendar.events[0].keys().map(String::as_str).collect();
    let expected = [
        "DTEND",
        "DTSTAMP",
        "DTSTART",
        "LAST-MODIFIED",
        "LOCATION",
        "SEQUENCE",
        "STATUS",
        "SUMMARY",
        "UID",
    ];
    assert_eq!(names, expected);
    let text = reply.body.to_string();
    for private in ["Marty", "marty", "10:04"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
}

#[tokio::test]
async fn a_feed_has_what_starts_from_90_days_ago_until_365_days_ahead() {
    let server = TestServer::start().await;
    let app = server.app();
    let now = instant(NOW);
    let (earliest, latest) = (now - TimeDelta::days(90), now + TimeDelta::days(365));
    let second = TimeDelta::seconds(1);
    let hours = TimeDelta::hours(2);
    for (title, start) in [
        ("too late", latest + second + hours),
        ("latest", latest),
        ("soon", now),
        ("just begun", now - hours),
        ("earliest", earliest),
        ("too early", earliest - hours),
    ] {
        book(&app, titled(title, start)).await;
    }
    let calendar = room_calendar(&server).await;
    assert_eq!(
        calendar.summaries(),
        ["earliest", "just begun", "soon", "latest"],
        "by start"
    );
    // A second later the first has left it.
    server.clock.advance(second);
    assert_eq!(
        room_calendar(&server).await.summaries(),
        ["just begun", "soon", "latest"]
    );
}

#[tokio::test]
async fn a_feed_shows_what_moved_once_where_it_is_now() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = ROOM.to_string();
    let moved = book(&app, hour("instant")).await;
    let third = instant("2026-12-03T10:00:00Z");
    let moved_again = reschedule(&app, &moved, instant(NOON), &room).await;
    reschedule(&app, &moved_again, third, &room).await;
    let gone = book(&app, hour("instant")).await;
    reschedule(&app, &gone, instant(TEN), &DOC_BROWN.to_string()).await;
    let calendar = room_calendar(&server).await;
    let shown = |id: &str| {
        let found = calendar.events.iter().filter(|event| event["UID"] == id);
        found
            .map(|event| (event["STATUS"].as_str(), event["DTSTART"].as_str()))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&moved), [("CONFIRMED", "20261203T100000Z")]);
    assert_eq!(calendar.events.len(), 1, "what is elsewhere is not here");
}

#[tokio::test]
async fn a_feed_has_only_what_takes_place() {
    let server = TestServer::start().await;
    let app = server.app();
    for (graph, actions) in [
        ("instant", &["cancel"][..]),
        ("instant", &["cancel_by_customer"]),
        ("confirm_decline", &["decline"]),
        ("confirm_decline", &["confirm", "cancel"]),
        ("instant_payment", &["timeout"]),
        ("instant_payment", &["pay", "cancel"]),
        ("group_owner", &["cancel"]),
    ] {
        let mut body = hour(graph);
        if graph == "group_owner" {
            body["settings"] = json!({ "max_seats": 3 });
        }
        let id = book(&app, body).await;
        assert_eq!(room_calendar(&server).await.events.len(), 1, "{graph}");
        for action in actions {
            act(&app, &id, action).await;
        }
        let left = room_calendar(&server).await.summaries();
        assert_eq!(left, [""; 0], "{graph} {actions:?}");
    }
    // A hold that lapses leaves it without anybody writing.
    book(&app, hour("instant_payment")).await;
    server.clock.advance(TimeDelta::minutes(5));
    assert_eq!(room_calendar(&server).await.summaries(), [""; 0]);
    server.clock.advance(TimeDelta::seconds(2));
    // What is over took place.
    let done = book(&app, hour("instant")).await;
    act(&app, &done, "complete").await;
    assert_eq!(room_calendar(&server).await.only_event()["UID"], done);
}

#[tokio::test]
async fn what_was_called_off_pushes_nothing_out_of_a_feed_however_much_it_is() {
    for called_off in [1_000, 5_500] {
        let server = TestServer::start().await;
        let app = server.app();
        let now = server.state.now();
        let at = |hours: i64| now + TimeDelta::hours(hours);
        book(&app, titled("real", at(48))).await;
        book(&app, titled("past", at(-48))).await;
        let one = book(&app, titled("called off", at(1))).await;
        let id = one.parse().expect("an id");
        let tenant = Tenant::app(TEST_APP);
        let found = server.state.store().get_booking(tenant, id).await;
        let found = found.expect("a store").expect("a booking");
        act(&app, &one, "cancel").await;
        let copies: Vec<Booking> = (0..called_off)
            .map(|_| {
                let id = BookingId::random(server.state.random());
                Booking {
                    id,
                    series_id: id,
                    state: model::graph::BookingState::Cancelled,
                    ..found.clone()
                }
            })
            .collect();
        server.fill(TEST_APP, &copies);
        let shown = room_calendar(&server).await.summaries();
        assert_eq!(shown, ["past", "real"], "{called_off} called off");
    }
}

#[tokio::test]
async fn a_group_stands_in_a_feed_once() {
    let server = TestServer::start().await;
    let app = server.app();
    let group = with(hour("group_owner"), "settings", json!({ "max_seats": 3 }));
    let group = book(&app, group).await;
    for _ in 0..2 {
        let seat = json!({
            "graph": "group_customer",
            "related": { "owner_booking_id": group },
            "customer": { "name": "Marty McFly", "email": "marty@example.com" },
        });
        book(&app, seat).await;
    }
    let calendar = room_calendar(&server).await;
    let events: Vec<&str> = calendar.events.iter().map(|e| e["UID"].as_str()).collect();
    assert_eq!(events, [&group]);
}

#[tokio::test]
async fn a_feed_cuts_long_titles_and_places_short() {
    let server = TestServer::start().await;
    let app = server.app();
    let whole = "👍".repeat(250);
    let long = "👍".repeat(251);
    let mut body = hour("instant");
    body["what"] = whole.clone().into();
    body["where"] = long.into();
    book(&app, body).await;
    let event = room_calendar(&server).await.only_event();
    assert_eq!(text(&event["SUMMARY"]), whole);
    assert_eq!(text(&event["LOCATION"]), "👍".repeat(249) + "…");
}

#[tokio::test]
async fn a_feed_has_at_most_a_thousand_events_and_those_ahead_before_the_past() {
    let server = TestServer::start().await;
    let app = server.app();
    let now = server.state.now();
    book(&app, titled("past", now - TimeDelta::days(1))).await;
    let one = book(&app, titled("ahead", now + TimeDelta::days(1))).await;
    book(&app, titled("far", now + TimeDelta::days(300))).await;
    let store = server.state.store();
    let tenant = Tenant::app(TEST_APP);
    let one = store.get_booking(tenant, one.parse().expect("an id")).await;
    let one = one.expect("a store").expect("a booking");
    let path = subscribe(&app, &ROOM.to_string()).await;
    let counts = async || {
        let reply = server.anonymous().get(&path).await;
        let calendar = Document::of(&reply);
        let summaries = calendar.summaries();
        let of = |title: &str| summaries.iter().filter(|summary| *summary == title).count();
        let length = reply.body.as_str().map(str::len);
        assert!(length < Some(6_000_000), "more than a function may answer");
        (of("past"), of("ahead"), of("far"))
    };
    assert_eq!(counts().await, (1, 1, 1));
    let writer = store.writer();
    for _ in 0..40 {
        let mut decision = writer.decision(tenant, now);
        for _ in 0..25 {
            let id = BookingId::random(server.state.random());
            // One that takes no time, so that many can be there at once.
            decision.put(Booking {
                id,
                series_id: id,
                graph: model::graph::Graph::ConfirmDecline,
                state: model::graph::BookingState::Tentative,
                allow_double_bookings: true,
                event: model::booking::EventText {
                    place: "👍".repeat(250),
                    ..one.event.clone()
                },
                ..one.clone()
            });
        }
        let committed = decision.commit(()).await.expect("room");
        assert_eq!(committed, store::Attempt::Decided(()));
    }
    assert_eq!(counts().await, (0, 1_000, 0));
}

#[tokio::test]
async fn an_address_that_is_wrong_or_no_longer_holds_leads_nowhere() {
    let server = TestServer::start().await;
    let (app, nobody) = (server.app(), server.anonymous());
    let (doc, room) = (DOC_BROWN.to_string(), ROOM.to_string());
    let first = subscribe(&app, &doc).await;
    let of_room = subscribe(&app, &room).await;
    let refused = async |path: &str| {
        // Within the limit of a minute.
        server.clock.advance(TimeDelta::seconds(2));
        let reply = nobody.get(path).await.expecting(404);
        assert_eq!(reply.body["model"], "Calendar feed", "{path}");
        let refusal = reply.comparable();
        assert_eq!(refusal.0, 404);
        refusal
    };
    let reference = refused("/v2/bookings/feeds/nope").await;
    // Each character of a good address counts, and so does where it ends.
    let start = first.rfind('/').expect("a path") + 1;
    let end = first.len() - ".ics".len();
    for at in start..end {
        let other = if &first[at..=at] == "A" { "B" } else { "A" };
        let wrong = format!("{}{other}{}", &first[..at], &first[at + 1..]);
        assert_eq!(refused(&wrong).await, reference, "{wrong}");
    }
    for wrong in [
        first[..end].to_owned(),
        first.replace(".ics", ".ICS"),
        first.replace(".ics", "A.ics"),
        first.replace(".ics", "=.ics"),
        first.replace(".ics", ".ics.ics"),
        format!("{}.ics", &first[..end - 1]),
        "/v2/bookings/feeds/.ics".to_owned(),
        // The ids of one with the code of the other.
        format!("{}{}", &first[..start + 43], &of_room[start + 43..]),
    ] {
        assert_eq!(refused(&wrong).await, reference, "{wrong}");
    }
    nobody.get(&first).await.expecting(200);

    let second = subscribe(&app, &doc).await;
    assert_ne!(first, second);
    assert_eq!(refused(&first).await, reference, "renewed");
    nobody.get(&second).await.expecting(200);
    for _ in 0..2 {
        app.delete(&feed_of(&doc)).await.expecting(204);
        assert_eq!(refused(&second).await, reference, "revoked");
        app.get(&feed_of(&doc)).await.expecting(404);
    }
    let third = subscribe(&app, &doc).await;
    assert!(![&first, &second].contains(&&third));
    // Other changes to the resource leave its address alone.
    let path = format!("/v2/resources/{doc}");
    app.put(&path, json!({ "name": "Doc" }))
        .await
        .expecting(200);
    nobody.get(&third).await.expecting(200);
    let kept = format!("{path}?bookings=keep");
    app.delete(&kept).await.expecting(204);
    assert_eq!(refused(&third).await, reference, "its resource is gone");
    nobody.get(&of_room).await.expecting(200);
    let app_path = format!("/v2/apps/{TEST_SLUG}");
    app.delete(&app_path).await.expecting(204);
    assert_eq!(refused(&of_room).await, reference, "its app is gone");
}

#[tokio::test]
async fn nobody_is_given_an_address_that_reaches_further_than_they_do() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = DOC_BROWN.to_string();
    let path = feed_of(&doc);
    subscribe(&app, &doc).await;
    let scopes = json!(["bookings.read", "resources.write"]);
    let bounds = [
        ("allowed_cidrs", json!(["127.0.0.0/8"])),
        ("rate_limit", json!({ "limit": 59, "window": "1 minute" })),
    ];
    for (bound, value) in bounds {
        let wanted = json!({ "name": "Bound", "scopes": scopes, bound: value });
        let (_, key) = server.make_key(&app, wanted).await;
        for method in [Method::GET, Method::POST] {
            let reply = key.send(method, &path, "{}").await.expecting(403);
            assert_eq!(reply.body["code"], "wider_than_caller", "{bound}");
        }
        // Whoever may change the resource may take the address away.
        key.delete(&path).await.expecting(204);
        subscribe(&app, &doc).await;
    }
    let scoped = async |scopes: Value| {
        let wanted = json!({ "name": "Scoped", "scopes": scopes });
        server.make_key(&app, wanted).await.1
    };
    let both = scoped(scopes).await;
    both.post(&path, json!({})).await.expecting(201);
    both.get(&path).await.expecting(200);
    let reader = scoped(json!(["bookings.read"])).await;
    reader.get(&path).await.expecting(200);
    reader.post(&path, json!({})).await.expecting(403);
    reader.delete(&path).await.expecting(403);
    let writer = scoped(json!(["resources.write", "resources.read"])).await;
    writer.get(&path).await.expecting(403);
    let refused = writer.post(&path, json!({})).await.expecting(403);
    assert_eq!(refused.body["code"], "forbidden");
    let ending = json!({ "name": "Ends", "scopes": ["*"], "expires_at": "2027-01-01T00:00:00Z" });
    let (_, ending) = server.make_key(&app, ending).await;
    let refused = ending.get(&path).await.expecting(403);
    assert_eq!(refused.body["code"], "wider_than_caller");

    // Public credentials never, and a resource only its own.
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let token = async |resource: &str, token_type: &str| {
        let token = server.token(&app, resource, token_type).await;
        server.with_token(TEST_SLUG, &token)
    };
    for public in [widget, token(&doc, "client-token").await] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            public.send(method, &path, "{}").await.expecting(403);
        }
    }
    let own = token(&doc, "server-token").await;
    let others = token(&ROOM.to_string(), "server-token").await;
    for (method, status) in [
        (Method::POST, 201),
        (Method::GET, 200),
        (Method::DELETE, 204),
    ] {
        for stranger in [&others, &server.live_app()] {
            let reply = stranger.send(method.clone(), &path, "{}").await;
            assert_eq!(reply.expecting(404).body["model"], "Resource");
        }
        own.send(method, &path, "{}").await.expecting(status);
    }
}

#[tokio::test]
async fn an_address_says_nothing_of_another_tenants_bookings() {
    let server = TestServer::start().await;
    let (live, test) = (server.live_app(), server.app());
    let room = json!({ "name": "Live room", "timezone": "UTC" });
    let room = live.post("/v2/resources", room).await.expecting(201).id();
    let path = subscribe(&live, &room).await;
    book(&test, hour("instant")).await;
    let calendar = Document::of(&server.anonymous().get(&path).await);
    assert_eq!(calendar.events, []);
    // With a credential it is no more than without.
    let reply = test.get(&path).await;
    assert_eq!(Document::of(&reply), calendar);
    assert_eq!(reply.header("timekit-testmode"), None);
}

#[tokio::test]
async fn a_feed_is_limited_for_each_network_address() {
    let server = TestServer::start().await;
    let path = subscribe(&server.app(), &DOC_BROWN.to_string()).await;
    let nobody = server.anonymous();
    for _ in 0..60 {
        nobody.get(&path).await.expecting(200);
    }
    let refused = nobody.get(&path).await.expecting(429);
    assert_eq!(refused.header("retry-after"), Some("60"));
    let elsewhere = server.calling_from("203.0.113.7", &nobody);
    elsewhere.get(&path).await.expecting(200);
    server.clock.advance(TimeDelta::minutes(1));
    nobody.get(&path).await.expecting(200);
}

#[tokio::test]
async fn a_feed_costs_few_calls_to_the_store() {
    let server = TestServer::start().await;
    let path = subscribe(&server.app(), &DOC_BROWN.to_string()).await;
    let nobody = server.anonymous();
    let cost = async |path: &str| {
        let before = server.store_calls();
        nobody.get(path).await;
        server.store_calls() - before
    };
    // The attempt in both its buckets, the resource, the app, and the bookings on both sides of the present.
    assert_eq!(cost(&path).await, 6);
    assert_eq!(cost("/v2/bookings/feeds/nope.ics").await, 2);
}

#[tokio::test]
async fn the_address_itself_is_not_kept() {
    let server = TestServer::start().await;
    let path = subscribe(&server.app(), &DOC_BROWN.to_string()).await;
    let segment = path.rsplit('/').next().expect("a segment");
    let code = segment[43..].trim_end_matches(".ics");
    let client = server.dynamodb().await;
    let tables = client.list_tables().send().await.expect("tables");
    let mut items = 0;
    for table in tables.table_names() {
        let found = client.scan().table_name(table).send().await.expect("items");
        for item in found.items() {
            items += 1;
            let text = format!("{item:?}");
            assert!(!text.contains(code), "in {table}: {text}");
        }
    }
    assert!(items > 20, "{items}");
}
