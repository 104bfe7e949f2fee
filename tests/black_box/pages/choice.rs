//! Whom: the visitor's choice where the mode leaves it, and seats in groups.

use serde_json::json;
use tests::{TestServer, group};

use super::{bookings, filled, first_form, get, html, links, page, project, send};

#[tokio::test]
async fn in_exclusive_mode_the_visitor_chooses_whom_and_nobody_is_taken_silently() {
    let server = TestServer::start().await;
    let fields = json!({ "availability": { "mode": "exclusive", "length": "1 hour" } });
    let ids = project(&server, "team", &["Clara", "Emmett"], fields).await;
    let anybody = server.anonymous();
    let shown = get(&anybody, "/book/team", 200).await;
    assert!(shown.contains("Who would you like to see?"), "{shown}");
    let mut fields = first_form(&anybody, "/book/team").await;
    let refused = page(&send(&anybody, "/book/team", &fields).await, 422);
    assert!(refused.contains("Please choose one."), "{refused}");
    fields.insert("resource".to_owned(), ids[1].clone());
    let reply = send(&anybody, "/book/team", &fields).await;
    assert_eq!(reply.status, 303, "{}", html(&reply));
    let all = bookings(&server).await;
    assert!(all.iter().any(|one| one["resource_id"] == ids[1].as_str()));
    assert!(!all.iter().any(|one| one["resource_id"] == ids[0].as_str()));
    // Whom a link names is chosen already.
    let path = format!("/book/team?resource={}", ids[0]);
    let shown = get(&anybody, &path, 200).await;
    assert!(links(&shown, "time")[0].contains(&ids[0]), "{shown}");
}

#[tokio::test]
async fn where_the_mode_decides_anyone_is_booked_without_a_question() {
    let server = TestServer::start().await;
    let fields =
        json!({ "availability": { "mode": "roundrobin_prioritized", "length": "1 hour" } });
    let ids = project(&server, "desk", &["Clara", "Emmett"], fields).await;
    let anybody = server.anonymous();
    for id in &ids {
        let time = format!("/book/desk?start={}", "2026-12-01T10:00:00Z");
        let fields = filled(&anybody, &time).await;
        let reply = send(&anybody, "/book/desk", &fields).await;
        assert_eq!(reply.status, 303, "{}", html(&reply));
        let all = bookings(&server).await;
        assert!(all.iter().any(|one| one["resource_id"] == id.as_str()));
    }
}

#[tokio::test]
async fn where_a_slot_needs_everybody_everybodys_time_is_taken() {
    let server = TestServer::start().await;
    let fields = json!({ "availability": { "mode": "mutual", "length": "1 hour" } });
    project(&server, "both", &["Clara", "Room"], fields).await;
    let anybody = server.anonymous();
    let time = "/book/both?start=2026-12-01T10:00:00Z";
    let one = filled(&anybody, time).await;
    let other = filled(&anybody, time).await;
    assert_eq!(send(&anybody, "/book/both", &one).await.status, 303);
    page(&send(&anybody, "/book/both", &other).await, 409);
}

#[tokio::test]
async fn groups_show_the_seats_left_and_the_last_seat_is_booked_once() {
    let server = TestServer::start().await;
    let fields = json!({ "booking": { "graph": "group_customer", "where": "Studio" } });
    let ids = project(&server, "class", &["Studio"], fields).await;
    let app = server.app();
    let anybody = server.anonymous();
    let empty = get(&anybody, "/book/class", 200).await;
    assert!(
        empty.contains("There are no times to book at the moment."),
        "{empty}"
    );
    let projects = app
        .get("/v2/projects?search=slug:class")
        .await
        .expecting(200);
    let project = projects.body["data"].as_array().expect("projects").iter();
    let project = project
        .clone()
        .find(|one| one["slug"] == "class")
        .expect("the project");
    let mut body = group(&ids[0], "2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z", 2);
    body["project_id"] = project["id"].clone();
    app.post("/v2/bookings", body).await.expecting(201);
    let shown = get(&anybody, "/book/class", 200).await;
    assert!(shown.contains("2 seats left"), "{shown}");
    let time = links(&shown, "time")[0].clone();
    let last = filled(&anybody, &time).await;
    for status in [303, 303] {
        let fields = filled(&anybody, &time).await;
        assert_eq!(send(&anybody, "/book/class", &fields).await.status, status);
    }
    let refused = page(&send(&anybody, "/book/class", &last).await, 409);
    assert!(refused.contains("id=\"problem\""), "{refused}");
}
