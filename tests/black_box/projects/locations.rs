//! Locations and services, and the projects that tie them together, as an app and as a page sees them.

use chrono::TimeDelta;
use local::demo::{DOC_BROWN, LOCATION, SERVICE, TEST_PROJECT};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer};
use uuid::Uuid;

const BOTH: [(&str, &str); 2] = [
    ("/v2/locations", "Location"),
    ("/v2/location/services", "Service"),
];

async fn make(client: &Client, path: &str, body: Value) -> String {
    client.post(path, body).await.expecting(201).id()
}

fn widget(server: &TestServer) -> Client {
    server.with_key(server.demo.test.widget_key.expose())
}

fn ids(list: &Reply) -> Vec<&str> {
    let rows = list.body["data"].as_array().expect("rows");
    let id = |row: &'_ Value| row["id"].as_str().is_some();
    assert!(rows.iter().all(id), "{}", list.body);
    rows.iter().filter_map(|row| row["id"].as_str()).collect()
}

fn names(included: &Value) -> Vec<&str> {
    let rows = included.as_array().expect("an include");
    rows.iter().filter_map(|row| row["name"].as_str()).collect()
}

#[tokio::test]
async fn a_location_is_answered_as_it_was_sent() {
    let server = TestServer::start().await;
    let app = server.app();
    let sent = json!({
        "name": "Twin Pines Mall", "description": "Or Lone Pine", "latitude": 33.99, "longitude": -117.9,
        "use_custom_hours": true, "meta": { "t_store_city": "Hill Valley", "t_store_capacity": "2" },
    });
    let id = make(&app, "/v2/locations", sent.clone()).await;
    let path = format!("/v2/locations/{id}");
    let shown = app.get(&path).await.expecting(200).body["data"].take();
    for (name, value) in sent.as_object().expect("fields") {
        assert_eq!(shown[name], *value, "{name}");
    }
    assert_eq!(shown["distance"], Value::Null);
    server.clock.advance(TimeDelta::seconds(1));
    let change = json!({ "latitude": null, "longitude": "-118" });
    let changed = app.put(&path, change).await.expecting(200).body["data"].take();
    let mut expected = shown;
    expected["latitude"] = Value::Null;
    expected["longitude"] = json!(-118.0);
    expected["updated_at"] = "2026-11-21T12:00:01+00:00".into();
    assert_eq!(changed, expected);
}

#[tokio::test]
async fn a_service_is_answered_as_it_was_sent() {
    let server = TestServer::start().await;
    let app = server.app();
    let sent = json!({
        "name": "Time travel", "description": "There and back", "image_url": "https://example.com/delorean.png",
        "availability": { "length": "1 hour 21 minutes" }, "meta": { "watts": 1.21 },
    });
    let id = make(&app, "/v2/location/services", sent.clone()).await;
    let path = format!("/v2/location/services/{id}");
    let shown = app.get(&path).await.expecting(200).body["data"].take();
    for (name, value) in sent.as_object().expect("fields") {
        assert_eq!(shown[name], *value, "{name}");
    }
    let change = json!({ "image_url": null, "meta": null });
    let changed = app.put(&path, change).await.expecting(200).body["data"].take();
    assert_eq!(
        (&changed["image_url"], &changed["meta"]),
        (&Value::Null, &json!({}))
    );
    assert_eq!(changed["name"], "Time travel");
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_projects_no_longer_show_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let project = format!("/v2/projects/{TEST_PROJECT}?include=locations,services");
    let before = app.get(&project).await.body["data"].take();
    assert_eq!(names(&before["locations"]), ["Clock tower"]);
    assert_eq!(names(&before["services"]), ["Consultation"]);
    for (path, model) in [
        (format!("/v2/locations/{LOCATION}"), "Location"),
        (format!("/v2/location/services/{SERVICE}"), "Service"),
    ] {
        app.delete(&path).await.expecting(204);
        for gone in [
            app.get(&path).await,
            app.put(&path, json!({})).await,
            app.delete(&path).await,
        ] {
            assert_eq!(gone.expecting(404).body["model"], model);
        }
    }
    let after = app.get(&project).await.body["data"].take();
    assert_eq!(
        (&after["locations"], &after["services"]),
        (&json!([]), &json!([]))
    );
    // What the project had may be sent back with it.
    let same = json!({ "locations": [LOCATION.to_string()], "services": [SERVICE.to_string()] });
    app.put(&project, same).await.expecting(200);
}

#[tokio::test]
async fn a_service_is_offered_where_a_project_offers_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let mall = make(&app, "/v2/locations", json!({ "name": "Mall" })).await;
    let travel = make(&app, "/v2/location/services", json!({ "name": "Travel" })).await;
    server.clock.advance(TimeDelta::seconds(1));
    let repair = make(&app, "/v2/location/services", json!({ "name": "Repair" })).await;
    for services in [json!([travel, repair]), json!([travel])] {
        let page =
            json!({ "name": "Page", "resources": [], "locations": [mall], "services": services });
        make(&app, "/v2/projects", page).await;
    }
    for caller in [&app, &widget(&server)] {
        let at_the_mall = caller
            .get(&format!("/v2/locations/{mall}?include=services"))
            .await;
        let services = &at_the_mall.expecting(200).body["data"]["services"];
        assert_eq!(names(services), ["Travel", "Repair"]);
        assert!(services[0]["locations"].is_null());
        let list = caller.get("/v2/location/services?include=locations").await;
        let rows = list.body["data"].as_array().expect("rows").clone();
        let offered = |name: &str| {
            let row = rows
                .iter()
                .find(|row| row["name"] == name)
                .expect("the service");
            names(&row["locations"]).join(", ")
        };
        assert_eq!(offered("Travel"), "Mall");
        assert_eq!(offered("Consultation"), "Clock tower");
        assert!(caller.get("/v2/locations").await.body["data"][0]["services"].is_null());
    }
    // Once no project says so, it is offered nowhere.
    let project = format!("/v2/projects/{TEST_PROJECT}");
    app.put(&project, json!({ "locations": [], "services": [] }))
        .await
        .expecting(200);
    let alone = app
        .get(&format!(
            "/v2/location/services/{SERVICE}?include=locations"
        ))
        .await;
    assert_eq!(alone.body["data"]["locations"], json!([]));
    app.put(
        &project,
        json!({ "locations": [mall], "services": [SERVICE.to_string()] }),
    )
    .await
    .expecting(200);
    app.delete(&project).await.expecting(204);
    let alone = app
        .get(&format!(
            "/v2/location/services/{SERVICE}?include=locations"
        ))
        .await;
    assert_eq!(alone.body["data"]["locations"], json!([]));
}

#[tokio::test]
async fn projects_are_found_by_location_and_service_however_the_semicolon_is_sent() {
    let server = TestServer::start().await;
    let app = server.app();
    let mall = make(&app, "/v2/locations", json!({ "name": "Mall" })).await;
    let mut pages = Vec::new();
    for (locations, services) in [
        (vec![mall.clone()], vec![SERVICE.to_string()]),
        (vec![mall.clone(), LOCATION.to_string()], vec![]),
    ] {
        server.clock.advance(TimeDelta::seconds(1));
        let page = json!({ "name": "Page", "resources": [], "locations": locations, "services": services });
        pages.push(make(&app, "/v2/projects", page).await);
    }
    let (both, places, demo) = (
        pages[0].as_str(),
        pages[1].as_str(),
        TEST_PROJECT.to_string(),
    );
    for (search, found) in [
        (format!("locations.uuid:{mall}"), vec![places, both]),
        (
            format!("locations.uuid:{}", mall.to_uppercase()),
            vec![places, both],
        ),
        (format!("services.uuid:{SERVICE}"), vec![both, &demo]),
        (
            format!("locations.uuid:{mall};services.uuid:{SERVICE}"),
            vec![both],
        ),
        (
            format!("locations.uuid:{mall}%3Bservices.uuid:{SERVICE}"),
            vec![both],
        ),
        (
            format!("locations.uuid:{LOCATION};services.uuid:{SERVICE}"),
            vec![&demo],
        ),
        (format!("locations.uuid:{LOCATION};name:Pa*"), vec![places]),
        (format!("locations.uuid:{SERVICE}"), vec![]),
        ("locations.uuid:nope".to_owned(), vec![]),
        (
            format!("services.uuid:{SERVICE}&limit=1&page=2"),
            vec![&demo],
        ),
    ] {
        for caller in [&app, &widget(&server)] {
            let list = caller
                .get(&format!("/v2/projects?search={search}"))
                .await
                .expecting(200);
            assert_eq!(ids(&list), found, "{search}");
        }
    }
    // A slug that changes is found as before.
    app.put(&format!("/v2/projects/{both}"), json!({ "slug": "both" }))
        .await
        .expecting(200);
    let list = app
        .get(&format!(
            "/v2/projects?search=locations.uuid:{mall};slug:both"
        ))
        .await;
    assert_eq!(ids(&list), [both]);
}

#[tokio::test]
async fn a_page_lists_only_what_it_searches_for_and_only_what_is_public() {
    let server = TestServer::start().await;
    let page = widget(&server);
    for search in ["", "?search=name:Consultation", "?search=slug:demo-test"] {
        let refused = page.get(&format!("/v2/projects{search}")).await;
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec!["search"]),
            "{search}"
        );
    }
    let path = format!(
        "/v2/projects?search=locations.uuid:{LOCATION}&include=resources,availability_constraints"
    );
    let found = page.get(&path).await.expecting(200);
    let row = found.body["data"][0].as_object().expect("a project");
    let mut fields: Vec<&str> = row.keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["booking", "customer_fields", "id", "name", "slug", "ui"]
    );
    assert!(!found.body.to_string().contains(&DOC_BROWN.to_string()));
    // It reads, and changes nothing.
    for path in [
        "/v2/locations".to_owned(),
        "/v2/location/services".to_owned(),
        "/v2/projects".to_owned(),
    ] {
        assert_eq!(
            page.post(&path, json!({ "name": "Mine" })).await.status,
            403,
            "{path}"
        );
    }
    assert_eq!(
        page.delete(&format!("/v2/locations/{LOCATION}"))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn what_an_app_notes_for_itself_is_not_shown_to_pages() {
    let server = TestServer::start().await;
    let (app, page) = (server.app(), widget(&server));
    let meta = json!({ "meta": { "rent": "secret", "t_store_city": "Hill Valley" } });
    let location = format!("/v2/locations/{LOCATION}");
    let service = format!("/v2/location/services/{SERVICE}");
    for path in [&location, &service] {
        let kept = app.put(path, meta.clone()).await.expecting(200);
        assert_eq!(kept.body["data"]["meta"], meta["meta"]);
    }
    for path in [
        format!("{location}?include=services"),
        format!("{service}?include=locations"),
        "/v2/locations?include=services".to_owned(),
        "/v2/location/services?include=locations".to_owned(),
    ] {
        let seen = page.get(&path).await.expecting(200).body.to_string();
        assert!(!seen.contains("secret"), "{path}: {seen}");
        assert!(seen.contains("Hill Valley"), "{path}: {seen}");
        let own = app.get(&path).await.expecting(200).body.to_string();
        assert!(own.contains("secret"), "{path}: {own}");
    }
    let found = page
        .get("/v2/locations?search=meta.t_store_city:Hill%20Valley")
        .await;
    assert_eq!(ids(&found.expecting(200)), [LOCATION.to_string()]);
    for path in [
        "/v2/locations?search=meta.rent:secret",
        "/v2/location/services?search=meta.rent:secret",
    ] {
        let refused = page.get(path).await;
        assert_eq!((refused.status, refused.faults()), (422, vec!["search"]));
    }
}

#[tokio::test]
async fn locations_and_services_are_listed_newest_first_and_found() {
    let server = TestServer::start().await;
    let app = server.live_app();
    for (path, _) in BOTH {
        let mut made = Vec::new();
        for (name, city) in [
            ("Mall", "Hill Valley"),
            ("Clock tower", "Elsewhere"),
            ("Mill", "Hill Valley"),
        ] {
            server.clock.advance(TimeDelta::seconds(1));
            let body = json!({ "name": name, "meta": { "city": city } });
            made.push(make(&app, path, body).await);
        }
        let [mall, tower, mill] = made.as_slice() else {
            panic!("three")
        };
        for (query, found) in [
            ("".to_owned(), vec![mill, tower, mall]),
            ("?search=name:m*".to_owned(), vec![mill, mall]),
            (
                "?search=meta.city:Hill%20Valley;name:mill".to_owned(),
                vec![mill],
            ),
            (format!("?search=id:{tower}"), vec![tower]),
            ("?limit=2&page=2".to_owned(), vec![mall]),
        ] {
            let list = app.get(&format!("{path}{query}")).await.expecting(200);
            assert_eq!(ids(&list), found, "{path}{query}");
        }
        let unknown = app.get(&format!("{path}?search=city:Hill")).await;
        assert_eq!((unknown.status, unknown.faults()), (422, vec!["search"]));
    }
}

#[tokio::test]
async fn everything_wrong_with_a_location_or_service_is_told_by_field() {
    let server = TestServer::start().await;
    let app = server.app();
    let long = "x".repeat(70_000);
    let common = [
        ("name", json!(true)),
        ("name", json!("")),
        ("description", json!(["x"])),
        ("description", json!("x".repeat(20_001))),
        ("meta", json!(["x"])),
        ("meta", json!({ "a": long })),
    ];
    let of_locations = [
        ("latitude", json!(90.5)),
        ("latitude", json!("x")),
        ("longitude", json!([1])),
        ("use_custom_hours", json!("yes")),
    ];
    let of_services = [
        ("image_url", json!({})),
        ("image_url", json!("x".repeat(2_001))),
        ("availability", json!("1 hour")),
        ("availability", json!({ "a": long })),
    ];
    for ((path, model), own, existing) in [
        (BOTH[0], &of_locations[..], LOCATION.to_string()),
        (BOTH[1], &of_services[..], SERVICE.to_string()),
    ] {
        let none = app.post(path, json!({})).await;
        assert_eq!((none.status, none.faults()), (422, vec!["name"]));
        for (field, value) in common.iter().chain(own) {
            let mut body = json!({ "name": "Sound" });
            body[*field] = value.clone();
            for refused in [
                app.post(path, body.clone()).await,
                app.put(&format!("{path}/{existing}"), body.clone()).await,
            ] {
                assert_eq!(refused.status, 422, "{path} {field}: {}", refused.body);
                assert_eq!(refused.faults(), [*field]);
            }
        }
        let unknown = Uuid::from_u128(7).to_string();
        for id in ["nope", &unknown] {
            let reply = app.get(&format!("{path}/{id}")).await.expecting(404);
            assert_eq!(reply.body["model"], model);
        }
        assert_eq!(app.get(path).await.body["total"], 1);
    }
    let wrong = json!({ "availability": { "length": 5 }, "name": "Sound" });
    let wrong = app.post("/v2/location/services", wrong).await;
    assert_eq!(
        (wrong.status, wrong.faults()),
        (422, vec!["availability.length"])
    );
}

#[tokio::test]
async fn a_project_names_only_its_own_apps_locations_and_services() {
    let server = TestServer::start().await;
    let live = server.live_app();
    for (field, id) in [
        ("locations", LOCATION.to_string()),
        ("services", SERVICE.to_string()),
    ] {
        let mut body = json!({ "name": "Page", "resources": [] });
        body[field] = json!([id]);
        let refused = live.post("/v2/projects", body).await;
        assert_eq!((refused.status, refused.faults()), (422, vec![field]));
    }
}
