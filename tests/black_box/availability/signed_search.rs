//! Searches that an app has signed for somebody who has no key: they find what was signed for, and nothing more.

use chrono::TimeDelta;
use http::Method;
use local::demo::{CONFIRMED, LIVE_SLUG, ROOM, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking, field_names, instant, master_secret};

use crate::bookings::links::{hs256, jwt, signing_secret};

const ANNA: &str = "anna@example.com";

/// Makes a booking of the room in the `hour`th hour of a day, for `email`.
async fn book(app: &Client, hour: u32, email: &str, meta: Value) -> String {
    let at = |hour: u32| format!("2026-12-01T{hour:02}:00:00Z");
    let mut body = booking(&ROOM.to_string(), "instant", &at(hour), &at(hour + 1));
    body["customer"] = json!({ "name": "A customer", "email": email, "phone": "555-0100" });
    body["meta"] = meta;
    body["participants"] = json!(["friend@example.com"]);
    app.post("/v2/bookings", body).await.expecting(201).id()
}

fn path(search: &str, token: &str) -> String {
    format!("/v2/bookings?search={search}&signed_search={token}")
}

fn ids(reply: &Reply) -> Vec<String> {
    let rows = reply.body["data"].as_array().expect("rows");
    let mut ids: Vec<String> = rows
        .iter()
        .map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect();
    ids.sort();
    ids
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

fn for_anna() -> Value {
    json!({ "app_slug": TEST_SLUG, "customer.email": ANNA })
}

#[tokio::test]
async fn a_signed_search_finds_one_customers_bookings_without_a_key() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    let annas = sorted(vec![
        book(&app, 8, ANNA, json!({})).await,
        book(&app, 9, "Anna@Example.com", json!({})).await,
    ]);
    book(&app, 10, "berta@example.com", json!({})).await;
    let token = jwt(&hs256(), &for_anna(), &secret);
    let anybody = server.anonymous();
    let search = format!("customer.email:{ANNA}");
    let found = anybody.get(&path(&search, &token)).await.expecting(200);
    assert_eq!(ids(&found), annas);
    assert_eq!(found.body["total"], 2);
    assert_eq!(found.header("timekit-testmode"), Some("true"));

    // It never expires by itself, and more criteria only narrow it.
    server.clock.advance(TimeDelta::days(9_000));
    let found = anybody.get(&path(&search, &token)).await.expecting(200);
    assert_eq!(ids(&found), annas);
    let more = format!("{search};state:completed;resource.id:{ROOM}");
    assert_eq!(ids(&anybody.get(&path(&more, &token)).await), annas);
    let none = format!("{search};state:confirmed");
    assert!(ids(&anybody.get(&path(&none, &token)).await).is_empty());
    let both = format!("{search};customer.email:berta@example.com");
    assert!(ids(&anybody.get(&path(&both, &token)).await).is_empty());
    let both = format!("customer.email:berta@example.com;{search}");
    assert!(ids(&anybody.get(&path(&both, &token)).await).is_empty());
}

#[tokio::test]
async fn a_signed_search_by_meta_data_takes_every_kind_of_value() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    let meta = json!({ "team": "red;x", "order": 17, "vip": true, "at": "10:00" });
    let id = book(&app, 8, ANNA, meta).await;
    book(&app, 9, ANNA, json!({ "team": "blue", "order": 18 })).await;
    for (claim, value, search) in [
        ("meta.order", json!(17), "meta.order:17"),
        ("meta.order", json!("17"), "meta.order:17"),
        ("meta.vip", json!(true), "meta.vip:true"),
        ("meta.at", json!("10:00"), "meta.at:10:00"),
    ] {
        let claims = json!({ "app_slug": TEST_SLUG, claim: value });
        let token = jwt(&hs256(), &claims, &secret);
        let found = server.anonymous().get(&path(search, &token)).await;
        assert_eq!(
            ids(&found.expecting(200)),
            std::slice::from_ref(&id),
            "{search}"
        );
    }
}

#[tokio::test]
async fn a_signed_search_shows_what_a_booking_page_would_and_nothing_private() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    book(&app, 8, ANNA, json!({ "note": "a secret of the house" })).await;
    let token = jwt(&hs256(), &for_anna(), &secret);
    let all = "event,resource,user,customers,meta,logs,calendar,available_actions,customer_action_links,project";
    let path = path(&format!("customer.email:{ANNA}"), &token) + "&include=" + all;
    let found = server.anonymous().get(&path).await.expecting(200);
    let row = &found.body["data"][0];
    let base = [
        "attributes",
        "completed",
        "created_at",
        "event",
        "graph",
        "id",
        "resource",
        "resource_id",
        "state",
        "updated_at",
        "user",
    ];
    assert_eq!(field_names(row), base);
    assert_eq!(field_names(&row["resource"]), ["id", "name", "timezone"]);
    let text = found.body["data"].to_string();
    for private in [
        ANNA,
        "friend@example.com",
        "A customer",
        "555-0100",
        "secret of the house",
    ] {
        assert!(!text.contains(private), "{private} in {text}");
    }
}

#[tokio::test]
async fn a_search_that_is_not_the_one_signed_is_refused() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    book(&app, 8, ANNA, json!({ "team": "red" })).await;
    let anna = for_anna();
    let with = |name: &str, value: Value| {
        let mut claims = anna.clone();
        claims[name] = value;
        claims
    };
    let email = format!("customer.email:{ANNA}");
    for (claims, search) in [
        (anna.clone(), String::new()),
        (anna.clone(), "state:confirmed".to_owned()),
        (anna.clone(), "customer.email:berta@example.com".to_owned()),
        (anna.clone(), "customer.email:".to_owned()),
        (anna.clone(), "customer.email".to_owned()),
        (anna.clone(), format!("customer.email:{ANNA}x")),
        (anna.clone(), format!("customer.name:{ANNA}")),
        (anna.clone(), format!("Customer.Email:{ANNA}")),
        (with("meta.team", "red".into()), email.clone()),
        (
            with("meta.team", "red".into()),
            format!("{email};meta.team:blue"),
        ),
        (with("meta.team", json!(null)), email.clone()),
        (
            with("meta.team", json!(["red"])),
            format!("{email};meta.team:red"),
        ),
        (with("resource.id", ROOM.to_string().into()), email.clone()),
        // Nothing that leaves out other people's.
        (json!({ "app_slug": TEST_SLUG }), String::new()),
        (json!({ "app_slug": TEST_SLUG }), email.clone()),
        (
            json!({ "app_slug": TEST_SLUG, "state": "confirmed" }),
            "state:confirmed".to_owned(),
        ),
        (
            json!({ "app_slug": TEST_SLUG, "customer.name": "*" }),
            "customer.name:*".to_owned(),
        ),
        // A link's signature is no search's.
        (
            json!({ "app_slug": TEST_SLUG, "booking_id": CONFIRMED, "action": "confirm" }),
            email.clone(),
        ),
    ] {
        let token = jwt(&hs256(), &claims, &secret);
        let reply = server.anonymous().get(&path(&search, &token)).await;
        assert_eq!(reply.status, 403, "{claims} {search}: {}", reply.body);
        assert_eq!(reply.body["code"], "forbidden");
        assert_eq!(reply.body["data"], Value::Null);
    }
    let token = jwt(&hs256(), &anna, &secret);
    let unknown = server
        .anonymous()
        .get(&path(&format!("{email};nope:1"), &token))
        .await;
    assert_eq!(unknown.expecting(422).faults(), ["search"]);
}

#[tokio::test]
async fn a_search_that_the_app_did_not_sign_is_refused_and_told_nothing() {
    let server = TestServer::start().await;
    let (app, live) = (server.app(), server.live_app());
    let (secret, lives) = (signing_secret(&app).await, signing_secret(&live).await);
    book(&app, 8, ANNA, json!({})).await;
    let (claims, now) = (for_anna(), instant(tests::NOW));
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let sound = jwt(&hs256(), &claims, &secret);
    let message = sound.rsplit_once('.').expect("parts").0;
    let exp = |at| jwt(&hs256(), &with("exp", at), &secret);
    let tokens = [
        "example".to_owned(),
        format!("{message}."),
        message.to_owned(),
        jwt(&json!({ "alg": "none" }), &claims, &secret),
        jwt(&json!({ "alg": "RS256" }), &claims, &secret),
        jwt(&json!({ "alg": "HS256", "typ": "JWE" }), &claims, &secret),
        jwt(&hs256(), &claims, &lives),
        jwt(&hs256(), &claims, server.demo.test.widget_key.expose()),
        jwt(&hs256(), &with("app_slug", LIVE_SLUG.into()), &secret),
        jwt(&hs256(), &with("app_slug", "nobody".into()), &secret),
        jwt(
            &hs256(),
            &with("app_slug", "x".repeat(3_000).into()),
            &secret,
        ),
        jwt(&hs256(), &json!({ "customer.email": ANNA }), &secret),
        exp(now.timestamp().into()),
        exp((now - TimeDelta::seconds(1)).timestamp().into()),
        exp("2030-01-01T00:00:00Z".into()),
    ];
    let search = format!("customer.email:{ANNA}");
    let mut first = None;
    for token in tokens {
        let reply = server.anonymous().get(&path(&search, &token)).await;
        assert_eq!(reply.status, 403, "{token}: {}", reply.body);
        let told = first.get_or_insert_with(|| reply.comparable());
        assert_eq!(*told, reply.comparable(), "{token}");
    }
    let later = exp((now + TimeDelta::seconds(1)).timestamp().into());
    server
        .anonymous()
        .get(&path(&search, &later))
        .await
        .expecting(200);
    // Another app's own signature finds that app's bookings only.
    let others = jwt(&hs256(), &with("app_slug", LIVE_SLUG.into()), &lives);
    let found = server
        .anonymous()
        .get(&path(&search, &others))
        .await
        .expecting(200);
    assert!(ids(&found).is_empty());
    assert_eq!(found.header("timekit-testmode"), None);
}

#[tokio::test]
async fn a_signed_search_opens_the_list_and_no_other_operation() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    let id = book(&app, 8, ANNA, json!({})).await;
    let token = jwt(&hs256(), &for_anna(), &secret);
    let query = format!("search=customer.email:{ANNA}&signed_search={token}");
    let anybody = server.anonymous().header("timekit-app", TEST_SLUG);
    for (method, path) in [
        (Method::GET, format!("/v2/bookings/{id}")),
        (Method::PUT, format!("/v2/bookings/{id}")),
        (Method::PUT, format!("/v2/bookings/{id}/cancel")),
        (Method::DELETE, format!("/v2/bookings/{id}")),
        (Method::POST, "/v2/bookings".to_owned()),
        (Method::GET, "/v2/resources".to_owned()),
        (Method::GET, "/v2/app".to_owned()),
        (Method::GET, "/v2/me".to_owned()),
    ] {
        let reply = anybody.send(method, &format!("{path}?{query}"), "{}").await;
        assert_eq!(reply.status, 401, "{path}: {}", reply.body);
    }
    // Without a token, and with an empty one, it is a list like any other.
    for query in [
        "",
        "signed_search=",
        &format!("search=customer.email:{ANNA}"),
    ] {
        anybody
            .get(&format!("/v2/bookings?{query}"))
            .await
            .expecting(401);
    }
}

#[tokio::test]
async fn a_credential_counts_and_not_the_signed_search_beside_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    book(&app, 8, ANNA, json!({})).await;
    let token = jwt(&hs256(), &for_anna(), &secret);
    let search = format!("customer.email:{ANNA}");
    let signed = path(&search, &token);
    server
        .with_key("test_api_key_foobar")
        .get(&signed)
        .await
        .expecting(401);
    let widget = server.with_key(server.demo.test.widget_key.expose());
    widget.get(&signed).await.expecting(403);
    let shown = app
        .get(&(path(&search, "example") + "&include=customers"))
        .await
        .expecting(200);
    assert_eq!(shown.body["data"][0]["customers"][0]["email"], ANNA);
}

#[tokio::test]
async fn a_signed_search_is_paged_like_any_list() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    let mut made = Vec::new();
    for hour in 0..5 {
        made.push(book(&app, hour, ANNA, json!({})).await);
        book(&app, hour + 10, "berta@example.com", json!({})).await;
    }
    let token = jwt(&hs256(), &for_anna(), &secret);
    let mut next = Some(path(&format!("customer.email:{ANNA}"), &token) + "&limit=2");
    let mut seen = Vec::new();
    while let Some(path) = next {
        let page = server.anonymous().get(&path).await.expecting(200);
        seen.extend(ids(&page));
        let url = page.body["next_page_url"].as_str().map(str::to_owned);
        next = url.map(|url| url.replace(server.base(), ""));
        assert!(seen.len() <= 5);
    }
    assert_eq!(sorted(seen), sorted(made));
}

#[tokio::test]
async fn signed_searches_are_limited_for_each_address_and_keys_beside_them_are_not() {
    let server = TestServer::start().await;
    let app = server.live_app();
    let secret = signing_secret(&app).await;
    let claims = json!({ "app_slug": LIVE_SLUG, "customer.email": ANNA });
    let sound = path(
        &format!("customer.email:{ANNA}"),
        &jwt(&hs256(), &claims, &secret),
    );
    let forged = path(&format!("customer.email:{ANNA}"), "example");
    let caller = server.calling_from("198.51.100.9", &server.anonymous());
    for _ in 0..30 {
        caller.get(&sound).await.expecting(200);
        caller.get(&forged).await.expecting(403);
    }
    caller.get(&sound).await.expecting(429);
    caller.get(&forged).await.expecting(429);
    let other = server.calling_from("198.51.100.10", &server.anonymous());
    other.get(&sound).await.expecting(200);
    let key = server.calling_from("198.51.100.9", &app);
    key.get("/v2/bookings").await.expecting(200);
    server.clock.advance(TimeDelta::minutes(1));
    caller.get(&sound).await.expecting(200);
}

#[tokio::test]
async fn a_signed_search_outlives_a_rotation_of_the_master_secret() {
    let mut server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    let token = jwt(&hs256(), &for_anna(), &secret);
    let mut rotated = master_secret();
    rotated["current"] = "2".into();
    rotated["2"] = "n".repeat(64).into();
    let both = server.another_instance_with(&rotated).await;
    let path = path(&format!("customer.email:{ANNA}"), &token);
    server.anonymous().at(&both).get(&path).await.expecting(200);
}
