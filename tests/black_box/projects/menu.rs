//! The menu of an app's booking pages: its projects that are listed, oldest first, and only so many.

use chrono::TimeDelta;
use local::demo::{LIVE_APP, TEST_APP};
use model::ids::AppId;
use serde_json::json;
use store::{MAX_MENU, Tenant};
use tests::{Client, TestServer};

async fn menu(server: &TestServer, app: AppId) -> Vec<String> {
    let (store, now) = (server.state.store(), server.state.now());
    let since = store.get_app(app).await.expect("the store answers");
    let since = since.expect("the app").created_at;
    let menu = store.list_menu(Tenant::app(app), since, now).await;
    let menu = menu.expect("the store answers").into_iter();
    menu.map(|project| project.name).collect()
}

async fn make(app: &Client, name: &str, is_unlisted: bool) -> String {
    let body = json!({ "name": name, "resources": [], "unlisted": is_unlisted });
    app.post("/v2/projects", body).await.expecting(201).id()
}

#[tokio::test]
async fn a_menu_lists_the_apps_projects_oldest_first_without_the_unlisted() {
    let server = TestServer::start().await;
    let app = server.app();
    let demo = menu(&server, TEST_APP).await;
    let live = menu(&server, LIVE_APP).await;
    let mut ids = Vec::new();
    for (name, is_unlisted) in [("first", false), ("second", true), ("third", false)] {
        ids.push(make(&app, name, is_unlisted).await);
        server.clock.advance(TimeDelta::days(20));
    }
    let with_demo = |names: &[&str]| {
        let own = names.iter().map(|name| (*name).to_owned());
        demo.iter().cloned().chain(own).collect::<Vec<_>>()
    };
    assert_eq!(
        menu(&server, TEST_APP).await,
        with_demo(&["first", "third"])
    );
    let set = async |id: &str, is_unlisted: bool| {
        let path = format!("/v2/projects/{id}");
        app.put(&path, json!({ "unlisted": is_unlisted }))
            .await
            .expecting(200);
    };
    set(&ids[1], false).await;
    set(&ids[0], true).await;
    assert_eq!(
        menu(&server, TEST_APP).await,
        with_demo(&["second", "third"])
    );
    app.delete(&format!("/v2/projects/{}", ids[2]))
        .await
        .expecting(204);
    assert_eq!(menu(&server, TEST_APP).await, with_demo(&["second"]));
    assert_eq!(menu(&server, LIVE_APP).await, live);
}

#[tokio::test]
async fn a_menu_is_bounded_however_many_projects_there_are() {
    let server = TestServer::start().await;
    let app = server.live_app();
    let demo = menu(&server, LIVE_APP).await.len();
    // More unlisted ones than one chunk has, and more listed ones than a menu has.
    for number in 0..MAX_MENU + 5 {
        make(&app, &format!("hidden {number}"), true).await;
    }
    assert_eq!(menu(&server, LIVE_APP).await.len(), demo);
    for number in 0..MAX_MENU + 5 {
        make(&app, &format!("shown {number}"), false).await;
        server.clock.advance(TimeDelta::minutes(1));
    }
    let listed = menu(&server, LIVE_APP).await;
    assert_eq!(listed.len(), MAX_MENU);
    assert_eq!(listed[demo], "shown 0");
}
