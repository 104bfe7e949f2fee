//! Widgets and filter collections: what came before projects. A widget's configuration is anybody's to read, so what is
//! in it must be fit for that.

use local::demo::{DOC_BROWN, LIVE_SLUG, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, TestServer};

async fn token(server: &TestServer, token_type: &str) -> String {
    let doc = DOC_BROWN.to_string();
    server.token(&server.app(), &doc, token_type).await.1
}

async fn widget(app: &Client, config: Value) -> Value {
    let body = json!({ "name": "Front desk", "config": config });
    let made = app.post("/v2/widgets", body).await.expecting(201);
    made.body["data"].clone()
}

fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field].as_str().expect("text")
}

#[tokio::test]
async fn a_page_reads_its_configuration_and_token_by_id_or_slug_without_a_credential() {
    let server = TestServer::start().await;
    let (app, anybody) = (server.app(), server.anonymous());
    let token = token(&server, "client-token").await;
    let config = json!({
        "app": TEST_SLUG, "email": "doc.brown@latchkey.example", "apiToken": token, "bookingGraph": "confirm_decline",
    });
    let made = widget(&app, config.clone()).await;
    let (id, slug) = (text(&made, "id"), text(&made, "slug"));
    assert!(slug.starts_with("front-desk-"), "{slug}");
    let addresses = [format!("embed/{id}"), format!("hosted/{slug}")];
    for address in &addresses {
        let seen = anybody.get(&format!("/v2/widgets/{address}")).await;
        assert_eq!(seen.expecting(200).body["data"]["config"], config);
    }
    let path = format!("/v2/widgets/{id}");
    app.put(&path, json!({ "name": "Back door" }))
        .await
        .expecting(200);
    let kept = app.get(&path).await.expecting(200);
    assert_eq!(
        (&kept.body["data"]["name"], &kept.body["data"]["config"]),
        (&json!("Back door"), &config)
    );
    app.put(&path, json!({ "config": { "debug": true } }))
        .await
        .expecting(200);
    let seen = anybody.get(&format!("/v2/widgets/{}", addresses[0])).await;
    assert_eq!(seen.body["data"]["config"], json!({ "debug": true }));

    app.delete(&path).await.expecting(204);
    for address in &addresses {
        anybody
            .get(&format!("/v2/widgets/{address}"))
            .await
            .expecting(404);
    }
    app.delete(&path).await.expecting(404);
}

#[tokio::test]
async fn a_slug_that_is_sent_is_the_widgets_own_until_it_is_given_up() {
    let server = TestServer::start().await;
    let (app, other) = (server.app(), server.live_app());
    let body = |slug: &str| json!({ "name": "Front desk", "slug": slug });
    let made = app
        .post("/v2/widgets", body("front-desk"))
        .await
        .expecting(201);
    assert_eq!(made.body["data"]["slug"], "front-desk");
    let path = format!("/v2/widgets/{}", made.id());
    let hosted = async |slug: &str| {
        let path = format!("/v2/widgets/hosted/{slug}");
        server.anonymous().get(&path).await.status
    };
    assert_eq!(hosted("front-desk").await, 200);
    // It is unique over all apps, at creation and later.
    let taken = other.post("/v2/widgets", body("front-desk")).await;
    assert_eq!((taken.status, taken.faults()), (422, vec!["slug"]));
    let second = other
        .post("/v2/widgets", body("back-door"))
        .await
        .expecting(201);
    let taken = app.put(&path, json!({ "slug": "back-door" })).await;
    assert_eq!((taken.status, taken.faults()), (422, vec!["slug"]));
    // What is sent back as it was shown is no change.
    app.put(&path, made.body["data"].clone())
        .await
        .expecting(200);
    let moved = app.put(&path, json!({ "slug": "lobby" })).await;
    assert_eq!(moved.expecting(200).body["data"]["slug"], "lobby");
    assert_eq!(
        (hosted("front-desk").await, hosted("lobby").await),
        (404, 200)
    );
    // One that was given up is free, and so is a deleted widget's.
    let path = format!("/v2/widgets/{}", second.id());
    other
        .put(&path, json!({ "slug": "front-desk" }))
        .await
        .expecting(200);
    other.delete(&path).await.expecting(204);
    app.post("/v2/widgets", body("front-desk"))
        .await
        .expecting(201);
    for slug in ["Front desk", "a", "-x-"] {
        let refused = app.post("/v2/widgets", body(slug)).await;
        assert_eq!((refused.status, refused.faults()), (422, vec!["slug"]));
    }
}

#[tokio::test]
async fn filters_sent_beside_the_name_are_kept_as_those_in_filters_are() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = "/v2/findtime/filtercollections";
    let filters = json!({
        "and": [{ "specific_time": { "start": 8, "end": 12 } }], "or": [{ "specific_day": { "day": "Monday" } }],
    });
    let mut body = filters.clone();
    body["name"] = "Mornings".into();
    let made = app.post(path, body).await.expecting(201);
    assert_eq!(made.body["data"]["filters"], filters);
    let own = format!("{path}/{}", made.id());
    let weekend = json!({ "or": [{ "only_weekend": {} }] });
    let changed = app.put(&own, weekend.clone()).await.expecting(200);
    assert_eq!(changed.body["data"]["filters"], weekend);
    for (body, field) in [
        (
            json!({ "or": [{ "full_moon": {} }] }),
            "filters.or.0.full_moon",
        ),
        (json!({ "and": {} }), "filters.and"),
        (json!({ "and": [], "filters": { "and": [] } }), "and"),
    ] {
        let refused = app.post(path, body).await;
        assert_eq!((refused.status, refused.faults()), (422, vec![field]));
    }
}

#[tokio::test]
async fn a_widget_takes_no_secret_and_keeps_no_token() {
    let server = TestServer::start().await;
    let app = server.app();
    let (page, secret) = (
        token(&server, "client-token").await,
        token(&server, "server-token").await,
    );
    let key = server.demo.live.api_key.expose().to_owned();
    let wanted = json!({ "name": "Front desk", "scopes": ["bookings.read"] });
    let named = app.post("/v2/keys", wanted).await.expecting(201);
    let named = text(&named.body["data"], "key");
    for (config, field) in [
        (json!({ "apiToken": secret }), "config.apiToken"),
        (
            json!({ "apiToken": "XT1JO879JF1qUXXzmETD5ucgxaDwsFsd" }),
            "config.apiToken",
        ),
        (json!({ "api_token": 5 }), "config.api_token"),
        (json!({ "timekitConfig": { "appKey": key } }), "config"),
        (json!({ "note": format!("use {named}") }), "config"),
        (
            json!({ "timekitConfig": [{ "resourceKey": secret }] }),
            "config",
        ),
    ] {
        let body = json!({ "name": "A", "config": config });
        let refused = app.post("/v2/widgets", body.clone()).await;
        assert_eq!((refused.status, refused.faults()), (422, vec![field]));
        // Another app's token is no better than none.
        let body = json!({ "name": "A", "config": { "apiToken": page } });
        let others = server.live_app().post("/v2/widgets", body).await;
        assert_eq!(
            (others.status, others.faults()),
            (422, vec!["config.apiToken"])
        );
    }
    widget(&app, json!({ "apiToken": page })).await;
    let client = server.dynamodb().await;
    let tables = client.list_tables().send().await.expect("tables");
    let mut kept = String::new();
    for table in tables.table_names() {
        let found = client.scan().table_name(table).send().await.expect("items");
        kept += &format!("{:?}", found.items());
    }
    assert!(kept.contains("Front desk") && !kept.contains(&page));
}

#[tokio::test]
async fn widgets_and_filter_collections_are_their_apps_own() {
    let server = TestServer::start().await;
    let (app, other) = (server.app(), server.live_app());
    let made = widget(&app, json!({})).await;
    let filters = json!({ "and": [{ "specific_time": { "start": 8, "end": 12 } }] });
    let body = json!({ "name": "Mornings", "filters": filters });
    let kept = app
        .post("/v2/findtime/filtercollections", body)
        .await
        .expecting(201);
    assert_eq!(kept.body["data"]["filters"], filters);
    let paths = [
        format!("/v2/widgets/{}", text(&made, "id")),
        format!("/v2/findtime/filtercollections/{}", kept.id()),
    ];
    for path in &paths {
        other.get(path).await.expecting(404);
        other
            .put(path, json!({ "name": LIVE_SLUG }))
            .await
            .expecting(404);
        other.delete(path).await.expecting(404);
        let list = path.rsplit_once('/').expect("a list").0;
        let count = async |of: &Client| {
            of.get(list).await.expecting(200).body["data"]
                .as_array()
                .map(Vec::len)
        };
        assert_eq!((count(&app).await, count(&other).await), (Some(1), Some(0)));
        let changed = app
            .put(path, json!({ "name": "Evenings" }))
            .await
            .expecting(200);
        assert_eq!(changed.body["data"]["name"], "Evenings");
        app.delete(path).await.expecting(204);
        app.get(path).await.expecting(404);
        assert_eq!(count(&app).await, Some(0));
    }
    let faulty = json!({ "filters": { "and": [{ "specific_time": { "start": 12, "end": 8 } }] } });
    let refused = app.post("/v2/findtime/filtercollections", faulty).await;
    assert_eq!(refused.faults(), ["filters.and.0.specific_time.end"]);
}
