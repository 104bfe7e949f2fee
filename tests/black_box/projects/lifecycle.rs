//! Projects: made, read and changed by their app; what a page sees of them; the snippet that puts them into a page.

use chrono::TimeDelta;
use http::Method;
use local::demo::{DOC_BROWN, LIVE_PROJECT, LIVE_SLUG, ROOM, TEST_PROJECT, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Options, Reply, TestServer};
use uuid::Uuid;

/// What a page sees of a project, and nothing else.
const PUBLIC_FIELDS: [&str; 7] = [
    "app_key",
    "booking",
    "customer_fields",
    "id",
    "name",
    "slug",
    "ui",
];

/// A project in which every field that is not for everybody says so.
fn with_secrets() -> Value {
    json!({
        "name": "Page", "slug": "page-with-secrets", "resources": [DOC_BROWN.to_string()],
        "availability": { "mode": "mutual", "length": "1 hour", "secret": "secret" },
        "availability_constraints": [{ "block_period": { "start": "2026-12-24", "end": "2026-12-27", "secret": "secret" } }],
        "booking": {
            "graph": "confirm_decline", "what": "secret {{customer.name}}", "where": "secret", "description": "secret",
            "rescheduling_url": "https://secret.example", "settings": { "secret": true },
        },
        "customer_fields": { "phone": { "title": "Phone" } },
        "ui": { "display_name": "Doc", "localization": { "submit_button": "Go" } },
        "reminders": [{ "secret": true }], "meta": { "secret": "secret" },
        "reservation_time": "60", "use_hours_from": "secret", "latitude": 11.5, "longitude": 12.5,
    })
}

async fn make(client: &Client, body: Value) -> Value {
    let made = client.post("/v2/projects", body).await;
    made.expecting(201).body["data"].take()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("text")
}

fn fields(value: &Value) -> Vec<&str> {
    let object = value.as_object().expect("an object");
    let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn slugs(list: &Reply) -> Vec<&str> {
    let rows = list.body["data"].as_array().expect("rows");
    rows.iter().map(|row| text(row, "slug")).collect()
}

#[tokio::test]
async fn a_project_is_answered_as_it_was_sent() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut sent = with_secrets();
    sent["allow_conference"] = 1.into();
    sent["allow_double_bookings"] = true.into();
    let made = make(&app, sent.clone()).await;
    let path = format!(
        "/v2/projects/{}?include=resources,availability_constraints,nope",
        text(&made, "id")
    );
    let shown = app.get(&path).await.expecting(200).body["data"].take();
    for name in [
        "name",
        "slug",
        "availability",
        "availability_constraints",
        "booking",
        "reminders",
        "meta",
        "allow_conference",
        "allow_double_bookings",
        "reservation_time",
        "use_hours_from",
    ] {
        assert_eq!(shown[name], sent[name], "{name}");
    }
    assert_eq!(
        shown["customer_fields"]["phone"],
        json!({ "title": "Phone" })
    );
    assert_eq!(
        (&shown["latitude"], &shown["distance"]),
        (&json!("11.5"), &Value::Null)
    );
    let doc_brown = json!([{
        "id": DOC_BROWN.to_string(), "name": "Doc Brown", "timezone": "America/Los_Angeles",
    }]);
    assert_eq!(shown["resources"], doc_brown);
    assert_eq!(shown["created_at"], "2026-11-21T12:00:00+00:00");
    assert!(made["resources"].is_null() && made["availability_constraints"].is_null());
}

#[tokio::test]
async fn a_project_of_a_name_alone_has_all_that_a_page_needs() {
    let server = TestServer::start().await;
    let made = make(
        &server.app(),
        json!({ "name": "Clock Tower!", "resources": [] }),
    )
    .await;
    let slug = text(&made, "slug");
    assert!(
        slug.starts_with("clock-tower-") && slug.len() == 18,
        "{slug}"
    );
    let hosted = server
        .anonymous()
        .get(&format!("/v2/projects/hosted/{slug}"))
        .await;
    let page = hosted.expecting(200).body["data"].take();
    for word in [
        "submit_button",
        "success_message",
        "allocated_resource_prefix",
        "reschedule_submit_button",
        "reschedule_success_message",
    ] {
        assert!(page["ui"]["localization"][word].is_string(), "{word}");
    }
    assert_eq!(page["ui"]["time_date_format"], "12h-mdy-sun");
    assert_eq!(page["ui"]["availability_view"], "agendaWeek");
    assert_eq!(page["booking"], json!({ "graph": "instant" }));
    for field in ["name", "email"] {
        assert_eq!(page["customer_fields"][field]["required"], true, "{field}");
    }
    assert_eq!(
        made["availability"],
        json!({ "mode": "roundrobin_random", "length": "1 hour" })
    );
}

#[tokio::test]
async fn the_fields_of_a_form_stay_in_the_order_in_which_they_were_sent() {
    let server = TestServer::start().await;
    let app = server.app();
    let form = |names: &[&str]| {
        let fields = names
            .iter()
            .map(|name| ((*name).to_owned(), json!({ "title": name })));
        json!({ "name": "Form", "resources": [], "customer_fields": fields.collect::<serde_json::Map<_, _>>() })
    };
    for (sent, shown) in [
        (
            vec!["zip", "name", "age", "email", "comment"],
            vec!["zip", "name", "age", "email", "comment"],
        ),
        (vec!["zip", "age"], vec!["name", "email", "zip", "age"]),
    ] {
        let made = make(&app, form(&sent)).await;
        let path = format!("/v2/projects/hosted/{}", text(&made, "slug"));
        let page = server.anonymous().get(&path).await.expecting(200);
        let fields = page.body["data"]["customer_fields"]
            .as_object()
            .expect("an object");
        assert!(fields.keys().eq(&shown), "{fields:?}");
    }
}

#[tokio::test]
async fn what_a_page_needs_cannot_be_taken_away() {
    let server = TestServer::start().await;
    let path = format!("/v2/projects/{TEST_PROJECT}");
    let change = json!({
        "ui": { "localization": { "success_message": null, "submit_button": "Go" } }, "customer_fields": { "email": null },
        "booking": null, "availability": {},
    });
    let changed = server.app().put(&path, change).await.expecting(200);
    let project = &changed.body["data"];
    assert!(project["ui"]["localization"]["success_message"].is_string());
    assert_eq!(project["ui"]["localization"]["submit_button"], "Go");
    assert!(project["customer_fields"]["email"].is_object());
    assert_eq!(project["booking"], json!({ "graph": "instant" }));
    assert_eq!(project["availability"]["length"], "1 hour");
}

#[tokio::test]
async fn a_change_leaves_what_it_does_not_name() {
    let server = TestServer::start().await;
    let app = server.app();
    let made = make(&app, with_secrets()).await;
    server.clock.advance(TimeDelta::seconds(1));
    let path = format!(
        "/v2/projects/{}?include=availability_constraints,resources",
        text(&made, "id")
    );
    let before = app.get(&path).await.body["data"].take();
    let changed = app
        .put(&path, json!({ "name": "New" }))
        .await
        .expecting(200);
    let mut expected = before;
    expected["name"] = "New".into();
    expected["updated_at"] = "2026-11-21T12:00:01+00:00".into();
    assert_eq!(changed.body["data"], expected);
    assert_eq!(app.get(&path).await.body["data"], expected);
    // A client may send back what it was shown.
    let again = app.put(&path, made.clone()).await.expecting(200);
    assert_eq!(again.body["data"]["name"], "Page");
}

#[tokio::test]
async fn a_page_sees_what_it_shows_and_no_more() {
    let server = TestServer::start().await;
    let made = make(&server.app(), with_secrets()).await;
    let widget_key = server.demo.test.widget_key.expose();
    let widget = server.with_key(widget_key);
    let embed = format!("/v2/projects/embed/{}", text(&made, "id"));
    let hosted = "/v2/projects/hosted/page-with-secrets";
    for (caller, path) in [
        (&widget, embed.as_str()),
        (&server.app(), embed.as_str()),
        (&server.anonymous(), hosted),
        (&widget, hosted),
    ] {
        let path = format!("{path}?include=resources,availability_constraints,meta");
        let page = caller.get(&path).await.expecting(200);
        assert_eq!(fields(&page.body), ["data"]);
        assert_eq!(fields(&page.body["data"]), PUBLIC_FIELDS);
        assert_eq!(page.body["data"]["app_key"], widget_key);
        assert_eq!(
            page.body["data"]["booking"],
            json!({ "graph": "confirm_decline" })
        );
        let seen = page.body["data"]
            .to_string()
            .replace("page-with-secrets", "");
        for hidden in ["secret", "api_key", &DOC_BROWN.to_string(), "11.5", "12.5"] {
            assert!(!seen.contains(hidden), "{path} shows {hidden}: {seen}");
        }
    }
}

#[tokio::test]
async fn a_page_gets_a_widget_key_that_works() {
    let server = TestServer::start().await;
    let app = server.app();
    let hosted = format!("/v2/projects/hosted/{TEST_SLUG}");
    let key = async || {
        let page = server.anonymous().get(&hosted).await;
        page.body["data"]["app_key"].as_str().map(str::to_owned)
    };
    let first = server.demo.test.widget_key.expose();
    assert_eq!(key().await.as_deref(), Some(first));

    let make = async |wanted| {
        let made = app.post("/v2/keys", wanted).await.expecting(201);
        text(&made.body["data"], "key").to_owned()
    };
    let bound = make(json!({
        "name": "Bound", "kind": "widget", "allowed_origins": ["https://clinic.example"],
        "expires_at": "2026-12-21T12:00:00Z",
    }))
    .await;
    let short =
        make(json!({ "name": "Short", "kind": "widget", "expires_at": "2026-11-22T12:00:00Z" }))
            .await;
    let keys = app.get("/v2/keys?search=kind:widget").await;
    let id = |name: &str| {
        let rows = keys.body["data"].as_array().expect("keys");
        let row = rows
            .iter()
            .find(|row| row["name"] == name)
            .expect("such a key");
        text(row, "id").to_owned()
    };
    let revoke = async |name| {
        app.delete(&format!("/v2/keys/{}", id(name)))
            .await
            .expecting(204);
    };
    revoke("App widget key").await;
    assert_eq!(
        key().await,
        Some(short),
        "one that is bound to a page comes last"
    );
    server.clock.advance(TimeDelta::days(1));
    assert_eq!(
        key().await,
        Some(bound.clone()),
        "one that has expired is no use"
    );
    // A page that has a key of its own keeps it.
    let embed = format!("/v2/projects/embed/{TEST_PROJECT}");
    let own = server.with_key(&bound).get(&embed).await.expecting(200);
    assert_eq!(own.body["data"]["app_key"], bound);

    revoke("Bound").await;
    let gone = server.anonymous().get(&hosted).await.expecting(404);
    assert_eq!(gone.body["model"], "Project");
    let code = app
        .get(&format!("/v2/projects/{TEST_PROJECT}/embed-code"))
        .await;
    assert_eq!(code.expecting(409).body["code"], "conflict");
}

#[tokio::test]
async fn a_project_that_is_not_there_looks_the_same_whoever_asks() {
    let server = TestServer::start().await;
    let app = server.app();
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let unknown = Uuid::from_u128(7).to_string();
    let others = LIVE_PROJECT.to_string();
    for id in [unknown.as_str(), &others, "nope"] {
        for (caller, method, path, body) in [
            (&app, Method::GET, format!("/v2/projects/{id}"), ""),
            (
                &app,
                Method::PUT,
                format!("/v2/projects/{id}"),
                "{\"name\":5}",
            ),
            (&app, Method::DELETE, format!("/v2/projects/{id}"), ""),
            (
                &app,
                Method::GET,
                format!("/v2/projects/{id}/resources"),
                "",
            ),
            (
                &app,
                Method::POST,
                format!("/v2/projects/{id}/resources"),
                "{}",
            ),
            (
                &app,
                Method::PUT,
                format!("/v2/projects/{id}/resources"),
                "[5]",
            ),
            (
                &app,
                Method::DELETE,
                format!("/v2/projects/{id}/resources/{DOC_BROWN}"),
                "",
            ),
            (
                &app,
                Method::GET,
                format!("/v2/projects/{id}/embed-code"),
                "",
            ),
            (&app, Method::GET, format!("/v2/projects/embed/{id}"), ""),
            (&widget, Method::GET, format!("/v2/projects/embed/{id}"), ""),
        ] {
            let reply = caller.send(method.clone(), &path, body).await;
            assert_eq!(reply.status, 404, "{method} {path}: {}", reply.body);
            assert_eq!(
                (&reply.body["error"], &reply.body["model"]),
                (&json!("Resource does not exist"), &json!("Project")),
                "{method} {path}"
            );
        }
    }
    let hosted = server
        .anonymous()
        .get("/v2/projects/hosted/no-such-page")
        .await;
    assert_eq!(hosted.expecting(404).body["model"], "Project");
}

#[tokio::test]
async fn a_page_can_read_why_its_key_was_refused() {
    let server = TestServer::start().await;
    let page = server
        .with_key("test_widget_key_nope")
        .header("origin", "https://clinic.example")
        .header("timekit-context", "widget");
    let refused = page
        .get(&format!("/v2/projects/embed/{TEST_PROJECT}"))
        .await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.body["error"], "Invalid credentials supplied");
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn a_slug_is_one_projects_over_all_apps() {
    let server = TestServer::start().await;
    let (app, live) = (server.app(), server.live_app());
    let page = |slug: &str| json!({ "name": "Page", "slug": slug, "resources": [] });
    let mine = make(&app, page("my-page")).await;
    for (client, slug) in [(&app, "my-page"), (&live, "my-page"), (&app, LIVE_SLUG)] {
        let refused = client.post("/v2/projects", page(slug)).await;
        assert_eq!((refused.status, refused.faults()), (422, vec!["slug"]));
    }
    let other = make(&live, page("other-page")).await;
    let other = format!("/v2/projects/{}", text(&other, "id"));
    let refused = live
        .put(&other, json!({ "slug": "my-page", "name": "Changed" }))
        .await;
    assert_eq!((refused.status, refused.faults()), (422, vec!["slug"]));
    assert_eq!(
        live.get(&other).await.body["data"]["name"],
        "Page",
        "nothing was changed"
    );

    // A slug that is given up is free, and leads to whoever has it now.
    let mine = format!("/v2/projects/{}", text(&mine, "id"));
    app.put(&mine, json!({ "slug": "new-page" }))
        .await
        .expecting(200);
    live.put(&other, json!({ "slug": "my-page" }))
        .await
        .expecting(200);
    let hosted = async |slug: &str| {
        server
            .anonymous()
            .get(&format!("/v2/projects/hosted/{slug}"))
            .await
    };
    assert_eq!(
        format!("/v2/projects/{}", hosted("new-page").await.id()),
        mine
    );
    assert_eq!(
        format!("/v2/projects/{}", hosted("my-page").await.id()),
        other
    );
    assert_eq!(hosted("other-page").await.status, 404);
    live.delete(&other).await.expecting(204);
    assert_eq!(hosted("my-page").await.status, 404);
    app.put(&mine, json!({ "slug": "my-page" }))
        .await
        .expecting(200);
}

#[tokio::test]
async fn of_many_that_want_one_slug_at_once_one_gets_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let page = json!({ "name": "Page", "slug": "wanted", "resources": [] });
    let asked: Vec<_> = (0..10)
        .map(|_| {
            let (app, page) = (app.clone(), page.clone());
            tokio::spawn(async move { app.post("/v2/projects", page).await.status })
        })
        .collect();
    let mut made = 0;
    for status in asked {
        match status.await.expect("an answer") {
            201 => made += 1,
            status => assert_eq!(status, 422),
        }
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_projects_resources_are_set_by_a_bare_array_in_its_order() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = format!("/v2/projects/{TEST_PROJECT}/resources");
    let (doc, room) = (DOC_BROWN.to_string(), ROOM.to_string());
    let listed = async || {
        let list = app.get(&path).await.expecting(200);
        let rows = list.body["data"].as_array().expect("rows").clone();
        rows.iter()
            .map(|row| text(row, "id").to_owned())
            .collect::<Vec<_>>()
    };
    app.put(&path, json!([room, doc, room]))
        .await
        .expecting(200);
    assert_eq!(listed().await, [room.clone(), doc.clone()]);
    // One that is there already stays where it is; a new one goes behind.
    app.post(&path, json!({ "resource_id": doc }))
        .await
        .expecting(200);
    assert_eq!(listed().await, [room.clone(), doc.clone()]);
    app.delete(&format!("{path}/{room}")).await.expecting(204);
    let again = app.delete(&format!("{path}/{room}")).await.expecting(404);
    assert_eq!(again.body["model"], "Resource");
    let added = app
        .post(
            &format!("{path}?include=resources"),
            json!({ "resource_id": room }),
        )
        .await;
    assert_eq!(
        added.expecting(200).body["data"]["resources"][1]["id"],
        room
    );
    assert_eq!(listed().await, [doc.clone(), room.clone()]);
    // What was shown may be sent back.
    let shown = app.get(&path).await.body["data"].take();
    app.put(&path, shown).await.expecting(200);
    assert_eq!(listed().await, [doc.clone(), room.clone()]);
    app.put(&path, json!([])).await.expecting(200);
    assert!(listed().await.is_empty());
}

#[tokio::test]
async fn resources_that_are_not_the_apps_are_refused_and_nothing_changes() {
    let server = TestServer::start().await;
    let app = server.app();
    let new = json!({ "name": "Elsewhere", "timezone": "UTC" });
    let elsewhere = server.live_app().post("/v2/resources", new).await.id();
    let path = format!("/v2/projects/{TEST_PROJECT}/resources");
    let before = app.get(&path).await.body;
    for (body, fault) in [
        (json!([ROOM.to_string(), elsewhere]), "resources"),
        (json!([Uuid::from_u128(7).to_string()]), "resources"),
        (json!(["nope"]), "resources"),
        (json!([5]), "resources"),
        (json!([null]), "resources"),
        (json!([[ROOM.to_string()]]), "resources"),
        (json!(vec![ROOM.to_string(); 501]), "resources"),
        (json!({ "resources": [ROOM.to_string()] }), "body"),
        (json!("nope"), "body"),
        (json!(null), "body"),
    ] {
        let refused = app.put(&path, body.clone()).await;
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec![fault]),
            "{body}"
        );
    }
    for body in ["", "[", "[\"a\",]", "nonsense"] {
        let refused = app.send(Method::PUT, &path, body).await;
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec!["body"]),
            "{body}"
        );
    }
    for resource in [json!(elsewhere), json!("nope"), json!(5), json!(null)] {
        let refused = app.post(&path, json!({ "resource_id": resource })).await;
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec!["resource_id"])
        );
    }
    let wanted = json!({ "name": "Page", "resources": [elsewhere] });
    let refused = app.post("/v2/projects", wanted.clone()).await;
    assert_eq!((refused.status, refused.faults()), (422, vec!["resources"]));
    let refused = app
        .put(&format!("/v2/projects/{TEST_PROJECT}"), wanted)
        .await;
    assert_eq!((refused.status, refused.faults()), (422, vec!["resources"]));
    assert_eq!(app.get(&path).await.body, before);
    let project = app.get(&format!("/v2/projects/{TEST_PROJECT}")).await;
    assert_eq!(project.body["data"]["name"], "Consultation");
}

#[tokio::test]
async fn a_resource_that_is_deleted_is_no_longer_shown_and_in_nobodys_way() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = format!("/v2/projects/{TEST_PROJECT}/resources");
    let (doc, room) = (DOC_BROWN.to_string(), ROOM.to_string());
    app.put(&path, json!([room, doc])).await.expecting(200);
    app.delete(&format!("/v2/resources/{room}"))
        .await
        .expecting(204);
    let list = app.get(&path).await.expecting(200);
    assert_eq!(
        (&list.body["total"], &list.body["data"][0]["id"]),
        (&json!(1), &json!(doc))
    );
    // Whoever still has the list as it was may send it back.
    app.put(&path, json!([room, doc])).await.expecting(200);
    let again = app.post(&path, json!({ "resource_id": room })).await;
    assert_eq!(again.expecting(422).faults(), ["resource_id"]);
}

#[tokio::test]
async fn everything_wrong_with_a_project_is_told_by_field() {
    let server = TestServer::start().await;
    let app = server.app();
    let nothing = app.post("/v2/projects", json!({})).await;
    assert_eq!(
        (nothing.status, nothing.faults()),
        (422, vec!["name", "resources"])
    );
    let long = "x".repeat(70_000);
    let sound = json!({ "name": "Page", "resources": [] });
    for (field, value, fault) in [
        ("name", json!(true), "name"),
        ("name", json!(" "), "name"),
        ("name", json!("x".repeat(201)), "name"),
        ("slug", json!(5), "slug"),
        ("slug", json!("ab"), "slug"),
        ("slug", json!("My Page"), "slug"),
        ("slug", json!("my--page"), "slug"),
        ("slug", json!("../me"), "slug"),
        ("slug", json!("x".repeat(101)), "slug"),
        ("resources", json!("all"), "resources"),
        ("resources", json!({}), "resources"),
        ("resources", json!([5]), "resources"),
        ("availability", json!(["always"]), "availability"),
        ("availability", json!("always"), "availability"),
        (
            "availability",
            json!({ "mode": "none" }),
            "availability.mode",
        ),
        (
            "availability",
            json!({ "length": 60 }),
            "availability.length",
        ),
        (
            "availability",
            json!({ "ignore_all_day_events": "no" }),
            "availability.ignore_all_day_events",
        ),
        ("availability", json!({ "a": long }), "availability"),
        (
            "availability_constraints",
            json!({}),
            "availability_constraints",
        ),
        (
            "availability_constraints",
            json!(["weekdays"]),
            "availability_constraints.0",
        ),
        (
            "availability_constraints",
            json!([{ "allow_hours": { "start": 9, "end": "5 pm" } }]),
            "availability_constraints.0.allow_hours.end",
        ),
        (
            "availability_constraints",
            json!([{ "a": long }]),
            "availability_constraints",
        ),
        ("booking", json!("instant"), "booking"),
        ("booking", json!({ "graph": "dance" }), "booking.graph"),
        ("booking", json!({ "graph": 5 }), "booking.graph"),
        ("booking", json!({ "what": true }), "booking.what"),
        (
            "booking",
            json!({ "where": "x".repeat(1_001) }),
            "booking.where",
        ),
        (
            "booking",
            json!({ "description": [] }),
            "booking.description",
        ),
        (
            "booking",
            json!({ "rescheduling_url": "javascript:alert(1)" }),
            "booking.rescheduling_url",
        ),
        ("customer_fields", json!(["name"]), "customer_fields"),
        (
            "customer_fields",
            json!({ "phone": "Phone" }),
            "customer_fields.phone",
        ),
        (
            "customer_fields",
            json!({ "a": { "b": long } }),
            "customer_fields",
        ),
        ("ui", json!("dark"), "ui"),
        (
            "ui",
            json!({ "time_date_format": "iso" }),
            "ui.time_date_format",
        ),
        (
            "ui",
            json!({ "availability_view": {} }),
            "ui.availability_view",
        ),
        ("ui", json!({ "localization": "da" }), "ui.localization"),
        (
            "ui",
            json!({ "localization": { "submit_button": ["a"] } }),
            "ui.localization.submit_button",
        ),
        ("ui", json!({ "a": long }), "ui"),
        ("reminders", json!(["soon"]), "reminders"),
        ("reminders", json!([{ "a": long }]), "reminders"),
        ("meta", json!("text"), "meta"),
        ("meta", json!({ "a": long }), "meta"),
        ("allow_conference", json!(2), "allow_conference"),
        (
            "allow_double_bookings",
            json!("yes"),
            "allow_double_bookings",
        ),
        (
            "enabled_email_notification",
            json!([]),
            "enabled_email_notification",
        ),
        ("reservation_time", json!("soon"), "reservation_time"),
        ("reservation_time", json!(0), "reservation_time"),
        ("reservation_time", json!(-5), "reservation_time"),
        ("reservation_time", json!("2 days"), "reservation_time"),
        ("use_hours_from", json!([]), "use_hours_from"),
        ("latitude", json!(91), "latitude"),
        ("latitude", json!("north"), "latitude"),
        ("latitude", json!("NaN"), "latitude"),
        ("longitude", json!(-180.5), "longitude"),
        ("locations", json!("all"), "locations"),
        (
            "locations",
            json!([Uuid::from_u128(7).to_string()]),
            "locations",
        ),
        ("services", json!([null]), "services"),
        (
            "services",
            json!(vec![Uuid::from_u128(7).to_string(); 101]),
            "services",
        ),
    ] {
        let mut body = sound.clone();
        body[field] = value;
        let refused = app.post("/v2/projects", body.clone()).await;
        assert_eq!(
            refused.status, 422,
            "{field} {}: {}",
            body[field], refused.body
        );
        assert_eq!(refused.faults(), [fault]);
        let refused = app.put(&format!("/v2/projects/{TEST_PROJECT}"), body).await;
        assert_eq!((refused.status, refused.faults()), (422, vec![fault]));
    }
    let wrong =
        json!({ "name": [], "resources": 5, "ui": 5, "booking": { "graph": 5, "what": [] } });
    let all = app.post("/v2/projects", wrong).await;
    assert_eq!(
        all.faults(),
        ["booking.graph", "booking.what", "name", "resources", "ui"]
    );
    assert_eq!(app.get("/v2/projects").await.body["total"], 1);
}

#[tokio::test]
async fn a_project_as_large_as_any_is_kept() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = format!("/v2/projects/{TEST_PROJECT}");
    // With the names around it each is about as large as is taken, and every character takes two bytes.
    let fill = |bytes: usize| "ø".repeat((bytes - 40) / 2);
    for (field, value) in [
        ("availability", json!({ "a": fill(24 * 1024) })),
        (
            "availability_constraints",
            json!([{ "block_weekends": { "a": fill(63_900) } }]),
        ),
        ("booking", json!({ "a": fill(24 * 1024) })),
        ("customer_fields", json!({ "a": { "a": fill(64 * 1024) } })),
        ("ui", json!({ "a": fill(64 * 1024) })),
        ("reminders", json!([{ "a": fill(24 * 1024) }])),
        ("meta", json!({ "a": fill(64 * 1024) })),
    ] {
        let kept = app.put(&path, json!({ field: value })).await;
        assert_eq!(kept.status, 200, "{field}: {}", kept.body);
    }
    let mut rooms = Vec::new();
    let new = json!({ "name": "Room", "timezone": "UTC" });
    for _ in 0..20 {
        rooms.push(app.post("/v2/resources", new.clone()).await.id());
    }
    app.put(&format!("{path}/resources"), json!(rooms))
        .await
        .expecting(200);
    let hosted = server
        .anonymous()
        .get(&format!("/v2/projects/hosted/{TEST_SLUG}"))
        .await;
    assert!(hosted.expecting(200).body["data"]["ui"]["a"].is_string());
}

#[tokio::test]
async fn projects_are_listed_newest_first_and_found_by_name_and_slug() {
    let server = TestServer::start().await;
    let app = server.app();
    for (name, slug) in [("Tea time", "tea"), ("Time travel", "travel-1")] {
        server.clock.advance(TimeDelta::seconds(1));
        make(&app, json!({ "name": name, "slug": slug, "resources": [] })).await;
    }
    for (search, found) in [
        ("", &["travel-1", "tea", TEST_SLUG][..]),
        ("?search=name:*TIME*", &["travel-1", "tea"]),
        ("?search=slug:tea", &["tea"]),
        ("?search=slug:tea;name:time*", &[]),
        ("?search=slug:tea%3Bname:tea*", &["tea"]),
        ("?limit=1&page=2", &["tea"]),
    ] {
        let list = app
            .get(&format!("/v2/projects{search}"))
            .await
            .expecting(200);
        assert_eq!(slugs(&list), found, "{search}");
    }
    let list = app.get("/v2/projects?limit=1&include=resources").await;
    assert_eq!(
        (&list.body["total"], &list.body["last_page"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(list.body["data"][0]["resources"], json!([]));
    let unknown = app.get("/v2/projects?search=graph:instant").await;
    assert_eq!((unknown.status, unknown.faults()), (422, vec!["search"]));
}

#[tokio::test]
async fn only_a_key_with_its_scope_reads_or_writes_projects() {
    let server = TestServer::start().await;
    let key = async |scope: &str| {
        let wanted = json!({ "name": "Named", "scopes": [scope] });
        server.make_key(&server.app(), wanted).await.1
    };
    let (read, write) = (key("projects.read").await, key("projects.write").await);
    let path = format!("/v2/projects/{TEST_PROJECT}");
    assert_eq!(read.get(&path).await.status, 200);
    assert_eq!(read.put(&path, json!({ "name": "New" })).await.status, 403);
    assert_eq!(write.put(&path, json!({ "name": "New" })).await.status, 200);
    assert_eq!(write.get("/v2/projects").await.status, 403);
}

#[tokio::test]
async fn a_deleted_project_leaves_its_bookings() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut booking = tests::booking(
        &ROOM.to_string(),
        "instant",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    booking["project_id"] = TEST_PROJECT.to_string().into();
    let booking = app.post("/v2/bookings", booking).await.expecting(201).id();
    let path = format!("/v2/projects/{TEST_PROJECT}");
    app.delete(&path).await.expecting(204);
    app.delete(&path).await.expecting(404);
    let found = app
        .get(&format!("/v2/bookings?search=project.id:{TEST_PROJECT}"))
        .await;
    assert_eq!(found.body["data"][0]["id"], booking);
}

#[tokio::test]
async fn a_deleted_apps_pages_are_gone() {
    let server = TestServer::start().await;
    let (live, _) = server.sign_up("somebody@clinic.example").await;
    let app = server.with_key(&live.api_key);
    make(
        &app,
        json!({ "name": "Page", "slug": "gone-soon", "resources": [] }),
    )
    .await;
    let hosted = async || {
        server
            .anonymous()
            .get("/v2/projects/hosted/gone-soon")
            .await
            .status
    };
    assert_eq!(hosted().await, 200);
    app.delete(&format!("/v2/apps/{}", live.slug))
        .await
        .expecting(204);
    assert_eq!(hosted().await, 404);
}

#[tokio::test]
async fn the_embed_code_puts_the_project_into_a_page() {
    let base = "https://book.clinic.example/a?b&c";
    let server = TestServer::start_with(Options {
        base_url: Some(base),
        ..Options::default()
    })
    .await;
    let path = format!("/v2/projects/{TEST_PROJECT}/embed-code");
    let code = server.app().get(&path).await.expecting(200);
    assert_eq!(
        code.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let html = code.body.as_str().expect("HTML");
    let script =
        "<script src=\"https://book.clinic.example/a?b&amp;c/widget/booking.min.js\"></script>";
    assert!(html.contains(script), "{html}");
    assert!(html.contains("id=\"bookingjs\""), "{html}");
    let config = html
        .split("timekitBookingConfig = ")
        .nth(1)
        .expect("a configuration");
    let config: Value =
        serde_json::from_str(config.split(";</script>").next().expect("its end")).expect("JSON");
    let expected = json!({
        "app_key": server.demo.test.widget_key.expose(),
        "project_id": TEST_PROJECT.to_string(),
        "api_base_url": format!("{base}/"),
    });
    assert_eq!(config, expected);
    assert!(!html.contains("api_key\""), "{html}");
}

#[tokio::test]
async fn no_key_that_was_brought_along_breaks_out_of_the_embed_code() {
    let server = TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await;
    let app = server.app();
    let keys = app.get("/v2/keys?search=kind:widget").await;
    let own = text(&keys.body["data"][0], "id");
    let nasty = "old</script><script>alert(1)</script><!--\"'&";
    let old = json!({ "name": "Old page", "kind": "widget", "key": nasty });
    app.post("/v2/keys/import", old).await.expecting(201);
    app.delete(&format!("/v2/keys/{own}")).await.expecting(204);
    let code = app
        .get(&format!("/v2/projects/{TEST_PROJECT}/embed-code"))
        .await
        .expecting(200);
    let html = code.body.as_str().expect("HTML");
    assert_eq!(html.matches("<script").count(), 2, "{html}");
    assert_eq!(html.matches("</script>").count(), 2, "{html}");
    assert!(!html.contains("<!--"), "{html}");
    let config = html
        .split("timekitBookingConfig = ")
        .nth(1)
        .expect("a configuration");
    let config: Value =
        serde_json::from_str(config.split(";</script>").next().expect("its end")).expect("JSON");
    assert_eq!(config["app_key"], nasty);
}

#[tokio::test]
async fn of_changes_made_at_once_none_is_lost() {
    let server = TestServer::start().await;
    let app = server.live_app();
    let mut rooms = Vec::new();
    let new = json!({ "name": "Room", "timezone": "UTC" });
    for _ in 0..10 {
        rooms.push(app.post("/v2/resources", new.clone()).await.id());
    }
    let path = format!("/v2/projects/{LIVE_PROJECT}/resources");
    let added: Vec<_> = rooms
        .iter()
        .map(|room| {
            let (app, path, body) = (app.clone(), path.clone(), json!({ "resource_id": room }));
            tokio::spawn(async move { app.post(&path, body).await.status })
        })
        .collect();
    for status in added {
        assert_eq!(status.await.expect("an answer"), 200);
    }
    let list = app.get(&path).await.body.to_string();
    assert!(rooms.iter().all(|room| list.contains(room)), "{list}");
}

#[tokio::test]
async fn mail_templates_are_a_fixed_set_and_kept_for_each_app() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = "/v2/templates/booking_confirmed";
    let list = app.get("/v2/templates").await.expecting(200);
    let listed = slugs(&list);
    assert!(
        listed.contains(&"booking_confirmed") && listed.len() == 8,
        "{listed:?}"
    );
    let blank = app.get(path).await.expecting(200).body["data"].take();
    assert_eq!(blank["updated_at"], Value::Null);
    let change =
        json!({ "subject": "See you", "body": "Hello {{customer.name}}", "enabled": true });
    app.put(path, change.clone()).await.expecting(200);
    app.put(path, json!({ "subject": "See you soon" }))
        .await
        .expecting(200);
    let kept = app.get(path).await.body["data"].take();
    assert_eq!(
        (&kept["subject"], &kept["body"], &kept["enabled"]),
        (&json!("See you soon"), &change["body"], &json!(true))
    );
    assert_eq!(server.live_app().get(path).await.body["data"], blank);
    for (method, body) in [(Method::GET, ""), (Method::PUT, "{}")] {
        let unknown = app.send(method, "/v2/templates/nope", body).await;
        assert_eq!(unknown.expecting(404).body["model"], "Template");
    }
    let wrong = json!({ "subject": [5], "body": "x".repeat(70_000), "enabled": "yes" });
    let wrong = app.put(path, wrong).await.expecting(422);
    assert_eq!(wrong.faults(), ["body", "enabled", "subject"]);
}
