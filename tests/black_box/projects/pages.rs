//! What a project says of its booking page: the price that is shown, whether the menu lists it, and why nobody can book.

use local::demo::ROOM;
use serde_json::{Value, json};
use tests::{Client, TestServer, with};

fn project() -> Value {
    json!({ "name": "Massage", "resources": [ROOM.to_string()] })
}

async fn make(app: &Client, body: Value) -> String {
    app.post("/v2/projects", body).await.expecting(201).id()
}

/// The codes of what keeps customers from booking, each with advice.
async fn problems(app: &Client, id: &str) -> Vec<String> {
    let path = format!("/v2/projects/{id}?include=page");
    let reply = app.get(&path).await.expecting(200);
    let page = &reply.body["data"]["page"];
    assert_eq!(
        page["path"],
        format!(
            "/book/{}",
            reply.body["data"]["slug"].as_str().expect("a slug")
        )
    );
    let problems = page["problems"].as_array().expect("problems").iter();
    problems
        .map(|problem| {
            assert!(
                problem["advice"]
                    .as_str()
                    .is_some_and(|advice| advice.ends_with('.'))
            );
            problem["code"].as_str().expect("a code").to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_projects_price_and_whether_it_is_listed_are_kept_until_they_are_sent_again() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = make(&app, project()).await;
    let path = format!("/v2/projects/{id}");
    let shown = async || {
        let reply = app.get(&path).await.expecting(200);
        let data = &reply.body["data"];
        (data["price"].clone(), data["unlisted"].clone())
    };
    assert_eq!(shown().await, (Value::Null, json!(false)));

    let set = app
        .put(&path, json!({ "price": " 25 € ", "unlisted": true }))
        .await;
    assert_eq!(set.expecting(200).body["data"]["price"], "25 €");
    assert_eq!(shown().await, (json!("25 €"), json!(true)));
    app.put(&path, json!({ "name": "Deep massage" }))
        .await
        .expecting(200);
    assert_eq!(shown().await, (json!("25 €"), json!(true)));
    let row = app
        .get("/v2/projects?search=name:Deep%20massage")
        .await
        .expecting(200);
    assert_eq!(row.body["data"][0]["price"], "25 €");

    for none in [Value::Null, json!(""), json!("  ")] {
        app.put(&path, json!({ "price": "5 €" }))
            .await
            .expecting(200);
        app.put(&path, json!({ "price": none }))
            .await
            .expecting(200);
        assert_eq!(shown().await.0, Value::Null, "{none}");
    }
    app.put(&path, json!({ "unlisted": null }))
        .await
        .expecting(200);
    assert_eq!(shown().await.1, false);
    let made = make(
        &app,
        with(
            with(project(), "price", json!("10 kr")),
            "unlisted",
            json!("1"),
        ),
    )
    .await;
    let reply = app
        .get(&format!("/v2/projects/{made}"))
        .await
        .expecting(200);
    assert_eq!(reply.body["data"]["price"], "10 kr");
    assert_eq!(reply.body["data"]["unlisted"], true);
}

#[tokio::test]
async fn a_price_that_no_page_could_show_is_refused() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = format!("/v2/projects/{}", make(&app, project()).await);
    app.put(&path, json!({ "price": "x".repeat(100) }))
        .await
        .expecting(200);
    for (field, value) in [
        ("price", json!("x".repeat(101))),
        ("price", json!({ "EUR": 25 })),
        ("price", json!(server.demo.test.api_key.expose())),
        ("unlisted", json!("perhaps")),
    ] {
        for reply in [
            app.put(&path, json!({ (field): value })).await,
            app.post("/v2/projects", with(project(), field, value.clone()))
                .await,
        ] {
            assert_eq!(reply.expecting(422).faults(), [field], "{value}");
        }
    }
}

#[tokio::test]
async fn an_owner_is_told_why_nobody_can_book_on_a_page_and_a_page_is_not() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = make(&app, project()).await;
    assert_eq!(problems(&app, &id).await, [""; 0]);
    for (graph, expected) in [
        ("instant", None),
        ("confirm_decline", None),
        ("group_customer", None),
        ("instant_payment", Some("payment_without_provider")),
        ("group_customer_payment", Some("payment_without_provider")),
    ] {
        let id = make(&app, with(project(), "booking", json!({ "graph": graph }))).await;
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(problems(&app, &id).await, expected, "{graph}");
    }

    let empty = make(&app, with(project(), "resources", json!([]))).await;
    assert_eq!(problems(&app, &empty).await, ["nobody_to_book"]);
    // Saving says it too, and an answer without the include does not.
    let path = format!("/v2/projects/{empty}");
    let saved = app
        .put(&format!("{path}?include=page"), json!({ "name": "Nobody" }))
        .await;
    assert_eq!(
        saved.expecting(200).body["data"]["page"]["problems"][0]["code"],
        "nobody_to_book"
    );
    let plain = app.get(&path).await.expecting(200);
    assert!(plain.body["data"].get("page").is_none());
    let slug = plain.body["data"]["slug"]
        .as_str()
        .expect("a slug")
        .to_owned();
    let public = server
        .anonymous()
        .get(&format!("/v2/projects/hosted/{slug}?include=page"))
        .await;
    assert!(
        !public
            .expecting(200)
            .body
            .to_string()
            .contains("nobody_to_book")
    );
}

#[tokio::test]
async fn a_page_whose_only_resource_was_deleted_has_nobody_to_book() {
    let server = TestServer::start().await;
    let app = server.app();
    let body = json!({ "name": "Room", "timezone": "Europe/Berlin" });
    let room = app.post("/v2/resources", body).await.expecting(201).id();
    let id = make(&app, with(project(), "resources", json!([room]))).await;
    assert_eq!(problems(&app, &id).await, [""; 0]);
    app.delete(&format!("/v2/resources/{room}"))
        .await
        .expecting(204);
    assert_eq!(problems(&app, &id).await, ["nobody_to_book"]);
}
