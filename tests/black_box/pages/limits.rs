//! Limits: those of the app's widget key, each refusal a page.

use serde_json::json;
use tests::TestServer;

use super::{demo, first_form, get, page, send};

#[tokio::test]
async fn a_visitor_has_the_widget_keys_limit_for_an_address_and_is_refused_by_a_page() {
    let server = TestServer::start().await;
    let one = server.calling_from("203.0.113.7", &server.anonymous());
    let form = first_form(&one, &demo()).await;
    let mut last = one.get(&demo()).await;
    for _ in 0..60 {
        last = one.get(&demo()).await;
        if last.status != 200 {
            break;
        }
    }
    let refused = page(&last, 429);
    assert!(refused.contains("Too many requests"), "{refused}");
    assert!(last.header("retry-after").is_some());
    page(&send(&one, &demo(), &form).await, 429);
    let other = server.calling_from("203.0.113.8", &server.anonymous());
    get(&other, &demo(), 200).await;
}

#[tokio::test]
async fn addresses_that_are_not_there_can_be_tried_only_so_often() {
    let server = TestServer::start().await;
    let one = server.calling_from("203.0.113.7", &server.anonymous());
    for _ in 0..60 {
        get(&one, "/book/none-such", 404).await;
    }
    get(&one, "/book/none-such", 429).await;
    get(&one, &demo(), 200).await;
}

#[tokio::test]
async fn without_a_widget_key_an_app_has_no_pages() {
    let server = TestServer::start().await;
    let app = server.app();
    let keys = app.get("/v2/keys").await.expecting(200);
    for key in keys.body["data"].as_array().expect("keys") {
        if key["kind"] == "widget" {
            let path = format!("/v2/keys/{}/revoke", key["id"].as_str().expect("an id"));
            app.post(&path, json!({})).await;
            let path = format!("/v2/keys/{}", key["id"].as_str().expect("an id"));
            app.delete(&path).await;
        }
    }
    let page = get(&server.anonymous(), &demo(), 404).await;
    assert!(
        page.contains("Online booking is not available here"),
        "{page}"
    );
    get(&server.anonymous(), "/book/app/demo-test", 404).await;
}
