//! The menu of an app.

use serde_json::json;
use tests::TestServer;

use super::{get, project};

#[tokio::test]
async fn an_apps_menu_links_its_projects_but_for_the_unlisted() {
    let server = TestServer::start().await;
    project(&server, "listed", &[], json!({ "name": "Listed" })).await;
    project(
        &server,
        "hidden",
        &[],
        json!({ "name": "Hidden", "unlisted": true }),
    )
    .await;
    let anybody = server.anonymous();
    let page = get(&anybody, "/book/app/demo-test", 200).await;
    assert!(page.contains("href=\"/book/listed\""), "{page}");
    assert!(page.contains("href=\"/book/demo-test\""), "{page}");
    assert!(!page.contains("Hidden"), "{page}");
    get(&anybody, "/book/app/none-such", 404).await;
}

#[tokio::test]
async fn no_slug_of_a_project_takes_the_menus_place() {
    let server = TestServer::start().await;
    project(&server, "app", &["Emmett"], json!({})).await;
    let anybody = server.anonymous();
    let page = get(&anybody, "/book/app", 200).await;
    assert!(page.contains("Haircut"), "{page}");
    let menu = get(&anybody, "/book/app/demo-test", 200).await;
    assert!(menu.contains("id=\"menu\""), "{menu}");
}
