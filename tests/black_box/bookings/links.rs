//! Customers' links: who gets them, what they do, for how long, and that nobody makes one up.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use local::demo::{CONFIRMED, DOC_BROWN, EMAIL, LIVE_SLUG, ROOM, TENTATIVE, TEST_SLUG};
use model::ids::BookingId;
use serde_json::{Value, json};
use sha2::Sha256;
use tests::{Client, Reply, TestServer, booking, instant, master_secret};
use tower::ServiceExt as _;

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const CANCEL: &str = "cancel_by_customer";

/// What `GET /v2/app` shows an app of its signing secret.
pub(crate) async fn signing_secret(app: &Client) -> String {
    let shown = app.get("/v2/app").await.expecting(200);
    let secret = shown.body["data"]["signing_secret"].as_str();
    secret.expect("a secret").to_owned()
}

/// A JSON Web Token as an app's own programs make it.
pub(crate) fn jwt(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
    let code = mac.chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(code))
}

/// The header that PHP's and most other libraries write.
pub(crate) fn hs256() -> Value {
    json!({ "typ": "JWT", "alg": "HS256" })
}

fn path_of(id: &str, action: &str, token: &str) -> String {
    format!("/v2/bookings/{id}/external_action/{action}?signature={token}")
}

/// A link as an app's own programs make it.
pub(crate) fn own_link(claims: &Value, secret: &str) -> String {
    let text = |name: &str| claims[name].as_str().expect("text").to_owned();
    let token = jwt(&hs256(), claims, secret);
    path_of(&text("booking_id"), &text("action"), &token)
}

async fn book(app: &Client, graph: &str) -> String {
    let body = booking(&ROOM.to_string(), graph, TEN, ELEVEN);
    app.post("/v2/bookings", body).await.expecting(201).id()
}

async fn links_of(caller: &Client, id: &str) -> Value {
    let path = format!("/v2/bookings/{id}?include=customer_action_links");
    let mut shown = caller.get(&path).await.expecting(200);
    shown.body["data"]["customer_action_links"].take()
}

/// The link to cancel a booking.
async fn cancel_link(app: &Client, id: &str) -> String {
    let links = links_of(app, id).await;
    links[CANCEL].as_str().expect("a link").to_owned()
}

fn claims_of(link: &str) -> Value {
    let token = link.split_once("signature=").expect("a signature").1;
    let claims = token.split('.').nth(1).expect("three parts");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("Base64");
    serde_json::from_slice(&claims).expect("JSON")
}

pub(crate) async fn state_of(app: &Client, id: &str) -> String {
    let shown = app.get(&format!("/v2/bookings/{id}")).await.expecting(200);
    shown.body["data"]["state"].as_str().expect("text").into()
}

/// Presses the button on the page behind a link.
pub(crate) async fn press(server: &TestServer, link: &str) -> Reply {
    let form = "application/x-www-form-urlencoded";
    let browser = server.anonymous().header("content-type", form);
    browser.send(Method::POST, link, "").await
}

pub(crate) fn text(page: &Reply) -> &str {
    page.body.as_str().expect("a page")
}

pub(crate) async fn set(app: &Client, slug: &str, settings: Value) -> Reply {
    let body = json!({ "settings": settings });
    app.put(&format!("/v2/apps/{slug}"), body).await
}

#[tokio::test]
async fn whoever_may_act_gets_links_to_what_the_customer_can_do_now() {
    let server = TestServer::start().await;
    let app = server.app();
    let body = booking(&ROOM.to_string(), "confirm_decline", TEN, ELEVEN);
    let include = "include=customer_action_links";
    let made = app.post(&format!("/v2/bookings?{include}"), body).await;
    let id = made.expecting(201).id();
    assert_eq!(links_of(&app, &id).await, json!({}));

    let path = format!("/v2/bookings/{id}/confirm?{include}");
    let confirmed = app.put(&path, json!({})).await.expecting(200);
    let links = &confirmed.body["data"]["customer_action_links"];
    assert_eq!(links.as_object().expect("links").len(), 1);
    let link = links[CANCEL].as_str().expect("a link");
    assert!(link.starts_with(&format!(
        "/v2/bookings/{id}/external_action/{CANCEL}?signature="
    )));
    assert_eq!(
        claims_of(link),
        json!({
            "app_slug": TEST_SLUG, "booking_id": id, "action": CANCEL, "state": "confirmed",
            "exp": instant(ELEVEN).timestamp(),
        })
    );
    let path = format!("/v2/bookings?search=resource.id:{ROOM}&{include}");
    let listed = app.get(&path).await.expecting(200);
    assert_eq!(&listed.body["data"][0]["customer_action_links"], links);

    let shown = app.get(&format!("/v2/bookings/{id}")).await.expecting(200);
    assert_eq!(shown.body["data"]["customer_action_links"], Value::Null);
    app.put(&format!("/v2/bookings/{id}/cancel"), json!({}))
        .await
        .expecting(200);
    assert_eq!(links_of(&app, &id).await, json!({}));
}

#[tokio::test]
async fn a_booking_that_is_over_has_no_links() {
    let server = TestServer::start().await;
    let (live, start) = (server.live_app(), "2026-11-21T10:00:00Z");
    let resource = json!({ "name": "Room", "timezone": "UTC" });
    let room = live.post("/v2/resources", resource).await.expecting(201);
    let past = booking(&room.id(), "instant", start, "2026-11-21T11:30:00Z");
    let id = live.post("/v2/bookings", past).await.expecting(201).id();
    assert_eq!(state_of(&live, &id).await, "confirmed");
    assert_eq!(links_of(&live, &id).await, json!({}));
}

#[tokio::test]
async fn nobody_who_only_reads_gets_a_link() {
    let server = TestServer::start().await;
    let app = server.app();
    let reader = json!({ "name": "Reader", "scopes": ["bookings.read"] });
    let (_, reader) = server.make_key(&app, reader).await;
    assert_eq!(links_of(&reader, &CONFIRMED.to_string()).await, Value::Null);
    let writer = json!({ "name": "Writer", "scopes": ["bookings.read", "bookings.write"] });
    let (_, writer) = server.make_key(&app, writer).await;
    assert!(links_of(&writer, &CONFIRMED.to_string()).await[CANCEL].is_string());

    // A resource that no project offers, so that anybody may book it.
    let resource = json!({ "name": "Jules", "timezone": "UTC", "email": "jules@example.com" });
    let resource = app.post("/v2/resources", resource).await.expecting(201);
    let resource = resource.id();
    let token = async |token_type| {
        let token = server.token(&app, &resource, token_type).await;
        server.with_token(TEST_SLUG, &token)
    };
    let own = booking(&resource, "instant", TEN, ELEVEN);
    let own = app.post("/v2/bookings", own).await.expecting(201).id();
    let server_token = token("server-token").await;
    assert!(links_of(&server_token, &own).await[CANCEL].is_string());
}

#[tokio::test]
async fn links_name_the_address_that_the_api_is_reached_at() {
    let server = TestServer::start().await;
    let path = format!("/v2/bookings/{CONFIRMED}?include=customer_action_links");
    let key = server.demo.test.api_key.expose();
    let request = http::Request::get(path)
        .header("authorization", auth::presented::basic_with_key(key))
        .extension(api::address::ReachedAt("https://book.example".to_owned()))
        .body(axum::body::Body::empty())
        .expect("a request");
    let answer = local::server::router(&server.state).oneshot(request).await;
    let body = axum::body::to_bytes(answer.expect("an answer").into_body(), 100_000).await;
    let body: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
    let link = body["data"]["customer_action_links"][CANCEL].as_str();
    let expected =
        format!("https://book.example/v2/bookings/{CONFIRMED}/external_action/{CANCEL}?signature=");
    assert!(link.expect("a link").starts_with(&expected), "{link:?}");
}

#[tokio::test]
async fn opening_a_link_changes_nothing_and_pressing_its_button_does_what_it_says() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, "instant").await;
    let link = cancel_link(&app, &id).await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let page = server.anonymous().send(method, &link, "").await;
        assert_eq!(page.status, 200, "{}", page.body);
    }
    let shown = app.get(&format!("/v2/bookings/{id}?include=logs")).await;
    assert_eq!(shown.body["data"]["state"], "confirmed");
    assert_eq!(shown.body["data"]["logs"].as_array().map(Vec::len), Some(1));

    let page = server.anonymous().get(&link).await.expecting(200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(
        policy.ends_with(
            "; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "{policy}"
    );
    assert!(
        !policy.contains("script") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("x-robots-tag"), Some("noindex, nofollow"));
    for part in [
        "Cancel this booking?",
        "Catch the lightning",
        "Courthouse, Hill Valley",
        "<form method=\"post\">",
    ] {
        assert!(text(&page).contains(part), "{part}: {}", text(&page));
    }
    assert!(!text(&page).contains("<script"), "{}", text(&page));

    let done = press(&server, &link).await.expecting(200);
    assert!(text(&done).contains("The booking is cancelled"));
    let shown = app.get(&format!("/v2/bookings/{id}?include=logs")).await;
    assert_eq!(shown.body["data"]["state"], "cancelled_by_customer");
    let log = shown.body["data"]["logs"].as_array().expect("a log");
    assert_eq!(log.len(), 2);
    assert_eq!(
        (&log[1]["by"], &log[1]["action"]),
        (&json!("link"), &json!(CANCEL))
    );
    // Its time is free again.
    book(&app, "instant").await;
}

#[tokio::test]
async fn a_page_shows_the_time_in_the_bookings_own_zone() {
    let server = TestServer::start().await;
    let app = server.app();
    let resource = json!({ "name": "Doc", "timezone": "America/Los_Angeles" });
    let doc = app
        .post("/v2/resources", resource)
        .await
        .expecting(201)
        .id();
    for (end, shown) in [
        (
            ELEVEN,
            "Tuesday, December 1, 2026, 2:00\u{202f}AM – 3:00\u{202f}AM",
        ),
        (
            "2026-12-02T11:00:00Z",
            "Tuesday, December 1, 2026, 2:00\u{202f}AM – Wednesday, December 2, 2026, 3:00\u{202f}AM",
        ),
    ] {
        let mut body = booking(&doc, "instant", TEN, end);
        body["settings"] = json!({ "allow_double_bookings": true });
        let id = app.post("/v2/bookings", body).await.expecting(201).id();
        let link = cancel_link(&app, &id).await;
        let page = server.anonymous().get(&link).await.expecting(200);
        assert!(text(&page).contains(shown), "{}", text(&page));
        assert!(
            text(&page).contains("Los Angeles (UTC−8)"),
            "{}",
            text(&page)
        );
    }
}

#[tokio::test]
async fn a_link_dies_with_the_state_it_was_made_for() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    let assert_dead = async |what: &str, link: &str, now: &str| {
        for reply in [
            server.anonymous().get(link).await,
            press(&server, link).await,
        ] {
            assert_eq!(reply.status, 410, "{what}: {}", reply.body);
            assert!(text(&reply).contains(now), "{what}: {}", text(&reply));
        }
    };
    let id = book(&app, "instant").await;
    let link = cancel_link(&app, &id).await;
    app.put(&format!("/v2/bookings/{id}/cancel"), json!({}))
        .await
        .expecting(200);
    assert_dead("a cancellation", &link, "The booking is cancelled").await;
    app.delete(&format!("/v2/bookings/{id}"))
        .await
        .expecting(204);
    assert_dead("a deletion", &link, "The booking no longer exists.").await;

    let id = book(&app, "instant").await;
    let link = cancel_link(&app, &id).await;
    press(&server, &link).await.expecting(200);
    assert_dead("its own use", &link, "The booking is cancelled").await;

    let id = book(&app, "confirm_decline").await;
    let claims = json!({
        "app_slug": TEST_SLUG, "booking_id": id, "action": "decline", "state": "tentative",
    });
    let link = own_link(&claims, &secret);
    server.anonymous().get(&link).await.expecting(200);
    app.put(&format!("/v2/bookings/{id}/confirm"), json!({}))
        .await
        .expecting(200);
    assert_dead("a confirmation", &link, "The booking is confirmed").await;
}

#[tokio::test]
async fn a_link_to_reschedule_leads_to_the_page_of_the_bookings_project() {
    let server = TestServer::start().await;
    let app = server.app();
    let page = "https://book.example/doc?lang=da";
    let project = json!({
        "name": "Doc", "resources": [ROOM.to_string()], "booking": { "rescheduling_url": page },
    });
    let project = app.post("/v2/projects", project).await.expecting(201).id();
    let mut body = booking(&ROOM.to_string(), "instant", TEN, ELEVEN);
    body["project_id"] = project.into();
    let include = "include=customer_action_links,attributes";
    let made = app.post(&format!("/v2/bookings?{include}"), body).await;
    let made = made.expecting(201);
    let id = made.id();
    let time = |name: &str| {
        let time = made.body["data"]["attributes"]["event_info"][name].as_str();
        time.expect("a time")
            .replace(':', "%3A")
            .replace('+', "%2B")
    };
    let link = format!(
        "{page}&uuid={id}&action=reschedule&event.start={}&event.end={}",
        time("start"),
        time("end")
    );
    for links in [
        made.body["data"]["customer_action_links"].clone(),
        links_of(&app, &id).await,
    ] {
        assert_eq!(links["reschedule_by_customer"], link);
        assert!(links[CANCEL].is_string());
    }
    app.put(&format!("/v2/bookings/{id}/cancel"), json!({}))
        .await
        .expecting(200);
    assert_eq!(links_of(&app, &id).await, json!({}));
}

#[tokio::test]
async fn without_a_page_of_the_projects_own_a_link_to_reschedule_leads_to_its_booking_page_here() {
    let server = TestServer::start().await;
    let app = server.app();
    let project = json!({ "name": "Doc", "slug": "doc-brown", "resources": [ROOM.to_string()] });
    let project = app.post("/v2/projects", project).await.expecting(201).id();
    let mut body = booking(&ROOM.to_string(), "instant", TEN, ELEVEN);
    body["project_id"] = project.into();
    let id = app.post("/v2/bookings", body).await.expecting(201).id();
    let links = links_of(&app, &id).await;
    let link = links["reschedule_by_customer"].as_str().expect("a link");
    let (_, path) = link.split_once("/book/").expect("a booking page");
    assert!(
        path.starts_with(&format!(
            "doc-brown?uuid={id}&action=reschedule&event.start=2026-12-0"
        )),
        "{link}"
    );
    let page = server
        .anonymous()
        .get("/book/doc-brown")
        .await
        .expecting(200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
}

#[tokio::test]
async fn a_link_expires_exactly_when_its_booking_ends() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, "instant").await;
    let link = cancel_link(&app, &id).await;
    server.clock.set(instant(ELEVEN) - TimeDelta::seconds(1));
    server.anonymous().get(&link).await.expecting(200);
    server.clock.set(instant(ELEVEN));
    for reply in [
        server.anonymous().get(&link).await,
        press(&server, &link).await,
    ] {
        assert_eq!(reply.status, 410, "{}", reply.body);
        assert!(text(&reply).contains("This link has expired"));
    }
    assert_eq!(state_of(&app, &id).await, "confirmed");
}

#[tokio::test]
async fn a_link_holds_for_366_days_at_most() {
    let server = TestServer::start().await;
    let app = server.app();
    let (start, end) = ("2028-12-01T10:00:00Z", "2028-12-01T11:00:00Z");
    let body = booking(&ROOM.to_string(), "instant", start, end);
    let id = app.post("/v2/bookings", body).await.expecting(201).id();
    let exp = instant(tests::NOW) + TimeDelta::days(366);
    let link = cancel_link(&app, &id).await;
    assert_eq!(claims_of(&link)["exp"], exp.timestamp());
}

#[tokio::test]
async fn whatever_was_not_signed_for_this_gets_one_page_that_tells_nothing() {
    let server = TestServer::start().await;
    let (app, live) = (server.app(), server.live_app());
    let (secret, lives) = (signing_secret(&app).await, signing_secret(&live).await);
    assert_ne!(secret, lives);
    let id = book(&app, "instant").await;
    let other = CONFIRMED.to_string();
    let nothing = BookingId::random(server.state.random()).to_string();
    let claims = json!({ "app_slug": TEST_SLUG, "booking_id": id, "action": CANCEL });
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let signed = |claims: &Value| jwt(&hs256(), claims, &secret);
    let sound = signed(&claims);
    let parts: Vec<&str> = sound.split('.').collect();
    let alg = |alg: &str| jwt(&json!({ "typ": "JWT", "alg": alg }), &claims, &secret);
    let unsigned = |alg: &str| {
        let header = json!({ "typ": "JWT", "alg": alg }).to_string();
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), parts[1])
    };
    let tokens = [
        String::new(),
        "example".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(43)),
        sound[..sound.len() - 4].to_owned(),
        unsigned("none"),
        unsigned("None"),
        unsigned("HS256"),
        alg("none"),
        alg("RS256"),
        alg("ES256"),
        alg("HS512"),
        jwt(&json!({ "typ": "JWE", "alg": "HS256" }), &claims, &secret),
        jwt(
            &json!({ "alg": "HS256", "crit": ["b64"] }),
            &claims,
            &secret,
        ),
        jwt(&hs256(), &claims, &lives),
        jwt(&hs256(), &claims, ""),
        jwt(&hs256(), &claims, TEST_SLUG),
        jwt(&hs256(), &claims, server.demo.test.widget_key.expose()),
        signed(&with("app_slug", LIVE_SLUG.into())),
        jwt(&hs256(), &with("app_slug", LIVE_SLUG.into()), &lives).replace('.', ".."),
        signed(&with("app_slug", "nobody".into())),
        signed(&with("app_slug", "x".repeat(3_000).into())),
        signed(&with("app_slug", json!([TEST_SLUG]))),
        signed(&with("app_slug", json!(null))),
        signed(&with("booking_id", other.clone().into())),
        signed(&with("booking_id", json!(null))),
        signed(&with("action", "cancel".into())),
        signed(&with("action", json!([CANCEL]))),
        signed(&with("state", "dancing".into())),
        signed(&with("state", json!(null))),
        signed(&json!({ "app_slug": TEST_SLUG })),
        signed(&with("padding", "x".repeat(5_000).into())),
    ];
    // Each from its own address: the limit is another matter.
    let mut first: Option<Value> = None;
    let mut check = async |number: usize, path: &str| {
        let caller = server.calling_from(&format!("198.51.100.{number}"), &server.anonymous());
        for method in [Method::GET, Method::POST] {
            let reply = caller.send(method, path, "").await;
            assert_eq!(reply.status, 403, "{path}: {}", reply.body);
            assert!(reply.header("timekit-testmode").is_none());
            let page = first.get_or_insert_with(|| reply.body.clone());
            assert_eq!(*page, reply.body, "{path}");
        }
    };
    for (number, token) in tokens.iter().enumerate() {
        check(number, &path_of(&id, CANCEL, token)).await;
    }
    let to_nothing = with("booking_id", id.clone().into());
    for (number, path) in [
        path_of(&other, CANCEL, &sound),
        path_of(&nothing, CANCEL, &sound),
        path_of("nope", CANCEL, &sound),
        path_of(&id, "cancel", &sound),
        path_of(&id, "nope", &sound),
        format!("/v2/bookings/{id}/external_action/{CANCEL}"),
        // Its redirect is not even looked at.
        path_of(&id, CANCEL, "example") + "&redirect=https://evil.example",
        path_of(&id, CANCEL, &jwt(&hs256(), &to_nothing, "x")) + "&Timekit-App=demo-test",
    ]
    .iter()
    .enumerate()
    {
        check(100 + number, path).await;
    }
    assert_eq!(state_of(&app, &id).await, "confirmed");
    assert_eq!(state_of(&app, &other).await, "confirmed");
    press(&server, &path_of(&id, CANCEL, &sound))
        .await
        .expecting(200);
}

#[tokio::test]
async fn a_link_acts_in_its_own_app_only() {
    let server = TestServer::start().await;
    let (app, live) = (server.app(), server.live_app());
    let resource = json!({ "name": "Room", "timezone": "UTC" });
    let room = live.post("/v2/resources", resource).await.expecting(201);
    let body = booking(&room.id(), "instant", TEN, ELEVEN);
    let id = live.post("/v2/bookings", body).await.expecting(201).id();
    let secret = signing_secret(&app).await;
    // Rightly signed, by the other app.
    let claims = json!({ "app_slug": TEST_SLUG, "booking_id": id, "action": CANCEL });
    let link = own_link(&claims, &secret);
    let reply = press(&server, &link).await.expecting(410);
    assert!(text(&reply).contains("The booking no longer exists."));
    let claims = json!({ "app_slug": LIVE_SLUG, "booking_id": id, "action": CANCEL });
    press(&server, &own_link(&claims, &secret))
        .await
        .expecting(403);
    // The signature's own word about the app comes first.
    let claims = json!({ "app_slug": TEST_SLUG, "booking_id": id, "action": CANCEL });
    let link = own_link(&claims, &secret) + "&Timekit-App=" + LIVE_SLUG;
    press(&server, &link).await.expecting(410);
    assert_eq!(state_of(&live, &id).await, "confirmed");
}

#[tokio::test]
async fn a_link_that_the_apps_own_programs_made_needs_only_a_booking_and_an_action() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    let id = book(&app, "confirm_decline").await;
    let claims = |action: &str| json!({ "booking_id": id, "action": action });
    let confirm = own_link(&claims("confirm"), &secret);
    press(&server, &confirm).await.expecting(403);
    let confirm = confirm + "&Timekit-App=" + TEST_SLUG;
    let page = server.anonymous().get(&confirm).await.expecting(200);
    assert!(text(&page).contains("Confirm this booking?"));
    press(&server, &confirm).await.expecting(200);
    assert_eq!(state_of(&app, &id).await, "confirmed");
    // Without a state, the booking's own says what is possible.
    for reply in [
        server.anonymous().get(&confirm).await,
        press(&server, &confirm).await,
    ] {
        assert_eq!(reply.status, 409, "{}", reply.body);
        assert!(text(&reply).contains("The booking is confirmed"));
    }
    let now = instant(tests::NOW);
    for (exp, status) in [
        (now, 410),
        (now - TimeDelta::days(9), 410),
        (now + TimeDelta::seconds(1), 200),
    ] {
        let mut claims = claims(CANCEL);
        claims["exp"] = exp.timestamp().into();
        claims["app_slug"] = TEST_SLUG.into();
        claims["iat"] = now.timestamp().into();
        claims["iss"] = "https://clinic.example".into();
        claims["aud"] = "https://book.example".into();
        let page = server.anonymous().get(&own_link(&claims, &secret)).await;
        assert_eq!(page.status, status, "{}", page.body);
    }
    for odd in [json!("2030"), json!(null), json!({})] {
        let mut claims = claims(CANCEL);
        claims["exp"] = odd;
        claims["app_slug"] = TEST_SLUG.into();
        press(&server, &own_link(&claims, &secret))
            .await
            .expecting(410);
    }
    let mut dance = claims("dance");
    dance["app_slug"] = TEST_SLUG.into();
    press(&server, &own_link(&dance, &secret))
        .await
        .expecting(404);
    let mut moving = claims("reschedule_by_customer");
    moving["app_slug"] = TEST_SLUG.into();
    let reply = press(&server, &own_link(&moving, &secret))
        .await
        .expecting(422);
    assert_eq!(reply.faults(), ["action"]);
}

#[tokio::test]
async fn a_confirmation_by_link_takes_the_time_or_says_that_it_is_taken() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    let id = book(&app, "confirm_decline").await;
    book(&app, "instant").await;
    let claims = json!({ "app_slug": TEST_SLUG, "booking_id": id, "action": "confirm" });
    let reply = press(&server, &own_link(&claims, &secret))
        .await
        .expecting(409);
    assert!(text(&reply).contains("Its time has been booked by someone else in the meantime."));
    assert_eq!(state_of(&app, &id).await, "tentative");
}

#[tokio::test]
async fn of_a_link_pressed_many_times_at_once_one_acts() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, "instant").await;
    let link = cancel_link(&app, &id).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (caller, link) = (server.anonymous(), link.clone());
        tasks.spawn(async move { caller.send(Method::POST, &link, "").await.status });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(
        statuses[1..].iter().all(|status| *status == 410),
        "{statuses:?}"
    );
    let shown = app.get(&format!("/v2/bookings/{id}?include=logs")).await;
    assert_eq!(shown.body["data"]["logs"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_link_leads_only_to_origins_that_the_app_has_listed() {
    let server = TestServer::start().await;
    let app = server.app();
    let id = book(&app, "instant").await;
    let link = cancel_link(&app, &id).await;
    let to = |redirect: &str| {
        let encoded: String = redirect
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect();
        format!("{link}&redirect={encoded}")
    };
    let refused = async |redirect: &str| {
        for method in [Method::GET, Method::POST] {
            let reply = server.anonymous().send(method, &to(redirect), "").await;
            assert_eq!(reply.status, 422, "{redirect:?}: {}", reply.body);
            assert_eq!(reply.faults(), ["redirect"], "{redirect:?}");
            assert_eq!(reply.header("location"), None);
        }
        // Past the limit of callers that are not known.
        server.clock.advance(TimeDelta::minutes(1));
    };
    refused("https://clinic.example/").await;
    let origins = json!([
        "https://clinic.example",
        "http://localhost:3000",
        "https://port.example:443"
    ]);
    set(&app, TEST_SLUG, json!({ "redirect_origins": origins }))
        .await
        .expecting(200);
    for evil in [
        "https://evil.example/",
        "https://clinic.example.evil.example/",
        "https://evil.example/https://clinic.example",
        "https://evil.example#https://clinic.example",
        "https://evil.example?https://clinic.example",
        "https://clinic.example@evil.example/",
        "https://clinic.example:443@evil.example/",
        "https://clinic.example%2F@evil.example/",
        "https://user@clinic.example/",
        "https://user:password@clinic.example/",
        "https://clinic.example:8443/",
        "https://clinic.example:80/",
        "https://clinic.example./",
        "https://www.clinic.example/",
        "http://clinic.example/",
        "http://localhost/",
        "https://localhost:3000/",
        "ftp://clinic.example/",
        "//clinic.example/",
        "//evil.example/",
        "///evil.example/",
        "\\\\evil.example",
        "/\\evil.example",
        "https:\\\\evil.example\\@clinic.example",
        "https:evil.example",
        "/thanks",
        "thanks",
        "javascript:alert(1)//https://clinic.example",
        "java\nscript:alert(1)",
        "data:text/html,https://clinic.example",
        "https://",
        "https://clinic.example\u{0}.evil.example/",
        &format!("https://clinic.example/{}", "x".repeat(2_000)),
    ] {
        refused(evil).await;
    }
    assert_eq!(state_of(&app, &id).await, "confirmed");

    let page = server
        .anonymous()
        .get(&to("https://clinic.example/bye"))
        .await;
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(
        policy.contains("form-action 'self' https://clinic.example;"),
        "{policy}"
    );
    app.put(&format!("/v2/bookings/{id}/cancel"), json!({}))
        .await
        .expecting(200);
    for (redirect, location) in [
        ("https://clinic.example", "https://clinic.example/"),
        (
            "HTTPS://Clinic.Example:443/a b?c=d&e=<f>#g",
            "https://clinic.example/a%20b?c=d&e=%3Cf%3E#g",
        ),
        (
            "http://localhost:3000/x\r\nset-cookie: a=b",
            "http://localhost:3000/xset-cookie:%20a=b",
        ),
        ("https://port.example/", "https://port.example/"),
        (
            "https://clinic.example\\@evil.example/",
            "https://clinic.example/@evil.example/",
        ),
    ] {
        let id = book(&app, "instant").await;
        let link = cancel_link(&app, &id).await;
        let encoded: String = redirect
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect();
        let reply = press(&server, &format!("{link}&redirect={encoded}")).await;
        assert_eq!(reply.status, 303, "{redirect}: {}", reply.body);
        assert_eq!(reply.header("location"), Some(location));
        assert_eq!(reply.header("set-cookie"), None);
        assert_eq!(state_of(&app, &id).await, "cancelled_by_customer");
        server.clock.advance(TimeDelta::minutes(1));
    }
}

#[tokio::test]
async fn opening_a_link_is_enough_where_the_app_has_switched_that_on() {
    let server = TestServer::start().await;
    let app = server.app();
    let switched = set(
        &app,
        TEST_SLUG,
        json!({ "act_on_get": true, "redirect_origins": ["https://clinic.example"] }),
    );
    switched.await.expecting(200);
    let id = book(&app, "instant").await;
    let link = cancel_link(&app, &id).await;
    server
        .anonymous()
        .send(Method::HEAD, &link, "")
        .await
        .expecting(200);
    assert_eq!(state_of(&app, &id).await, "confirmed");
    let to = format!("{link}&redirect=https://evil.example/");
    server.anonymous().get(&to).await.expecting(422);
    assert_eq!(state_of(&app, &id).await, "confirmed");
    let to = format!("{link}&redirect=https://clinic.example/bye");
    let reply = server.anonymous().get(&to).await.expecting(303);
    assert_eq!(reply.header("location"), Some("https://clinic.example/bye"));
    assert_eq!(state_of(&app, &id).await, "cancelled_by_customer");

    let id = book(&app, "instant").await;
    let link = cancel_link(&app, &id).await;
    let page = server.anonymous().get(&link).await.expecting(200);
    assert!(text(&page).contains("The booking is cancelled"));
    server.anonymous().get(&link).await.expecting(410);

    set(&app, TEST_SLUG, json!({ "act_on_get": null }))
        .await
        .expecting(200);
    let id = book(&app, "instant").await;
    server
        .anonymous()
        .get(&cancel_link(&app, &id).await)
        .await
        .expecting(200);
    assert_eq!(state_of(&app, &id).await, "confirmed");
}

#[tokio::test]
async fn whatever_a_booking_is_called_its_pages_hold_no_foreign_markup() {
    let server = TestServer::start().await;
    let app = server.app();
    for hostile in [
        "<script>alert(1)</script>",
        "</dd><img src=x onerror=alert(1)>",
        "\"><form action=//evil.example><input name=a>",
        "' onmouseover='alert(1)",
        "&lt;b&gt;{{7*7}}${7*7}<%= 7 %>",
        "</title><base href=//evil.example/>",
    ] {
        let mut body = booking(&ROOM.to_string(), "instant", TEN, ELEVEN);
        for field in ["what", "where", "description"] {
            body[field] = hostile.into();
        }
        body["customer"]["name"] = hostile.into();
        let id = app.post("/v2/bookings", body).await.expecting(201).id();
        let link = cancel_link(&app, &id).await;
        for page in [
            server.anonymous().get(&link).await.expecting(200),
            press(&server, &link).await.expecting(200),
        ] {
            let page = text(&page);
            for tag in page.split('<').skip(1) {
                let known = [
                    "!DOCTYPE", "html", "head", "body", "meta", "title", "style", "link", "a",
                    "header", "main", "footer", "nav", "ul", "li", "div", "span", "strong", "bdi",
                    "h1", "dl", "dt", "dd", "form", "button", "p",
                ];
                let name = tag.split(['>', ' ']).next().expect("a name");
                assert!(
                    known.contains(&name.trim_start_matches('/')),
                    "<{tag} in {page}"
                );
            }
            assert!(
                page.contains("&lt;") || page.contains("' onmouseover") || page.contains("&#39;")
            );
            assert_eq!(
                page.matches("<form").count(),
                page.matches("<form method=\"post\">").count()
            );
            assert_eq!(
                page.matches("<form").count(),
                page.matches("<button>").count()
            );
            // `data:,` is the icon that is none.
            let own =
                |link: &&str| link.starts_with(['?', '#', '/']) || link.starts_with("data:,\"");
            let links: Vec<&str> = page.split("href=\"").skip(1).collect();
            assert!(links.iter().all(own), "{links:?}");
        }
    }
    // Nor does what stands in the address.
    let path = "/v2/bookings/%3Cscript%3E/external_action/%3Cscript%3E?signature=%3Cscript%3E";
    let page = server.anonymous().get(path).await.expecting(403);
    assert!(!text(&page).contains("<script"));
}

#[tokio::test]
async fn the_signing_secret_is_for_those_who_may_do_everything() {
    let server = TestServer::start().await;
    let app = server.app();
    let secret = signing_secret(&app).await;
    assert_eq!(secret.len(), 43);
    let (_, whole) = server
        .make_key(&app, json!({ "name": "All", "scopes": ["*"] }))
        .await;
    assert_eq!(signing_secret(&whole).await, secret);
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let session = session.header("timekit-app", TEST_SLUG);
    assert_eq!(signing_secret(&session).await, secret);
    let limit = json!({ "limit": 5, "window": "1 minute" });
    let slow = json!({ "name": "Slow", "scopes": ["*"], "rate_limit": limit });
    let (_, slow) = server.make_key(&app, slow).await;
    assert_eq!(signing_secret(&slow).await, secret);

    let token = server
        .token(&app, &DOC_BROWN.to_string(), "server-token")
        .await;
    let mut others = vec![server.with_token(TEST_SLUG, &token)];
    for narrow in [
        json!({ "name": "Reader", "scopes": ["app.read"] }),
        json!({ "name": "Ends", "scopes": ["*"], "expires_at": "2026-12-01T00:00:00Z" }),
        json!({ "name": "Here", "scopes": ["*"], "allowed_cidrs": ["127.0.0.0/8"] }),
    ] {
        others.push(server.make_key(&app, narrow).await.1);
    }
    for other in others {
        let shown = other.get("/v2/app").await.expecting(200);
        let data = shown.body["data"].as_object().expect("an app");
        assert_eq!(data.get("signing_secret"), Some(&Value::Null));
        assert!(!shown.body.to_string().contains(&secret));
    }
    for path in ["/v2/apps", "/v2/me"] {
        let shown = app.get(path).await.expecting(200);
        assert!(!shown.body.to_string().contains(&secret), "{path}");
    }
    let widget = server.with_key(server.demo.test.widget_key.expose());
    widget.get("/v2/app").await.expecting(403);
}

#[tokio::test]
async fn old_links_outlive_a_rotation_of_the_master_secret_and_new_ones_are_made_under_the_new() {
    let mut server = TestServer::start().await;
    let app = server.app();
    let (old_secret, id) = (signing_secret(&app).await, book(&app, "instant").await);
    let old_link = cancel_link(&app, &id).await;
    let mut rotated = master_secret();
    rotated["current"] = "2".into();
    rotated["2"] = "n".repeat(64).into();
    let both = server.another_instance_with(&rotated).await;
    rotated.as_object_mut().expect("an object").remove("1");
    let new_only = server.another_instance_with(&rotated).await;

    let new_secret = signing_secret(&app.at(&both)).await;
    assert_ne!(new_secret, old_secret);
    let new_link = cancel_link(&app.at(&both), &id).await;
    assert_ne!(new_link, old_link);
    let open = async |base: &str, link: &str| server.anonymous().at(base).get(link).await.status;
    assert_eq!(open(&both, &old_link).await, 200);
    assert_eq!(open(&both, &new_link).await, 200);
    assert_eq!(open(&new_only, &new_link).await, 200);
    assert_eq!(open(&new_only, &old_link).await, 403);
    let claims = json!({ "app_slug": TEST_SLUG, "booking_id": id, "action": CANCEL });
    assert_eq!(open(&both, &own_link(&claims, &old_secret)).await, 200);
    assert_eq!(open(&both, &own_link(&claims, &new_secret)).await, 200);
}

#[tokio::test]
async fn links_are_limited_for_each_address() {
    let server = TestServer::start().await;
    let path = path_of(&TENTATIVE.to_string(), "confirm", "example");
    let caller = server.calling_from("198.51.100.9", &server.anonymous());
    for _ in 0..60 {
        caller.get(&path).await.expecting(403);
    }
    caller.get(&path).await.expecting(429);
    let other = server.calling_from("198.51.100.10", &server.anonymous());
    other.get(&path).await.expecting(403);
    server.clock.advance(TimeDelta::minutes(1));
    caller.get(&path).await.expecting(403);
}

#[tokio::test]
async fn an_app_says_where_links_may_lead_and_whether_opening_them_is_enough() {
    let server = TestServer::start().await;
    let app = server.app();
    let shown = app.get("/v2/app").await.expecting(200);
    let settings = &shown.body["data"]["settings"];
    assert_eq!(settings["redirect_origins"], json!([]));
    assert_eq!(settings["act_on_get"], false);

    let origins = json!([
        "https://clinic.example",
        "HTTPS://Clinic.Example",
        "http://127.0.0.1:3000"
    ]);
    let changed = set(
        &app,
        TEST_SLUG,
        json!({ "redirect_origins": origins, "act_on_get": true }),
    );
    changed.await.expecting(200);
    let kept = json!(["https://clinic.example", "http://127.0.0.1:3000"]);
    let changed = set(&app, TEST_SLUG, json!({ "contact_name": "Doc" }))
        .await
        .expecting(200);
    for shown in [
        changed.body["data"].clone(),
        app.get("/v2/app").await.expecting(200).body["data"].clone(),
        app.get("/v2/apps").await.expecting(200).body["data"][0].clone(),
    ] {
        assert_eq!(shown["settings"]["redirect_origins"], kept);
        assert_eq!(shown["settings"]["act_on_get"], true);
        assert_eq!(shown["settings"]["contact_name"], "Doc");
    }
    for (field, odd) in [
        ("redirect_origins", json!("https://clinic.example")),
        ("redirect_origins", json!(["https://clinic.example/"])),
        ("redirect_origins", json!(["*"])),
        ("redirect_origins", json!(["https://*.clinic.example"])),
        ("redirect_origins", json!(["javascript:alert(1)"])),
        ("redirect_origins", json!(["null"])),
        ("redirect_origins", json!(["https://user@clinic.example"])),
        ("redirect_origins", json!([5])),
        (
            "redirect_origins",
            json!(vec!["https://clinic.example"; 21]),
        ),
        ("act_on_get", json!("yes")),
        ("act_on_get", json!(2)),
    ] {
        let reply = set(&app, TEST_SLUG, json!({ field: odd }))
            .await
            .expecting(422);
        assert_eq!(reply.faults(), [format!("settings.{field}")], "{odd}");
    }
    set(
        &app,
        TEST_SLUG,
        json!({ "redirect_origins": null, "act_on_get": null }),
    )
    .await
    .expecting(200);
    let shown = app.get("/v2/app").await.expecting(200);
    let settings = &shown.body["data"]["settings"];
    assert_eq!(
        (&settings["redirect_origins"], &settings["act_on_get"]),
        (&json!([]), &json!(false))
    );
}

#[tokio::test]
async fn a_customer_calls_off_a_group_seat_only_while_the_group_allows_it() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut group = booking(&ROOM.to_string(), "group_owner", TEN, ELEVEN);
    group["settings"] = json!({ "max_seats": 3, "min_cancel_time": "1 day" });
    group.as_object_mut().expect("a body").remove("customer");
    let group = app.post("/v2/bookings", group).await.expecting(201).id();
    let seat = json!({
        "graph": "group_customer", "related": { "owner_booking_id": group },
        "customer": { "name": "Marty", "email": "marty@example.com" },
    });
    let seat = app.post("/v2/bookings", seat).await.expecting(201).id();
    let link = cancel_link(&app, &seat).await;
    let closes: DateTime<Utc> = instant(TEN) - TimeDelta::days(1);
    server.clock.set(closes + TimeDelta::seconds(1));
    assert_eq!(links_of(&app, &seat).await, json!({}));
    for reply in [
        server.anonymous().get(&link).await,
        press(&server, &link).await,
    ] {
        assert_eq!(reply.status, 409, "{}", reply.body);
        assert!(
            text(&reply).contains("It is too late for this"),
            "{}",
            text(&reply)
        );
    }
    server.clock.set(closes);
    press(&server, &link).await.expecting(200);
    assert_eq!(state_of(&app, &seat).await, "cancelled_by_customer");
}
