//! The searches that came before availability, and the older names of resources: what widget v1 and old clients send.

use local::demo::{DOC_BROWN, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer};

const DOC: &str = "doc.brown@latchkey.example";

/// Somebody who works from 9 to 12 in Copenhagen.
async fn somebody(app: &Client, name: &str) -> String {
    let body = json!({
        "name": name, "timezone": "Europe/Copenhagen", "email": format!("{name}@clinic.example"),
        "availability_constraints": [{ "allow_hours": { "start": 9, "end": 12 } }],
    });
    app.post("/v2/resources", body).await.expecting(201).id()
}

/// A search on Monday, two days from now.
fn on_monday(more: Value) -> Value {
    let mut body =
        json!({ "start": "2026-11-23T00:00:00+01:00", "future": "2026-11-24T00:00:00+01:00" });
    for (field, value) in more.as_object().expect("fields") {
        body[field] = value.clone();
    }
    body
}

async fn book(app: &Client, resource: &str, hour: u32) {
    let (start, end) = (
        format!("2026-11-23T{hour:02}:00:00+01:00"),
        format!("2026-11-23T{:02}:00:00+01:00", hour + 1),
    );
    let body = json!({
        "resource_id": resource, "graph": "instant", "start": start, "end": end, "what": "A", "where": "B",
        "description": "", "customer": { "name": "Marty", "email": "marty@example.com" },
    });
    app.post("/v2/bookings", body).await.expecting(201);
}

fn hours(times: &Value) -> Vec<&str> {
    let times = times.as_array().expect("times").iter();
    times
        .map(|time| &time["start"].as_str().expect("a start")[11..16])
        .collect()
}

fn data(reply: &Reply) -> &Vec<Value> {
    reply.body["data"].as_array().expect("a list")
}

async fn client_token(server: &TestServer, resource: &str) -> Client {
    let token = server.token(&server.app(), resource, "client-token").await;
    server.with_token(TEST_SLUG, &token)
}

#[tokio::test]
async fn a_time_is_found_when_all_who_are_named_are_free_each_named_once() {
    let server = TestServer::start().await;
    let app = server.app();
    let (ann, bob) = (somebody(&app, "ann").await, somebody(&app, "bob").await);
    book(&app, &ann, 9).await;
    book(&app, &bob, 11).await;
    let find = async |body: Value| {
        let reply = app.post("/v2/findtime", on_monday(body)).await;
        let reply = reply.expecting(200);
        hours(&reply.body["data"]).join(" ")
    };
    let by_address = json!({ "emails": ["Ann@clinic.example", "ann@clinic.example"] });
    assert_eq!(find(by_address).await, "10:00 11:00");
    assert_eq!(find(json!({ "user_ids": [bob] })).await, "09:00 10:00");
    let both = json!({ "emails": ["ann@clinic.example"], "resource_ids": [bob] });
    assert_eq!(find(both.clone()).await, "10:00");
    let seen = app
        .get(&format!("/v2/resources/{bob}"))
        .await
        .expecting(200);
    let calendar = &seen.body["data"]["calendars"][0]["id"];
    assert_eq!(
        find(json!({ "calendar_ids": [calendar] })).await,
        "09:00 10:00"
    );

    let mut short = both;
    short["length"] = "30 minutes".into();
    assert_eq!(find(short.clone()).await, "10:00 10:30");
    short["sort"] = "desc".into();
    assert_eq!(find(short.clone()).await, "10:30 10:00");
    short["all_solutions"] = true.into();
    assert_eq!(find(short.clone()).await, "10:30 10:15 10:00");
    short["buffer"] = "15 minutes".into();
    assert_eq!(find(short.clone()).await, "10:15");
    short["buffer"] = Value::Null;
    short["filters"] = json!({ "after": [{ "take_last": { "number": 1 } }] });
    assert_eq!(find(short.clone()).await, "10:30");
    short["filters"] = json!({ "or": [
        { "specific_day_and_time": { "day": "Monday", "start": 4, "end": "04:45", "timezone": "America/New_York" } },
        { "specific_day": { "day": "Tuesday" } },
    ] });
    assert_eq!(find(short).await, "10:15 10:00");
}

#[tokio::test]
async fn without_day_span_a_slot_ends_on_the_day_it_starts_on() {
    let server = TestServer::start().await;
    let app = server.app();
    let body = json!({ "name": "Night", "timezone": "Europe/Copenhagen", "email": "night@clinic.example" });
    app.post("/v2/resources", body).await.expecting(201);
    let mut body = json!({
        "emails": ["night@clinic.example"], "length": "2 hours", "all_solutions": true,
        "start": "2026-11-23T21:30:00+01:00", "future": "2026-11-24T02:00:00+01:00",
    });
    let spanning = app.post("/v2/findtime", body.clone()).await.expecting(200);
    assert!(hours(&spanning.body["data"]).contains(&"22:15"));
    body["no_day_span"] = true.into();
    let within = app.post("/v2/findtime", body).await.expecting(200);
    assert_eq!(
        hours(&within.body["data"]),
        ["21:30", "21:45", "22:00", "00:00"]
    );
}

#[tokio::test]
async fn bulk_searches_each_resource_for_itself_and_keeps_their_order() {
    let server = TestServer::start().await;
    let app = server.app();
    let (ann, bob) = (somebody(&app, "ann").await, somebody(&app, "bob").await);
    book(&app, &ann, 9).await;
    let flat = on_monday(json!({ "resource_ids": [bob, ann] }));
    let reply = app.post("/v2/findtime/bulk", flat).await.expecting(200);
    let shown: Vec<(&str, Vec<&str>)> = data(&reply)
        .iter()
        .map(|one| {
            (
                one["name"].as_str().expect("a name"),
                hours(&one["timeslots"]),
            )
        })
        .collect();
    let expected = [
        ("bob", vec!["09:00", "10:00", "11:00"]),
        ("ann", vec!["10:00", "11:00"]),
    ];
    assert_eq!(shown, expected);
    let each = on_monday(json!({
        "length": "1 hour",
        "users": [{ "resource_ids": [ann] }, { "_email": "bob@clinic.example", "length": "3 hours" }],
    }));
    let reply = app.post("/v2/findtime/bulk", each).await.expecting(200);
    assert_eq!(hours(&data(&reply)[0]["timeslots"]), ["10:00", "11:00"]);
    assert_eq!(hours(&data(&reply)[1]["timeslots"]), ["09:00"]);
}

#[tokio::test]
async fn one_of_a_team_finds_who_is_free_and_books_them_with_the_token_it_is_given() {
    let server = TestServer::start().await;
    let app = server.app();
    let (ann, bob) = (somebody(&app, "ann").await, somebody(&app, "bob").await);
    book(&app, &ann, 9).await;
    let page = client_token(&server, &ann).await;
    let body = on_monday(json!({
        "length": "1 hour",
        "users": [{ "_email": "Ann@clinic.example" }, { "_email": "bob@clinic.example" }],
    }));
    let reply = page
        .post("/v2/findtime/team", body.clone())
        .await
        .expecting(200);
    let free: Vec<(&str, Vec<&str>)> = data(&reply)
        .iter()
        .map(|time| {
            let users = time["users"].as_array().expect("users").iter();
            let emails = users.map(|user| user["email"].as_str().expect("an address"));
            (
                &time["start"].as_str().expect("a start")[11..16],
                emails.collect(),
            )
        })
        .collect();
    let both = vec!["Ann@clinic.example", "bob@clinic.example"];
    let expected = [
        ("09:00", vec!["bob@clinic.example"]),
        ("10:00", both.clone()),
        ("11:00", both),
    ];
    assert_eq!(free, expected);
    let time = &data(&reply)[0];
    let user = &time["users"][0];
    assert_eq!(
        (&user["user_id"], &user["name"]),
        (&json!(bob), &json!("bob"))
    );
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let as_bob = server.with_token(TEST_SLUG, &(text(&user["email"]), text(&user["token"])));
    let booking = json!({
        "graph": "instant", "action": "confirm",
        "event": { "start": time["start"], "end": time["end"], "what": "bob x Marty", "where": "TBD", "description": "",
            "participants": ["marty@example.com"], "invite": true, "my_rsvp": "accepted", "sync_provider": true },
        "customer": { "name": "Marty", "email": "marty@example.com", "timezone": "Europe/Copenhagen" },
    });
    let made = as_bob
        .post("/v2/bookings", booking.clone())
        .await
        .expecting(201);
    let seen = app
        .get(&format!(
            "/v2/bookings/{}?include=attributes,resource",
            made.id()
        ))
        .await
        .expecting(200);
    assert_eq!(seen.body["data"]["resource"]["id"], bob.as_str());
    let again = as_bob.post("/v2/bookings", booking).await;
    assert_eq!(again.status, 409);
    let after = page.post("/v2/findtime/team", body).await.expecting(200);
    assert_eq!(data(&after).len(), 2);
}

#[tokio::test]
async fn a_teams_tokens_are_for_those_who_may_have_them() {
    let server = TestServer::start().await;
    let app = server.app();
    let (ann, bob) = (somebody(&app, "ann").await, somebody(&app, "bob").await);
    let page = client_token(&server, &ann).await;
    let team = on_monday(
        json!({ "users": [{ "_email": "ann@clinic.example" }, { "resource_ids": [bob] }] }),
    );
    let find = async |caller: &Client| caller.post("/v2/findtime/team", team.clone()).await;
    let has_tokens = |reply: &Reply| {
        let users = data(reply).iter().flat_map(|time| time["users"].as_array());
        let mut users = users.flatten().peekable();
        assert!(users.peek().is_some(), "somebody is free");
        users.all(|user| user["token"].is_string())
    };
    let addresses = |reply: &Reply| -> Vec<Value> {
        let users = data(reply)[0]["users"].as_array().expect("users");
        users.iter().map(|user| user["email"].clone()).collect()
    };
    let seen = find(&page).await.expecting(200);
    assert!(has_tokens(&seen));
    // A page that names somebody by an id is not told the address.
    assert_eq!(addresses(&seen), [json!("ann@clinic.example"), Value::Null]);
    let seen = find(&app).await.expecting(200);
    assert!(has_tokens(&seen));
    assert_eq!(addresses(&seen)[1], "bob@clinic.example");
    let wanted = json!({ "name": "Screen", "scopes": ["availability.read"] });
    let (_, screen) = server.make_key(&app, wanted).await;
    assert!(!has_tokens(&find(&screen).await.expecting(200)));

    // Who has no client-token is not there for a page, as nobody else's resources are.
    let credentials = app
        .get(&format!("/v2/credentials?search=resource.id:{bob}"))
        .await;
    for credential in data(&credentials.expecting(200)) {
        if credential["type"] == "client-token" {
            let id = credential["id"].as_str().expect("an id");
            app.delete(&format!("/v2/credentials/{id}"))
                .await
                .expecting(204);
        }
    }
    let refused = find(&page).await.expecting(404);
    let nobody = on_monday(json!({ "users": [{ "_email": "nobody@clinic.example" }] }));
    let none = page.post("/v2/findtime/team", nobody).await.expecting(404);
    assert_eq!(
        refused.comparable().2["error"],
        none.comparable().2["error"]
    );
    assert!(!has_tokens(&find(&app).await.expecting(200)));
}

#[tokio::test]
async fn a_resources_token_searches_its_own_resource_and_no_other() {
    let server = TestServer::start().await;
    let app = server.app();
    let (ann, _) = (somebody(&app, "ann").await, somebody(&app, "bob").await);
    for token_type in ["client-token", "server-token"] {
        let token = server.token(&app, &ann, token_type).await;
        let ann = server.with_token(TEST_SLUG, &token);
        let own = ann
            .post("/v2/findtime", on_monday(json!({})))
            .await
            .expecting(200);
        assert_eq!(data(&own).len(), 3);
        for path in ["/v2/findtime", "/v2/findtime/bulk"] {
            let others = on_monday(json!({ "emails": ["bob@clinic.example"] }));
            ann.post(path, others).await.expecting(404);
        }
        let zone = "/v2/users/timezone/ann@clinic.example";
        let zone = ann.get(zone).await.expecting(200);
        let expected = json!({ "timezone": "Europe/Copenhagen", "utc_offset": 1 });
        assert_eq!(zone.body["data"], expected);
        ann.get("/v2/users/timezone/bob@clinic.example")
            .await
            .expecting(404);
    }
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let body = on_monday(json!({ "resource_ids": [ann] }));
    widget.post("/v2/findtime", body).await.expecting(403);
}

#[tokio::test]
async fn a_faulty_search_is_told_in_its_own_words_and_names_the_field() {
    let server = TestServer::start().await;
    let app = server.app();
    let cases = [
        (json!({}), "emails"),
        (json!({ "emails": [DOC], "future": "1 year" }), "future"),
        (json!({ "emails": [DOC], "future": "9 months" }), "future"),
        (json!({ "emails": [DOC], "start": "5 weeks" }), "start"),
        (json!({ "emails": [DOC], "length": "0 minutes" }), "length"),
        (json!({ "emails": [5] }), "emails.0"),
        (json!({ "resource_ids": ["doc"] }), "resource_ids.0"),
        (json!({ "emails": [DOC], "sort": "up" }), "sort"),
        (
            json!({ "emails": [DOC], "filters": { "and": [{ "full_moon": {} }] } }),
            "filters.and.0.full_moon",
        ),
        (
            json!({ "emails": [DOC], "all_solutions": "yes" }),
            "all_solutions",
        ),
    ];
    for (body, field) in cases {
        let reply = app.post("/v2/findtime", body.clone()).await;
        assert_eq!((reply.status, reply.faults()), (422, vec![field]), "{body}");
    }
    for (users, field) in [
        (json!([]), "users"),
        (json!([{ "length": "1 hour" }]), "users.0"),
        (
            json!([{ "_email": DOC }, { "_email": DOC, "future": "soon" }]),
            "users.1.future",
        ),
    ] {
        let reply = app
            .post("/v2/findtime/team", json!({ "users": users }))
            .await;
        assert_eq!(
            (reply.status, reply.faults()),
            (422, vec![field]),
            "{users}"
        );
    }
}

#[tokio::test]
async fn resources_answer_to_their_older_name() {
    let server = TestServer::start().await;
    let app = server.app();
    let body = json!({
        "first_name": "Marty", "last_name": "McFly", "email": "marty@clinic.example", "timezone": "America/Los_Angeles",
    });
    let made = app.post("/v2/users", body.clone()).await.expecting(201);
    assert_eq!(made.body["data"]["name"], "Marty McFly");
    let taken = app.post("/v2/users", body).await;
    assert_eq!((taken.status, taken.faults()), (422, vec!["email"]));
    let unnamed = app.post("/v2/users", json!({ "timezone": "UTC" })).await;
    assert_eq!((unnamed.status, unnamed.faults()), (422, vec!["name"]));

    let token = server.token(&app, &made.id(), "server-token").await;
    let marty = server.with_token(TEST_SLUG, &token);
    let me = marty.get("/v2/users/me").await.expecting(200);
    assert_eq!(me.id(), made.id());
    let changed = marty
        .put("/v2/users/me", json!({ "name": "Calvin Klein" }))
        .await;
    assert_eq!(changed.expecting(200).body["data"]["name"], "Calvin Klein");
    let seen = app.get(&format!("/v2/resources/{}", made.id())).await;
    assert_eq!(seen.body["data"]["name"], "Calvin Klein");
    app.get("/v2/users/me").await.expecting(403);

    let asked = app
        .post("/v2/users/resetpassword", json!({ "email": DOC }))
        .await;
    asked.expecting(204);
    let invited = app
        .post("/v2/app/invite", json!({ "email": "Jen@clinic.example" }))
        .await;
    let invited = invited.expecting(201);
    let shown = &invited.body["data"];
    let expected = (&json!("Jen"), &json!("UTC"), &json!("Jen@clinic.example"));
    assert_eq!(
        (&shown["name"], &shown["timezone"], &shown["email"]),
        expected
    );
    let again = app.post("/v2/app/invite", json!({ "email": DOC })).await;
    assert_eq!((again.status, again.faults()), (422, vec!["email"]));
}

#[tokio::test]
async fn a_page_with_a_client_token_sees_the_groups_it_can_book_and_takes_a_seat() {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = DOC_BROWN.to_string();
    let group = tests::group(&doc, "2027-03-01T09:00:00Z", "2027-03-01T10:00:00Z", 1);
    let owner = app.book(group).await;
    let others = somebody(&app, "ann").await;
    let other = tests::group(&others, "2027-03-01T09:00:00Z", "2027-03-01T10:00:00Z", 1);
    app.book(other).await;
    let page = client_token(&server, &doc).await;
    let groups = page
        .get("/v2/bookings/groups?search=widget.id:1")
        .await
        .expecting(200);
    let ids: Vec<&str> = data(&groups)
        .iter()
        .filter_map(|one| one["id"].as_str())
        .collect();
    assert_eq!(ids, [owner.as_str()]);
    let seat = json!({
        "graph": "group_customer", "action": "create", "related": { "owner_booking_id": owner },
        "customer": { "name": "Marty", "email": "marty@example.com" },
    });
    page.post("/v2/bookings", seat).await.expecting(201);
    let full = page.get("/v2/bookings/groups").await.expecting(200);
    assert!(data(&full).is_empty());
}
