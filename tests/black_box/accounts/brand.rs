//! How an app's booking pages look: set by its owner, part by part, and read by everything that reads the app.

use local::demo::{TEST_APP, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer};

async fn set(app: &Client, brand: Value) -> Reply {
    let path = format!("/v2/apps/{TEST_SLUG}");
    app.put(&path, json!({ "settings": { "brand": brand } }))
        .await
}

fn brand(reply: &Reply) -> Value {
    reply.body["data"]["settings"]["brand"].clone()
}

#[tokio::test]
async fn an_app_keeps_each_part_of_its_brand_until_it_is_sent_again() {
    let server = TestServer::start().await;
    let app = server.app();
    let none = json!({ "name": null, "logo": null, "accent": null });
    assert_eq!(brand(&app.get("/v2/app").await.expecting(200)), none);

    let sent = json!({ "name": " Clock Tower Clinic ", "logo": "https://clinic.example/logo.svg", "accent": "#0B7285" });
    let kept = json!({ "name": "Clock Tower Clinic", "logo": "https://clinic.example/logo.svg", "accent": "#0b7285" });
    assert_eq!(brand(&set(&app, sent).await.expecting(200)), kept);
    for shown in [
        app.get("/v2/app").await.expecting(200).body["data"].clone(),
        app.get("/v2/apps").await.expecting(200).body["data"][0].clone(),
    ] {
        assert_eq!(shown["settings"]["brand"], kept);
    }

    // Other settings, other apps and the app's own name are not touched.
    let path = format!("/v2/apps/{TEST_SLUG}");
    let renamed = app.put(&path, json!({ "name": "Renamed" })).await;
    assert_eq!(brand(&renamed.expecting(200)), kept);
    let live = server.live_app().get("/v2/app").await.expecting(200);
    assert_eq!(brand(&live), none);

    let reply = set(&app, json!({ "logo": null, "accent": "" })).await;
    let left = json!({ "name": "Clock Tower Clinic", "logo": null, "accent": null });
    assert_eq!(brand(&reply.expecting(200)), left);
    assert_eq!(brand(&set(&app, Value::Null).await.expecting(200)), none);
}

#[tokio::test]
async fn what_is_wrong_with_a_brand_is_told_by_its_part_and_changes_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    let sound = json!({ "name": "Clinic", "accent": "#0b7285" });
    set(&app, sound).await.expecting(200);
    let long = "x".repeat(101);
    let secret = server.demo.test.api_key.expose();
    for (field, value) in [
        ("name", json!(long)),
        ("name", json!({ "en": "Clinic" })),
        ("name", json!(secret)),
        ("logo", json!("http://clinic.example/logo.svg")),
        ("logo", json!("javascript:alert(1)")),
        ("logo", json!("https://user:word@clinic.example/logo.svg")),
        ("logo", json!(format!("https://clinic.example/{secret}"))),
        ("accent", json!("teal")),
        ("accent", json!("#0b728")),
        ("accent", json!(5)),
    ] {
        let reply = set(&app, json!({ "accent": "#ffffff", (field): value })).await;
        let reply = reply.expecting(422);
        assert_eq!(
            reply.faults(),
            [format!("settings.brand.{field}")],
            "{value}"
        );
    }
    let all = set(&app, json!({ "name": long, "logo": "x", "accent": "y" })).await;
    let fields = [
        "settings.brand.accent",
        "settings.brand.logo",
        "settings.brand.name",
    ];
    assert_eq!(all.expecting(422).faults(), fields);
    let none = set(&app, json!("blue")).await.expecting(422);
    assert_eq!(none.faults(), ["settings.brand"]);
    let kept = json!({ "name": "Clinic", "logo": null, "accent": "#0b7285" });
    assert_eq!(brand(&app.get("/v2/app").await.expecting(200)), kept);
}

#[tokio::test]
async fn whoever_reads_an_apps_public_record_reads_its_brand() {
    let server = TestServer::start().await;
    let app = server.app();
    let read = async || {
        let read = server.state.store().get_app(TEST_APP).await;
        read.expect("the store answers").expect("the app")
    };
    let before = read().await;
    assert!(before.brand.is_empty());
    assert_eq!(before.business_name(), before.name);

    set(&app, json!({ "name": "Clinic", "accent": "#0b7285" }))
        .await
        .expecting(200);
    let after = read().await;
    assert_eq!(after.business_name(), "Clinic");
    assert_eq!(
        after.brand.accent.map(model::app::Accent::rgb),
        Some([11, 114, 133])
    );
    assert_eq!(after.name, before.name);
}
