//! Resources and their credentials: what can be booked, and what it calls with.

use chrono::TimeDelta;
use http::Method;
use local::demo::{CONFIRMED, DOC_BROWN, ROOM, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking, instant};
use uuid::Uuid;

const PASSWORD: &str = "great scott 1955";

/// A request for a resource with this address.
fn person(email: &str) -> Value {
    json!({ "name": "Emmett Brown", "timezone": "America/Los_Angeles", "email": email })
}

async fn make(client: &Client, body: Value) -> String {
    let made = client.post("/v2/resources", body).await;
    made.expecting(201).id()
}

async fn show(client: &Client, id: &str) -> Value {
    let path = format!("/v2/resources/{id}?include=availability_constraints");
    client.get(&path).await.expecting(200).body["data"].take()
}

async fn change(client: &Client, id: &str, body: Value) -> Reply {
    client.put(&format!("/v2/resources/{id}"), body).await
}

/// A key of the demo's test app with these scopes only.
async fn key_with(server: &TestServer, scopes: &[&str]) -> Client {
    let body = json!({ "name": "Narrow", "scopes": scopes });
    let made = server.app().post("/v2/keys", body).await.expecting(201);
    server.with_key(made.body["data"]["key"].as_str().expect("shown once"))
}

/// Signs a resource in at an app.
async fn sign_in(server: &TestServer, slug: &str, email: &str, password: &str) -> Reply {
    let body = json!({ "email": email, "password": password });
    let caller = server.anonymous().header("timekit-app", slug);
    caller.post("/v2/auth", body).await
}

#[tokio::test]
async fn a_resource_has_every_field_it_was_given_and_a_calendar() {
    let server = TestServer::start().await;
    let app = server.app().header("timekit-timezone", "UTC");
    let given = json!({
        "name": "Emmett Brown", "first_name": "Emmett", "last_name": "Brown",
        "email": "Doc.Brown@timekit.io", "image": "https://example.com/doc.png",
        "timezone": "America/Los_Angeles", "tags": ["science", "travel"], "capacity": 2,
        "meta": { "t_enabled": true, "t_ref_num": 88.5, "nested": { "list": [1, null] } },
        "availability_constraints": [{ "allow_weekdays": {} }, { "block_hours": { "start": 9, "end": "12:30" } }],
    });
    let path = "/v2/resources?include=availability_constraints,calendars,nonsense";
    let made = app.post(path, given.clone()).await.expecting(201);
    let mut shown = made.body["data"].clone();
    assert_eq!(show(&app, &made.id()).await, shown);

    let fields = shown.as_object_mut().expect("an object");
    let id = fields.remove("id").expect("an id");
    assert!(Uuid::parse_str(id.as_str().expect("text")).is_ok());
    for field in ["created_at", "updated_at"] {
        assert_eq!(
            fields.remove(field),
            Some("2026-11-21T12:00:00+00:00".into())
        );
    }
    let calendars = fields.remove("calendars").expect("calendars");
    assert_eq!(calendars.as_array().map(Vec::len), Some(1));
    assert_eq!(calendars[0]["name"], "Bookings");
    assert!(calendars[0]["id"].is_string());
    assert!(
        fields
            .remove("api_token")
            .is_some_and(|token| token.is_string())
    );
    assert_eq!(fields.remove("max_public_length"), Some(Value::Null));
    assert_eq!(shown, given);
}

#[tokio::test]
async fn a_room_needs_a_name_and_a_time_zone_and_nothing_else() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = make(
        &app,
        json!({ "name": "  Clock tower ", "timezone": "america/los_angeles" }),
    )
    .await;
    let shown = show(&app, &id).await;
    assert_eq!(shown["name"], "Clock tower");
    assert_eq!(shown["timezone"], "America/Los_Angeles");
    for field in ["email", "first_name", "last_name", "image"] {
        assert_eq!(shown[field], Value::Null, "{field}");
    }
    assert_eq!(shown["meta"], json!({}));
    assert_eq!(shown["tags"], json!([]));
    assert_eq!(shown["availability_constraints"], json!([]));
    assert!(shown.get("credentials").is_none());
}

#[tokio::test]
async fn everything_wrong_with_a_resource_is_told_at_once_and_none_is_made() {
    let server = TestServer::start().await;
    let app = server.app();
    for (body, faults) in [
        (json!({}), &["name", "timezone"][..]),
        (
            json!({ "name": null, "timezone": null }),
            &["name", "timezone"],
        ),
        (
            json!({ "name": " ", "timezone": "" }),
            &["name", "timezone"],
        ),
        (
            json!({ "name": "x".repeat(201), "timezone": "Mars/Olympus" }),
            &["name", "timezone"],
        ),
        (
            json!({
                "name": [], "timezone": [], "email": "nobody", "first_name": {}, "last_name": true, "image": false,
                "password": "short", "meta": ["a"], "tags": "red", "availability_constraints": {},
            }),
            &[
                "availability_constraints",
                "email",
                "first_name",
                "image",
                "last_name",
                "meta",
                "name",
                "password",
                "tags",
                "timezone",
            ],
        ),
        (
            json!({ "name": "A", "timezone": "UTC", "tags": ["red", {}], "availability_constraints": ["x".repeat(64_000)] }),
            &["availability_constraints", "tags"],
        ),
    ] {
        let reply = app.post("/v2/resources", body).await.expecting(422);
        assert_eq!(reply.faults(), faults);
        assert_eq!(reply.body["code"], "invalid");
    }
    assert_eq!(app.get("/v2/resources").await.body["total"], 2);
}

#[tokio::test]
async fn an_address_is_one_resources_only_within_its_app() {
    let server = TestServer::start().await;
    let app = server.app();
    let first = make(&app, person("doc@example.com")).await;
    for taken in ["doc@example.com", "Doc@Example.COM", " doc@example.com "] {
        let reply = app
            .post("/v2/resources", person(taken))
            .await
            .expecting(422);
        assert_eq!(reply.faults(), ["email"]);
    }
    // Another app says nothing about who has an address here.
    let other = server.with_key(server.demo.live.api_key.expose());
    make(&other, person("doc@example.com")).await;

    let path = format!("/v2/resources/{first}");
    app.delete(&path).await.expecting(204);
    make(&app, person("DOC@example.com")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_one_address_at_once_exactly_one_gets_it() {
    let server = TestServer::start().await;
    let sent: Vec<_> = (0..20)
        .map(|_| {
            let app = server.app();
            tokio::spawn(async move { app.post("/v2/resources", person("doc@example.com")).await })
        })
        .collect();
    let mut made = 0;
    for reply in sent {
        let reply = reply.await.expect("an answer");
        if reply.status == 201 {
            made += 1;
        } else {
            assert_eq!(reply.expecting(422).faults(), ["email"]);
        }
    }
    assert_eq!(made, 1);
    assert_eq!(server.app().get("/v2/resources").await.body["total"], 3);
}

#[tokio::test]
async fn an_address_never_changes() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = make(&app, person("Zoë@example.com")).await;
    for same in ["Zoë@example.com", "ZOË@EXAMPLE.COM"] {
        let changed = change(&app, &id, json!({ "email": same }))
            .await
            .expecting(200);
        assert_eq!(changed.body["data"]["email"], "Zoë@example.com");
    }
    let other = change(
        &app,
        &id,
        json!({ "email": "other@example.com", "name": "Other" }),
    )
    .await;
    assert_eq!(other.expecting(422).faults(), ["email"]);
    let of_room = change(
        &app,
        &ROOM.to_string(),
        json!({ "email": "room@example.com" }),
    )
    .await;
    assert_eq!(of_room.expecting(422).faults(), ["email"]);
    let shown = show(&app, &id).await;
    assert_eq!(shown["email"], "Zoë@example.com");
    assert_eq!(shown["name"], "Emmett Brown");
    assert_eq!(show(&app, &ROOM.to_string()).await["email"], Value::Null);
}

#[tokio::test]
async fn an_update_changes_what_is_sent_and_leaves_the_rest() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut body = person("doc@example.com");
    body["first_name"] = "Emmett".into();
    body["last_name"] = "Brown".into();
    body["image"] = "https://example.com/doc.png".into();
    body["meta"] = json!({ "a": 1 });
    body["tags"] = json!(["x"]);
    let id = make(&app, body).await;
    let mut expected = show(&app, &id).await;

    server.clock.advance(TimeDelta::minutes(5));
    let updates = json!({ "name": "Doc", "timezone": "Europe/Copenhagen", "meta": { "b": 2 } });
    change(&app, &id, updates).await.expecting(200);
    expected["name"] = "Doc".into();
    expected["timezone"] = "Europe/Copenhagen".into();
    expected["meta"] = json!({ "b": 2 });
    expected["created_at"] = "2026-11-21T13:00:00+01:00".into();
    expected["updated_at"] = "2026-11-21T13:05:00+01:00".into();
    expected["calendars"][0]["created_at"] = "2026-11-21T13:00:00+01:00".into();
    expected["calendars"][0]["updated_at"] = "2026-11-21T13:00:00+01:00".into();
    assert_eq!(show(&app, &id).await, expected);

    // The whole record sent back changes nothing but the time of the change.
    change(&app, &id, expected.clone()).await.expecting(200);
    assert_eq!(show(&app, &id).await, expected);

    let wrong = change(
        &app,
        &id,
        json!({ "name": "", "timezone": "Mars/Olympus", "meta": 5 }),
    )
    .await;
    assert_eq!(wrong.expecting(422).faults(), ["meta", "name", "timezone"]);
    assert_eq!(show(&app, &id).await, expected);
}

#[tokio::test]
async fn null_clears_what_may_be_absent() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut body = person("doc@example.com");
    for (field, value) in [
        ("first_name", json!("Emmett")),
        ("last_name", json!("Brown")),
        ("image", json!("https://example.com/doc.png")),
        ("meta", json!({ "a": 1 })),
        ("tags", json!(["x"])),
        (
            "availability_constraints",
            json!([{ "allow_weekdays": {} }]),
        ),
    ] {
        body[field] = value;
    }
    let id = make(&app, body).await;
    for (field, empty) in [
        ("first_name", Value::Null),
        ("last_name", Value::Null),
        ("image", Value::Null),
        ("meta", json!({})),
        ("tags", json!([])),
        ("availability_constraints", json!([])),
    ] {
        change(&app, &id, json!({ field: null }))
            .await
            .expecting(200);
        assert_eq!(show(&app, &id).await[field], empty, "{field}");
    }
}

#[tokio::test]
async fn a_resource_that_is_not_there_is_not_found_by_any_operation() {
    let server = TestServer::start().await;
    let app = server.app();
    for id in [Uuid::from_u128(7).to_string(), "none".to_owned()] {
        let path = format!("/v2/resources/{id}");
        for reply in [
            app.get(&path).await,
            app.put(&path, json!({ "name": "Doc" })).await,
            app.delete(&path).await,
        ] {
            let reply = reply.expecting(404);
            assert_eq!(reply.body["error"], "Resource does not exist");
            assert_eq!(reply.body["model"], "Resource");
        }
    }
}

#[tokio::test]
async fn a_deleted_resources_tokens_are_refused_at_once_and_its_bookings_stay_readable() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut tokens = Vec::new();
    for token_type in ["server-token", "client-token"] {
        let token = server.token(&app, &DOC_BROWN.to_string(), token_type).await;
        tokens.push(server.with_token(TEST_SLUG, &token));
    }
    for token in &tokens {
        token.get("/v2/me").await.expecting(200);
    }
    let path = format!("/v2/resources/{DOC_BROWN}");
    // One of the clients names it in the body too.
    let named = json!({ "id": DOC_BROWN.to_string() }).to_string();
    let keeping = format!("{path}?bookings=keep");
    let gone = app.send(Method::DELETE, &keeping, &named);
    assert_eq!(gone.await.expecting(204).body, Value::Null);
    for token in &tokens {
        token.get("/v2/me").await.expecting(401);
    }
    app.get(&path).await.expecting(404);
    app.delete(&path).await.expecting(404);

    let kept = app
        .get(&format!(
            "/v2/bookings/{CONFIRMED}?include=resource,customers"
        ))
        .await;
    let kept = kept.expecting(200);
    assert_eq!(kept.body["data"]["resource_id"], DOC_BROWN.to_string());
    assert_eq!(kept.body["data"]["resource"], Value::Null);
    assert_eq!(kept.body["data"]["customers"][0]["name"], "Marty McFly");
    let list = app
        .get(&format!("/v2/bookings?search=resource.id:{DOC_BROWN}"))
        .await;
    assert_eq!(list.expecting(200).body["total"], 3);
    let of_it = format!("/v2/credentials?search=resource.id:{DOC_BROWN}");
    assert_eq!(app.get(&of_it).await.expecting(200).body["total"], 0);
    assert_eq!(
        app.get("/v2/credentials").await.expecting(200).body["total"],
        2
    );
    // Its bookings can still be called off, and no new ones can be made.
    app.put(&format!("/v2/bookings/{CONFIRMED}/cancel"), json!({}))
        .await
        .expecting(200);
    let late = booking(
        &DOC_BROWN.to_string(),
        "instant",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    app.post("/v2/bookings", late).await.expecting(404);
    let credential = json!({ "type": "client-token", "resource_id": DOC_BROWN.to_string() });
    app.post("/v2/credentials", credential).await.expecting(404);
}

#[tokio::test]
async fn a_resource_signs_in_with_its_password_and_gets_the_token_it_calls_with() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut body = person("Doc@Example.com");
    body["password"] = PASSWORD.into();
    let id = make(&app, body).await;
    let reply = sign_in(&server, TEST_SLUG, "doc@example.COM", PASSWORD)
        .await
        .expecting(200);
    let shown = &reply.body["data"];
    assert_eq!(shown["id"], id);
    assert_eq!(shown["email"], "Doc@Example.com");
    assert_eq!(shown["timezone"], "America/Los_Angeles");
    assert_eq!(shown["token_type"], "server-token");
    assert!(shown["deprecated"].is_string());
    let token = shown["api_token"].as_str().expect("a token").to_owned();
    let listed = server.token(&app, &id, "server-token").await;
    assert_eq!(listed, ("doc@example.com".to_owned(), token.clone()));

    let own = server.with_token(TEST_SLUG, &("DOC@example.com".to_owned(), token));
    let me = own.get("/v2/me").await.expecting(200);
    assert_eq!(me.body["data"]["kind"], "server-token");
    assert_eq!(me.body["data"]["resource_id"], id);
}

#[tokio::test]
async fn a_wrong_password_an_unknown_address_and_an_unknown_app_get_one_answer() {
    let server = TestServer::start().await;
    let mut body = person("doc@example.com");
    body["password"] = PASSWORD.into();
    make(&server.app(), body).await;
    // Doc has an address here and no password, and none of either in the live app.
    let mut answers = Vec::new();
    for (slug, email, password) in [
        (TEST_SLUG, "doc@example.com", "a wrong password"),
        (TEST_SLUG, "doc@example.com", ""),
        (TEST_SLUG, "nobody@example.com", PASSWORD),
        (TEST_SLUG, "no address", PASSWORD),
        (TEST_SLUG, "doc.brown@latchkey.example", PASSWORD),
        ("demo", "doc@example.com", PASSWORD),
        ("no-such-app", "doc@example.com", PASSWORD),
    ] {
        let reply = sign_in(&server, slug, email, password).await.expecting(401);
        assert_eq!(reply.body["error"], "Invalid credentials supplied");
        answers.push(reply.comparable());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

#[tokio::test]
async fn signing_in_needs_an_app_an_address_and_a_password() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    let reply = nobody.post("/v2/auth", json!({})).await.expecting(422);
    assert_eq!(reply.faults(), ["Timekit-App", "email", "password"]);
    let body = json!({ "email": "doc@example.com", "password": PASSWORD });
    let reply = nobody.post("/v2/auth", body).await.expecting(422);
    assert_eq!(reply.faults(), ["Timekit-App"]);
}

#[tokio::test]
async fn a_password_is_changed_by_an_update_and_opens_the_same_token() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut body = person("doc@example.com");
    body["password"] = PASSWORD.into();
    let id = make(&app, body).await;
    let before = sign_in(&server, TEST_SLUG, "doc@example.com", PASSWORD)
        .await
        .expecting(200);
    change(&app, &id, json!({ "name": "Doc" }))
        .await
        .expecting(200);
    sign_in(&server, TEST_SLUG, "doc@example.com", PASSWORD)
        .await
        .expecting(200);
    change(&app, &id, json!({ "password": "another 1885 one" }))
        .await
        .expecting(200);
    sign_in(&server, TEST_SLUG, "doc@example.com", PASSWORD)
        .await
        .expecting(401);
    let after = sign_in(&server, TEST_SLUG, "doc@example.com", "another 1885 one")
        .await
        .expecting(200);
    assert_eq!(
        after.body["data"]["api_token"],
        before.body["data"]["api_token"]
    );
    for shown in [show(&app, &id).await, before.body] {
        assert!(!shown.to_string().contains("password"), "{shown}");
    }
}

#[tokio::test]
async fn only_who_may_do_everything_sets_a_password() {
    let server = TestServer::start().await;
    let narrow = key_with(
        &server,
        &["resources.write", "resources.read", "credentials.read"],
    )
    .await;
    let mut body = person("doc@example.com");
    body["password"] = PASSWORD.into();
    let refused = narrow.post("/v2/resources", body).await.expecting(403);
    assert_eq!(refused.body["code"], "wider_than_caller");
    let id = make(&narrow, person("doc@example.com")).await;
    let refused = change(&narrow, &id, json!({ "password": PASSWORD, "name": "Doc" })).await;
    assert_eq!(refused.expecting(403).body["code"], "wider_than_caller");
    assert_eq!(show(&narrow, &id).await["name"], "Emmett Brown");
    sign_in(&server, TEST_SLUG, "doc@example.com", PASSWORD)
        .await
        .expecting(401);
}

#[tokio::test]
async fn a_request_for_a_password_mail_is_accepted_whoever_it_is_for_and_changes_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    for email in ["doc.brown@latchkey.example", "nobody@example.com"] {
        let reply = app
            .post("/v2/resources/resetpassword", json!({ "email": email }))
            .await;
        assert_eq!(reply.expecting(204).body, Value::Null);
    }
    for body in [json!({}), json!({ "email": "nobody" })] {
        let reply = app.post("/v2/resources/resetpassword", body).await;
        assert_eq!(reply.expecting(422).faults(), ["email"]);
    }
}

#[tokio::test]
async fn a_new_resource_has_a_server_token_and_a_client_token_that_are_shown_again_the_same() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = make(&app, person("doc@example.com")).await;
    let path = format!("/v2/credentials?search=resource.id:{id}");
    let first = app.get(&path).await.expecting(200);
    let rows = first.body["data"].as_array().expect("credentials");
    assert_eq!(rows.len(), 2);
    for (token_type, scope, deprecated) in [
        ("server-token", "global", true),
        ("client-token", "widget", false),
    ] {
        let row = rows
            .iter()
            .find(|row| row["type"] == token_type)
            .expect("of both types");
        assert_eq!(row["scopes"], json!([scope]));
        assert_eq!(row["deprecated"], deprecated);
        assert_eq!(row["user"], "doc@example.com");
        assert_eq!(row["referrer"], json!([]));
        assert_eq!(row["expires"], Value::Null);
        let token = row["token"].as_str().expect("a token");
        assert!(
            token.len() == 32 && token.bytes().all(|b| b.is_ascii_alphanumeric()),
            "{token}"
        );
    }
    assert_ne!(rows[0]["token"], rows[1]["token"]);
    server.clock.advance(TimeDelta::days(400));
    assert_eq!(
        app.get(&path).await.expecting(200).body["data"],
        first.body["data"]
    );
    let shown = app
        .get(&format!("/v2/resources/{id}?include=credentials"))
        .await
        .expecting(200);
    for row in rows {
        assert!(
            shown.body["data"]["credentials"]
                .as_array()
                .is_some_and(|c| c.contains(row))
        );
    }
}

#[tokio::test]
async fn a_token_is_shown_only_to_who_could_do_as_much() {
    let server = TestServer::start().await;
    let path = format!("/v2/credentials?search=resource.id:{ROOM}");
    for (scopes, shown) in [
        (&["credentials.read"][..], &[][..]),
        (&["credentials.read", "bookings.write"], &[]),
        (
            &["credentials.read", "bookings.write", "availability.read"],
            &["client-token"],
        ),
        (&["*"], &["client-token", "server-token"]),
    ] {
        let caller = key_with(&server, scopes).await;
        let list = caller.get(&path).await.expecting(200);
        assert_eq!(list.body["total"], 2);
        for row in list.body["data"].as_array().expect("credentials") {
            let token_type = row["type"].as_str().expect("a type");
            assert_eq!(
                row["token"].is_string(),
                shown.contains(&token_type),
                "{scopes:?} {row}"
            );
            assert!(row["token"].is_string() || row["token"].is_null());
        }
    }
}

#[tokio::test]
async fn credentials_are_left_out_of_a_resource_for_who_may_not_read_them() {
    let server = TestServer::start().await;
    let narrow = key_with(&server, &["resources.read", "resources.write"]).await;
    for reply in [
        narrow
            .get(&format!(
                "/v2/resources/{ROOM}?include=credentials,accounts"
            ))
            .await
            .expecting(200),
        narrow
            .put(
                &format!("/v2/resources/{ROOM}?include=credentials,accounts"),
                json!({}),
            )
            .await
            .expecting(200),
        narrow
            .post(
                "/v2/resources?include=credentials,accounts",
                person("a@example.com"),
            )
            .await
            .expecting(201),
    ] {
        assert!(
            reply.body["data"].get("credentials").is_none(),
            "{}",
            reply.body
        );
        assert_eq!(reply.body["data"]["accounts"], json!([]));
    }
    let list = narrow
        .get("/v2/resources?include=credentials")
        .await
        .expecting(200);
    assert!(list.body["data"][0].get("credentials").is_none());
    narrow.get("/v2/credentials").await.expecting(403);
    let body = json!({ "type": "client-token", "resource_id": ROOM.to_string() });
    narrow.post("/v2/credentials", body).await.expecting(403);

    let list = server
        .app()
        .get("/v2/resources?include=credentials")
        .await
        .expecting(200);
    for row in list.body["data"].as_array().expect("resources") {
        assert!(
            row["credentials"].as_array().is_some_and(|c| c.len() >= 2),
            "{row}"
        );
    }
}

#[tokio::test]
async fn a_resource_without_address_calls_with_its_id() {
    let server = TestServer::start().await;
    let (user, token) = server
        .token(&server.app(), &ROOM.to_string(), "server-token")
        .await;
    assert_eq!(user, ROOM.to_string());
    for user in [user.clone(), user.to_uppercase()] {
        let room = server.with_token(TEST_SLUG, &(user, token.clone()));
        let me = room.get("/v2/me").await.expecting(200);
        assert_eq!(me.body["data"]["resource_id"], ROOM.to_string());
    }
    for user in [
        DOC_BROWN.to_string(),
        "doc.brown@latchkey.example".to_owned(),
    ] {
        let other = server.with_token(TEST_SLUG, &(user, token.clone()));
        other.get("/v2/me").await.expecting(401);
    }
}

#[tokio::test]
async fn a_server_token_sees_and_changes_its_own_resource_only() {
    let server = TestServer::start().await;
    let token = server
        .token(&server.app(), &ROOM.to_string(), "server-token")
        .await;
    let room = server.with_token(TEST_SLUG, &token);
    let list = room.get("/v2/resources").await.expecting(200);
    assert_eq!(list.body["total"], 1);
    assert_eq!(list.body["data"][0]["id"], ROOM.to_string());
    assert_eq!(
        room.get("/v2/credentials").await.expecting(200).body["total"],
        2
    );
    let of_another = format!("/v2/credentials?search=resource.id:{DOC_BROWN}");
    assert_eq!(room.get(&of_another).await.expecting(200).body["total"], 0);
    change(&room, &ROOM.to_string(), json!({ "name": "Board room" }))
        .await
        .expecting(200);
    assert_eq!(show(&room, &ROOM.to_string()).await["name"], "Board room");

    let random = Uuid::from_u128(7).to_string();
    let foreign = DOC_BROWN.to_string();
    let get = async |id: &str| room.get(&format!("/v2/resources/{id}")).await;
    let refused = get(&foreign).await.expecting(404);
    assert_eq!(refused.comparable(), get(&random).await.comparable());
    let put = async |id: &str| change(&room, id, json!({ "name": "Mine" })).await;
    let refused = put(&foreign).await.expecting(404);
    assert_eq!(refused.comparable(), put(&random).await.comparable());
    let timezone = async |email: &str| room.get(&format!("/v2/resources/timezone/{email}")).await;
    let refused = timezone("doc.brown@latchkey.example").await.expecting(404);
    assert_eq!(
        refused.comparable(),
        timezone("nobody@example.com").await.comparable()
    );
    let credential = async |id: &str| {
        let body = json!({ "type": "client-token", "resource_id": id });
        room.post("/v2/credentials", body).await
    };
    let refused = credential(&foreign).await.expecting(404);
    assert_eq!(refused.comparable(), credential(&random).await.comparable());

    room.post("/v2/resources", person("doc@example.com"))
        .await
        .expecting(403);
    room.delete(&format!("/v2/resources/{ROOM}"))
        .await
        .expecting(403);
}

#[tokio::test]
async fn a_zone_is_told_by_address_with_its_offset_at_this_instant() {
    let server = TestServer::start().await;
    let app = server.app();
    for (name, zone, offset) in [
        ("utc", "UTC", json!(0)),
        ("copenhagen", "Europe/Copenhagen", json!(1)),
        ("kolkata", "Asia/Kolkata", json!(5.5)),
        ("kathmandu", "Asia/Kathmandu", json!(5.75)),
        ("st.johns+desk", "America/St_Johns", json!(-3.5)),
        ("kiritimati", "Pacific/Kiritimati", json!(14)),
    ] {
        let email = format!("{name}@example.com");
        make(
            &app,
            json!({ "name": name, "timezone": zone, "email": email }),
        )
        .await;
        let encoded = email.replace('@', "%40").replace('+', "%2B");
        for email in [email.clone(), email.to_uppercase(), encoded] {
            let reply = app.get(&format!("/v2/resources/timezone/{email}")).await;
            let expected = json!({ "timezone": zone, "utc_offset": offset });
            assert_eq!(reply.expecting(200).body["data"], expected, "{email}");
        }
    }
    server.clock.set(instant("2027-07-01T12:00:00Z"));
    let summer = app
        .get("/v2/resources/timezone/copenhagen@example.com")
        .await;
    assert_eq!(summer.expecting(200).body["data"]["utc_offset"], 2);
    let nobody = app.get("/v2/resources/timezone/nobody@example.com").await;
    assert_eq!(nobody.expecting(404).body["model"], "Resource");
}

#[tokio::test]
async fn a_credential_is_made_works_and_is_refused_once_it_is_deleted() {
    let server = TestServer::start().await;
    let app = server.app();
    let body = json!({
        "type": "client-token", "resource_id": ROOM.to_string(), "description": "Lobby screen",
        "scopes": ["widget"], "referrer": [""], "expires": null,
    });
    let made = app.post("/v2/credentials", body).await.expecting(201);
    let shown = &made.body["data"];
    assert_eq!(shown["type"], "client-token");
    assert_eq!(shown["description"], "Lobby screen");
    assert_eq!(shown["resource_id"], ROOM.to_string());
    assert_eq!(shown["referrer"], json!([]));
    let list = app
        .get(&format!("/v2/credentials?search=resource.id:{ROOM}"))
        .await;
    assert!(
        list.body["data"]
            .as_array()
            .is_some_and(|rows| rows.contains(shown))
    );

    let text = |name: &str| shown[name].as_str().expect("text").to_owned();
    let screen = server.with_token(TEST_SLUG, &(text("user"), text("token")));
    screen.get("/v2/me").await.expecting(200);
    let path = format!("/v2/credentials/{}", made.id());
    assert_eq!(app.delete(&path).await.expecting(204).body, Value::Null);
    screen.get("/v2/me").await.expecting(401);
    assert_eq!(
        app.delete(&path).await.expecting(404).body["model"],
        "Credential"
    );
    for id in [Uuid::from_u128(7).to_string(), "none".to_owned()] {
        app.delete(&format!("/v2/credentials/{id}"))
            .await
            .expecting(404);
    }
}

#[tokio::test]
async fn a_credential_is_used_from_its_own_pages_only() {
    let server = TestServer::start().await;
    let body = json!({
        "type": "client-token", "resource_id": ROOM.to_string(),
        "referrer": ["https://clinic.example", "http://localhost:3000"],
    });
    let made = server
        .app()
        .post("/v2/credentials", body)
        .await
        .expecting(201);
    let text = |name: &str| made.body["data"][name].as_str().expect("text").to_owned();
    let token = server.with_token(TEST_SLUG, &(text("user"), text("token")));
    token.get("/v2/me").await.expecting(200);
    for origin in ["https://clinic.example", "http://localhost:3000"] {
        token
            .header("origin", origin)
            .get("/v2/me")
            .await
            .expecting(200);
    }
    for origin in [
        "https://evil.example",
        "http://clinic.example",
        "https://clinic.example:8443",
    ] {
        let refused = token.header("origin", origin).get("/v2/me").await;
        assert_eq!(refused.expecting(403).body["code"], "forbidden", "{origin}");
    }
}

#[tokio::test]
async fn a_credential_is_refused_from_the_second_it_expires() {
    let server = TestServer::start().await;
    let expires = "2026-12-01T01:00:00+01:00";
    let body =
        json!({ "type": "server-token", "resource_id": ROOM.to_string(), "expires": expires });
    let made = server
        .app()
        .post("/v2/credentials", body)
        .await
        .expecting(201);
    assert_eq!(made.body["data"]["expires"], "2026-12-01T00:00:00+00:00");
    let text = |name: &str| made.body["data"][name].as_str().expect("text").to_owned();
    let token = server.with_token(TEST_SLUG, &(text("user"), text("token")));
    server.clock.set(instant(expires) - TimeDelta::seconds(1));
    let last = token.get("/v2/me").await.expecting(200);
    assert!(last.header("latchkey-key-expires").is_some());
    server.clock.set(instant(expires));
    token.get("/v2/me").await.expecting(401);
}

#[tokio::test]
async fn everything_wrong_with_a_credential_is_told_at_once() {
    let server = TestServer::start().await;
    let app = server.app();
    for (body, faults) in [
        (json!({}), &["resource_id", "type"][..]),
        (
            json!({
                "type": "master-token", "resource_id": "room", "description": {}, "scopes": "all",
                "referrer": ["https://clinic.example/page", "*"], "expires": "next year",
            }),
            &[
                "description",
                "expires",
                "referrer",
                "resource_id",
                "scopes",
                "type",
            ],
        ),
        (
            json!({ "type": "client-token", "resource_id": ROOM.to_string(), "scopes": ["global"], "expires": tests::NOW }),
            &["expires", "scopes"],
        ),
    ] {
        let reply = app.post("/v2/credentials", body).await.expecting(422);
        assert_eq!(reply.faults(), faults);
    }
    let nobody = json!({ "type": "client-token", "resource_id": Uuid::from_u128(7).to_string() });
    assert_eq!(
        app.post("/v2/credentials", nobody)
            .await
            .expecting(404)
            .body["model"],
        "Resource"
    );
}

#[tokio::test]
async fn a_resource_has_at_most_twenty_credentials() {
    let server = TestServer::start().await;
    let app = server.app();
    let body = json!({ "type": "client-token", "resource_id": ROOM.to_string() });
    for _ in 2..20 {
        app.post("/v2/credentials", body.clone())
            .await
            .expecting(201);
    }
    let one_more = app.post("/v2/credentials", body).await.expecting(422);
    assert_eq!(one_more.faults(), ["resource_id"]);
    let path = format!("/v2/credentials?search=resource.id:{ROOM}");
    assert_eq!(app.get(&path).await.body["total"], 20);
}
