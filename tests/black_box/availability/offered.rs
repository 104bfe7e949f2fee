//! The offer: what availability offers is exactly what can be booked, by whichever operation.

use aws_sdk_dynamodb::types::AttributeValue;
use local::demo::{TEST_APP, TEST_SLUG};
use local::tables;
use serde_json::{Value, json};
use tests::{Client, Log, Reply, TestServer};

/// Something to book that is in no project: open from 8 on weekdays, in UTC.
async fn room(app: &Client, more: Value) -> String {
    let body = json!({
        "name": "Room", "timezone": "UTC",
        "availability_constraints": [{ "allow_hours": { "start": 8, "end": 24 } }, { "allow_weekdays": [] }],
    });
    let made = app.post("/v2/resources", over(body, more)).await;
    made.expecting(201).id()
}

async fn project(app: &Client, resources: &[&str], more: Value) -> String {
    let body = json!({ "name": "Room", "resources": resources });
    let made = app.post("/v2/projects", over(body, more)).await;
    made.expecting(201).id()
}

/// `body` with the fields of `more` over its own.
fn over(mut body: Value, more: Value) -> Value {
    if let Value::Object(more) = more {
        for (name, value) in more {
            body[name] = value;
        }
    }
    body
}

fn widget(server: &TestServer) -> Client {
    server.with_key(server.demo.test.widget_key.expose())
}

fn booking(resource: &str, (start, end): (&str, &str)) -> Value {
    json!({
        "resource_id": resource, "graph": "instant", "start": start, "end": end, "what": "A room", "where": "Here",
        "customer": { "name": "Marty", "email": "marty@example.com" },
    })
}

fn code(reply: &Reply) -> &str {
    reply.body["code"].as_str().unwrap_or_default()
}

/// The one slot of that length that is searched for at `start`, if it is offered.
async fn is_offered(caller: &Client, resource: &str, (start, end): (&str, &str)) -> bool {
    let seconds = (tests::instant(end) - tests::instant(start)).num_seconds();
    let body = json!({
        "resources": [resource], "mode": "exclusive", "length": format!("{seconds} seconds"), "from": start, "to": end,
        "timeslot_increments": "1 minute",
    });
    let reply = caller.post("/v2/availability", body).await;
    reply.status == 200 && reply.body["data"][0]["start"].is_string()
}

const OPEN: (&str, &str) = ("2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z");
const DAY: (&str, &str) = ("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z");

#[tokio::test]
async fn a_page_books_what_is_in_no_project_when_availability_offers_it_and_no_longer_than_it_may()
{
    let server = TestServer::start().await;
    let (app, page) = (server.app(), widget(&server));
    let always = json!({ "availability_constraints": [] });
    let room_1 = room(&app, json!({})).await;
    let open = room(&app, always.clone()).await;
    let long = room(&app, over(always, json!({ "max_public_length": "3 days" }))).await;
    let token = server.token(&app, &open, "client-token").await;
    let own = server.with_token(TEST_SLUG, &token);
    let long_token = server.token(&app, &long, "client-token").await;
    let long_own = server.with_token(TEST_SLUG, &long_token);
    let after_24_hours = ("2026-11-24T00:00:00Z", "2026-11-25T00:01:00Z");
    let three_days = ("2026-11-24T00:00:00Z", "2026-11-27T00:00:00Z");
    let over_three_days = ("2026-11-24T00:00:00Z", "2026-11-27T00:01:00Z");
    let too_far = ("2027-05-21T12:00:00Z", "2027-05-21T13:00:00Z");
    let as_far_as_it_goes = ("2027-05-21T11:00:00Z", "2027-05-21T12:00:00Z");
    for (caller, resource, time, is_fine) in [
        (&page, &room_1, OPEN, true),
        (
            &page,
            &room_1,
            ("2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z"),
            false,
        ),
        (
            &page,
            &room_1,
            ("2026-11-23T07:59:00Z", "2026-11-23T08:59:00Z"),
            false,
        ),
        (
            &page,
            &room_1,
            ("2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"),
            false,
        ),
        (
            &page,
            &room_1,
            ("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"),
            false,
        ),
        (&page, &open, DAY, true),
        (&own, &open, after_24_hours, false),
        (&page, &open, after_24_hours, false),
        (
            &page,
            &open,
            ("2026-12-01T00:00:00Z", "2026-12-31T00:00:00Z"),
            false,
        ),
        (
            &page,
            &open,
            ("2026-12-01T00:00:00Z", "2026-12-01T00:00:30Z"),
            false,
        ),
        (&page, &open, too_far, false),
        (&own, &open, as_far_as_it_goes, true),
        (&page, &long, over_three_days, false),
        (&long_own, &long, over_three_days, false),
        (&page, &long, three_days, true),
    ] {
        assert_eq!(
            is_offered(caller, resource, time).await,
            is_fine,
            "{time:?}"
        );
        let reply = caller.post("/v2/bookings", booking(resource, time)).await;
        let expected = if is_fine {
            (201, "")
        } else {
            (409, "not_offered")
        };
        assert_eq!(
            (reply.status, code(&reply)),
            expected,
            "{time:?}: {}",
            reply.body
        );
    }
    // Without a project nothing holds a secret key to it.
    let three_days_later = ("2026-12-01T00:00:00Z", "2026-12-04T00:01:00Z");
    app.book(booking(&open, three_days_later)).await;
}

#[tokio::test]
async fn the_longest_length_of_a_page_is_checked_when_it_is_written() {
    let server = TestServer::start().await;
    let app = server.app();
    for wrong in ["32 days", "59 seconds", "a while", "1 month", ""] {
        let body = json!({ "name": "Room", "timezone": "UTC", "max_public_length": wrong });
        let refused = app.post("/v2/resources", body).await.expecting(422);
        assert_eq!(refused.faults(), ["max_public_length"], "{wrong}");
    }
    let room = room(&app, json!({ "max_public_length": "31 days" })).await;
    let path = format!("/v2/resources/{room}");
    let see = async || app.get(&path).await.body["data"]["max_public_length"].clone();
    assert_eq!(see().await, "31 days");
    app.put(&path, json!({ "max_public_length": null })).await;
    assert_eq!(see().await, Value::Null);
}

/// Replaces `old` in the record of an item, as a version of this program might have written it.
async fn rewrite(server: &TestServer, pk: String, sk: &str, (old, new): (&str, &str)) {
    let dynamodb = server.dynamodb().await;
    let table = format!("{}data", tables::PREFIX);
    let get = dynamodb
        .get_item()
        .table_name(&table)
        .key("pk", AttributeValue::S(pk))
        .key("sk", AttributeValue::S(sk.to_owned()));
    let mut item = get.send().await.expect("an answer").item.expect("an item");
    let record = item["record"].as_s().expect("text").clone();
    assert!(record.contains(old), "{record}");
    item.insert(
        "record".to_owned(),
        AttributeValue::S(record.replace(old, new)),
    );
    let put = dynamodb.put_item().table_name(&table).set_item(Some(item));
    put.send().await.expect("written");
}

#[tokio::test]
async fn stored_settings_that_cannot_be_read_are_our_fault_wherever_they_are_met_and_the_log_names_whose()
 {
    let server = TestServer::start().await;
    let (app, page) = (server.app(), widget(&server));
    let room = room(&app, json!({})).await;
    let hour = json!({ "mode": "exclusive", "length": "61 minutes" });
    let of_settings = project(&app, &[&room], json!({ "availability": hour })).await;
    let hours = json!([{ "block_hours": { "start": 12, "end": 13 } }]);
    let of_constraints = project(
        &app,
        &[&room],
        json!({ "availability": { "mode": "exclusive" }, "availability_constraints": hours }),
    )
    .await;
    let alone = self::room(&app, json!({ "max_public_length": "25 hours" })).await;
    for (id, old, new) in [
        (&of_settings, "61 minutes", "61 aeons"),
        (&of_constraints, "block_hours", "block_hopes"),
    ] {
        let pk = format!("app#{TEST_APP}#project#{id}");
        rewrite(&server, pk, "project", (old, new)).await;
    }
    let pk = format!("app#{TEST_APP}#resource#{alone}");
    rewrite(&server, pk, "resource", ("allow_hours", "allow_hopes")).await;

    for (named, by_project) in [
        (&of_settings, true),
        (&of_constraints, true),
        (&alone, false),
    ] {
        let resource = if by_project { &room } else { named };
        let mut asked = json!({ "resources": [resource], "mode": "exclusive" });
        let mut booked = booking(resource, OPEN);
        if by_project {
            asked["project_id"] = named.as_str().into();
            booked["project_id"] = named.as_str().into();
        }
        for (caller, path, body) in [
            (&page, "/v2/availability", &asked),
            (&app, "/v2/availability", &asked),
            (&page, "/v2/availability/dates", &asked),
            (&page, "/v2/availability/count", &asked),
            (&app, "/v2/unavailable/slots", &asked),
            (&page, "/v2/bookings", &booked),
        ] {
            let log = Log::start();
            let reply = caller.post(path, body.clone()).await;
            assert_eq!(
                (reply.status, code(&reply)),
                (500, "internal"),
                "{path}: {}",
                reply.body
            );
            assert!(log.text().contains(named.as_str()), "{}", log.text());
        }
    }
    // A secret key holds and books the time of such a project too, and is told the same.
    let held = over(booking(&room, OPEN), json!({ "project_id": of_settings }));
    for path in ["/v2/bookings/reserve", "/v2/bookings"] {
        let reply = app.post(path, held.clone()).await;
        assert_eq!(
            (reply.status, code(&reply)),
            (500, "internal"),
            "{path}: {}",
            reply.body
        );
    }
}

#[tokio::test]
async fn a_project_that_cannot_be_shown_is_our_fault_and_costs_a_list_that_row_and_a_log_line() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app, json!({})).await;
    let sound = project(&app, &[&room], json!({})).await;
    let looks = json!({ "ui": { "display_name": "Marmalade" } });
    let broken = project(&app, &[&room], looks).await;
    let pk = format!("app#{TEST_APP}#project#{broken}");
    let half_a_text = (r#"\"Marmalade\""#, r#"\"Marmalade"#);
    rewrite(&server, pk, "project", half_a_text).await;

    let path = format!("/v2/projects/{broken}");
    for (reply, log) in [
        {
            let log = Log::start();
            (app.get(&path).await, log)
        },
        {
            let log = Log::start();
            let embedded = format!("/v2/projects/embed/{broken}");
            (widget(&server).get(&embedded).await, log)
        },
    ] {
        assert_eq!((reply.status, code(&reply)), (500, "internal"));
        assert!(log.text().contains(&broken), "{}", log.text());
    }
    let log = Log::start();
    let list = app.get("/v2/projects").await.expecting(200);
    let rows = list.body["data"].as_array().expect("rows");
    let ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    assert!(ids.contains(&sound.as_str()) && !ids.contains(&broken.as_str()));
    assert!(log.text().contains(&broken), "{}", log.text());

    // Its time is booked all the same, and its owner can mend it.
    let booked = over(booking(&room, OPEN), json!({ "project_id": broken }));
    app.post("/v2/bookings", booked).await.expecting(201);
    let mended = app.put(&path, json!({ "ui": {} })).await.expecting(200);
    assert_eq!(mended.body["data"]["ui"]["display_name"], "");
}

#[tokio::test]
async fn a_project_of_an_older_version_is_booked_changed_and_listed() {
    let server = TestServer::start().await;
    let app = server.app();
    let room = room(&app, json!({})).await;
    let hours =
        json!({ "availability": { "mode": "exclusive", "length": "1 hour", "to": "2 weeks" } });
    let project = project(&app, &[&room], hours.clone()).await;
    let pk = format!("app#{TEST_APP}#project#{project}");
    // An older version knows no rules, and drops them when it writes a record.
    rewrite(
        &server,
        pk,
        "project",
        (r#""rules":[2,"#, r#""of_no_version":[2,"#),
    )
    .await;
    let booked = over(booking(&room, OPEN), json!({ "project_id": project }));
    app.post("/v2/bookings", booked).await.expecting(201);
    let path = format!("/v2/projects/{project}");
    let changed = app.put(&path, json!({ "name": "Renamed" })).await;
    let shown = changed.expecting(200).body["data"]["availability"].clone();
    assert_eq!(shown, hours["availability"]);
    let list = app.get("/v2/projects").await.expecting(200);
    assert!(list.body["data"].to_string().contains("Renamed"));
}

#[tokio::test]
async fn a_stored_range_that_is_over_offers_nothing_and_is_nobodys_fault() {
    let server = TestServer::start().await;
    let (app, page) = (server.app(), widget(&server));
    let room = room(&app, json!({})).await;
    let range = json!({ "mode": "exclusive", "to": "2026-11-24T00:00:00Z" });
    let project = project(&app, &[&room], json!({ "availability": range })).await;
    let asked = json!({ "project_id": project });
    let slots = async |caller: &Client| {
        let found = caller.post("/v2/availability", asked.clone()).await;
        found.expecting(200).body["data"]
            .as_array()
            .expect("slots")
            .len()
    };
    let booked = over(booking(&room, OPEN), asked.clone());
    assert_eq!((slots(&page).await, slots(&app).await), (16, 16));
    server.clock.advance(chrono::TimeDelta::days(4));
    assert_eq!((slots(&page).await, slots(&app).await), (0, 0));
    let refused = page.post("/v2/bookings", booked).await;
    assert_eq!((refused.status, code(&refused)), (409, "not_offered"));
}

#[tokio::test]
async fn a_page_that_names_some_of_the_resources_that_a_slot_needs_is_offered_no_more_than_it_can_book()
 {
    let server = TestServer::start().await;
    let (app, page) = (server.app(), widget(&server));
    let first = room(&app, json!({})).await;
    let second = room(&app, json!({})).await;
    let together = json!({ "mode": "mutual", "to": "2026-11-24T00:00:00Z" });
    let project = project(
        &app,
        &[&first, &second],
        json!({ "availability": together }),
    )
    .await;
    app.book(booking(&second, OPEN)).await;
    let asked = json!({ "project_id": project, "resources": [first] });
    let found = page.post("/v2/availability", asked).await.expecting(200);
    assert_eq!(found.body["data"][0]["start"], "2026-11-23T09:00:00+00:00");
    let booked = over(booking(&first, OPEN), json!({ "project_id": project }));
    let refused = page.post("/v2/bookings", booked).await;
    assert_eq!((refused.status, code(&refused)), (409, "not_offered"));
}
